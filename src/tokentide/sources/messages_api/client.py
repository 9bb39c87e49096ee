"""Asks the vendor how many tokens a request has: free of charge, and only when a person asked for it."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from tokentide import __version__
from tokentide.errors import TokentideError, TransportError
from tokentide.sources.messages_api.content import MOST_REQUEST_BYTES
from tokentide.sources.messages_api.keys import KEY_VARIABLE, ApiKey, host_of
from tokentide.transport import Answer, Secret, post

PATH = "/v1/messages/count_tokens"
API_VERSION = "2023-06-01"
TIMEOUT_SECONDS = 60.0
LONGEST_WAIT_SECONDS = 10
"""A server that wants to be left alone for longer is not waited for."""
TRIES = 3
MOST_ANSWER_BYTES = 1 << 20
MOST_WORDS = 200
"""Characters that are quoted of what the server says."""
_MEANINGS = {
    400: "it did not understand the request",
    401: f"the {{key}} is not accepted: it is mistyped, revoked or expired; set ${KEY_VARIABLE}",
    403: "the {key} may not count",
    404: "it does not know the model",
    413: "the request is too large for it",
    429: "asked too often",
    529: "it is overloaded",
}


_OF_THIS_REQUEST = (400, 404, 413)
"""Statuses that another request may not meet."""


class CountRefusedError(TokentideError):
    """There is no official count; the message says why."""

    def __init__(self, message: str, *, ends_all: bool = True) -> None:
        self.ends_all = ends_all
        """True where asking about something else would meet the same fault."""
        super().__init__(message)


class _Counted(msgspec.Struct):
    input_tokens: int


class _ErrorMembers(msgspec.Struct):
    message: str = ""


class _ErrorBody(msgspec.Struct):
    error: _ErrorMembers


class CountClient:
    """One key's access to the count endpoint."""

    def __init__(self, key: ApiKey, base: str, *, now: int, sleep: Callable[[float], None]) -> None:
        """`base` from `keys.messages_base`; `sleep` waits for seconds; `now` is µs UTC."""
        self.host = host_of(base)
        self.requests = 0
        """How many were sent."""
        self._key = key
        self._url = f"{base}{PATH}"
        self._now = now
        self._sleep = sleep

    def count(self, body: bytes) -> int:
        """The input tokens of a request; a server that is busy for a moment is asked again.

        Raises CountRefusedError.
        """
        if len(body) > MOST_REQUEST_BYTES:
            raise CountRefusedError(
                f"the request is {len(body) / 1e6:,.0f} MB, and {self.host} takes 32 MB at most", ends_all=False
            )
        for left in reversed(range(TRIES)):
            answer = self._once(body)
            if answer.is_good:
                return self._tokens(answer)
            wait = answer.retry_after_seconds(self._now)
            pause = 1 if wait is None else wait
            if not left or answer.status not in (429, 500, 502, 503, 504, 529) or pause > LONGEST_WAIT_SECONDS:
                break
            self._sleep(pause)
        raise self._refusal(answer, wait)

    def _once(self, body: bytes) -> Answer:
        headers: dict[str, str | Secret] = {
            "x-api-key": self._key.secret,
            "anthropic-version": API_VERSION,
            "content-type": "application/json",
            "user-agent": f"tokentide/{__version__}",
        }
        self.requests += 1
        try:
            return post(self._url, headers, body, timeout_seconds=TIMEOUT_SECONDS, most_bytes=MOST_ANSWER_BYTES)
        except TransportError as error:
            raise CountRefusedError(f"{self.host} could not be asked: {error.reason}") from None

    def _tokens(self, answer: Answer) -> int:
        try:
            tokens = msgspec.json.decode(answer.body, type=_Counted).input_tokens
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            tokens = -1
        if tokens < 0:
            raise CountRefusedError(f"{self.host} answered what is no count: update tokentide") from None
        return tokens

    def _refusal(self, answer: Answer, wait: int | None) -> CountRefusedError:
        """What a status other than 200 means, in the server's own words where it has any; never with the key."""
        meaning = _MEANINGS.get(answer.status, "it fails" if answer.status >= 500 else "it refused")
        later = f"; it wants to be left alone for {wait} s" if wait and answer.status == 429 else ""
        told = meaning.format(key=self._key.label)
        words = f"{self.host} answered {answer.status}: {told}{self._said(answer.body)}{later}"
        return CountRefusedError(words, ends_all=answer.status not in _OF_THIS_REQUEST)

    def _said(self, body: bytes) -> str:
        try:
            message = msgspec.json.decode(body, type=_ErrorBody).error.message
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return ""
        plain = "".join(letter if letter.isprintable() else " " for letter in self._key.redact(message))
        words = plain[:MOST_WORDS].strip().rstrip(".")
        return f" (“{words}”)" if words else ""
