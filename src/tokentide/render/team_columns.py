"""The columns of the team's tables: one list for terminal, pages, CSV and JSON.

A value becomes JSON first and is shown from there, so that a server's answer reads the same as a report made here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from decimal import Decimal
from operator import attrgetter

from tokentide.analytics.calendar import Calendar
from tokentide.analytics.team.figures import Share, Unit
from tokentide.clock import SECOND_US
from tokentide.render import words
from tokentide.render.console_columns import NOTHING, signed_money
from tokentide.render.json_text import Json, usd
from tokentide.render.report_json import instant

NANO = 10**9
RATE_DIGITS = 4
_TEXTUAL = (Unit.TEXT, Unit.TEXTS, Unit.INSTANT, Unit.FLAG)


@dataclass(frozen=True, slots=True)
class TeamColumn:
    """One column; title and place are those of render.columns.Heading."""

    title: str
    field: str
    """Its name in JSON and CSV, without what the unit adds."""
    unit: Unit = Unit.COUNT
    importance: int = 4
    path: str = ""
    """Where a row has the value, as `duration.p50_ms`; the field's own name where it is that."""
    is_estimate: bool = False
    """True where values are shown with `~`."""
    empty: str = ""
    """How an empty text is shown."""

    @property
    def is_number(self) -> bool:
        """True for a column that ends at its right edge."""
        return self.unit not in _TEXTUAL

    @property
    def shrinks(self) -> bool:
        """True for words that may end in an ellipsis."""
        return self.unit in (Unit.TEXT, Unit.TEXTS)

    @property
    def style(self) -> str:
        """Of the library that draws."""
        if self.unit in (Unit.MONEY, Unit.FINE_MONEY):
            return "green"
        return "bold" if self.importance == 9 and self.shrinks else ""

    @property
    def names(self) -> tuple[str, ...]:
        """Its members in JSON: a share's denominator stands behind it."""
        return tuple(members(self.field, self.unit, None))

    def json(self, row: object) -> dict[str, Json]:
        """Its members for a row of a report."""
        return members(self.field, self.unit, attrgetter(self.path or self.field)(row))

    def text(self, row: Mapping[str, Json], calendar: Calendar) -> str:
        """Its cell, from a row of JSON; NOTHING where the value is not told, or the answer does not have it."""
        value = row.get(self.names[0])
        if value == "" and self.empty:
            return self.empty
        shown = text_of(value, self.unit, calendar)
        return f"~{shown}" if self.is_estimate and value is not None else shown


def members(field: str, unit: Unit, value: object) -> dict[str, Json]:
    """A value as members of a JSON object: money in USD, instants in RFC 3339, shares with what they are of."""
    if unit in (Unit.SHARE, Unit.COST_SHARE):
        share = value if isinstance(value, Share) else None
        return _share(field, share, is_money=unit is Unit.COST_SHARE)
    if unit in (Unit.MONEY, Unit.FINE_MONEY):
        return {f"{field}_usd": usd(value) if isinstance(value, int) else None}
    if unit is Unit.INSTANT:
        return {field: instant(value) if isinstance(value, int) and value else None}
    if unit is Unit.TEXTS:
        return {field: list(value) if isinstance(value, tuple) else None}
    if isinstance(value, float):
        return {field: rounded(value, 1 if unit is Unit.MS else 2)}
    return {field: value if isinstance(value, str | int) else None}


def _share(field: str, share: Share | None, *, is_money: bool) -> dict[str, Json]:
    rate = None if share is None or share.rate is None else rounded(share.rate, RATE_DIGITS)
    if is_money:
        return {field: rate, f"{field}_of_usd": usd(share.whole) if share else None}
    return {field: rate, f"{field}_of": share.whole if share else None}


def rounded(value: float, digits: int) -> Decimal:
    """A number with so many decimals, which reads the same once it was JSON."""
    return Decimal(str(round(value, digits)))


def text_of(value: Json, unit: Unit, calendar: Calendar) -> str:
    """A value of JSON as people read it; text from data is cleaned."""
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, str):
        return _moment(value, calendar) if unit is Unit.INSTANT else words.clean(value)
    if isinstance(value, Sequence):
        return ", ".join(words.clean(str(each)) for each in value)
    return _number(value, unit) if isinstance(value, int | float | Decimal) else NOTHING


def _number(value: float | Decimal, unit: Unit) -> str:
    writer = _WRITERS.get(unit)
    if writer:
        return writer(Decimal(str(value)))
    return words.tokens(int(value)) if value == int(value) else f"{float(value):,.2f}"


def milliseconds(ms: float) -> str:
    """A wait in two or three digits: 403 ms, 5.4 s, 2 min."""
    if ms < 1000:
        return f"{ms:.0f} ms"
    return f"{ms / 1000:.1f} s" if ms < 60_000 else words.duration(int(ms) * 1000)


def _moment(text: str, calendar: Calendar) -> str:
    """An instant of JSON in the report's zone, to the minute; as it is where it is none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return words.clean(text)
    at = int(moment.astimezone(timezone.utc).timestamp()) * SECOND_US
    return f"{calendar.local(at):%Y-%m-%d %H:%M}"


_WRITERS: dict[Unit, Callable[[Decimal], str]] = {
    Unit.MONEY: lambda value: signed_money(int(value * NANO)),
    Unit.FINE_MONEY: lambda value: words.fine_money(int(value * NANO)),
    Unit.SHARE: lambda value: words.percent(float(value)),
    Unit.COST_SHARE: lambda value: words.percent(float(value)),
    Unit.MS: lambda value: milliseconds(float(value)),
    Unit.SECONDS: lambda value: words.duration(int(value) * SECOND_US),
    Unit.BYTES: lambda value: words.size(int(value)),
}
