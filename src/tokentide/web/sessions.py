"""Sessions as an address asks for them: the list, sorted and searched, and one of them as a timeline."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal
from urllib.parse import quote

from fastapi import HTTPException
from pydantic import Field

from tokentide.analytics.reports import KINDS, Ask, Order, Report, build_report
from tokentide.analytics.session_list import searched, sorted_by
from tokentide.analytics.timeline import build_timeline, session_named, told_by
from tokentide.analytics.timeline_model import Timeline
from tokentide.errors import SessionError
from tokentide.sources.claude_code.paths import discover
from tokentide.store.query import CostMode
from tokentide.sync.roots import wanted_roots
from tokentide.web.asked import LONGEST_TEXT, Filters, Zone, address_of
from tokentide.web.desk import Sight
from tokentide.web.kept import Kept
from tokentide.web.reports import By

SessionSort = Literal[
    "",
    "title",
    "project",
    "branch",
    "models",
    "last",
    "responses",
    "input",
    "output",
    "cache-write",
    "cache-read",
    "tokens",
    "cost",
    "key",
]
KEPT_REPORTS = 3
"""So many lists are kept, each for one selection, until the ledger says anything new."""


class SessionsQuery(Filters):
    """The list of sessions."""

    q: str = Field(
        default="", max_length=LONGEST_TEXT, description="words in title, id, project, branch or model; all must occur"
    )
    sort: SessionSort = Field(default="", description="sort by this column; key is the id; else by cost")
    order: Literal["", "asc", "desc"] = Field(default="", description="upwards or downwards")


class OneSession(Zone):
    """One session's timeline."""

    mode: Literal["", "auto", "calculate", "display"] = Field(default="", description="which cost")

    @classmethod
    def of(cls, asked: Filters) -> OneSession:
        """What of a page's filters concerns one session."""
        return cls(timezone=asked.timezone, mode=asked.mode)


def session_list(sight: Sight, asked: SessionsQuery, by: By = "") -> Report:
    """The report of sessions, searched and sorted. Raises UsageError, LedgerError."""
    order = Order(asked.sort, None if not asked.order else asked.order == "desc")
    return sorted_by(searched(all_sessions(sight, asked, by), asked.q), order)


def all_sessions(sight: Sight, asked: Filters, by: By = "") -> Report:
    """All sessions of a selection, the dearest first. Raises UsageError, LedgerError."""
    ask = Ask(sight.selection(asked), sight.calendar(asked), sight.mode(asked), by)
    key = (ask.selection, ask.calendar.name, ask.mode, by)
    report = _KEPT.of(
        sight.condition,
        key,
        lambda: build_report(sight.ledger, KINDS["session"], ask, now=sight.now, problems=sight.problems),
    )
    return replace(report, generated_at=sight.now)


_KEPT: Kept[Report] = Kept(KEPT_REPORTS)


def one_session(sight: Sight, asked: OneSession, wish: str) -> Timeline:
    """The session whose id begins so, or the `latest`. Raises HTTPException where that is none, or several."""
    try:
        session = session_named(sight.ledger, wish)
    except SessionError as error:
        raise HTTPException(404, str(error)) from error
    found = discover(wanted_roots(sight.settings, sight.environ)).files
    mode = CostMode(asked.mode or sight.settings.cost_mode)
    return build_timeline(sight.ledger, session, told_by(found, session), mode)


def session_address(session_id: str, carried: str = "") -> str:
    """The page of a session; `carried` is the query that goes along."""
    return f"/sessions/{quote(session_id, safe='')}{carried}"


def session_api(session_id: str, asked: OneSession) -> str:
    """The same of the API."""
    return f"/api/v1/session/{quote(session_id, safe='')}{address_of(asked)}"
