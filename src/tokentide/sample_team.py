"""A made-up team for `tokentide demo server`: seeded, so that every run makes the same rows but for the date."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tokentide.clock import DAY_US, HOUR_US
from tokentide.sample_rows import TENANT, hashed
from tokentide.sample_team_work import Developer, Rows, Session
from tokentide.store.team.store import TeamStore

TEAMS = ("platform", "web", "data")
MORNING_US = 12 * HOUR_US
"""Before it, the last day's work is played as if it were of people further east."""


def developers(count: int, days: int, teams: tuple[str, ...] = TEAMS) -> list[Developer]:
    """The team: the second falls silent a week and a half ago, the third began five days ago."""
    return [
        Developer(
            number,
            f"dev{number:02}@example.org",
            teams[number % len(teams)],
            f"project-{number % 4}",
            f"cc-{number % 2 + 1}00",
            ("", "acme", "globex")[number % 3],
            ("2.1.329", "2.1.329", "2.1.310", "2.1.197")[number % 4],
            ("iTerm.app", "vscode", "tmux")[number % 3],
            ("cli", "claude-vscode", "cli")[number % 3],
            ("telemetry", "telemetry", "telemetry", "both", "push", "metrics")[number % 6],
            4 if number == 2 else days - 1,
            10 if number == 1 else 0,
        )
        for number in range(count)
    ]


def fill_team(
    store: TeamStore, *, now: int, days: int = 30, developers: int = 12, tenant: str = TENANT, seed: int = 7
) -> Rows:
    """Play a team of so many over the days up to `now`, put it into the store, and return what was put."""
    rows = team_rows(days=days, count=developers, now=now, tenant=tenant, seed=seed)
    store.take(rows.records, rows.sightings, f"sample:{tenant}:{seed}:{now}")
    return rows


def team_rows(
    *,
    now: int,
    days: int = 30,
    count: int = 12,
    tenant: str = TENANT,
    seed: int = 7,
    teams: tuple[str, ...] = TEAMS,
) -> Rows:
    """The rows of `fill_team`."""
    rows = Rows()
    for developer in developers(count, days, teams):
        for back in range(developer.first_day, developer.last_day - 1, -1):
            random = Random(f"{seed}:{tenant}:{developer.number}:{back}")  # noqa: S311 -- a sample
            for session in _sessions(random, developer, now, back):
                session.play(rows)
    for record in rows.records:
        record.tenant = tenant
    for sighting in rows.sightings:
        sighting.tenant = tenant
    rows.records = [row for row in rows.records if row.happened_at <= now]
    rows.sightings = [row for row in rows.sightings if row.happened_at <= now]
    return rows


def _sessions(random: Random, developer: Developer, now: int, back: int) -> Iterator[Session]:
    start = now // DAY_US * DAY_US - back * DAY_US
    weekend = (start // DAY_US + 3) % 7 >= 5
    if random.random() > (0.15 if weekend else 0.9) and back not in (developer.first_day, developer.last_day):
        return
    for number in range(random.randint(1, 3)):
        at = start + random.randint(8, 11) * HOUR_US + number * 2 * HOUR_US + random.randrange(HOUR_US)
        if now - start < MORNING_US and not back:  # else nobody was at work yet on the day that is looked at first
            at = start + (at - start) * (now - start) // DAY_US
        yield Session(random, developer, at, hashed("session", developer.number, at)[:36])
