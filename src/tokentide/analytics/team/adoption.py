"""Adoption: who uses it, how often, with which version, and who stopped."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta

from tokentide.analytics.team.activity import WORKING, Lives, active_by_day, by_cubes, lives, session_cube, sessions
from tokentide.analytics.team.asking import Span, TeamAsk
from tokentide.analytics.team.desk import NAMED, Desk, named
from tokentide.analytics.team.figures import Figure, Head, Share, Unit
from tokentide.model.telemetry import MICRO
from tokentide.store.query import Period
from tokentide.store.team.query import PERIOD, SESSIONS, USERS
from tokentide.store.team.store import TeamStore
from tokentide.store.team.tables import TALLY, USAGE

WEEK, MONTH = 7, 30
"""Days that weekly and monthly users are counted over."""
SILENT_DAYS, WATCHED_DAYS = 7, 14
"""Silent is who did nothing in so many days, but something in so many before them."""


@dataclass(frozen=True, slots=True)
class AdoptionDay:
    """One day, also one on which nothing happened."""

    day: str
    """2026-11-22, of the calendar."""
    daily_users: int
    """People active on this day."""
    weekly_users: int
    """On this day or the six before."""
    monthly_users: int
    """On this day or the 29 before."""
    new_users: int
    """Of `daily_users`, those never active before."""
    returning_users: int
    """Of `daily_users`, the others."""
    sessions: int
    user_seconds: int
    """Time at the keyboard, as the client tells it."""
    cli_seconds: int
    """Time in which the client worked."""


@dataclass(frozen=True, slots=True)
class Spread:
    """One version, terminal, entrypoint, or way of starting."""

    name: str
    """Empty where it was not told."""
    users: Share
    """Of the people active; of versions each counts once, by the one used last."""
    records: int
    """Telemetry records; of ways to start, sessions started."""
    is_newest: bool = False
    """Of versions."""


@dataclass(frozen=True, slots=True)
class Behind:
    """Somebody whose last version is not the newest that the team has."""

    user_id: str
    team: str
    version: str
    last_at: int


@dataclass(frozen=True, slots=True)
class Silent:
    """Somebody active in the 14 days before the last 7, but not in those."""

    user_id: str
    team: str
    last_at: int
    days_silent: int
    active_days: int
    """In these 14 days."""


@dataclass(frozen=True, slots=True)
class TeamUse:
    """One team in the range."""

    team: str
    users: int
    sessions: int
    active_seconds: int
    """Both kinds of active time."""
    responses: int | None
    """None where they cannot be narrowed as asked."""


@dataclass(frozen=True, slots=True)
class Adoption:
    """A person is active with a response, a prompt or a tool's result; what bears no name is nobody."""

    head: Head
    figures: tuple[Figure, ...]
    """daily_users, weekly_users, monthly_users (as of the last day), active_users, new_users, sessions, prompts,
    active_seconds (of the range)."""
    days: tuple[AdoptionDay, ...]
    teams: tuple[TeamUse, ...]
    versions: tuple[Spread, ...]
    """The newest first."""
    terminals: tuple[Spread, ...]
    entrypoints: tuple[Spread, ...]
    start_types: tuple[Spread, ...]
    behind: tuple[Behind, ...]
    silent: tuple[Silent, ...]


def build_adoption(store: TeamStore, ask: TeamAsk, *, now: int) -> Adoption:
    """Ask the store and add up. `now` is µs UTC. Raises UsageError and StoreError."""
    desk = Desk("adoption", store, ask, now)
    ever = lives(desk, ())
    active = _active(desk)
    recent = lives(desk)
    versions = _last_versions(desk)
    newest = max(versions.values(), key=version_order, default="")
    return Adoption(
        figures=_figures(desk, active, recent, ever),
        days=_days(desk, active, ever),
        teams=_teams(desk),
        versions=_versions(desk, versions, newest, recent),
        terminals=_spread(desk, "terminal", len(recent)),
        entrypoints=_spread(desk, "entrypoint", len(recent)),
        start_types=_start_types(desk, len(recent)),
        behind=tuple(
            Behind(user, recent[user].team, version, recent[user].last_at)
            for user, version in sorted(versions.items(), key=lambda item: (version_order(item[1]), item[0]))
            if version != newest and user in recent
        ),
        silent=_silent(desk, active),
        head=desk.head(),
    )


def version_order(version: str) -> tuple[tuple[int, ...], str]:
    """Sorts versions by their numbers."""
    return tuple(map(int, re.findall(r"\d{1,9}", version))), version


def _active(desk: Desk) -> dict[date, set[str]]:
    """The people active on each day that any figure looks at."""
    first = min(desk.span.since - timedelta(days=MONTH), desk.span.until - timedelta(days=SILENT_DAYS + WATCHED_DAYS))
    periods = Span(first, desk.span.until).each_day(desk.calendar)
    return {date.fromisoformat(day): users for day, users in active_by_day(desk, periods).items()}


def _within(active: dict[date, set[str]], last: date, days: int) -> set[str]:
    """The people active in so many days that end with this one."""
    return set().union(*(active.get(last - timedelta(days=back), ()) for back in range(days)))


def _figures(
    desk: Desk, active: dict[date, set[str]], recent: dict[str, Lives], ever: dict[str, Lives]
) -> tuple[Figure, ...]:
    span = desk.span
    trailing = tuple(
        Figure(
            name,
            Unit.COUNT,
            len(_within(active, span.until, days)),
            len(_within(active, span.before.until, days)),
        )
        for name, days in (("daily_users", 1), ("weekly_users", WEEK), ("monthly_users", MONTH))
    )
    before = lives(desk, (desk.previous,))
    cube, where = session_cube(desk)
    prompts = desk.pair("prompts", TALLY, ("records",), (named("user_prompt"),))
    seconds = desk.pair("active time", TALLY, ("amount",), (named("active_time.total"),))
    return (
        *trailing,
        Figure("active_users", Unit.COUNT, len(recent), len(before)),
        Figure("new_users", Unit.COUNT, _begun(ever, desk.whole), _begun(ever, desk.previous)),
        desk.pair("sessions", cube, (SESSIONS,), where).count("sessions"),
        prompts.count("prompts"),
        seconds.figure("active_seconds", Unit.SECONDS, lambda values: values[0] // MICRO),
    )


def _begun(ever: dict[str, Lives], period: Period) -> int:
    """How many people were active for the first time in a period."""
    return sum(period.start <= life.first_at < period.end for life in ever.values())


def _days(desk: Desk, active: dict[date, set[str]], ever: dict[str, Lives]) -> tuple[AdoptionDay, ...]:
    counted = sessions(desk, (PERIOD,), desk.days)
    kinds = desk.groups("active time", TALLY, ("amount",), (PERIOD, "detail"), (named("active_time.total"),), desk.days)
    rows = []
    for period in desk.days:
        day = date.fromisoformat(period.name)
        today = active[day]
        new = sum(period.start <= ever[user].first_at < period.end for user in today)
        user, cli = (kinds.get((period.name, kind), (0,))[0] // MICRO for kind in ("user", "cli"))
        weekly, monthly = (len(_within(active, day, days)) for days in (WEEK, MONTH))
        started = counted.get((period.name,), 0)
        rows.append(AdoptionDay(period.name, len(today), weekly, monthly, new, len(today) - new, started, user, cli))
    return tuple(rows)


def _teams(desk: Desk) -> tuple[TeamUse, ...]:
    people: dict[str, set[str]] = {}
    for groups in by_cubes(desk, ("last_at",), ("team", "user_id")):
        for team, user in groups:
            people.setdefault(team, set()).add(user)
    counted = sessions(desk, ("team",))
    seconds = desk.groups("active time", TALLY, ("amount",), ("team",), (named("active_time.total"),))
    answered = desk.groups("responses", USAGE, ("responses",), ("team",))
    names = {*people, *(keys[0] for groups in (counted, seconds, answered) for keys in groups)}
    rows = (
        TeamUse(
            name,
            len(people.get(name, ())),
            counted.get((name,), 0),
            seconds.get((name,), (0,))[0] // MICRO,
            None if desk.asks_for(USAGE) else answered.get((name,), (0,))[0],
        )
        for name in names
    )
    return tuple(sorted(rows, key=lambda row: (-row.users, -row.sessions, row.team)))


def _last_versions(desk: Desk) -> dict[str, str]:
    """The version that each person used last, of those that were told."""
    latest: dict[str, tuple[int, str]] = {}
    for groups in by_cubes(desk, ("last_at",), ("user_id", "version"), part="versions"):
        for (user, version), (at,) in groups.items():
            if version:
                latest[user] = max(latest.get(user, (0, "")), (at, version))
    return {user: version for user, (_, version) in latest.items()}


def _versions(desk: Desk, versions: dict[str, str], newest: str, recent: dict[str, Lives]) -> tuple[Spread, ...]:
    users = Counter(versions.get(user, "") for user in recent)
    records = desk.groups("versions", TALLY, ("records",), ("version",))
    ordered = sorted(users, key=version_order, reverse=True)
    return tuple(
        Spread(name, Share(users[name], len(recent)), records.get((name,), (0,))[0], bool(name) and name == newest)
        for name in ordered
    )


def _spread(desk: Desk, dimension: str, people: int) -> tuple[Spread, ...]:
    """How a dimension of telemetry spreads over people; one person may count with several values."""
    users = desk.groups(f"{dimension}s", TALLY, (USERS,), (dimension,), (NAMED, WORKING))
    records = desk.groups(f"{dimension}s", TALLY, ("records",), (dimension,), (WORKING,))
    rows = [Spread(name, Share(users.get((name,), (0,))[0], people), count) for (name,), (count,) in records.items()]
    return tuple(sorted(rows, key=lambda row: (-row.users.part, -row.records, row.name)))


def _start_types(desk: Desk, people: int) -> tuple[Spread, ...]:
    where = (named("session.count"),)
    users = desk.groups("start types", TALLY, (USERS,), ("detail",), (NAMED, *where))
    started = desk.groups("start types", TALLY, ("amount",), ("detail",), where)
    rows = [
        Spread(name, Share(users.get((name,), (0,))[0], people), amount // MICRO)
        for (name,), (amount,) in started.items()
    ]
    return tuple(sorted(rows, key=lambda row: (-row.records, row.name)))


def _silent(desk: Desk, active: dict[date, set[str]]) -> tuple[Silent, ...]:
    until = desk.span.until
    turn = until - timedelta(days=SILENT_DAYS)
    gone = _within(active, turn, WATCHED_DAYS) - _within(active, until, SILENT_DAYS)
    if not gone:
        return ()
    watched = Span(turn - timedelta(days=WATCHED_DAYS - 1), turn)
    known = lives(desk, (watched.period(desk.calendar),))
    rows = (
        Silent(
            user,
            known[user].team,
            known[user].last_at,
            (until - desk.calendar.date_of(known[user].last_at)).days,
            sum(user in active[turn - timedelta(days=back)] for back in range(WATCHED_DAYS)),
        )
        for user in gone
    )
    return tuple(sorted(rows, key=lambda row: (-row.active_days, row.user_id)))
