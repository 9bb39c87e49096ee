"""Measures the status line beside bare Python and ccusage's on one folder of transcripts, and prints a Markdown table.

    python bench/statusline.py --corpus DIR [--ccusage PATH] [--runs 15]

DIR is a CLAUDE_CONFIG_DIR. Warm: the ledger is up to date, as it is in a session that has begun. Cold: there is no
ledger yet. Idle: the client repeats what it said before. Each figure is the median of whole processes; they take turns.
No sync is started in the background: it would be measured with whatever comes next.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tokentide.clock import DAY_US
from tokentide.store.sqlite.ledger import Ledger
from tokentide.sync.statusline import BACKGROUND_SYNC

Say = Callable[[], bytes]


@dataclass(frozen=True)
class Job:
    """One command to time, with what it is told."""

    name: str
    command: Sequence[str]
    environ: Mapping[str, str]
    say: Say
    setup: Callable[[], None] = lambda: None
    """Done before each run, untimed."""
    seconds: list[float] = field(default_factory=list)

    def run(self) -> None:
        """Run it once."""
        self.setup()
        said = self.say()
        begin = time.perf_counter()
        subprocess.run(self.command, env=self.environ, input=said, stdout=subprocess.DEVNULL, check=True)
        self.seconds.append(time.perf_counter() - begin)


class Client:
    """Speaks as Claude Code does, of one transcript of the corpus."""

    def __init__(self, corpus: Path) -> None:
        newest = max((corpus / "projects").rglob("*.jsonl"), key=lambda path: path.stat().st_mtime)
        self._transcript = newest
        self._answers = 0

    def answer(self) -> bytes:
        """What it says after another response."""
        self._answers += 1
        return self.repeat()

    def answer_without_cost(self) -> bytes:
        """The same of a client that does not tell the session's cost."""
        self._answers += 1
        return json.dumps(self._said()).encode()

    def repeat(self) -> bytes:
        """What it says again while nothing happens."""
        cost = {"total_cost_usd": self._answers / 100, "total_api_duration_ms": 900 * self._answers}
        return json.dumps(self._said() | {"cost": cost}).encode()

    def _said(self) -> dict[str, object]:
        now = int(time.time())
        return {
            "session_id": self._transcript.stem,
            "transcript_path": str(self._transcript),
            "cwd": "/",
            "model": {"id": "claude-opus-4-8", "display_name": "Opus 4.8"},
            "workspace": {"current_dir": "/", "project_dir": "/"},
            "context_window": {"total_input_tokens": 30_000, "context_window_size": 200_000, "used_percentage": 15},
            "rate_limits": {
                "five_hour": {"used_percentage": min(self._answers, 100), "resets_at": now // 600 * 600 + 6_000},
                "seven_day": {"used_percentage": 34, "resets_at": now // 600 * 600 + 259_200},
            },
        }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--ccusage", type=Path)
    parser.add_argument("--runs", type=int, default=15)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tokentide-bench-") as folder:
        jobs = table_of_jobs(options.corpus.resolve(), options.ccusage, Path(folder))
        for _ in range(options.runs + 1):
            for job in jobs:
                job.run()
    print_table(options.corpus, jobs)


def table_of_jobs(corpus: Path, ccusage: Path | None, folder: Path) -> list[Job]:
    """Bare Python first: the others are set beside it."""
    program = str(Path(sys.executable).with_name("tokentide"))
    base = {
        "HOME": str(folder),
        "PATH": "/usr/bin:/bin",
        "TZ": "UTC",
        "CLAUDE_CONFIG_DIR": str(corpus),
        "COLUMNS": "160",
    }
    warm = base | {"TOKENTIDE_DATA_DIR": str(folder / "warm"), "TOKENTIDE_CONFIG_DIR": str(folder / "none")}
    cold = base | {"TOKENTIDE_DATA_DIR": str(folder / "cold"), "TOKENTIDE_CONFIG_DIR": str(folder / "unsynced")}
    prepare(program, warm, folder)
    client = Client(corpus)

    def forget() -> None:
        shutil.rmtree(folder / "cold", ignore_errors=True)

    def fill_cache() -> None:
        subprocess.run(
            [str(ccusage), "statusline", "--offline"],
            env=base,
            input=client.repeat(),
            stdout=subprocess.DEVNULL,
            check=True,
        )

    jobs = [
        Job("python -c pass", [sys.executable, "-c", "pass"], base, bytes),
        Job("tokentide statusline, warm, after an answer", [program, "statusline"], warm, client.answer),
        Job("tokentide statusline, warm, idle", [program, "statusline"], warm, client.repeat),
        Job("tokentide statusline, cold", [program, "statusline"], cold, client.answer, forget),
    ]
    if ccusage:
        named = [str(ccusage), "statusline", "--offline"]
        jobs += [
            Job("ccusage statusline, cost told", [*named, "--no-cache"], base, client.answer),
            Job("ccusage statusline, no cost told", [*named, "--no-cache"], base, client.answer_without_cost),
            Job("ccusage statusline, idle, from its cache", named, base, client.repeat, fill_cache),
        ]
    return jobs


def prepare(program: str, warm: Mapping[str, str], folder: Path) -> None:
    """Bring the warm ledger up to date, and see to it that no call starts a sync: booked there, switched off cold."""
    subprocess.run([program, "sync"], env=warm, stdout=subprocess.DEVNULL, check=True)
    now = time.time_ns() // 1_000
    with Ledger.open(str(folder / "warm" / "ledger.sqlite3")) as ledger:
        ledger.limits.claim_poll(BACKGROUND_SYNC, now, now + DAY_US)
    (folder / "unsynced").mkdir()
    (folder / "unsynced" / "settings.toml").write_text("statusline_sync = false\n")


def print_table(corpus: Path, jobs: Sequence[Job]) -> None:
    """A row a job; the first run of each is left out."""
    size = sum(path.stat().st_size for path in (corpus / "projects").rglob("*.jsonl"))
    python = platform.python_version()
    print(f"## Status line on {size / 1e6:,.0f} MB\n\n{os.cpu_count()} cores, Python {python}, medians.\n")
    print("| | ms | lowest | times bare Python |\n| --- | --: | --: | --: |")
    bare = jobs[0].seconds[1:]
    for job in jobs:
        seconds = job.seconds[1:]
        ratio = statistics.median(mine / other for mine, other in zip(seconds, bare, strict=True))
        print(f"| {job.name} | {statistics.median(seconds) * 1e3:.1f} | {min(seconds) * 1e3:.1f} | {ratio:.1f} |")


if __name__ == "__main__":
    main()
