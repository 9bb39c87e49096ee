"""The guard's verdict: windows, forecasts and needs made by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tokentide.analytics.calendar import Calendar
from tokentide.analytics.forecasting.model import Calibration, Forecast, Instants, WindowForecast
from tokentide.analytics.guard import Guarded, Reason, Share, Verdict, Wish, guard_account, recent_forecast
from tokentide.analytics.limits import AccountLimits
from tokentide.analytics.windows import WindowState
from tokentide.clock import DAY_US, HOUR_US, MINUTE_US
from tokentide.model.limits import ACCOUNT, ESTIMATE, EXTRA_USAGE, FIVE_HOUR, SEVEN_DAY, Account, Money, Poll
from tokentide.render.guard_words import GuardLook, verdict_line
from tokentide.store.query import CostMode, Filters
from tokentide.store.sqlite.ledger import Ledger

NOW = 1_773_316_800_000_000
WHO = Account("acc:org", "ada@example.com")
USD = 10**9


def window(name: str = FIVE_HOUR, percent: float | None = 40.0, **more: object) -> WindowState:
    state = WindowState(name, percent, NOW + 2 * HOUR_US, NOW - MINUTE_US, ACCOUNT)
    return replace(state, **more)  # type: ignore[arg-type]


def expected(name: str = FIVE_HOUR, odds: float | None = 0.1, percent: float | None = None) -> WindowForecast:
    hit = Instants(NOW + HOUR_US // 2, NOW + HOUR_US, NOW + 2 * HOUR_US)
    return WindowForecast(name, NOW + 2 * HOUR_US, percent, odds, hit, None, None)


def judged(
    *windows: WindowState,
    wish: Wish | None = None,
    forecasts: tuple[WindowForecast, ...] = (),
    calibrations: tuple[Calibration, ...] = (),
) -> Guarded:
    limits = AccountLimits(WHO, None, windows, Poll("usage acc:org"))
    forecast = Forecast(WHO, NOW, forecasts, "", None, None, calibrations, (), None, 0, None)
    with Ledger.open(":memory:") as ledger:
        return guard_account(ledger, limits, forecast, wish or Wish(), now=NOW)


FIVE_CAL = Calibration(FIVE_HOUR, USD // 2, USD // 4, USD, 9)
WEEK_CAL = Calibration(SEVEN_DAY, 5 * USD, 4 * USD, 6 * USD, 4)


@pytest.mark.parametrize(
    ("percent", "odds", "verdict", "reasons"),
    [
        (40.0, 0.1, Verdict.GO, ()),
        (79.9, None, Verdict.GO, ()),
        (80.0, None, Verdict.NEAR, (Reason.PERCENT,)),
        (40.0, 0.5, Verdict.NEAR, (Reason.ODDS,)),
        (40.0, 0.499, Verdict.GO, ()),
        (85.0, 0.9, Verdict.NEAR, (Reason.PERCENT, Reason.ODDS)),
        (99.9, 0.9, Verdict.NEAR, (Reason.PERCENT, Reason.ODDS)),
        (100.0, 1.0, Verdict.FULL, (Reason.FULL, Reason.PERCENT, Reason.ODDS)),
        (103.0, 1.0, Verdict.FULL, (Reason.FULL, Reason.PERCENT, Reason.ODDS)),
    ],
)
def test_a_percentage_and_the_odds_decide(
    percent: float, odds: float | None, verdict: Verdict, reasons: tuple[Reason, ...]
) -> None:
    found = judged(window(percent=percent), forecasts=(expected(odds=odds),))
    assert (found.verdict, found.windows[0].reasons) == (verdict, reasons)


def test_odds_of_days_ahead_are_no_reason_to_whom_only_soon_matters() -> None:
    days = Instants(NOW + DAY_US, NOW + 2 * DAY_US, NOW + 3 * DAY_US)
    week = replace(expected(SEVEN_DAY, odds=0.95), hits_at=days)
    state = window(SEVEN_DAY, 60.0, resets_at=NOW + 4 * DAY_US)
    assert judged(state, forecasts=(week,)).verdict is Verdict.NEAR
    assert judged(state, forecasts=(week,), wish=Wish(soon_us=5 * HOUR_US)).verdict is Verdict.GO
    assert (
        judged(state, forecasts=(expected(SEVEN_DAY, odds=0.95),), wish=Wish(soon_us=5 * HOUR_US)).verdict
        is Verdict.NEAR
    )


def test_the_worst_window_decides() -> None:
    found = judged(window(percent=30.0), window(SEVEN_DAY, 100.0), window("seven_day_opus", 85.0))
    assert found.verdict is Verdict.FULL
    assert found.worst is not None
    assert found.worst.window == SEVEN_DAY
    assert judged(window(percent=30.0), window(SEVEN_DAY, 100.0), wish=Wish("five")).verdict is Verdict.GO


@pytest.mark.parametrize(
    ("wish", "names"),
    [
        ("five", ["five_hour"]),
        ("5 hours", ["five_hour"]),
        ("Week", ["seven_day", "seven_day_opus"]),
        ("week, opus", ["seven_day_opus"]),
        ("opus", ["seven_day_opus"]),
        ("x", ["extra_usage"]),
        ("", ["five_hour", "seven_day", "seven_day_opus"]),
    ],
)
def test_windows_are_found_by_their_names(wish: str, names: list[str]) -> None:
    every = (window(), window(SEVEN_DAY), window("seven_day_opus"), window(EXTRA_USAGE, resets_at=None))
    assert [each.window for each in judged(*every, wish=Wish(wish)).windows] == names


def test_a_window_whose_reset_has_passed_is_empty() -> None:
    found = judged(window(percent=100.0, resets_at=NOW - 1), forecasts=(expected(odds=1.0),))
    assert found.verdict is Verdict.GO
    assert (found.windows[0].percent, found.windows[0].odds, found.windows[0].resets_at) == (0.0, None, None)


def test_nothing_known_is_no_verdict() -> None:
    assert judged().verdict is None
    assert judged(window(percent=None)).verdict is None
    assert judged(window(), wish=Wish("opus")).verdict is None


def test_money_is_no_window_that_fills_unless_asked_for() -> None:
    money = window(EXTRA_USAGE, 100.0, resets_at=None, used=Money(5000, "USD", 2))
    assert judged(window(), money).verdict is Verdict.GO
    assert judged(window(), money, wish=Wish("extra")).verdict is Verdict.FULL


def test_an_estimate_may_be_near_its_end_but_never_used_up() -> None:
    assert judged(window(percent=130.0, source=ESTIMATE)).verdict is Verdict.NEAR


def test_what_is_inferred_is_not_told_as_the_vendors_figure() -> None:
    look = GuardLook(Calendar("UTC"), NOW)
    stale = window(observed_at=NOW - 30 * MINUTE_US)
    line = verdict_line(judged(stale, forecasts=(expected(percent=65.1),)), look)
    assert "5 hours ~65 % used" in line
    assert line.endswith("40 % by the last reading, 30 min ago")
    (check,) = judged(stale, forecasts=(expected(percent=40.6),)).windows
    assert not check.is_inferred
    assert "5 hours 40 % used" in verdict_line(judged(stale, forecasts=(expected(percent=40.6),)), look)


def test_what_was_spent_since_the_reading_counts_but_fills_nothing() -> None:
    spent = judged(window(percent=78.0), forecasts=(expected(percent=81.2),))
    assert (spent.verdict, spent.windows[0].percent) == (Verdict.NEAR, 81.2)
    over = judged(window(percent=98.0), forecasts=(expected(percent=104.0),))
    assert over.verdict is Verdict.NEAR
    assert over.windows[0].percent == 99.5
    assert judged(window(percent=60.0), forecasts=(expected(percent=58.0),)).windows[0].percent == 60.0


@pytest.mark.parametrize(
    ("percent", "need", "verdict"),
    [(85.0, 15.0, Verdict.GO), (86.0, 15.0, Verdict.NEAR), (0.0, 101.0, Verdict.NEAR), (100.0, 1.0, Verdict.FULL)],
)
def test_a_need_in_percent_fits_or_does_not(percent: float, need: float, verdict: Verdict) -> None:
    assert judged(window(percent=percent), wish=Wish(need_percent=need, max_odds=None)).verdict is verdict


def test_a_need_in_percent_is_another_share_of_the_week() -> None:
    wish = Wish(need_percent=20.0, max_odds=None)
    found = judged(window(), window(SEVEN_DAY, 97.0), wish=wish, calibrations=(FIVE_CAL, WEEK_CAL))
    assert found.windows[0].need == Share(20.0, 20.0)
    assert found.windows[1].need == Share(2.0, 2.5)
    assert found.verdict is Verdict.GO
    tight = judged(window(), window(SEVEN_DAY, 97.8), wish=wish, calibrations=(FIVE_CAL, WEEK_CAL))
    assert tight.verdict is Verdict.NEAR


def test_a_need_in_usd_is_judged_by_what_a_percent_is_worth_at_its_dearest() -> None:
    wish = Wish(need_cost=10 * USD, max_odds=None)
    assert judged(window(percent=60.0), wish=wish, calibrations=(FIVE_CAL,)).verdict is Verdict.GO
    may_not = judged(window(percent=61.0), wish=wish, calibrations=(FIVE_CAL,))
    assert (may_not.verdict, may_not.windows[0].need) == (Verdict.NEAR, Share(20.0, 40.0))


def test_a_need_that_nobody_can_measure_is_no_verdict() -> None:
    wish = Wish(need_cost=10 * USD, max_odds=None)
    assert judged(window(percent=20.0), wish=wish).verdict is None
    assert judged(window(percent=100.0), wish=wish).verdict is Verdict.FULL


def test_a_need_decides_in_place_of_the_percentage_and_of_the_odds() -> None:
    wish = Wish(need_percent=5.0, max_odds=None)
    assert judged(window(percent=90.0), wish=wish, forecasts=(expected(odds=0.9),)).verdict is Verdict.GO
    strict = Wish(need_percent=5.0, max_odds=0.8)
    assert judged(window(percent=90.0), wish=strict, forecasts=(expected(odds=0.9),)).verdict is Verdict.NEAR


def test_usual_work_is_measured_in_stretches_of_five_minutes() -> None:
    from bench.histories import BEGIN, History, ledger_of
    from bench.histories import WHO as WORKER

    from tokentide.model.usage import UsageRecord

    tokens = [4_000] * 14 + [40_000] * 6
    records = [
        UsageRecord(f"m{n}", f"r{n}", BEGIN + n * 10 * MINUTE_US, 0, "claude-opus-5", 0, count)
        for n, count in enumerate(tokens)
    ]
    now = BEGIN + DAY_US
    state = replace(window(percent=95.0), resets_at=now + HOUR_US, observed_at=now)
    limits = AccountLimits(WORKER, None, (state,), Poll(""))
    forecast = Forecast(
        WORKER, now, (), "", None, None, (Calibration(FIVE_HOUR, USD // 10, 1, USD, 9),), (), None, 0, None
    )
    wish = Wish(near_percent=None, heeds_usual=True)
    with ledger_of(History(records=records)) as ledger:
        costs = ledger.stretch_costs(Filters(accounts=(WORKER.name,)), CostMode.CALCULATE, 0, 5 * MINUTE_US)
        found = guard_account(ledger, limits, forecast, wish, now=now)
    assert sorted(costs) == [100_000_000] * 14 + [1_000_000_000] * 6
    assert found.windows[0].usual == Share(1.0, 10.0)
    assert found.windows[0].reasons == (Reason.USUAL,)


def test_a_forecast_of_minutes_ago_serves_who_waits_until_much_has_changed() -> None:
    states = (window(percent=40.0), window(SEVEN_DAY, 20.0))
    calendar = Calendar("UTC")
    with Ledger.open(":memory:") as ledger:
        first = recent_forecast(ledger, AccountLimits(WHO, None, states, Poll("")), calendar, now=NOW)

        def later(percent: float, minutes: int, resets_at: int | None = states[0].resets_at) -> int:
            changed = (replace(states[0], percent=percent, resets_at=resets_at), states[1])
            limits = AccountLimits(WHO, None, changed, Poll(""))
            return recent_forecast(ledger, limits, calendar, now=NOW + minutes * MINUTE_US).at

        assert first.at == NOW
        assert later(42.0, 9) == NOW
        assert later(44.0, 9) == NOW + 9 * MINUTE_US
        assert later(44.0, 20) == NOW + 20 * MINUTE_US
        assert later(44.0, 21, NOW + 4 * HOUR_US) == NOW + 21 * MINUTE_US
        assert later(44.0, 22, None) == NOW + 22 * MINUTE_US
