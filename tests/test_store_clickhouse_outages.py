"""A real two-shard, replicated cluster of which parts are killed, stopped and brought back while rows are written."""

from __future__ import annotations

import signal
import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tests.clickhouse_cluster import Cluster, Server
from tests.team_engines import clickhouse, running
from tests.team_material import batches, rows
from tests.team_oracle import Oracle
from tokentide.clock import SECOND_US, now_us
from tokentide.errors import StoreUnreachableError
from tokentide.model.telemetry import Sighting, TelemetryRecord
from tokentide.store.clickhouse import node, settling
from tokentide.store.clickhouse.engine import ClickHouseEngine
from tokentide.store.clickhouse.shard import LAG_SECONDS, LONGEST_REST_SECONDS
from tokentide.store.team.query import SESSIONS, Scope, TeamQuery
from tokentide.store.team.store import TeamStore
from tokentide.store.team.tables import CUBES

QUESTIONS = [
    (
        Scope(tenant),
        TeamQuery(
            cube,
            (*cube.quarter.measures, *((SESSIONS,) if "session_id" in cube.quarter.dimensions else ())),
            dimensions,
        ),
    )
    for tenant in ("acme", "globex")
    for cube in CUBES
    for dimensions in ((), ("user_id", "team"))
]
Batch = tuple[list[TelemetryRecord], list[Sighting]]


@pytest.fixture(scope="module")
def fragile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Two shards of two replicas, which this file alone uses."""
    yield from running(tmp_path_factory.mktemp("fragile"), 2, 2)


@pytest.fixture
def cluster(fragile: Cluster) -> Iterator[Cluster]:
    """The cluster, whole and empty again afterwards whatever a test did to it."""
    yield fragile
    assert fragile.keeper
    if fragile.keeper.process is None:
        fragile.start_keeper()
    for server in fragile.servers:
        if server.process is None:
            server.start()
        else:
            server.signal(signal.SIGCONT)
    fragile.wait()
    fragile.forget_all()


@pytest.fixture
def engine(cluster: Cluster, tmp_path: Path) -> Iterator[ClickHouseEngine]:
    made = clickhouse(cluster, tmp_path / "spool")
    made.prepare()
    yield made
    made.close()


def _material(many: int, seed: int = 5) -> tuple[list[Batch], Oracle]:
    random = Random(seed)
    records, sightings = rows(random, ("acme", "globex"), 160)
    oracle = Oracle()
    oracle.take(records, sightings)
    return batches(random, records, sightings, many), oracle


def _assert_true(engine: ClickHouseEngine, oracle: Oracle) -> None:
    store = TeamStore(engine)
    for scope, query in QUESTIONS:
        answer = store.totals(scope, query)
        assert answer.is_whole, answer.missing
        assert sorted(answer.groups, key=lambda group: group.keys) == oracle.totals(scope, query), (scope, query)


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refresh once more after some seconds: longer than a replica may lag without being said to."""
    monkeypatch.setattr(settling, "SETTLED_US", int((LAG_SECONDS + 1.5) * SECOND_US))


def _settled(engine: ClickHouseEngine, seconds: float = 150) -> None:
    """As the writer does it, every moment, until nothing is owed any more."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        engine.settle(now_us())
        if not engine.missing and engine.is_settled:
            return
        time.sleep(0.2)
    raise AssertionError(f"not settled: {engine.missing}")


def _settle_for(engine: ClickHouseEngine, seconds: float) -> None:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        engine.settle(now_us())
        time.sleep(0.2)


def _told_rows(engine: ClickHouseEngine) -> int:
    return int(engine.ask(f"SELECT uniqExact(tenant, id) FROM {engine.dialect.everywhere('telemetry')}")[0][0])


def _replicated(cluster: Cluster, seconds: float = 60) -> None:
    """Until every replica has what the others have: they tell one another a moment later."""
    behind = "SELECT count() FROM system.replicas WHERE queue_size > 0 OR log_pointer <= log_max_index OR is_readonly"
    ends = time.monotonic() + seconds
    while any(int(server.ask(behind)) for server in cluster.servers):
        assert time.monotonic() < ends, "a replica stays behind"
        time.sleep(0.2)


def _kill(servers: list[Server]) -> None:
    for server in servers:
        server.kill()


def _start(servers: list[Server]) -> None:
    for server in servers:
        server.start()
    for server in servers:
        server.wait()


def test_a_shard_is_killed_and_brought_back_under_writing(cluster: Cluster, engine: ClickHouseEngine) -> None:
    some, oracle = _material(6)
    store = TeamStore(engine)
    store.take(*some[0], "0")
    store.take(*some[1], "1")
    _kill(cluster.shards[1])
    store.take(*some[2], "2")
    store.take(*some[3], "3")
    answer = store.totals(*QUESTIONS[0])
    assert not answer.is_whole
    assert answer.missing[0].startswith("shard 2 (")
    assert "wörd" not in str(answer.missing)
    assert engine.waiting_bytes > 0
    engine.settle(now_us())
    assert engine.missing, "it is still down"
    _start(cluster.shards[1])
    store.take(*some[4], "4")
    store.take(*some[5], "5")
    _settled(engine)
    assert engine.waiting_bytes == 0
    _assert_true(engine, oracle)


def test_what_waits_for_a_shard_survives_the_writer(cluster: Cluster, tmp_path: Path) -> None:
    some, oracle = _material(3, seed=6)
    first = clickhouse(cluster, tmp_path / "spool", "survives")
    first.prepare()
    _kill(cluster.shards[0])
    for number, batch in enumerate(some):
        TeamStore(first).take(*batch, str(number))
    waiting = sorted((tmp_path / "spool" / "shard-1").iterdir())
    assert waiting
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in waiting)
    second = clickhouse(cluster, tmp_path / "spool", "survives")  # the first is gone without a word
    assert second.missing
    second.prepare()
    _start(cluster.shards[0])
    _settled(second)
    assert not list((tmp_path / "spool" / "shard-1").iterdir())
    _assert_true(second, oracle)
    first.close()
    second.close()


def test_rows_for_a_shard_that_is_down_are_bounded(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tokentide.store.clickhouse.spool.MOST_BYTES", 2000)
    some, _ = _material(1)
    engine = clickhouse(cluster, tmp_path / "spool")
    engine.prepare()
    _kill(cluster.shards[0])
    with pytest.raises(StoreUnreachableError, match="and no more"):
        TeamStore(engine).take(*some[0], "0")
    engine.close()


@pytest.mark.parametrize("gone", [0, 1])
def test_a_replica_is_killed_and_brought_back(cluster: Cluster, engine: ClickHouseEngine, gone: int) -> None:
    some, oracle = _material(4, seed=8)
    store = TeamStore(engine)
    store.take(*some[0], "0")
    _kill([shard[gone] for shard in cluster.shards])
    store.take(*some[1], "1")
    store.take(*some[2], "2")
    assert store.totals(*QUESTIONS[0]).is_whole, "the other replica answers"
    _start([shard[gone] for shard in cluster.shards])
    store.take(*some[3], "3")
    _settled(engine)
    _assert_true(engine, oracle)
    _replicated(cluster)
    _kill([shard[1 - gone] for shard in cluster.shards])
    _assert_true(engine, oracle)  # what the one that had been away has by now


def test_a_replica_that_came_back_tells_nothing_before_it_has_caught_up(
    cluster: Cluster, engine: ClickHouseEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    some, oracle = _material(5, seed=15)
    store = TeamStore(engine)
    store.take(*some[0], "0")
    _replicated(cluster)
    behind, ahead = cluster.shards[0]
    behind.ask("SYSTEM STOP FETCHES")
    behind.signal(signal.SIGSTOP)
    with monkeypatch.context() as impatient:
        impatient.setattr(node, "TIMEOUT_SECONDS", 2.0)
        store.take(*some[1], "1")
        store.take(*some[2], "2")
    behind.signal(signal.SIGCONT)
    _settle_for(engine, LONGEST_REST_SECONDS)
    store.take(*some[3], "3")
    store.take(*some[4], "4")
    time.sleep(LAG_SECONDS + 1)
    assert _told_rows(engine) == len(oracle.records), "what lags is not asked"
    _settle_for(engine, 4)
    assert not engine.is_settled, "a replica lacks rows"
    behind.ask("SYSTEM START FETCHES")
    _settled(engine)
    _assert_true(engine, oracle)
    _replicated(cluster)
    ahead.kill()
    _assert_true(engine, oracle)


def test_two_writers_with_a_replica_each_wait_until_these_agree(cluster: Cluster, tmp_path: Path) -> None:
    some, oracle = _material(2, seed=16)
    backwards = Cluster(cluster.folder, [shard[::-1] for shard in cluster.shards])
    engines = [clickhouse(each, tmp_path / str(number), "apart") for number, each in enumerate((cluster, backwards))]
    for engine in engines:
        engine.prepare()
    for server in cluster.servers:
        server.ask("SYSTEM STOP FETCHES")
    for batch, engine in zip(some, engines, strict=True):
        TeamStore(engine).take(*batch, "0")
    for engine in engines:
        _settle_for(engine, 4)
        assert not engine.is_settled, "each has reckoned from its own rows alone"
    killed = engines
    engines = [clickhouse(each, tmp_path / str(number), "apart") for number, each in enumerate((cluster, backwards))]
    for server in cluster.servers:
        server.ask("SYSTEM START FETCHES")
    for engine in engines:
        engine.prepare()
        assert not engine.is_settled, "the next writer knows what the killed one still had to do"
        _settled(engine)
    _replicated(cluster)
    for engine in engines:
        _assert_true(engine, oracle)
    for engine in (*engines, *killed):
        engine.close()


def test_without_zookeeper_nothing_is_taken_and_all_is_taken_later(cluster: Cluster, engine: ClickHouseEngine) -> None:
    some, oracle = _material(2, seed=9)
    store = TeamStore(engine)
    store.take(*some[0], "0")
    assert cluster.keeper
    cluster.keeper.kill()
    with pytest.raises(StoreUnreachableError):
        _taken_for_long(store, some[1])
    assert store.totals(*QUESTIONS[0]).is_whole, "questions are answered meanwhile"
    cluster.start_keeper()
    cluster.wait()
    _taken(store, some[1])
    _settled(engine)
    _assert_true(engine, oracle)


def test_a_cluster_that_is_down_takes_nothing_and_loses_nothing(cluster: Cluster, engine: ClickHouseEngine) -> None:
    some, oracle = _material(2, seed=10)
    store = TeamStore(engine)
    store.take(*some[0], "0")
    _kill(cluster.servers)
    with pytest.raises(StoreUnreachableError):
        store.take(*some[1], "1")
    with pytest.raises(StoreUnreachableError):
        store.totals(*QUESTIONS[0])
    assert engine.waiting_bytes == 0, "the log keeps it, not we"
    _start(cluster.servers)
    _taken(store, some[1])
    _settled(engine)
    _assert_true(engine, oracle)


def test_a_hanging_shard_is_a_down_one(
    cluster: Cluster, engine: ClickHouseEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    some, oracle = _material(3, seed=12)
    store = TeamStore(engine)
    store.take(*some[0], "0")
    for server in cluster.shards[1]:
        server.signal(signal.SIGSTOP)
    with monkeypatch.context() as impatient:
        impatient.setattr(node, "TIMEOUT_SECONDS", 5.0)
        begun = time.monotonic()
        store.take(*some[1], "1")
        assert time.monotonic() - begun < 60
        begun = time.monotonic()
        store.take(*some[2], "2")
        assert time.monotonic() - begun < 15, "it is left alone for a while"
    assert not store.totals(*QUESTIONS[0]).is_whole
    for server in cluster.shards[1]:
        server.signal(signal.SIGCONT)
    _settled(engine)
    _assert_true(engine, oracle)


def test_two_writers_at_once_agree_when_it_has_settled(cluster: Cluster, tmp_path: Path) -> None:
    some, oracle = _material(8, seed=13)
    engines = [clickhouse(cluster, tmp_path / f"spool{number}", "two_writers") for number in range(2)]
    engines[0].prepare()
    faults: list[Exception] = []

    def write(engine: ClickHouseEngine, own: list[Batch]) -> None:
        try:
            for number, batch in enumerate(own):
                TeamStore(engine).take(*batch, f"{id(engine)}:{number}")
        except StoreUnreachableError as error:
            faults.append(error)

    threads = [threading.Thread(target=write, args=(engine, some[at::2])) for at, engine in enumerate(engines)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    for engine in engines:
        _settled(engine)
        _assert_true(engine, oracle)
        engine.close()


def test_a_clock_that_jumps_back_does_not_hide_new_totals(cluster: Cluster, tmp_path: Path) -> None:
    some, oracle = _material(3, seed=14)
    times = iter([now_us(), *([now_us() - 86_400_000_000] * 100)])
    engine = ClickHouseEngine(cluster.dsn("jumping"), str(tmp_path), clock=lambda: next(times))
    engine.prepare()
    for number, batch in enumerate(some):
        TeamStore(engine).take(*batch, str(number))
    _assert_true(engine, oracle)
    engine.close()


def _taken_for_long(store: TeamStore, batch: Batch) -> None:
    """Servers notice after some seconds that their ZooKeeper is gone."""
    for _ in range(20):
        store.take(*batch, "again")
        time.sleep(0.5)


def _taken(store: TeamStore, batch: Batch) -> None:
    """Put as the writer does it: again and again until it is taken."""
    ends = time.monotonic() + 60
    while True:
        try:
            store.take(*batch, "again")
        except StoreUnreachableError:
            if time.monotonic() > ends:
                raise
            time.sleep(0.5)
        else:
            return
