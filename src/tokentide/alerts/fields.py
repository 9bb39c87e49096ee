"""Values in the rule file: what each key takes, and what is said of one that it does not take."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TypeVar

from tokentide.clock import MINUTE_US
from tokentide.errors import SettingsError
from tokentide.model.alerts import PERIODS, RULE_KINDS, SEVERITIES
from tokentide.model.prices import HIGHEST_USD
from tokentide.settings import WEEKDAYS

HIGHEST_PERCENT = 1000
MOST_VALUES = 100
"""Of a list."""
MOST_TEXT = 2000
"""Characters of a text: addresses may be long."""
LONGEST_TIMEOUT_SECONDS = 60
_NANO = 10**9
_SPAN = re.compile(r"([01]?\d|2[0-4]):([0-5]\d)\s*[-–]\s*([01]?\d|2[0-4]):([0-5]\d)")
_DAY_MINUTES = 24 * 60

Where = tuple[str, str]
"""The file, and the key in it."""
_T = TypeVar("_T")


def known(where: Where, name: str, table: Mapping[str, _T]) -> _T:
    """The entry of that name. Raises SettingsError naming the nearest one."""
    if name in table:
        return table[name]
    import difflib

    near = difflib.get_close_matches(name, table, n=1)
    hint = f"; did you mean {near[0]}?" if near else f"; known are {', '.join(table)}"
    raise SettingsError(*where, f"unknown key{hint}")


def text(where: Where, value: object) -> str:
    """Text that is not empty, and holds no control characters."""
    if not isinstance(value, str) or not value.strip() or len(value) > MOST_TEXT or not value.isprintable():
        raise SettingsError(*where, "must be text in quotes, on one line")
    return value


def flag(where: Where, value: object) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise SettingsError(*where, "must be true or false")
    return value


def one_of(choices: tuple[str, ...]) -> Callable[[Where, object], str]:
    """A parser for a word out of a few."""

    def parse(where: Where, value: object) -> str:
        word = value.lower() if isinstance(value, str) else value
        if word not in choices:
            import difflib

            near = difflib.get_close_matches(str(value), choices, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise SettingsError(*where, f"must be one of {', '.join(choices)}{hint}")
        return str(word)

    return parse


def words(where: Where, value: object) -> tuple[str, ...]:
    """A list of texts that is not empty."""
    if not isinstance(value, list) or not value or len(value) > MOST_VALUES:
        raise SettingsError(*where, 'must be a list of texts, such as ["notify.sh", "--loud"]')
    return tuple(text(where, item) for item in value)


def kinds(where: Where, value: object) -> tuple[str, ...]:
    """Kinds of rules."""
    return tuple(one_of(RULE_KINDS)(where, item) for item in words(where, value))


def percents(where: Where, value: object) -> tuple[float, ...]:
    """One percentage or several, ascending."""
    found = [_number(item) for item in (value if isinstance(value, list) else [value])]
    if not found or len(found) > MOST_VALUES or not all(0 < item <= HIGHEST_PERCENT for item in found):
        raise SettingsError(*where, f"must be percentages above 0, up to {HIGHEST_PERCENT}, such as [50, 80, 95]")
    return tuple(sorted(set(map(float, found))))


def odds(where: Where, value: object) -> float:
    """A probability."""
    number = _number(value)
    if not 0 < number <= 1:
        raise SettingsError(*where, "must be odds above 0, up to 1, such as 0.6")
    return float(number)


def amounts(where: Where, value: object) -> tuple[int, ...]:
    """One amount or several, as nano units of the currency, ascending."""
    found = [_number(item) for item in (value if isinstance(value, list) else [value])]
    if not found or len(found) > MOST_VALUES or not all(0 < item <= HIGHEST_USD for item in found):
        raise SettingsError(*where, "must be amounts above 0, such as 20 or [10, 20.5]")
    return tuple(sorted({max(int(item * _NANO), 1) for item in found}))


def amount(where: Where, value: object) -> int:
    """One amount, as nano units."""
    return amounts(where, value)[0]


def factor(where: Where, value: object) -> float:
    """How many times."""
    number = _number(value)
    if not 1 < number <= 1000:
        raise SettingsError(*where, "must be a number above 1, up to 1000")
    return float(number)


def minutes(where: Where, value: object) -> int:
    """A stretch of time given in minutes, µs."""
    number = _number(value)
    if not 1 <= number <= 7 * _DAY_MINUTES:
        raise SettingsError(*where, f"must be a number of minutes from 1 to {7 * _DAY_MINUTES}")
    return int(number * MINUTE_US)


def seconds(where: Where, value: object) -> float:
    """How long to wait."""
    number = _number(value)
    if not 0 < number <= LONGEST_TIMEOUT_SECONDS:
        raise SettingsError(*where, f"must be a number of seconds above 0, up to {LONGEST_TIMEOUT_SECONDS}")
    return float(number)


def spans(where: Where, value: object) -> tuple[tuple[int, int], ...]:
    """One span of the day or several, in minutes after midnight."""
    return tuple(_span(where, item) for item in (value if isinstance(value, list) else [value]))


def weekdays(where: Where, value: object) -> tuple[int, ...]:
    """Names of days, Monday is 0."""
    found = value if isinstance(value, list) else [value]
    return tuple(sorted({WEEKDAYS.index(one_of(WEEKDAYS)(where, item)) for item in found}))


def _span(where: Where, value: object) -> tuple[int, int]:
    match = _SPAN.fullmatch(value.strip()) if isinstance(value, str) else None
    hours = [int(part) for part in match.groups()] if match else []
    begin, end = (hours[0] * 60 + hours[1], hours[2] * 60 + hours[3]) if match else (0, 0)
    if begin == end or max(begin, end) > _DAY_MINUTES:
        raise SettingsError(*where, 'must be a span of the day such as "22:00-07:00", or a list of such')
    return begin, end


def _number(value: object) -> Decimal:
    """A number; below every bound for what is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        return Decimal(-1)
    number = Decimal(value)
    return number if number.is_finite() else Decimal(-1)


period = one_of(PERIODS)
severity = one_of(SEVERITIES)
