"""How ClickHouse writes it; the same text for 18.16 and for today's."""

from __future__ import annotations

from tokentide.store.team.tables import TELEMETRY

TWENTY_DIGITS = 10**19
"""Added to an instant, so that it sorts as text."""


class ClickHouseDialect:
    """See tokentide.store.team.dialect.Dialect. Rows may be there twice; totals come in generations."""

    def __init__(self, database: str, *, is_sharded: bool) -> None:
        self._database, self._is_sharded = database, is_sharded

    def first(self, column: str, order: str) -> str:
        """The text that is not empty, of the row where `order` and then the id are least."""
        place = f"concat(toString(toUInt64({order}) + toUInt64({TWENTY_DIGITS})), id)"
        return f"argMinIf({column}, {place}, {column} <> '')"

    def distinct(self, column: str) -> str:
        """How many different values."""
        return f"uniqExact({column})"

    def bits(self, number: str) -> str:
        """Which numbers there are."""
        return f"arraySum(groupUniqArray(toUInt64(exp2({number}))))"

    def whole(self, dividend: str, divisor: str) -> str:
        """The whole quotient."""
        return f"intDiv({dividend}, {divisor})"

    def unique(self, table: str, condition: str) -> str:
        """Of the rows of an id the one that was received first."""
        order = "ORDER BY received_at " if table in (self.rows(TELEMETRY.name), self.everywhere(TELEMETRY.name)) else ""
        return f"(SELECT * FROM {table} WHERE {condition} {order}LIMIT 1 BY tenant, id) AS u"

    def rows(self, table: str) -> str:
        """What the asked shard holds."""
        return f"{self._database}.{table}"

    def everywhere(self, table: str) -> str:
        """What all shards hold."""
        return f"{self._database}.{table}_all" if self._is_sharded else self.rows(table)

    def current(self, table: str, condition: str) -> str:
        """The newest generation of each quarter hour or day; its marker, which holds no total, is left out.

        The table asked within is the shard's own, since each shard reckons for itself, and only its markers, of which
        every generation has one for each of its times.
        """
        return (
            "is_marker = 0 AND (quarter, generation) IN (SELECT quarter, max(generation) "
            f"FROM {self.rows(table)} WHERE {condition} AND is_marker = 1 GROUP BY quarter)"
        )
