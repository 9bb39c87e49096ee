"""Every engine of the team store by name, each a real one; every test may use the fixtures.

Servers of ClickHouse are started once for all tests and ended with them; every engine has a database of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest

from tests.chdb_node import ChdbNode
from tests.clickhouse_cluster import Cluster, made, refuse_or_skip
from tokentide.store.clickhouse.engine import ClickHouseEngine
from tokentide.store.duckdb.engine import DuckEngine
from tokentide.store.team.engine import Engine

ENGINES = ("duckdb", "chdb", "server", "cluster")
"""DuckDB, today's ClickHouse embedded, one ClickHouse 18.16, and two shards of two replicas of it."""
OpenEngine = Callable[[str], Engine]
_numbers = count(1)


@pytest.fixture(scope="session")
def clickhouse_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Two shards of two replicas."""
    yield from running(tmp_path_factory.mktemp("cluster"), 2, 2)


@pytest.fixture(scope="session")
def clickhouse_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """One server alone."""
    yield from running(tmp_path_factory.mktemp("server"), 1, 1)


@pytest.fixture
def open_engine(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[OpenEngine]:
    """Opens a new, empty, prepared engine by its name, one of ENGINES."""
    with ExitStack() as ending:

        def opened(name: str) -> Engine:
            engine = _engine(name, tmp_path, request)
            if name in ("server", "cluster"):
                ending.callback(request.getfixturevalue(f"clickhouse_{name}").forget_all)
            ending.callback(engine.close)
            engine.prepare()
            return engine

        yield opened


@pytest.fixture(params=ENGINES)
def team_engine(request: pytest.FixtureRequest, open_engine: OpenEngine) -> Engine:
    """Each engine in turn: new, empty, prepared."""
    return open_engine(request.param)


@pytest.fixture
def team_engines(open_engine: OpenEngine) -> dict[str, Engine]:
    """All engines at once, by name."""
    return {name: open_engine(name) for name in ENGINES}


def clickhouse(cluster: Cluster, folder: Path, database: str = "") -> ClickHouseEngine:
    """An engine on these servers; a database of its own unless one is named."""
    return ClickHouseEngine(cluster.dsn(database or f"tide{next(_numbers)}"), str(folder))


def running(folder: Path, shards: int, replicas: int) -> Iterator[Cluster]:
    """Servers from their start to their end."""
    refuse_or_skip()
    cluster = made(folder, shards, replicas)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.end()


def _engine(name: str, folder: Path, request: pytest.FixtureRequest) -> Engine:
    own = folder / f"{name}-{next(_numbers)}"
    if name == "duckdb":
        return DuckEngine(str(own / "store.duckdb"))
    if name == "chdb":
        return ClickHouseEngine("clickhouse://chdb/tide", str(own), nodes=[[ChdbNode(own / "data")]])
    cluster: Cluster = request.getfixturevalue(f"clickhouse_{name}")
    return clickhouse(cluster, own)
