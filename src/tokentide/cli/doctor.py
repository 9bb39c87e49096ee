"""doctor: what was found where, what could not be read, how the ledger is, how old the prices are."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from dataclasses import dataclass

from tokentide import __version__, locations
from tokentide.cli.doctor_limits import LimitFindings, examine_limits, limits_json, tell_limits
from tokentide.cli.doctor_watch import WatchFindings, examine_watch, tell_watch, watch_json
from tokentide.cli.error_log import log_path
from tokentide.cli.exit_codes import ExitCode
from tokentide.cli.terminal import Terminal
from tokentide.cli.workspace import Workspace
from tokentide.model.problems import Problem
from tokentide.render.json_text import Json, dumps
from tokentide.render.words import ago, clean, plural
from tokentide.sources.claude_code.lines import half_written
from tokentide.sources.claude_code.paths import find_roots
from tokentide.store.sqlite.ledger import Ledger
from tokentide.sync.engine import Synced

SHOWN_PROBLEMS = 20
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class RootFinding:
    """One place that was looked at."""

    path: str
    origin: str
    exists: bool
    files: int


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything that the doctor tells."""

    roots: tuple[RootFinding, ...]
    lines: int
    usage_lines: int
    waiting_bytes: int
    """Half-written last lines that wait for their rest."""
    vanished: int
    """Files that were read once and are gone; what they said is kept."""
    problems: tuple[Problem, ...]
    problem_count: int
    ledger_bytes: int
    health: str
    is_kept: bool
    counts: dict[str, int]
    limits: LimitFindings
    watch: WatchFindings


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of doctor."""
    parser.add_argument("-j", "--json", action="store_true", help="JSON, with every problem")
    parser.add_argument("--all", action="store_true", help=f"list every problem, not only the first {SHOWN_PROBLEMS}")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Examine and tell. Exit code 3 if something needs a person: problems, or a ledger that is ill or not kept."""
    workspace = Workspace(terminal)
    findings = workspace.with_ledger(lambda ledger, synced: _examine(ledger, synced, workspace))
    if options.json:
        terminal.write(_json(findings, workspace))
    else:
        _tell(findings, workspace, terminal, everything=options.all)
    is_sound = findings.health == "ok" and findings.is_kept
    well = is_sound and not findings.problem_count and not findings.watch.fault
    return ExitCode.OK if well else ExitCode.UNHEALTHY


def _examine(ledger: Ledger, synced: Synced, workspace: Workspace) -> Findings:
    """Gather the facts."""
    states = ledger.files()
    here = [found for found in synced.found if found.key in states]
    return Findings(
        roots=_roots(synced, workspace),
        lines=sum(states[found.key].position.lines for found in here),
        usage_lines=sum(states[found.key].usage_lines for found in here),
        waiting_bytes=sum(half_written(found.path, states[found.key].position.offset) for found in here),
        vanished=len(states) - len(here),
        problems=(*synced.unreadable, *_of(ledger.problems(), {found.key for found in here})),
        problem_count=synced.problems,
        ledger_bytes=_size(ledger.path) if ledger.is_kept else 0,
        health=ledger.health(),
        is_kept=ledger.is_kept,
        counts=ledger.row_counts(),
        limits=examine_limits(ledger, workspace),
        watch=examine_watch(workspace.terminal),
    )


def _roots(synced: Synced, workspace: Workspace) -> tuple[RootFinding, ...]:
    existing = {root.path for root in synced.roots}
    roots = find_roots(workspace.terminal.environ, workspace.settings.claude_dirs)
    return tuple(
        RootFinding(
            root.path, root.origin, root.path in existing, sum(found.root == root.path for found in synced.found)
        )
        for root in roots
    )


def _size(path: str) -> int:
    """Of the ledger with its log, which holds what was written last."""
    return sum(os.path.getsize(part) for part in (path, f"{path}-wal") if os.path.exists(part))


def _of(problems: list[Problem], paths: set[str]) -> list[Problem]:
    return [problem for problem in problems if problem.path in paths]


def _tell(findings: Findings, workspace: Workspace, terminal: Terminal, *, everything: bool) -> None:
    """In words."""
    say = terminal.write
    say(f"tokentide {__version__}")
    say("\nWhere it looked")
    for root in findings.roots:
        what = plural(root.files, "transcript") if root.exists else "not there"
        say(f"  {clean(root.path)} ({root.origin}): {what}")
    say(f"\nTranscripts: {plural(findings.lines, 'line')}, {findings.usage_lines:,} with usage")
    if findings.waiting_bytes:
        say(f"  {plural(findings.waiting_bytes, 'byte')} of half-written last lines wait for their rest")
    if findings.vanished:
        say(f"  {plural(findings.vanished, 'file')} read earlier and now gone; the ledger keeps what they said")
    _tell_ledger(findings, say)
    tell_limits(findings.limits, terminal)
    tell_watch(findings.watch, terminal)
    book = workspace.book
    say(f"\nPrices: {book.source}, of {book.book_date}" + (f"; {book.fault}" if book.fault else ""))
    settings = locations.settings_path()
    say(f"Settings: {settings}" + ("" if os.path.exists(settings) else " (not there, the defaults hold)"))
    if os.path.exists(log_path()):
        say(f"Errors of the status line: {log_path()}, last {ago(terminal.now - _changed_at(log_path()))}")
    _tell_problems(findings, say, everything=everything)


def _changed_at(path: str) -> int:
    """When a file was written last, µs UTC."""
    return os.stat(path).st_mtime_ns // 1000


def _tell_ledger(findings: Findings, say: Say) -> None:
    where = locations.ledger_path() if findings.is_kept else "in memory only: the file cannot be written"
    say(f"\nLedger: {where}")
    say(
        f"  {findings.counts['records']:,} responses in {findings.counts['places']:,} places, "
        f"{findings.ledger_bytes / 1e6:,.1f} MB"
    )
    say(f"  check by the engine: {findings.health}")


def _tell_problems(findings: Findings, say: Say, *, everything: bool) -> None:
    """What could not be read, with file and line."""
    if not findings.problem_count:
        say("\nNothing was unreadable.")
        return
    say(f"\nCould not be read: {plural(findings.problem_count, 'place')}")
    shown = findings.problems if everything else findings.problems[:SHOWN_PROBLEMS]
    for problem in shown:
        say(f"  {clean(problem.path)}{f':{problem.line}' if problem.line else ''}: {clean(problem.reason)}")
    more = findings.problem_count - len(shown)
    if more > 0:
        say(f"  … and {more:,} more" + ("" if everything else "; --all lists up to a hundred of each file"))


def _json(findings: Findings, workspace: Workspace) -> str:
    """As one object."""
    problems: list[Json] = [{"path": p.path, "line": p.line, "reason": p.reason} for p in findings.problems]
    return dumps(
        {
            "format": 1,
            "report": "doctor",
            "version": __version__,
            "roots": [
                {"path": r.path, "origin": r.origin, "exists": r.exists, "files": r.files} for r in findings.roots
            ],
            "lines": findings.lines,
            "usage_lines": findings.usage_lines,
            "waiting_bytes": findings.waiting_bytes,
            "vanished_files": findings.vanished,
            "ledger": {
                "path": locations.ledger_path(),
                "is_kept": findings.is_kept,
                "bytes": findings.ledger_bytes,
                "check": findings.health,
                **findings.counts,
            },
            "prices": {
                "source": workspace.book.source,
                "date": workspace.book.book_date.isoformat(),
                "fault": workspace.book.fault or None,
            },
            "limits": limits_json(findings.limits, workspace.terminal.now),
            "watch": watch_json(findings.watch),
            "settings": locations.settings_path(),
            "problems": findings.problem_count,
            "problem_list": problems,
        }
    )
