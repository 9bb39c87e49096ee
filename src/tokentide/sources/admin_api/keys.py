"""Where an Admin key is found, and whether it is one; only its origin and its last four characters are ever shown."""

from __future__ import annotations

import importlib
import os
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from tokentide.errors import UsageError
from tokentide.transport import Secret

KEY_VARIABLE = "ANTHROPIC_ADMIN_API_KEY"
KEYRING_SERVICE = "tokentide"
KEYRING_USER = "anthropic-admin-api-key"
CREDENTIALS = ".credentials.json"
ADMIN_PREFIX, SCOPED_PREFIX = "sk-ant-admin", "sk-ant-api01-"
MAX_CREDENTIALS_BYTES = 1 << 20
_LEAST_LENGTH = 20
_WHERE_FROM = "Admin keys are made in Console → Settings → Admin keys; individual accounts have none"
_WRONG = {
    "sk-ant-api": "an ordinary API key, which may not read an organisation's reports",
    "sk-ant-oat": "a subscription's login token, which may not read an organisation's reports",
    "sk-ant-ort": "a subscription's refresh token, which is nobody's business",
    "sk-ant-sid": "a browser session of claude.ai, which may not read an organisation's reports",
}


@dataclass(frozen=True, slots=True)
class AdminKey:
    """A key with its origin."""

    secret: Secret
    origin: str
    """As in `Admin key from ORIGIN`."""

    @property
    def is_scoped(self) -> bool:
        """True for an Enterprise key, which may read the analytics endpoints only."""
        return self.secret.reveal().startswith(SCOPED_PREFIX)

    @property
    def label(self) -> str:
        """What may be shown: the origin and the last four characters."""
        return f"key …{self.secret.reveal()[-4:]} from {self.origin}"

    def redact(self, text: str) -> str:
        """The text without the key, should another machine have quoted it."""
        return text.replace(self.secret.reveal(), "…")


@dataclass(frozen=True, slots=True)
class NoKey:
    """That there is none, and what was not there to look into."""

    has_keyring: bool
    """False where the optional package `keyring` is not installed."""

    def advice(self) -> str:
        """How to come by a key and where to put it."""
        ring = (
            f"or `keyring set {KEYRING_SERVICE} {KEYRING_USER}`"
            if self.has_keyring
            else "or install the package keyring and put it there"
        )
        return (
            f"no Admin key here. {_WHERE_FROM}. "
            f"Set ${KEY_VARIABLE}, {ring} (service {KEYRING_SERVICE}, user {KEYRING_USER})"
        )


class _Console(msgspec.Struct):
    adminApiKey: str | None = None  # noqa: N815 - the file's own name


class _Credentials(msgspec.Struct):
    anthropicConsole: _Console | None = None  # noqa: N815 - the file's own name


def find_key(environ: Mapping[str, str], folders: Sequence[str]) -> AdminKey | NoKey:
    """The first key of: environment, credentials file of one of Claude Code's folders, keyring.

    Raises UsageError for one that is of another kind, or lies where others can read it.
    """
    named = environ.get(KEY_VARIABLE, "").strip()
    if named:
        return _checked(named, f"${KEY_VARIABLE}")
    for folder in folders:
        path = os.path.join(folder, CREDENTIALS)
        held = _from_file(path)
        if held:
            return _checked(held, path)
    has_keyring, kept = _from_keyring()
    return _checked(kept, "the keyring") if kept else NoKey(has_keyring)


def _checked(value: str, origin: str) -> AdminKey:
    """The key, if it is of a kind that the Admin API takes."""
    if value.startswith((ADMIN_PREFIX, SCOPED_PREFIX)):
        if len(value) < _LEAST_LENGTH or not value.isascii() or not value.isprintable() or " " in value:
            raise UsageError(f"the Admin key from {origin} is cut or mistyped: copy the whole of it")
        return AdminKey(Secret(value), origin)
    kind = next((words for prefix, words in _WRONG.items() if value.startswith(prefix)), "no Admin key")
    raise UsageError(f"the key from {origin} is {kind}: it must begin with {ADMIN_PREFIX}. {_WHERE_FROM}")


def _from_file(path: str) -> str:
    """`anthropicConsole.adminApiKey` of a credentials file; empty where there is none. Raises UsageError."""
    try:
        with open(path, "rb") as file:
            facts = os.fstat(file.fileno())
            content = file.read(MAX_CREDENTIALS_BYTES) if stat.S_ISREG(facts.st_mode) else b""
        console = msgspec.json.decode(content, type=_Credentials).anthropicConsole
    except (OSError, ValueError, msgspec.MsgspecError, RecursionError):
        return ""
    held = (console.adminApiKey or "").strip() if console else ""
    if held and os.name == "posix" and facts.st_mode & 0o077:
        raise UsageError(f"{path} holds an Admin key and can be read by others: `chmod 600` it first")
    return held


def _from_keyring() -> tuple[bool, str]:
    """Whether the package is installed, and what the keyring holds; a keyring that fails or is locked holds nothing."""
    try:
        keyring = importlib.import_module("keyring")
        errors = importlib.import_module("keyring.errors")
    except ImportError:
        return False, ""
    try:
        held = keyring.get_password(KEYRING_SERVICE, KEYRING_USER)
    except errors.KeyringError:
        return True, ""
    return True, held.strip() if isinstance(held, str) else ""
