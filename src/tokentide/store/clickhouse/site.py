"""The servers of a store, and steps that are taken on all of them at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from tokentide.errors import StoreError, StoreUnreachableError
from tokentide.store.clickhouse.literals import bound
from tokentide.store.clickhouse.shard import Shard
from tokentide.store.clickhouse.totals import Totals


class Site:
    """Shards of one database; `close` ends its threads and connections."""

    def __init__(self, database: str, shards: Sequence[Shard], *, is_clustered: bool) -> None:
        self.database, self.shards, self.is_clustered = database, shards, is_clustered
        self._workers = ThreadPoolExecutor(len(shards), "clickhouse")

    @property
    def is_whole(self) -> bool:
        """True where every server is there."""
        return all(shard.is_whole for shard in self.shards)

    def totals(self, *, is_sharded: bool) -> list[Totals]:
        """Those of each shard; see Totals for `is_sharded`."""
        return [Totals(self.database, shard, is_sharded=is_sharded) for shard in self.shards]

    def has_replicated(self) -> bool:
        """True where replicas have told one another everything."""
        statement = (
            "SELECT count() FROM system.replicas WHERE database = ? AND "
            "(is_readonly OR inserts_in_queue > 0 OR log_pointer < log_max_index + (log_max_index > 0))"
        )
        text = bound(statement, [self.database])
        replicas = [each for shard in self.shards if len(shard.replicas) > 1 for each in shard.replicas]
        try:
            return not any(int(replica.look(text, {})[0][0]) for replica in replicas)
        except StoreError:
            return False

    def on_each(self, step: Callable[[Shard], None]) -> list[StoreUnreachableError | None]:
        """Do it with every shard; see `at_once`."""
        return self.at_once([partial(step, shard) for shard in self.shards])

    def at_once(self, steps: Sequence[Callable[[], None]]) -> list[StoreUnreachableError | None]:
        """Do all of them; those that were not reached say why. Raises what else goes wrong, when all are done."""
        tasks = [self._workers.submit(step) for step in steps]
        results = [task.exception() for task in tasks]
        for result in results:
            if result and not isinstance(result, StoreUnreachableError):
                raise result
        return [result if isinstance(result, StoreUnreachableError) else None for result in results]

    def close(self) -> None:
        """End what it has."""
        self._workers.shutdown()
        for shard in self.shards:
            for replica in shard.replicas:
                replica.node.close()
