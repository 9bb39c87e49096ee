"""Limits: every window now, where it is heading, how it went before, and what a percent of it is worth."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from tokentide.analytics.block_report import BlockReport
from tokentide.analytics.calendar import Calendar
from tokentide.analytics.forecasting.model import Forecast
from tokentide.analytics.limit_history import PastWindow, past_windows
from tokentide.analytics.limits import level_of
from tokentide.render.block_views import as_report, block_columns
from tokentide.render.forecast_screen import ForecastLook, changed_words, together
from tokentide.render.limit_words import percent, window_title
from tokentide.render.limits_screen import LimitsLook
from tokentide.render.words import clean, money
from tokentide.web.asked import FILTER_NAMES, Filters, address_of
from tokentide.web.desk import Sight
from tokentide.web.expected import expected_table, named
from tokentide.web.frame import TIME, Page
from tokentide.web.limits import (
    HISTORY_RANGE,
    BlocksQuery,
    WindowQuery,
    blocks_of,
    forecasts_of,
    histories_of,
    limits_of,
)
from tokentide.web.tables import Cell, Head, HtmlTable
from tokentide.web.windows import WindowLook, account_cards

BLOCK_DAYS = 14
ROOM = 100
"""Columns; the page wraps by itself."""


def build(sight: Sight, asked: WindowQuery, _item: str) -> Mapping[str, Any]:
    """The windows of the accounts that are asked for, and their history."""
    calendar, thresholds = sight.calendar(asked), sight.settings.limit_thresholds
    found = limits_of(sight, asked)
    forecasts = forecasts_of(sight, asked, found)
    histories = histories_of(sight, asked)
    words = ForecastLook(LimitsLook(calendar, thresholds, ROOM, sight.now))
    filters = asked.model_dump(include=set(FILTER_NAMES), exclude_defaults=True)
    blocks_asked = _last_blocks(sight, asked)
    blocks = blocks_of(sight, blocks_asked)
    return {
        "accounts": account_cards(found, forecasts, WindowLook(calendar, thresholds, sight.now)),
        "ahead": expected_table(forecasts.values(), calendar, sight.now),
        "together": [(clean(each.account.name), together(each, words)) for each in forecasts.values()],
        "histories": [(each, window_title(each.window), clean(each.account.name)) for each in histories],
        "past": _past(past_windows(histories), thresholds, calendar),
        "worth": _worth(forecasts.values()),
        "changes": [changed_words(change, words) for each in forecasts.values() for change in each.cap_changes],
        "blocks": _blocks(blocks, calendar),
        "blocks_since": "" if blocks_asked.since == _first_day(sight, asked) else blocks_asked.since,
        "replay_query": address_of(Filters(account=asked.account, timezone=asked.timezone)),
        "ignores": [name for name, value in filters.items() if name in ("project", "model", "source") and value],
    }


def _first_day(sight: Sight, asked: WindowQuery) -> str:
    """The first day that is asked for, 2026-03-31; empty for all."""
    since = sight.selection(asked, HISTORY_RANGE).since
    return "" if since is None else since.isoformat()


def _last_blocks(sight: Sight, asked: WindowQuery) -> BlocksQuery:
    """The blocks of these days, or of the last of them: nobody reads hundreds, and to reckon them takes its time."""
    selection = sight.selection(asked, HISTORY_RANGE)
    last = selection.until or sight.calendar(asked).date_of(sight.now)
    since = max(selection.since or date.min, date.fromordinal(max(last.toordinal() - BLOCK_DAYS + 1, 1)))
    filters = asked.model_dump(include=set(FILTER_NAMES) - set(TIME), exclude_defaults=True)
    return BlocksQuery(**filters, since=since.isoformat(), until=last.isoformat())


def _past(found: Sequence[PastWindow], thresholds: tuple[int, int, int], calendar: Calendar) -> HtmlTable:
    """The windows that there were."""
    accounts = {each.account.key for each in found}
    return HtmlTable(
        "The windows of these days",
        (
            Head("Reset", is_number=False),
            Head("Window", is_number=False),
            *([Head("Account", is_number=False, importance=3)] if len(accounts) > 1 else []),
            Head("Used"),
            Head("Full since", is_number=False, importance=4),
            Head("Opened", is_number=False, importance=3),
        ),
        [
            [
                Cell(_instant(each.resets_at, calendar), value=str(each.resets_at)),
                Cell(window_title(each.window)),
                *([Cell(clean(each.account.name))] if len(accounts) > 1 else []),
                Cell(percent(each.percent), value=str(each.percent), level=level_of(each.percent, thresholds).value),
                Cell("" if each.full_at is None else _instant(each.full_at, calendar)),
                Cell(_instant(each.opens_at, calendar), value=str(each.opens_at)),
            ]
            for each in found
        ],
    )


def _instant(at: int, calendar: Calendar) -> str:
    return f"{calendar.local(at):%Y-%m-%d %H:%M}"


def _worth(forecasts: Iterable[Forecast]) -> HtmlTable:
    """What one percent is worth."""
    return HtmlTable(
        "What one percent of a window is worth at list price",
        (Head("Window", is_number=False), Head("1 %"), Head("8 in 10"), Head("All of it"), Head("Learnt from")),
        [
            [
                Cell(f"{name}{window_title(each.window)}"),
                Cell(f"~{money(each.usd_per_percent)}"),
                Cell(f"{money(each.low)} to {money(each.high)}"),
                Cell(f"~{money(100 * each.usd_per_percent)}"),
                Cell(f"{each.windows} windows" if each.windows else "nothing yet"),
            ]
            for name, forecast in named(forecasts)
            for each in forecast.calibrations
        ],
    )


def _blocks(report: BlockReport, calendar: Calendar) -> HtmlTable:
    """The blocks, the newest first."""
    columns, rows = block_columns(report, calendar), as_report(report).rows
    return HtmlTable(
        "Five-hour blocks of these days",
        tuple(Head(each.title, is_number=each.is_number, importance=each.importance) for each in columns),
        [[Cell(each.cell(row)) for each in columns] for row in reversed(rows)],
    )


PAGE = Page("/limits", "Limits", "limits.html", build, WindowQuery, (*TIME, "account"), usual_range=HISTORY_RANGE)
