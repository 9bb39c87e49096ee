"""The team store as a person's reports ask it, beyond what the personal ledger also knows."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import law
from tests.team_rows import NOON, sighting
from tokentide.analytics.calendar import Calendar
from tokentide.analytics.reports import KINDS, Ask, build_report
from tokentide.analytics.selection import Selection
from tokentide.clock import DAY_US, HOUR_US, MINUTE_US
from tokentide.model.telemetry import BY_METRICS, Sighting
from tokentide.store.duckdb.engine import DuckEngine
from tokentide.store.query import CostMode, Filters, Group, Period, Query
from tokentide.store.team.ledger import TeamLedger
from tokentide.store.team.query import Scope
from tokentide.store.team.responses import MOST_DAYS, weeks
from tokentide.store.team.store import TeamStore

ALL = (Period("", NOON - 90 * DAY_US, NOON + 90 * DAY_US),)
NAMES = ("acme", "o'acme", "a\\'--", "", "%")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[TeamStore]:
    engine = DuckEngine(str(tmp_path / "store.duckdb"))
    engine.prepare()
    yield TeamStore(engine)
    engine.close()


def groups(ledger: TeamLedger, *dimensions: str) -> dict[tuple[str, ...], tuple[int, int]]:
    """Responses and cost by these dimensions."""
    found: list[Group] = ledger.totals(Query(dimensions, ALL))
    return {group.keys: (group.sums.responses, group.sums.cost) for group in found}


def test_an_empty_store_has_nothing(store: TeamStore) -> None:
    ledger = TeamLedger(store, Scope("acme"))
    assert ledger.days() == []
    assert ledger.newest_at() is None
    assert ledger.values("model") == []
    assert ledger.session_facts() == {}
    assert list(ledger.moments(Filters(), CostMode.AUTO)) == []
    assert ledger.totals(Query(("model",), ALL)) == []
    assert ledger.totals(Query(("model",), ())) == []
    report = build_report(ledger, KINDS["daily"], Ask(Selection(None, None, Filters()), Calendar("UTC")), now=NOON)
    assert report.rows == ()


def test_a_response_told_by_telemetry_and_by_a_transcript_is_one(store: TeamStore) -> None:
    told: dict[str, Any] = {
        "session_id": "s1",
        "output_tokens": 57,
        "reported_cost": 20_450_000,
        "list_cost": 20_450_000,
    }
    store.take(
        [],
        [
            sighting(NOON + 2, **told),
            sighting(NOON, source="claude_code", project="alpha", branch="main", **{**told, "reported_cost": -1}),
        ],
        "1",
    )
    ledger = TeamLedger(store, Scope("acme"))
    assert groups(ledger, "session", "project", "source") == {
        ("claude_code\ts1", "alpha", "claude_code"): (1, 20_450_000)
    }
    (response,) = ledger.responses(Filters(), CostMode.AUTO, 0, NOON + HOUR_US)
    assert (response.at, response.source, response.sums.output_tokens) == (NOON, "claude_code", 57)


def test_a_session_told_of_by_both_is_one_row_with_its_facts(store: TeamStore) -> None:
    store.take(
        [],
        [
            sighting(NOON, "request:1", source="claude_code", session_id="s1", project="alpha", branch="main"),
            sighting(NOON + MINUTE_US, "request:2", session_id="s1", project="", reported_cost=5_000),
        ],
        "1",
    )
    ledger = TeamLedger(store, Scope("acme"))
    assert groups(ledger, "session") == {("claude_code\ts1",): (2, 5_000)}
    facts = ledger.session_facts()
    assert list(facts) == ["claude_code\ts1"]
    assert facts["claude_code\ts1"].project == "alpha"
    ask = Ask(Selection(None, None, Filters()), Calendar("UTC"))
    (row,) = build_report(ledger, KINDS["session"], ask, now=NOON).rows
    assert (row.key, row.source, row.sums.responses) == ("s1", "claude_code", 2)
    assert row.facts is not None
    assert row.facts.branch == "main"


def test_what_metrics_alone_tell_has_cost_and_no_responses(store: TeamStore) -> None:
    point = sighting(NOON, "point:1", BY_METRICS, session_id="s9", responses=0, input_tokens=70, reported_cost=9_000)
    store.take([], [point], "1")
    ledger = TeamLedger(store, Scope("acme"))
    assert groups(ledger, "session") == {("otlp_metrics\ts9",): (0, 9_000)}
    ask = Ask(Selection(None, None, Filters()), Calendar("UTC"))
    report = build_report(ledger, KINDS["daily"], ask, now=NOON)
    assert report.totals.sums.cost == 9_000
    assert report.totals.sums.input_tokens == 70
    assert list(ledger.moments(Filters(), CostMode.AUTO)) == []


def test_users_and_teams_are_dimensions(store: TeamStore) -> None:
    store.take(
        [],
        [
            sighting(NOON, "request:1", user_id="ada", team="core"),
            sighting(NOON, "request:2", user_id="bob", team="core"),
            sighting(NOON, "request:3", user_id="bob", team="web"),
        ],
        "1",
    )
    ledger = TeamLedger(store, Scope("acme"))
    assert {key: count for key, (count, _) in groups(ledger, "user").items()} == {("ada",): 1, ("bob",): 2}
    assert {key: count for key, (count, _) in groups(ledger, "team").items()} == {("core",): 2, ("web",): 1}


def test_days_without_use_are_not_asked_for() -> None:
    days = [0, 1, 2, 9, 10]
    assert weeks(days, DAY_US // 2, 10 * DAY_US) == [(DAY_US // 2, 3 * DAY_US), (9 * DAY_US, 10 * DAY_US)]
    spans = weeks(list(range(100)), 0, 100 * DAY_US)
    assert spans[0][0] == 0
    assert spans[-1][1] == 100 * DAY_US
    assert all(end - start <= MOST_DAYS * DAY_US for start, end in spans)
    assert [start for start, _ in spans[1:]] == [end for _, end in spans[:-1]]


def test_no_question_tells_of_another_viewers_usage(tmp_path: Path) -> None:
    engine = DuckEngine(str(tmp_path / "store.duckdb"))
    engine.prepare()
    store = TeamStore(engine)
    dice = random.Random(3)
    rows = [_marked(dice, number) for number in range(300)]
    store.take([], rows, "1")
    names = st.sampled_from(NAMES)
    some = st.none() | st.lists(names, max_size=2).map(tuple)

    @law(30)
    @given(names, some, some, st.lists(names, max_size=2).map(tuple))
    def check(
        tenant: str, teams: tuple[str, ...] | None, users: tuple[str, ...] | None, wanted: tuple[str, ...]
    ) -> None:
        own = [
            row
            for row in rows
            if row.tenant == tenant and (teams is None or row.team in teams) and (users is None or row.user_id in users)
        ]
        ledger = TeamLedger(store, Scope(tenant, teams, users))
        told = ledger.totals(Query(("session",), ALL))
        assert {group.keys[0] for group in told} == {f"{row.source}\t{row.session_id}" for row in own}
        narrow = Filters(projects=wanted, branches=wanted)
        ids = {row.session_id for row in own}
        for filters in (Filters(), narrow):
            assert {each.session_id for each in ledger.responses(filters, CostMode.AUTO, 0, NOON * 2)} <= ids
        assert {key.partition("\t")[2] for key in ledger.session_facts()} == ids
        assert set(ledger.values("session")) == ids

    check()
    engine.close()


def _marked(dice: random.Random, number: int) -> Sighting:
    """A response in a session of its own."""
    tenant, team, user = (dice.choice(NAMES) for _ in range(3))
    fields: dict[str, Any] = {
        "tenant": tenant,
        "team": team,
        "user_id": user,
        "project": dice.choice(NAMES),
        "branch": team,
    }
    at = NOON - dice.randrange(20 * DAY_US)
    return sighting(at, f"request:{number}", "claude_code", session_id=f"s{number}", **fields)
