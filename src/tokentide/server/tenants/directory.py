"""The tokens of a server, in a small SQLite file that its processes share.

Every process holds all tokens in memory and asks the file, at most once a second, whether it has changed.
"""

from __future__ import annotations

import hmac
import json
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

from tokentide.clock import MINUTE_US, SECOND_US
from tokentide.errors import TokentideError, UsageError
from tokentide.locations import ensure_private_dir
from tokentide.render.words import clean
from tokentide.server.tenants.tokens import TOKEN, VIEWER, Grant, Token, checked, digest_of, new_id, new_token
from tokentide.store.sqlite.connection import keep_a_log, transaction

FORMAT = 1
LOOK_US = SECOND_US
"""So long is what is held in memory believed."""
USES_US = 5 * MINUTE_US
"""Uses are written down together, no more often."""
BUSY_SECONDS = 10.0
USES_BUSY_MS = 50
"""Writing down uses gives way to everyone else: the next time will do."""
_HANDLE_BYTES = 8
SCHEMA = """
CREATE TABLE tokens (
    id TEXT PRIMARY KEY,             -- public name
    digest BLOB NOT NULL UNIQUE,     -- SHA-256 of the token
    kind TEXT NOT NULL,              -- ingest or viewer
    tenant TEXT NOT NULL,
    teams TEXT NOT NULL,             -- JSON array of names
    user_id TEXT NOT NULL,
    role TEXT NOT NULL,              -- admin, lead, member; empty of ingest
    label TEXT NOT NULL,
    expires_at INTEGER NOT NULL,     -- this and the following: microseconds UTC, 0 for never
    created_at INTEGER NOT NULL,
    used_at INTEGER NOT NULL,
    revoked_at INTEGER NOT NULL
) STRICT
"""
_COLUMNS = "id, digest, kind, tenant, teams, user_id, role, label, expires_at, created_at, used_at, revoked_at"


class DirectoryError(TokentideError):
    """The file of tokens cannot be read or written: nobody is let in on what it said before."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"the tokens in {path} cannot be used ({reason}): check the file's owner and the disk's room")


class Directory:
    """Open it in the process that uses it, not before a fork; from any thread. Every method raises DirectoryError."""

    def __init__(self, path: str, clock: Callable[[], int]) -> None:
        """`clock` is the present instant, µs UTC. The file is made where it is not there."""
        self.path, self._clock = path, clock
        self._lock = threading.Lock()
        self._held: dict[bytes, list[tuple[bytes, Token]]] = {}
        """By the beginning of the digest: what is found so is compared in constant time."""
        self._by_id: dict[str, Token] = {}
        self._version = -1
        self._looked_at: int | None = None
        self._uses: dict[str, int] = {}
        self._noted: set[str] = set()
        self._wrote_uses_at = clock()
        with _translated(path):
            self._connection = _opened(path)

    def create(self, grant: Grant) -> tuple[str, Token]:
        """A new token, told this once, and what is known of it. Raises UsageError for a grant that makes no sense."""
        text = new_token()
        made = Token(*_granted(checked(grant)), id=new_id(), created_at=self._clock())
        values = (made.id, digest_of(text), *_values(made))
        with self._lock, _translated(self.path), transaction(self._connection):
            self._connection.execute(f"INSERT INTO tokens ({_COLUMNS}) VALUES ({', '.join('?' * len(values))})", values)
            self._looked_at = None
        return text, made

    def tokens(self) -> list[Token]:
        """All that were ever made and not forgotten, the newest first."""
        with self._lock:
            self._look(at_once=True)
            return sorted(self._by_id.values(), key=lambda token: (-token.created_at, token.id))

    def revoke(self, wish: str) -> Token:
        """End a token by its id, the beginning of it, or its label; who is logged in with it is out within 2 s.

        Raises UsageError where none is meant, or several.
        """
        meant = _meant(self.tokens(), wish)
        now = self._clock()
        with self._lock, _translated(self.path), transaction(self._connection):
            self._connection.execute("UPDATE tokens SET revoked_at = ? WHERE id = ?", (now, meant.id))
            self._looked_at = None
        return replace(meant, revoked_at=now)

    def found(self, token: str) -> Token | None:
        """The token of that text, if it is good now; its use is noted."""
        if not TOKEN.fullmatch(token):
            return None
        digest, now = digest_of(token), self._clock()
        with self._lock:
            self._look()
            alike = self._held.get(digest[:_HANDLE_BYTES], ())
            known = next((each for kept, each in alike if hmac.compare_digest(kept, digest)), None)
            if known is None or not known.is_good(now):
                return None
            self._note(known, now)
        return known

    def known(self, token_id: str) -> Token | None:
        """The token of that id, if it is good now; its use is noted."""
        now = self._clock()
        with self._lock:
            self._look()
            known = self._by_id.get(token_id)
            if known is None or not known.is_good(now):
                return None
            self._note(known, now)
        return known

    def has_viewers(self) -> bool:
        """Whether a token for a viewer was ever made: that the last one has ended opens no door."""
        with self._lock:
            self._look()
            return any(token.kind == VIEWER for token in self._by_id.values())

    def close(self) -> None:
        """Write down what is not written, and let go of the file."""
        with self._lock:
            self._write_uses()
            self._connection.close()

    def _look(self, *, at_once: bool = False) -> None:
        """Read the tokens anew where another process, or this one, has changed them."""
        now = self._clock()
        if not at_once and self._looked_at is not None and abs(now - self._looked_at) < LOOK_US:
            return
        with _translated(self.path):
            version: int = self._connection.execute("PRAGMA data_version").fetchone()[0]
            if self._looked_at is None or version != self._version:
                self._read()
        self._version, self._looked_at = version, now

    def _read(self) -> None:
        self._held, self._by_id = {}, {}
        for row in self._connection.execute(f"SELECT {_COLUMNS} FROM tokens"):
            token, digest = _token(row), row[1]
            self._held.setdefault(digest[:_HANDLE_BYTES], []).append((digest, token))
            self._by_id[token.id] = token

    def _note(self, token: Token, now: int) -> None:
        """Note a use; the first one ever is written down at once, as somebody waits to see it."""
        is_first = not token.used_at and token.id not in self._noted
        self._noted.add(token.id)
        self._uses[token.id] = now
        if is_first or abs(now - self._wrote_uses_at) >= USES_US:
            self._wrote_uses_at = now
            self._write_uses()

    def _write_uses(self) -> None:
        """Write down when tokens were used; where others write just now, or nothing can be written, later."""
        with suppress(sqlite3.Error):
            self._connection.execute(f"PRAGMA busy_timeout = {USES_BUSY_MS}")
            try:
                with transaction(self._connection):
                    self._connection.executemany(
                        "UPDATE tokens SET used_at = max(used_at, ?) WHERE id = ?",
                        [(at, token_id) for token_id, at in self._uses.items()],
                    )
                self._uses.clear()
            finally:
                self._connection.execute(f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}")


def _meant(tokens: Sequence[Token], wish: str) -> Token:
    """The one that a person means."""
    good = [token for token in tokens if not token.revoked_at and wish]
    exact = [token for token in good if wish in (token.id, token.label)]
    found = exact or [token for token in good if token.id.startswith(wish)]
    if len(found) == 1:
        return found[0]
    shown = clean(wish)[:60]
    if found:
        raise UsageError(f"{shown!r} means {len(found)} tokens: {', '.join(token.id for token in found)}; give one id")
    if wish and any(wish in (token.id, token.label) for token in tokens):
        raise UsageError(f"{shown!r} was revoked already")
    raise UsageError(f"there is no token {shown!r}: `tokentide server token list` tells ids and labels")


def _opened(path: str) -> sqlite3.Connection:
    """The file, its owner's alone, with its table."""
    ensure_private_dir(os.path.dirname(os.path.abspath(path)))
    if not os.path.exists(path):
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    made = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        keep_a_log(made)
        made.execute("PRAGMA synchronous = FULL")
        with transaction(made):
            _prepare(made, path)
    except BaseException:
        made.close()
        raise
    return made


def _prepare(connection: sqlite3.Connection, path: str) -> None:
    found = connection.execute("PRAGMA user_version").fetchone()[0]
    if found > FORMAT:
        raise DirectoryError(path, f"written by a newer tokentide, format {found}; this one knows {FORMAT}")
    if found == 0:
        connection.execute(SCHEMA)
        connection.execute(f"PRAGMA user_version = {FORMAT}")


@contextmanager
def _translated(path: str) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise DirectoryError(path, str(error)) from error


def _granted(grant: Grant) -> tuple[str, str, tuple[str, ...], str, str, str, int]:
    return grant.kind, grant.tenant, grant.teams, grant.user_id, grant.role, grant.label, grant.expires_at


def _values(token: Token) -> tuple[str | int, ...]:
    """The columns behind the digest."""
    kind, tenant, teams, user_id, role, label, expires_at = _granted(token)
    instants = (expires_at, token.created_at, token.used_at, token.revoked_at)
    return kind, tenant, json.dumps(teams), user_id, role, label, *instants


def _token(row: tuple[Any, ...]) -> Token:
    token_id, _, kind, tenant, teams, user_id, role, label, expires, created, used, revoked = row
    return Token(
        kind, tenant, tuple(json.loads(teams)), user_id, role, label, expires, token_id, created, used, revoked
    )
