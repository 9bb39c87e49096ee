"""The figures of a comparison and its causes in words: one list for screen, CSV and JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction

from tokentide.analytics.calendar import Calendar
from tokentide.analytics.compare.causes import CACHE, LIST_PRICE, MIX, PICO_PER_NANO, SIZE, SURCHARGE, VOLUME
from tokentide.analytics.compare.report import Comparison
from tokentide.analytics.compare.sides import ModelUse, Side
from tokentide.render import words
from tokentide.render.what_if_words import change, percent_change

TOP = 5
"""Models that are listed."""
SHORT = 12
"""Cells of the longest name above a column."""
NOTHING_AT_ALL = (
    "the ledger is empty: `tokentide doctor` tells where it looked, `tokentide demo compare` shows this on sample data"
)
NOTHING = "-"
"""Where a side has nothing to reckon a figure from."""
Number = int | float | None


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure of both sides."""

    name: str
    """In JSON and CSV."""
    title: str
    value: Callable[[Side], Number]
    """Money in nano-USD, shares 0 to 1."""
    unit: str = ""
    """`usd`; `rate` for money of which fractions of a cent matter; `share`; or empty for a count."""
    less_is_better: bool | None = None
    """None where neither is."""


MEASURES = (
    Measure("cost_usd", "Cost", lambda side: side.sums.cost, "usd", less_is_better=True),
    Measure("cost_per_active_day_usd", "Cost a day with use", lambda side: side.cost_a_day, "usd", less_is_better=True),
    Measure("cost_per_response_usd", "Cost a response", lambda side: side.cost_a_response, "rate", less_is_better=True),
    Measure("active_days", "Days with use", lambda side: side.active_days),
    Measure("sessions", "Sessions", lambda side: side.sessions),
    Measure("responses", "Responses", lambda side: side.sums.responses),
    Measure("tokens_per_response", "Tokens a response", lambda side: side.tokens_a_response),
    Measure("input_tokens", "Input", lambda side: side.sums.input_tokens),
    Measure("output_tokens", "Output", lambda side: side.sums.output_tokens),
    Measure("cache_creation_5m_tokens", "Cache write, 5 min", lambda side: side.sums.cache_creation_5m_tokens),
    Measure("cache_creation_1h_tokens", "Cache write, 1 h", lambda side: side.sums.cache_creation_1h_tokens),
    Measure("cache_read_tokens", "Cache read", lambda side: side.sums.cache_read_tokens),
    Measure("total_tokens", "Total tokens", lambda side: side.sums.total_tokens),
    Measure("cache_hit_share", "Read from cache", lambda side: side.cache_hit_share, "share", less_is_better=False),
)
CAUSE_TITLES = {
    VOLUME: "number of responses",
    SIZE: "their length",
    MIX: "models",
    CACHE: "cache hits",
    LIST_PRICE: "list prices",
    SURCHARGE: "speed, batch, tiers",
}
PART_TITLES = {0: "input", 1: "output", 2: "5 min write", 3: "1 h write", 4: "cache read", 5: "search"}
"""The parts of sides.PARTS."""
PICO_PER_TOKEN = 1_000_000
"""1 USD a million tokens is a million pico-USD a token."""


def shown(measure: Measure, value: Number, *, is_short: bool = False) -> str:
    """A figure as people read it; `is_short` rounds large counts."""
    if value is None:
        return NOTHING
    if measure.unit == "usd":
        return words.money(int(value))
    if measure.unit == "rate":
        return words.fine_money(float(value))
    return f"{100 * value:.1f} %" if measure.unit == "share" else _count(int(value), is_short=is_short)


def _count(count: int, *, is_short: bool) -> str:
    return words.short_tokens(count) if is_short else words.tokens(count)


def shown_difference(measure: Measure, one: Number, other: Number, *, is_short: bool = False) -> str:
    """What the second side has more, with its sign."""
    if one is None or other is None:
        return ""
    if measure.unit == "usd":
        return change(int(other - one))
    if measure.unit == "rate":
        return f"{'-' if other < one else '+' if other > one else ''}{words.fine_money(float(abs(other - one)))}"
    if measure.unit == "share":
        return f"{100 * (other - one):{'+' if other != one else ''}.1f} points"
    sign = "-" if other < one else "+" if other > one else ""
    return sign + _count(int(abs(other - one)), is_short=is_short)


def shown_percent(measure: Measure, one: Number, other: Number) -> str:
    """The difference in percent of the first side; none of a share, whose difference is in points."""
    if one is None or other is None or one == other or measure.unit == "share":
        return ""
    return percent_change(int(other - one), int(one))


def style_of(measure: Measure, one: Number, other: Number) -> str:
    """Green where it is better, red where it is worse."""
    if measure.less_is_better is None or one is None or other is None or one == other:
        return ""
    return "green" if (other < one) == measure.less_is_better else "red"


def cause_fact(cause: str, report: Comparison) -> str:
    """What a cause rests on, in a few words; empty where there is nothing to tell."""
    one, other = report.one, report.other
    facts: dict[str, Callable[[], str]] = {
        VOLUME: lambda: f"{one.priced_responses:,} to {other.priced_responses:,}",
        SIZE: lambda: _both(_length(one), _length(other), "{} to {}"),
        MIX: lambda: _most_moved(one, other),
        CACHE: lambda: _both(_percent(one), _percent(other), "{:.1f} to {:.1f} % of prompts read"),
        LIST_PRICE: lambda: _dearest_move(one, other),
        SURCHARGE: lambda: _both(_extra(one), _extra(other), "{} to {} beyond list price"),
    }
    return facts[cause]() if cause in facts else ""


def _length(side: Side) -> str | None:
    """A response's prompt and output."""
    if not side.sums.responses:
        return None
    sent, written = (
        words.short_tokens(round(tokens / side.sums.responses))
        for tokens in (side.prompt_tokens, side.sums.output_tokens)
    )
    return f"{sent} in, {written} out"


def _percent(side: Side) -> float | None:
    return None if side.cache_hit_share is None else 100 * side.cache_hit_share


def _extra(side: Side) -> str | None:
    """What was asked beyond the plain prices; None for nothing."""
    pico = sum(sum(use.extra_costs) for use in side.models.values())
    return change(round(pico / PICO_PER_NANO)) if pico else None


def _dearest_move(one: Side, other: Side) -> str:
    """The price whose change matters most, in USD a million tokens."""
    moves: list[tuple[Fraction, str]] = []
    for model in sorted({*one.models} & {*other.models}):
        for part, name in PART_TITLES.items():
            before, after = (_rate(side.models[model], part) for side in (one, other))
            if before is not None and after is not None and before != after:
                weight = abs(after - before) * other.models[model].counts[part]
                moves.append((weight, f"{words.model_name(model)}, {name}: {_usd(before)} to {_usd(after)}"))
    return max(moves)[1] if moves else ""


def _rate(use: ModelUse, part: int) -> Fraction | None:
    return Fraction(use.list_costs[part], use.counts[part]) if use.counts[part] else None


def _usd(pico: Fraction) -> str:
    """Pico-USD a token as USD a million tokens."""
    return f"${float(pico / PICO_PER_TOKEN):.3g}"


def _both(one: Number | str, other: Number | str, text: str) -> str:
    return "" if one is None or other is None else text.format(one, other)


def _most_moved(one: Side, other: Side) -> str:
    """The model whose share of the tokens changed most."""
    shares = [_token_shares(side) for side in (one, other)]
    models = sorted({*shares[0], *shares[1]})
    if len(models) < 2 or not all(shares):
        return ""
    moved = max(models, key=lambda model: abs(shares[1].get(model, 0.0) - shares[0].get(model, 0.0)))
    before, after = (100 * share.get(moved, 0.0) for share in shares)
    return f"{words.model_name(moved)} {before:.0f} to {after:.0f} % of tokens"


def _token_shares(side: Side) -> dict[str, float]:
    total = sum(use.sums.total_tokens for use in side.models.values())
    return {model: use.sums.total_tokens / total for model, use in side.models.items()} if total else {}


def heads(report: Comparison, calendar: Calendar) -> Iterator[str]:
    """Which stretch each side is."""
    for letter, side in (("A", report.one), ("B", report.other)):
        name, stretch = words.clean(side.operand.text), _stretch(side, report.generated_at, calendar)
        is_told = stretch.startswith(name.partition("..")[0])
        yield "  ".join((letter, stretch) if is_told else filter(None, (letter, name, stretch)))


def _stretch(side: Side, now: int, calendar: Calendar) -> str:
    """The days of a period, as far as its name does not tell them."""
    days, end = side.operand.days, side.operand.end
    if days is None:
        return ""
    is_open = calendar.start_of(days.last + timedelta(days=1)) > now
    if is_open and end >= now:
        return f"{days.first} until now"
    if side.operand.is_cut:
        return f"{days.first} until {calendar.local(end):%Y-%m-%d %H:%M}, the same part"
    span = f"{days.first}..{days.last}"
    return "" if side.operand.text in (span, str(days.first)) else f"{days.first} to {days.last}"


def short_names(report: Comparison) -> tuple[str, str]:
    """What stands above the columns: what was typed where it is short."""
    one, other = (words.clean(side.operand.text) for side in (report.one, report.other))
    return (one, other) if max(len(one), len(other)) <= SHORT else ("A", "B")


def model_rows(report: Comparison) -> list[tuple[str, str, str, str, str]]:
    """What the dearest models of either side cost."""
    dearest = {name for side in (report.one, report.other) for name, _ in side.top_models(TOP)}
    measure = MEASURES[0]
    rows = []
    for name in dearest:
        one, other = (side.models[name].sums.cost if name in side.models else 0 for side in (report.one, report.other))
        rows.append((one + other, name, one, other))
    return [
        (
            f"  {words.model_name(name)}",
            words.money(one),
            words.money(other),
            shown_difference(measure, one, other),
            shown_percent(measure, one, other),
        )
        for _, name, one, other in sorted(rows, key=lambda row: (-row[0], row[1]))[:TOP]
    ]


def why(report: Comparison) -> str:
    """By how much the second side costs more or less."""
    if not report.difference:
        return "Both cost the same; what changed nevertheless"
    word = "more" if report.difference > 0 else "less"
    return f"Why B costs {words.money(abs(report.difference))} {word}"


def notes(report: Comparison) -> Iterator[str]:
    """What the figures leave out, and what to do where a side is empty."""
    for side in (report.one, report.other):
        name = words.clean(side.operand.text)
        if not side.sums.responses:
            there = f"there is some from {report.known[0]} to {report.known[1]}" if report.known else NOTHING_AT_ALL
            yield f"{name}: no usage; {there}"
        if side.unpriced:
            models = ", ".join(words.clean(model) for model in sorted(side.unpriced))
            yield (
                f"{name}: {words.plural(side.sums.unpriced_responses, 'response')} without a price ({models}) cost "
                "nothing here and are in no cause: see `tokentide prices`, or set one in the settings"
            )
