"""Who may send, and as whom: asked for every request with the token it carries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import unquote

from tokentide.model.telemetry import Entrance
from tokentide.server.tenants.directory import Directory
from tokentide.server.tenants.tokens import DEFAULT_TENANT, INGEST

LONGEST_TOKEN = 4096
OPEN = Entrance(DEFAULT_TENANT)
"""What is sent without a token, where that is allowed."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A token that is good, but not for sending."""

    reason: str


class Access(Protocol):
    """Knows the tokens."""

    def entrance(self, token: str | None) -> Entrance | Refused | None:
        """As whom the sender of this token may send; None where the token is unknown, or missing and needed.

        Called on the event loop for every request: it must answer from memory. Raises TokentideError where it cannot
        tell; the sender then tries again later.
        """


class OpenAccess:
    """Lets everyone in: for loopback, before a token was made."""

    def entrance(self, token: str | None) -> Entrance | Refused | None:  # noqa: ARG002 -- whoever it is
        """The tenant that there is without tokens."""
        return OPEN


class TokenAccess:
    """Asks the directory of tokens."""

    def __init__(self, directory: Directory, *, is_open: bool) -> None:
        """With `is_open` whoever sends no token is let in, until the first token for sending is made.

        It is meant for loopback. A proxy there may bring others of whom nothing can be seen, which is why a token
        that was made is asked for ever after.
        """
        self._directory, self._is_open = directory, is_open

    def entrance(self, token: str | None) -> Entrance | Refused | None:
        """Of a token for sending its tenant and team."""
        if not token:
            return OPEN if self._lets_everyone_in() else None
        found = self._directory.found(token)
        if found is None:
            return None
        if found.kind != INGEST:
            return Refused("this token is a viewer's; sending needs one of `tokentide server token create`")
        return Entrance(found.tenant, found.teams[0] if found.teams else "")

    def _lets_everyone_in(self) -> bool:
        if self._is_open and any(token.kind == INGEST for token in self._directory.tokens()):
            self._is_open = False
        return self._is_open


def token_in(headers: Mapping[bytes, bytes]) -> str | None:
    """The token of a request, by its headers in lower case: `Authorization: Bearer`, or `x-api-key`.

    The client sends what its variables hold as it is, so that `Bearer%20` is met as well. None for no token.
    """
    found = headers.get(b"authorization")
    if found is not None:
        text = unquote(found[:LONGEST_TOKEN].decode("latin-1")).strip()
        scheme, _, token = text.partition(" ")
        return (token.strip() or None) if scheme.lower() == "bearer" else text
    key = headers.get(b"x-api-key")
    return unquote(key[:LONGEST_TOKEN].decode("latin-1")).strip() or None if key is not None else None


def as_headers(metadata: Iterable[tuple[str, str | bytes]]) -> dict[bytes, bytes]:
    """What gRPC calls metadata, as headers; binary values are left out."""
    return {
        name.lower().encode(): value.encode("latin-1", "replace") for name, value in metadata if isinstance(value, str)
    }
