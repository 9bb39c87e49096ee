"""What a report's reader must know beside the figures; on standard error."""

from __future__ import annotations

from tokentide.analytics.reports import Report
from tokentide.cli.terminal import Terminal
from tokentide.render.words import clean, plural
from tokentide.sync.engine import Synced


def say_notes(terminal: Terminal, report: Report, synced: Synced, dropped: tuple[str, ...] = ()) -> None:
    """Say what the figures leave out or estimate, shortest way to each cure included."""
    sums = report.totals.sums
    for filtered in report.selection.unmatched:
        terminal.say(f"nothing in the ledger matches {clean(filtered)}")
    if not report.rows:
        terminal.say(_why_empty(synced))
    if sums.unpriced_responses:
        terminal.say(
            f"{plural(sums.unpriced_responses, 'response')} without a price: "
            "see `tokentide prices`, or set one in the settings"
        )
    if sums.lower_bound_responses:
        terminal.say(
            f"output (≥) and cost of {plural(sums.lower_bound_responses, 'response')} are lower bounds: "
            "clients before 2.1.69 did not count to the end"
        )
    if dropped:
        terminal.say(f"no room for {', '.join(dropped)}: widen the terminal, or use --width, --json or --csv")
    if report.problems:
        terminal.say(f"{plural(report.problems, 'place')} could not be read: `tokentide doctor` lists them")


def _why_empty(synced: Synced) -> str:
    """What to do where there is nothing to show."""
    if synced.files:
        return "no usage in these days and filters"
    looked = "no Claude Code transcripts found here"
    return f"{looked}; `tokentide doctor` tells where it looked, `tokentide demo` shows this on sample data"
