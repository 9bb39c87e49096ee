"""No question reaches another tenant's rows, whatever texts it is made of: in compiled SQL, and on real engines."""

from __future__ import annotations

import time
from random import Random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.team_material import HOSTILE, START, question, rows
from tests.team_rows import record, sighting
from tokentide.clock import DAY_US
from tokentide.model.telemetry import BY_METRICS
from tokentide.store.clickhouse.dialect import ClickHouseDialect
from tokentide.store.clickhouse.literals import bound
from tokentide.store.duckdb.dialect import DuckDialect
from tokentide.store.query import CostMode, Period
from tokentide.store.team.compiler import compiled
from tokentide.store.team.differing import Comparison
from tokentide.store.team.engine import Engine
from tokentide.store.team.latest import LatestQuery
from tokentide.store.team.query import Scope, TeamQuery
from tokentide.store.team.responses import responses
from tokentide.store.team.store import TeamStore
from tokentide.store.team.tables import CUBES, TABLES, TALLY, USAGE

TEXTS = st.one_of(st.sampled_from(HOSTILE), st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
DIALECTS = (DuckDialect(), ClickHouseDialect("tide", is_sharded=False), ClickHouseDialect("tide", is_sharded=True))
PATIENCE_SECONDS = 60
PERIOD_OF_ALL = Period("all", START - DAY_US, START + 6 * DAY_US)


@settings(max_examples=300, deadline=None)
@given(seed=st.integers(0, 1 << 32), tenant=TEXTS, texts=st.lists(TEXTS, min_size=3, max_size=6))
def test_every_statement_asks_for_its_tenant_and_binds_every_text(seed: int, tenant: str, texts: list[str]) -> None:
    viewer, query = Scope(tenant, tuple(texts[:2]), tuple(texts[2:])), question(Random(seed), texts)
    others = [f"another {number}" for number in range(len(texts))]
    another, other_query = Scope("other", tuple(others[:2]), tuple(others[2:])), question(Random(seed), others)
    for dialect in DIALECTS:
        statement, values = compiled(dialect, query, viewer)
        asked = statement.count(" FROM ")
        assert statement.count("WHERE tenant = ?") == asked, "each table that is read is read for the tenant"
        assert values.count(tenant) >= asked
        assert statement.count("?") == len(values)
        assert " OR tenant" not in statement
        assert statement == compiled(dialect, other_query, another)[0], "no text is in the statement itself"
        assert bound(statement, values).count(" FROM ") >= asked


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_viewer_sees_another_tenant(team_engine: Engine, data: st.DataObject) -> None:
    random = data.draw(st.randoms(use_true_random=False))
    own, other = f"own {random.getrandbits(64)}", f"other {random.getrandbits(64)}"
    store = TeamStore(team_engine)
    secret = {"tenant": other, "user_id": "secret", "team": "secret", "session_id": "session-1", "model": "secret"}
    store.take([record(START, detail="secret", **secret)], [sighting(START, "request:0", **secret)], other)
    store.take(*rows(random, (own,), 10), own)
    names = data.draw(st.lists(TEXTS, min_size=3, max_size=3))
    for viewer in (Scope(own), Scope(own, teams=("secret", *names)), Scope(own, users=("secret", *names))):
        for _ in range(4):
            answer = store.totals(viewer, question(random, (*names, "secret", other)))
            assert all("secret" not in group.keys for group in answer.groups)
        for cube in CUBES:
            keys = store.totals(viewer, TeamQuery(cube, ("first_at",) if cube is USAGE else ("records",), ("user_id",)))
            assert all(group.keys != ("secret",) for group in keys.groups)
        spans = [(PERIOD_OF_ALL.start, PERIOD_OF_ALL.end)]
        found = responses(store, viewer, (), CostMode.AUTO, spans)
        assert all(response.model != "secret" for response in found)
        events = LatestQuery(("tool_result", "api_request"), PERIOD_OF_ALL)
        assert all(row.user_id != "secret" for row in store.latest(viewer, events))
        assert all(user != "secret" for user, _, _ in store.skewed(viewer, PERIOD_OF_ALL))
        costs = TeamQuery(USAGE, ("telemetry_cost", "last_at"), ("user_id",), (PERIOD_OF_ALL,))
        amounts = TeamQuery(TALLY, ("amount",), ("user_id",), (PERIOD_OF_ALL,))
        told = store.compared(viewer, Comparison(costs, amounts, 1, 0, 50))
        assert all(each.keys != ("secret",) for each in told.largest)
    for text in names:
        assert store.totals(Scope(text), TeamQuery(USAGE, ("responses",))).value() == 0


PATIENCE_SECONDS = 60


def test_a_tenants_rows_neither_merge_with_nor_silence_anothers(team_engine: Engine) -> None:
    """The same request and the same session in two tenants."""
    store = TeamStore(team_engine)
    store.take([], [sighting(key="request:1", tenant="acme", output_tokens=5, session_id="s")], "a")
    metrics: dict[str, Any] = {"responses": 0, "output_tokens": 3, "session_id": "s"}
    more = [sighting(key="request:1", tenant="globex", output_tokens=7, session_id="t")]
    more.append(sighting(key="point:1", source=BY_METRICS, tenant="globex", **metrics))
    store.take([], more, "b")
    query = TeamQuery(USAGE, ("responses", "output_tokens"))
    assert store.totals(Scope("acme"), query).groups[0].values == (1, 5)
    assert store.totals(Scope("globex"), query).groups[0].values == (1, 10)
    assert store.totals(Scope("nobody"), query).groups[0].values == (0, 0)


def test_forgetting_takes_a_tenants_old_rows_alone(team_engine: Engine) -> None:
    store = TeamStore(team_engine)
    every = [
        sighting(START + day * DAY_US, f"request:{day}", tenant=each) for day in range(3) for each in ("acme", "globex")
    ]
    store.take([], every, "a")
    for table in TABLES:
        team_engine.forget("acme", table, every[2].day)
    query = TeamQuery(USAGE, ("responses",))
    end = time.monotonic() + PATIENCE_SECONDS
    while store.totals(Scope("acme"), query).value() != 2:  # another replica may be asked, and be behind
        assert time.monotonic() < end, "its rows are gone"
        time.sleep(0.2)
    assert store.totals(Scope("globex"), query).value() == 3
    store.refresh({(row.tenant, row.quarter) for row in every})
    assert store.totals(Scope("acme"), query).value() == 2, "its rows are gone too"
