"""The key and the address that an official count is asked with; of the key only its last four characters are shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from tokentide.errors import UsageError
from tokentide.transport import LOOPBACK, Secret, api_base

KEY_VARIABLE = "ANTHROPIC_API_KEY"
BASE_VARIABLE = "ANTHROPIC_BASE_URL"
_WRONG = {
    "sk-ant-admin": "an Admin key, which may not use models",
    "sk-ant-oat": "a subscription's login token, which may not be used so",
    "sk-ant-ort": "a subscription's refresh token, which is nobody's business",
    "sk-ant-sid": "a browser session of claude.ai, which may not be used so",
}


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key for the Messages API."""

    secret: Secret

    @property
    def label(self) -> str:
        """What may be shown: the last four characters and the origin."""
        return f"key …{self.secret.reveal()[-4:]} from ${KEY_VARIABLE}"

    def redact(self, text: str) -> str:
        """The text without the key, should another machine have quoted it."""
        return text.replace(self.secret.reveal(), "…")


def find_key(environ: Mapping[str, str]) -> ApiKey | None:
    """The key in the environment; None where there is none. Raises UsageError for one of another kind."""
    value = environ.get(KEY_VARIABLE, "").strip()
    if not value:
        return None
    kind = next((words for prefix, words in _WRONG.items() if value.startswith(prefix)), "")
    if kind:
        raise UsageError(f"${KEY_VARIABLE} holds {kind}: put an API key there, made in Console → Settings → API keys")
    if not value.isascii() or not value.isprintable() or " " in value:
        raise UsageError(f"${KEY_VARIABLE} is cut or mistyped: copy the whole of the key")
    return ApiKey(Secret(value))


def messages_base(environ: Mapping[str, str]) -> str:
    """Where the API is, without a slash at its end: `ANTHROPIC_BASE_URL`, as the vendor's own programs have it.

    Raises UsageError for an address without encryption that is not this machine's.
    """
    asked = environ.get(BASE_VARIABLE, "").strip().rstrip("/")
    if not asked:
        return api_base(environ)
    try:
        parts = urlsplit(asked)
        is_near = parts.scheme == "http" and parts.hostname in LOOPBACK
        allowed = (parts.scheme == "https" or is_near) and parts.hostname and not (parts.username or parts.password)
        plain = not (parts.query or parts.fragment) and asked.isascii() and asked.isprintable()
    except ValueError:
        allowed = plain = False
    if not allowed or not plain:
        raise UsageError(f"${BASE_VARIABLE} must begin with https://, or name this machine, as http://127.0.0.1:8080")
    return asked


def host_of(base: str) -> str:
    """The host that text is sent to, for people."""
    return urlsplit(base).hostname or base
