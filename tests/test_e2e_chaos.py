"""A server under the load of a fleet, killed, stopped, filled up and sent to other times: nothing acknowledged is lost.

What a fleet knows that was acknowledged is the least that the store must answer; with what was sent and not
acknowledged, which the server may have taken or not, it is the most. Seeds stand in the ids of the tests.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from random import Random

import pytest
from bench.fleet import Play, played
from bench.fleet_load import Manners, Outcome
from bench.fleet_people import SECOND_NS, Plan
from bench.fleet_sums import Sums

from tests.clickhouse_cluster import Cluster
from tests.team_engines import running
from tests.team_server import TeamServer, beyond_bounds, sums_in, team_server, together
from tokentide.clock import HOUR_US
from tokentide.server.engines import open_engine
from tokentide.server.folder import TeamFolder
from tokentide.server.station import Station, StationPlan
from tokentide.store.team.store import TeamStore

SEEDS = (1, 2)
PATIENT = Manners(attempts=15, timeout_seconds=4.0, duplicates=0.1, gzip_share=0.3)
"""A fleet that does not give up while a server is away."""


def play_at(server: TeamServer, seed: int, *, developers: int = 40, seconds: float = 12.0) -> Play:
    """An hour of a fleet in so many seconds; a part of it late, twice, by gRPC, in JSON, cumulative."""
    hour_ns = 3_600 * SECOND_NS
    plan = Plan(seed, developers, time.time_ns() - hour_ns, 1.0, late=0.05, cumulative_share=0.3, run=f"chaos{seed}")
    return Play(
        plan,
        PATIENT,
        server.http,
        grpc=server.grpc,
        grpc_share=0.2,
        speed=3_600 / seconds if seconds else 0,
        connections=24,
        is_quiet=True,
    )


@contextmanager
def playing(play: Play) -> Iterator[Future[Outcome]]:
    """The fleet at work beside what the test does."""
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(played, play)


def assert_nothing_lost_or_doubled(found: Sums, outcome: Outcome) -> None:
    assert outcome.refused.posts == 0, outcome.answers
    assert outcome.acknowledged.total["responses"] > 50
    assert outcome.duplicates > 10
    assert beyond_bounds(found, outcome.acknowledged, together(outcome.acknowledged, outcome.uncertain)) == []
    if not outcome.uncertain.posts:
        assert found.users == outcome.acknowledged.users
        assert found.sessions == outcome.acknowledged.sessions


def kill_receivers(server: TeamServer) -> None:
    """Those that have begun: where one dies before, the server says so and ends, for its init system to see."""
    server.wait_until_ready()
    server.kill_receivers()


def kill_writer(server: TeamServer) -> None:
    server.kill(with_receivers=False)


def kill_both(server: TeamServer) -> None:
    server.kill(with_receivers=True)


def stop_writer(server: TeamServer) -> None:
    """The main process hangs for a while: receivers go on alone."""
    assert server.process is not None
    server.process.send_signal(signal.SIGSTOP)
    time.sleep(1.0)
    server.process.send_signal(signal.SIGCONT)


STROKES: tuple[Callable[[TeamServer], None], ...] = (kill_receivers, kill_writer, kill_both, stop_writer)


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_acknowledged_is_lost_or_doubled_when_processes_are_killed(tmp_path: Path, seed: int) -> None:
    random = Random(seed)
    strokes = [*STROKES, *random.choices(STROKES, k=2)]
    random.shuffle(strokes)
    with team_server(tmp_path, "--receivers", str(seed)) as server, playing(play_at(server, seed)) as fleet:
        for stroke in strokes:
            time.sleep(random.uniform(0.3, 2.0))
            stroke(server)
            if server.process is None:
                time.sleep(random.uniform(0, 0.5))
                server.start()
        server.wait_until_ready()
        outcome = fleet.result(120)
        server.wait_until_taken()
        assert server.stop() == 0
        assert "Traceback" not in server.errors
        assert_nothing_lost_or_doubled(server.sums(), outcome)


def test_what_a_full_log_refused_comes_again_when_there_is_room(tmp_path: Path) -> None:
    with team_server(tmp_path, "--log-limit", "1") as server:
        assert server.process is not None
        server.process.send_signal(signal.SIGSTOP)
        with playing(play_at(server, 5, seconds=0)) as fleet:
            time.sleep(4)
            assert not fleet.done()
            server.process.send_signal(signal.SIGCONT)
            outcome = fleet.result(120)
        server.wait_until_taken()
        assert server.stop() == 0
        assert outcome.answers[503] > 0
        assert outcome.uncertain.posts == 0
        assert_nothing_lost_or_doubled(server.sums(), outcome)


def test_a_server_that_is_ended_under_load_has_what_it_acknowledged(tmp_path: Path) -> None:
    with team_server(tmp_path) as server, playing(play_at(server, 6, seconds=6)) as fleet:
        time.sleep(2)
        begun = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - begun < 20
        server.start()
        outcome = fleet.result(120)
        server.wait_until_taken()
        assert server.stop() == 0
        assert_nothing_lost_or_doubled(server.sums(), outcome)


def shifted_now(path: str) -> int:
    """The present instant as a clock tells it that is wrong by so many hours as a file says, µs UTC."""
    return time.time_ns() // 1_000 + int(Path(path).read_text(encoding="ascii") or "0") * HOUR_US


def test_the_clock_of_the_server_may_jump(tmp_path: Path) -> None:
    hands = tmp_path / "hours"
    hands.write_text("0")
    failures: list[BaseException] = []
    server = TeamServer(tmp_path)
    plan = StationPlan(
        TeamFolder(str(tmp_path / "team")),
        lambda _: None,
        http_port=server.ports[1],
        grpc_port=server.ports[2],
        clock=partial(shifted_now, str(hands)),
        failed=failures.append,
    )
    with Station(plan) as station, playing(play_at(server, 7, seconds=8)) as fleet:
        for hours in (3, -2, 30, 0, -26, 0):
            time.sleep(1)
            set_clock(hands, hours)
        outcome = fleet.result(120)
        deadline = time.monotonic() + 60
        while station.status().waiting_bytes and time.monotonic() < deadline:
            time.sleep(0.1)
    assert failures == []
    found = server.sums()
    assert_nothing_lost_or_doubled(found, outcome)


def set_clock(hands: Path, hours: int) -> None:
    """Whole at every moment: receivers read it all the time."""
    new = hands.with_suffix(".new")
    new.write_text(str(hours))
    os.replace(new, hands)


def test_clocks_of_senders_may_be_wrong_and_all_is_counted_once(tmp_path: Path) -> None:
    now_ns = time.time_ns()
    starts = {
        "next week": now_ns + 7 * 86_400 * SECOND_NS,
        "years ago": now_ns - 900 * 86_400 * SECOND_NS,
        "1970": 100 * SECOND_NS,
    }
    outcome = Outcome()
    with team_server(tmp_path) as server:
        for index, start_ns in enumerate(starts.values()):
            play = play_at(server, 10 + index, developers=12, seconds=0)
            outcome.add(played(replace(play, plan=replace(play.plan, start_ns=start_ns, run=f"skewed{index}"))))
        server.wait_until_taken()
        assert server.stop() == 0
        assert_nothing_lost_or_doubled(server.sums(), outcome)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Two shards of one replica each, which this file alone uses: they are stopped and killed."""
    yield from running(tmp_path_factory.mktemp("cluster"), 2, 1)


def hang_a_shard(cluster: Cluster) -> None:
    """It takes connections and answers nothing."""
    cluster.servers[0].signal(signal.SIGSTOP)
    time.sleep(4)
    cluster.servers[0].signal(signal.SIGCONT)


def lose_a_shard(cluster: Cluster) -> None:
    cluster.servers[1].kill()
    time.sleep(2)
    cluster.servers[1].start()
    cluster.servers[1].wait()


def lose_all_shards(cluster: Cluster) -> None:
    for server in cluster.servers:
        server.kill()
    time.sleep(3)
    for server in cluster.servers:
        server.start()
    cluster.wait()


@pytest.mark.parametrize(
    "cumulative_share",
    [
        pytest.param(0.0, id="delta"),
        pytest.param(0.3, id="cumulative"),
    ],
)
def test_an_engine_that_is_away_for_a_while_gets_everything_in_the_end(
    tmp_path: Path, cluster: Cluster, cumulative_share: float
) -> None:
    dsn = cluster.dsn(f"chaos{round(cumulative_share * 10)}")
    with team_server(tmp_path, "--store", dsn) as server:
        play = play_at(server, 8, developers=25)
        play = replace(play, plan=replace(play.plan, cumulative_share=cumulative_share))
        with playing(play) as fleet:
            for stroke in (hang_a_shard, lose_a_shard, lose_all_shards):
                time.sleep(1)
                stroke(cluster)
            outcome = fleet.result(120)
        server.wait_until_taken()
        assert server.stop() == 0
        engine = open_engine(dsn, server.folder)
        try:
            assert_nothing_lost_or_doubled(sums_in(TeamStore(engine)), outcome)
        finally:
            engine.close()
        assert not outcome.uncertain.posts, "the log takes what the engine cannot"
