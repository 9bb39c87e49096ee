"""Whose usage lies below a root: the account that is logged in there, else the folder itself."""

from __future__ import annotations

import os

import msgspec

from tokentide.sources.claude_code.paths import CLAUDE_DESKTOP, Root, printable

MAX_CONFIG_BYTES = 1 << 26


class _Login(msgspec.Struct, rename="camel"):
    email_address: str | None = None
    account_uuid: str | None = None


class _Config(msgspec.Struct, rename="camel"):
    oauth_account: _Login | None = None


def account_of(root: Root, home: str) -> str:
    """The e-mail address in the root's `.claude.json`; without one the folder, `~` for home.

    The client keeps the file inside a named configuration folder, and beside the default one. The desktop app's
    sessions belong to the account of the default folder.
    """
    default = os.path.join(home, ".claude")
    folder = default if root.source == CLAUDE_DESKTOP else root.path
    candidates = [os.path.join(folder, ".claude.json")] + ([default + ".json"] if folder == default else [])
    for path in candidates:
        login = _login(path)
        if login and (login.email_address or login.account_uuid):
            return login.email_address or login.account_uuid or ""
    return printable("~" + folder[len(home) :] if folder.startswith(home + os.sep) else folder)


def _login(path: str) -> _Login | None:
    """The login that the client noted; None where it cannot be read."""
    try:
        with open(path, "rb") as file:
            return msgspec.json.decode(file.read(MAX_CONFIG_BYTES), type=_Config).oauth_account
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
