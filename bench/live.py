"""Measures the live view beside a bare Textual app on one folder of transcripts, and prints a Markdown table.

    python bench/live.py --corpus DIR [--idle SECONDS] [--write SECONDS]

DIR is a CLAUDE_CONFIG_DIR; what is written goes into another root beside it. First screen: from the start of the
process until the page stands, and the same without Textual's import. Idle: nothing is written; the view redraws its
countdowns every three seconds. Beside a writer: about ten responses a second are appended to four sessions; at the
end the ledger has to hold as many as were written, brought there by the view alone. Both apps run in a terminal of
80 by 24.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import platform
import pty
import random
import select
import shutil
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

BARE = """
from textual.app import App
from textual.widgets import DataTable, Static
class Bare(App):
    def compose(self):
        yield Static("Burn rate")
        yield DataTable()
Bare().run()
"""
STANDS = b"Burn rate"
TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
CURVE_STEPS = 10
"""So often memory is measured beside a writer."""


class Screen:
    """A program in a terminal of its own."""

    def __init__(self, command: Sequence[str], environ: Mapping[str, str]) -> None:
        self.began = time.perf_counter()
        self.pid, self._leader = pty.fork()
        if self.pid == 0:
            os.execve(command[0], list(command), dict(environ))
        fcntl.ioctl(self._leader, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self._seen = bytearray()
        self.written = 0
        """Bytes that the program has written."""

    def read(self, seconds: float) -> None:
        """Take what it writes for so long."""
        end = time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            if select.select([self._leader], [], [], left)[0]:
                data = os.read(self._leader, 1 << 16)
                self.written += len(data)
                self._seen = (self._seen + data)[-(1 << 16) :]

    def until(self, what: bytes) -> float:
        """Seconds from its start until it has written something."""
        while what not in self._seen:
            self.read(0.005)
        return time.perf_counter() - self.began

    def cpu_seconds(self) -> float:
        """Spent so far, by all its threads."""
        words = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / TICKS

    def resident_mb(self) -> float:
        """Memory."""
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * PAGE / 1e6

    def end(self) -> None:
        """Quit."""
        os.kill(self.pid, signal.SIGTERM)
        with suppress(OSError):  # the terminal is gone with its last program
            self.read(0.5)
        os.close(self._leader)
        os.waitpid(self.pid, 0)


@dataclass(frozen=True)
class Figures:
    """What was measured of one app."""

    name: str
    first: float
    """Seconds until the page stands, median of five starts."""
    cpu_percent: float
    """Of one core, idle."""
    resident_mb: float


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--idle", type=float, default=60)
    parser.add_argument("--write", type=float, default=120)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tokentide-bench-") as folder:
        environ = environment(options.corpus.resolve(), Path(folder))
        program = [str(Path(sys.executable).with_name("tokentide")), "live"]
        subprocess.run([program[0], "sync"], env=environ, stdout=subprocess.DEVNULL, check=True)
        import_seconds = seconds_of([sys.executable, "-c", "import textual.app"], environ)
        bare = measure("bare Textual app", [sys.executable, "-c", BARE], environ, options.idle)
        live = measure("tokentide live", program, environ, options.idle)
        print_table(options.corpus, [bare, live], import_seconds, options.idle)
        if options.write:
            beside_a_writer(program, environ, Path(folder), options.write)


def environment(corpus: Path, folder: Path) -> dict[str, str]:
    """A home of its own, with a second root to write into."""
    config = folder / "config"
    config.mkdir()
    own = folder / "own"
    (own / "projects" / "-srv-busy").mkdir(parents=True)
    (config / "settings.toml").write_text(f'account_poll = false\nclaude_dirs = ["{own}"]\n')
    (config / "alerts.toml").write_text('[[channel]]\nkind = "desktop"\nenabled = false\n')
    return {
        "HOME": str(folder),
        "PATH": "/usr/bin:/bin",
        "TZ": "UTC",
        "TERM": "xterm-256color",
        "LC_ALL": "C.UTF-8",
        "CLAUDE_CONFIG_DIR": str(corpus),
        "TOKENTIDE_DATA_DIR": str(folder / "data"),
        "TOKENTIDE_CONFIG_DIR": str(config),
    }


def seconds_of(command: Sequence[str], environ: Mapping[str, str], runs: int = 5) -> float:
    """The median of whole processes."""
    found = []
    for _ in range(runs):
        begin = time.perf_counter()
        subprocess.run(command, env=environ, check=True, stdout=subprocess.DEVNULL)
        found.append(time.perf_counter() - begin)
    return statistics.median(found)


def measure(name: str, command: Sequence[str], environ: Mapping[str, str], idle: float) -> Figures:
    """Start it five times; leave the last one alone for a while."""
    firsts = []
    for _ in range(4):
        screen = Screen(command, environ)
        firsts.append(screen.until(STANDS))
        screen.end()
    screen = Screen(command, environ)
    firsts.append(screen.until(STANDS))
    screen.read(10)
    before = screen.cpu_seconds()
    screen.read(idle)
    percent = 100 * (screen.cpu_seconds() - before) / idle
    resident = screen.resident_mb()
    screen.end()
    return Figures(name, statistics.median(firsts), percent, resident)


def print_table(corpus: Path, rows: Sequence[Figures], import_seconds: float, idle: float) -> None:
    """A row an app."""
    size = sum(path.stat().st_size for path in (corpus / "projects").rglob("*.jsonl"))
    print(f"## Live view on {size / 1e6:,.0f} MB\n\n{os.cpu_count()} cores, Python {platform.python_version()}.\n")
    print(f"| | first screen, ms | without Textual's import | idle over {idle:.0f} s, % of a core | memory, MB |")
    print("| --- | --: | --: | --: | --: |")
    for row in rows:
        rest = (row.first - import_seconds) * 1e3
        print(f"| {row.name} | {row.first * 1e3:.0f} | {rest:.0f} | {row.cpu_percent:.2f} | {row.resident_mb:.0f} |")


def beside_a_writer(program: Sequence[str], environ: Mapping[str, str], folder: Path, seconds: float) -> None:
    """What it costs while somebody writes, and whether anything is missed."""
    screen = Screen(program, environ)
    screen.until(STANDS)
    screen.read(5)
    curve, before = [screen.resident_mb()], screen.cpu_seconds()
    written = threading.Thread(target=write, args=(folder / "own" / "projects" / "-srv-busy", seconds))
    written.start()
    for _ in range(CURVE_STEPS):
        screen.read(seconds / CURVE_STEPS)
        curve.append(screen.resident_mb())
    screen.read(5)
    written.join()
    cpu = 100 * (screen.cpu_seconds() - before) / seconds
    screen.end()
    lines = sum(path.read_bytes().count(b"\n") for path in (folder / "own").rglob("*.jsonl"))
    held = read_without_sync(folder / "data" / "ledger.sqlite3")
    print(
        f"\nBeside a writer for {seconds:.0f} s: {lines:,} responses written, {held:,} in the ledger by the view alone;"
    )
    print(f"{cpu:.1f} % of a core; memory at equal distances, MB: {' '.join(f'{each:.1f}' for each in curve)}.")


def write(folder: Path, seconds: float) -> None:
    """Append responses to four sessions, about ten a second."""
    chance, end, number = random.Random(4), time.monotonic() + seconds, 0
    while time.monotonic() < end:
        at = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
        usage = {"input_tokens": 3, "output_tokens": chance.randrange(2_000), "cache_read_input_tokens": 90_000}
        message = {"id": f"bench{number}", "model": "claude-opus-5", "usage": usage, "stop_reason": "end_turn"}
        session = f"busy{number % 4}"
        line = {
            "type": "assistant",
            "timestamp": at,
            "sessionId": session,
            "requestId": f"r{number}",
            "message": message,
        }
        with (folder / f"{session}.jsonl").open("a") as file:
            file.write(json.dumps(line) + "\n")
        number += 1
        time.sleep(chance.uniform(0.02, 0.18))


def read_without_sync(path: Path) -> int:
    """How many of the written responses the ledger holds."""
    copy = path.with_name("copy.sqlite3")
    for end in ("", "-wal"):
        if Path(f"{path}{end}").exists():
            shutil.copy(f"{path}{end}", f"{copy}{end}")
    import sqlite3

    connection = sqlite3.connect(copy)
    count: int = connection.execute("SELECT COUNT(*) FROM records WHERE identity LIKE 'bench%'").fetchone()[0]
    connection.close()
    return count


if __name__ == "__main__":
    main()
