"""Reads many transcripts over several processes, the largest first."""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from tokentide.interrupts import interrupts_held
from tokentide.sources.claude_code.batches import Task

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor

PARALLEL_BYTES = 24 << 20
"""Less than this is read faster without starting processes."""
GROUP_BYTES = 24 << 20
"""What one process reads in one go."""
GROUP_FILES = 400
MAX_WORKERS = 8

Progress = Callable[[int], None]
"""Told how many more bytes were read."""
B = TypeVar("B")


class Reading(NamedTuple, Generic[B]):
    """What is read of the files, and how it travels between processes; functions of modules, so that they do too."""

    read: Callable[[Sequence[Task]], B]
    encode: Callable[[B], bytes]
    decode: Callable[[bytes], B]


def nothing() -> None:
    """What is done meanwhile where nothing else waits."""


def read_all(
    tasks: Sequence[Task], reading: Reading[B], progress: Progress, meanwhile: Callable[[], None] = nothing
) -> Iterator[B]:
    """Every file once, in batches as they become ready; `meanwhile` is done while other processes read."""
    if sum(map(_bytes, tasks)) < PARALLEL_BYTES or _processors() == 1:
        yield from _serially(_groups(tasks), reading, progress)
        return
    try:
        pool = _pool()
    except (OSError, ImportError):  # no semaphores in this sandbox
        yield from _serially(_groups(tasks), reading, progress)
        return
    try:
        yield from _in_parallel(pool, _groups(tasks), reading, progress, meanwhile)
    finally:
        pool.shutdown(cancel_futures=True)


def _serially(groups: Sequence[Sequence[Task]], reading: Reading[B], progress: Progress) -> Iterator[B]:
    for group in groups:
        yield reading.read(group)
        progress(sum(map(_bytes, group)))


def _in_parallel(
    pool: ProcessPoolExecutor,
    groups: Sequence[Sequence[Task]],
    reading: Reading[B],
    progress: Progress,
    meanwhile: Callable[[], None],
) -> Iterator[B]:
    """Batches in the order of the groups; a group whose process died is read here."""
    from concurrent.futures.process import BrokenProcessPool

    with interrupts_held():  # or it would meet processes before they can ignore it
        futures = deque((pool.submit(_work, group, reading.read, reading.encode), group) for group in groups)
    meanwhile()
    while futures:
        future, group = futures.popleft()  # lets go of the result with it
        try:
            yield reading.decode(future.result())
        except BrokenProcessPool:
            yield reading.read(group)
        progress(sum(map(_bytes, group)))


def _work(tasks: Sequence[Task], read: Callable[[Sequence[Task]], B], encode: Callable[[B], bytes]) -> bytes:
    """One group in a process of its own."""
    import gc

    gc.disable()
    return encode(read(tasks))


def _groups(tasks: Sequence[Task]) -> list[list[Task]]:
    """Tasks put together, so that a process has enough to do; the largest files come first."""
    groups: list[list[Task]] = []
    room = 0
    for task in sorted(tasks, key=_bytes, reverse=True):
        if room <= 0 or len(groups[-1]) >= GROUP_FILES:
            groups.append([])
            room = GROUP_BYTES
        groups[-1].append(task)
        room -= _bytes(task)
    return groups


def _bytes(task: Task) -> int:
    """What of the file is expected to be new."""
    read = task.known.position.offset if task.known else 0
    return max(task.found.stamp.size - read, 0)


def _processors() -> int:
    """Processors that this process may use."""
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(available, MAX_WORKERS)


def _pool() -> ProcessPoolExecutor:
    """Processes to read with; forked on Linux, where that is safe and starts in a millisecond."""
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    context = get_context("fork" if sys.platform == "linux" else "spawn")
    return ProcessPoolExecutor(_processors(), context, initializer=_begin_work, initargs=(os.getpid(),))


def _begin_work(parent: int) -> None:
    """In a new process: leave Ctrl+C to the parent, and end when it is gone."""
    import signal
    import threading
    import time

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.2)
        os._exit(1)

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=watch, daemon=True).start()
