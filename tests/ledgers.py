"""Looks into ledgers from outside: what they hold, row by row, and whether their totals agree with it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from pathlib import Path

from tokentide.model.batch import Batch
from tokentide.model.merging import Portion, moved
from tokentide.pricing.book import PriceBook
from tokentide.settings import Settings
from tokentide.store.sqlite.ledger import Ledger
from tokentide.store.sqlite.rows import PLACE_COLUMNS, RECORD_COLUMNS, place_of, record_of
from tokentide.sync.engine import Synced, Synchroniser

BOOK = PriceBook(cache_path=None, data_path=None)
"""The prices of the installed package, kept nowhere."""
assert BOOK.source  # looks at the price data once, not in every synchronisation
OWN_NUMBERS = ("place",)
"""Columns that number rows within one ledger and mean nothing outside."""

Value = str | int | None
Row = dict[str, Value]
Totals = dict[tuple[str, str, str], tuple[int, ...]]
"""By model, UTC day and project: responses and the five token counters."""

COUNTERS = (
    "input_tokens",
    "output_tokens",
    "cache_creation_5m_tokens",
    "cache_creation_1h_tokens",
    "cache_read_tokens",
)


def sync(ledger: Ledger, home: Path, *, rebuild: bool = False, book: PriceBook = BOOK) -> Synced:
    """Bring a home's transcripts into a ledger."""
    return Synchroniser(Settings(), {"HOME": str(home)}, book).sync(ledger, rebuild=rebuild)


def synced(home: Path) -> Ledger:
    """A new ledger in memory with all that a home's transcripts say."""
    ledger = Ledger.open(":memory:")
    sync(ledger, home)
    return ledger


def ask(ledger: Ledger, statement: str) -> list[tuple[Value, ...]]:
    """The rows of a statement."""
    return ledger._connection.execute(statement).fetchall()


def records_in(ledger: Ledger, without: Collection[str] = ()) -> list[Row]:
    """Every response with its place, by identity; the columns in `without` left out."""
    columns = [f"r.{name}" for name in RECORD_COLUMNS.split(", ") if name not in OWN_NUMBERS]
    columns += ["r.list_cost", *(f"s.{name}" for name in PLACE_COLUMNS.split(", "))]
    rows = ask(
        ledger, f"SELECT {', '.join(columns)} FROM records r JOIN places s ON s.id = r.place ORDER BY r.identity"
    )
    names = [column[2:] for column in columns]
    return [{n: v for n, v in zip(names, row, strict=True) if n not in without} for row in rows]


def totals_in(ledger: Ledger) -> Totals:
    """Responses and tokens by model, UTC day and project, added up from the responses themselves."""
    sums: dict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0] * (len(COUNTERS) + 1))
    for row in records_in(ledger):
        total = sums[str(row["model"]), str(int(row["at"] or 0) // 86_400_000_000), str(row["project"])]
        for index, value in enumerate((1, *(int(row[name] or 0) for name in COUNTERS))):
            total[index] += value
    return {key: tuple(total) for key, total in sums.items()}


def files_in(ledger: Ledger) -> list[Row]:
    """What is known of every file that does not depend on the machine's clock or disk."""
    columns = "path, offset, lines, opened_at, usage_lines, ignored_lines, problem_lines"
    return [dict(zip(columns.split(", "), row, strict=True)) for row in ask(ledger, f"SELECT {columns} FROM files")]


def titles_in(ledger: Ledger) -> list[tuple[Value, ...]]:
    """The names of the sessions."""
    return ask(ledger, "SELECT session_id, rank, title FROM titles ORDER BY 1")


def problems_in(ledger: Ledger) -> list[tuple[Value, ...]]:
    """The lines that could not be read."""
    return ask(ledger, "SELECT path, line, reason FROM problems ORDER BY 1, 2")


ROLLUP_FROM_RECORDS = """
    SELECT at / 900000000 * 900000000, place, model, speed, COUNT(*), SUM(input_tokens), SUM(output_tokens),
           SUM(cache_creation_5m_tokens), SUM(cache_creation_1h_tokens), SUM(cache_read_tokens),
           SUM(web_search_requests),
           SUM(CASE WHEN reported_cost IS NOT NULL THEN reported_cost WHEN list_cost IS NOT NULL THEN list_cost ELSE 0 END),
           SUM(CASE WHEN list_cost IS NOT NULL THEN list_cost ELSE 0 END),
           SUM(CASE WHEN reported_cost IS NOT NULL THEN reported_cost ELSE 0 END),
           COUNT(CASE WHEN reported_cost IS NULL AND list_cost IS NULL THEN 1 END),
           COUNT(CASE WHEN list_cost IS NULL THEN 1 END),
           COUNT(CASE WHEN reported_cost IS NULL THEN 1 END),
           COUNT(CASE WHEN output_is_final = 0 THEN 1 END), MIN(at), MAX(at)
    FROM records GROUP BY 1, 2, 3, 4
"""
"""The rollup as its definition has it, written apart from the product's own statement."""


def rollup_columns() -> str:
    """The columns of the rollup, in the order of `ROLLUP_FROM_RECORDS`."""
    return (
        "quarter, place, model, speed, responses, input_tokens, output_tokens, cache_creation_5m_tokens, "
        "cache_creation_1h_tokens, cache_read_tokens, web_search_requests, auto_cost, calculate_cost, display_cost, "
        "auto_unpriced, calculate_unpriced, display_unpriced, lower_bound_responses, first_at, last_at"
    )


def assert_rollup_is_true(ledger: Ledger) -> None:
    """The rollup is what adding up the responses gives, row by row."""
    kept = sorted(ask(ledger, f"SELECT {rollup_columns()} FROM rollup"), key=repr)
    assert kept == sorted(ask(ledger, ROLLUP_FROM_RECORDS), key=repr)


def assert_costs_are_true(ledger: Ledger, book: PriceBook = BOOK) -> None:
    """Every response's cost is what the price book says now."""
    rows = ask(ledger, f"SELECT list_cost, {RECORD_COLUMNS} FROM records")
    assert [row[0] for row in rows] == [book.cost_nano_usd(record_of(row[1:])) for row in rows]


def batch_of(ledger: Ledger) -> Batch:
    """A whole ledger as one batch, to be put into another."""
    places = {int(row[0] or 0): place_of(row[1:]) for row in ask(ledger, f"SELECT id, {PLACE_COLUMNS} FROM places")}
    index = {number: position for position, number in enumerate(places)}
    records = [record_of(row) for row in ask(ledger, f"SELECT {RECORD_COLUMNS} FROM records")]
    return Batch(places=list(places.values()), records=[moved(record, index[record.place]) for record in records])


def ledger_from(batches: Sequence[Sequence[Batch]]) -> Ledger:
    """A ledger in memory that took these batches, one portion after the other."""
    ledger = Ledger.open(":memory:")
    for portion in batches:
        take(ledger, portion)
    return ledger


def take(ledger: Ledger, batches: Sequence[Batch], book: PriceBook = BOOK) -> None:
    """Put batches into a ledger in one go."""
    portion = Portion()
    for batch in batches:
        portion.add(batch)
    with ledger.intake(book.cost_nano_usd) as intake:
        intake.take(portion)
