"""Where a team server keeps what is its own: the log, the embedded store, tokens, what waits for shards."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass

from tokentide import locations
from tokentide.errors import UsageError

STORE_VARIABLE = "TOKENTIDE_STORE"
"""Holds the DSN of a store, where no list of processes shows its password."""


@dataclass(frozen=True, slots=True)
class TeamFolder:
    """The folder of one team server; readable by its owner alone."""

    path: str

    @classmethod
    def usual(cls) -> TeamFolder:
        """Below our data folder."""
        return cls(os.path.join(locations.data_dir(), "team"))

    def prepare(self) -> None:
        """Make it where it is not there. Raises UsageError where it cannot be made or written."""
        try:
            locations.ensure_private_dir(self.path)
            reason = "" if os.access(self.path, os.W_OK | os.X_OK) else os.strerror(errno.EACCES)
        except OSError as error:
            reason = error.strerror or str(error)
        if reason:
            raise UsageError(
                f"the server's folder {self.path} cannot be used ({reason}): it has to be a folder of the user that "
                "the server runs as; --data DIR names another one"
            )

    def log(self, receiver: int) -> str:
        """The write-ahead log of a receiver, counted from 0."""
        return os.path.join(self.path, "log", str(receiver))

    @property
    def lock(self) -> str:
        """Held by the server that runs."""
        return os.path.join(self.path, "lock")

    @property
    def directory(self) -> str:
        """Tokens and viewers, one SQLite file."""
        return os.path.join(self.path, "team.sqlite3")

    @property
    def duckdb(self) -> str:
        """The embedded store."""
        return os.path.join(self.path, "store.duckdb")

    @property
    def dirty(self) -> str:
        """Quarter hours whose totals are to be refreshed."""
        return os.path.join(self.path, "dirty.json")

    @property
    def spool(self) -> str:
        """What waits for shards that are down."""
        return os.path.join(self.path, "spool")

    @property
    def secret(self) -> str:
        """What pseudonyms are made with."""
        return os.path.join(self.path, "pseudonyms.key")

    @property
    def move(self) -> str:
        """How far a move to another engine is, and which engine was moved to."""
        return os.path.join(self.path, "move.json")

    @property
    def status(self) -> str:
        """How the server stands, written every few moments while it runs."""
        return os.path.join(self.path, "status")
