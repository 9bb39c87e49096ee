"""Reports as an address asks for them; pages, API and metrics build theirs here."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tokentide.analytics.overview import Overview, build_overview
from tokentide.analytics.reports import BREAKDOWNS, KINDS, SORT_KEYS, Ask, Order, Report, build_report
from tokentide.web.asked import FILTER_NAMES, Filters
from tokentide.web.desk import Sight

By = Literal["", "model", "project", "session", "branch", "agent", "source", "account"]
SortKey = Literal["", "key", "cost", "tokens", "input", "output", "cache-write", "cache-read", "responses", "last"]


class ReportQuery(Filters):
    """A usage report."""

    by: By = Field(default="", description=f"break each row down by {', '.join(BREAKDOWNS)}")
    sort: SortKey = Field(default="", description=f"sort by {', '.join(SORT_KEYS)}; key is the first column")
    order: Literal["", "asc", "desc"] = Field(default="", description="upwards or downwards")


def usage_report(sight: Sight, asked: ReportQuery, kind_name: str, usual_range: str = "") -> Report:
    """The report of that kind. Raises UsageError, LedgerError."""
    kind = KINDS[kind_name]
    selection = sight.selection(asked, usual_range, kind.grain or "day")
    order = Order(asked.sort, None if not asked.order else asked.order == "desc")
    ask = Ask(selection, sight.calendar(asked), sight.mode(asked), asked.by, order)
    return build_report(sight.ledger, kind, ask, now=sight.now, problems=sight.problems)


def overview_of(sight: Sight, asked: Filters) -> Overview:
    """The main screen. Raises LedgerError."""
    return build_overview(
        sight.ledger,
        Ask(sight.selection(asked), sight.calendar(asked), sight.mode(asked)),
        now=sight.now,
        problems=sight.problems,
        wish=sight.plan_wish(asked),
    )


def asking(asked: Filters, by: By = "", sort: SortKey = "", order: Literal["", "asc", "desc"] = "") -> ReportQuery:
    """The filters of a page, asked of a report."""
    filters = asked.model_dump(include=set(FILTER_NAMES), exclude_defaults=True)
    return ReportQuery(**filters, by=by, sort=sort, order=order)
