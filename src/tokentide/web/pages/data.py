"""Data: what is read, what could not be, and how the ledger, the prices and the background are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from tokentide import locations
from tokentide.doctor.limits import is_open_to_others, login_words
from tokentide.render.limit_words import SOURCE_WORDS
from tokentide.render.words import ago, clean, short_tokens, tokens
from tokentide.web.asked import Filters, address_of
from tokentide.web.data import ProblemQuery, findings_of, problem_page, sources_of
from tokentide.web.desk import Sight
from tokentide.web.frame import Page
from tokentide.web.tables import Cell, Head, HtmlTable


class DataQuery(Filters):
    """The page of data."""

    reason: str = Field(default="", max_length=500, description="problems of this reason alone")
    search: str = Field(default="", max_length=500, description="problems of files whose path holds this")
    page: int = Field(default=1, ge=1, le=100_000, description="of the list of problems")


def build(sight: Sight, asked: DataQuery, _item: str) -> Mapping[str, Any]:
    """The doctor's findings, without the engine's check, which takes its time."""
    findings = findings_of(sight, check=False)
    state = findings.watch.state
    which = ProblemQuery(reason=asked.reason, search=asked.search)
    return {
        "findings": findings,
        "sources": _sources(sight, asked),
        "problems": problem_page(findings, which, asked.page),
        "problems_api": f"/api/v1/problems{address_of(which)}",
        "newest": [(SOURCE_WORDS[name], sight.now - each.last_at) for name, each in findings.limits.newest.items()],
        "logins": [
            (clean(login.origin), login_words(login, sight.now), is_open_to_others(login))
            for login in findings.limits.logins
        ],
        "faults": [
            (limits.account.name, limits.polled.fault) for limits in findings.limits.accounts if limits.polled.fault
        ],
        "runner_look": ago(sight.now - state.looked_at) if state.looked_at else "",
        "paths": {
            "ledger": locations.ledger_path(),
            "settings": locations.settings_path(),
            "log": locations.error_log_path(),
        },
        "now": sight.now,
    }


def _sources(sight: Sight, asked: Filters) -> HtmlTable:
    """What the ledger holds."""
    calendar = sight.calendar(asked)
    heads = (
        Head("Source", is_number=False),
        Head("Responses"),
        Head("Tokens"),
        Head("Since", importance=3),
        Head("Newest"),
    )
    rows = [
        [
            Cell(clean(row.key)),
            Cell(tokens(row.sums.responses)),
            Cell(short_tokens(row.sums.total_tokens), value=str(row.sums.total_tokens)),
            Cell(f"{calendar.date_of(row.sums.first_at)}", value=str(row.sums.first_at)),
            Cell(ago(sight.now - row.sums.last_at), value=str(row.sums.last_at)),
        ]
        for row in sources_of(sight)
    ]
    return HtmlTable("What the ledger holds, by source", heads, rows)


PAGE = Page("/data", "Data", "data.html", build, DataQuery, ())
