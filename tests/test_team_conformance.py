"""One set of rows in every engine, in any order and portions: the same answers, those of the rules in plain Python."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import count
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.team_engines import ENGINES, OpenEngine
from tests.team_material import START, batches, question, rows, scope
from tests.team_oracle import Oracle
from tokentide.clock import DAY_US
from tokentide.model.telemetry import Sighting
from tokentide.store.query import CostMode, Period
from tokentide.store.team.differing import Compared, Comparison, Differing
from tokentide.store.team.engine import Engine
from tokentide.store.team.latest import LatestQuery
from tokentide.store.team.query import Scope, TeamQuery
from tokentide.store.team.responses import responses
from tokentide.store.team.store import TeamStore
from tokentide.store.team.tables import LATENCY, TALLY, USAGE

_numbers = count(1)


def test_every_engine_answers_every_question_as_the_rules_do(open_engine: OpenEngine) -> None:
    random = Random(7)
    tenants = ("acme", "globex", "o'brien\\")
    records, sightings = rows(random, tenants, 4000)
    oracle = Oracle()
    oracle.take(records, sightings)
    asked = [(scope(random, random.choice((*tenants, "nobody"))), question(random)) for _ in range(160)]
    wanted = [oracle.totals(*each) for each in asked]
    assert sum(bool(groups) for groups in wanted) > 60, "many questions must have something to find"
    for name in ENGINES:
        store = TeamStore(open_engine(name))
        order = Random(name)
        for number, batch in enumerate(batches(order, records, sightings, 5)):
            store.take(*batch, f"a{number}")
        _compare(name, store, asked, wanted)
        for number, batch in enumerate(batches(order, records, sightings, 2)):  # the same once more
            store.take(*batch, f"b{number}")
        _compare(name, store, asked, wanted)


def test_every_engine_compares_what_two_questions_tell(open_engine: OpenEngine) -> None:
    random = Random(19)
    records, sightings = rows(random, ("acme", "globex"), 900)
    week = (Period("week", START - DAY_US, START + 5 * DAY_US),)
    by = ("session_id", "user_id")
    one = TeamQuery(USAGE, ("telemetry_cost", "last_at"), by, week)
    other = TeamQuery(TALLY, ("amount",), by, week)
    scopes = (Scope("acme"), Scope("globex", teams=("core", "web")), Scope("nobody"))
    largest = 0
    for name in ENGINES:
        store = TeamStore(open_engine(name))
        store.take(records, sightings, "a")
        for viewer in scopes:
            for most, per_cent in ((50, 2), (3, 99)):
                told = store.compared(viewer, Comparison(one, other, 3, per_cent, most))
                assert told == _compared(store, viewer, (one, other), (3, per_cent, most)), name
                largest = max(largest, len(told.largest))
    assert largest > 3, "there is something to compare"


def _compared(
    store: TeamStore, viewer: Scope, queries: tuple[TeamQuery, TeamQuery], numbers: tuple[int, int, int]
) -> Compared:
    """The same in plain Python."""
    scale, per_cent, most = numbers
    one, other = ({each.keys: each.values for each in store.totals(viewer, query).groups} for query in queries)
    both = [
        Differing(keys, cost, other[keys][0] * scale, last)
        for keys, (cost, last) in one.items()
        if cost and keys in other
    ]
    differing = [each for each in both if abs(each.one - each.other) * 100 > max(each.one, each.other) * per_cent]
    differing.sort(key=lambda each: (-abs(each.one - each.other), each.keys))
    return Compared(len(both), len(differing), tuple(differing[:most]))


def test_engines_agree_on_single_responses_and_records(open_engine: OpenEngine) -> None:
    random = Random(11)
    records, sightings = rows(random, ("acme", "globex"), 600)
    spans = [(START - DAY_US, START + 3 * DAY_US), (START + 3 * DAY_US, START + 6 * DAY_US)]
    scopes = (Scope("acme"), Scope("acme", teams=("core",)), Scope("globex", users=("O'Neil",)))
    answers: dict[str, object] = {}
    for name in ENGINES:
        store = TeamStore(open_engine(name))
        store.take(records, sightings, "a")
        store.take(records[::2], sightings[::3], "b")
        week = Period("week", START - DAY_US, START + 5 * DAY_US)
        events = LatestQuery(("tool_result", "api_request"), week, most=1000)
        answers[name] = [
            [list(responses(store, viewer, (), mode, spans)) for viewer in scopes for mode in CostMode],
            [store.latest(viewer, events) for viewer in scopes],
            [sorted(store.skewed(viewer, week)) for viewer in scopes],
        ]
    assert any(answers["duckdb"][0]), "there is something to compare"  # type: ignore[index]
    for name in ENGINES[1:]:
        assert answers[name] == answers["duckdb"], name


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_order_and_no_repetition_changes_an_answer(team_engine: Engine, data: st.DataObject) -> None:
    random = data.draw(st.randoms(use_true_random=False))
    tenant = f"tenant {next(_numbers)}"
    others = (tenant, f"{tenant}'")
    records, sightings = rows(random, others, data.draw(st.integers(1, 40)))
    oracle, store = Oracle(), TeamStore(team_engine)
    for number, batch in enumerate(batches(random, records, sightings, data.draw(st.integers(1, 3)))):
        store.take(*batch, f"{tenant}:{number}")
        oracle.take(*batch)
        asked = [(scope(random, tenant), question(random)) for _ in range(6)]
        _compare("after a batch", store, asked, [oracle.totals(*each) for each in asked])


def test_a_quarter_hour_that_lost_its_responses_is_empty(team_engine: Engine) -> None:
    """An earlier sighting moves a response to another day; a later event silences what metrics told."""
    random = Random(3)
    store, oracle = TeamStore(team_engine), Oracle()
    _, every = rows(random, ("acme",), 60)
    moved = sorted(every, key=lambda row: -row.seniority)
    asked = [(Scope("acme"), TeamQuery(cube, cube.quarter.measures)) for cube in (USAGE, TALLY, LATENCY)]
    by_day = tuple(Period(f"d{day}", START + day * DAY_US, START + (day + 1) * DAY_US) for day in range(-1, 6))
    asked += [(Scope("acme"), TeamQuery(USAGE, USAGE.quarter.measures, ("period", "user_id"), by_day))]
    for number, sighting in enumerate(_in_thirds(moved)):
        store.take([], sighting, f"{number}")
        oracle.take([], sighting)
        _compare("moved", store, asked, [oracle.totals(*each) for each in asked])


def _in_thirds(sightings: Sequence[Sighting]) -> Iterable[Sequence[Sighting]]:
    length = len(sightings) // 3 + 1
    return (sightings[start : start + length] for start in range(0, len(sightings), length))


def _compare(when: str, store: TeamStore, asked: Sequence[tuple[Scope, TeamQuery]], wanted: Sequence[object]) -> None:
    for (viewer, query), groups in zip(asked, wanted, strict=True):
        answer = store.totals(viewer, query)
        assert sorted(answer.groups, key=lambda group: group.keys) == groups, (when, viewer, query)
        assert answer.is_whole
