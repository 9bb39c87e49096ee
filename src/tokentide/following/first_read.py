"""A long first reading in a process of its own: it takes two processors and much memory, and the screen has neither.

Run as a module it reads into the ledger, and says on standard output how much it has read, a number a line.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress

from tokentide import locations
from tokentide.pricing.book import PriceBook
from tokentide.settings import load_settings
from tokentide.store.sqlite.ledger import Ledger
from tokentide.sync.engine import Observer, Synchroniser

LONG_BYTES = 16 << 20
"""From so much to read on; less is read in a moment."""
Tell = Callable[[int, int], None]
"""Told of a long reading: bytes read, and bytes to read."""


def read_apart(environ: Mapping[str, str], total: int, tell: Tell, over: threading.Event) -> None:
    """Have another process read, telling how far it is; ends with it, or ends it when `over` is set.

    It is done by the time this returns, unless that process has failed: then the reading is left to the caller.
    """
    tell(0, total)
    command = [sys.executable, "-P", "-m", __name__]
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    group = {"process_group": 0} if os.name == "posix" else {}
    with subprocess.Popen(command, env=dict(environ), text=True, **pipes, **group) as process:  # type: ignore[call-overload] # noqa: S603
        ender = threading.Thread(target=_end, args=(process, over), daemon=True)
        ender.start()
        for line in process.stdout:
            read, _, of = line.strip().partition(" ")
            if read.isdecimal() and of.isdecimal():
                tell(int(read), max(int(of), 1))


def _end(process: subprocess.Popen[str], over: threading.Event) -> None:
    """End the process when nobody waits for it any more; what it has read so far is kept."""
    while process.poll() is None:
        if over.wait(0.2):
            _terminate(process)
            return


def _terminate(process: subprocess.Popen[str]) -> None:
    """End it with its own helpers, which would hold its output open until they have read their files."""
    with suppress(ProcessLookupError):
        if os.name == "posix":
            os.killpg(process.pid, signal.SIGTERM)
        else:
            process.terminate()


class _Teller(Observer):
    """Says on standard output how far it is."""

    def __init__(self) -> None:
        self._read = self._total = 0

    def begin(self, total_bytes: int) -> None:
        """Say how much there is."""
        self._total = total_bytes
        self.advance(0)

    def advance(self, read_bytes: int) -> None:
        """Say how much was read."""
        self._read += read_bytes
        sys.stdout.write(f"{self._read} {self._total}\n")
        sys.stdout.flush()


def main() -> None:
    """Read."""
    settings = load_settings(locations.settings_path(), os.environ)
    book = PriceBook(settings.prices, cache_path=locations.price_cache_path(), data_path=locations.price_data_path())
    with Ledger.open(locations.ledger_path()) as ledger:
        Synchroniser(settings, os.environ, book, _Teller()).sync(ledger)


if __name__ == "__main__":
    main()
