"""The derived parts of the ledger: totals by quarter hour, and costs at the present prices."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable

from tokentide.clock import QUARTER_US
from tokentide.model.usage import UsageRecord
from tokentide.store.sqlite.rows import RECORD_COLUMNS, record_of

Price = Callable[[UsageRecord], int | None]
"""Gives a record's list cost in nano-USD, None where no price is known."""

ALL_AT_ONCE = 500
"""From so many changed quarter hours on, the whole rollup is made anew."""

_FILL = f"""
INSERT INTO rollup
SELECT at - at % {QUARTER_US}, place, model, speed, COUNT(*),
       SUM(input_tokens), SUM(output_tokens), SUM(cache_creation_5m_tokens), SUM(cache_creation_1h_tokens),
       SUM(cache_read_tokens), SUM(web_search_requests),
       SUM(COALESCE(reported_cost, list_cost, 0)), SUM(COALESCE(list_cost, 0)), SUM(COALESCE(reported_cost, 0)),
       SUM(reported_cost IS NULL AND list_cost IS NULL), SUM(list_cost IS NULL), SUM(reported_cost IS NULL),
       SUM(NOT output_is_final), MIN(at), MAX(at)
FROM records
"""


def refresh_rollup(connection: sqlite3.Connection, quarters: Iterable[int]) -> None:
    """Make the totals of these quarter hours agree with the records, inside the caller's transaction."""
    changed = sorted(set(quarters))
    if len(changed) >= ALL_AT_ONCE:
        rebuild_rollup(connection)
        return
    for quarter in changed:
        connection.execute("DELETE FROM rollup WHERE quarter = ?", (quarter,))
        connection.execute(f"{_FILL} WHERE at >= ? AND at < ? GROUP BY 1, 2, 3, 4", (quarter, quarter + QUARTER_US))


def rebuild_rollup(connection: sqlite3.Connection) -> None:
    """Make all totals anew from the records, inside the caller's transaction."""
    connection.execute("DELETE FROM rollup")
    connection.execute(f"{_FILL} GROUP BY 1, 2, 3, 4")


def reprice(connection: sqlite3.Connection, price: Price) -> None:
    """Reckon every cost anew, and the totals with them, inside the caller's transaction."""
    rows = connection.execute(f"SELECT id, list_cost, {RECORD_COLUMNS} FROM records").fetchall()
    costs = ((price(record_of(row[2:])), row[1], row[0]) for row in rows)
    connection.executemany(
        "UPDATE records SET list_cost = ? WHERE id = ?", [(new, key) for new, old, key in costs if new != old]
    )
    rebuild_rollup(connection)
