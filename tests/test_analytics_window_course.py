"""How open windows went, where they head, how past ones went; and what is drawn and kept of it."""

from __future__ import annotations

import json

import pytest

from tests.alert_stage import ADA, NOON, RESET, Stage, only
from tokentide.analytics.forecasting.model import Forecast, Instants, Spread, WindowForecast
from tokentide.analytics.limit_history import limit_histories, past_windows
from tokentide.analytics.limits import AccountLimits, read_limits
from tokentide.analytics.window_course import WindowCourse, window_courses
from tokentide.clock import DAY_US, HOUR_US, MINUTE_US
from tokentide.model.alerts import PERCENT
from tokentide.model.limits import EXTRA_USAGE, FIVE_HOUR, SEVEN_DAY, Account, Poll
from tokentide.render.forecast_csv import forecasts_csv
from tokentide.render.limit_course import courses_csv, courses_json, history_csv, past_csv, past_json
from tokentide.render.limit_words import poll_words
from tokentide.render.limits_csv import limits_csv
from tokentide.render.report_json import instant

FIRST_RESET = NOON - 3 * HOUR_US
"""Of the five-hour window before the one that is open at noon."""


@pytest.fixture
def stage() -> Stage:
    return Stage(only(PERCENT, "percent = [50]"))


def courses(stage: Stage, forecasts: dict[str, Forecast] | None = None, now: int = NOON) -> list[WindowCourse]:
    return window_courses(stage.ledger, read_limits(stage.ledger, now=now), forecasts or {}, now=now)


def forecast_of(window: str, percent: float) -> Forecast:
    """Of one window of Ada's, with odds."""
    hits = Instants(NOON + HOUR_US, NOON + 90 * MINUTE_US, RESET)
    each = WindowForecast(window, RESET, percent, 0.7, hits, Spread(80.0, 101.5, 130.0), None)
    return Forecast(ADA, NOON, (each,), window, None, None, (), (), None, 30, None)


def test_a_course_has_the_points_of_the_open_window_alone(stage: Stage) -> None:
    stage.say(-400, 70, FIRST_RESET)
    stage.say(-150, 10)
    stage.say(-30, 40)
    (course,) = courses(stage)
    assert [(point.since, point.percent) for point in course.points] == [
        (NOON - 150 * MINUTE_US, 10),
        (NOON - 30 * MINUTE_US, 40),
    ]
    assert (course.opens_at, course.resets_at) == (RESET - 5 * HOUR_US, RESET)
    assert course.expected is None


def test_a_reset_that_jitters_is_the_same_window(stage: Stage) -> None:
    stage.say(-150, 10, RESET + MINUTE_US)
    stage.say(-30, 40)
    (course,) = courses(stage)
    assert len(course.points) == 2


def test_a_window_that_is_over_or_was_never_open_has_no_course(stage: Stage) -> None:
    stage.say(-400, 70, FIRST_RESET)
    stage.say(-1, None, None, window=SEVEN_DAY)
    assert courses(stage) == []


def test_a_window_of_unknown_length_opens_when_it_was_told_of_first(stage: Stage) -> None:
    stage.say(-90, 5, NOON + 9 * DAY_US, window=EXTRA_USAGE, money=(500, 10_000))
    stage.say(-30, 7, NOON + 9 * DAY_US, window=EXTRA_USAGE, money=(700, 10_000))
    (course,) = courses(stage)
    assert course.opens_at == NOON - 90 * MINUTE_US


def test_an_estimate_has_no_points_and_is_one_line_of_the_table(stage: Stage) -> None:
    stage.spend(-30, 2.0)
    (limits,) = read_limits(stage.ledger, now=NOON)
    (window,) = limits.windows
    from dataclasses import replace

    known = AccountLimits(limits.account, None, (replace(window, percent=31.0),), limits.polled)
    (course,) = window_courses(stage.ledger, [known], {}, now=NOON)
    assert course.points == ()
    (line,) = courses_csv([course]).splitlines()[1:]
    assert line == f"ada@example.com,five_hour,{instant(window.observed_at)},31,,,estimate"


def test_a_course_says_what_is_expected(stage: Stage) -> None:
    stage.say(-30, 40)
    found = courses(stage, {ADA.key: forecast_of(FIVE_HOUR, 40.0)})
    (told,) = json.loads(courses_json(found, timezone="UTC", now=NOON))["windows"]
    assert told["forecast"]["percent_at_reset"] == {"p10": 80, "p50": 101.5, "p90": 130}
    assert told["points"] == [{"at": instant(NOON - 30 * MINUTE_US), "percent": 40}]
    assert told["opens_at"] == instant(RESET - 5 * HOUR_US)
    reading, expected = courses_csv(found).splitlines()[1:]
    assert reading == f"ada:org,five_hour,{instant(NOON - 30 * MINUTE_US)},40,,,reading"
    assert expected == f"ada:org,five_hour,{instant(RESET)},101.5,80,130,forecast"


def test_past_windows_are_told_with_when_they_were_full(stage: Stage) -> None:
    stage.say(-420, 60, FIRST_RESET)
    stage.say(-300, 100, FIRST_RESET)
    stage.say(-30, 40)
    stage.say(-20, 8, None, window=EXTRA_USAGE, money=(800, 10_000))
    histories = limit_histories(stage.ledger, [ADA], since=NOON - DAY_US, now=NOON)
    open_one, past = past_windows(histories)
    assert (open_one.resets_at, open_one.percent, open_one.full_at) == (RESET, 40, None)
    assert (past.resets_at, past.percent, past.full_at) == (FIRST_RESET, 100, NOON - 300 * MINUTE_US)
    first = json.loads(past_json([past], timezone="UTC", now=NOON))["windows"][0]
    assert (first["full_at"], first["title"]) == (instant(past.full_at or 0), "5 hours")
    assert past_csv([open_one, past]).splitlines()[1:] == [
        f"ada:org,five_hour,{instant(RESET - 5 * HOUR_US)},{instant(RESET)},40,",
        f"ada:org,five_hour,{instant(FIRST_RESET - 5 * HOUR_US)},{instant(FIRST_RESET)},100,{instant(NOON - 300 * MINUTE_US)}",
    ]
    lines = history_csv(histories).splitlines()
    assert lines[-1] == f"ada:org,extra_usage,{instant(NOON - 20 * MINUTE_US)},8,,account"
    assert len(lines) == 1 + 4


def test_tables_of_now_leave_empty_what_nobody_tells(stage: Stage) -> None:
    stage.say(-30, 40)
    stage.say(-20, None, None, window=SEVEN_DAY)
    five, week = limits_csv(read_limits(stage.ledger, now=NOON)).splitlines()[1:]
    assert five == (
        f"ada:org,ada@example.com,five_hour,40.0,{instant(RESET)},account,false,{instant(NOON - 30 * MINUTE_US)}"
    )
    assert week.startswith("ada:org,ada@example.com,seven_day,,,account")
    silent = WindowForecast(SEVEN_DAY, None, None, None, None, None, None, "too little history")
    told = forecasts_csv([Forecast(ADA, NOON, (silent,), "", None, None, (), (), None, 0, None)])
    assert told.splitlines()[1] == "ada:org,seven_day,false" + "," * 13 + ",too little history"


def test_names_that_a_spreadsheet_would_run_are_quoted(stage: Stage) -> None:
    evil = Account("=cmd()", "=cmd()", "")
    stage.say(-30, 40, account=evil)
    for text in (
        limits_csv(read_limits(stage.ledger, now=NOON)),
        courses_csv(courses(stage)),
        history_csv(limit_histories(stage.ledger, [evil], since=NOON - DAY_US, now=NOON)),
    ):
        assert "'=cmd()" in text
        assert not text.splitlines()[1].startswith("=")


@pytest.mark.parametrize(
    ("polled", "words"),
    [
        (Poll("usage x"), ""),
        (Poll("usage x", good_at=NOON - 4 * MINUTE_US), "Account asked 4 min ago"),
        (Poll("usage x", next_at=NOON + 3 * MINUTE_US), "Next in 3m"),
        (Poll("usage x", NOON + MINUTE_US, good_at=NOON - 4 * MINUTE_US), "Account asked 4 min ago, next in 1m"),
    ],
)
def test_polls_are_told_in_words(polled: Poll, words: str) -> None:
    assert poll_words(polled, NOON) == words
