"""How DuckDB writes it."""

from __future__ import annotations


class DuckDialect:
    """See tokentide.store.team.dialect.Dialect. One file holds everything, each row and each total once."""

    def first(self, column: str, order: str) -> str:
        """The text that is not empty, of the row where `order` and then the id are least."""
        return f"COALESCE(arg_min({column}, ({order}, id)) FILTER (WHERE {column} <> ''), '')"

    def distinct(self, column: str) -> str:
        """How many different values."""
        return f"COUNT(DISTINCT {column})"

    def bits(self, number: str) -> str:
        """Which numbers there are."""
        return f"bit_or(CAST(1 AS BIGINT) << CAST({number} AS BIGINT))"

    def whole(self, dividend: str, divisor: str) -> str:
        """The whole quotient."""
        return f"({dividend} // {divisor})"

    def unique(self, table: str, condition: str) -> str:
        """Rows are told apart when they are put in."""
        return f"(SELECT * FROM {table} WHERE {condition}) AS u"

    def rows(self, table: str) -> str:
        """The table."""
        return table

    def everywhere(self, table: str) -> str:
        """The table."""
        return table

    def current(self, table: str, condition: str) -> str:  # noqa: ARG002 -- others keep older totals
        """Older totals are deleted."""
        return ""
