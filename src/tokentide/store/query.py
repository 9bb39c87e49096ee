"""What can be asked of a ledger, and the shape of its answers; the same for every engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class CostMode(StrEnum):
    """Which cost a report shows."""

    AUTO = "auto"
    """What the client reported where it did, else calculated."""
    CALCULATE = "calculate"
    """Tokens at list price, whatever the client reported."""
    DISPLAY = "display"
    """Only what the client reported."""


DIMENSIONS = ("period", "model", "project", "session", "branch", "agent", "source", "account", "served_model")
"""What usage can be grouped by; `session` stands for source and session id, `agent` for the kind of sub-agent,
`served_model` for the model with `-fast` behind it where it was served so."""
TEAM_DIMENSIONS = ("user", "team")
"""What usage can be grouped by as well where it is a team's."""

UNKNOWN_MODEL = "unknown"
"""How a response without a model is shown."""
MAIN_AGENT = "main"
"""The name of the main chain among agents."""
UNNAMED_AGENT = "sub-agent"
"""The name of a sub-agent whose kind no file tells."""


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of time with a name; both ends are whole quarter hours, µs UTC, the end is outside."""

    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Filters:
    """Which usage counts; an empty tuple lets everything through, several values are alternatives."""

    models: tuple[str, ...] = ()
    """Parts of model ids."""
    projects: tuple[str, ...] = ()
    """Whole folders, or their last parts."""
    sources: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    sessions: tuple[str, ...] = ()
    """Session ids, or their beginnings."""
    branches: tuple[str, ...] = ()
    """Names of git branches."""


@dataclass(frozen=True, slots=True)
class Query:
    """Totals of usage by dimensions, over periods."""

    dimensions: tuple[str, ...]
    periods: tuple[Period, ...]
    filters: Filters = field(default_factory=Filters)
    mode: CostMode = CostMode.AUTO


@dataclass(slots=True)
class Sums:
    """Totals of some responses; cost in nano-USD, instants in µs UTC."""

    responses: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cache_creation_5m_tokens: int = 0
    cache_creation_1h_tokens: int = 0
    cache_read_tokens: int = 0
    web_search_requests: int = 0
    cost: int = 0
    """Of the responses that have a price."""
    unpriced_responses: int = 0
    """Responses without a cost in the mode that was asked for; they add nothing to `cost`."""
    lower_bound_responses: int = 0
    """Responses whose output count is a lower bound."""
    first_at: int = 0
    last_at: int = 0

    @classmethod
    def of_response(cls, at: int, counters: Sequence[int], cost: int | None, *, is_final: bool) -> Sums:
        """The totals of a single response; `counters` are the six above in their order."""
        values = (1, *counters, cost or 0, int(cost is None), int(not is_final), at, at)
        return cls(*values)

    @property
    def total_tokens(self) -> int:
        """The sum of the five counters."""
        return (
            self.input_tokens
            + self.output_tokens
            + self.cache_creation_5m_tokens
            + self.cache_creation_1h_tokens
            + self.cache_read_tokens
        )

    @property
    def is_empty(self) -> bool:
        """True of nothing at all; what metrics tell knows tokens and cost, and no responses."""
        return not (self.responses or self.cost or self.total_tokens)

    @property
    def has_cost(self) -> bool:
        """False where there are responses and not one of them has a cost: that is not the same as nothing."""
        return not self.responses or self.unpriced_responses < self.responses

    def add(self, other: Sums) -> None:
        """Add another total to this one."""
        if other.is_empty:
            return
        self.first_at = other.first_at if self.is_empty else min(self.first_at, other.first_at)
        self.last_at = max(self.last_at, other.last_at)
        self.responses += other.responses
        self.input_tokens += other.input_tokens
        self.output_tokens += other.output_tokens
        self.cache_creation_5m_tokens += other.cache_creation_5m_tokens
        self.cache_creation_1h_tokens += other.cache_creation_1h_tokens
        self.cache_read_tokens += other.cache_read_tokens
        self.web_search_requests += other.web_search_requests
        self.cost += other.cost
        self.unpriced_responses += other.unpriced_responses
        self.lower_bound_responses += other.lower_bound_responses


@dataclass(frozen=True, slots=True)
class Group:
    """One group of a query's answer."""

    keys: tuple[str, ...]
    """One value a dimension, in the query's order; a session as `source<TAB>session id`."""
    sums: Sums


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """What is known of a session beside its totals."""

    title: str = ""
    project: str = ""
    """Where its first response was spent."""
    branch: str = ""
    """Where its last response was spent."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One response on the time line, for reckoning blocks."""

    at: int
    model: str
    served_model: str
    sums: Sums


@dataclass(frozen=True, slots=True)
class Response:
    """One response, with whose and where it was."""

    at: int
    source: str
    session_id: str
    project: str
    title: str
    """The session's name; empty if it has none."""
    agent: str
    """The kind of sub-agent, or MAIN_AGENT."""
    model: str
    sums: Sums
