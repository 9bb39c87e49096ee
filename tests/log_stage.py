"""A log as tests use it, and a process that appends to one and says what was acknowledged."""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random

from tokentide.clock import now_us
from tokentide.server.log.entry import NewEntry
from tokentide.server.log.limits import LogLimits
from tokentide.server.log.reader import LogReader
from tokentide.server.log.writer import LogWriter

NOW = 1_800_000_000_000_000
SMALL = LogLimits(segment_bytes=4096, least_free_bytes=0)


def entry(body: bytes, *, tenant: str = "acme", encoding: str = "") -> NewEntry:
    return NewEntry(NOW, tenant, "core", "logs", "application/x-protobuf", encoding, body)


def writer(folder: Path, limits: LogLimits = SMALL) -> LogWriter:
    return LogWriter(str(folder), limits, now=NOW)


def written(folder: Path, *bodies: bytes, limits: LogLimits = SMALL) -> None:
    """A log that holds these, each in a group of its own."""
    log = writer(folder, limits)
    for body in bodies:
        log.append(entry(body)).result(10)
    log.close()


def bodies(folder: Path | LogReader, most_entries: int = 1_000_000) -> list[bytes]:
    reader = folder if isinstance(folder, LogReader) else LogReader(str(folder))
    return [each.body for each in reader.entries(1 << 30, most_entries)]


def append_without_end(folder: str) -> None:
    """Append numbered bodies of many sizes in bursts; write `<number>` to standard output once it is acknowledged."""
    log = LogWriter(folder, LogLimits(segment_bytes=200_000, least_free_bytes=0), now=now_us())
    random, number = Random(now_us()), 0
    while True:
        burst = []
        for _ in range(random.randint(1, 60)):
            body = b"%d " % number + random.randbytes(random.choice((0, 10, 3_000, 40_000)))
            burst.append((number, log.append(entry(body))))
            number += 1
        for done, future in burst:
            future.result(30)
            sys.stdout.write(f"{done}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    append_without_end(sys.argv[1])
