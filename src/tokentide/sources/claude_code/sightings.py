"""What one line says of a response, as a record: its tokens, its identity, whether it adds to what is known.

The rules are told in docs/explanation/truth.md; the cases they come from stand in this folder's README.
"""

from __future__ import annotations

from typing import NamedTuple

from tokentide.model.usage import ITERATION_MARK, UsageRecord
from tokentide.sources.claude_code.wire import Counts, Iteration, Line, Message, Usage

FINAL_COUNTS_SINCE = (2, 1, 69)
"""From this client version on a null `stop_reason` no longer means a placeholder count."""
NANO_USD = 1_000_000_000
MAX_REPORTED_USD = 1_000_000
"""Above this a reported cost of one response is not believed."""


class Sighting(NamedTuple):
    """When, where and by which request a response was seen."""

    at: int
    place: int
    request_id: str


def adds_nothing(known: UsageRecord, message: Message, usage: Usage, sighting: Sighting) -> bool:
    """True for a later streamed copy that repeats what is known: half of all lines, so it is told apart cheaply."""
    at, place, request = sighting
    split, tools = usage.cache_creation, usage.server_tool_use
    return (
        known.place == place
        and known.at <= at
        and known.request_id == request
        and known.output_is_final
        and known.output_tokens >= (usage.output_tokens or 0)
        and known.input_tokens == usage.input_tokens
        and known.cache_read_tokens == (usage.cache_read_input_tokens or 0)
        and known.cache_creation_5m_tokens + known.cache_creation_1h_tokens == (usage.cache_creation_input_tokens or 0)
        and known.cache_creation_1h_tokens == ((split.ephemeral_1h_input_tokens or 0) if split else 0)
        and known.web_search_requests == ((tools.web_search_requests or 0) if tools else 0)
        and known.model == message.model
        and known.speed == (usage.speed or "")
        and known.service_tier == (usage.service_tier or "")
        and known.inference_geo == _geography(usage)
        and known.reported_cost < 0
        and not any(_counts_apart(iteration, message.model) for iteration in usage.iterations or ())
    )


def _counts_apart(iteration: Iteration, model: str | None) -> bool:
    """True for a pass whose tokens are not in the top-level counts: on another model, or a compaction."""
    return iteration.type == "compaction" or (iteration.model is not None and iteration.model != model)


def _geography(usage: Usage) -> str:
    """Where it was computed; `not_available` says nothing."""
    return usage.inference_geo if usage.inference_geo not in (None, "not_available") else ""


def record_of(message: Message, usage: Usage, sighting: Sighting, line: Line) -> UsageRecord:
    """One sighting as a record; its identity is empty where it bears no id."""
    at, place, request = sighting
    counts = _tokens(usage)
    for iteration in usage.iterations or ():
        if iteration.type == "compaction" and (not iteration.model or iteration.model == message.model):
            counts = Tokens(*map(sum, zip(counts, _tokens(iteration), strict=True)))
    return UsageRecord(
        message.id or (f"request:{request}" if request else ""),
        request,
        at,
        place,
        message.model or "",
        *counts,
        web_search_requests=(usage.server_tool_use.web_search_requests or 0) if usage.server_tool_use else 0,
        speed=usage.speed or "",
        service_tier=usage.service_tier or "",
        inference_geo=_geography(usage),
        output_is_final=message.stop_reason is not None or _is_final(line.version),
        reported_cost=_reported(line.cost_usd),
    )


def _reported(cost_usd: float | None) -> int:
    """The client's own figure in nano-USD; -1 where it gave none, or none that can be true."""
    return round(cost_usd * NANO_USD) if cost_usd is not None and 0 <= cost_usd <= MAX_REPORTED_USD else -1


def iteration_record(iteration: Iteration, parent: UsageRecord, index: int) -> UsageRecord:
    """A pass on another model: a response of its own, told from its parent by its position."""
    return UsageRecord(
        f"{parent.identity}{ITERATION_MARK}{index}",
        f"{parent.request_id}{ITERATION_MARK}{index}" if parent.request_id else "",
        parent.at,
        parent.place,
        iteration.model or "",
        *_tokens(iteration),
        service_tier=parent.service_tier,
        inference_geo=parent.inference_geo,
        output_is_final=parent.output_is_final,
    )


class Tokens(NamedTuple):
    """The five counters of a record, in its order."""

    input: int
    output: int
    cache_creation_5m: int
    cache_creation_1h: int
    cache_read: int


def _tokens(counts: Counts) -> Tokens:
    """The five counters of a usage object.

    Where the split by lifetime and the flat sum disagree the larger counts; the difference is taken as 5 minutes.
    """
    split = counts.cache_creation
    short = (split.ephemeral_5m_input_tokens or 0) if split is not None else 0
    long = (split.ephemeral_1h_input_tokens or 0) if split is not None else 0
    flat = counts.cache_creation_input_tokens or 0
    return Tokens(
        counts.input_tokens or 0,
        counts.output_tokens or 0,
        max(short, flat - long),
        long,
        counts.cache_read_input_tokens or 0,
    )


def response_tokens(usage: Usage | None) -> Tokens:
    """The five counters of a line's usage; zeros without one."""
    return _tokens(usage) if usage is not None else Tokens(0, 0, 0, 0, 0)


def anonymous_identity(session: str, record: UsageRecord) -> str:
    """The identity of a response without ids: session, instant, model, counts."""
    counts = (
        record.input_tokens,
        record.output_tokens,
        record.cache_creation_5m_tokens,
        record.cache_creation_1h_tokens,
        record.cache_read_tokens,
    )
    return ":".join(map(str, ("anonymous", session, record.at, record.model, *counts)))


def _is_final(version: str | None) -> bool:
    """True for a client that writes counts only when they are final; unknown versions are taken as old."""
    parts = (version or "0").split("-")[0].split(".")[:3]
    return all(part.isdecimal() for part in parts) and tuple(map(int, parts)) >= FINAL_COUNTS_SINCE
