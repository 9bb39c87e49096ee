"""The team store as the reports of a person ask it: the same questions as the personal ledger, over any engine.

What it does not know stays empty: titles of sessions are never sent to a team store.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from tokentide.clock import DAY_US
from tokentide.model.telemetry import BY_EVENTS, BY_METRICS
from tokentide.store.query import (
    MAIN_AGENT,
    CostMode,
    Filters,
    Group,
    Moment,
    Period,
    Query,
    Response,
    SessionFacts,
    Sums,
)
from tokentide.store.reading import PlaceFacts, used_between
from tokentide.store.team.query import PERIOD, Condition, Scope, TeamGroup, TeamQuery
from tokentide.store.team.responses import TeamResponse, responses, weeks
from tokentide.store.team.store import TeamStore
from tokentide.store.team.tables import COUNTERS, USAGE

_COLUMNS = {
    "period": (PERIOD,),
    "model": ("model",),
    "project": ("project",),
    "session": ("source", "session_id"),
    "branch": ("branch",),
    "agent": ("agent",),
    "source": ("source",),
    "account": ("account",),
    "served_model": ("model", "speed"),
    "user": ("user_id",),
    "team": ("team",),
}
"""What a dimension of the reports is made of."""
_TELEMETRY = (BY_EVENTS, BY_METRICS)
_ALL_TIME = 400_000
"""A day far behind all usage, days since 1970."""


class TeamLedger:
    """See tokentide.store.reading.UsageReading; what one viewer may see. Every method raises StoreError."""

    def __init__(self, store: TeamStore, scope: Scope) -> None:
        self.scope = scope
        """Whose usage it tells of."""
        self._store = store

    @property
    def missing(self) -> tuple[str, ...]:
        """The shards that cannot be reached now: answers lack what they hold."""
        return self._store.engine.missing

    def totals(self, query: Query) -> list[Group]:
        """The groups of a query that hold any usage, in no order. Raises UsageError for an unknown dimension."""
        if not query.periods:
            return []
        columns = tuple(dict.fromkeys(name for dimension in query.dimensions for name in _COLUMNS[dimension]))
        measures = (
            *("responses", *COUNTERS, f"{query.mode.value}_cost", f"{query.mode.value}_unpriced"),
            *("lower_bound_responses", "first_at", "last_at"),
        )
        asked = TeamQuery(USAGE, measures, columns, query.periods, conditions_of(query.filters))
        groups = self._store.totals(self.scope, asked).groups
        if "session" in query.dimensions:
            groups = tuple(_settled(groups, columns.index("source"), columns.index("session_id")))
        found: defaultdict[tuple[str, ...], Sums] = defaultdict(Sums)
        for group in groups:
            told = dict(zip(columns, group.keys, strict=True))
            found[tuple(_key(dimension, told) for dimension in query.dimensions)].add(Sums(*group.values))
        return [Group(keys, sums) for keys, sums in found.items() if not sums.is_empty]

    def moments(self, filters: Filters, mode: CostMode, start: int = 0) -> Iterator[Moment]:
        """Every response from an instant on, in the order of time."""
        for each in self._single(filters, mode, start, _ALL_TIME * DAY_US):
            served = _served(each.model, each.speed)
            yield Moment(each.at, each.model, served, _sums(each))

    def responses(self, filters: Filters, mode: CostMode, start: int, end: int) -> Iterator[Response]:
        """Every response from `start` to before `end`, in the order of time, with whose and where it was."""
        for each in self._single(filters, mode, start, end):
            agent = each.agent or MAIN_AGENT
            yield Response(each.at, each.source, each.session_id, each.project, "", agent, each.model, _sums(each))

    def last_pause_end(self, filters: Filters, start: int, end: int, length: int) -> int | None:
        """The instant of the first response after the last pause longer than `length` µs; None if there was none.

        Only responses from `start` up to `end` count.
        """
        found, before = None, None
        for each in self._single(filters, CostMode.AUTO, start, end + 1):
            if before is not None and each.at - before > length:
                found = each.at
            before = each.at
        return found

    def used(self, filters: Filters, mode: CostMode, start: int, end: int) -> Sums:
        """What was used from `start` to before `end`, to the response."""
        return used_between(self, filters, mode, start, end)

    def stretch_costs(self, filters: Filters, mode: CostMode, start: int, length: int) -> list[int]:
        """What each session cost in each stretch of that length that it was at work in, nano-USD; in no order."""
        costs: defaultdict[tuple[str, str, int], int] = defaultdict(int)
        for each in self._single(filters, mode, start, _ALL_TIME * DAY_US):
            if each.cost is not None:
                costs[each.source, each.session_id, each.at // length] += each.cost
        return list(costs.values())

    def session_facts(self, session_id: str = "") -> dict[str, SessionFacts]:
        """Project and branch of every session, or of one, by `source<TAB>session id`; titles are not known."""
        conditions = (Condition("session_id", (session_id,)),) if session_id else ()
        columns = ("source", "session_id", "project", "branch")
        asked = TeamQuery(USAGE, ("first_at", "last_at"), columns, (), conditions)
        groups = self._store.totals(self.scope, asked).groups
        places = PlaceFacts()
        for group, told in zip(groups, _settled(groups, 0, 1), strict=True):
            if group.keys[0] != told.keys[0]:
                continue  # telemetry knows no branch; the transcript of the session does
            source, session, project, branch = told.keys
            first, last = told.values
            places.add(f"{source}\t{session}", project, branch, (first, last))
        return dict(places.facts())

    def days(self) -> list[int]:
        """The UTC days that hold any usage, as days since 1970, ascending."""
        return self._days(())

    def newest_at(self) -> int | None:
        """The instant of the newest response, µs UTC; None where there is none."""
        answer = self._store.totals(self.scope, TeamQuery(USAGE, ("last_at", "responses")))
        return answer.value() if answer.value(1) else None

    def values(self, dimension: str) -> list[str]:
        """All values that usage has in model, project, source, account, session, branch, user or team, sorted."""
        column = _COLUMNS[dimension][-1]
        return sorted(
            group.keys[0]
            for group in self._store.totals(self.scope, TeamQuery(USAGE, ("responses",), (column,))).groups
        )

    def _days(self, conditions: tuple[Condition, ...]) -> list[int]:
        """The UTC days of usage that fulfils the conditions."""
        span = self._store.totals(self.scope, TeamQuery(USAGE, ("first_at", "last_at"), (), (), conditions))
        first, last = span.value(0) // DAY_US, span.value(1) // DAY_US
        if not last:
            return []
        periods = tuple(Period(str(day), day * DAY_US, (day + 1) * DAY_US) for day in range(first, last + 1))
        asked = TeamQuery(USAGE, ("responses",), (PERIOD,), periods, conditions)
        return sorted(int(group.keys[0]) for group in self._store.totals(self.scope, asked).groups)

    def _single(self, filters: Filters, mode: CostMode, start: int, end: int) -> Iterator[TeamResponse]:
        """Single responses, in the order of time; days without any are not looked at."""
        conditions = conditions_of(filters)
        spans = weeks(self._days(conditions), start, end)
        return responses(self._store, self.scope, conditions, mode, spans)


def conditions_of(filters: Filters) -> tuple[Condition, ...]:
    """The filters as conditions on the team's columns."""
    pairs = (
        ("model", filters.models),
        ("project", filters.projects),
        ("source", filters.sources),
        ("account", filters.accounts),
        ("session_id", filters.sessions),
        ("branch", filters.branches),
    )
    return tuple(Condition(column, wanted) for column, wanted in pairs if wanted)


def _key(dimension: str, told: dict[str, str]) -> str:
    """A group's value in a dimension, as reports know it."""
    if dimension == "session":
        return f"{told['source']}\t{told['session_id']}"
    if dimension == "served_model":
        return _served(told["model"], told["speed"])
    return told[_COLUMNS[dimension][0]] or (MAIN_AGENT if dimension == "agent" else "")


def _served(model: str, speed: str) -> str:
    return f"{model}-fast" if speed == "fast" else model


def _settled(groups: Sequence[TeamGroup], source: int, session: int) -> Iterable[TeamGroup]:
    """The groups, with sessions that telemetry and a transcript tell of under the name of the transcript's source.

    `source` and `session` are where these stand in the keys. A session would else be two.
    """
    told: defaultdict[str, set[str]] = defaultdict(set)
    for group in groups:
        told[group.keys[session]].add(group.keys[source])
    for group in groups:
        if group.keys[source] in _TELEMETRY:
            every = told[group.keys[session]]
            keys = list(group.keys)
            keys[source] = min(every.difference(_TELEMETRY), default=min(every))
            yield TeamGroup(tuple(keys), group.values)
        else:
            yield group


def _sums(each: TeamResponse) -> Sums:
    return Sums.of_response(each.at, each.counters, each.cost, is_final=each.is_final)
