"""Asks the account's API; undocumented by the vendor, so that every answer is taken as it comes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tokentide.clock import SECOND_US
from tokentide.errors import TransportError
from tokentide.model.limits import USAGE
from tokentide.sources.claude_account.bodies import decoded, is_usage
from tokentide.transport import LONGEST_PAUSE_US, PAUSE_US, Answer, Secret, get, pause_after

_LONGEST_RETRY_AFTER_SECONDS = 24 * 3600
_OAUTH_BETA = "oauth-2025-04-20"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of asking once."""

    body: str = ""
    """The answer as it came; empty where there was none that can be used."""
    fault: str = ""
    """Why there is none, and what to do."""
    pause_us: int = PAUSE_US
    """So long nobody may ask again."""
    is_login_refused: bool = False
    """True where another token may be taken."""


@dataclass(frozen=True, slots=True)
class AccountClient:
    """Asks one host."""

    base: str
    """Its address, without a slash at its end."""
    client_version: str
    """The version of Claude Code that is named to it: programs that do not name themselves so are refused for good.

    Source: claude-code #30930, #31021.
    """
    timeout_seconds: float = 10

    def ask(self, what: str, token: Secret, *, failures: int, now: int) -> Outcome:
        """Ask once for USAGE or PROFILE. `failures` in a row before this one let the pause grow."""
        headers: Mapping[str, str | Secret] = {
            "authorization": Secret(f"Bearer {token.reveal()}"),
            "anthropic-beta": _OAUTH_BETA,
            "accept": "application/json",
            "user-agent": f"claude-code/{self.client_version}",
        }
        try:
            answer = get(f"{self.base}/api/oauth/{what}", headers, timeout_seconds=self.timeout_seconds)
        except TransportError as error:
            return Outcome(fault=f"the account could not be asked: {error.reason}", pause_us=pause_after(failures))
        if not answer.is_good:
            return _refused(answer, failures, now)
        body = answer.body.decode("utf-8", "replace")
        if not _is_sensible(body, what):
            return Outcome(fault="the account gave an answer of an unknown shape", pause_us=pause_after(failures))
        return Outcome(body=body)


def _is_sensible(body: str, what: str) -> bool:
    found = decoded(body)
    return is_usage(found) if what == USAGE else isinstance(found.get("account"), dict)


def _refused(answer: Answer, failures: int, now: int) -> Outcome:
    """What a status other than 200 means."""
    if answer.status == 401:
        fault = "the login was refused: run `claude` once, it renews its token"
        return Outcome(fault=fault, pause_us=pause_after(failures), is_login_refused=True)
    if answer.status == 403:
        fault = "this token may not ask for limits (it lacks the scope user:profile): log in with `claude`"
        return Outcome(fault=fault, pause_us=LONGEST_PAUSE_US)
    if answer.status == 429:
        asked = answer.retry_after_seconds(now) or 0
        pause = max(pause_after(failures), min(asked, _LONGEST_RETRY_AFTER_SECONDS) * SECOND_US)
        return Outcome(fault="asked too often, also by other programs", pause_us=pause)
    return Outcome(fault=f"the account's API answered {answer.status}", pause_us=pause_after(failures))
