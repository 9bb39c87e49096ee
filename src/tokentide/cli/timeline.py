"""session ID: one session as a timeline."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tokentide.cli.exit_codes import ExitCode
from tokentide.errors import UsageError

if TYPE_CHECKING:
    from tokentide.analytics.calendar import Calendar
    from tokentide.analytics.timeline_model import Timeline, Turn
    from tokentide.cli.terminal import Terminal
    from tokentide.store.sqlite.ledger import Ledger
    from tokentide.sync.engine import Synced

_SPAN = re.compile(r"(\d{1,6})(?:-(\d{1,6}))?", re.ASCII)
_OF_THE_LIST = (
    "since",
    "until",
    "last",
    "today",
    "model",
    "project",
    "session",
    "source",
    "account",
    "by",
    "sort",
    "order",
    "server",
)
"""Options that narrow or arrange the list of sessions, and mean nothing for one."""
PROMPT_LINES = 2
"""What the shell's next prompt takes of the screen."""


def configure_timeline(parser: argparse.ArgumentParser) -> None:
    """The options of `session` that are about one session."""
    group = parser.add_argument_group("one session")
    group.add_argument(
        "id", nargs="?", default="", metavar="ID", help="its id or the beginning of it, or latest: show its timeline"
    )
    group.add_argument(
        "--prompts", type=_span, metavar="N[-M]", help="with ID: only the last N prompts, or prompts N to M"
    )
    group.add_argument("--full", action="store_true", help="with ID: all prompts and all names, however long that gets")


def wants_timeline(options: argparse.Namespace) -> bool:
    """True where a session is named. Raises UsageError for options that need one."""
    if not options.id and (options.prompts or options.full):
        raise UsageError("--prompts and --full are about one session: `tokentide session ID`, or `session latest`")
    return bool(options.id)


def run_timeline(options: argparse.Namespace, terminal: Terminal) -> int:
    """Print the timeline of one session. Raises SessionError, UsageError."""
    from tokentide.analytics.timeline import build_timeline, session_named, told_by
    from tokentide.cli.notes import About, say_about
    from tokentide.cli.options import calendar_of
    from tokentide.cli.workspace import Workspace
    from tokentide.store.query import CostMode

    _check(options)
    workspace = Workspace(terminal)
    calendar = calendar_of(options, workspace.settings)

    def work(ledger: Ledger, synced: Synced) -> tuple[Timeline, Synced]:
        session = session_named(ledger, options.id)
        mode = CostMode(options.mode or workspace.settings.cost_mode)
        return build_timeline(ledger, session, told_by(synced.found, session), mode), synced

    timeline, synced = workspace.with_ledger(work, details=True)
    _print(timeline, chosen_turns(timeline.turns, options.prompts), options, terminal, calendar)
    say_about(terminal, About((), timeline.sums), synced)
    return ExitCode.OK


def chosen_turns(turns: Sequence[Turn], span: tuple[int, int | None] | None) -> Sequence[Turn]:
    """All turns; the last so many; or those from one number to another. Raises UsageError where there is none."""
    if span is None:
        return turns
    first, last = span
    if last is None:
        return turns[-first:]
    found = [turn for turn in turns if first <= turn.number <= last]
    if not found:
        most = max((turn.number for turn in turns), default=0)
        raise UsageError(f"--prompts {first}-{last}: this session has prompts 1 to {most}")
    return found


def _check(options: argparse.Namespace) -> None:
    """Refuse what is about the list. Raises UsageError."""
    given = [name for name in _OF_THE_LIST if getattr(options, name)]
    if given:
        raise UsageError(
            f"--{given[0]} is about the list of sessions; for the timeline of one there are --prompts and --full"
        )
    if options.format not in (None, "json"):
        raise UsageError("a session's timeline can be read, or be had as --json; `tokentide session` has the others")


def _print(
    timeline: Timeline, turns: Sequence[Turn], options: argparse.Namespace, terminal: Terminal, calendar: Calendar
) -> None:
    """JSON, or lines."""
    if options.format == "json":
        from tokentide.render.timeline_json import timeline_json

        terminal.write(timeline_json(timeline, turns, timezone=calendar.name, now=terminal.now))
        return
    from tokentide.render.timeline_rows import TimelineLook
    from tokentide.render.timeline_screen import timeline_lines

    width = terminal.columns(options.width)
    height = None if options.full or options.prompts else _height(terminal)
    console = terminal.console(width, no_color=options.no_color)
    for line in timeline_lines(timeline, turns, TimelineLook(calendar, width, height, options.full)):
        console.print(line, soft_wrap=True)


def _height(terminal: Terminal) -> int | None:
    """Lines of the terminal; None where nobody looks at one: a pager or a file takes all."""
    named = terminal.environ.get("LINES", "")
    if named.isdecimal() and int(named) > 0:
        return int(named) - PROMPT_LINES
    return os.get_terminal_size(terminal.out.fileno()).lines - PROMPT_LINES if terminal.out.isatty() else None


def _span(text: str) -> tuple[int, int | None]:
    found = _SPAN.fullmatch(text)
    if found is None or not int(found[1]) or (found[2] and int(found[2]) < int(found[1])):
        raise argparse.ArgumentTypeError(f"{text!r} is neither a number of prompts nor a span such as 3-8")
    return int(found[1]), int(found[2]) if found[2] else None
