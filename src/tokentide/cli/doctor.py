"""doctor: what was found where, what could not be read, how the ledger is, how old the prices are."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable

from tokentide import __version__, locations
from tokentide.cli.doctor_limits import tell_limits
from tokentide.cli.doctor_watch import tell_watch
from tokentide.cli.exit_codes import ExitCode
from tokentide.cli.terminal import Terminal
from tokentide.cli.workspace import Workspace
from tokentide.doctor.findings import Findings, Surroundings, examine
from tokentide.errors import UsageError
from tokentide.render.words import ago, clean, plural

SHOWN_PROBLEMS = 20
Say = Callable[[str], None]


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of doctor."""
    from tokentide.cli.doctor_telemetry import configure as configure_telemetry

    parser.add_argument(
        "action",
        nargs="?",
        choices=("telemetry",),
        metavar="telemetry",
        help="say why telemetry of this machine's Claude Code arrives at a team's server, or does not",
    )
    parser.add_argument("-j", "--json", action="store_true", help="JSON, with every problem")
    parser.add_argument("--all", action="store_true", help=f"list every problem, not only the first {SHOWN_PROBLEMS}")
    configure_telemetry(parser)


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Examine and tell. Exit code 3 if something needs a person: problems, or a ledger that is ill or not kept."""
    if options.action == "telemetry":
        from tokentide.cli.doctor_telemetry import run_telemetry

        return run_telemetry(options, terminal)
    if options.offline or options.sample_settings is not None:
        raise UsageError("--offline and --sample-settings belong to `tokentide doctor telemetry`")
    workspace = Workspace(terminal)
    around = Surroundings(workspace.settings, terminal.environ, workspace.book, terminal.now)
    findings = workspace.with_ledger(lambda ledger, synced: examine(ledger, synced, around))
    if options.json:
        from tokentide.doctor.as_json import doctor_json

        terminal.write(doctor_json(findings))
    else:
        _tell(findings, terminal, everything=options.all)
    return ExitCode.OK if findings.is_well else ExitCode.UNHEALTHY


def _tell(findings: Findings, terminal: Terminal, *, everything: bool) -> None:
    """In words."""
    say = terminal.write
    say(f"tokentide {__version__}")
    say("\nWhere it looked")
    for root in findings.roots:
        what = plural(root.files, "transcript") if root.exists else "not there"
        say(f"  {clean(root.path)} ({root.origin}): {what}")
    if not findings.roots:
        say("  nowhere: `default_dirs` is off, and `claude_dirs` names no folder")
    say(f"\nTranscripts: {plural(findings.lines, 'line')}, {findings.usage_lines:,} with usage")
    if findings.waiting_bytes:
        say(f"  {plural(findings.waiting_bytes, 'byte')} of half-written last lines wait for their rest")
    if findings.vanished:
        say(f"  {plural(findings.vanished, 'file')} read earlier and now gone; the ledger keeps what they said")
    _tell_ledger(findings, say)
    tell_limits(findings.limits, terminal)
    tell_watch(findings.watch, terminal)
    book = findings.around.book
    say(f"\nPrices: {book.source}, of {book.book_date}" + (f"; {book.fault}" if book.fault else ""))
    settings = locations.settings_path()
    say(f"Settings: {settings}" + ("" if os.path.exists(settings) else " (not there, the defaults hold)"))
    if findings.log_changed_at:
        when = ago(terminal.now - findings.log_changed_at)
        say(f"Errors of the status line: {locations.error_log_path()}, last {when}")
    _tell_problems(findings, say, everything=everything)


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
