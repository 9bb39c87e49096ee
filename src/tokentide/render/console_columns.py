"""The columns of the organisation's reports: one list for tables, Markdown, CSV and JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from tokentide.analytics.console import SPEND, ConsoleReport, ConsoleRow
from tokentide.model.billing import CODE, COST, USAGE
from tokentide.render import words
from tokentide.render.json_text import Json, usd

NOTHING = "-"
"""Where the vendor does not tell, which is not 0."""
_TITLES = {
    "day": "Day",
    "hour": "Hour (UTC)",
    "month": "Month",
    "model": "Model",
    "workspace": "Workspace",
    "key": "API key",
    "user": "User",
    "tier": "Service tier",
    "description": "Description",
}


@dataclass(frozen=True, slots=True)
class ConsoleColumn:
    """One column; its title and place are those of render.columns.Heading."""

    title: str
    field: str
    """Its name in JSON and CSV."""
    value: Callable[[ConsoleRow], Json]
    """For machines; None where it is not told."""
    text: Callable[[ConsoleRow], str]
    """For people."""
    importance: int
    is_number: bool = True
    style: str = ""
    shrinks: bool = False


def console_columns(report: ConsoleReport) -> list[ConsoleColumn]:
    """The columns of a report, in order."""
    by = report.ask.by
    is_time = by in ("day", "hour", "month")
    name = ConsoleColumn(
        _TITLES[by], "name", lambda row: row.name, _name, 9, is_number=False, style="bold", shrinks=not is_time
    )
    return [name, *_COLUMNS[report.ask.report]]


def signed_money(nano: int) -> str:
    """Money that may be below nothing: a credit, or a difference."""
    return f"-{words.money(-nano)}" if nano < 0 else words.money(nano)


def percentage(value: Decimal) -> str:
    """A share in whole percent."""
    return f"{value.quantize(Decimal(1), ROUND_HALF_EVEN)} %"


def _name(row: ConsoleRow) -> str:
    return words.clean(row.name) or NOTHING


def _count(title: str, field: str, importance: int, measure: str = "", style: str = "") -> ConsoleColumn:
    """A column of counts."""

    def value(row: ConsoleRow) -> int | None:
        return row.measures.get(measure or field)

    return _number(title, field, value, importance, style)


def _number(
    title: str, field: str, value: Callable[[ConsoleRow], int | None], importance: int, style: str = ""
) -> ConsoleColumn:
    def text(row: ConsoleRow) -> str:
        count = value(row)
        return NOTHING if count is None else words.tokens(count)

    return ConsoleColumn(title, field, value, text, importance, style=style)


def _money(title: str, measure: str, importance: int) -> ConsoleColumn:
    """A column of money."""

    def value(row: ConsoleRow) -> Json:
        return usd(row.measures[measure]) if measure in row.measures else None

    def text(row: ConsoleRow) -> str:
        return signed_money(row.measures[measure]) if measure in row.measures else NOTHING

    return ConsoleColumn(title, f"{measure}_usd", value, text, importance, style="green")


def _written(row: ConsoleRow) -> int | None:
    """Cache writes of both lifetimes."""
    told = [
        row.measures[name] for name in ("cache_creation_5m_tokens", "cache_creation_1h_tokens") if name in row.measures
    ]
    return sum(told) if told else None


def _acceptance_value(row: ConsoleRow) -> Json:
    rate = row.acceptance
    return None if rate is None else round(Decimal(rate.numerator) / Decimal(rate.denominator), 4)


def _acceptance_text(row: ConsoleRow) -> str:
    rate = row.acceptance
    return NOTHING if rate is None else percentage(Decimal(100 * rate.numerator) / Decimal(rate.denominator))


_TOKENS = [
    _count("Input", "input_tokens", 4),
    _count("Output", "output_tokens", 6),
    _number("Cache write", "cache_write_tokens", _written, 2),
    _count("Cache read", "cache_read_tokens", 3),
    _number("Total", "total_tokens", lambda row: row.total_tokens, 8, "bold"),
]
_COLUMNS: dict[str, Sequence[ConsoleColumn]] = {
    SPEND: [*_TOKENS, _money("Cost", "cost", 9)],
    USAGE: [
        *_TOKENS,
        _count("Web searches", "web_search_requests", 1),
        _count("Requests", "requests", 0),
    ],
    COST: [_money("List price", "list_cost", 1), _money("Cost", "cost", 9)],
    CODE: [
        _count("Sessions", "sessions", 7),
        _count("Lines +", "lines_added", 6),
        _count("Lines -", "lines_removed", 5),
        _count("Commits", "commits", 4),
        _count("PRs", "pull_requests", 3),
        _count("Accepted", "accepted", 1, "accepted"),
        _count("Rejected", "rejected", 0, "rejected"),
        ConsoleColumn("Accept rate", "acceptance_rate", _acceptance_value, _acceptance_text, 8),
        _number("Tokens", "total_tokens", lambda row: row.total_tokens, 2),
        _money("Est. cost", "cost", 9),
    ],
}
