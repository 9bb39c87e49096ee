"""What can be wrong with an answer of the Admin API, in words that say what to do."""

from __future__ import annotations

import re
from enum import StrEnum

import msgspec

from tokentide.errors import TokentideError
from tokentide.sources.admin_api.keys import KEY_VARIABLE, AdminKey
from tokentide.transport import Answer

MOST_WORDS = 300
"""Characters that are quoted of what the server says."""
SPENT = (
    "enforced_spend_limit_reached",
    "ramp_limit_exceeded",
    "contract_spend_limit_reached",
    "linked_organization_spend_limit_reached",
)
"""Error codes of a limit in money: they come as 429, but waiting does not help."""
OUTDATED = "claude_code_version_too_old"
_SCOPE = re.compile(r"\b(?:read|write|org):[a-z_]+")
_NEW_KEY = f"make a new one in Console → Settings → Admin keys and set ${KEY_VARIABLE}"


class Fault(StrEnum):
    """Kinds of faults, by what may be done about them."""

    KEY = "key"
    """The key is not accepted."""
    SCOPE = "scope"
    """The key may not read this."""
    ABSENT = "absent"
    """The organisation has no such report."""
    REFUSED = "refused"
    """The request is not understood, or not allowed as it is."""
    RATE = "rate"
    """Asked too often."""
    SPENT = "spent"
    """A limit in money is reached."""
    SERVER = "server"
    """The server fails, is overloaded, or cannot be reached."""
    SHAPE = "shape"
    """The answer is not what is documented."""


class AdminApiError(TokentideError):
    """The Admin API gave no answer that can be used."""

    def __init__(
        self, fault: Fault, message: str, *, retry_seconds: int | None = None, may_pass: bool | None = None
    ) -> None:
        self.fault = fault
        self.may_pass = fault in (Fault.RATE, Fault.SERVER) if may_pass is None else may_pass
        """True where asking once more in a moment may help."""
        self.retry_seconds = retry_seconds
        """After how long the server wants to be asked again; None where it did not say."""
        super().__init__(message)

    @property
    def ends_all(self) -> bool:
        """True where asking for something else would meet the same fault."""
        return self.fault in (Fault.KEY, Fault.RATE, Fault.SPENT, Fault.SERVER)


class _ErrorDetails(msgspec.Struct):
    error_code: str | None = None


class _ErrorMembers(msgspec.Struct):
    type: str | None = None
    message: str | None = None
    details: _ErrorDetails | None = None


class _ErrorBody(msgspec.Struct):
    error: _ErrorMembers | None = None


def fault_of(answer: Answer, path: str, key: AdminKey, now: int) -> AdminApiError:
    """The fault that an answer other than 200 stands for. `now` is µs UTC, for dates in `Retry-After`."""
    said, code = _said(answer.body, key)
    retry = answer.retry_after_seconds(now)
    fault, words, cure = _meaning(answer.status, code, said, retry)
    return AdminApiError(
        fault, f"{path} answered {answer.status}: {words.format(key=key.label)}{said}{cure}", retry_seconds=retry
    )


def _meaning(status: int, code: str, said: str, retry: int | None) -> tuple[Fault, str, str]:
    """The kind of fault, what it means, and what to do about it."""
    if code in SPENT:
        return Fault.SPENT, f"a spend limit is reached, {code}", "; raise it in the Console"
    if code == OUTDATED:
        return Fault.REFUSED, code, "; update tokentide"
    wait = f"; it wants to be left alone for {retry} s" if retry else ""
    known = {
        401: (Fault.KEY, "the {key} is not accepted", f"; it is mistyped, revoked or expired: {_NEW_KEY}"),
        403: (Fault.SCOPE, "the {key} may not read this", _scopes(said)),
        404: (Fault.ABSENT, "this organisation has no such report", "; individual accounts have no Admin API"),
        408: (Fault.SERVER, "the server was too slow", ""),
        429: (Fault.RATE, "asked too often", wait),
    }
    if status >= 500:
        return Fault.SERVER, "the server fails or is overloaded", wait
    return known.get(status, (Fault.REFUSED, "the request was refused", ""))


def _said(body: bytes, key: AdminKey) -> tuple[str, str]:
    """What the server says in its own words, never with the key in it; and the code it gives."""
    try:
        error = msgspec.json.decode(body, type=_ErrorBody).error or _ErrorMembers()
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return "", ""
    code = (error.details.error_code if error.details else None) or ""
    words = _plain(key.redact(error.message or ""))[:MOST_WORDS].strip().rstrip(".")
    return f" (“{words}”)" if words else "", _plain(key.redact(code))


def _plain(text: str) -> str:
    """Text without characters that steer a terminal: the message may be logged or kept before it is shown."""
    return "".join(character if character.isprintable() else " " for character in text)


def _scopes(said: str) -> str:
    """The scopes that the server names, and how to come by them."""
    scopes = ", ".join(dict.fromkeys(_SCOPE.findall(said)))
    lacking = f"it lacks {scopes}: make a key with that scope" if scopes else "use a key of an organisation's admin"
    return f"; {lacking}, since scopes are fixed when a key is made"
