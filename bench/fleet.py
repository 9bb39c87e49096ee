"""Plays a fleet of developers against a team server, and says exactly what it told.

    python -m bench.fleet --http http://127.0.0.1:4318 [--grpc 127.0.0.1:4317] [--developers 1000] [--hours 8]
                          [--speed 60] [--processes 1] [--token-file FILE] [--check URL] [--out FILE]

A day of the given hours that ends now is played so many times faster; speed 0 is as fast as the server takes it.
The report is JSON on standard output: sums of what was acknowledged, of what may have been taken without that, and of
what was refused; posts a second; how long acknowledgements took. Progress goes to standard error.
"""

from __future__ import annotations

import argparse
import asyncio
import heapq
import json
import multiprocessing
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from random import Random

from bench.fleet_check import differences, waiting_bytes
from bench.fleet_load import Courier, GrpcWay, HttpWay, Manners, Outcome, Way, counted
from bench.fleet_people import SECOND_NS, Batch, Developer, Plan
from bench.fleet_sums import Sums
from tokentide.model.latency import quantile

MOST_WAITING = 20_000
"""So many batches of a process wait for their connections at most; then the fleet waits for the server."""
TAKING_SECONDS = 300
"""So long a check waits for totals to be true."""
FLAT_OUT_WAITING = 4
"""The same by connection, where no speed is given."""


@dataclass(frozen=True)
class Play:
    """A fleet, where it sends to and how."""

    plan: Plan
    manners: Manners
    http: str
    grpc: str = ""
    grpc_share: float = 0.0
    speed: float = 60.0
    """Fleet seconds a second; 0 for as fast as can be."""
    connections: int = 256
    """Of a process."""
    processes: int = 1
    is_quiet: bool = False


def main() -> None:
    """Play, and print the report."""
    options = _options()
    play = _play(options)
    outcome = played(play)
    wrong = _checked(options, outcome) if options.check else None
    report = json.dumps({**report_of(play, outcome), "differences": wrong}, indent=1)
    if options.out:
        options.out.write_text(report + "\n", encoding="utf-8")
    print(report)
    sys.exit(1 if wrong else 0)


def played(play: Play) -> Outcome:
    """What became of everything, of all processes."""
    if play.processes == 1:
        return _part(play, 0)
    whole, spawn = Outcome(), multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(play.processes, mp_context=spawn) as pool:
        for outcome in pool.map(_part, [play] * play.processes, range(play.processes)):
            whole.add(outcome)
    return whole


def report_of(play: Play, outcome: Outcome) -> dict[str, object]:
    """The report as JSON; durations in ms unless the name says seconds."""
    histogram = sorted(outcome.acknowledge_ms.items())
    seconds = max(outcome.seconds, 1e-9)
    took = {name: quantile(histogram, share) for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))}
    sent = outcome.acknowledged
    return {
        "developers": play.plan.developers,
        "seed": play.plan.seed,
        "run": play.plan.run,
        "seconds": round(seconds, 2),
        "posts_per_second": round((sent.posts + outcome.duplicates) / seconds, 1),
        "records_per_second": round(sent.records / seconds, 1),
        "megabytes": round(outcome.bytes / 1e6, 2),
        "acknowledge_ms": {name: value and round(value, 1) for name, value in took.items()},
        "behind_seconds": round(outcome.behind_seconds, 2),
        "answers": counted(outcome.answers),
        "duplicates": outcome.duplicates,
        "acknowledged": sent.as_json(),
        "uncertain": outcome.uncertain.as_json(),
        "refused": outcome.refused.as_json(),
    }


def _checked(options: argparse.Namespace, outcome: Outcome) -> list[str]:
    """Where the server's answers differ once it has taken everything in."""
    most = Sums()
    most.add(outcome.acknowledged)
    most.add(outcome.uncertain)
    token = options.check_token_file.read_text().strip() if options.check_token_file else ""
    begun = time.monotonic()
    while waiting_bytes(options.check, token) and time.monotonic() < begun + TAKING_SECONDS:
        time.sleep(1)
    print(f"the store had all after {time.monotonic() - begun:.0f} s", file=sys.stderr)
    while (wrong := differences(options.check, token, outcome.acknowledged, most)) and (
        time.monotonic() < begun + TAKING_SECONDS
    ):
        time.sleep(2)
    return wrong


def _part(play: Play, part: int) -> Outcome:
    """The developers of one process."""
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(_send(play, part))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """The faster loop where it is installed."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


async def _send(play: Play, part: int) -> Outcome:
    outcome, begun = Outcome(), asyncio.get_running_loop().time()
    numbers = range(part, play.plan.developers, play.processes)
    ways = list(_ways(play, len(numbers)))
    room = asyncio.Semaphore(MOST_WAITING if play.speed else len(ways) * FLAT_OUT_WAITING)
    couriers = [Courier(way, play.manners, outcome, room, Random(index)) for index, way in enumerate(ways)]
    telling = asyncio.create_task(_tell(outcome, couriers)) if part == 0 and not play.is_quiet else None
    async with asyncio.TaskGroup() as group:
        for courier in couriers:
            group.create_task(courier.run())
        await _hand_out(play, numbers, couriers, room)
        for courier in couriers:
            courier.waiting.put_nowait(None)
    if telling is not None:
        telling.cancel()
    outcome.seconds = asyncio.get_running_loop().time() - begun
    return outcome


def _ways(play: Play, developers: int) -> Iterator[Way]:
    """Connections, of which the first are gRPC's."""
    count = max(min(play.connections, developers), 1)
    grpcs = round(count * play.grpc_share) if play.grpc else 0
    for index in range(count):
        if index < grpcs:
            yield GrpcWay(play.grpc, play.manners.token, play.manners.timeout_seconds)
        else:
            yield HttpWay(play.http, play.manners.token, play.manners.timeout_seconds)


async def _hand_out(play: Play, numbers: range, couriers: list[Courier], room: asyncio.Semaphore) -> None:
    """Give each batch to its developer's courier when it is due."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    days = [
        Developer(number, play.plan, may_send_json=isinstance(couriers[order % len(couriers)].way, HttpWay)).day()
        for order, number in enumerate(numbers)
    ]
    for index, (order, batch) in enumerate(merged(days)):
        due = begun + (batch.due_ns - play.plan.start_ns) / SECOND_NS / play.speed if play.speed else loop.time()
        if (wait := due - loop.time()) > 0:
            await asyncio.sleep(wait)
        elif index % 64 == 0:
            await asyncio.sleep(0)
        await room.acquire()
        couriers[order % len(couriers)].waiting.put_nowait((due, batch))


def merged(days: Sequence[Iterator[Batch]]) -> Iterator[tuple[int, Batch]]:
    """All developers' batches in the order in which they are due, with whose they are."""
    waiting: list[tuple[int, int, int, Batch]] = []
    count = 0

    def pull(order: int) -> None:
        """The next batch of a developer, and the late ones before it."""
        nonlocal count
        for batch in days[order]:
            count += 1
            heapq.heappush(waiting, (batch.due_ns, count, order, batch))
            if not batch.is_late:
                return

    for order in range(len(days)):
        pull(order)
    while waiting:
        _, _, order, batch = heapq.heappop(waiting)
        yield order, batch
        if not batch.is_late:
            pull(order)


async def _tell(outcome: Outcome, couriers: list[Courier]) -> None:
    """Progress of the first process, until it is cancelled."""
    before = 0
    while True:
        await asyncio.sleep(2)
        posts = outcome.acknowledged.posts
        waiting = sum(courier.waiting.qsize() for courier in couriers)
        took = quantile(outcome.acknowledge_ms.items(), 0.99)
        said = f"{posts:,} posts, {(posts - before) / 2:,.0f}/s, p99 {took or 0:,.0f} ms, {waiting:,} wait"
        print(said, counted(outcome.answers), file=sys.stderr)
        before = posts


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--http", default="http://127.0.0.1:4318", help="the receiver's address")
    parser.add_argument("--grpc", default="", help="host and port of the receiver's gRPC")
    parser.add_argument("--grpc-share", type=float, default=0.1, help="of the connections, where there is gRPC")
    parser.add_argument("--token-file", type=Path, help="a file with the token")
    parser.add_argument("--developers", type=int, default=1_000)
    parser.add_argument("--hours", type=float, default=8.0, help="of the day that is played")
    parser.add_argument("--speed", type=float, default=60.0, help="so many times faster; 0: as fast as can be")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--connections", type=int, default=256, help="of a process")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--json-share", type=float, default=0.3, help="of the developers; the others send protobuf")
    parser.add_argument("--cumulative-share", type=float, default=0.1, help="of the developers")
    parser.add_argument("--gzip-share", type=float, default=0.2, help="of the requests")
    parser.add_argument("--duplicates", type=float, default=0.02, help="of the requests, sent twice")
    parser.add_argument("--late", type=float, default=0.02, help="of the requests, up to ten minutes")
    parser.add_argument("--attempts", type=int, default=5, help="how often a request is tried")
    parser.add_argument("--check", default="", metavar="URL", help="compare with what the server answers there")
    parser.add_argument("--check-token-file", type=Path, help="a file with an admin's token to look with")
    parser.add_argument("--out", type=Path, help="write the report there too")
    return parser.parse_args()


def _play(options: argparse.Namespace) -> Play:
    now_ns, day_ns = time.time_ns(), int(options.hours * 3_600 * SECOND_NS)
    plan = Plan(
        seed=options.seed,
        developers=options.developers,
        start_ns=now_ns - day_ns + int(day_ns / options.speed if options.speed else 0),
        hours=options.hours,
        json_share=options.json_share,
        cumulative_share=options.cumulative_share,
        late=options.late,
        run=f"{now_ns:x}",
    )
    manners = Manners(
        attempts=options.attempts,
        gzip_share=options.gzip_share,
        duplicates=options.duplicates,
        token=options.token_file.read_text().strip() if options.token_file else "",
    )
    return Play(
        plan=plan,
        manners=manners,
        http=options.http,
        grpc=options.grpc,
        grpc_share=options.grpc_share,
        speed=options.speed,
        connections=options.connections,
        processes=options.processes,
    )


if __name__ == "__main__":
    main()
