"""Days, weeks and months of a zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tokentide.analytics.calendar import Calendar, SystemZone
from tokentide.clock import HOUR_US, QUARTER_US
from tokentide.errors import TimeZoneUnknownError


def instant(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp()) * 1_000_000


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
        ("America/Sao_Paulo", date(2018, 11, 4), 23),  # midnight itself was skipped
        ("Asia/Kathmandu", date(2026, 1, 1), 24),
        ("UTC", date(2026, 3, 29), 24),
    ],
)
def test_a_day_lasts_as_long_as_it_does_there(zone: str, day: date, hours: float) -> None:
    calendar = Calendar(zone)
    start, end = calendar.start_of(day), calendar.start_of(day + timedelta(days=1))
    assert (end - start) / HOUR_US == hours
    assert start % QUARTER_US == 0
    assert calendar.date_of(start) == day
    assert calendar.date_of(start - 1) == day - timedelta(days=1)


@pytest.mark.parametrize(
    ("start_of_week", "first"), [("monday", "2026-03-09"), ("sunday", "2026-03-15"), ("saturday", "2026-03-14")]
)
def test_weeks_begin_where_they_are_told(start_of_week: str, first: str) -> None:
    assert Calendar("UTC", start_of_week).name_of(date(2026, 3, 15), "week") == first


@pytest.mark.parametrize(
    ("count", "grain", "first"),
    [
        (1, "day", "2026-03-12"),
        (7, "day", "2026-03-06"),
        (1, "week", "2026-03-09"),
        (2, "week", "2026-03-02"),
        (4, "month", "2025-12-01"),
    ],
)
def test_counting_back_includes_today(count: int, grain: str, first: str) -> None:
    assert Calendar("UTC").back(date(2026, 3, 12), count, grain).isoformat() == first


def test_periods_cover_the_local_days_around_utc_days() -> None:
    calendar = Calendar("Asia/Tokyo")
    day = instant("2026-03-10T00:00:00+00:00") // (24 * HOUR_US)
    periods = calendar.periods([day], "day", date(2026, 3, 10), date(2026, 3, 11))
    assert [period.name for period in periods] == ["2026-03-10", "2026-03-11"]
    assert periods[1].start == instant("2026-03-11T00:00:00+09:00")


def test_a_cut_week_keeps_its_name() -> None:
    calendar = Calendar("UTC")
    day = instant("2026-03-12T00:00:00+00:00") // (24 * HOUR_US)
    assert {period.name for period in calendar.periods([day], "week", date(2026, 3, 12), None)} == {"2026-03-09"}


@pytest.mark.parametrize("name", ["Mars/Phobos", "+09:00", "", "../etc/passwd"])
def test_an_unknown_zone_is_refused(name: str) -> None:
    with pytest.raises(TimeZoneUnknownError, match="IANA"):
        Calendar(name)


def test_zone_names_are_found_in_any_case() -> None:
    assert Calendar("asia/tokyo").name == "Asia/Tokyo"


def test_local_is_what_tz_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "America/Los_Angeles")
    assert Calendar("local").name == "America/Los_Angeles"
    monkeypatch.setenv("TZ", ":UTC")
    assert Calendar("local").name == "UTC"


def test_local_without_a_name_takes_the_rules_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    assert Calendar("local").name == "local"


def test_the_system_zone_follows_the_c_library(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    try:
        berlin = ZoneInfo("Europe/Berlin")
        for text in ("2026-01-15T12:00", "2026-03-29T00:30", "2026-03-29T12:00", "2026-10-25T12:00"):
            moment = datetime.fromisoformat(text).replace(tzinfo=UTC)
            assert moment.astimezone(SystemZone()).replace(tzinfo=None) == moment.astimezone(berlin).replace(
                tzinfo=None
            )
            local = moment.astimezone(berlin).replace(tzinfo=SystemZone())
            assert local.utcoffset() == moment.astimezone(berlin).utcoffset()
        assert SystemZone().utcoffset(None) == SystemZone().dst(None) == timedelta(0)
        assert SystemZone().tzname(None) == "CET"
    finally:
        monkeypatch.undo()
        time.tzset()
