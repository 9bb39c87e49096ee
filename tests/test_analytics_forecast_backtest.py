"""The replay: that it looks at nothing ahead, that its scores are right, and that the forecast beats simple methods."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context

import pytest
from bench.forecast import lost_to, scores_of
from bench.histories import BEGIN, PERSONAS, WEEKS, WHO, ledger_of, make_history

from tokentide.analytics.calendar import Calendar
from tokentide.analytics.forecasting.asking import Asking
from tokentide.analytics.forecasting.backtest import OURS, Case, replay
from tokentide.analytics.forecasting.backtest_report import run_backtest
from tokentide.analytics.forecasting.baselines import (
    Prediction,
    Question,
    base_rate,
    constant_rate,
    last_hour,
    regression,
)
from tokentide.analytics.forecasting.chances import effective_count, quantiles, smoothed
from tokentide.analytics.forecasting.pasts import Point, WindowPast
from tokentide.analytics.forecasting.reading import read_evidence
from tokentide.analytics.forecasting.scores import WindowScores, score_cases, score_method
from tokentide.clock import DAY_US, HOUR_US, MINUTE_US
from tokentide.model.limits import FIVE_HOUR, SEVEN_DAY

BERLIN = Calendar("Europe/Berlin")
SEEDS = (31, 32)


@pytest.fixture(scope="module")
def scored() -> Iterator[dict[str, Future[list[WindowScores]]]]:
    """The scores of every life, reckoned side by side in processes that nobody traces line by line."""
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        yield {each.name: pool.submit(scores_of, number, SEEDS, WEEKS) for number, each in enumerate(PERSONAS)}


@pytest.mark.parametrize("name", [persona.name for persona in PERSONAS])
def test_the_forecast_beats_every_simple_method_on_windows_of_five_hours(
    scored: dict[str, Future[list[WindowScores]]], name: str
) -> None:
    scores = scored[name].result()[0]
    assert scores.window == FIVE_HOUR
    assert lost_to(scores) == []
    assert scores.skill > 0.3
    assert 0.70 <= scores.methods[0].percent_coverage <= 0.90
    assert abs(sum(each.cases * (each.mean_odds - each.hit_share) for each in scores.reliability)) < 0.08 * scores.cases


def test_a_replay_of_a_longer_history_repeats_what_was_said_in_the_shorter_one() -> None:
    """Leave-future-out, parameters included: the cases of the first weeks do not know that there are more."""
    life = make_history(PERSONAS[3], 3, weeks=8)
    until = BEGIN + 40 * DAY_US
    early = replace(
        life,
        records=[record for record in life.records if record.at <= until],
        readings=[
            reading._replace(seen_at=min(reading.seen_at, until)) for reading in life.readings if reading.at <= until
        ],
    )
    found: list[dict[tuple[str, int], dict[str, Prediction]]] = []
    for history in (early, life):
        with ledger_of(history) as ledger:
            evidence = read_evidence(ledger, WHO, now=BEGIN + 57 * DAY_US, depth_us=60 * DAY_US, exact_us=60 * DAY_US)
        replayed = replay(evidence, BERLIN, since=BEGIN + 26 * DAY_US, now=until)
        found.append({(case.window, case.at): case.predictions for case in replayed.cases})
    assert len(found[0]) > 60
    assert found[0] == found[1]


def test_the_cap_change_is_in_the_replay_known_only_after_it() -> None:
    with ledger_of(make_history(PERSONAS[3], 3)) as ledger:
        evidence = read_evidence(ledger, WHO, now=BEGIN + 78 * DAY_US, depth_us=90 * DAY_US, exact_us=90 * DAY_US)
    assert evidence.changes(BEGIN + 42 * DAY_US) == []
    (change,) = evidence.changes(BEGIN + 50 * DAY_US)
    assert change.after / change.before == pytest.approx(0.5, abs=0.1)
    assert abs(change.at - (BEGIN + 42 * DAY_US)) < 2 * DAY_US
    asking = Asking(evidence, BERLIN, BEGIN + 50 * DAY_US)
    worth = evidence.worth(asking.now)
    assert worth is not None
    assert worth.usd == pytest.approx(0.25, rel=0.15)


def test_without_readings_limits_in_usd_stand_in() -> None:
    life = make_history(replace(PERSONAS[2], usd_per_percent=10.0), 4, weeks=7)
    with ledger_of(replace(life, readings=[])) as ledger:
        test = run_backtest(ledger, WHO, BERLIN, days=30, now=BEGIN + 50 * DAY_US)
    assert test.is_made_up
    (scores,) = test.windows
    assert scores.window == FIVE_HOUR
    assert 0.1 < scores.hit_share < 0.6
    assert scores.skill > 0.2


def test_a_short_history_has_nothing_to_score() -> None:
    with ledger_of(make_history(PERSONAS[0], 4, weeks=1)) as ledger:
        test = run_backtest(ledger, WHO, BERLIN, days=60, now=BEGIN + 8 * DAY_US)
    assert test.windows == ()
    assert test.abstained > 0
    assert test.history_days == 7


def question(percent: float, *points: tuple[float, float], lead: float = 2.0) -> Question:
    """A window that opened at 0, with (hour, percent) told."""
    told = [Point(round(hour * HOUR_US), round(hour * HOUR_US), figure) for hour, figure in points]
    past = WindowPast(0, 5 * HOUR_US, told)
    full = WindowPast(-10 * HOUR_US, -5 * HOUR_US, [Point(-7 * HOUR_US, -7 * HOUR_US, 100.0)])
    calm = WindowPast(-20 * HOUR_US, -15 * HOUR_US, [Point(-18 * HOUR_US, -18 * HOUR_US, 20.0)])
    return Question(past, round(lead * HOUR_US), percent, [calm, full])


def test_the_simple_methods_say_what_they_should() -> None:
    asked = question(40.0, (1.0, 10.0), (2.0, 40.0))
    assert constant_rate(asked) == Prediction(1.0, 5 * HOUR_US, 100.0, 100.0, 100.0)
    assert last_hour(asked).likely == pytest.approx(130)
    assert last_hour(asked).hit_at == 4 * HOUR_US
    assert regression(question(20.0, *((hour / 12, hour / 12 * 10) for hour in range(1, 25)))).likely == pytest.approx(
        50, abs=1.5
    )
    usual = base_rate(asked)
    assert usual.odds == 0.5
    assert usual.hit_at == 3 * HOUR_US
    assert (usual.low, usual.high) == (40.0, 100.0)


def case(odds: float, *, hit_after: float | None, percent: float, told: float, expected_after: float) -> Case:
    hit = None if hit_after is None else round(hit_after * HOUR_US)
    said = Prediction(odds, round(expected_after * HOUR_US), told - 10, told, told + 10, HOUR_US, 3 * HOUR_US)
    return Case(FIVE_HOUR, 0, HOUR_US, hit, percent, 5 * HOUR_US, {OURS: said, "constant_rate": said})


def test_scores_by_hand() -> None:
    cases = [
        case(0.8, hit_after=2.0, percent=100.0, told=130.0, expected_after=2.5),
        case(0.1, hit_after=None, percent=50.0, told=55.0, expected_after=4.0),
    ]
    score = score_method(OURS, cases)
    assert score.brier == pytest.approx((0.04 + 0.01) / 2)
    assert score.log_score == pytest.approx((0.2231 + 0.1054) / 2, abs=1e-3)
    assert score.time_error_minutes == 30
    assert score.percent_error == pytest.approx(2.5)
    assert score.pinball == pytest.approx((0 + (0.1 * 5 + 0.5 * 5 + 0.1 * 15) / 3) / 2)
    assert score.percent_coverage == pytest.approx((0.7 / 0.8 + 1) / 2)
    assert score.time_coverage == 1.0
    scores = score_cases(FIVE_HOUR, cases)
    assert scores.skill == 0
    assert [(each.low, each.cases, each.hit_share) for each in scores.reliability] == [(0.05, 1, 0.0), (0.8, 1, 1.0)]


def test_a_hit_that_was_not_seen_counts_to_the_reset() -> None:
    unseen = case(0.0, hit_after=2.0, percent=100.0, told=30.0, expected_after=2.0)
    unseen = replace(unseen, predictions={OURS: replace(unseen.predictions[OURS], hit_at=None, hit_low=None)})
    score = score_method(OURS, [unseen])
    assert score.time_error_minutes == 180
    assert score.time_coverage is None
    assert score.percent_coverage == 0


def test_quantiles_and_counts() -> None:
    assert quantiles([(1.0, 1.0), (2.0, 1.0), (3.0, 1.0)], (0.0, 0.5, 1.0)) == [1.0, 2.0, 3.0]
    assert quantiles([(5.0, 0.3)], (0.1, 0.9)) == [5.0, 5.0]
    assert effective_count([1.0, 1.0, 1.0]) == pytest.approx(3)
    assert effective_count([]) == 0
    assert 0 < smoothed(0.0, 10, 0.25) < 0.05
    assert 0.9 < smoothed(1.0, 10, 0.25) < 1


def test_week_cases_are_asked_every_twelve_hours() -> None:
    with ledger_of(make_history(PERSONAS[0], 6, weeks=5)) as ledger:
        evidence = read_evidence(ledger, WHO, now=BEGIN + 36 * DAY_US, depth_us=40 * DAY_US, exact_us=40 * DAY_US)
    replayed = replay(evidence, BERLIN, since=BEGIN + 14 * DAY_US, now=BEGIN + 36 * DAY_US)
    weeks = [each for each in replayed.cases if each.window == SEVEN_DAY]
    assert weeks
    assert all((each.at - each.opens) % (12 * HOUR_US) == 0 for each in weeks)
    leads = {(each.at - each.opens) // MINUTE_US for each in replayed.cases if each.window == FIVE_HOUR}
    assert leads == {15, 30, 60, 120, 180, 240}
