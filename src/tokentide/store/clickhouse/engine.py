"""The team store in ClickHouse: rows straight to their shards, questions to all of them, totals by generation."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial

import msgspec

from tokentide.clock import now_us
from tokentide.errors import StoreError, StoreUnreachableError
from tokentide.model.telemetry import Row
from tokentide.store.clickhouse import layout
from tokentide.store.clickhouse.address import parsed
from tokentide.store.clickhouse.dialect import ClickHouseDialect
from tokentide.store.clickhouse.literals import bound
from tokentide.store.clickhouse.node import HttpNode, NetworkError, Node, RefusedError
from tokentide.store.clickhouse.settling import Settler
from tokentide.store.clickhouse.shard import PARTIAL, Replica, Shard
from tokentide.store.clickhouse.sharding import parted, shard_of
from tokentide.store.clickhouse.site import Site
from tokentide.store.clickhouse.spool import Head, Parcel, Spool
from tokentide.store.clickhouse.totals import Carried
from tokentide.store.team.dialect import Value
from tokentide.store.team.engine import Answer, Quarter
from tokentide.store.team.tables import TABLES, Cube, Table

MOST_ROWS = 100_000
"""So many are sent at once."""
TURN_SECONDS = 5.0
"""So long at most does settling keep the writer from what is new."""
TOLD_SECONDS = 10.0
"""So long after an answer does its thread see what it lacked."""
MODERN = 22
"""The first year of servers that know all that the tables of today use."""
UNFIT = frozenset({6, 26, 27, 33, 36, 38, 41, 53, 70, 72, 117, 131, 321, 349, 469})
"""Codes that blame the rows of an INSERT; everything else may be mended where the server stands."""
_MARK = msgspec.json.Encoder()


class ClickHouseEngine:
    """See tokentide.store.team.engine.Engine; one server, or shards with replicas."""

    name = "clickhouse"

    def __init__(
        self,
        address: str,
        folder: str,
        *,
        clock: Callable[[], int] = now_us,
        nodes: Sequence[Sequence[Node]] | None = None,
    ) -> None:
        """Below `folder` waits what a shard cannot take; `nodes` stand for the address's hosts, by shard.

        Nothing is asked yet. Raises UsageError for an address that makes no sense.
        """
        at = parsed(address)
        shards = nodes or [[HttpNode(host, at.user, at.password) for host in shard] for shard in at.shards]
        self.dialect = ClickHouseDialect(at.database, is_sharded=bool(at.cluster))
        self._database, self._cluster, self._clock = at.database, at.cluster, clock
        self._shards = [Shard(number, at.database, members, self._prepare) for number, members in enumerate(shards, 1)]
        self._site = Site(self._shards, is_clustered=bool(at.cluster))
        self._spools = [Spool(os.path.join(folder, f"shard-{shard.number}")) for shard in self._shards]
        self._settler = Settler(self._site, folder, clock)
        self._own = threading.local()
        self._is_modern = False

    @property
    def missing(self) -> tuple[str, ...]:
        """Shards that do not answer, for which rows wait here, or that this thread's last answer lacked."""
        pairs = zip(self._shards, self._spools, strict=True)
        found = [shard.name for shard, spool in pairs if spool or shard.is_silent]
        lacked, until = getattr(self._own, "lacked", ((), 0.0))
        return tuple(dict.fromkeys((*found, *(lacked if time.monotonic() < until else ()))))

    @property
    def is_settled(self) -> bool:
        """True where no totals are to be refreshed once more."""
        return self._settler.is_settled

    @property
    def waiting_bytes(self) -> int:
        """What waits here for shards that are down."""
        return sum(spool.waiting_bytes for spool in self._spools)

    def prepare(self) -> None:
        """Make the tables that are not there; a server that is down gets them when it is back."""
        replicas = [replica for shard in self._shards for replica in shard.replicas]
        faults = self._site.at_once([partial(self._prepare, replica) for replica in replicas])
        reached = [replica for replica, fault in zip(replicas, faults, strict=True) if not fault]
        if not reached:
            raise next(fault for fault in faults if fault)
        for replica in reached if self._cluster else ():
            self._check_cluster(replica)

    def ask(self, statement: str, values: Sequence[Value] = ()) -> list[Answer]:
        """The rows of an answer; where a shard is down, those of the others, and `missing` names it."""
        text, own = bound(statement, values), bound(self._own_tables(statement), values)
        fault: StoreUnreachableError | None = None
        replicas = [replica for shard in self._shards for replica in shard.replicas]
        for replica in sorted(replicas, key=lambda each: (each.is_silent, each.is_resting)):
            try:
                return self._look(replica, text, own)
            except StoreUnreachableError as error:
                fault = error
        raise fault or StoreUnreachableError("the team store: no server answers")

    def put(self, table: Table, rows: Sequence[Row], token: str) -> None:
        """Send rows to their shards; what one cannot take waits on our disk.

        Raises StoreUnreachableError where no shard takes anything.
        """
        work = list(self._parcels(table, rows, token))
        faults = self._site.at_once([partial(self._deliver, number, parcel) for number, parcel in work])
        failed = [(*each, fault) for each, fault in zip(work, faults, strict=True) if fault]
        for number, parcel, fault in failed:
            if all(shard.is_down for shard in self._shards) or len(self._shards) == 1:
                raise fault
            self._settler.owe(parcel.head.quarters)
            self._spools[number].add(parcel)

    def refresh(self, quarters: Iterable[Quarter]) -> None:
        """Reckon totals anew, each shard for itself; what a server that is down would change is done once more."""
        self._settler.refresh(list(quarters))

    def carry(self, cube: Cube, tenant: str, quarters: Sequence[int], totals: Sequence[Answer]) -> None:
        """See Engine; a quarter hour goes to one shard whole, and the others note that they hold none of it.

        Raises StoreUnreachableError where a shard is down: nothing of it waits here.
        """
        parts: list[list[Answer]] = [[] for _ in self._shards]
        place = cube.quarter.table.names.index("quarter")
        for each in totals:
            parts[shard_of(tenant, str(each[place]), len(parts))].append(each)
        settings, now = {"async_insert": "0"} if self._is_modern else {}, self._clock()
        pairs = zip(self._site.totals(is_sharded=bool(self._cluster)), parts, strict=True)
        steps = [partial(own.carry, Carried(cube, tenant, quarters, part), now, settings) for own, part in pairs]
        for fault in self._site.at_once(steps):
            if fault:
                raise fault

    def settle(self, now: int) -> None:
        """See Engine; it stops after TURN_SECONDS and goes on when it is called again."""
        ends = time.monotonic() + TURN_SECONDS
        self._site.on_each(Shard.probe)
        for number in range(len(self._shards)):
            with suppress(StoreUnreachableError):
                self._empty(number, ends)
        self._settler.settle(now, ends, is_delivered=not any(self._spools))

    def forget(self, tenant: str, table: Table, before: str) -> None:
        """Delete a tenant's rows of days before this one. Raises StoreUnreachableError where a shard is down."""
        name = self.dialect.rows(table.name)
        condition = bound("tenant = ? AND day < ?", [tenant, before])
        for shard in self._shards:
            if int(shard.ask(f"SELECT count() FROM {name} WHERE {condition}")[0][0]):
                shard.run(f"ALTER TABLE {name} DELETE WHERE {condition}")
                self._await_deletion(shard, table)

    def close(self) -> None:
        """Close every connection."""
        self._site.close()

    def _own_tables(self, statement: str) -> str:
        """The statement about what one shard holds."""
        for table in TABLES:
            statement = statement.replace(self.dialect.everywhere(table.name), self.dialect.rows(table.name))
        return statement

    def _look(self, replica: Replica, text: str, own: str) -> list[Answer]:
        """What one server answers for all shards; without those that are down, which is remembered for `missing`.

        The last shard that is left is asked for what it holds itself, since a neighbour that hangs would hold it up.
        """
        if not any(shard.is_silent for shard in self._shards):
            try:
                rows = replica.look(text, {})
            except NetworkError:
                self._site.on_each(Shard.ping)
            else:
                self._own.lacked = ((), 0.0)
                return rows
        rows = replica.look(
            *((own, {}) if sum(not shard.is_silent for shard in self._shards) == 1 else (text, PARTIAL))
        )
        lacked = tuple(shard.name for shard in self._shards if shard.is_silent)
        self._own.lacked = (
            lacked or (f"a shard that {replica.node.name} cannot reach",),
            time.monotonic() + TOLD_SECONDS,
        )
        return rows

    def _parcels(self, table: Table, rows: Sequence[Row], token: str) -> Iterator[tuple[int, Parcel]]:
        for number, part in enumerate(parted(rows, len(self._shards))):
            for start in range(0, len(part), MOST_ROWS):
                some = part[start : start + MOST_ROWS]
                quarters = sorted({(row.tenant, row.quarter) for row in some})
                head = Head(table.name, f"{token}:{number}:{start}", quarters)
                yield number, Parcel(head, _MARK.encode_lines(some))

    def _deliver(self, number: int, parcel: Parcel) -> None:
        """Send it, unless older rows wait."""
        if self._spools[number]:
            raise StoreUnreachableError(f"the team store: older rows wait for {self._shards[number].name}")
        self._insert(self._shards[number], parcel)

    def _insert(self, shard: Shard, parcel: Parcel) -> None:
        table = next(table for table in TABLES if table.name == parcel.head.table)
        settings = {"insert_deduplication_token": parcel.head.token, "async_insert": "0"} if self._is_modern else {}
        statement = f"INSERT INTO {self.dialect.rows(table.name)} ({', '.join(table.names)}) FORMAT JSONEachRow"
        try:
            shard.run(statement, parcel.body, settings)
        except RefusedError as error:
            if error.code in UNFIT:
                raise
            raise StoreUnreachableError(str(error)) from error

    def _empty(self, number: int, ends: float) -> None:
        """Deliver what waits for a shard. Raises StoreUnreachableError when it goes down again."""
        spool = self._spools[number]
        while time.monotonic() < ends and (parcel := spool.first()):
            try:
                self._insert(self._shards[number], parcel)
            except RefusedError:
                spool.set_aside_first()
            else:
                spool.remove_first()

    def _prepare(self, replica: Replica) -> None:
        """Make the tables on a server. Raises StoreError."""
        version = str(replica.look("SELECT version()", {})[0][0])
        is_modern = int(version.partition(".")[0]) >= MODERN
        is_replicated = any(replica in shard.replicas and len(shard.replicas) > 1 for shard in self._shards)
        try:
            for statement in layout.statements(
                self._database, self._cluster, is_replicated=is_replicated, is_modern=is_modern
            ):
                replica.run(statement)
        except RefusedError as error:
            raise StoreUnreachableError(str(error)) from error
        replica.is_prepared, self._is_modern = True, is_modern

    def _check_cluster(self, replica: Replica) -> None:
        """Raises StoreError where a server knows another number of shards: it would not be asked for all rows."""
        statement = "SELECT uniqExact(shard_num) FROM system.clusters WHERE cluster = ?"
        known = int(replica.look(bound(statement, [self._cluster]), {})[0][0])
        if known != len(self._shards):
            raise StoreError(
                f"the team store, {replica.node.name}: its cluster {self._cluster} has {known} shards, the address "
                f"names {len(self._shards)}: name each shard of remote_servers once, in its order"
            )

    def _await_deletion(self, shard: Shard, table: Table) -> None:
        statement = "SELECT count() FROM system.mutations WHERE database = ? AND table = ? AND is_done = 0"
        ends = time.monotonic() + 6 * TURN_SECONDS
        while int(shard.ask(bound(statement, [self._database, table.name]))[0][0]):
            if time.monotonic() > ends:
                raise StoreUnreachableError(f"the team store, {shard.name}: deleting old rows takes its time")
            time.sleep(0.05)
