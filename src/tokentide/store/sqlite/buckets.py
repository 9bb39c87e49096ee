"""What the organisation's Admin API says, in the ledger."""

from __future__ import annotations

import sqlite3


class BucketStore:
    """Reads and writes over one connection. Every method raises LedgerDamagedError, LedgerUnwritableError."""

    def __init__(self, connection: sqlite3.Connection, path: str) -> None:
        self._connection = connection
        self._path = path
