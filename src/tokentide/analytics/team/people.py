"""People: a row for each, and what seats would cost."""

from __future__ import annotations

from dataclasses import dataclass, fields
from statistics import median

from tokentide.analytics.team.activity import Lives, active_by_day, lives, session_cube
from tokentide.analytics.team.adoption import version_order
from tokentide.analytics.team.asking import TeamAsk
from tokentide.analytics.team.desk import Desk, Keys, Values, named, sums_of
from tokentide.analytics.team.figures import Figure, Head, Share, Unit
from tokentide.analytics.team.output import Counts, counted
from tokentide.model.telemetry import MICRO
from tokentide.store.query import Sums
from tokentide.store.team.query import SESSIONS
from tokentide.store.team.store import TeamStore
from tokentide.store.team.tables import TALLY, USAGE

SEATS_USD = (20, 100, 200)
"""Monthly prices of seats that a month's use is held against."""
MONTH_DAYS = 30
NANO = 10**9
DID = ("api_error", "user_prompt", "active_time.total")
DONE = named(*DID)
ADDED = (
    "sessions",
    "active_seconds",
    "prompts",
    "lines_added",
    "lines_removed",
    "commits",
    "pull_requests",
    "accepted",
    "rejected",
    "errors",
)
"""What of people adds up."""


@dataclass(frozen=True, slots=True)
class Person:
    """One person in the range."""

    user_id: str
    """Empty for what bears no name."""
    team: str
    """Where they were last."""
    sums: Sums
    """Responses, tokens and cost, from telemetry and transcripts."""
    sessions: int
    active_days: int
    active_seconds: int
    """Both kinds of active time."""
    prompts: int
    lines_added: int
    lines_removed: int
    commits: int
    pull_requests: int
    accepted: int
    rejected: int
    errors: int
    """Failed API requests."""
    last_at: int
    """µs UTC."""
    models: tuple[str, ...]
    """Ids, the dearest first."""
    versions: tuple[str, ...]
    """The newest first."""

    @property
    def cost(self) -> int | None:
        """Nano-USD; None where there are responses and none of them has a price."""
        return self.sums.cost if self.sums.has_cost else None

    @property
    def accept_rate(self) -> Share:
        """Edits accepted of those decided on."""
        return Share(self.accepted, self.accepted + self.rejected)


@dataclass(frozen=True, slots=True)
class Seat:
    """What the range's use, as a month of 30 days, is worth beside seats of one price. An estimate."""

    usd: int
    users: int
    """People whose use is worth more than the seat costs."""
    of: int
    """People active."""
    value_above: int
    """Nano-USD a month: what they use beyond the price of their seats."""
    value_below: int
    """Nano-USD a month: what the others leave unused of theirs."""


@dataclass(frozen=True, slots=True)
class People:
    """Everybody who was active in the range."""

    head: Head
    figures: tuple[Figure, ...]
    """users, cost, cost_per_user, median_cost_per_user, sessions, prompts."""
    people: tuple[Person, ...]
    """The dearest first."""
    total: Person
    """All together; its user_id is empty."""
    seats: tuple[Seat, ...]


def build_people(store: TeamStore, ask: TeamAsk, *, now: int) -> People:
    """Ask the store and add up. `now` is µs UTC. Raises UsageError and StoreError."""
    desk = Desk("people", store, ask, now)
    told = _Told.of(desk)
    people = _people(told)
    named_ones = [person for person in people if person.user_id]
    return People(
        figures=_figures(desk, named_ones),
        people=people,
        total=_total(told, people),
        seats=tuple(_seat(usd, named_ones, desk.span.days) for usd in SEATS_USD),
        head=desk.head(),
    )


@dataclass(frozen=True, slots=True)
class _Told:
    """Everything that is known of people, each by user id."""

    usage: dict[Keys, Values]
    sessions: dict[Keys, Values]
    days: dict[str, set[str]]
    """Who was active, by day."""
    events: dict[Keys, Values]
    """By user and name: records and amount."""
    counts: dict[Keys, Counts]
    models: dict[str, list[tuple[int, str]]]
    versions: dict[str, set[str]]
    known: dict[str, Lives]

    @classmethod
    def of(cls, desk: Desk) -> _Told:
        """Ask."""
        cube, where = session_cube(desk)
        return cls(
            desk.groups("use", USAGE, desk.spending, ("user_id",)),
            desk.groups("sessions", cube, (SESSIONS,), ("user_id",), where),
            active_by_day(desk, desk.days),
            desk.groups("what people did", TALLY, ("records", "amount"), ("user_id", "name"), (DONE,)),
            counted(desk, ("user_id",), (desk.whole,)),
            _models(desk),
            _versions(desk),
            lives(desk),
        )

    @property
    def users(self) -> set[str]:
        """Everybody with any use or any telemetry, and what bears no name."""
        return {
            *self.known,
            *(keys[0] for group in (self.usage, self.sessions, self.events, self.counts) for keys in group),
        }

    def person(self, user: str) -> Person:
        """The row of one."""
        counts, life = self.counts.get((user,), Counts()), self.known.get(user)
        errors, prompts, active = (self.events.get((user, name), (0, 0)) for name in DID)
        return Person(
            user,
            life.team if life else "",
            sums_of(self.usage.get((user,), ())),
            self.sessions.get((user,), (0,))[0],
            sum(user in users for users in self.days.values()),
            active[1] // MICRO,
            prompts[0],
            counts.lines_added,
            counts.lines_removed,
            counts.commits,
            counts.pull_requests,
            counts.accepted,
            counts.rejected,
            errors[0],
            life.last_at if life else 0,
            tuple(model for _, model in sorted(self.models.get(user, ()), reverse=True)),
            tuple(sorted(self.versions.get(user, ()), key=version_order, reverse=True)),
        )


def _people(told: _Told) -> tuple[Person, ...]:
    rows = map(told.person, told.users)
    return tuple(sorted(rows, key=lambda row: (-row.sums.cost, -row.sums.total_tokens, row.user_id)))


def _models(desk: Desk) -> dict[str, list[tuple[int, str]]]:
    """The models of each person, with what they cost."""
    models: dict[str, list[tuple[int, str]]] = {}
    for (user, model), (cost,) in desk.groups("use", USAGE, desk.cost[:1], ("user_id", "model")).items():
        if model:
            models.setdefault(user, []).append((cost, model))
    return models


def _versions(desk: Desk) -> dict[str, set[str]]:
    versions: dict[str, set[str]] = {}
    for cube in (USAGE, TALLY):
        for user, version in desk.groups("versions", cube, ("last_at",), ("user_id", "version")):
            if version:
                versions.setdefault(user, set()).add(version)
    return versions


def _total(told: _Told, people: tuple[Person, ...]) -> Person:
    """All together: what can be added is, days are those on which anybody was active."""
    sums = Sums(*(sum(values) for values in zip(*(_values(person.sums) for person in people), strict=True)))
    added = {name: sum(getattr(person, name) for person in people) for name in ADDED}
    return Person(
        user_id="",
        team="",
        sums=sums,
        active_days=sum(bool(users) for users in told.days.values()),
        last_at=max((person.last_at for person in people), default=0),
        models=(),
        versions=(),
        **added,
    )


def _values(sums: Sums) -> tuple[int, ...]:
    """All counters of totals, in order."""
    return tuple(getattr(sums, field.name) for field in fields(sums))


def _figures(desk: Desk, people: list[Person]) -> tuple[Figure, ...]:
    before = _before(desk)
    costs = [person.sums.cost for person in people]
    earlier = [sums_of(values).cost for (user,), values in before.items() if user]
    whole = desk.pair("use", USAGE, desk.spending)
    cube, where = session_cube(desk)
    return (
        Figure("users", Unit.COUNT, len(people), len(lives(desk, (desk.previous,)))),
        whole.figure("cost", Unit.MONEY, lambda values: sums_of(values).cost),
        Figure("cost_per_user", Unit.MONEY, _mean(costs), _mean(earlier)),
        Figure("median_cost_per_user", Unit.MONEY, _median(costs), _median(earlier)),
        desk.pair("sessions", cube, (SESSIONS,), where).count("sessions"),
        desk.pair("prompts", TALLY, ("records",), (named("user_prompt"),)).count("prompts"),
    )


def _before(desk: Desk) -> dict[Keys, Values]:
    return desk.groups("use", USAGE, desk.spending, ("user_id",), (), (desk.previous,))


def _mean(costs: list[int]) -> int | None:
    return round(sum(costs) / len(costs)) if costs else None


def _median(costs: list[int]) -> int | None:
    return round(median(costs)) if costs else None


def _seat(usd: int, people: list[Person], days: int) -> Seat:
    """The use of people, taken for a month, beside seats of one price."""
    fee = usd * NANO
    months = [person.sums.cost * MONTH_DAYS // days for person in people]
    above = [month - fee for month in months if month > fee]
    below = [fee - month for month in months if month <= fee]
    return Seat(usd, len(above), len(people), sum(above), sum(below))
