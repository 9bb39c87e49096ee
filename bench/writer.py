"""Measures the writer: how many records a second one core decodes and stores, from a log into DuckDB, with totals.

    python -m bench.writer [--folder DIR] [--bodies 60000] [--rounds 3]

Bodies are those of the fleet: light, typical and heavy developers, protobuf and JSON, a tenth of them cumulative, as
small as clients send them. They are put into a real log first; then the real writer takes all of them into a new store
and reckons all totals. CPU is user and system time of this process, the engine's threads included.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import resource
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from bench.fleet import merged
from bench.fleet_people import SECOND_NS, Batch, Developer, Plan
from tokentide.cli.lasting import stay
from tokentide.pricing.book import PriceBook
from tokentide.server.chores import Chores
from tokentide.server.decoding import Decoder
from tokentide.server.keeping import Keeping
from tokentide.server.log.entry import NewEntry
from tokentide.server.log.reader import LogReader
from tokentide.server.log.writer import LogWriter
from tokentide.server.moving.move import MoveFile
from tokentide.server.parties import Parties
from tokentide.server.writer import Writer
from tokentide.sources.otlp.reading import Reader
from tokentide.store.duckdb.engine import DuckEngine
from tokentide.store.team.engine import Quarter
from tokentide.store.team.pending import PendingQuarters
from tokentide.store.team.store import TeamStore

HOURS = 8


class TimedStore(TeamStore):
    """A store that knows what refreshing totals took."""

    refreshing = 0.0
    """CPU seconds."""

    def refresh(self, quarters: Iterable[Quarter]) -> None:
        """Refresh, and take the time."""
        begun = time.process_time()
        super().refresh(quarters)
        self.refreshing += time.process_time() - begun


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", help="where log and store are written; the system's temporary folder")
    parser.add_argument("--bodies", type=int, default=60_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    bodies = _bodies(options.bodies)
    records = sum(batch.sums.records for batch in bodies)
    print(f"{len(bodies):,} bodies, {records:,} records, {records / len(bodies):.1f} each")
    gc.disable()
    stay()
    rates = [_round(bodies, records, options.folder) for _ in range(options.rounds)]
    stored, by_core, by_wall = (statistics.median(rate[column] for rate in rates) for column in (0, 1, 2))
    print("\n| | decoded and stored, records/s and core | with all totals | by the clock | peak MB |")
    print("| --- | --: | --: | --: | --: |")
    print(f"| median of {len(rates)} | {stored:,.0f} | {by_core:,.0f} | {by_wall:,.0f} | {_peak_mb()} |")
    print("| goal | 20,000 | | | |")


def _bodies(count: int) -> list[Batch]:
    """What so many requests hold."""
    now = time.time_ns()
    plan = Plan(1, 60, now - HOURS * 3600 * SECOND_NS, HOURS, cumulative_share=0.1)
    days = [Developer(number, plan).day() for number in range(60)]
    return [batch for _, batch in itertools.islice(merged(days), count)]


def _round(bodies: list[Batch], records: int, folder: str | None) -> tuple[float, float, float]:
    root = Path(tempfile.mkdtemp(prefix="writer-", dir=folder))
    try:
        _log(bodies, str(root / "log"))
        engine = DuckEngine(str(root / "store.duckdb"))
        engine.prepare()
        store = TimedStore(engine)
        writer = _writer(root, store)
        cpu, wall, now = time.process_time(), time.perf_counter(), time.time_ns() // 1000
        while writer.step(time.monotonic, now):
            pass
        writer.finish(time.monotonic)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        engine.close()
    finally:
        shutil.rmtree(root)
    rates = records / (cpu - store.refreshing), records / cpu, records / wall
    print("  {:,.0f} decoded and stored, {:,.0f} with all totals, {:,.0f} by the clock".format(*rates))
    return rates


def _log(bodies: list[Batch], folder: str) -> None:
    now = time.time_ns() // 1000
    with closing(LogWriter(folder, now=now)) as log:
        for batch in bodies:
            promise = log.append(NewEntry(now, "default", "", batch.signal, batch.content_type, "", batch.body))
        promise.result(60)


def _writer(root: Path, store: TeamStore) -> Writer:
    price = PriceBook(cache_path=None, data_path=None).cost_nano_usd
    parties = Parties()
    decoder = Decoder(Reader(parties, price), parties, price, Keeping())
    chores = Chores(store, Keeping(), MoveFile(str(root / "move.json")), DuckEngine)
    return Writer([LogReader(str(root / "log"))], store, decoder, PendingQuarters(str(root / "dirty.json")), chores)


def _peak_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10


if __name__ == "__main__":
    main()
