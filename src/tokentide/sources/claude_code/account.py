"""Whose usage lies below a configuration folder: the account that is logged in there, else the folder itself."""

from __future__ import annotations

import os

from tokentide.model.limits import Account
from tokentide.sources.claude_code.client_config import config_paths, members, text_of
from tokentide.sources.claude_code.paths import CLAUDE_DESKTOP, Root, printable


def account_of(root: Root, home: str) -> Account:
    """The account of a root; the desktop app's sessions belong to that of the default folder."""
    return account_in(os.path.join(home, ".claude") if root.source == CLAUDE_DESKTOP else root.path, home)


def account_in(folder: str, home: str) -> Account:
    """The login that the client noted for a configuration folder; without one the folder, `~` for home.

    The address may belong to several organisations, whose limits are apart: the key tells them from one another.
    Source: `oauthAccount` in `.claude.json`, as Claude Code 2.1 writes it.
    """
    for path in config_paths(folder, home):
        for login in members(path, "oauthAccount"):
            email, uuid = text_of(login.get("emailAddress")), text_of(login.get("accountUuid"))
            if email or uuid:
                organization = text_of(login.get("organizationUuid"))
                key = f"{uuid}:{organization}" if uuid else email
                return Account(key, email or uuid, text_of(login.get("organizationName")))
    name = printable("~" + folder[len(home) :] if folder.startswith(home + os.sep) else folder)
    return Account(name, name)
