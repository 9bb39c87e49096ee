"""wrapped: a year on one page, as HTML or as a picture, to keep or to share."""

from __future__ import annotations

import argparse
import os
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
    from tokentide.analytics.calendar import Calendar
    from tokentide.analytics.wrapped import Wrapped
    from tokentide.store.sqlite.ledger import Ledger
    from tokentide.sync.engine import Synced

STANDARD_OUTPUT = "-"


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of wrapped."""
    parser.add_argument("year", nargs="?", type=_year, metavar="YEAR", help="which year; the present one if none")
    group = parser.add_argument_group("what is written")
    group.add_argument(
        "--output", metavar="FILE", help="the page; tokentide-wrapped-YEAR.html here if none, - for standard output"
    )
    group.add_argument("--png", metavar="FILE", help="a picture instead of the page; - for standard output")
    group.add_argument("--svg", metavar="FILE", help="the same as SVG")
    group.add_argument("--theme", choices=THEMES, default="light", help="of the picture: light, or dark")
    group.add_argument("--with-names", action="store_true", help="also name the projects; without it nothing is named")
    group.add_argument("--open", action="store_true", help="open what was written")
    shared.add_zone(parser)
    shared.add_filters(parser)
    parser.add_argument("-O", "--offline", action="store_true", help=argparse.SUPPRESS)


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Write the page or the picture, and say where it is."""
    workspace = Workspace(terminal)
    calendar = shared.calendar_of(options, workspace.settings)
    this_year = calendar.date_of(terminal.now).year
    year = options.year or this_year
    if year > this_year:
        raise UsageError(f"{year} has not begun; give a year up to {this_year}")
    if options.open and STANDARD_OUTPUT in (options.output, options.png, options.svg):
        raise UsageError("--open needs a file; standard output is none")
    if [options.output, options.png, options.svg].count(STANDARD_OUTPUT) > 1:
        raise UsageError("standard output takes one of them: give the others a file")
    wrapped, synced = workspace.with_ledger(
        lambda ledger, synced: (_ask(ledger, synced, options, workspace, calendar, year), synced), details=True
    )
    activity = wrapped.activity
    if not wrapped.is_empty:
        code = _write(wrapped, options, workspace)
        say_about(terminal, About(activity.selection.unmatched, activity.totals.sums, activity.problems), synced)
        return code
    say_about(terminal, About(activity.selection.unmatched, activity.totals.sums), synced)
    if wrapped.years:
        known = ", ".join(map(str, wrapped.years))
        terminal.say(f"nothing of {year} to show, so nothing was written; there is usage in {known}, before any filter")
    return ExitCode.ERROR


def _ask(
    ledger: Ledger, synced: Synced, options: argparse.Namespace, workspace: Workspace, calendar: Calendar, year: int
) -> Wrapped:
    from tokentide.analytics.activity import ActivityAsk
    from tokentide.analytics.wrapped import build_wrapped

    terminal, settings = workspace.terminal, workspace.settings
    wishes = shared.wishes_of(argparse.Namespace(**vars(options), since="", until="", last="", today=False))
    selection = select(wishes, ledger, calendar, calendar.date_of(terminal.now))
    ask = ActivityAsk(selection, calendar, CostMode(options.mode or settings.cost_mode))
    wish = shared.plan_wish(options, settings, terminal.environ)
    return build_wrapped(ledger, year, ask, now=terminal.now, problems=synced.problems, wish=wish)


def _write(wrapped: Wrapped, options: argparse.Namespace, workspace: Workspace) -> int:
    """The pictures that were asked for, else the page."""
    terminal = workspace.terminal
    first_weekday = shared.calendar_of(options, workspace.settings).first_weekday
    places = [place for place in (options.svg, options.png) if place is not None]
    code = ExitCode.OK
    if places:
        from tokentide.cli.pictures import write_pictures
        from tokentide.render.pictures.wrapped_card import wrapped_card

        scene = wrapped_card(wrapped, options.theme, first_weekday, with_names=options.with_names)
        code = write_pictures(scene, options.svg, options.png, terminal)
    if options.output is not None or not places:
        places.append(options.output or f"tokentide-wrapped-{wrapped.year}.html")
        code = max(code, _write_page(wrapped, places[-1], first_weekday, options, terminal))
    if options.open and code == ExitCode.OK:
        _open(places[-1], terminal)
    return code


def _write_page(
    wrapped: Wrapped, place: str, first_weekday: int, options: argparse.Namespace, terminal: Terminal
) -> ExitCode:
    from tokentide.cli.pictures import put_out, write_file
    from tokentide.render.wrapped_html import wrapped_html

    page = wrapped_html(wrapped, first_weekday, with_names=options.with_names).encode("utf-8")
    if place != STANDARD_OUTPUT:
        return write_file(place, ".html", page, terminal)
    put_out(page, terminal)
    return ExitCode.OK


def _open(place: str, terminal: Terminal) -> None:
    """Let the desktop open it."""
    import webbrowser
    from pathlib import Path

    if not webbrowser.open(Path(os.path.abspath(place)).as_uri()):
        terminal.say("nothing here opens it: open the file in a browser")


def _year(text: str) -> int:
    if not (text.isdecimal() and text.isascii()) or not 2000 <= int(text) <= 9998:
        raise argparse.ArgumentTypeError(f"{text!r} is no year, such as 2026")
    return int(text)
