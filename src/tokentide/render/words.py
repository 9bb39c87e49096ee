"""Numbers, money, time and names as people read them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from tokentide.clock import DAY_US, HOUR_US, MINUTE_US, SECOND_US

if TYPE_CHECKING:
    from tokentide.store.query import CostMode, Sums

NANO_PER_CENT = 10_000_000
NO_PRICE = "no price"
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_DATE_SUFFIX = re.compile(r"-(20\d{6})$")
_BYTE_UNITS = {"K": "kB", "M": "MB", "B": "GB", "T": "TB"}
_UNITS = ((10**12, "T"), (10**9, "B"), (10**6, "M"), (10**3, "K"))


_writers: list[Callable[[int, int | None], str]] = []
"""Asked first how nano-USD are written, with so many decimals or the usual; none where only USD is ever shown."""


def let_write_money(writer: Callable[[int, int | None], str]) -> None:
    """Have amounts written by somebody else, where that one answers with anything."""
    _writers.append(writer)


def clean(text: str) -> str:
    """Text from data without characters that steer a terminal or turn its direction."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


def tokens(count: int) -> str:
    """A count with separators: 1,234,567."""
    return f"{count:,}"


def short_tokens(count: int) -> str:
    """A count in three digits: 1.23M."""
    for size, unit in _UNITS:
        value = count / size
        if value >= 0.9995:
            return f"{value:.{2 if value < 9.995 else 1 if value < 99.95 else 0}f}{unit}"
    return str(count)


def size(count: int) -> str:
    """Bytes in three digits: 1.23 kB."""
    return f"{short_tokens(count).rstrip('KMBT')} {_BYTE_UNITS.get(short_tokens(count)[-1:], 'B')}"


def money(nano: int) -> str:
    """Nano-USD in dollars and cents, rounded half to even; an amount too small for that is not shown as nothing.

    In another currency where one is shown: see `currency.showing`.
    """
    text = _written(nano)
    if text:
        return text
    cents, rest = divmod(nano, NANO_PER_CENT)
    cents += rest * 2 > NANO_PER_CENT or (rest * 2 == NANO_PER_CENT and cents % 2 == 1)
    if cents == 0 and nano > 0:
        return "<$0.01"
    return f"${cents // 100:,}.{cents % 100:02}"


def fine_money(nano: float) -> str:
    """Nano-USD with four decimals, for what one response costs: $0.0333."""
    return _written(round(nano), 4) or f"${nano / 10**9:.4f}"


def _written(nano: int, digits: int | None = None) -> str:
    return next(filter(None, (writer(nano, digits) for writer in _writers)), "")


def percent(share: float) -> str:
    """A share of 0 to 1 with one decimal: 38.3 %; one that is not zero is not shown as zero."""
    return "<0.1 %" if 0 < share < 0.0005 else f"{100 * share:.1f} %"


def cost(sums: Sums) -> str:
    """The cost of some usage; says where a part or all of it has no price."""
    if sums.unpriced_responses == 0:
        return money(sums.cost)
    return f"{money(sums.cost)} + ?" if sums.has_cost else NO_PRICE


def reckoned(sums: Sums, nano: int) -> str:
    """Money that follows from some usage, such as a rate; a question mark where a part or all of it has no price."""
    if not sums.has_cost:
        return "?"
    return f"{money(nano)}{' + ?' if sums.unpriced_responses else ''}"


def hourly(sums: Sums, nano_per_hour: int) -> str:
    """A rate, such as $7.41 an hour, of some usage; see `reckoned`."""
    return f"{reckoned(sums, nano_per_hour)} an hour"


def cost_basis(mode: CostMode) -> str:
    """What costs are, in two words; what a client reports is at list price as well."""
    return "as reported" if mode.value == "display" else "list price"


def cost_basis_note(mode: CostMode) -> str:
    """The same for whoever takes costs for a bill."""
    return f"Costs: {cost_basis(mode)}, not a bill. A subscription costs its fee, whatever is used."


def output(sums: Sums) -> str:
    """The output tokens; `≥` where some of the counts are lower bounds."""
    return ("≥" if sums.lower_bound_responses else "") + tokens(sums.output_tokens)


def duration(us: int) -> str:
    """A stretch of time in its two largest units: 2 h 05 min."""
    if us >= DAY_US:
        return f"{us // DAY_US} d {us % DAY_US // HOUR_US} h"
    if us >= HOUR_US:
        return f"{us // HOUR_US} h {us % HOUR_US // MINUTE_US:02} min"
    return f"{us // MINUTE_US} min" if us >= MINUTE_US else f"{max(us, 0) // SECOND_US} s"


def ago(us: int) -> str:
    """How long ago something was; nothing lies ahead."""
    return "just now" if us < MINUTE_US else f"{duration(us)} ago"


def model_name(model: str) -> str:
    """A model without its vendor and date: opus-4-8; one that is named by a number alone keeps the vendor."""
    name = _DATE_SUFFIX.sub("", model)
    rest = name.removeprefix("claude-")
    return clean(rest if any(map(str.isalpha, rest)) else name)


def project_name(path: str) -> str:
    """The last part of a folder; the whole text where there is none."""
    return clean(re.split(r"[/\\]", path.rstrip("/\\"))[-1] or path) or "(unknown)"


def project_names(paths: Iterable[str]) -> dict[str, str]:
    """A short name for each folder: its last part, with as many parts before it as tell it from the others."""
    every = list(dict.fromkeys(paths))
    names = dict(zip(every, map(project_name, every), strict=True))
    for parts in (2, 3):
        taken = Counter(names.values())
        for path in every:
            if taken[names[path]] > 1:
                names[path] = clean("/".join(re.split(r"[/\\]", path.rstrip("/\\"))[-parts:])) or names[path]
    return names


def plural(count: int, noun: str) -> str:
    """1 line, 2 lines."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def times(count: int) -> str:
    """Once, 2 times."""
    return "once" if count == 1 else plural(count, "time")
