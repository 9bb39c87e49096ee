"""What a report's reader must know beside the figures; on standard error."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from tokentide.render.words import clean, plural

if TYPE_CHECKING:
    from tokentide.analytics.reports import Report
    from tokentide.cli.terminal import Terminal
    from tokentide.store.query import Sums
    from tokentide.sync.engine import Synced


class About(NamedTuple):
    """What of any report there is something to say about."""

    unmatched: tuple[str, ...]
    """Filters that name nothing in the ledger."""
    totals: Sums
    problems: int = 0
    """Lines and folders that could not be read."""


def say_notes(terminal: Terminal, report: Report, synced: Synced | None, dropped: tuple[str, ...] = ()) -> None:
    """Say what a report's figures leave out or estimate, shortest way to each cure included.

    `synced` is None where a team server told them.
    """
    say_about(terminal, About(report.selection.unmatched, report.totals.sums, report.problems), synced, dropped)


def say_about(terminal: Terminal, about: About, synced: Synced | None, dropped: tuple[str, ...] = ()) -> None:
    """The same of figures that are no report."""
    say_unmatched(terminal, about.unmatched)
    if about.totals.is_empty:
        terminal.say(why_empty(synced))
    if about.totals.unpriced_responses:
        terminal.say(
            f"{plural(about.totals.unpriced_responses, 'response')} without a price: "
            "see `tokentide prices`, or set one in the settings"
        )
    if about.totals.lower_bound_responses:
        terminal.say(
            f"output (≥) and cost of {plural(about.totals.lower_bound_responses, 'response')} are lower bounds: "
            "clients before 2.1.69 did not count to the end"
        )
    say_dropped(terminal, dropped)
    say_problems(terminal, about.problems)


def say_unmatched(terminal: Terminal, unmatched: Iterable[str]) -> None:
    """Name the filters that nothing has."""
    for filtered in unmatched:
        terminal.say(f"nothing in the ledger matches {clean(filtered)}")


def say_problems(terminal: Terminal, problems: int) -> None:
    """Say how many lines and folders could not be read."""
    if problems:
        terminal.say(f"{plural(problems, 'place')} could not be read: `tokentide doctor` lists them")


def say_dropped(terminal: Terminal, dropped: Sequence[str], formats: str = "--json or --csv") -> None:
    """Name the columns that had no room, and how to see them."""
    if dropped:
        ways = f"--width, {formats}" if " or " in formats else f"--width or {formats}"
        terminal.say(f"no room for {', '.join(dropped)}: widen the terminal, or use {ways}")


def why_empty(synced: Synced | None, command: str = "") -> str:
    """What to do where there is nothing to show; `command` is what shows it on the sample."""
    if synced is None:
        return (
            "the server tells of no usage in these days and filters: `tokentide monthly` with the same --server shows "
            "when there is some; where nothing ever came, `tokentide doctor telemetry` on a machine that should send "
            "says why"
        )
    if synced.files or synced.known_files:
        return "no usage in these days and filters: `tokentide monthly` shows when there is some"
    looked = "no Claude Code transcripts found here; `tokentide doctor` tells where it looked"
    return f"{looked}, `{f'tokentide demo {command}'.rstrip()}` shows this on sample data"
