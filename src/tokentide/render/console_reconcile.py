"""The vendor's bill beside our records: as a table with its explanation, as Markdown, CSV and JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.text import Text

from tokentide.analytics.reconcile import (
    ELSEWHERE,
    EXECUTION,
    NOT_SEEN,
    OTHER,
    PARTS,
    PRICE,
    SEARCHES,
    UNEXPLAINED,
    UNPRICED,
    ReconcileRow,
    Reconciliation,
    summed,
)
from tokentide.render import words
from tokentide.render.console_columns import signed_money
from tokentide.render.csv_text import csv_lines, safe
from tokentide.render.json_text import Json, dumps, usd
from tokentide.render.markdown import markdown_table
from tokentide.render.report_json import head_json, instant
from tokentide.render.table import distinct_width, plain_strip, print_strips

EXPLANATIONS = {
    UNPRICED: "responses without a price here: see `tokentide prices`",
    NOT_SEEN: "usage that this ledger never saw: other machines, other programs",
    ELSEWHERE: "usage here that is not on this bill: subscriptions, other organisations",
    PRICE: "the same tokens at another price: discounts, batch, priority",
    SEARCHES: "web searches",
    EXECUTION: "code execution",
    OTHER: "other things that are billed",
    UNEXPLAINED: "not explained",
}


@dataclass(frozen=True, slots=True)
class ReconcileColumn:
    """One column; its title and place are those of render.columns.Heading."""

    title: str
    text: Callable[[ReconcileRow], str]
    importance: int
    is_number: bool = True
    style: str = ""
    shrinks: bool = False


def reconcile_columns(by: str) -> list[ReconcileColumn]:
    """The columns of the comparison by `day` or by `model`."""
    key = ReconcileColumn(by.capitalize(), _key, 9, is_number=False, style="bold", shrinks=by == "model")
    return [
        key,
        ReconcileColumn("Their tokens", lambda row: words.tokens(row.vendor_tokens), 4),
        ReconcileColumn("Our tokens", lambda row: words.tokens(row.our_tokens), 3),
        ReconcileColumn("Billed", lambda row: signed_money(row.vendor_cost), 8, style="green"),
        ReconcileColumn("List price here", _list_price, 7, style="green"),
        ReconcileColumn("Difference", lambda row: signed_money(row.difference), 9, style="bold"),
    ]


def print_reconciliation(console: Console, report: Reconciliation, by: str, width: int | None) -> tuple[str, ...]:
    """Print the comparison and where the difference comes from; returns the columns that had no room."""
    rows, (total,) = summed(report.rows, by), summed(report.rows, "") or (_NOTHING,)
    strips = [
        plain_strip(
            column, [column.text(row) for row in rows], column.text(total) if column.is_number or not number else ""
        )
        for number, column in enumerate(reconcile_columns(by))
    ]
    strips[0].footer, strips[0].least = "Total", distinct_width(strips[0].cells)
    dropped = print_strips(console, strips, [""] * len(rows), width, totals=len(rows) > 1)
    console.print(Text(f"\nThe bill is {_comparison(total)}", style="bold"), soft_wrap=True)
    amounts = {part: signed_money(amount) for part, amount in total.parts.items()}
    room = max(map(len, amounts.values()), default=0)
    for part, amount in amounts.items():
        console.print(Text(f"  {amount:>{room}}  {EXPLANATIONS[part]}"), soft_wrap=True)
    return dropped


def reconciliation_markdown(report: Reconciliation, by: str) -> str:
    """Two tables: the comparison, and where the difference comes from."""
    columns = reconcile_columns(by)
    rows, (total,) = summed(report.rows, by), summed(report.rows, "") or (_NOTHING,)
    lines = [[column.text(row) for column in columns] for row in rows]
    totals = ["Total", *(column.text(total) for column in columns[1:])]
    heads = [
        ReconcileColumn("Difference", _key, 9),
        ReconcileColumn("Where it comes from", _key, 9, is_number=False),
    ]
    parts = [[signed_money(amount), EXPLANATIONS[part]] for part, amount in total.parts.items()]
    return f"{markdown_table(columns, lines, totals)}\n\n{markdown_table(heads, parts)}"


def reconciliation_json(report: Reconciliation, faults: Sequence[str] = ()) -> str:
    """One JSON object of format 1: a row a day and model; the parts of a row add up to its difference."""
    total = next(iter(summed(report.rows, "")), _NOTHING)
    return dumps(
        {
            **head_json("reconcile", report.generated_at),
            "organization": report.organization,
            "since": report.since,
            "until": report.until,
            "days": report.days,
            "days_left_out": report.days_left_out,
            "fetched_at": instant(report.fetched_at) if report.fetched_at else None,
            "rows": [{"day": row.day, "model": row.model or None, **_figures(row)} for row in report.rows],
            "totals": _figures(total),
            "faults": list(faults),
        }
    )


def reconciliation_csv(report: Reconciliation) -> str:
    """A line a day and model, with the names of the JSON."""
    lines = ([row.day, safe(row.model), *map(dumps, _flat(row).values())] for row in report.rows)
    return csv_lines(["day", "model", *_flat(_NOTHING)], lines)


def _figures(row: ReconcileRow) -> dict[str, Json]:
    parts: Mapping[str, Json] = {part: usd(row.parts.get(part, 0)) for part in PARTS}
    return {
        "vendor_tokens": row.vendor_tokens,
        "our_tokens": row.our_tokens,
        "vendor_cost_usd": usd(row.vendor_cost),
        "our_cost_usd": usd(row.our_cost),
        "difference_usd": usd(row.difference),
        "unpriced_responses": row.unpriced_responses,
        "parts_usd": parts,
    }


def _flat(row: ReconcileRow) -> dict[str, Json]:
    """The figures without nesting."""
    figures = _figures(row)
    del figures["parts_usd"]
    return figures | {f"{part}_usd": usd(row.parts.get(part, 0)) for part in PARTS}


def _key(row: ReconcileRow) -> str:
    return words.clean(row.day or row.model) or "(no model)"


def _list_price(row: ReconcileRow) -> str:
    """Our side; says where a part or all of it has no price."""
    if not row.unpriced_responses:
        return signed_money(row.our_cost)
    return f"{signed_money(row.our_cost)} + ?" if row.our_cost else words.NO_PRICE


def _comparison(total: ReconcileRow) -> str:
    if total.difference == 0:
        return "what the list price of our records is."
    more = "higher" if total.difference > 0 else "lower"
    return f"{words.money(abs(total.difference))} {more} than the list price of our records:"


_NOTHING = ReconcileRow("", "", 0, 0, 0, 0, {})
