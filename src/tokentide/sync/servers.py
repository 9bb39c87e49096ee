"""How a team server is reached: its address, and the token, which never comes from a command line."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from tokentide.errors import UsageError
from tokentide.transport import Secret, server_base

MOST_TOKEN_BYTES = 4096


@dataclass(frozen=True, slots=True)
class ServerAccess:
    """One server, and what it knows us by."""

    base: str
    """Its address, without a slash at its end."""
    token: Secret | None
    """None where nothing names one: a server on this machine may need none."""

    @property
    def headers(self) -> dict[str, str | Secret]:
        """What goes with each request."""
        return {} if self.token is None else {"authorization": Secret(f"Bearer {self.token.reveal()}")}


def server_access(
    address: str, environ: Mapping[str, str], variable: str, token_file: str, *, plain_http: bool
) -> ServerAccess:
    """The server at an address; a token file wins over the environment variable.

    Raises UsageError for an address that is not allowed and a file that holds no token.
    """
    text = _from_file(token_file) if token_file else environ.get(variable, "").strip()
    if text and not (text.isascii() and text.isprintable() and " " not in text):
        raise UsageError(f"{token_file or f'${variable}'} holds no token: it is one word of plain characters")
    return ServerAccess(server_base(address, plain_http=plain_http), Secret(text) if text else None)


def _from_file(path: str) -> str:
    """The token that a file holds."""
    try:
        with open(os.path.expanduser(path), "rb") as file:
            text = file.read(MOST_TOKEN_BYTES).decode("utf-8-sig", "replace").strip()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise UsageError(f"the token file {path} cannot be read: {reason}") from None
    if not text:
        raise UsageError(f"the token file {path} is empty: put the token into it, alone on a line")
    return text
