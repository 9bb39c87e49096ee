"""How open windows went and where they are heading, and how past ones went: as JSON, format 1, and as CSV."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tokentide.analytics.limit_history import PastWindow, WindowHistory
from tokentide.analytics.window_course import WindowCourse
from tokentide.render.csv_text import csv_lines, safe
from tokentide.render.forecast_json import window_forecast_json
from tokentide.render.json_text import Json, dumps
from tokentide.render.limit_words import window_title
from tokentide.render.report_json import head_json, instant

COURSE_HEADING = ("account", "window", "at", "percent", "percent_p10", "percent_p90", "basis")
HISTORY_HEADING = ("account", "window", "at", "percent", "resets_at", "source")
PAST_HEADING = ("account", "window", "opens_at", "resets_at", "percent", "full_at")


def courses_json(courses: Sequence[WindowCourse], *, timezone: str, now: int) -> str:
    """One object with an entry an open window; `points` are what was believed since it opened."""
    return dumps({**head_json("limits_course", now, timezone), "windows": [_course(each, now) for each in courses]})


def _course(course: WindowCourse, now: int) -> dict[str, Json]:
    state, expected = course.state, course.expected
    return {
        "account": course.account.key,
        "name": course.account.name,
        "window": state.window,
        "title": window_title(state.window),
        "is_estimate": state.is_estimate,
        "percent": state.percent,
        "opens_at": instant(course.opens_at),
        "resets_at": instant(course.resets_at),
        "points": [{"at": instant(point.since), "percent": point.percent} for point in course.points],
        "forecast": None if expected is None else window_forecast_json(expected, now),
    }


def courses_csv(courses: Sequence[WindowCourse]) -> str:
    """A line a point; `basis` is `reading`, `estimate`, or `forecast` for the one at the reset."""
    return csv_lines(COURSE_HEADING, (line for course in courses for line in _course_lines(course)))


def _course_lines(course: WindowCourse) -> Iterator[Sequence[str]]:
    state, named = course.state, (safe(course.account.key), safe(course.state.window))
    for point in course.points:
        yield *named, instant(point.since), _number(point.percent), "", "", "reading"
    if state.is_estimate:
        yield *named, instant(state.observed_at), _number(state.percent), "", "", "estimate"
    end = course.expected.at_reset if course.expected is not None else None
    if end is not None:
        spread = (_number(round(end.low, 2)), _number(round(end.high, 2)))
        yield *named, instant(course.resets_at), _number(round(end.likely, 2)), *spread, "forecast"


def history_csv(histories: Sequence[WindowHistory]) -> str:
    """A line a change of what was believed."""
    return csv_lines(
        HISTORY_HEADING,
        (
            (
                safe(history.account.key),
                safe(history.window),
                instant(point.since),
                _number(point.percent),
                "" if point.resets_at is None else instant(point.resets_at),
                safe(point.source),
            )
            for history in histories
            for point in history.points
        ),
    )


def past_json(pasts: Sequence[PastWindow], *, timezone: str, now: int) -> str:
    """One object with an entry a window that there was, the newest first; `percent` is what was said of it last."""
    return dumps({**head_json("limits_past", now, timezone), "windows": [_past(each) for each in pasts]})


def _past(each: PastWindow) -> dict[str, Json]:
    return {
        "account": each.account.key,
        "name": each.account.name,
        "window": each.window,
        "title": window_title(each.window),
        "opens_at": instant(each.opens_at),
        "resets_at": instant(each.resets_at),
        "percent": each.percent,
        "full_at": None if each.full_at is None else instant(each.full_at),
    }


def past_csv(pasts: Sequence[PastWindow]) -> str:
    """A line a window."""
    return csv_lines(
        PAST_HEADING,
        (
            (
                safe(each.account.key),
                safe(each.window),
                instant(each.opens_at),
                instant(each.resets_at),
                _number(each.percent),
                "" if each.full_at is None else instant(each.full_at),
            )
            for each in pasts
        ),
    )


def _number(figure: float | None) -> str:
    return "" if figure is None else f"{figure:g}"
