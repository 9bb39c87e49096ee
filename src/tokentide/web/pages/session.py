"""One session as a timeline: how its context grew, what each turn cost, which tools and sub-agents worked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tokentide.analytics.calendar import Calendar
from tokentide.analytics.timeline_model import AgentWork, Timeline, ToolUse, Turn
from tokentide.analytics.timeline_totals import agents_of, tools_of
from tokentide.render.timeline_csv import context_of
from tokentide.render.timeline_words import AGENT, outcome_words, prompt_count, prompt_words, timeline_notes, tool_name
from tokentide.render.words import clean, cost, duration, model_name, short_tokens, size, tokens
from tokentide.web.asked import Filters
from tokentide.web.desk import Sight
from tokentide.web.frame import Page
from tokentide.web.sessions import OneSession, one_session, session_api
from tokentide.web.tables import Cell, Head, HtmlTable


def build(sight: Sight, asked: Filters, item: str) -> Mapping[str, Any]:
    """The session whose id begins so. Raises HTTPException where there is none."""
    one = OneSession.of(asked)
    timeline = one_session(sight, one, item)
    calendar = sight.calendar(asked)
    agents = agents_of(timeline)
    return {
        "timeline": timeline,
        "api": session_api(timeline.session_id, one),
        "when": _when(timeline, calendar),
        "prompts": prompt_count(timeline),
        "models": [model_name(model) for model in timeline.models],
        "peak": max(timeline.context, default=0),
        "notes": list(timeline_notes(timeline)),
        "turns": _turns(timeline, calendar),
        "tools": _tools(tools_of(timeline)),
        "agents": _agents(agents, calendar),
    }


def _when(timeline: Timeline, calendar: Calendar) -> str:
    """From when to when; the day once where it is one."""
    began, ended = calendar.local(timeline.began_at), calendar.local(timeline.ended_at)
    until = f"{ended:%H:%M}" if began.date() == ended.date() else f"{ended:%a %d %b %Y %H:%M}"
    return f"{began:%a %d %b %Y %H:%M} to {until}"


def _turns(timeline: Timeline, calendar: Calendar) -> HtmlTable:
    heads = (
        Head("Turn"),
        Head("Prompt", is_number=False, importance=4),
        Head("Began", is_number=False, importance=4),
        Head("Pause before", importance=2),
        Head("Took", importance=3),
        Head("Responses", importance=3),
        Head("Context", importance=4),
        Head("Tokens", importance=4),
        Head("Cost"),
        Head("What came of it", is_number=False),
    )
    return HtmlTable("Turns of this session", heads, [_turn(turn, timeline, calendar) for turn in timeline.turns])


def _turn(turn: Turn, timeline: Timeline, calendar: Calendar) -> list[Cell]:
    context = context_of(turn)
    return [
        Cell(str(turn.number)),
        Cell(prompt_words(turn, timeline, with_number=False), value=str(turn.prompt.amount if turn.prompt else 0)),
        Cell(f"{calendar.local(turn.at):%Y-%m-%d %H:%M}", value=str(turn.at)),
        Cell(duration(turn.waited) if turn.waited else "", value=str(turn.waited)),
        Cell(duration(turn.ended_at - turn.at), value=str(turn.ended_at - turn.at)),
        Cell(tokens(turn.sums.responses)),
        Cell("" if context is None else short_tokens(context), value=str(context or 0)),
        Cell(short_tokens(turn.sums.total_tokens), value=str(turn.sums.total_tokens)),
        Cell(cost(turn.sums) if turn.sums.responses else "", value=str(turn.sums.cost)),
        Cell(" · ".join(outcome_words(turn))),
    ]


def _tools(uses: list[ToolUse]) -> HtmlTable:
    heads = (Head("Tool", is_number=False), Head("Calls"), Head("Failed"), Head("Denied"), Head("Results"))
    rows = [
        [
            Cell(tool_name(use.tool)),
            Cell(tokens(use.calls)),
            Cell(tokens(use.failed), level="high" if use.failed else ""),
            Cell(tokens(use.denied), level="raised" if use.denied else ""),
            Cell(size(use.result_bytes), value=str(use.result_bytes)),
        ]
        for use in uses
    ]
    return HtmlTable("Calls by tool, sub-agents included", heads, rows)


def _agents(agents: list[AgentWork], calendar: Calendar) -> HtmlTable:
    heads = (
        Head("Kind", is_number=False),
        Head("Began", is_number=False, importance=4),
        Head("Took"),
        Head("Responses"),
        Head("Tokens", importance=4),
        Head("Cost"),
    )
    rows = [
        [
            Cell(
                f"{clean(agent.kind) or AGENT}{f' ×{agent.agents}' if agent.agents > 1 else ''}", title=agent.agent_id
            ),
            Cell(f"{calendar.local(agent.at):%Y-%m-%d %H:%M}"),
            Cell(duration(agent.ended_at - agent.at), value=str(agent.ended_at - agent.at)),
            Cell(tokens(agent.sums.responses)),
            Cell(short_tokens(agent.sums.total_tokens), value=str(agent.sums.total_tokens)),
            Cell(cost(agent.sums), value=str(agent.sums.cost)),
        ]
        for agent in agents
    ]
    return HtmlTable("Sub-agents that this session started", heads, rows)


PAGE = Page("/sessions/{session_id:path}", "Session", "session.html", build, Filters, (), nav="Sessions")
