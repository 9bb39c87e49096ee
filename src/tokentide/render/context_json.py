"""The context of a session as JSON, format 1, and its tables as CSV."""

from __future__ import annotations

from tokentide.analytics.context.hints import freed_by_compaction, hints_of
from tokentide.analytics.context.model import AgentContext, Big, Context, Growth, Part, Rebuild
from tokentide.clock import SECOND_US
from tokentide.render.context_words import sentence
from tokentide.render.csv_text import csv_cell, csv_lines
from tokentide.render.json_text import Json, dumps, usd
from tokentide.render.report_json import head_json, instant

TABLES = {
    "parts": ("kind", "name", "tokens", "measured_tokens", "items", "carried_tokens", "carry_cost_usd"),
    "growth": ("at", "prompt_tokens", "compacted"),
    "biggest": (
        "kind",
        "name",
        "target",
        "at",
        "tokens",
        "is_measured",
        "requests_carried",
        "carry_cost_usd",
    ),
    "rebuilds": ("at", "request", "cause", "lost_tokens", "cost_usd", "pause_seconds"),
    "agents": ("agent_id", "kind", "model", "last_response_at", "requests", "tokens"),
}
"""Tables of CSV, each with its columns."""


def context_json(context: Context | None, *, timezone: str, now: int) -> str:
    """One object; without any session its `session_id` is null and nothing else is told."""
    head: dict[str, Json] = {
        **head_json("context", now, timezone),
        "session_id": context.session_id if context is not None else None,
    }
    return dumps({**head, **(_context(context, now) if context is not None else {})})


def context_csv(context: Context | None, table: str = "parts") -> str:
    """One of TABLES; of the parts, those of one name stand behind the whole of their kind, whose name is empty."""
    heading = TABLES[table]
    rows = _rows(context, table) if context is not None else ()
    return csv_lines(heading, ([csv_cell(row[name]) for name in heading] for row in rows))


def _rows(context: Context, table: str) -> list[dict[str, Json]]:
    """The lines of a table."""
    made = {
        "parts": lambda: [_part(each) for part in context.parts for each in (part, *part.parts)],
        "growth": lambda: [_growth(each) for each in context.growth],
        "biggest": lambda: [_big(each) for each in context.biggest],
        "rebuilds": lambda: [_rebuild(each) for each in context.cache.rebuilds],
        "agents": lambda: [_agent(each) for each in context.agents],
    }
    return made[table]()


def _growth(each: Growth) -> dict[str, Json]:
    return {"at": instant(each.at), "prompt_tokens": each.prompt_tokens, "compacted": each.compacted or None}


def _context(context: Context, now: int) -> dict[str, Json]:
    """Parts add up to `total_tokens`; what is not known is null."""
    window, said = context.window, context.said
    return {
        "title": context.title or None,
        "project": context.project or None,
        "model": context.model or None,
        "last_response_at": _instant(context.at),
        "is_from_transcript": context.is_from_transcript,
        "requests": context.requests,
        "total_tokens": context.total_tokens,
        "prompt_tokens": context.prompt_tokens,
        "output_tokens": context.output_tokens,
        "pending_tokens": context.pending_tokens,
        "is_compacted": context.is_compacted,
        "window": {
            "tokens": window.tokens,
            "source": window.source,
            "reserve_tokens": window.reserve_tokens,
            "compacts_itself": window.compacts_itself,
            "free_tokens": context.free_tokens,
            "used_percent": round(100 * context.total_tokens / window.tokens, 2) if window.tokens else None,
        },
        "status_line": None
        if said is None
        else {"at": instant(said.at), "context_tokens": said.tokens, "context_window_tokens": said.window_tokens},
        "parts": [_part(part) for part in context.parts],
        "biggest": [_big(big) for big in context.biggest],
        "growth": [_growth(each) for each in context.growth],
        "cache": _cache(context, now),
        "agents": [_agent(agent) for agent in context.agents],
        "cost_usd": {
            "read_again": _usd(context.read_cost),
            "write_again": _usd(context.write_cost),
        },
        "compaction_frees_tokens": freed_by_compaction(context) if context.parts else None,
        "hints": [
            {
                "kind": hint.kind,
                "text": sentence(hint),
                "tokens": hint.tokens,
                "cost_usd": _usd(hint.cost),
            }
            for hint in hints_of(context, now)
        ],
    }


def _part(part: Part) -> dict[str, Json]:
    return {
        "kind": part.kind,
        "name": part.name or None,
        "tokens": part.tokens,
        "measured_tokens": part.measured_tokens,
        "items": part.items,
        "carried_tokens": part.carried_tokens,
        "carry_cost_usd": _usd(part.carry_cost),
        "parts": [_part(each) for each in part.parts],
    }


def _big(big: Big) -> dict[str, Json]:
    item = big.item
    return {
        "kind": item.kind,
        "name": item.name or None,
        "target": item.target or None,
        "at": _instant(item.at),
        "tokens": item.tokens,
        "is_measured": item.is_measured,
        "requests_carried": big.carried,
        "carry_cost_usd": _usd(big.carry_cost),
    }


def _cache(context: Context, now: int) -> dict[str, Json]:
    cache = context.cache
    return {
        "lifetime_seconds": cache.lifetime // SECOND_US or None,
        "warm_until": _instant(cache.warm_until),
        "is_warm": cache.warm_until >= now if cache.warm_until else None,
        "hit_share": round(cache.hit_share, 4),
        "cold_cost_usd": _usd(cache.cold_cost),
        "rebuilds": [_rebuild(each) for each in cache.rebuilds],
    }


def _rebuild(each: Rebuild) -> dict[str, Json]:
    return {
        "at": instant(each.at),
        "request": each.request,
        "cause": each.cause,
        "lost_tokens": each.lost_tokens,
        "cost_usd": _usd(each.cost),
        "pause_seconds": each.pause // SECOND_US,
    }


def _agent(agent: AgentContext) -> dict[str, Json]:
    return {
        "agent_id": agent.chain,
        "kind": agent.kind or None,
        "model": agent.model or None,
        "last_response_at": instant(agent.at),
        "requests": agent.requests,
        "tokens": agent.tokens,
    }


def _usd(nano: int | None) -> Json:
    return None if nano is None else usd(nano)


def _instant(at: int) -> str | None:
    return instant(at) if at else None
