"""Refreshes totals, and once more when a shard is back, rows have arrived late, or two writers may have raced."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial

from tokentide.clock import MINUTE_US
from tokentide.errors import StoreUnreachableError
from tokentide.store.clickhouse.site import Site
from tokentide.store.clickhouse.spool import Debt
from tokentide.store.team.engine import Quarter
from tokentide.store.team.rollups import portions

SETTLED_US = MINUTE_US
"""So long after it was refreshed last is a quarter hour refreshed once more: two writers may have raced."""
AT_ONCE = 96
"""Quarter hours that are settled by one step."""


class Settler:
    """Knows what is still to be refreshed; the writer's alone.

    Below `folder` are files, for a crash: what is owed until everything is back, and what is refreshed once more.
    """

    def __init__(self, site: Site, folder: str, clock: Callable[[], int]) -> None:
        self._site, self._clock = site, clock
        self._debt, self._again = Debt(folder, "owed"), Debt(folder, "again")
        self._fresh: set[Quarter] = set(self._again.all())
        self._due: dict[Quarter, int] = {}

    @property
    def is_settled(self) -> bool:
        """True where nothing is to be refreshed again."""
        return not (self._debt or self._again)

    def owe(self, quarters: Iterable[Quarter]) -> None:
        """Refresh these when everything is back. Raises StoreUnreachableError where the disk refuses."""
        self._debt.add(quarters)

    def refresh(self, quarters: Sequence[Quarter]) -> None:
        """Reckon totals anew, each shard for itself. Raises StoreUnreachableError where no shard did."""
        self._refresh(quarters)
        self._look_again(quarters)

    def settle(self, now: int, ends: float, *, is_delivered: bool) -> None:
        """Do what is due, until that moment of the monotonic clock; `is_delivered` where no rows wait for a shard."""
        if is_delivered:
            self._pay(ends)
        self._due |= dict.fromkeys(self._fresh, now + SETTLED_US)
        self._fresh.clear()
        self._repeat([quarter for quarter, due in self._due.items() if due <= now], ends)

    def _look_again(self, quarters: Sequence[Quarter]) -> None:
        self._again.add(quarters)
        self._fresh.update(quarters)

    def _refresh(self, quarters: Sequence[Quarter]) -> bool:
        """True where every server took part. Raises StoreUnreachableError where no shard did."""
        is_whole = True
        for tenant, starts in portions(quarters):
            if not self._reckon(tenant, starts):
                is_whole = False
                self._debt.add((tenant, start) for start in starts)
        return is_whole

    def _reckon(self, tenant: str, starts: Sequence[int]) -> bool:
        site = self._site
        totals = site.totals(is_sharded=site.is_clustered and not any(shard.is_silent for shard in site.shards))
        now, every = self._clock(), set(starts)
        unseen = site.at_once([partial(each.touched, tenant, starts, every) for each in totals])
        faults = site.at_once([partial(each.refresh, tenant, sorted(every), now) for each in totals])
        lacking = [fault for fault in faults if fault]
        if len(lacking) == len(totals):
            raise lacking[0]
        return site.is_whole and all(each.is_whole for each in totals) and not any((*lacking, *unseen))

    def _pay(self, ends: float) -> None:
        """Refresh what was refreshed while not everything was there, now that it is."""
        site = self._site
        while self._debt and time.monotonic() < ends and site.is_whole and not site.lags():
            some = self._debt.all()[:AT_ONCE]
            try:
                if not self._refresh(some):
                    return
            except StoreUnreachableError:
                return
            self._look_again(some)
            self._debt.remove(some)

    def _repeat(self, due: Sequence[Quarter], ends: float) -> None:
        """Do it when every replica has what was there when it was done first; those that are away are not waited for.

        What then comes back is owed.
        """
        if due and self._site.is_whole and self._site.lags():
            return
        done: list[Quarter] = []
        with suppress(StoreUnreachableError):
            for start in range(0, len(due), AT_ONCE):
                if time.monotonic() >= ends:
                    break
                some = due[start : start + AT_ONCE]
                self._refresh(some)
                done += some
        if done:
            self._again.remove(done)
        for quarter in done:
            del self._due[quarter]
