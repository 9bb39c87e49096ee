"""The servers of a store, and steps that are taken on all of them at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from tokentide.errors import StoreError, StoreUnreachableError
from tokentide.store.clickhouse.shard import Shard
from tokentide.store.clickhouse.totals import Totals


class Site:
    """Shards of one database; `close` ends its threads and connections."""

    def __init__(self, shards: Sequence[Shard], *, is_clustered: bool) -> None:
        self.shards, self.is_clustered = shards, is_clustered
        self._workers = ThreadPoolExecutor(len(shards), "clickhouse")

    @property
    def is_whole(self) -> bool:
        """True where every server is there."""
        return all(shard.is_whole for shard in self.shards)

    def totals(self, *, is_sharded: bool) -> list[Totals]:
        """Those of each shard; see Totals for `is_sharded`."""
        return [Totals(shard, is_sharded=is_sharded) for shard in self.shards]

    def lags(self) -> bool:
        """True where a replica has not got what another one has, or does not tell."""
        try:
            return any(shard.lags() for shard in self.shards)
        except StoreError:
            return True

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
