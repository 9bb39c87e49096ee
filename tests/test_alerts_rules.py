"""What each rule tells, what it does not tell, and that it tells it once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.alert_stage import ADA, BOB, NOON, RESET, Stage, forecast_of, only, rules
from tests.conftest import Machine
from tokentide.alerts.engine import judge
from tokentide.alerts.health_rules import LOGIN_FAULTS
from tokentide.alerts.situation import look_around
from tokentide.analytics.calendar import Calendar
from tokentide.analytics.forecasting.model import CapChange
from tokentide.clock import DAY_US, HOUR_US, MINUTE_US
from tokentide.model.alerts import CRITICAL, INFO, WARNING
from tokentide.model.limits import EXTRA_USAGE, FIVE_HOUR, SEVEN_DAY, SPEND
from tokentide.settings import Settings

DAY, WEEK = 24 * 60, 7 * 24 * 60
WEEK_RESET = NOON + 2 * DAY_US


@pytest.fixture
def percent() -> Stage:
    return Stage(only("percent", "percent = [80, 95]"))


@pytest.fixture
def halves() -> Stage:
    return Stage(only("percent", "percent = [50, 80]"))


def test_a_threshold_is_told_once(percent: Stage) -> None:
    percent.say(0, 79)
    assert percent.look(1) == ()
    percent.say(2, 82)
    (alert,) = percent.look(2)
    assert (alert.title, alert.rule, alert.window, alert.account) == (
        "5 hours: 82 % used",
        "percent",
        FIVE_HOUR,
        ADA.key,
    )
    assert alert.severity == WARNING
    assert alert.body.startswith("It resets 14:00, in 1 h 58 min, 39 % of its time is left.")
    assert "It lasts at up to 9 % an hour." in alert.body  # 9.15
    assert alert.facts["threshold_percent"] == 80
    for minute in (3, 4, 30, 60):
        percent.say(minute, 84)
        assert percent.look(minute) == ()


@pytest.mark.parametrize(
    ("used", "minute", "said"),
    [(93, 6, "up to 3.6 %"), (97, 5, "up to 1.5 %"), (99.9, 5, "less than 0.1 %"), (80.2, 0, "up to 9 %")],
)
def test_a_pace_that_is_said_to_last_does_last(percent: Stage, used: float, minute: int, said: str) -> None:
    percent.say(minute, used)
    (alert,) = percent.look(minute)
    assert alert.body.endswith(f"It lasts at {said} an hour.")


def test_of_several_thresholds_passed_at_once_the_highest_is_told_and_the_lower_never_again(percent: Stage) -> None:
    percent.say(0, 96)
    assert percent.titles(0) == ["5 hours: 96 % used"]
    # The vendor corrects the number: what is said for two minutes is believed.
    percent.say(5, 85)
    percent.say(9, 85)
    assert percent.look(10) == ()
    percent.say(11, 97)
    assert percent.look(11) == ()


def test_the_next_threshold_is_news(percent: Stage) -> None:
    percent.say(0, 81)
    percent.look(0)
    percent.say(1, 95)
    (alert,) = percent.look(1)
    assert (alert.severity, alert.facts["threshold_percent"]) == (CRITICAL, 95)
    percent.say(2, 100)
    assert percent.look(2) == ()


def test_a_new_window_begins_anew(percent: Stage) -> None:
    percent.say(0, 96)
    percent.look(0)
    percent.say(125, 85, RESET + 5 * HOUR_US)
    assert percent.titles(125) == ["5 hours: 85 % used"]


def test_a_window_that_is_over_tells_nothing(percent: Stage) -> None:
    percent.say(0, 96)
    assert percent.look(121) == ()


@pytest.mark.parametrize(
    ("used", "minute", "is_told"), [(50, 0, False), (60, 0, False), (61, 0, True), (85, 70, True), (82, 70, False)]
)
def test_below_ninety_percent_only_what_is_ahead_of_the_clock_is_told(
    halves: Stage, used: float, minute: int, is_told: bool
) -> None:
    halves.say(minute, used)
    assert bool(halves.look(minute)) is is_told


def test_a_threshold_of_ninety_and_more_is_told_whatever_the_clock_says(percent: Stage) -> None:
    percent.say(119, 95)
    assert percent.titles(119) == ["5 hours: 95 % used"]


def test_what_was_not_told_because_of_the_clock_is_told_once_use_is_ahead_of_it(halves: Stage) -> None:
    halves.say(0, 60)
    assert halves.look(0) == ()
    halves.say(1, 66)
    assert halves.titles(1) == ["5 hours: 66 % used"]


def test_a_percentage_that_is_old_says_so(percent: Stage) -> None:
    percent.say(0, 97)
    (alert,) = percent.look(61)
    assert alert.body.startswith("So it was 1 h 01 min ago; nothing newer is known. It resets 14:00")


def test_what_nobody_tells_is_nothing(percent: Stage) -> None:
    percent.say(0, None)
    assert percent.look(0) == ()


def test_more_than_a_hundred_percent_is_told_as_used_up(percent: Stage) -> None:
    percent.say(0, 103)
    (alert,) = percent.look(0)
    assert alert.title == "5 hours: used up"
    assert alert.body.startswith("103 % used. It resets 14:00")


def test_resets_that_jitter_are_one_window(percent: Stage) -> None:
    percent.say(0, 82, RESET - 400_000)
    assert len(percent.look(0)) == 1
    for minute, jitter in enumerate((400_000, -31_000_000, 59_000_000, 200 * 1_000_000), 1):
        percent.say(minute, 82 + minute, RESET + jitter)
        assert percent.look(minute) == ()


@pytest.mark.parametrize("moved", [-45 * MINUTE_US, 90 * MINUTE_US, 3 * HOUR_US])
def test_a_reset_that_the_vendor_moves_makes_no_new_window(moved: int) -> None:
    stage = Stage(only("percent", "percent = 80"))
    stage.say(0, 82, WEEK_RESET, window=SEVEN_DAY)
    assert len(stage.look(0)) == 1
    for minute in (10, 15, 20):
        stage.say(minute, 82 + minute / 10, WEEK_RESET + moved, window=SEVEN_DAY)
        assert stage.look(minute) == ()


def test_an_early_reset_makes_a_new_window() -> None:
    stage = Stage(only("percent", "percent = 80"))
    stage.say(0, 82, WEEK_RESET, window=SEVEN_DAY)
    assert len(stage.look(0)) == 1
    stage.say(10, 1, NOON + 7 * DAY_US, window=SEVEN_DAY)
    assert stage.look(10) == ()
    stage.say(600, 83, NOON + 7 * DAY_US, window=SEVEN_DAY)
    assert stage.titles(600) == ["Week: 83 % used"]


def test_the_first_look_tells_of_what_is_open_and_of_nothing_before() -> None:
    stage = Stage(only("percent", "percent = [80, 95]"))
    for back in range(1, 20):
        end = NOON - back * 5 * HOUR_US
        stage.say((end - NOON) / MINUTE_US - 10, 97, end)
    stage.say(0, 90)
    assert stage.titles(0) == ["5 hours: 90 % used"]


def test_a_clock_that_was_set_back_tells_nothing_twice(percent: Stage) -> None:
    percent.say(0, 82)
    percent.say(30, 96)
    assert len(percent.look(30)) == 1
    for minute in (-60, 1, 29, 31, 45):
        assert percent.look(minute) == ()


def test_a_clock_that_was_ahead_does_not_keep_a_later_window_silent(percent: Stage) -> None:
    percent.say(0, 96)
    assert len(percent.look(3)) == 1
    percent.look(10 * DAY)
    percent.say(125, 96, RESET + 5 * HOUR_US)
    assert len(percent.look(126)) == 1


def test_days_of_daylight_saving_time_change_nothing_for_windows() -> None:
    # On 29 March 2026 the clocks of Berlin go from 2 to 3.
    stage = Stage(only("percent", "percent = 80"), calendar=Calendar("Europe/Berlin"))
    night = 17 * DAY - 11 * 60  # 01:00 UTC, the instant of the change
    reset = NOON + (night + 120) * MINUTE_US
    stage.say(night - 30, 81, reset)
    (alert,) = stage.look(night - 30)
    assert "It resets 05:00, in 2 h 30 min" in alert.body
    stage.say(night + 30, 90, reset)
    assert stage.look(night + 30) == ()


def test_accounts_are_told_apart_and_named_where_there_are_several(percent: Stage) -> None:
    percent.say(0, 82)
    percent.say(0, 85, account=BOB)
    assert sorted(percent.titles(1)) == [
        "ada@example.com · Engines: 5 hours: 82 % used",
        "bob@example.com · Engines: 5 hours: 85 % used",
    ]
    # Logged in as the one, then as the other, then as the first again.
    percent.say(2, 83)
    percent.say(3, 86, account=BOB)
    percent.say(4, 84)
    assert percent.look(4) == ()


def test_rules_hold_for_the_windows_and_accounts_that_they_name() -> None:
    text = "[[rule]]\nkind='percent'\npercent=30\nwindow='seven_day*'\naccount='ADA@*'\n"
    stage = Stage(rules(text, off=("reset", "odds")))
    for account in (ADA, BOB):
        stage.say(0, 70, window=FIVE_HOUR, account=account)
        stage.say(0, 75, WEEK_RESET, window="seven_day_opus", account=account)
    assert stage.titles(0) == ["ada@example.com · Engines: Week, Opus: 75 % used"]


def test_a_window_that_no_own_rule_names_keeps_the_default() -> None:
    stage = Stage(rules("[[rule]]\nkind='percent'\npercent=99\nwindow='five_hour'\n", off=("odds", "reset")))
    stage.say(0, 97)
    stage.say(0, 97, WEEK_RESET, window=SEVEN_DAY)
    assert stage.titles(0) == ["Week: 97 % used"]


def test_an_unknown_window_is_told_under_its_own_name(percent: Stage) -> None:
    percent.say(0, 81, None, window="nimbus_\x1b[31mquill")
    (alert,) = percent.look(0)
    assert "\x1b" not in alert.title


def test_money_windows_have_percentages_without_a_clock(percent: Stage) -> None:
    percent.say(0, 82, None, window=EXTRA_USAGE, money=(4_100, 5_000))
    (alert,) = percent.look(0)
    assert (alert.title, alert.body) == ("Extra usage: 82 % used", "$41.00 of $50.00.")


# Odds


def test_a_likely_run_out_is_told_once_a_window_and_clears_below_four_in_ten() -> None:
    stage = Stage(only("odds"))
    stage.say(0, 70)
    assert stage.foresee(0, 0.59) == ()
    (alert,) = stage.foresee(1, 0.7)
    assert alert.title == "5 hours: 7 in 10 that it runs out, about 13:00"
    assert alert.body == (
        "70 % is used; it resets 14:00, in 1 h 59 min. Most likely it is used up about 13:00, "
        "with 8 in 10 between 12:30 and 13:30. It lasts at up to 15 % an hour."
    )
    assert alert.facts["odds"] == 0.7
    for minute, odds, is_raised in ((2, 0.5, True), (3, 0.41, True), (4, 0.4, False), (5, 0.55, False), (6, 0.9, True)):
        assert stage.foresee(minute, odds) == ()
        (known,) = stage.ledger.alerts.recent(0)
        assert (known.cleared_at == 0) is is_raised, minute
    stage.say(125, 70, RESET + 5 * HOUR_US)
    assert len(stage.foresee(125, 0.7)) == 1


def test_grave_odds_are_critical_and_what_is_full_is_left_to_percentages() -> None:
    stage = Stage(only("odds"))
    stage.say(0, 90)
    assert [alert.severity for alert in stage.foresee(0, 0.95)] == [CRITICAL]
    stage.say(1, 100, WEEK_RESET, window=SEVEN_DAY)
    assert stage.foresee(1, 1.0, SEVEN_DAY) == ()


def test_odds_without_a_time_are_told_without_one() -> None:
    stage = Stage(only("odds"))
    stage.say(0, 70)
    (alert,) = stage.foresee(0, 0.7, has_time=False)
    assert alert.title == "5 hours: 7 in 10 that it runs out before the reset"
    assert alert.body == "70 % is used; it resets 14:00, in 2 h 00 min. It lasts at up to 15 % an hour."


def test_a_forecast_that_abstains_tells_nothing() -> None:
    stage = Stage(only("odds"))
    stage.say(0, 70)
    assert stage.foresee(0, None) == ()


def test_own_odds_hold() -> None:
    stage = Stage(only("odds", "odds = 0.8\nclear_odds = 0.7"))
    stage.say(0, 70)
    assert stage.foresee(0, 0.75) == ()
    assert len(stage.foresee(1, 0.8)) == 1


# Paid usage


def test_paid_use_is_told_when_it_begins_and_at_each_step() -> None:
    stage = Stage(only("extra_usage", "begins = true\namounts = [5, 10, 20]"))
    stage.say(0, 0, None, window=EXTRA_USAGE, money=(0, 5_000))
    assert stage.look(0) == ()
    stage.say(1, 1, None, window=EXTRA_USAGE, money=(40, 5_000))
    assert stage.titles(1) == ["Extra usage: $0.40 of $50.00"]
    stage.say(2, 9, None, window=EXTRA_USAGE, money=(450, 5_000))
    assert stage.look(2) == ()
    stage.say(3, 22, None, window=EXTRA_USAGE, money=(1_100, 5_000))
    (alert,) = stage.look(3)
    assert (alert.title, alert.body) == (
        "Extra usage: above $10.00",
        "$11.00 of $50.00 this month. $39.00 is left.",
    )
    # A new month, a new account of it.
    stage.say(20 * DAY, 1, None, window=EXTRA_USAGE, money=(30, 5_000))
    stage.say(20 * DAY + 5, 1, None, window=EXTRA_USAGE, money=(30, 5_000))
    assert stage.titles(20 * DAY + 5) == ["Extra usage: $0.30 of $50.00"]


def test_paid_use_without_a_ceiling_and_in_another_currency() -> None:
    stage = Stage(only("spend", "amounts = [100]"))
    stage.say(0, None, None, window=SPEND, money=(9_999, 0))
    assert stage.look(0) == ()
    stage.say(1, None, None, window=SPEND, money=(10_000, 0))
    assert stage.titles(1) == ["Spend: above $100.00"]


def test_extra_usage_is_told_by_default_and_spend_is_not() -> None:
    stage = Stage(rules("", off=("percent", "odds")))
    stage.say(0, None, None, window=SPEND, money=(10_000, 20_000))
    stage.say(0, None, None, window=EXTRA_USAGE, money=(10, 20_000))
    assert [alert.rule for alert in stage.look(0)] == ["extra_usage"]


# Cost


def test_costs_of_day_week_and_month_are_told_each_once() -> None:
    text = "per = 'day'\nusd = [10, 20]\n[[rule]]\nkind='cost'\nper='week'\nusd=25\n[[rule]]\nkind='cost'\nper='month'\nusd=60"
    stage = Stage(only("cost", text))
    stage.spend(-30, 9.99)
    assert stage.look(0) == ()
    stage.spend(1, 2.42)
    (alert,) = stage.look(1)
    assert alert.title == "Today: $12.41 spent"
    assert alert.body.startswith("That is above $10.00, at list prices, as of 12:01.")
    assert alert.facts["cost_nano_usd"] == 12_410_000_000
    stage.spend(2, 15)
    assert sorted(stage.titles(2)) == ["This week: $27.41 spent", "Today: $27.41 spent"]
    stage.spend(DAY, 11)
    assert stage.titles(DAY) == ["Today: $11.00 spent"]
    stage.spend(WEEK, 26)
    assert sorted(stage.titles(WEEK)) == ["This month: $64.41 spent", "This week: $26.00 spent", "Today: $26.00 spent"]
    assert stage.look(WEEK + 1) == ()


def test_days_are_cut_where_the_calendar_cuts_them() -> None:
    stage = Stage(only("cost", "per='day'\nusd=10"), calendar=Calendar("Pacific/Auckland"))
    stage.spend(-65, 8)  # 23:55 in Auckland
    stage.spend(-55, 8)
    assert stage.look(0) == ()
    stage.spend(1, 3)
    assert stage.titles(1) == ["Today: $11.00 spent"]


def test_a_month_is_one_in_every_time_zone() -> None:
    text = "per='month'\nusd=10\n[[rule]]\nkind='cost'\nper='week'\nusd=10\n[[rule]]\nkind='extra_usage'\nbegins=true"
    stage = Stage(only("cost", text))
    stage.spend(0, 12)
    stage.say(0, 1, None, window=EXTRA_USAGE, money=(40, 5_000))
    assert len(stage.look(1)) == 3
    for minute, zone in enumerate(("America/Los_Angeles", "Asia/Tokyo", "Pacific/Auckland"), 2):
        stage.calendar = Calendar(zone)
        assert stage.look(minute) == (), zone


def test_costs_of_one_account() -> None:
    stage = Stage(only("cost", "per='day'\nusd=10\naccount='bob@*'"))
    stage.spend(0, 30)
    assert stage.look(0) == ()
    stage.spend(0, 12, BOB.name)
    assert stage.titles(1) == ["Today, bob@*: $12.00 spent"]


# Unusual hours


@pytest.fixture
def usual() -> Stage:
    """Four weeks of two dollars at ten and at noon of each day."""
    stage = Stage(only("unusual_hour", "factor = 3\nleast_usd = 5"))
    for day in range(1, 29):
        stage.spend(-day * DAY + 10, 2)
        stage.spend(-day * DAY - 110, 2)
    return stage


def test_an_hour_far_dearer_than_usual_is_told_once(usual: Stage) -> None:
    usual.spend(5, 5.5)
    assert usual.look(6) == ()
    usual.spend(7, 1)
    (alert,) = usual.look(8)
    assert alert.title == "Unusual hour: $6.50 since 12:00"
    assert alert.body.startswith("That is 3.2 times the usual $2.00 of such an hour.")
    usual.spend(20, 9)
    assert usual.look(21) == ()
    usual.spend(61, 20)
    (alert,) = usual.look(62)
    assert alert.body.startswith("Such an hour usually costs nothing.")
    assert alert.title == "Unusual hour: $20.00 since 13:00"


def test_an_hour_is_not_unusual_below_the_floor_or_with_little_history(usual: Stage) -> None:
    usual.spend(5, 4.9)
    assert usual.look(6) == ()
    young = Stage(usual.rules)
    for day in range(1, 13):
        young.spend(-day * DAY, 0.1)
    young.spend(0, 50)
    assert young.look(1) == ()


def test_an_hour_of_an_account_that_nobody_uses(usual: Stage) -> None:
    stage = Stage(only("unusual_hour", "account = 'bob@*'"), usual.ledger)
    usual.spend(5, 50)
    assert stage.look(6) == ()


def test_somebody_whose_hours_vary_is_not_told_of_a_usual_peak(usual: Stage) -> None:
    for day in range(1, 29):
        usual.spend(-day * DAY + 300, 40)
    usual.spend(5, 12)
    assert usual.look(6) == ()


# Resets


@pytest.fixture
def reset() -> Stage:
    return Stage(only("reset"))


def test_a_nearly_full_window_that_is_free_again_is_told_once(reset: Stage) -> None:
    reset.say(0, 97)
    assert reset.look(119) == ()
    assert reset.look(120) == ()  # the vendor may be late by seconds
    (alert,) = reset.look(121)
    assert (alert.title, alert.body, alert.severity) == (
        "5 hours: free again",
        "It was 97 % used, and was reset at 14:00.",
        INFO,
    )
    reset.say(130, 2, RESET + 5 * HOUR_US)
    assert reset.look(131) == ()


def test_a_new_window_confirms_the_reset(reset: Stage) -> None:
    reset.say(0, 97)
    reset.say(60, 0, NOON + 6 * HOUR_US)  # earlier than was said
    assert reset.titles(60) == ["5 hours: free again"]


def test_a_window_that_is_closed_since_is_free(reset: Stage) -> None:
    reset.say(0, 97)
    reset.say(60, 0, None)
    reset.say(63, 0, None)
    assert reset.titles(64) == ["5 hours: free again"]


def test_a_window_with_room_left_tells_nothing_of_its_reset(reset: Stage) -> None:
    reset.say(0, 94)
    reset.say(0, 97, NOON + 60 * MINUTE_US, window=SEVEN_DAY)
    assert reset.look(125) == ()


def test_a_free_window_is_no_news_while_another_one_blocks(reset: Stage) -> None:
    reset.say(0, 97)
    reset.say(0, 100, NOON + 4 * HOUR_US, window=SEVEN_DAY)
    assert reset.look(125) == ()
    assert reset.titles(245) == ["5 hours: free again", "Week: free again"]


def test_a_reset_of_yesterday_is_no_news(reset: Stage) -> None:
    reset.say(0, 97)
    assert reset.look(120 + 301) == ()


def test_a_window_that_is_nearly_full_again_is_not_called_free(reset: Stage) -> None:
    reset.say(0, 97)
    reset.say(200, 98, RESET + 5 * HOUR_US)
    assert reset.look(200) == ()


# Logins, readings, caps, lines


@pytest.mark.parametrize("fault", LOGIN_FAULTS)
def test_a_login_that_does_not_serve_is_told_once_for_each_good_answer_before(fault: str) -> None:
    stage = Stage(only("login_expired"))
    stage.say(0, 10)
    stage.fault(f"{fault}: run `claude` once", NOON)
    assert stage.look(59) == ()
    (alert,) = stage.look(61)
    assert alert.title == "The limits cannot be asked for"
    assert "run `claude` once. What is known of them is from 1 h 01 min ago." in alert.body
    assert stage.look(120) == ()
    stage.fault("", NOON + 130 * MINUTE_US)
    assert stage.look(131) == ()
    stage.fault(f"{fault}: run `claude` once", NOON + 130 * MINUTE_US)
    assert len(stage.look(200)) == 1


def test_other_faults_and_readings_of_a_status_line_keep_it_silent() -> None:
    stage = Stage(only("login_expired"))
    stage.fault("asked too often, also by other programs", NOON)
    assert stage.look(100) == ()
    stage.fault(LOGIN_FAULTS[0], NOON)
    stage.say(90, 20)
    assert stage.look(100) == ()


def test_the_faults_of_a_real_poll_are_those_that_the_rule_knows(subscriber: Machine) -> None:
    from tests.account_stand_in import log_in

    log_in(subscriber, expires="2026-03-01T00:00:00Z")
    subscriber.call("limits", "--offline", now="2026-03-12T12:00:00Z")
    subscriber.call("limits", now="2026-03-12T12:00:00Z")
    _, out, _ = subscriber.call("alerts", "check", now="2026-03-12T12:06:00Z")
    assert "warning: The limits cannot be asked for. The login has expired: run `claude` once" in out


def test_readings_that_stop_while_work_goes_on_are_told() -> None:
    stage = Stage(only("stale", "minutes = 90"))
    stage.say(0, 10, WEEK_RESET, window=SEVEN_DAY)
    stage.spend(1, 1)
    assert stage.look(95) == ()  # nobody works
    stage.spend(94, 1)
    assert stage.titles(95) == ["No word of the limits for 1 h 35 min"]
    stage.spend(110, 1)
    assert stage.look(111) == ()
    stage.say(112, 12, WEEK_RESET, window=SEVEN_DAY)
    stage.spend(220, 1)
    assert len(stage.look(225)) == 1


def test_work_of_another_account_does_not_count() -> None:
    stage = Stage(only("stale", "minutes = 60"))
    stage.say(0, 10, WEEK_RESET, window=SEVEN_DAY)
    stage.spend(70, 1, BOB.name)
    assert stage.look(75) == ()


def caps(stage: Stage, minute: float, at: int, ratio: float) -> list[str]:
    now = NOON + round(minute * MINUTE_US)
    around = look_around(stage.ledger, stage.settings, stage.calendar, stage.rules, now=now)
    change = CapChange(SEVEN_DAY, at, 20 * 10**9, round(20 * 10**9 * ratio), ratio)
    forecast = replace(forecast_of(ADA, now, ()), cap_changes=(change,))
    around.forecasts[ADA.key] = forecast
    return [alert.title for alert in judge(around)]


def test_a_cap_that_moved_is_told_once_although_its_instant_is_reckoned_anew() -> None:
    stage = Stage(only("cap_changed"))
    stage.say(0, 10)
    assert caps(stage, 0, NOON - 3 * DAY_US, 0.6) == ["Week: the limit seems tighter"]
    assert caps(stage, 1, NOON - 3 * DAY_US, 0.6) == []
    assert caps(stage, 2, NOON - 2 * DAY_US, 0.58) == []
    assert caps(stage, 20 * DAY, NOON + 18 * DAY_US, 1.7) == ["Week: the limit seems wider"]


def test_a_cap_that_moved_long_ago_is_no_news() -> None:
    stage = Stage(only("cap_changed"))
    stage.say(0, 10)
    assert caps(stage, 0, NOON - 15 * DAY_US, 0.6) == []


def test_unreadable_lines_are_told_when_there_are_more_than_before(machine: Machine) -> None:
    (machine.root / "config").mkdir()
    (machine.root / "config" / "alerts.toml").write_text("[[rule]]\nkind = 'problems'\n")
    machine.write("-p/a.jsonl", '{"message": {"usage": ', '{"message": {"usage": ')
    _, out, _ = machine.call("alerts", "check")
    assert out.startswith("info: 2 lines of transcripts could not be read.")
    assert machine.call("alerts", "check")[1] == ""
    machine.write("-p/b.jsonl", '{"message": {"usage": ')
    assert machine.call("alerts", "check")[1].startswith("info: 3 lines")


def test_estimates_are_told_as_such() -> None:
    stage = Stage(only("percent", "percent = [80, 95]"), settings=Settings(plan="pro"))
    stage.ledger.limits.take([ADA], [])
    titles = []
    for minute in range(30):
        stage.spend_tokens(minute, 0.25)
        titles += stage.titles(minute)
    assert titles == ["5 hours (estimate): 82 % used", "5 hours (estimate): 97 % used"]
