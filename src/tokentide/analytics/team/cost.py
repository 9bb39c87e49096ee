"""Cost: where it went, over time, and where it heads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

from tokentide.analytics.team.asking import TeamAsk
from tokentide.analytics.team.desk import NAMED, Desk, Keys, Values, folded, named, sums_of
from tokentide.analytics.team.figures import Figure, Head, Share, Unit
from tokentide.analytics.team.projection import Projection, projected
from tokentide.analytics.team.savings import saved_by_cache
from tokentide.clock import SECOND_US
from tokentide.model.telemetry import BY_METRICS
from tokentide.store.query import Sums
from tokentide.store.team.query import PERIOD, USERS, Condition
from tokentide.store.team.store import TeamStore
from tokentide.store.team.tables import TALLY, USAGE

CutBy = Literal[
    "team",
    "user_id",
    "project",
    "cost_center",
    "customer",
    "model",
    "query_class",
    "query_source",
    "effort",
    "speed",
    "skill",
    "plugin",
    "mcp_server",
    "mcp_tool",
    "agent",
    "version",
    "source",
]
"""What the cost is divided by; `query_class` is `main`, `subagent` or `auxiliary`, see class_of."""
CUTS: tuple[CutBy, ...] = get_args(CutBy)
ALWAYS = ("team", "user_id", "model", "query_class")
"""Cuts that are shown also where nothing but the empty value is known."""
COMPACTING = Condition("query_source", ("compact",))


@dataclass(frozen=True, slots=True)
class Spent:
    """A day, or a value of a dimension."""

    name: str
    """Empty where it is not told."""
    sums: Sums
    """Cost in the mode asked for; see `sums.unpriced_responses`."""
    share: Share
    """Of the whole cost, nano-USD."""
    metrics_cost: int = 0
    """The part of the cost that only metrics tell of: responses, and where they were spent, are not known."""
    saved_by_cache: int | None = None
    """Nano-USD at list price, an estimate: what its cached tokens would have cost as plain input, less what caching
    cost; below nothing where writing was never repaid. None where no price is known. Of models, days and the whole."""

    @property
    def cost(self) -> int | None:
        """Nano-USD; None where there are responses and none of them has a price."""
        return self.sums.cost if self.sums.has_cost else None

    @property
    def cache_hits(self) -> Share:
        """Tokens read from the cache, of all tokens of prompts."""
        return cache_hits(self.sums)


@dataclass(frozen=True, slots=True)
class Cut:
    """The whole cost by one dimension, the dearest first."""

    dimension: str
    rows: tuple[Spent, ...]


@dataclass(frozen=True, slots=True)
class DaySpent:
    """A day's cost of one value of a dimension, for a stacked chart."""

    day: str
    name: str
    cost: int
    """Nano-USD."""
    total_tokens: int
    responses: int


@dataclass(frozen=True, slots=True)
class Waste:
    """What was spent beside the work."""

    name: str
    """`compaction`: summaries of conversations; `retries`: requests that failed, which cost time, not money."""
    responses: int
    cost: int | None
    """Nano-USD; None where it costs none that is told."""
    seconds: int | None
    """None where the report is narrowed to what the time is not told by."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Cost at list price or as the client reported it, by the mode; not a bill."""

    head: Head
    figures: tuple[Figure, ...]
    """cost, total_tokens, responses, cost_per_user, cache_hits, saved_by_cache, cost_to_date, projected."""
    total: Spent
    days: tuple[Spent, ...]
    cuts: tuple[Cut, ...]
    """By every dimension of CUTS that any response tells."""
    model_days: tuple[DaySpent, ...]
    team_days: tuple[DaySpent, ...]
    wastes: tuple[Waste, ...]
    projection: Projection


def build_cost(store: TeamStore, ask: TeamAsk, *, now: int, by: tuple[str, ...] = CUTS) -> Cost:
    """Ask the store and add up; `by` are the cuts that are wanted. `now` is µs UTC.

    Raises UsageError and StoreError.
    """
    desk = Desk("cost", store, ask, now)
    base = desk.groups("cost", USAGE, desk.spending, (PERIOD, "model", "speed", "source"), (), desk.days)
    starts = {day.name: day.start for day in desk.days}
    saved = {
        keys: saved_by_cache(ask.price, keys[1], keys[2], starts[keys[0]], sums_of(values))
        for keys, values in base.items()
    }
    total = _spent(base, saved, lambda _: "")
    whole = total[0] if total else Spent("", Sums(), Share(0, 0))
    days = {row.name: row for row in _spent(base, saved, lambda keys: keys[0])}
    nothing = Share(0, whole.sums.cost)
    projection = projected(desk)
    return Cost(
        figures=_figures(desk, whole, projection),
        total=whole,
        days=tuple(days.get(day.name) or Spent(day.name, Sums(), nothing) for day in desk.days),
        cuts=_cuts(desk, base, saved, by),
        model_days=_by_day(folded(base, lambda keys: keys[:2])),
        team_days=_by_day(desk.groups("cost", USAGE, desk.spending, (PERIOD, "team"), (), desk.days)),
        wastes=_wastes(desk),
        projection=projection,
        head=desk.head(),
    )


def class_of(query_source: str, agent: str) -> str:
    """Which of the metric's three classes a request belongs to, by what its event or its transcript tells.

    Events name the subsystem (`repl_main_thread`, `sdk`, `agent:…`, `compact`, …), metrics the class itself,
    transcripts only the sub-agent.
    """
    if query_source == "subagent" or query_source.startswith("agent:") or (agent and not query_source):
        return "subagent"
    return "main" if query_source in ("", "main", "sdk") or query_source.startswith("repl_main_thread") else "auxiliary"


def _figures(desk: Desk, whole: Spent, projection: Projection) -> tuple[Figure, ...]:
    pair = desk.pair("cost", USAGE, desk.spending)
    people = desk.pair("cost", USAGE, (USERS,), (NAMED,))
    users, users_before = (values[0] if values else 0 for values in (people.now, people.before))
    cost = pair.figure("cost", Unit.MONEY, _cost)
    each = _each(pair.now, users), _each(pair.before, users_before)
    return (
        cost,
        pair.figure("total_tokens", Unit.COUNT, lambda values: sums_of(values).total_tokens),
        pair.count("responses"),
        Figure("cost_per_user", Unit.MONEY, each[0], each[1]),
        pair.figure("cache_hits", Unit.SHARE, lambda values: cache_hits(sums_of(values))),
        Figure("saved_by_cache", Unit.MONEY, whole.saved_by_cache, is_estimate=True),
        Figure("cost_to_date", Unit.MONEY, projection.cost_to_date),
        Figure("projected", Unit.MONEY, projection.projected, is_estimate=True),
    )


def cache_hits(sums: Sums) -> Share:
    """Tokens read from the cache, of all tokens of prompts."""
    written = sums.cache_creation_5m_tokens + sums.cache_creation_1h_tokens
    return Share(sums.cache_read_tokens, sums.input_tokens + written + sums.cache_read_tokens)


def _cost(values: Values) -> int | None:
    """Nano-USD; None where there are responses and none of them has a price."""
    sums = sums_of(values)
    return sums.cost if sums.has_cost else None


def _each(values: Values, count: int) -> int | None:
    cost = _cost(values) if values else None
    return None if cost is None or not count else round(cost / count)


def _spent(groups: dict[Keys, Values], saved: dict[Keys, int | None], name: Callable[[Keys], str]) -> list[Spent]:
    """Groups, whose last key is the source, brought together by a name; the dearest first."""
    together = folded(groups, lambda keys: (name(keys),))
    by_metrics = folded({keys: groups[keys] for keys in groups if keys[-1] == BY_METRICS}, lambda keys: (name(keys),))
    whole = sum(sums_of(values).cost for values in groups.values())
    savings: dict[str, int | None] = {}
    for keys, saving in saved.items():
        if saving is not None:
            savings[name(keys)] = (savings.get(name(keys)) or 0) + saving
    rows = [
        Spent(
            key,
            sums := sums_of(values),
            Share(sums.cost, whole),
            sums_of(by_metrics[(key,)]).cost if (key,) in by_metrics else 0,
            savings.get(key),
        )
        for (key,), values in together.items()
    ]
    return sorted(rows, key=lambda row: (-row.sums.cost, -row.sums.total_tokens, row.name))


def _cuts(desk: Desk, base: dict[Keys, Values], saved: dict[Keys, int | None], by: tuple[str, ...]) -> tuple[Cut, ...]:
    cuts = []
    for dimension in by:
        rows = _cut(desk, base, saved, dimension)
        if dimension in ALWAYS or any(row.name for row in rows):
            cuts.append(Cut(dimension, tuple(rows)))
    return tuple(cuts)


def _cut(desk: Desk, base: dict[Keys, Values], saved: dict[Keys, int | None], dimension: str) -> list[Spent]:
    """One cut; those that the days tell already are not asked for again."""
    place = {"model": 1, "speed": 2, "source": 3}.get(dimension)
    if place:
        return _spent(base, saved if dimension == "model" else {}, lambda keys: keys[place])
    if dimension == "query_class":
        groups = desk.groups("cost", USAGE, desk.spending, ("query_source", "agent", "source"))
        return _spent(groups, {}, lambda keys: class_of(keys[0], keys[1]))
    return _spent(desk.groups("cost", USAGE, desk.spending, (dimension, "source")), {}, lambda keys: keys[0])


def _by_day(groups: dict[Keys, Values]) -> tuple[DaySpent, ...]:
    rows = (
        DaySpent(day, name, sums.cost, sums.total_tokens, sums.responses)
        for (day, name), sums in ((keys, sums_of(values)) for keys, values in groups.items())
    )
    return tuple(sorted(rows, key=lambda row: (row.day, -row.cost, row.name)))


def _wastes(desk: Desk) -> tuple[Waste, ...]:
    """Compactions by the requests that made them; retries by the time they took."""
    summaries = desk.groups("compaction", USAGE, desk.spending, (), (COMPACTING,))
    sums = sums_of(next(iter(summaries.values()), ()))
    took, failed = (_time_of(desk, event) for event in ("compaction", "api_error"))
    return (
        Waste("compaction", sums.responses, sums.cost if sums.has_cost else None, took[1]),
        *((Waste("retries", failed[0], None, failed[1]),) if failed[1] is not None else ()),
    )


def _time_of(desk: Desk, event: str) -> tuple[int, int | None]:
    """How many events of a name, and how long they took, seconds."""
    told = desk.groups(f"time of {event}", TALLY, ("records", "duration_ms"), (), (named(event),))
    return next(((records, ms * 1000 // SECOND_US) for records, ms in told.values()), (0, None))
