"""Finds the login of a configuration folder: its credentials file, the macOS keychain, the environment. Read only.

The refresh token is never looked at: using it would log Claude Code out. Source: claude-code documentation,
"Authentication"; the keychain's names as Claude Code 2.1 makes them.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from tokentide.clock import MINUTE_US
from tokentide.transport import Secret

EXPIRY_BUFFER_US = 5 * MINUTE_US
"""A token that ends so soon is taken for expired."""
CREDENTIALS = ".credentials.json"
TOKEN_VARIABLE = "CLAUDE_CODE_OAUTH_TOKEN"  # noqa: S105 - the name of the variable, not a token
KEYCHAIN_SERVICE = "Claude Code-credentials"
KEYCHAIN_SECONDS = 5
_MOST_BYTES = 1 << 20


class Login(NamedTuple):
    """One token, and what is known of it without asking."""

    token: Secret
    origin: str
    """Where it was found: a path, `keychain`, or the variable."""
    folder: str
    """The configuration folder whose account it is."""
    expires_at: int | None = None
    """µs UTC; None for a token that does not say."""
    subscription: str = ""
    """`pro`, `max`, `team`, `enterprise`, …"""
    tier: str = ""
    """`default_claude_max_20x` and the like."""

    def is_expired(self, now: int) -> bool:
        """True from five minutes before its end on."""
        return self.expires_at is not None and now >= self.expires_at - EXPIRY_BUFFER_US


def has_credentials(folder: str) -> bool:
    """True where a credentials file lies in a configuration folder, without a look into it."""
    return os.path.exists(os.path.join(folder, CREDENTIALS))


def find_logins(environ: Mapping[str, str], folders: Sequence[str], *, platform: str = sys.platform) -> list[Login]:
    """The logins of the configuration folders, the first one of each; the environment's token for the first folder.

    A token of the environment comes last: it is made for programs, and the account's API refuses it. A token that
    stands for several folders, as one in a moved store does, is that of the first: the others may be of other accounts.
    """
    found: dict[str, Login] = {}
    for folder in folders:
        for text, origin in _stores(environ, folder, platform):
            login = _login(text, origin, folder)
            if login is not None and login.token.fingerprint not in _fingerprints(found, folder):
                found.setdefault(folder, login)
    token = environ.get(TOKEN_VARIABLE, "").strip()
    if token and folders:
        found.setdefault(folders[0], Login(Secret(token), f"${TOKEN_VARIABLE}", folders[0]))
    return list(found.values())


def _fingerprints(found: Mapping[str, Login], folder: str) -> set[str]:
    """Of the tokens of the other folders."""
    return {login.token.fingerprint for other, login in found.items() if other != folder}


def _stores(environ: Mapping[str, str], folder: str, platform: str) -> Iterator[tuple[str, str]]:
    """The content and name of each place that may hold the folder's login."""
    moved = environ.get("CLAUDE_SECURESTORAGE_CONFIG_DIR", "")
    for place in dict.fromkeys(filter(None, (moved, folder))):
        path = os.path.join(place, CREDENTIALS)
        try:
            with open(path, "rb") as file:
                yield file.read(_MOST_BYTES).decode("utf-8-sig", "replace"), path
        except OSError:
            continue
    if platform == "darwin":
        yield _keychain(environ, moved or folder), "keychain"


def _keychain(environ: Mapping[str, str], folder: str) -> str:
    """What the keychain holds for a folder; empty where it holds nothing, or does not answer in time."""
    import hashlib
    import subprocess
    import unicodedata

    service = KEYCHAIN_SERVICE
    if folder != os.path.join(environ.get("HOME") or os.path.expanduser("~"), ".claude"):
        service += "-" + hashlib.sha256(unicodedata.normalize("NFC", folder).encode()).hexdigest()[:8]
    command = ["security", "find-generic-password", "-s", service, "-a", environ.get("USER", ""), "-w"]
    try:
        done = subprocess.run(  # noqa: S603 - fixed words and a name
            command, env=dict(environ), capture_output=True, text=True, timeout=KEYCHAIN_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return ""
    return done.stdout if done.returncode == 0 else ""


def _login(text: str, origin: str, folder: str) -> Login | None:
    """The login in a credentials file; None where there is none, as in a file with logins of tools alone."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return None
    login = content.get("claudeAiOauth") if isinstance(content, dict) else None
    token = login.get("accessToken") if isinstance(login, dict) else None
    if not isinstance(login, dict) or not isinstance(token, str) or not token.strip():
        return None
    ends = login.get("expiresAt")
    return Login(
        Secret(token.strip()),
        origin,
        folder,
        int(ends * 1000) if isinstance(ends, (int, float)) and 0 < ends < 10**15 else None,
        _text(login.get("subscriptionType")),
        _text(login.get("rateLimitTier")),
    )


def _text(value: object) -> str:
    return value[:100].encode("utf-8", "replace").decode() if isinstance(value, str) else ""
