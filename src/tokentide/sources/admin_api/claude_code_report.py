"""Claude Code a person and UTC day: sessions, lines, commits, accepted and rejected edits, estimated cost.

Source: GET /v1/organizations/usage_report/claude_code. One request chain a day; it is an hour or more behind.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import msgspec

from tokentide.clock import DAY_US
from tokentide.model.billing import Bucket, Stretch, date_of, days
from tokentide.sources.admin_api.client import AdminClient, Page
from tokentide.sources.admin_api.cost_report import amount
from tokentide.sources.admin_api.stretches import DayFold, counted

PATH = "/v1/organizations/usage_report/claude_code"
KEY_ACTOR, USER_ACTOR = "api_key", "user"


class _Actor(msgspec.Struct):
    type: str | None = None
    email_address: str | None = None
    api_key_name: str | None = None


class _Lines(msgspec.Struct):
    added: int | None = None
    removed: int | None = None


class _Core(msgspec.Struct):
    num_sessions: int | None = None
    lines_of_code: _Lines | None = None
    commits_by_claude_code: int | None = None
    pull_requests_by_claude_code: int | None = None


class _Decisions(msgspec.Struct):
    accepted: int | None = None
    rejected: int | None = None


class _Tokens(msgspec.Struct):
    input: int | None = None
    output: int | None = None
    cache_read: int | None = None
    cache_creation: int | None = None


class _Cost(msgspec.Struct):
    amount: Decimal
    currency: str | None = None


class _Model(msgspec.Struct):
    model: str | None = None
    tokens: _Tokens | None = None
    estimated_cost: _Cost | None = None


class _Row(msgspec.Struct):
    actor: _Actor
    customer_type: str | None = None
    core_metrics: _Core | None = None
    tool_actions: dict[str, _Decisions | None] | None = None
    model_breakdown: list[_Model] | None = None


class _CodePage(Page):
    data: list[_Row] = msgspec.field(default_factory=list)


def read_claude_code(client: AdminClient, start: int, end: int) -> Iterator[Stretch]:
    """The days from one midnight UTC to before another, each as soon as it is whole. Raises AdminApiError.

    Rows that differ only in terminal, place or plan are added up. What a person did stands under no model, what it
    cost under each: adding up over any of the dimensions counts nothing twice.
    """
    for day in days(start, end):
        fold = DayFold(PATH, day, day + DAY_US)
        parameters = [("starting_at", date_of(day).isoformat()), ("limit", "1000")]
        for page in client.pages(PATH, parameters, _CodePage):
            for row in page.data:
                for bucket in _buckets(row, day):
                    yield from fold.take(bucket)
        yield from fold.rest()


def _buckets(row: _Row, day: int) -> Iterator[Bucket]:
    who = _actor(row.actor) | {"customer_type": row.customer_type or ""}
    yield Bucket(day, day + DAY_US, {**who, "model": ""}, _activity(row))
    for model in row.model_breakdown or ():
        yield Bucket(day, day + DAY_US, {**who, "model": model.model or ""}, _spending(model))


def _actor(actor: _Actor) -> dict[str, str]:
    """A person by address, lower case so that one is one; a key by name."""
    if actor.email_address:
        return {"actor": actor.email_address.lower(), "actor_type": USER_ACTOR}
    return {"actor": actor.api_key_name or "", "actor_type": KEY_ACTOR}


def _activity(row: _Row) -> dict[str, int]:
    """Counts of what was done; decisions by tool, as `edit_tool_accepted`."""
    core = row.core_metrics or _Core()
    lines = core.lines_of_code or _Lines()
    counts = {
        "sessions": core.num_sessions,
        "lines_added": lines.added,
        "lines_removed": lines.removed,
        "commits": core.commits_by_claude_code,
        "pull_requests": core.pull_requests_by_claude_code,
    }
    for tool, decisions in (row.tool_actions or {}).items():
        if decisions is not None:
            counts |= {f"{tool}_accepted": decisions.accepted, f"{tool}_rejected": decisions.rejected}
    return counted(PATH, counts)


def _spending(model: _Model) -> dict[str, int]:
    """Tokens and estimated cost of one model; the lifetime of cache writes is not told, so they count as 5 minutes."""
    tokens = model.tokens or _Tokens()
    counts = {
        "input_tokens": tokens.input,
        "output_tokens": tokens.output,
        "cache_creation_5m_tokens": tokens.cache_creation,
        "cache_read_tokens": tokens.cache_read,
    }
    spent = model.estimated_cost
    cost = amount(spent.amount, spent.currency, PATH) if spent else 0
    return counted(PATH, counts) | {"cost": cost}
