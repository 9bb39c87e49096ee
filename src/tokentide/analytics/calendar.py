"""Cuts time into days, weeks and months of a zone, across changes of daylight-saving time."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from datetime import date, datetime, timedelta, timezone, tzinfo
from typing import TYPE_CHECKING

from tokentide.clock import DAY_US, SECOND_US
from tokentide.errors import TimeZoneUnknownError
from tokentide.settings import WEEKDAYS

if TYPE_CHECKING:
    from tokentide.store.query import Period

_EPOCH = date(1970, 1, 1)
_LOCALTIME = "/etc/localtime"


class Calendar:
    """Days, weeks and months of one time zone."""

    def __init__(self, zone_name: str, start_of_week: str = "monday", reset_hour: int = 0) -> None:
        """`zone_name` is an IANA name or `local`; days begin at `reset_hour`. Raises TimeZoneUnknownError."""
        self.name, self._zone = _zone(zone_name)
        self.first_weekday = WEEKDAYS.index(start_of_week)
        """0 for Monday."""
        self.weekdays = (*WEEKDAYS[self.first_weekday :], *WEEKDAYS[: self.first_weekday])
        """Names of the days of a week, its first day first."""
        self.reset_hour = reset_hour
        """The hour that days begin at, 0 to 23."""

    def date_of(self, at: int) -> date:
        """The local day that an instant belongs to."""
        return self.day_and_hour(at)[0]

    def day_and_hour(self, at: int) -> tuple[date, int]:
        """The local day that an instant belongs to, and the hour of the clock."""
        local = self.local(at)
        return local.date() - timedelta(days=local.hour < self.reset_hour), local.hour

    def local(self, at: int) -> datetime:
        """An instant as aware local time, to the microsecond."""
        seconds, rest = divmod(at, SECOND_US)
        return datetime.fromtimestamp(seconds, self._zone).replace(microsecond=rest)

    def start_of(self, day: date) -> int:
        """The first instant of a local day, µs UTC."""
        start = datetime(day.year, day.month, day.day, self.reset_hour, tzinfo=self._zone)
        return int(start.timestamp()) * SECOND_US

    def end_of(self, day: date) -> int:
        """The first instant behind a local day, µs UTC; also behind the last one that there is."""
        return self.start_of(day) + DAY_US if day == date.max else self.start_of(day + timedelta(days=1))

    def first_day(self, day: date, grain: str) -> date:
        """The first day of the day's day, week or month."""
        if grain == "month":
            return day.replace(day=1)
        return day - timedelta(days=(day.weekday() - self.first_weekday) % 7) if grain == "week" else day

    def name_of(self, day: date, grain: str) -> str:
        """What the day, week or month is called in reports: its first day, or YYYY-MM."""
        first = self.first_day(day, grain)
        return f"{first.year:04}-{first.month:02}" if grain == "month" else first.isoformat()

    def back(self, today: date, count: int, grain: str) -> date:
        """The first day of the stretch of `count` days, weeks or months that ends today."""
        first = self.first_day(today, grain)
        if grain == "month":
            months = first.year * 12 + first.month - 1 - (count - 1)
            return date(max(months // 12, 1), months % 12 + 1, 1)
        return first - timedelta(days=(count - 1) * (7 if grain == "week" else 1))

    def periods(
        self, utc_days: Iterable[int], grain: str, since: date | None, until: date | None
    ) -> tuple[Period, ...]:
        """The local days that lie on these UTC days, named by their day, week or month; both ends inclusive.

        A week or month cut by `since` or `until` keeps its name. UTC days are numbers of days since 1970.
        """
        from tokentide.store.query import Period

        steps = (-2, -1, 0, 1) if self.reset_hour else (-1, 0, 1)
        around = {_EPOCH + timedelta(days=day + step) for day in utc_days for step in steps}
        wanted = sorted(day for day in around if (since is None or day >= since) and (until is None or day <= until))
        return tuple(
            Period(self.name_of(day, grain), self.start_of(day), self.start_of(day + timedelta(days=1)))
            for day in wanted
        )


def _zone(name: str) -> tuple[str, tzinfo]:
    """A zone and the name that reports give it."""
    if name.lower() == "local":
        return _local_zone()
    if name.upper() in ("UTC", "Z"):
        return "UTC", timezone.utc
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

    try:
        return name, ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        alike = [known for known in available_timezones() if known.lower() == name.lower()]
        if not alike:
            raise TimeZoneUnknownError(name) from None
        return alike[0], ZoneInfo(alike[0])


def _local_zone() -> tuple[str, tzinfo]:
    """The system's zone: TZ, else /etc/localtime, else the rules of the C library."""
    named = os.environ.get("TZ", "").lstrip(":")
    target = os.path.realpath(_LOCALTIME)
    candidate = named or (target.partition("zoneinfo/")[2] if "zoneinfo/" in target else "")
    if candidate.upper() in ("UTC", "ETC/UTC"):
        return "UTC", timezone.utc
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        if candidate:
            return candidate, ZoneInfo(candidate)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        pass
    return "local", SystemZone()


class SystemZone(tzinfo):
    """The zone of the C library, where no name is known for it: Windows, or a TZ that spells out its rules."""

    def utcoffset(self, moment: datetime | None) -> timedelta:
        """Offset at a local time."""
        if moment is None:
            return timedelta(0)
        stamp = time.mktime((*moment.timetuple()[:8], -1))
        return timedelta(seconds=time.localtime(stamp).tm_gmtoff)

    def fromutc(self, moment: datetime) -> datetime:
        """Local time of an instant."""
        stamp = (moment.replace(tzinfo=timezone.utc) - datetime(1970, 1, 1, tzinfo=timezone.utc)).total_seconds()
        return moment + timedelta(seconds=time.localtime(stamp).tm_gmtoff)

    def dst(self, _moment: datetime | None) -> timedelta:
        """Not told apart from the offset."""
        return timedelta(0)

    def tzname(self, _moment: datetime | None) -> str:
        """The C library's name."""
        return time.tzname[0]
