"""activity: a year of days as a heat map, streaks, hours, tools, what came of it; with --svg and --png a picture."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from tokentide.analytics.selection import select
from tokentide.cli import options as shared
from tokentide.cli.exit_codes import ExitCode
from tokentide.cli.notes import About, say_about
from tokentide.cli.terminal import Terminal
from tokentide.cli.workspace import Workspace
from tokentide.errors import UsageError
from tokentide.render.pictures.scene import THEMES
from tokentide.store.query import CostMode

if TYPE_CHECKING:
    from tokentide.analytics.activity import Activity
    from tokentide.analytics.calendar import Calendar
    from tokentide.store.sqlite.ledger import Ledger
    from tokentide.sync.engine import Synced

MEASURES = ("cost", "tokens", "prompts", "responses")


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of activity."""
    shared.add_range(parser)
    shared.add_filters(parser)
    parser.add_argument(
        "--by", choices=MEASURES, default="cost", help=f"what the shades stand for: {', '.join(MEASURES)}; cost if none"
    )
    group = parser.add_argument_group("a picture to share, without names or accounts")
    group.add_argument("--svg", metavar="FILE", help="write it as SVG; - for standard output")
    group.add_argument("--png", metavar="FILE", help="write it as PNG; - for standard output")
    group.add_argument("--theme", choices=THEMES, default="light", help="its colours: light, or dark")
    group.add_argument("--with-names", action="store_true", help="also name the projects that most went to")
    group = parser.add_argument_group("how it is shown")
    formats = group.add_mutually_exclusive_group()
    formats.add_argument(
        "-j", "--json", dest="format", action="store_const", const="json", help="JSON; see docs/reference/json.md"
    )
    formats.add_argument("--csv", dest="format", action="store_const", const="csv", help="CSV, a row a day")
    shared.add_appearance(group)


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Print the page, or write the pictures."""
    draws = options.svg is not None or options.png is not None
    if draws and options.format:
        raise UsageError("--json and --csv print figures, --svg and --png draw them: ask for one of both")
    workspace = Workspace(terminal)
    calendar = shared.calendar_of(options, workspace.settings)
    activity, projects, synced = workspace.with_ledger(
        lambda ledger, synced: (*_ask(ledger, synced, options, workspace, calendar), synced), details=True
    )
    code = ExitCode.OK
    dropped: tuple[str, ...] = ()
    if draws:
        code = _draw(activity, projects, options, workspace)
    else:
        dropped = _print(activity, options, workspace)
    about = About(activity.selection.unmatched, activity.totals.sums, activity.problems)
    say_about(terminal, about, synced, dropped)
    return code


def _draw(activity: Activity, projects: tuple[str, ...], options: argparse.Namespace, workspace: Workspace) -> ExitCode:
    """Write the pictures; where nothing was done there is none."""
    if not activity.active_days:
        workspace.terminal.say("there is nothing to draw, so nothing was written")
        return ExitCode.ERROR
    from tokentide.cli.pictures import write_pictures
    from tokentide.render.pictures.activity_card import activity_card

    first_weekday = shared.calendar_of(options, workspace.settings).first_weekday
    scene = activity_card(activity, options.by, options.theme, first_weekday, projects)
    return write_pictures(scene, options.svg, options.png, workspace.terminal)


def _ask(
    ledger: Ledger, synced: Synced, options: argparse.Namespace, workspace: Workspace, calendar: Calendar
) -> tuple[Activity, tuple[str, ...]]:
    """What was done, and the folders that most of it went to where they may be named."""
    from tokentide.analytics.activity import ActivityAsk, build_activity, top_projects

    now = workspace.terminal.now
    selection = select(shared.wishes_of(options), ledger, calendar, calendar.date_of(now))
    ask = ActivityAsk(selection, calendar, CostMode(options.mode or workspace.settings.cost_mode))
    activity = build_activity(ledger, ask, now=now, problems=synced.problems)
    return activity, top_projects(ledger, activity, calendar, now=now) if options.with_names else ()


def _print(activity: Activity, options: argparse.Namespace, workspace: Workspace) -> tuple[str, ...]:
    """Print in the format asked for; returns what had no room."""
    terminal = workspace.terminal
    if options.format == "json":
        from tokentide.render.activity_json import activity_json

        terminal.write(activity_json(activity))
    elif options.format == "csv":
        from tokentide.render.activity_json import activity_csv

        terminal.write(activity_csv(activity))
    elif activity.active_days:
        from tokentide.render.activity_screen import ActivityLook, print_activity
        from tokentide.render.activity_words import gap

        width = terminal.columns(options.width)
        console = terminal.console(width, no_color=options.no_color)
        first_weekday = shared.calendar_of(options, workspace.settings).first_weekday
        look = ActivityLook(width, options.by, first_weekday, console.color_system is not None)
        dropped = print_activity(console, activity, look)
        if gap(activity):
            terminal.say(gap(activity))
        return dropped
    return ()
