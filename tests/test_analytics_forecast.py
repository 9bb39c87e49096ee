"""Forecasts of hand-made lives, whose course is known, and the laws that hold for all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest
from bench.histories import BEGIN, NANO_USD_PER_OUTPUT_TOKEN, PERSONAS, WHO, History, ledger_of, make_history
from hypothesis import given, settings
from hypothesis import strategies as st

from tokentide.analytics.calendar import Calendar
from tokentide.analytics.forecasting.forecast import forecast_account
from tokentide.analytics.forecasting.latest import from_text, latest_forecast, to_text
from tokentide.analytics.forecasting.model import Forecast, WindowForecast
from tokentide.analytics.forecasting.pace import USUAL_ERROR, pace_error, plain_pace
from tokentide.analytics.forecasting.pasts import Point, WindowPast
from tokentide.analytics.forecasting.reading import read_evidence
from tokentide.analytics.limits import AccountLimits, read_limits
from tokentide.analytics.plans import PlanWish
from tokentide.clock import DAY_US, HOUR_US, MINUTE_US
from tokentide.model.batch import Batch
from tokentide.model.limits import (
    ACCOUNT,
    EXTRA_USAGE,
    FIVE_HOUR,
    SEVEN_DAY,
    STATUSLINE,
    Account,
    LimitReading,
    Money,
    Poll,
)
from tokentide.model.merging import Portion
from tokentide.model.usage import Place, UsageRecord
from tokentide.store.sqlite.ledger import Ledger

UTC = Calendar("UTC")
USD_PER_PERCENT = 0.25
WORKING_DAYS = 24
"""Days of the hand-made life; the last one is today."""


def day(number: int, hour: float = 0.0) -> int:
    return BEGIN + number * DAY_US + round(hour * HOUR_US)


def worked(
    days: Sequence[int],
    *,
    hours: tuple[float, float] = (9.0, 12.0),
    per_hour: float = 20.0,
    account: Account = WHO,
    is_recorded: bool = True,
    is_read: bool = True,
    until: int | None = None,
) -> History:
    """Work at one rate from one hour to another: a window a day, a reading and a record every three minutes."""
    history = History()
    week = 0.0
    for number in days:
        opens = day(number, hours[0])
        for minute in range(3, round((hours[1] - hours[0]) * 60) + 1, 3):
            at = opens + minute * MINUTE_US
            if until is not None and at > until:
                break
            percent = per_hour * minute / 60
            week_reset = BEGIN + (number // 7 + 1) * 7 * DAY_US
            week = 0.0 if number % 7 == 0 and minute == 3 else week
            week += per_hour / 20 / 10
            if is_recorded:
                tokens = round(per_hour / 20 * USD_PER_PERCENT * 1e9 / NANO_USD_PER_OUTPUT_TOKEN)
                name = f"{account.key}-{len(history.records)}-{number}"
                history.records.append(UsageRecord(name, f"r{name}", at, 0, "claude-opus-5", 0, tokens))
            if is_read:
                shown = float(round(min(percent, 100)))
                history.readings += [
                    LimitReading(account.key, FIVE_HOUR, STATUSLINE, at, shown, opens + 5 * HOUR_US, seen_at=at),
                    LimitReading(account.key, SEVEN_DAY, STATUSLINE, at, float(round(week)), week_reset, seen_at=at),
                ]
    return history


def put(ledger: Ledger, history: History, account: Account = WHO) -> None:
    portion = Portion()
    place = Place("claude_code", account.name, f"session of {account.key}", BEGIN, "/srv/shop")
    portion.add(Batch([place], list(history.records)))
    with ledger.intake(lambda record: record.output_tokens * NANO_USD_PER_OUTPUT_TOKEN) as intake:
        intake.take(portion)
    ledger.limits.take([account], history.readings)


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    with Ledger.open(":memory:") as opened:
        yield opened


def limits_of(ledger: Ledger, now: int, account: Account = WHO) -> AccountLimits:
    return next(each for each in read_limits(ledger, now=now) if each.account.key == account.key)


def forecast(ledger: Ledger, now: int, account: Account = WHO, calendar: Calendar = UTC) -> Forecast:
    return forecast_account(ledger, limits_of(ledger, now, account), calendar, now=now)


def five(made: Forecast) -> WindowForecast:
    found = made.of(FIVE_HOUR)
    assert found is not None
    return found


def test_constant_work_ends_where_it_always_did(ledger: Ledger) -> None:
    now = day(23, 10.5)
    put(ledger, worked(range(24), until=now))
    said = five(forecast(ledger, now))
    assert said.abstains == ""
    assert said.at_reset is not None
    assert said.at_reset.likely == pytest.approx(60, abs=3)
    assert said.at_reset.low <= said.at_reset.likely <= said.at_reset.high
    assert said.percent == pytest.approx(30, abs=1)
    assert said.odds is not None
    assert said.odds < 0.05


def test_constant_work_beyond_the_limit_is_full_when_the_line_says_so(ledger: Ledger) -> None:
    put(ledger, worked(range(23), hours=(9, 14), per_hour=19))
    now = day(23, 11)
    put(ledger, worked([23], hours=(9, 14), per_hour=30, until=now))
    said = five(forecast(ledger, now))
    assert said.odds is not None
    assert said.odds > 0.8
    assert said.hits_at is not None
    full_at = day(23, 9 + 100 / 30)
    assert abs(said.hits_at.likely - full_at) < 30 * MINUTE_US
    assert said.hits_at.low <= said.hits_at.likely <= said.hits_at.high
    made = forecast(ledger, now)
    assert made.binding == FIVE_HOUR


def test_at_the_end_of_the_working_day_nothing_follows(ledger: Ledger) -> None:
    put(ledger, worked(range(24), hours=(9, 13), per_hour=24))
    now = day(23, 13.5)
    said = five(forecast(ledger, now))
    assert said.percent == pytest.approx(96, abs=1)
    assert said.pace is not None
    assert said.pace.percent_at_reset > 105
    assert said.odds is not None
    assert said.odds < 0.1


def test_a_full_window_is_certain(ledger: Ledger) -> None:
    put(ledger, worked(range(24), hours=(9, 13), per_hour=30))
    said = five(forecast(ledger, day(23, 12.9)))
    assert (said.odds, said.percent, said.hits_at) == (1.0, 100.0, None)


def test_more_than_full_is_kept(ledger: Ledger) -> None:
    now = day(23, 11)
    put(ledger, worked(range(24), until=now))
    ledger.limits.take([], [LimitReading(WHO.key, FIVE_HOUR, ACCOUNT, now, 103.0, day(23, 14), seen_at=now)])
    assert five(forecast(ledger, now)).percent == 103.0


@pytest.mark.parametrize(
    ("now", "days", "reason"),
    [
        (day(23, 9.2), 23, "only 12 minutes into the window"),
        (day(4, 10.5), 4, "needs 7 days of work to learn from, has 4"),
        (day(30, 9), 23, "was reset; nothing has been said of the new one"),
    ],
)
def test_it_abstains_where_too_little_is_known(ledger: Ledger, now: int, days: int, reason: str) -> None:
    put(ledger, worked([*range(days), now // DAY_US - BEGIN // DAY_US], until=now))
    found = next((each for each in read_limits(ledger, now=now) if each.account.key == WHO.key), None)
    assert found is not None
    said = five(forecast_account(ledger, found, UTC, now=now))
    assert (said.odds, said.hits_at, said.at_reset) == (None, None, None)
    assert said.abstains == reason


def test_a_hardly_used_window_has_its_pace_alone(ledger: Ledger) -> None:
    put(ledger, worked(range(23)))
    now = day(23, 9.5)
    put(ledger, worked([23], per_hour=4, until=now))
    said = five(forecast(ledger, now))
    assert said.abstains == "less than 3 % used so far"
    assert said.pace is not None
    assert said.pace.percent_per_hour == pytest.approx(4, abs=1.5)


def test_a_young_week_without_history_says_so(ledger: Ledger) -> None:
    now = day(7, 9.9)
    put(ledger, worked(range(8), until=now))
    week = forecast(ledger, now).of(SEVEN_DAY)
    assert week is not None
    assert week.abstains == "needs two weeks of history this early in the week, has 7 days"


def test_money_has_no_odds(ledger: Ledger) -> None:
    now = day(23, 10)
    put(ledger, worked(range(24), until=now))
    spent = Money(320, "USD", 2)
    ledger.limits.take([], [LimitReading(WHO.key, EXTRA_USAGE, ACCOUNT, now, 6.4, None, spent, seen_at=now)])
    said = forecast(ledger, now).of(EXTRA_USAGE)
    assert said is not None
    assert (said.odds, said.pace) == (None, None)
    assert said.abstains == "an amount of money, which no window of time bounds"


def test_a_window_that_nobody_knows_is_not_called_money(ledger: Ledger) -> None:
    now = day(23, 10)
    put(ledger, worked(range(24), until=now))
    ledger.limits.take([], [LimitReading(WHO.key, "nimbus", ACCOUNT, now, 6.0, day(25), seen_at=now)])
    said = forecast(ledger, now).of("nimbus")
    assert said is not None
    assert said.abstains == "how long this window lasts is not known"


def test_readings_without_records_are_enough(ledger: Ledger) -> None:
    now = day(23, 10.5)
    put(ledger, worked(range(24), is_recorded=False, until=now))
    made = forecast(ledger, now)
    said = five(made)
    assert said.at_reset is not None
    assert said.at_reset.likely == pytest.approx(60, abs=5)
    assert (made.calibrations, made.elsewhere) == ((), None)


def test_records_without_readings_are_forecast_by_the_plan(ledger: Ledger) -> None:
    now = day(23, 10.5)
    put(ledger, worked(range(24), is_read=False, until=now))
    limits = next(iter(read_limits(ledger, now=now, wish=PlanWish("pro"))))
    said = five(forecast_account(ledger, limits, UTC, now=now))
    assert said.is_estimate
    assert said.abstains == ""
    assert said.percent == limits.windows[0].percent
    assert said.at_reset is not None
    assert said.at_reset.likely == pytest.approx(2 * (said.percent or 0), rel=0.15)


def test_records_without_readings_or_plan_say_that_it_is_an_estimate(ledger: Ledger) -> None:
    now = day(23, 10.5)
    put(ledger, worked(range(24), is_read=False, until=now))
    limits = next(iter(read_limits(ledger, now=now)))
    said = five(forecast_account(ledger, limits, UTC, now=now))
    assert said.is_estimate
    assert said.odds is None
    assert said.abstains == "no reading tells how much is used"


def test_an_empty_ledger_forecasts_nothing(ledger: Ledger) -> None:
    limits = AccountLimits(WHO, None, (), Poll("usage"))
    made = forecast_account(ledger, limits, UTC, now=day(23))
    assert (made.windows, made.binding, made.history_days, made.usual) == ((), "", 0, None)


def test_a_percent_is_worth_what_was_spent_on_it(ledger: Ledger) -> None:
    now = day(23, 10.5)
    put(ledger, worked(range(24), until=now))
    known = {each.window: each for each in forecast(ledger, now).calibrations}
    assert known[FIVE_HOUR].usd_per_percent == pytest.approx(USD_PER_PERCENT * 1e9, rel=0.05)
    assert known[FIVE_HOUR].low < known[FIVE_HOUR].usd_per_percent < known[FIVE_HOUR].high
    assert known[SEVEN_DAY].usd_per_percent == pytest.approx(USD_PER_PERCENT * 10e9, rel=0.08)


def test_use_without_records_is_found_elsewhere(ledger: Ledger) -> None:
    life = worked(range(24), until=day(23, 10.5))
    ours = [record for record in life.records if (record.at - BEGIN) % DAY_US < 11 * HOUR_US]
    put(ledger, replace(life, records=ours))
    made = forecast(ledger, day(23, 10.5))
    assert made.elsewhere == pytest.approx(1 / 3, abs=0.06)
    known = {each.window: each for each in made.calibrations}
    assert known[FIVE_HOUR].usd_per_percent == pytest.approx(USD_PER_PERCENT * 1e9, rel=0.1)


def test_a_tighter_limit_is_noticed_and_a_steady_one_is_not(ledger: Ledger) -> None:
    put(ledger, worked(range(16), per_hour=15))
    assert forecast(ledger, day(15, 11.9)).cap_changes == ()
    halved = worked(range(16, 24), per_hour=15, until=day(23, 10.5))
    doubled = [reading._replace(percent=min(2 * (reading.percent or 0), 100.0)) for reading in halved.readings]
    put(ledger, replace(halved, readings=doubled))
    made = forecast(ledger, day(23, 10.5))
    (change,) = made.cap_changes
    assert change.ratio == pytest.approx(0.5, abs=0.05)
    assert change.at == day(16, 9)
    said = five(made)
    assert said.at_reset is not None
    assert said.at_reset.likely == pytest.approx(90, abs=6)


def test_two_accounts_never_mix(ledger: Ledger) -> None:
    other = Account("other:other", "other@example.com", "")
    now = day(23, 10.5)
    put(ledger, worked(range(24), until=now))
    alone = forecast(ledger, now)
    put(ledger, worked(range(24), hours=(9, 14), per_hour=45, account=other, until=now), other)
    assert forecast(ledger, now) == alone
    assert five(forecast(ledger, now, other)).odds != five(alone).odds


def test_the_same_question_has_the_same_answer(ledger: Ledger) -> None:
    now = day(23, 10.5)
    put(ledger, worked(range(24), until=now))
    assert forecast(ledger, now) == forecast(ledger, now)


def test_full_windows_and_sustainable_pace_of_the_week(ledger: Ledger) -> None:
    weekdays = [number for number in range(24) if number % 7 < 5]
    now = day(23, 10.5)
    put(ledger, worked(weekdays, until=now))
    made = forecast(ledger, now)
    week = made.of(SEVEN_DAY)
    assert week is not None
    assert week.percent == pytest.approx(15, abs=1)
    assert made.full_windows_left == pytest.approx(8.5, abs=0.6)
    assert made.percent_per_working_day == pytest.approx(85 / 2.5, abs=3)
    assert made.usual == pytest.approx(1, abs=0.1)


def test_a_day_of_summer_time_is_compared_by_the_clock_on_the_wall(ledger: Ledger) -> None:
    """Berlin moves its clocks on day 27: the same wall hour is an hour earlier by UTC from then on."""
    berlin = Calendar("Europe/Berlin")
    history = History()
    for number in range(36):
        shift = 1.0 if number < 27 else 0.0
        life = worked([number], hours=(8 + shift, 11 + shift), until=day(35, 9.5))
        history.records += life.records
        history.readings += life.readings
    put(ledger, history)
    now = day(35, 9.5)
    said = five(forecast(ledger, now, calendar=berlin))
    assert said.at_reset is not None
    assert said.at_reset.likely == pytest.approx(60, abs=4)


def test_a_full_week_leaves_nothing_to_say_of_five_hours(ledger: Ledger) -> None:
    now = day(23, 10.5)
    put(ledger, worked(range(24), until=now))
    week_end = BEGIN + 28 * DAY_US
    ledger.limits.take([], [LimitReading(WHO.key, SEVEN_DAY, ACCOUNT, now, 100.0, week_end, seen_at=now)])
    made = forecast(ledger, now)
    assert five(made).abstains == "the week is full: nothing is served before its reset"
    assert made.binding == SEVEN_DAY


def test_a_reset_that_is_moved_is_no_new_use(ledger: Ledger) -> None:
    """The vendor moves the reset of an open window by 40 minutes; what was used before it is not used again."""
    now = day(23, 10.5)
    put(ledger, worked(range(24), until=now))
    before = forecast(ledger, now)
    moved = LimitReading(WHO.key, FIVE_HOUR, ACCOUNT, now + MINUTE_US, 31.0, day(23, 14.7), seen_at=now + MINUTE_US)
    ledger.limits.take([], [moved])
    after = forecast(ledger, now + 2 * MINUTE_US)
    assert five(after).resets_at == day(23, 14.7)
    assert five(after).percent == pytest.approx(31, abs=1)
    assert after.usual == pytest.approx(before.usual, abs=0.1)
    assert after.calibrations[0].usd_per_percent == pytest.approx(before.calibrations[0].usd_per_percent, rel=0.05)


def test_a_percentage_out_of_all_bounds_does_not_spoil_the_weeks_after_it(ledger: Ledger) -> None:
    now = day(23, 10.5)
    put(ledger, worked(range(24), until=now))
    before = forecast(ledger, now).percent_per_working_day
    wild = LimitReading(WHO.key, FIVE_HOUR, ACCOUNT, day(20, 13), 1e12, day(20, 14), seen_at=day(20, 13))
    ledger.limits.take([], [wild])
    made = forecast(ledger, now)
    assert before is not None
    assert made.percent_per_working_day == pytest.approx(before, rel=0.3)


def test_what_a_full_window_blocks_goes_on_at_the_rate_since_it_was_first_used(ledger: Ledger) -> None:
    put(ledger, worked(range(10), hours=(9, 14), per_hour=100))
    demand = read_evidence(ledger, WHO, now=day(10)).demand(day(10))
    assert demand.between(day(5, 9), day(5, 10)) == pytest.approx(100, abs=3)
    assert demand.between(day(5, 10.25), day(5, 11.25)) == pytest.approx(95, abs=8)


def test_no_more_windows_are_left_than_have_room_before_the_reset(ledger: Ledger) -> None:
    """An hour before the end of a week that is hardly used: at most this window and a part of the next one."""
    now = day(20, 23)
    put(ledger, worked(range(21), hours=(19, 23), until=now))
    made = forecast(ledger, now)
    assert made.full_windows_left == pytest.approx(1.2)
    made = forecast(ledger, day(20, 21))
    week = made.of(SEVEN_DAY)
    assert week is not None
    assert week.percent is not None
    assert made.percent_per_working_day == pytest.approx(100 - week.percent)


def test_the_kept_forecast_holds_for_a_minute_and_for_its_windows_alone(ledger: Ledger) -> None:
    now = day(23, 10.5)
    put(ledger, worked(range(24), until=now))
    limits = limits_of(ledger, now)
    first = latest_forecast(ledger, limits, UTC, now=now)
    assert latest_forecast(ledger, limits, UTC, now=now + 59_000_000) == first
    assert latest_forecast(ledger, limits, UTC, now=now + MINUTE_US).at == now + MINUTE_US
    moved = replace(limits, windows=(replace(limits.windows[0], percent=31.0), *limits.windows[1:]))
    assert latest_forecast(ledger, moved, UTC, now=now + MINUTE_US + 1).at == now + MINUTE_US + 1
    assert [row[1] for row in ledger.forecasts.issued(WHO.key, 0)] == [FIVE_HOUR, SEVEN_DAY]
    assert from_text(to_text(first), WHO) == first


def test_the_error_of_the_pace_is_learnt_from_windows_that_were_full() -> None:
    def hit(hour: float) -> WindowPast:
        told = [Point(HOUR_US, HOUR_US, 25.0), Point(round(hour * HOUR_US), round(hour * HOUR_US), 100.0)]
        return WindowPast(0, 5 * HOUR_US, told)

    calm = WindowPast(0, 5 * HOUR_US, [Point(HOUR_US, HOUR_US, 25.0)])
    assert pace_error([], HOUR_US, 0) == USUAL_ERROR
    assert pace_error([calm], HOUR_US, 0) == USUAL_ERROR
    assert pace_error([hit(4.0)] * 300, HOUR_US, HOUR_US) < 0.1
    assert pace_error([hit(2.5)] * 300, HOUR_US, HOUR_US) == pytest.approx(0.693, abs=0.01)
    assert pace_error([hit(0.5)] * 300, HOUR_US, HOUR_US) == USUAL_ERROR


def test_plain_pace() -> None:
    assert plain_pace(FIVE_HOUR, 50.0, day(1, 5), day(1, 2)) == plain_pace(FIVE_HOUR, 50.0, day(1, 5), day(1, 2))
    pace = plain_pace(FIVE_HOUR, 50.0, day(1, 5), day(1, 2))
    assert pace is not None
    assert (pace.percent_per_hour, pace.percent_at_reset, pace.hit_at) == (25.0, 125.0, day(1, 4))
    assert plain_pace(FIVE_HOUR, 0.0, day(1, 5), day(1, 2)) is not None
    assert plain_pace(FIVE_HOUR, 50.0, None, day(1, 2)) is None
    assert plain_pace(EXTRA_USAGE, 50.0, day(1, 5), day(1, 2)) is None


LIFE = make_history(PERSONAS[2], 5, weeks=4)
LAST = day(24)


@settings(max_examples=12, deadline=None)
@given(st.integers(day(12), LAST))
def test_what_comes_later_never_changes_a_forecast(now: int) -> None:
    """Data from after an instant is no part of what is said at it, however much is appended."""
    until_now = History(
        [record for record in LIFE.records if record.at <= now],
        [reading._replace(seen_at=min(reading.seen_at, now)) for reading in LIFE.readings if reading.at <= now],
    )
    with ledger_of(until_now) as short, ledger_of(LIFE) as whole:
        before = forecast(short, now)
        assert forecast_account(whole, limits_of(short, now), UTC, now=now) == before
