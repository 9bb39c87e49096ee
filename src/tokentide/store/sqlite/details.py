"""What happened around responses, in the ledger: traits, tool runs and marks.

Taking the same rows twice, or in another order, leaves the same ledger: of what two copies of a transcript tell, what
is known wins over what is not, the earlier instant, the larger count.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from tokentide.model.activity import Mark, ToolRun, Trait
from tokentide.model.files import FileState
from tokentide.store.sqlite.connection import Part, transaction, translated
from tokentide.store.sqlite.rows import FILE_COLUMNS, file_of, file_row, marks

_TRAIT_COLUMNS = ", ".join(Trait.__struct_fields__)
_RUN_COLUMNS = ", ".join(ToolRun.__struct_fields__)
_MARK_COLUMNS = ", ".join(Mark.__struct_fields__)


def _largest(columns: Iterable[str]) -> str:
    """Of numbers the larger, of texts the one that is not empty."""
    return ", ".join(f"{column} = MAX({column}, excluded.{column})" for column in columns)


def _earliest(column: str) -> str:
    """The earlier instant; 0 is none."""
    known, new = (
        f"COALESCE(NULLIF({column}, 0), excluded.{column})",
        f"COALESCE(NULLIF(excluded.{column}, 0), {column})",
    )
    return f"{column} = MIN({known}, {new})"


_TAKE_TRAIT = (
    f"INSERT INTO traits ({_TRAIT_COLUMNS}) VALUES ({marks(_TRAIT_COLUMNS)}) "
    f"ON CONFLICT (identity) DO UPDATE SET {_largest(Trait.__struct_fields__[1:])}"
)
_TAKE_RUN = (
    f"INSERT INTO tool_runs ({_RUN_COLUMNS}) VALUES ({marks(_RUN_COLUMNS)}) ON CONFLICT (id) DO UPDATE SET "
    f"{_earliest('at')}, {_earliest('ended_at')}, "
    + _largest(column for column in ToolRun.__struct_fields__ if column not in ("id", "at", "ended_at"))
)
_TAKE_MARK = (
    f"INSERT INTO marks ({_MARK_COLUMNS}) VALUES ({marks(_MARK_COLUMNS)}) ON CONFLICT (session_id, key) DO UPDATE SET "
    f"at = MIN(at, excluded.at), {_largest(('amount', 'after'))}"
)

_TAKE_AGENT = "INSERT OR IGNORE INTO agents (agent_id, agent_type) VALUES (?, ?)"


class DetailStore(Part):
    """Reads and writes over one connection. Every method raises LedgerDamagedError, LedgerUnwritableError."""

    def take(
        self,
        traits: Iterable[Trait],
        runs: Iterable[ToolRun],
        happened: Iterable[Mark],
        files: Iterable[FileState],
        agent_types: Mapping[str, str] | None = None,
    ) -> None:
        """Put what some files told in, with how far they were read; all or nothing.

        Kinds of sub-agents are for those that no file of their own tells.
        """
        with translated(self._path), transaction(self._connection):
            self._connection.executemany(_TAKE_TRAIT, map(msgspec.structs.astuple, traits))
            self._connection.executemany(_TAKE_RUN, map(msgspec.structs.astuple, runs))
            self._connection.executemany(_TAKE_MARK, map(msgspec.structs.astuple, happened))
            self._connection.executemany(_TAKE_AGENT, (agent_types or {}).items())
            self._connection.executemany(
                f"INSERT OR REPLACE INTO detail_files ({FILE_COLUMNS}) VALUES ({marks(FILE_COLUMNS)})",
                map(file_row, files),
            )

    def files(self) -> dict[str, FileState]:
        """Every file that was read for details, by path."""
        return {row[0]: file_of(row) for row in self._ask(f"SELECT {FILE_COLUMNS} FROM detail_files")}

    def lag_ns(self) -> int:
        """By how much the newest transcript that was read for usage is newer than the newest read for details, ns."""
        statement = "SELECT (SELECT MAX(mtime_ns) FROM files), (SELECT MAX(mtime_ns) FROM detail_files)"
        usage, details = next(self._ask(statement))
        return (usage or 0) - (details or 0)
