"""What a receiver tells of itself, second by second, on a board in the folder of its log."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence

import msgspec

from tokentide.model.latency import bucket_of
from tokentide.server.log.board import Board, words_of
from tokentide.server.status import ReceiverStatus

_BOARD_BYTES = 64 << 10
Histogram = list[tuple[int, int]]
"""Pairs of a bucket of tokentide.model.latency and how many."""


class ReceiverNumbers(msgspec.Struct, frozen=True):
    """Since the process started; instants are µs UTC."""

    pid: int
    started_at: int
    updated_at: int
    http_port: int
    grpc_port: int
    """0 where gRPC is not spoken."""
    requests: list[tuple[str, str, int, int]]
    """Way in (`http`, `grpc`), signal, HTTP status, how many."""
    received_bytes: int
    """Bodies as they came."""
    records: int
    rejected_records: int
    duplicates: int
    """Bodies that had come before, and were acknowledged without being written again."""
    connections: int
    """Of HTTP, open now."""
    held_bytes: int
    """Bodies in memory now."""
    groups: int
    """Syncs of the log."""
    entries: int
    """Bodies that they put there."""
    acknowledge_ms: Histogram
    """From a request's head to its answer."""
    commit_ms: Histogram
    """Write and sync of a group."""
    failures: int
    """Faults of ours; each was answered with 503, or its body written without a look inside."""
    last_failure: str
    """The kind of the last one; empty where there was none."""
    fault: str
    """Why the log takes nothing now; empty while it does."""


class Tally:
    """Counts, for the event loop."""

    def __init__(self) -> None:
        self.requests: Counter[tuple[str, str, int]] = Counter()
        self.received_bytes = self.records = self.rejected_records = self.duplicates = 0
        self.groups = self.entries = self.failures = 0
        self.last_failure = ""
        self._acknowledge: Counter[int] = Counter()
        self._commit: Counter[int] = Counter()

    def answered(self, way: str, kind: str, status: int, seconds: float) -> None:
        """Note a request; `kind` is its signal, empty where it named none."""
        self.requests[way, kind, status] += 1
        if status == 200 and kind:
            self._acknowledge[bucket_of(round(seconds * 1000))] += 1

    def failed(self, error: BaseException) -> None:
        """Note a fault of ours, by its kind and place: what it says may quote a body."""
        trace = error.__traceback__
        while trace and trace.tb_next:
            trace = trace.tb_next
        place = f" in {trace.tb_frame.f_code.co_qualname}, line {trace.tb_lineno}" if trace else ""
        self.failures += 1
        self.last_failure = type(error).__name__ + place

    def committed(self, groups: Sequence[tuple[int, float]]) -> None:
        """Note syncs of the log: entries and seconds of each."""
        self.groups += len(groups)
        for entries, seconds in groups:
            self.entries += entries
            self._commit[bucket_of(round(seconds * 1000))] += 1

    @property
    def acknowledge_ms(self) -> Histogram:
        """From head to answer, of what was taken."""
        return sorted(self._acknowledge.items())

    @property
    def commit_ms(self) -> Histogram:
        """Write and sync of a group."""
        return sorted(self._commit.items())


class NumbersBoard:
    """Where a receiver writes its numbers."""

    def __init__(self, folder: str) -> None:
        """Raises OSError."""
        self._board = Board(_path(folder), _BOARD_BYTES)

    def write(self, numbers: ReceiverNumbers) -> None:
        """Put them in place of the last ones. Raises OSError."""
        self._board.write(msgspec.json.encode(numbers))

    def close(self) -> None:
        """Let go of the file; the numbers stay."""
        self._board.close()


def numbers_in(folder: str) -> ReceiverNumbers | None:
    """What the receiver of this log last told; None where none has. Raises OSError."""
    words = words_of(_path(folder))
    try:
        return msgspec.json.decode(words, type=ReceiverNumbers) if words else None
    except msgspec.MsgspecError:
        return None


def status_of(all_numbers: Sequence[ReceiverNumbers], *, is_running: bool) -> ReceiverStatus:
    """Several receivers as one; whether they run their parent knows."""
    requests: Counter[tuple[str, str, int]] = Counter()
    acknowledge: Counter[int] = Counter()
    for numbers in all_numbers:
        for way, kind, status, count in numbers.requests:
            requests[way, kind, status] += count
        for bucket, count in numbers.acknowledge_ms:
            acknowledge[bucket] += count
    return ReceiverStatus(
        is_running=is_running,
        requests=dict(requests),
        received_bytes=sum(each.received_bytes for each in all_numbers),
        connections=sum(each.connections for each in all_numbers),
        acknowledge_ms=tuple(sorted(acknowledge.items())),
    )


def _path(folder: str) -> str:
    return os.path.join(folder, "numbers")
