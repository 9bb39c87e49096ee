"""The questions that a team server answers over HTTP, and its answers: the whole list, and the shape of each."""

from __future__ import annotations

from dataclasses import fields
from operator import attrgetter
from typing import Annotated

import msgspec

from tokentide.store.query import CostMode, Filters, Group, Moment, Period, Query, Response, SessionFacts, Sums

FORMAT = 1
"""The number of questions and answers; each side refuses one that it does not know."""
PATH = "/api/v1/ask"
MOST_QUESTION_BYTES = 4 << 20
MOST_PERIODS = 40_000
"""A century of days."""
COUNTERS = 6
"""So many of the values of `Sums` are counters of a single response."""
Instant = Annotated[int, msgspec.Meta(ge=-(2**62), le=2**62)]


class Strict(msgspec.Struct, forbid_unknown_fields=True, tag_field="ask"):
    """A question; what it does not know is refused, so that nothing is answered that was not meant."""


class Narrow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which usage counts; fields as in Filters."""

    models: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    sessions: tuple[str, ...] = ()
    branches: tuple[str, ...] = ()

    @classmethod
    def of(cls, filters: Filters) -> Narrow:
        """The filters, to be sent."""
        return msgspec.convert(filters, cls, from_attributes=True)

    def filters(self) -> Filters:
        """As they were."""
        return Filters(*msgspec.structs.astuple(self))


class AskAbout(Strict, tag="about"):
    """Whose usage this is, and until when it is known."""


class AskTotals(Strict, tag="totals"):
    """UsageReading.totals."""

    dimensions: tuple[str, ...]
    periods: tuple[tuple[str, Instant, Instant], ...]
    mode: CostMode
    filters: Narrow

    @classmethod
    def of(cls, query: Query) -> AskTotals:
        """The query, to be sent."""
        periods = tuple((period.name, period.start, period.end) for period in query.periods)
        return cls(query.dimensions, periods, query.mode, Narrow.of(query.filters))

    def query(self) -> Query:
        """As it was."""
        periods = tuple(Period(*period) for period in self.periods)
        return Query(self.dimensions, periods, self.filters.filters(), self.mode)


class AskMoments(Strict, tag="moments"):
    """UsageReading.moments; an answer ends before `until`, and is asked for again from there."""

    filters: Narrow
    mode: CostMode
    start: Instant


class AskResponses(Strict, tag="responses"):
    """UsageReading.responses, likewise."""

    filters: Narrow
    mode: CostMode
    start: Instant
    end: Instant


class AskPause(Strict, tag="last_pause_end"):
    """UsageReading.last_pause_end."""

    filters: Narrow
    start: Instant
    end: Instant
    length: Annotated[int, msgspec.Meta(gt=0)]


class AskStretches(Strict, tag="stretch_costs"):
    """UsageReading.stretch_costs."""

    filters: Narrow
    mode: CostMode
    start: Instant
    length: Annotated[int, msgspec.Meta(gt=0)]


class AskFacts(Strict, tag="session_facts"):
    """UsageReading.session_facts."""

    session_id: str = ""


class AskDays(Strict, tag="days"):
    """UsageReading.days."""


class AskValues(Strict, tag="values"):
    """UsageReading.values."""

    dimension: str


Question = AskAbout | AskTotals | AskMoments | AskResponses | AskPause | AskStretches | AskFacts | AskDays | AskValues


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A body that asks."""

    format: int
    question: Question


class Format(msgspec.Struct, frozen=True):
    """What is looked at before anything else of a body."""

    format: int


class Replied(msgspec.Struct, frozen=True):
    """A body that answers."""

    format: int
    version: str
    """Of the server's program."""
    answer: msgspec.Raw
    until: int | None = None
    """The answer is whole up to this instant, µs UTC, and goes on from there; None where it is whole."""
    missing: tuple[str, ...] = ()
    """Parts of the store that could not be reached: the answer lacks what they hold."""


class About(msgspec.Struct, frozen=True):
    """Whose usage a viewer sees."""

    tenant: str
    teams: tuple[str, ...] | None = None
    """Only these; None for all."""
    users: tuple[str, ...] | None = None
    """Only these; None for all."""
    newest_at: int | None = None
    """The newest response, µs UTC; None where there is none."""


_values = attrgetter(*(field.name for field in fields(Sums)))
Values = Annotated[tuple[int, ...], msgspec.Meta(min_length=len(fields(Sums)), max_length=len(fields(Sums)))]
Single = Annotated[tuple[int, ...], msgspec.Meta(min_length=COUNTERS, max_length=COUNTERS)]


def _single(sums: Sums) -> tuple[tuple[int, ...], int | None, bool]:
    """Counters, cost and finality of a single response."""
    return (
        _values(sums)[1 : 1 + COUNTERS],
        None if sums.unpriced_responses else sums.cost,
        not sums.lower_bound_responses,
    )


class GroupRow(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A Group."""

    keys: tuple[str, ...]
    sums: Values
    """The values of `Sums` in order."""

    @classmethod
    def of(cls, group: Group) -> GroupRow:
        """The group, to be sent."""
        return cls(group.keys, _values(group.sums))

    def group(self) -> Group:
        """As it was."""
        return Group(self.keys, Sums(*self.sums))


class MomentRow(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A Moment."""

    at: int
    model: str
    served_model: str
    counters: Single
    cost: int | None
    is_final: bool

    @classmethod
    def of(cls, moment: Moment) -> MomentRow:
        """The moment, to be sent."""
        return cls(moment.at, moment.model, moment.served_model, *_single(moment.sums))

    def moment(self) -> Moment:
        """As it was."""
        sums = Sums.of_response(self.at, self.counters, self.cost, is_final=self.is_final)
        return Moment(self.at, self.model, self.served_model, sums)


class ResponseRow(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A Response; its title is never known."""

    at: int
    source: str
    session_id: str
    project: str
    agent: str
    model: str
    counters: Single
    cost: int | None
    is_final: bool

    @classmethod
    def of(cls, response: Response) -> ResponseRow:
        """The response, to be sent."""
        each = response
        return cls(each.at, each.source, each.session_id, each.project, each.agent, each.model, *_single(each.sums))

    def response(self) -> Response:
        """As it was."""
        sums = Sums.of_response(self.at, self.counters, self.cost, is_final=self.is_final)
        return Response(self.at, self.source, self.session_id, self.project, "", self.agent, self.model, sums)


class Paused(msgspec.Struct, frozen=True):
    """The answer to AskPause."""

    at: int | None


class FactsRow(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """SessionFacts; its title is never known."""

    key: str
    project: str
    branch: str

    def facts(self) -> SessionFacts:
        """As they were."""
        return SessionFacts("", self.project, self.branch)
