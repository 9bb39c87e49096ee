"""Live: the running sessions as they stream, how fast it burns, the open block, the last hours, alerts of today."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tokentide.analytics.block_report import block_row
from tokentide.analytics.blocks import SESSION_HOURS, length_us
from tokentide.analytics.calendar import Calendar
from tokentide.analytics.live import LiveState
from tokentide.render.block_lines import block_origin, outlook
from tokentide.render.words import clean, cost, model_name, money, project_names, short_tokens
from tokentide.store.query import MAIN_AGENT, Response
from tokentide.web.asked import Filters
from tokentide.web.desk import Sight
from tokentide.web.frame import Page
from tokentide.web.live import live_of, responses_of, session_cards
from tokentide.web.tables import Cell, Head, HtmlTable
from tokentide.web.windows import WindowLook, account_cards

STRETCHES = {"today": "Today", "week": "This week", "month": "This month"}


def build(sight: Sight, asked: Filters, _item: str) -> Mapping[str, Any]:
    """Everything of now."""
    state, calendar = live_of(sight, asked), sight.calendar(asked)
    look = WindowLook(calendar, sight.settings.limit_thresholds, sight.now)
    forecasts = {each.limits.account.key: each.forecast for each in state.accounts if each.forecast is not None}
    block = state.burn.block
    row = block_row(block, sight.now, length_us(SESSION_HOURS)) if block else None
    return {
        "state": state,
        "accounts": account_cards((each.limits for each in state.accounts), forecasts, look),
        "cards": session_cards(sight, state),
        "block": row,
        "block_outlook": outlook(row) if row else "",
        "block_origin": block_origin(block) if block else "",
        "stretches": [(STRETCHES[each.name], each.sums) for each in state.spent],
        "responses": _responses(responses_of(sight, asked), calendar),
        "steps": _steps(state, calendar),
        "is_empty": state.newest_at is None,
    }


def _steps(state: LiveState, calendar: Calendar) -> HtmlTable:
    """The five minutes in which anything was spent, the newest first."""
    return HtmlTable(
        "Cost of each five minutes of the last twelve hours",
        (Head("From", is_number=False), Head("Cost")),
        [
            [Cell(f"{calendar.local(at):%a %H:%M}", value=str(at)), Cell(money(spent), value=str(spent))]
            for at, spent in reversed(state.steps)
            if spent
        ],
    )


def _responses(found: Iterable[Response], calendar: Calendar) -> HtmlTable:
    """What came last."""
    told = list(found)
    names = project_names(each.project for each in told)
    return HtmlTable(
        "The responses that came last",
        (
            Head("At", is_number=False),
            Head("Session", is_number=False, importance=3),
            Head("Project", is_number=False),
            Head("Model", is_number=False, importance=4),
            Head("By", is_number=False, importance=1),
            Head("Tokens"),
            Head("Output", importance=2),
            Head("Cost"),
        ),
        [_response(each, names.get(each.project, ""), calendar) for each in told],
    )


def _response(each: Response, project: str, calendar: Calendar) -> list[Cell]:
    sums = each.sums
    return [
        Cell(f"{calendar.local(each.at):%H:%M:%S}"),
        Cell(clean(each.title or each.session_id[:8]), title=each.session_id),
        Cell(project, title=each.project),
        Cell(model_name(each.model) or "unknown"),
        Cell("main" if each.agent == MAIN_AGENT else clean(each.agent)),
        Cell(short_tokens(sums.total_tokens), value=str(sums.total_tokens)),
        Cell(short_tokens(sums.output_tokens), value=str(sums.output_tokens)),
        Cell(cost(sums)),
    ]


PAGE = Page("/live", "Live", "live.html", build, Filters, ("account",))
