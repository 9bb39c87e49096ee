"""Context: what fills the context window of a session, how it grew, its cache, and what would help."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tokentide.analytics.calendar import Calendar
from tokentide.analytics.context.hints import hints_of
from tokentide.analytics.context.model import Context
from tokentide.errors import SessionError
from tokentide.render import words
from tokentide.render.context_grid import CELLS, UNKNOWN, grid_cells
from tokentide.render.context_table import certainty, part_rows, rest_rows
from tokentide.render.context_words import (
    CAUSES,
    FILLING,
    FREE,
    FULL,
    GONE,
    KEPT,
    LOOKS,
    RESERVE,
    Look,
    agent_name,
    agents_head,
    cache_facts,
    cache_state,
    head,
    item_title,
    made_of,
    rebuilds_by_cause,
    sentence,
    total,
)
from tokentide.sources.claude_code.paths import FoundFile
from tokentide.sources.claude_code.reader import session_of
from tokentide.web.asked import Filters, Zone, address_of
from tokentide.web.desk import Sight
from tokentide.web.frame import Choice, Page
from tokentide.web.insight import context_of, transcripts
from tokentide.web.tables import Cell, Head, HtmlTable

CLASSES: dict[Look, str] = {look: f"cell-{kind}" for kind, look in LOOKS.items()} | {
    FREE: "cell-free",
    RESERVE: "cell-reserve",
    KEPT: "cell-reserve",
    UNKNOWN: "cell-unknown",
}
"""Classes of the style sheet."""
MOST_SESSIONS = 40
"""To choose from; others are reached by their address."""
BIGGEST, REQUESTS = 12, 400
"""Rows of tables; the files hold all."""
STEP = 20
"""From one cell of the grid to the next, in units of the drawing."""


@dataclass(frozen=True, slots=True)
class GridCell:
    """One of two hundred."""

    x: int
    y: int
    style: str
    title: str


@dataclass(frozen=True, slots=True)
class PartRow:
    """A kind of part, or one of its names below it."""

    style: str
    """The class of its colour; empty for a name."""
    title: str
    tokens: str
    share: str
    cost: str


def build(sight: Sight, asked: Filters, _item: str) -> Mapping[str, Any]:
    """The context of the session that is asked for, or of the latest."""
    found = transcripts(sight)
    wish = asked.session[0] if asked.session else ""
    shown = {"sessions": _sessions(sight, found, wish), "wish": wish, "api": _api(asked, wish)}
    try:
        context = context_of(sight, wish, found)
    except SessionError as error:
        return {**shown, "context": None, "fault": str(error) if wish else ""}
    return {**shown, **_told(sight, asked, context), "api": _api(asked, context.session_id)}


def _api(asked: Filters, session: str) -> str:
    return f"/api/v1/context{address_of(Zone(timezone=asked.timezone), session=session)}"


def _sessions(sight: Sight, found: Iterable[FoundFile], wish: str) -> list[Choice]:
    """The sessions that were written last, by title and project."""
    written: dict[str, int] = {}
    for each in found:
        session = session_of(each.key)
        written[session] = max(written.get(session, 0), each.stamp.mtime_ns)
    facts = {key.partition("\t")[2]: each for key, each in sight.ledger.session_facts().items()}
    latest = sorted((name for name in written if name in facts), key=lambda name: -written[name])[:MOST_SESSIONS]
    return [
        Choice(
            name,
            f"{words.clean(facts[name].title) or name[:8]} ({words.project_name(facts[name].project)})",
            bool(wish) and name.startswith(wish),
        )
        for name in latest
    ]


def _told(sight: Sight, asked: Filters, context: Context) -> Mapping[str, Any]:
    """Everything that is said of a context."""
    calendar, window = sight.calendar(asked), context.window.tokens
    share = context.total_tokens / window if window else 0.0
    return {
        "context": context,
        "fault": "",
        "head": head(context, sight.now),
        "total": total(context),
        "window": words.tokens(window),
        "share": words.percent(share),
        "level": "full" if share >= FULL else "high" if share >= FILLING else "low",
        "made_of": made_of(context),
        "gone": "" if context.is_from_transcript else GONE,
        "cells": _cells(context),
        "columns": CELLS,
        "step": STEP,
        "rows": _rows(context),
        "certainty": certainty(context) if context.parts else "",
        "hints": [sentence(hint) for hint in hints_of(context, sight.now)],
        "biggest": _biggest(context, sight.now),
        "cache_state": cache_state(context, calendar, sight.now) if context.cache.warm_until else "",
        "is_warm": context.cache.warm_until >= sight.now,
        "cache_facts": cache_facts(context) if context.cache.warm_until else "",
        "rebuilds": _rebuilds(context),
        "agents_head": agents_head(context) if context.agents else "",
        "agents": _agents(context),
        "growth": _growth(context, calendar),
        "compactions": sum(bool(each.compacted) for each in context.growth),
    }


def _cells(context: Context) -> list[GridCell]:
    """The window as cells, row by row."""
    return [
        GridCell(number % CELLS * STEP, number // CELLS * STEP, CLASSES[look], look.title)
        for number, look in enumerate(grid_cells(context))
    ]


def _rows(context: Context) -> list[PartRow]:
    """The kinds with their names below them, then what is free and what is kept free."""
    rows = (*part_rows(context, CLASSES.__getitem__, is_whole=True), *rest_rows(context, CLASSES.__getitem__))
    return [PartRow(row.glyph, row.title.strip(), row.tokens, row.share, row.cost) for row in rows]


def _biggest(context: Context, now: int) -> HtmlTable:
    """The largest single items, their age, and how often they were sent again."""
    return HtmlTable(
        "Largest items",
        (
            Head("Item", is_number=False),
            Head("Tokens"),
            Head("Age", importance=3),
            Head("Sent again", importance=4),
            Head("Carrying"),
        ),
        [
            [
                Cell(item_title(big.item), title=big.item.target),
                Cell(
                    f"{'' if big.item.is_measured else '~'}{words.short_tokens(big.item.tokens)}",
                    value=str(big.item.tokens),
                ),
                Cell(words.ago(now - big.item.at) if big.item.at else "", value=str(now - big.item.at)),
                Cell(f"{big.carried:,}×", value=str(big.carried)),
                Cell("" if big.carry_cost is None else words.money(big.carry_cost)),
            ]
            for big in context.biggest[:BIGGEST]
        ],
    )


def _growth(context: Context, calendar: Calendar) -> HtmlTable:
    """The last requests, the latest first."""
    last = list(enumerate(context.growth, 1))[-REQUESTS:]
    return HtmlTable(
        "Tokens sent with each request",
        (Head("Request"), Head("At", is_number=False), Head("Tokens"), Head("Compacted before", is_number=False)),
        [
            [
                Cell(words.tokens(number)),
                Cell(f"{calendar.local(each.at):%Y-%m-%d %H:%M:%S}"),
                Cell(words.tokens(each.prompt_tokens)),
                Cell(words.clean(each.compacted)),
            ]
            for number, each in reversed(last)
        ],
    )


def _rebuilds(context: Context) -> HtmlTable:
    """What was written into the cache again, by cause."""
    return HtmlTable(
        "Written again, by cause",
        (Head("Cause", is_number=False), Head("Times"), Head("Tokens"), Head("Cost")),
        [
            [
                Cell(CAUSES[cause]),
                Cell(words.tokens(count)),
                Cell(words.short_tokens(lost), value=str(lost)),
                Cell(words.money(cost)),
            ]
            for cause, count, lost, cost in rebuilds_by_cause(context)
        ],
    )


def _agents(context: Context) -> HtmlTable:
    """Sub-agents, the largest first."""
    return HtmlTable(
        "Sub-agents",
        (Head("Sub-agent", is_number=False), Head("Tokens"), Head("Requests"), Head("Model", is_number=False)),
        [
            [
                Cell(agent_name(agent), title=agent.chain),
                Cell(words.short_tokens(agent.tokens), value=str(agent.tokens)),
                Cell(words.tokens(agent.requests)),
                Cell(words.model_name(agent.model)),
            ]
            for agent in context.agents
        ],
    )


PAGE = Page("/insight/context", "Context", "insight_context.html", build, Filters, filters=(), nav="Insight")
