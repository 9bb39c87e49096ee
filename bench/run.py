"""Measures tokentide beside its peers on one folder of transcripts, in turns, and prints a Markdown table.

    python bench/run.py --corpus DIR [--ccusage PATH] [--aiburn PATH] [--runs 7]

DIR is a CLAUDE_CONFIG_DIR. Each figure is the median of whole processes; the commands take turns, so that a change of
the machine's speed meets them alike, and ratios are taken pair by pair. Peers that are not given are left out.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

Setup = Callable[[], None]
WHERE = (
    ("daily", "--json"),
    ("context", "--json"),
    ("session", "latest", "--json"),
    ("breakdown",),
    ("breakdown", "--by", "tool"),
    ("breakdown", "--by", "prompt"),
    ("compare", "last-month", "this-month"),
    ("what-if", "--since", "2020-01-01"),
    ("advise", "--since", "2020-01-01"),
    ("activity",),
)
"""Commands that tell where it went; the first is what they are compared with."""


@dataclass(frozen=True)
class Job:
    """One command to time."""

    name: str
    command: Sequence[str]
    environ: dict[str, str]
    setup: Setup = lambda: None
    """Done before each run, untimed."""


@dataclass
class Figures:
    """What the runs of one job took."""

    seconds: list[float] = field(default_factory=list)
    megabytes: list[float] = field(default_factory=list)

    def add(self, job: Job) -> None:
        """Run the job once."""
        job.setup()
        with open(os.devnull, "w", encoding="utf-8") as nowhere:
            begin = time.perf_counter()
            process = os.posix_spawn(
                job.command[0], [*job.command], job.environ, file_actions=[(os.POSIX_SPAWN_DUP2, nowhere.fileno(), 1)]
            )
            _, status, usage = os.wait4(process, 0)
            self.seconds.append(time.perf_counter() - begin)
        if status:
            raise SystemExit(f"{job.name} failed: {' '.join(job.command)}")
        self.megabytes.append(usage.ru_maxrss / 1024)


def main() -> None:
    """Measure and print."""
    options = parse()
    with tempfile.TemporaryDirectory(prefix="tokentide-bench-") as folder:
        print(heading(options.corpus))
        jobs = table_of_jobs(options, Path(folder))
        for title, group in jobs:
            print_table(title, group, options.runs)


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--ccusage", type=Path)
    parser.add_argument("--aiburn", type=Path)
    parser.add_argument("--runs", type=int, default=7)
    return parser.parse_args()


def heading(corpus: Path) -> str:
    """What was measured on what."""
    files = list((corpus / "projects").rglob("*.jsonl"))
    size = sum(file.stat().st_size for file in files)
    python = platform.python_version()
    return f"## {size / 1e6:,.0f} MB in {len(files):,} files\n\n{os.cpu_count()} cores, Python {python}, medians.\n"


def table_of_jobs(options: argparse.Namespace, folder: Path) -> list[tuple[str, list[Job]]]:
    """Groups of jobs that answer the same question; ours comes first."""
    environ = {
        "HOME": str(folder / "home"),
        "PATH": "/usr/bin:/bin",
        "TZ": "UTC",
        "CLAUDE_CONFIG_DIR": str(options.corpus),
    }
    ours = environ | {"TOKENTIDE_DATA_DIR": str(folder / "data"), "TOKENTIDE_CONFIG_DIR": str(folder / "config")}
    (folder / "home").mkdir()
    daily = [str(Path(sys.executable).with_name("tokentide")), "daily", "--json"]
    peers = [
        Job(path.name, [str(path), *arguments], environ)
        for path, arguments in (
            (options.aiburn, ("daily", "--json")),
            (options.ccusage, ("claude", "daily", "--json", "--offline")),
        )
        if path
    ]
    grown, growing = growing_copy(options.corpus, folder)

    def forget() -> None:
        shutil.rmtree(folder / "data", ignore_errors=True)

    def forget_but_prices() -> None:
        for path in (folder / "data").glob("ledger*"):
            path.unlink()

    def forget_details() -> None:
        with closing(sqlite3.connect(folder / "data" / "ledger.sqlite3")) as ledger, ledger:
            ledger.execute("DELETE FROM detail_files")

    return [
        ("first read ever, then the daily report", [Job("tokentide", daily, ours, forget), *peers]),
        ("first read with prices looked up before", [Job("tokentide", daily, ours, forget_but_prices), *peers]),
        ("nothing changed since", [Job("tokentide", daily, ours), *peers]),
        ("one line was appended", [Job("tokentide", daily, ours | {"CLAUDE_CONFIG_DIR": str(grown)}, growing)]),
        ("the main screen, nothing changed", [Job("tokentide", [daily[0], "--width", "80"], ours)]),
        ("sessions as a table, nothing changed", [Job("tokentide", [daily[0], "session"], ours)]),
        (
            "what happened around responses",
            [
                Job("tokentide sync, nothing of it known", [daily[0], "sync"], ours, forget_details),
                Job("tokentide sync, nothing changed", [daily[0], "sync"], ours),
            ],
        ),
        (
            "where it went, nothing changed (all of the history)",
            [Job(f"tokentide {' '.join(words)}", [daily[0], *words], ours) for words in WHERE],
        ),
        (
            "start",
            [
                Job("tokentide --version", [daily[0], "--version"], ours),
                Job("python -c pass", [sys.executable, "-c", "pass"], ours),
            ],
        ),
    ]


def growing_copy(corpus: Path, folder: Path) -> tuple[Path, Setup]:
    """A folder of links to the corpus with one transcript of its own, and what appends a line to that."""
    root = folder / "grown"
    (root / "projects" / "-own").mkdir(parents=True)
    (root / "projects" / "corpus").symlink_to(corpus.resolve() / "projects")
    own = root / "projects" / "-own" / "s.jsonl"
    count = iter(range(1_000_000))

    def append() -> None:
        line = (
            f'{{"type":"assistant","timestamp":"2026-11-15T10:00:00.000Z","sessionId":"s","requestId":"r{next(count)}",'
            '"message":{"model":"claude-opus-5","usage":{"input_tokens":1,"output_tokens":2}}}\n'
        )
        with own.open("a", encoding="utf-8") as file:
            file.write(line)

    return root, append


def print_table(title: str, jobs: Sequence[Job], runs: int) -> None:
    """Time the jobs in turns and print a row each, with the ratio of ours to it."""
    figures = [Figures() for _ in jobs]
    for _ in range(runs + 1):
        for job, figure in zip(jobs, figures, strict=True):
            figure.add(job)
    print(f"**{title}**\n\n| | seconds | lowest | memory, MB | ours : this |\n| --- | --: | --: | --: | --: |")
    ours = figures[0].seconds[1:]
    for job, figure in zip(jobs, figures, strict=True):
        seconds = figure.seconds[1:]
        ratio = statistics.median(mine / other for mine, other in zip(ours, seconds, strict=True))
        memory = statistics.median(figure.megabytes[1:])
        shown = "" if job is jobs[0] else f"{ratio:.2f}"
        print(f"| {job.name} | {statistics.median(seconds):.3f} | {min(seconds):.3f} | {memory:.0f} | {shown} |")
    print()


if __name__ == "__main__":
    main()
