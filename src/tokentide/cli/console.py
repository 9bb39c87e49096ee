"""console: what the organisation used, what it costs, who works with Claude Code."""

from __future__ import annotations

import argparse

from tokentide.analytics.console import CUTS, REPORTS, SPEND, ConsoleAsk, ConsoleReport, build_console, build_summary
from tokentide.cli import options as shared
from tokentide.cli.console_access import OFFLINE, Outcome, add_days, bring_up_to_date, days_of
from tokentide.cli.exit_codes import ExitCode
from tokentide.cli.notes import say_dropped
from tokentide.cli.terminal import Terminal
from tokentide.cli.workspace import Workspace
from tokentide.clock import DAY_US
from tokentide.errors import UsageError
from tokentide.model.billing import API_KEY, CODE, COST, ORGANIZATION, USAGE, USER, WORKSPACE, date_of, month_bounds
from tokentide.render.words import ago, clean, plural
from tokentide.store.sqlite.ledger import Ledger
from tokentide.sync.console import person_of
from tokentide.sync.console_fetch import FRESH_US, Wanted

LISTS = {"users": USER, "workspaces": WORKSPACE, "keys": API_KEY}
HOURLY_DAYS = 2
_LATENESS = {
    USAGE: "usage is some minutes behind",
    COST: "cost some hours",
    CODE: "Claude Code's report an hour or more",
}


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of console."""
    parser.add_argument(
        "what", nargs="?", choices=tuple(LISTS), metavar="users|workspaces|keys", help="list these instead"
    )
    add_days(parser, "this month")
    group = parser.add_argument_group("rows")
    group.add_argument(
        "--report",
        choices=REPORTS,
        metavar="WHAT",
        help="usage: tokens; cost: what is billed; code: Claude Code's sessions, lines, commits, edits",
    )
    group.add_argument("--by", choices=CUTS, metavar="WHAT", help=f"a row for each {', '.join(CUTS)}")
    group.add_argument(
        "--hourly", dest="by", action="store_const", const="hour", help=f"the same as --by hour; {HOURLY_DAYS} days"
    )
    group.add_argument("--mine", action="store_true", help="only what I used, as far as the vendor tells by person")
    group.add_argument("--user", default="", metavar="EMAIL", help="only what this person used")
    shared.add_formats(parser, ccusage=False, offline=OFFLINE)


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Fetch what is missing, and print. Exit code 1 if something is missing still."""
    workspace = Workspace(terminal)
    show = _list if options.what else _report
    return workspace.with_ledger(lambda ledger, _: show(ledger, options, workspace))


def _report(ledger: Ledger, options: argparse.Namespace, workspace: Workspace) -> ExitCode:
    """One report, or the main screen where none was chosen."""
    terminal = workspace.terminal
    ask = _ask(ledger, options, terminal.now)
    is_summary = not (options.report or options.by or options.format in ("csv", "markdown"))
    reports = (USAGE, COST, CODE) if is_summary else ask.settled().buckets
    may_lack = (CODE,) if is_summary else ()
    wanted = Wanted(ask.start, ask.end, reports, tuple(LISTS.values()), may_lack=may_lack)
    outcome = bring_up_to_date(ledger, workspace, wanted, offline=options.offline)
    if not outcome.organization:
        return _say_empty(terminal, outcome)
    ask = _of(ledger, ask, outcome.organization, options, workspace)
    if is_summary:
        report = _summary(ledger, ask, options, terminal, outcome)
    else:
        report = build_console(ledger, ask, now=terminal.now)
        _print(report, options, terminal, outcome)
    if options.format != "json":
        _say_notes(report, ask, terminal, reports)
    return ExitCode.ERROR if outcome.faults else ExitCode.OK


def _ask(ledger: Ledger, options: argparse.Namespace, now: int) -> ConsoleAsk:
    """What is asked for, without the organisation. Raises UsageError."""

    def first(last_day: int) -> int:
        """Without a wish: the month, or two days of hours."""
        return last_day - (HOURLY_DAYS - 1) * DAY_US if options.by == "hour" else month_bounds(last_day)[0]

    start, end = days_of(options, ledger, now, first)
    return ConsoleAsk("", start, end, options.report or SPEND, options.by or "")


def _of(
    ledger: Ledger, ask: ConsoleAsk, organization: str, options: argparse.Namespace, workspace: Workspace
) -> ConsoleAsk:
    """The ask of one organisation and, if wished, one person. Raises UsageError where nobody knows who that is."""
    person = ""
    if options.mine or options.user:
        environ, settings = workspace.terminal.environ, workspace.settings
        person = person_of(ledger, environ, settings, organization, options.user or None)
        if not person:
            raise UsageError("--mine: no login here tells your address; give it with --user you@example.org")
    return ConsoleAsk(organization, ask.start, ask.end, ask.report, ask.by, person)


def _summary(
    ledger: Ledger, ask: ConsoleAsk, options: argparse.Namespace, terminal: Terminal, outcome: Outcome
) -> ConsoleReport:
    """The main screen; returns the part that tells how fresh it is."""
    summary = build_summary(ledger, ask, now=terminal.now)
    if options.format == "json":
        from tokentide.render.console_text import summary_json

        terminal.write(summary_json(summary, outcome.faults))
        return summary.spend
    from tokentide.render.console_screen import print_summary

    width = terminal.width(options.width)
    dropped = print_summary(terminal.console(width, no_color=options.no_color), summary, width)
    say_dropped(terminal, dropped)
    return summary.spend


def _print(report: ConsoleReport, options: argparse.Namespace, terminal: Terminal, outcome: Outcome) -> None:
    """Print in the format asked for."""
    from tokentide.render import console_text

    if options.format == "json":
        terminal.write(console_text.console_json(report, outcome.faults))
    elif options.format == "csv":
        terminal.write(console_text.console_csv(report))
    elif options.format == "markdown":
        terminal.write(console_text.console_markdown(report))
    elif report.rows:
        from tokentide.render.console_screen import print_console

        width = terminal.width(options.width)
        dropped = print_console(terminal.console(width, no_color=options.no_color), report, width)
        say_dropped(terminal, dropped)


def _list(ledger: Ledger, options: argparse.Namespace, workspace: Workspace) -> ExitCode:
    """Users, workspaces or keys."""
    terminal, kind = workspace.terminal, LISTS[options.what]
    if options.report or options.by:
        raise UsageError(f"console {options.what} is a list: leave --report and --by out")
    wanted = Wanted(0, 0, (), tuple(dict.fromkeys((kind, WORKSPACE))), FRESH_US)
    outcome = bring_up_to_date(ledger, workspace, wanted, offline=options.offline)
    if not outcome.organization:
        return _say_empty(terminal, outcome)
    _print_list(ledger, outcome, options, terminal)
    return ExitCode.ERROR if outcome.faults else ExitCode.OK


def _print_list(ledger: Ledger, outcome: Outcome, options: argparse.Namespace, terminal: Terminal) -> None:
    """Print in the format asked for; Markdown is a table like any other here."""
    from tokentide.render import console_text

    store, organization = ledger.buckets, outcome.organization
    entries = store.directory(organization, LISTS[options.what])
    if options.format == "json":
        name = next((entry.name for entry in store.directory(organization, ORGANIZATION)), organization)
        terminal.write(console_text.directory_json(name, options.what, entries, outcome.faults))
    elif options.format == "csv":
        terminal.write(console_text.directory_csv(entries))
    elif not entries:
        terminal.say(f"no {options.what} are known")
    else:
        from tokentide.render.console_screen import print_directory

        width = terminal.width(options.width)
        workspaces = store.directory(organization, WORKSPACE)
        console = terminal.console(width, no_color=options.no_color)
        say_dropped(terminal, print_directory(console, LISTS[options.what], entries, workspaces, width))


def _say_notes(report: ConsoleReport, ask: ConsoleAsk, terminal: Terminal, reports: tuple[str, ...]) -> None:
    """How fresh it is, and what is missing."""
    fresh = report.freshness
    if not report.rows:
        terminal.say(f"{clean(report.organization)}: nothing from {report.since} to {report.until} in these filters")
    if any(row.key is None for row in report.rows):
        terminal.say(f"(not told): the report that this key may read is not split by {report.ask.by}")
    if ask.person and report.ask.report != CODE and not fresh.reaches_at:
        terminal.say(f"only what the vendor tells of {clean(ask.person)}; cost by person needs the newer reports")
    if fresh.missing_days:
        terminal.say(f"{plural(fresh.missing_days, 'day')} of these not fetched yet: the sums are too low")
    if fresh.fetched_at:
        terminal.say(f"asked {ago(terminal.now - fresh.fetched_at)}; {_lateness(fresh.reaches_at, reports)}")


def _lateness(reaches_at: int, reports: tuple[str, ...]) -> str:
    """How far the vendor's own data is behind."""
    if reaches_at:
        at = f"{date_of(reaches_at)} {reaches_at // 60_000_000 // 60 % 24:02}:{reaches_at // 60_000_000 % 60:02} UTC"
        return f"the vendor's data reaches to {at} and is revised for up to 30 days"
    return ", ".join(_LATENESS.get(report, _LATENESS[USAGE]) for report in reports)


def _say_empty(terminal: Terminal, outcome: Outcome) -> ExitCode:
    """Nothing is known of any organisation; why was said before, but for a ledger that is merely empty."""
    if not outcome.faults:
        terminal.say("the ledger holds nothing of an organisation yet")
    return ExitCode.ERROR
