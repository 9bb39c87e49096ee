"""One shard: replicas that hold the same, of which one is spoken to until it fails or lags behind."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

import msgspec

from tokentide.errors import StoreError, StoreUnreachableError
from tokentide.store.clickhouse.literals import bound
from tokentide.store.clickhouse.node import NetworkError, Node, RefusedError, SilentError
from tokentide.store.team.engine import Answer

REST_SECONDS, LONGEST_REST_SECONDS = 2.0, 10.0
"""A server that failed is left alone so long; thrice as long as its failure took, since a hanging one costs most."""
LAG_SECONDS = 1
"""A replica lags that has not got an insert of another one for longer, in whole seconds as servers count them."""
_GONE = frozenset({60, 81})
"""Codes of a server that has lost our tables or our database."""


class Body(msgspec.Struct):
    """What is read of an answer in JSONCompact."""

    data: list[Answer]


_DECODER = msgspec.json.Decoder(Body)
READING = {
    "output_format_json_quote_64bit_integers": "0",
    "max_query_size": str(16 << 20),
    "max_execution_time": "30",
    "load_balancing": "in_order",
    "max_replica_delay_for_distributed_queries": str(LAG_SECONDS),
    "receive_timeout": "3",
    "connections_with_failover_max_tries": "2",
}
"""Settings of a question: numbers as numbers, long lists of values, an end, the replica that is written to, unless it
lags; and how long a server waits for another one, which tells of its progress ten times a second."""
PARTIAL = {"skip_unavailable_shards": "1", "receive_timeout": "2", "connections_with_failover_max_tries": "1"}
"""Added where a shard is known to be down or to hang: the others answer without it, soon."""


class Replica:
    """A server, with what is known of its health."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.is_down = False
        """It took nothing when it was asked last."""
        self.is_silent = False
        """It did not even answer."""
        self.is_prepared = False
        self.is_behind = False
        """It was away, and may lack what the others have got meanwhile."""
        self._rests_until = 0.0

    @property
    def is_well(self) -> bool:
        """It answered when it was asked last, has our tables, and what the others have."""
        return self.is_prepared and not self.is_down and not self.is_behind

    @property
    def is_resting(self) -> bool:
        """It failed a moment ago."""
        return self.is_down and time.monotonic() < self._rests_until

    def run(
        self, statement: str, body: bytes = b"", settings: Mapping[str, str] | None = None, *, is_brief: bool = False
    ) -> bytes:
        """The answer; that there was none is remembered. Raises what the node raises."""
        begun = time.monotonic()
        try:
            answer = self.node.run(statement, body, settings, is_brief=is_brief)
        except NetworkError:
            raise
        except StoreUnreachableError as error:
            self.rest(3 * (time.monotonic() - begun), is_silent=isinstance(error, SilentError))
            raise
        except RefusedError as error:
            if error.code in _GONE and self.is_prepared:
                self.is_prepared = False
                self.rest()
                raise StoreUnreachableError(str(error)) from error
            raise
        self.is_down = self.is_silent = False
        return answer

    def look(self, statement: str, settings: Mapping[str, str]) -> list[Answer]:
        """The rows of an answer; whether the server would take anything is not touched by that it tells something."""
        try:
            return rows_of(self.node.run(f"{statement} FORMAT JSONCompact", settings={**READING, **settings}))
        except SilentError:
            self.rest(is_silent=True)
            raise

    def lags(self, database: str) -> bool:
        """True where others have told it of rows that it has not got yet. Raises StoreError."""
        statement = "SELECT count() FROM system.replicas WHERE database = ? AND (is_readonly OR absolute_delay > ?)"
        return bool(int(self.look(bound(statement, [database, LAG_SECONDS]), {})[0][0]))

    def rest(self, seconds: float = 0.0, *, is_silent: bool = False) -> None:
        """Leave it alone for a while."""
        self.is_down = self.is_behind = True
        self.is_silent = is_silent
        self._rests_until = time.monotonic() + min(max(seconds, REST_SECONDS), LONGEST_REST_SECONDS)


class Shard:
    """Its replicas, the preferred one first; those that lag come last."""

    def __init__(self, number: int, database: str, nodes: Sequence[Node], prepare: Callable[[Replica], None]) -> None:
        self.number, self.database = number, database
        self.replicas = [Replica(node) for node in nodes]
        self._prepare = prepare

    @property
    def name(self) -> str:
        """How messages call it."""
        return f"shard {self.number} ({', '.join(replica.node.name for replica in self.replicas)})"

    @property
    def is_down(self) -> bool:
        """No replica answered when it was asked last."""
        return all(replica.is_down for replica in self.replicas)

    @property
    def is_silent(self) -> bool:
        """No replica even answered."""
        return all(replica.is_silent for replica in self.replicas)

    @property
    def is_whole(self) -> bool:
        """Every replica is well."""
        return all(replica.is_well for replica in self.replicas)

    def lags(self) -> bool:
        """True where a replica has not got what another one has. Raises StoreError."""
        return len(self.replicas) > 1 and any(replica.lags(self.database) for replica in self.replicas)

    def run(self, statement: str, body: bytes = b"", settings: Mapping[str, str] | None = None) -> bytes:
        """The answer of the first replica that has one. Raises StoreUnreachableError, NetworkError, RefusedError."""
        fault: StoreUnreachableError | None = None
        for replica in sorted(self.replicas, key=lambda each: each.is_behind):
            if replica.is_resting:
                continue
            try:
                if replica.is_down:
                    replica.run("SELECT 1", is_brief=True)
                if not replica.is_prepared:
                    self._prepare(replica)
                return replica.run(statement, body, settings)
            except NetworkError:
                raise
            except StoreUnreachableError as error:
                fault = error
        raise fault or StoreUnreachableError(f"the team store: {self.name} does not answer")

    def ask(self, statement: str, settings: Mapping[str, str] | None = None) -> list[Answer]:
        """The rows of an answer, by the rules of `run`."""
        return rows_of(self.run(f"{statement} FORMAT JSONCompact", settings={**READING, **(settings or {})}))

    def probe(self) -> None:
        """Ask every replica whether it is there and has caught up; make its tables where it came back without."""
        for replica in self.replicas:
            if replica.is_resting or replica.is_well:
                continue
            try:
                replica.run("SELECT 1", is_brief=True)
                if not replica.is_prepared:
                    self._prepare(replica)
                replica.is_behind = replica.lags(self.database)
            except RefusedError:
                replica.rest()
            except StoreUnreachableError:
                continue

    def ping(self) -> None:
        """Ask every replica that is not resting whether it answers."""
        for replica in self.replicas:
            if not replica.is_resting:
                with suppress(StoreError):
                    replica.look("SELECT 1", {})


def rows_of(answer: bytes) -> list[Answer]:
    """The rows in an answer. Raises StoreUnreachableError for one that was cut off."""
    try:
        return _DECODER.decode(answer).data
    except msgspec.DecodeError:
        raise StoreUnreachableError("the team store: an answer was cut off") from None
