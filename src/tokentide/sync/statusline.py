"""Brings what a status line is told into the ledger, where it is news.

The numbers of a session are those of its last response, and an idle session repeats them for ever: they are an
observation when the session has had a response since, or when no status line ever said them. All else writes nothing. A
session that has had no response at all, as after `/clear`, shows what the terminal's session before it was told.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple

from tokentide.clock import DAY_US, MINUTE_US, SECOND_US
from tokentide.errors import LedgerUnwritableError
from tokentide.model.limits import STATUSLINE, Account, LimitReading, SessionState
from tokentide.sources.statusline.parser import Push
from tokentide.store.sqlite.glance import Glance

LOOK_BACK_US = 8 * DAY_US
"""Readings that are older say nothing of a window that is open now: the longest that rolls lasts seven days."""
SYNC_EVERY_US = MINUTE_US
SETTLES_US = 5 * SECOND_US
"""So long after a push its response stands in the transcript; a sync that began before may have missed it."""
BACKGROUND_SYNC = "background sync"
"""What the ledger calls it among the polls."""
_PROJECTS = "projects"


class Taken(NamedTuple):
    """What is known after a push."""

    readings: tuple[LimitReading, ...]
    """Of the account, in the order of time, with those of the push that are news."""
    changed_at: int
    """When the session last changed, µs UTC."""
    account: str
    """`Account.key` of whose limits they are."""
    fault: LedgerUnwritableError | None = None
    """Why nothing was kept; None where it was, or where there was nothing new."""


def account_of(push: Push, environ: Mapping[str, str]) -> Account:
    """Whose limits a push tells: of the folder that its transcript lies below, else of the usual one."""
    from tokentide.sources.claude_code.account import account_in
    from tokentide.sources.claude_code.paths import find_roots, home_of

    return account_in(folder_of(push.transcript_path) or find_roots(environ)[0].path, home_of(environ))


def folder_of(transcript_path: str) -> str:
    """The configuration folder of `FOLDER/projects/SLUG/SESSION.jsonl`; empty for another path."""
    projects = os.path.dirname(os.path.dirname(transcript_path))
    return os.path.dirname(projects) if os.path.isabs(projects) and os.path.basename(projects) == _PROJECTS else ""


def readings_of(push: Push, account: str, now: int) -> tuple[LimitReading, ...]:
    """The windows of a push as readings of now."""
    return tuple(
        LimitReading(account, window.name, STATUSLINE, now, window.percent, window.resets_at) for window in push.windows
    )


def take_push(glance: Glance, push: Push, environ: Mapping[str, str], now: int) -> Taken:
    """Put a push into the ledger, if it is news. Raises LedgerDamagedError.

    The numbers belong to who was logged in when the session last had a response, so that only then is looked who it is.
    A ledger that another process holds, or that cannot be written, is no error: the push says the same next time.
    """
    stored = glance.limits.session(push.session_id) if push.session_id else None
    is_repeated = stored is not None and (stored.api_ms, stored.cost) == (push.api_ms, push.cost)
    account = None if is_repeated else account_of(push, environ)
    key = account.key if account else stored.account if stored else ""
    known = glance.limits.readings(now - LOOK_BACK_US, key)
    told = readings_of(push, key, now)
    is_answered = bool(push.session_id and (push.api_ms or push.cost)) and not is_repeated
    news = told if is_answered else tuple(each for each in told if _is_unheard(each, known))
    state = _state_of(push, key, now)
    has_changed = bool(push.session_id) and (stored is None or stored._replace(at=now) != state)
    fault = None
    if news or has_changed:
        account = account or account_of(push, environ)
        try:
            glance.limits.take([account] if news and account.key == key else [], news, [state] if has_changed else [])
        except LedgerUnwritableError as error:
            fault = error
    return Taken((*known, *news), now if stored is None or has_changed else stored.at, key, fault)


def _state_of(push: Push, account: str, now: int) -> SessionState:
    return SessionState(
        push.session_id,
        account,
        now,
        push.api_ms,
        push.model_name or push.model_id,
        push.effort,
        push.context_tokens,
        push.context_window_tokens,
        push.cost,
    )


def _is_unheard(reading: LimitReading, known: list[LimitReading]) -> bool:
    """True for a number of an open window that no status line ever said: only a response can have told it."""
    if reading.percent is None or reading.resets_at is None or reading.resets_at <= reading.at:
        return False
    number = (reading.window, reading.percent, reading.resets_at)
    return all((old.window, old.percent, old.resets_at) != number for old in known if old.source == STATUSLINE)


def claim_background_sync(glance: Glance, changed_at: int, now: int) -> bool:
    """True for the one process that shall start a sync now: a minute after the last, which may have missed something.

    A booking further ahead was made by a clock that was wrong. Raises LedgerDamagedError.
    """
    booked_until = glance.limits.poll(BACKGROUND_SYNC).next_at
    is_sane = booked_until <= now + SYNC_EVERY_US
    if is_sane and (now < booked_until or changed_at + SETTLES_US <= booked_until - SYNC_EVERY_US):
        return False
    try:
        return glance.limits.claim_poll(BACKGROUND_SYNC, now, now + SYNC_EVERY_US, longest=SYNC_EVERY_US)
    except LedgerUnwritableError:
        return False
