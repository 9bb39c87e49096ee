"""Measures the team store: 5 M telemetry records and 0.8 M sightings of 2,000 people in 40 teams over 90 days.

    python -m bench.team_store --folder DIR [--store clickhouse://…] [--records 5000000] [--seconds 60]

Without --store on DuckDB, in a file below DIR. The rows are made by the engine itself (INSERT … SELECT), so that making
them costs little; each shard of a cluster makes its own. Then: all totals, every kind of question that a dashboard
asks, every report as a whole, rows put in the way the writer does it, a current quarter hour refreshed once a second
for an hour as fast as it goes, and eight threads that ask meanwhile. Prints Markdown.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

import msgspec

from bench.team_rows import made_by_clickhouse, made_by_duckdb
from tokentide.analytics.calendar import Calendar
from tokentide.analytics.team.asking import TeamAsk
from tokentide.analytics.team.reports import TEAM_REPORTS, build_team_report
from tokentide.clock import DAY_US, HOUR_US, QUARTER_US
from tokentide.model.telemetry import Sighting, TelemetryRecord
from tokentide.store.clickhouse.engine import ClickHouseEngine
from tokentide.store.duckdb.engine import DuckEngine
from tokentide.store.query import Period
from tokentide.store.team.differing import Compared, Comparison
from tokentide.store.team.engine import Engine
from tokentide.store.team.latest import LatestQuery, LatestRow
from tokentide.store.team.query import PERIOD, SESSIONS, USERS, Condition, Scope, TeamAnswer, TeamQuery
from tokentide.store.team.store import TeamStore
from tokentide.store.team.tables import LATENCY, TALLY, USAGE

T = TypeVar("T")
TENANT, DAYS, TEAMS, PEOPLE = "acme", 90, 40, 2000
START = 20_000 * DAY_US
EACH, REPORTS = 9, 5
BULK = 20_000
READERS = 8


def main() -> None:
    """Measure, and print as it goes."""
    options = _options()
    engine = _opened(options.store, options.folder)
    engine.prepare()
    store = TeamStore(engine)
    print(f"| what | {type(engine).__name__} |\n| --- | --- |")
    took = _timed(lambda: _fill(engine, options.records))
    print(f"| {options.records:,} records, {_sightings(options.records):,} sightings, made there | {took:.1f} s |")
    quarters = [(TENANT, START + number * QUARTER_US) for number in range(DAYS * 96)]
    print(f"| all totals, {len(quarters):,} quarter hours | {_timed(lambda: engine.refresh(quarters)):.1f} s |")
    for name, scope, query in _questions():
        first, *times = [_timed(partial(store.totals, scope, query)) for _ in range(EACH + 1)]
        groups = len(store.totals(scope, query).groups)
        print(f"| {name} ({groups} groups) | {statistics.median(times) * 1e3:.0f} ms, first {first * 1e3:.0f} ms |")
    for report in TEAM_REPORTS:
        _report(engine, report)
    _bulk(store)
    _each_second(store, options.seconds, options.folder)
    _together(store, options.seconds)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"| most memory of our process | {peak:.0f} MB |")
    engine.close()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--store", default="")
    parser.add_argument("--records", type=int, default=5_000_000)
    parser.add_argument("--seconds", type=int, default=60, help="so many refreshes of the current quarter hour")
    return parser.parse_args()


def _opened(address: str, folder: Path) -> Engine:
    if address:
        return ClickHouseEngine(address, str(folder / "spool"))
    return DuckEngine(str(folder / "store.duckdb"))


def _fill(engine: Engine, records: int) -> None:
    if isinstance(engine, DuckEngine):
        for statement in made_by_duckdb(records, _sightings(records), START):
            engine._connection.execute(statement)  # noqa: SLF001 -- no row of these comes through Python
        return
    assert isinstance(engine, ClickHouseEngine)
    shards = engine._shards  # noqa: SLF001
    for number, shard in enumerate(shards):
        for statement in made_by_clickhouse(records, _sightings(records), START, engine.dialect, (number, len(shards))):
            shard.run(statement)


def _sightings(records: int) -> int:
    return records * 4 // 25


def _questions() -> list[tuple[str, Scope, TeamQuery]]:
    everything, lead, member = (
        Scope(TENANT),
        Scope(TENANT, teams=("team-7",)),
        Scope(TENANT, users=("user-7@example.org",)),
    )
    days = tuple(Period(f"{day}", START + day * DAY_US, START + (day + 1) * DAY_US) for day in range(DAYS))
    shifted = tuple(
        Period(f"{day}", each.start + 5 * HOUR_US, each.end + 5 * HOUR_US) for day, each in enumerate(days[:-1])
    )
    month = (Period("month", START + 60 * DAY_US, START + 90 * DAY_US),)
    tools = Condition("name", ("tool_result",))
    lasted = Condition("clock", ("duration",))
    cost = ("auto_cost", "responses")
    return [
        ("cost by team by day", everything, TeamQuery(USAGE, cost, (PERIOD, "team"), days)),
        ("cost by team by day, UTC+5", everything, TeamQuery(USAGE, cost, (PERIOD, "team"), shifted)),
        ("top 20 people of a month", everything, TeamQuery(USAGE, cost, ("user_id",), month, most=20)),
        ("people by day", everything, TeamQuery(TALLY, (USERS,), (PERIOD,), days)),
        ("people by day, UTC+5", everything, TeamQuery(TALLY, (USERS,), (PERIOD,), shifted)),
        ("sessions by day, a month", everything, TeamQuery(TALLY, (SESSIONS,), (PERIOD,), days[60:])),
        ("sessions by day", everything, TeamQuery(TALLY, (SESSIONS,), (PERIOD,), days)),
        ("durations by model", everything, TeamQuery(LATENCY, ("records",), ("model", "bucket"), days, (lasted,))),
        ("success by tool", everything, TeamQuery(TALLY, ("records",), ("detail", "outcome"), days, (tools,))),
        ("model by query source", everything, TeamQuery(USAGE, cost, ("model", "query_source"), days)),
        ("one team: cost by person by day", lead, TeamQuery(USAGE, cost, (PERIOD, "user_id"), days)),
        ("one person: cost by day", member, TeamQuery(USAGE, cost, (PERIOD,), days)),
        ("one person: tools, UTC+5", member, TeamQuery(TALLY, ("records",), ("detail",), shifted, (tools,))),
        ("everything at once", everything, TeamQuery(USAGE, USAGE.day.measures, (), days)),
    ]


class _Watched(TeamStore):
    """Notes how long each question takes."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.times: list[float] = []

    def totals(self, scope: Scope, query: TeamQuery) -> TeamAnswer:
        return self._noted(partial(super().totals, scope, query))

    def compared(self, scope: Scope, asked: Comparison) -> Compared:
        return self._noted(partial(super().compared, scope, asked))

    def skewed(self, scope: Scope, period: Period, conditions: Sequence[Condition] = ()) -> list[tuple[str, int, int]]:
        return self._noted(partial(super().skewed, scope, period, conditions))

    def latest(self, scope: Scope, query: LatestQuery) -> list[LatestRow]:
        return self._noted(partial(super().latest, scope, query))

    def _noted(self, step: Callable[[], T]) -> T:
        begun = time.perf_counter()
        answer = step()
        self.times.append(time.perf_counter() - begun)
        return answer


def _report(engine: Engine, name: str) -> None:
    """The usual 30 days with all its tables, as a page asks for it."""
    ask, now = TeamAsk(Scope(TENANT), Calendar("UTC")), START + DAYS * DAY_US - 1
    rounds: list[tuple[float, float]] = []
    for _ in range(REPORTS + 1):
        store = _Watched(engine)
        took = _timed(partial(build_team_report, name, store, ask, now=now))
        rounds.append((took, max(store.times)))
    whole, slowest = (statistics.median(each) * 1e3 for each in zip(*rounds[1:], strict=True))
    print(f"| {name}, {len(store.times)} questions | {whole:.0f} ms, the slowest of them {slowest:.0f} ms |")


def _bulk(store: TeamStore) -> None:
    """The writer's way in: rows of Python, decoded and ready."""
    batches = [_batch(number, BULK) for number in range(5)]
    took = _timed(lambda: [store.put(*batch, f"bulk{number}") for number, batch in enumerate(batches)])
    again = _timed(lambda: [store.put(*batch, f"bulk{number}") for number, batch in enumerate(batches)])
    many = sum(len(rows) for batch in batches for rows in batch)
    print(f"| rows put in portions of 20,000 | {many / took:,.0f}/s, once more {many / again:,.0f}/s |")


def _each_second(store: TeamStore, seconds: int, folder: Path) -> None:
    """What an hour of a busy team does to the current quarter hour: rows and a refresh each second."""
    before, took = _bytes(folder), list[float]()
    for second in range(seconds):
        records, sightings = _batch(10_000 + second, 50)
        took.append(_timed(partial(store.take, records, sightings, f"second{second}")))
    middle, worst = statistics.median(took) * 1e3, max(took) * 1e3
    grown = (_bytes(folder) - before) / 1e6
    print(f"| 50 records put and totals refreshed, {seconds} times | {middle:.0f} ms, at most {worst:.0f} ms |")
    print(f"| the folder grew by it | {grown:.1f} MB of {_bytes(folder) / 1e6:.0f} MB |")


def _together(store: TeamStore, seconds: int) -> None:
    """Eight threads ask, one question after another, while the writer goes on."""
    ended, times, questions = threading.Event(), list[float](), _questions()

    def ask() -> None:
        while not ended.is_set():
            for _, scope, query in questions:
                times.append(_timed(partial(store.totals, scope, query)))

    threads = [threading.Thread(target=ask) for _ in range(READERS)]
    for thread in threads:
        thread.start()
    took = []
    for second in range(min(seconds, 20)):
        records, sightings = _batch(20_000 + second, 50)
        took.append(_timed(partial(store.take, records, sightings, f"also{second}")))
    ended.set()
    for thread in threads:
        thread.join()
    middle, most = statistics.median(times) * 1e3, sorted(times)[len(times) * 9 // 10] * 1e3
    asked = f"{middle:.0f} ms, nine of ten within {most:.0f} ms"
    print(f"| a question while {READERS} threads ask and one writes | {asked} |")
    print(f"| putting and refreshing meanwhile | {statistics.median(took) * 1e3:.0f} ms |")


def _batch(number: int, many: int) -> tuple[list[TelemetryRecord], list[Sighting]]:
    """Rows of the last quarter hour, other ones for each number."""
    quarter = START + DAYS * DAY_US - (QUARTER_US if many < BULK else 10 * DAY_US)
    day = time.strftime("%Y-%m-%d", time.gmtime(quarter // 1_000_000))
    records, sightings = [], []
    for row in range(many):
        at, person = quarter + row % QUARTER_US, (number * many + row) % PEOPLE
        whose = {"user_id": f"user-{person}@example.org", "team": f"team-{person % TEAMS}", "session_id": f"s-{person}"}
        told = {"tenant": TENANT, "day": day, "quarter": quarter, "happened_at": at, "id": f"b{number}-{row}", **whose}
        more = {"kind": "event", "name": "tool_result", "received_at": at, "duration_ms": 12, "duration_bucket": 57}
        records.append(msgspec.convert({**told, **more, "detail": "Bash", "outcome": "success"}, TelemetryRecord))
        if row % 6 == 0:
            seen = {"key": f"request:b{number}-{row}", "seniority": at * 1024, "source": "otlp", "reported_cost": 10**7}
            sightings.append(msgspec.convert({**told, **seen, "model": "claude-opus-4-8"}, Sighting))
    return records, sightings


def _timed(step: Callable[[], object]) -> float:
    begun = time.perf_counter()
    step()
    return time.perf_counter() - begun


def _bytes(folder: Path) -> int:
    return sum(os.path.getsize(path) for path in _files(folder))


def _files(folder: Path) -> Sequence[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


if __name__ == "__main__":
    main()
