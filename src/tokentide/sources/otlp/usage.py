"""Sightings of responses: one of every `api_request`, and one of every data point of tokens or cost.

An `api_request` is the ledger. Data points know no responses; what they tell counts only in sessions of which nothing
else tells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from tokentide.model.telemetry import BY_EVENTS, BY_METRICS, MICRO, NOT_TOLD, Sighting, TelemetryRecord
from tokentide.model.usage import UsageRecord
from tokentide.sources.otlp.circumstances import Circumstances
from tokentide.sources.otlp.identity import id_of
from tokentide.sources.otlp.texts import name_of, number, whole
from tokentide.sources.otlp.wire import Attributes

Price = Callable[[UsageRecord], int | None]
"""The list price of a record in nano-USD; None where none is known."""
MCP_IS_RIGHT_FROM = (2, 1, 222)
"""Older clients named the MCP server of an earlier request with every later one."""
_EVENTS_RANK, _METRICS_RANK = 1, 2
_NANO_PER_MICRO = 1000
MOST_MICRO_USD = 10**5 * MICRO
"""A response or a data point costs no more, 100,000 USD: a larger figure would not fit when added up."""
_SAMPLE_TOKENS = 1000
"""Tokens of points are a minute's: they are priced by so many, a prompt below every threshold of a price."""
LONGEST_KNOWN = 4_000
"""Characters of attributes that are remembered."""
_COUNTERS = {"input": 0, "output": 1, "cacheCreation": 2, "cacheRead": 4}
"""The counter of a token point, by its type, among the five of a usage record; writes are taken as 5-minute ones."""


def event_sighting(record: TelemetryRecord, told: Attributes, around: Circumstances, price: Price) -> Sighting:
    """What an `api_request` says of its response."""
    agent = name_of(told.get("agent.name")) or _agent_in(record.query_source)
    is_sidechain = bool(agent or record.agent_id)
    mcp = told if _version(record.version) >= MCP_IS_RIGHT_FROM else _NOTHING
    speed = "fast" if told.get("speed") == "fast" else ""
    tokens = _tokens(told)
    reported = _reported(told)
    seen = id_of(record.id, BY_EVENTS, record.model, speed, *map(str, tokens), str(reported))
    party = around.party
    listed = price(UsageRecord("", "", record.happened_at, 0, record.model, *tokens, 0, speed))
    return Sighting(
        party.tenant,
        record.day,
        record.quarter,
        record.happened_at,
        seen,
        f"request:{record.request_id}" if record.request_id else f"otlp:{record.id}",
        seniority(record.happened_at, _EVENTS_RANK, seen, is_sidechain=is_sidechain),
        BY_EVENTS,
        user_id=party.user_id,
        team=party.team,
        project=party.project,
        cost_center=party.cost_center,
        customer=party.customer,
        account=around.account,
        session_id=around.session_id,
        agent=agent,
        is_sidechain=is_sidechain,
        version=record.version,
        model=record.model,
        speed=speed,
        query_source=record.query_source,
        effort=record.extra,
        skill=name_of(told.get("skill.name")),
        plugin=name_of(told.get("plugin.name")),
        mcp_server=name_of(mcp.get("mcp_server.name")),
        mcp_tool=name_of(mcp.get("mcp_tool.name")),
        prompt_id=record.prompt_id,
        input_tokens=tokens[0],
        output_tokens=tokens[1],
        cache_creation_5m_tokens=tokens[2],
        cache_creation_1h_tokens=tokens[3],
        cache_read_tokens=tokens[4],
        reported_cost=reported,
        list_cost=NOT_TOLD if listed is None else listed,
    )


def point_sightings(records: Iterable[TelemetryRecord], price: Price) -> list[Sighting]:
    """What data points of tokens and cost tell, by their amounts; other records tell nothing.

    Those of cumulative streams have an amount once their increase is known. The same points make the same sightings.
    """
    return [
        _point_sighting(record, price)
        for record in records
        if record.kind == "point" and record.amount > 0 and record.name in ("token.usage", "cost.usage")
    ]


def seniority(happened_at: int, rank: int, identity: str, *, is_sidechain: bool) -> int:
    """Orders sightings of a response, the least first: by instant, main chain, source, and what tells them apart."""
    return happened_at * 1024 + is_sidechain * 512 + rank * 64 + (int(identity[:2], 16) & 63)


def _point_sighting(record: TelemetryRecord, price: Price) -> Sighting:
    """A point's sighting. The cost is that of the cost's points alone, which token points would add a second time."""
    told = _attributes(record.attributes)
    is_cost = record.name == "cost.usage"
    tokens = [0] * 5
    speed = "fast" if told.get("speed") == "fast" else ""
    if not is_cost and record.detail in _COUNTERS:
        tokens[_COUNTERS[record.detail]] = record.amount // MICRO
    agent = name_of(told.get("agent.name"))
    is_sidechain = bool(agent) or record.query_source == "subagent"
    seen = id_of(record.id, BY_METRICS, str(record.amount))
    return Sighting(
        record.tenant,
        record.day,
        record.quarter,
        record.happened_at,
        seen,
        f"otlp:{record.id}",
        seniority(record.happened_at, _METRICS_RANK, seen, is_sidechain=is_sidechain),
        BY_METRICS,
        user_id=record.user_id,
        team=record.team,
        project=record.project,
        cost_center=record.cost_center,
        customer=record.customer,
        session_id=record.session_id,
        agent=agent,
        is_sidechain=is_sidechain,
        version=record.version,
        model=record.model,
        speed=speed,
        query_source=record.query_source,
        effort=name_of(told.get("effort")) or (record.extra if is_cost else ""),
        skill=name_of(told.get("skill.name")),
        plugin=name_of(told.get("plugin.name")),
        mcp_server=name_of(told.get("mcp_server.name")),
        mcp_tool=name_of(told.get("mcp_tool.name")),
        responses=0,
        input_tokens=tokens[0],
        output_tokens=tokens[1],
        cache_creation_5m_tokens=tokens[2],
        cache_read_tokens=tokens[4],
        reported_cost=min(record.amount, MOST_MICRO_USD) * _NANO_PER_MICRO if is_cost else 0,
        list_cost=0 if is_cost else _listed(record, tokens, speed, price),
    )


def _attributes(text: str) -> Attributes:
    """What a record's attributes say; remembered, since points of a stream have the same."""
    told = _known.get(text)
    if told is None:
        told = msgspec.json.decode(text or "{}")
        if len(_known) > 1000:
            _known.clear()
        if len(text) < LONGEST_KNOWN:
            _known[text] = told
    return told


def _listed(record: TelemetryRecord, tokens: list[int], speed: str, price: Price) -> int:
    """List price of a point's tokens, nano-USD; NOT_TOLD where none is known."""
    sent, said, written, hour, read = (_SAMPLE_TOKENS if count else 0 for count in tokens)
    cost = price(UsageRecord("", "", record.happened_at, 0, record.model, sent, said, written, hour, read, 0, speed))
    return NOT_TOLD if cost is None else cost * sum(tokens) // _SAMPLE_TOKENS


def _count(told: Attributes, key: str) -> int:
    return max(whole(told.get(key)), 0)


def _tokens(told: Attributes) -> tuple[int, int, int, int, int]:
    """The five counters of a usage record; writes that no lifetime is told of count as 5-minute ones."""
    short, hour = _count(told, "cache_creation_5m_tokens"), _count(told, "cache_creation_1h_tokens")
    written = max(short, _count(told, "cache_creation_tokens") - hour)
    return _count(told, "input_tokens"), _count(told, "output_tokens"), written, hour, _count(told, "cache_read_tokens")


def _reported(told: Attributes) -> int:
    """The client's own cost, nano-USD: whole micro-USD, which older clients tell as a fraction of USD alone."""
    micros = whole(told.get("cost_usd_micros"))
    if micros < 0:
        cost = number(told.get("cost_usd"))
        micros = NOT_TOLD if cost is None or cost < 0 else round(cost * MICRO)
    return micros * _NANO_PER_MICRO if 0 <= micros <= MOST_MICRO_USD else NOT_TOLD


def _agent_in(query_source: str) -> str:
    """The agent in `agent:builtin:general-purpose`; empty in another query source."""
    return query_source.rpartition(":")[2] if query_source.startswith("agent:") else ""


_NOTHING: Attributes = {}
_known: dict[str, Attributes] = {}
_NEWEST = (1 << 30,)
_versions: dict[str, tuple[int, ...]] = {}


def _version(text: str) -> tuple[int, ...]:
    """A version for comparing; one that is not told is taken for a new one."""
    known = _versions.get(text)
    if known is None:
        parts = text.split("-", maxsplit=1)[0].split(".")
        known = (
            tuple(int(part) for part in parts) if all(part.isdecimal() and len(part) < 9 for part in parts) else (9,)
        )
        if len(_versions) > 1000:
            _versions.clear()
        _versions[text] = known
    return known
