"""Rows and questions for the conformance of engines, made at random from small, hostile sets, so that much coincides."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from random import Random

from tests.team_rows import NOON, record, sighting
from tokentide.clock import DAY_US, HOUR_US, QUARTER_US
from tokentide.model.telemetry import BY_EVENTS, BY_METRICS, NOT_TOLD, Sighting, TelemetryRecord
from tokentide.store.query import Period
from tokentide.store.team.query import PERIOD, PERIODS, SESSIONS, USERS, Condition, Scope, TeamQuery
from tokentide.store.team.tables import CUBES, SENIOR, Cube

HOSTILE = (
    *(
        "",
        "'",
        "\\",
        "\\'",
        "a'b",
        "';DROP TABLE sightings;--",
        "?",
        "??",
        "{}",
        "%s",
        "\n",
        "\r\n\t",
        "\0",
        "a\0b",
        "\b",
    ),
    *("é", "😀", "\u202e", "\x7f", '"', "`", "NULL", "\\N", "$1", "{p:String}", "/*", "--", "ａ", "x" * 300),
)
USERS_ = ("ada@example.org", "bob@example.org", "O'Neil", "")
TEAMS = ("core", "web", "", "c\\ore")
MODELS = ("claude-opus-4-8", "claude-sonnet-5", "")
SOURCES = (BY_EVENTS, "claude_code", "codex", BY_METRICS)
START = NOON - DAY_US // 2
DAYS = 4


def rows(random: Random, tenants: Sequence[str], many: int) -> tuple[list[TelemetryRecord], list[Sighting]]:
    """So many records, and sightings of half as many responses, over DAYS days; sessions last less than a week."""
    records = [_record(random, random.choice(tenants)) for _ in range(many)]
    sightings: list[Sighting] = []
    for number in range(max(many // 2, 1)):
        at, session = _at(random), _session(random)
        seen = random.choice((1, 1, 2, 3))
        sightings += [_sighting(random, random.choice(tenants), f"request:{number}", at, session) for _ in range(seen)]
    sightings += [_from_metrics(random, random.choice(tenants), f"point:{number}") for number in range(many // 8)]
    return records, sightings


def batches(
    random: Random, records: Sequence[TelemetryRecord], sightings: Sequence[Sighting], many: int
) -> list[tuple[list[TelemetryRecord], list[Sighting]]]:
    """The rows in so many batches, in another order, some of them in several."""
    found: list[tuple[list[TelemetryRecord], list[Sighting]]] = [([], []) for _ in range(many)]
    for record_ in random.sample(list(records), len(records)):
        for number in {random.randrange(many), random.randrange(many)}:
            found[number][0].append(record_)
    for sighting_ in random.sample(list(sightings), len(sightings)):
        for number in {random.randrange(many), random.randrange(many)}:
            found[number][1].append(sighting_)
    return found


def question(random: Random, texts: Sequence[str] = HOSTILE) -> TeamQuery:
    """Anything that may be asked."""
    cube = random.choice(CUBES)
    measures = list(cube.quarter.measures)
    is_coarse = random.random() < 0.5
    dimensions = [name for name in cube.quarter.dimensions if not is_coarse or name in cube.day.dimensions]
    if "user_id" in dimensions:
        measures.append(USERS)
    if "session_id" in dimensions:
        measures.append(SESSIONS)
    asked = random.sample(dimensions, random.randrange(min(4, len(dimensions))))
    periods = _periods(random, is_coarse=is_coarse)
    if periods:
        measures.append(PERIODS)
    if periods and random.random() < 0.6:
        asked.insert(random.randrange(len(asked) + 1), PERIOD)
    conditions = tuple(_condition(random, cube, texts) for _ in range(random.choice((0, 0, 1, 2))))
    chosen = tuple(random.sample(measures, random.randrange(1, len(measures) + 1)))
    return TeamQuery(cube, chosen, tuple(asked), periods, conditions, random.choice((0, 0, 3)))


def scope(random: Random, tenant: str) -> Scope:
    """A viewer of a tenant."""
    teams = random.choice((None, None, ("core",), ("web", ""), ()))
    users = random.choice((None, None, ("ada@example.org",), ("O'Neil", "")))
    return Scope(tenant, teams, users)


def _periods(random: Random, *, is_coarse: bool) -> tuple[Period, ...]:
    length = random.choice((DAY_US, 2 * DAY_US)) if is_coarse else random.choice((QUARTER_US, HOUR_US, DAY_US))
    start = START + (random.randrange(-1, 2) * DAY_US if is_coarse else random.randrange(96) * QUARTER_US)
    if random.random() < 0.2:
        return ()
    numbers = [number for number in range(random.randrange(1, 7)) if random.random() < 0.8]  # there may be gaps
    return tuple(Period(f"p{number}", start + number * length, start + (number + 1) * length) for number in numbers)


def _condition(random: Random, cube: Cube, texts: Sequence[str]) -> Condition:
    name = random.choice([each for each in cube.quarter.dimensions if each != "bucket"])
    known = {"user_id": USERS_, "team": TEAMS, "model": MODELS, "source": SOURCES}.get(name, ("",))
    values = tuple(random.sample([*known, *texts], random.randrange(4)))
    return Condition(name, values, random.random() < 0.4)


def _at(random: Random) -> int:
    return START + random.randrange(DAYS * 24) * HOUR_US + random.choice((0, 1, 899_999_999, 2_000_000_000))


def _session(random: Random) -> str:
    return f"session-{random.randrange(12)}"


def _record(random: Random, tenant: str) -> TelemetryRecord:
    return record(
        _at(random),
        random.choice(("tool_result", "api_request", "lines_of_code.count")),
        tenant=tenant,
        user_id=random.choice(USERS_),
        team=random.choice(TEAMS),
        session_id=random.choice((_session(random), "")),
        kind=random.choice(("event", "point")),
        detail=random.choice((*HOSTILE, "Edit", "Bash")),
        outcome=random.choice(("success", "failure", "")),
        amount=random.choice((0, 1, 1_000_000, 2**45)),
        duration_ms=random.choice((NOT_TOLD, 0, 17, 100_000)),
        ttft_ms=random.choice((NOT_TOLD, 0, 450)),
        attributes=random.choice(("", '{"a":"\\u0000"}')),
        is_skewed=random.random() < 0.1,
        sequence=random.randrange(5),
    )


def _counters(random: Random) -> dict[str, int]:
    return {
        "input_tokens": random.choice((0, 3, 900)),
        "output_tokens": random.choice((0, 1, 57, 2**40)),
        "cache_creation_5m_tokens": random.choice((0, 100, 250)),
        "cache_creation_1h_tokens": random.choice((0, 80, 300)),
        "cache_read_tokens": random.choice((0, 20_000)),
        "web_search_requests": random.choice((0, 2)),
        "reported_cost": random.choice((NOT_TOLD, NOT_TOLD, 0, 20_450_001)),
        "list_cost": random.choice((NOT_TOLD, 0, 20_449_999, 3 * 10**12 + 1)),
    }


def _sighting(random: Random, tenant: str, key: str, near: int, session: str) -> Sighting:
    source = random.choice(SOURCES[:3])
    at = near + random.choice((0, 0, 1, 60_000_000, 20 * HOUR_US))
    texts = {name: random.choice(("", "", "x", random.choice(HOSTILE))) for name in SENIOR}
    texts |= {
        "user_id": random.choice(USERS_),
        "team": random.choice(TEAMS),
        "session_id": random.choice((session, session, _session(random))),
        "model": random.choice(MODELS),
    }
    told = {"tenant": tenant, "output_is_final": random.random() < 0.7, **_counters(random), **texts}
    is_sidechain = random.random() < 0.3
    rank = 0 if source != BY_EVENTS else 1
    seniority = at * 1024 + 512 * is_sidechain + 64 * rank + random.choice((0, 0, 5))
    return sighting(at, key, source, is_sidechain=is_sidechain, seniority=seniority, **told)


def _from_metrics(random: Random, tenant: str, key: str) -> Sighting:
    session = random.choice((_session(random), f"metrics-{random.randrange(4)}"))
    at = _at(random)
    told = {"tenant": tenant, "user_id": random.choice(USERS_), "session_id": session, **_counters(random)}
    digest = hashlib.blake2b(repr(sorted(told.items())).encode(), digest_size=4).digest()[0] % 64
    return sighting(at, key, BY_METRICS, responses=0, seniority=at * 1024 + 128 + digest, **told)
