"""team: what a team server tells of its team, on a terminal, as JSON or CSV."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from tokentide.analytics.team.reports import TEAM_REPORTS
from tokentide.cli import options as shared
from tokentide.cli.exit_codes import ExitCode
from tokentide.cli.notes import say_dropped
from tokentide.cli.team_server import access_of
from tokentide.cli.terminal import Terminal
from tokentide.cli.workspace import Workspace
from tokentide.clock import SECOND_US
from tokentide.errors import UsageError
from tokentide.render.words import ago, clean
from tokentide.settings import COST_MODES

if TYPE_CHECKING:
    from tokentide.cli.team_fetch import Fetched
    from tokentide.render.json_text import Json
    from tokentide.render.team_table import TeamTable
    from tokentide.sync.servers import ServerAccess

OVERVIEW = "overview"
USUAL_RANGE = "30d"
FILTERS = {
    "--team": "only this team",
    "--user": "only this person, as the server names them",
    "--project": "only this project",
    "--cost-center": "only this cost center",
    "--customer": "only this customer",
    "--model": "only this model's id (cost, reliability)",
    "--version": "only this version of the client",
    "--terminal": "only this terminal (adoption, reliability, tools)",
}
"""Options that narrow a report; the server says where a report does not know one."""


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of team."""
    parser.add_argument(
        "report",
        nargs="?",
        default=OVERVIEW,
        choices=(OVERVIEW, *TEAM_REPORTS),
        metavar="REPORT",
        help=f"{', '.join(TEAM_REPORTS)}; without one the headline figures of all (as JSON all of all)",
    )
    shared.add_server(parser)
    shared.add_range(parser)
    group = parser.add_argument_group("which part of the team (repeat an option for alternatives)")
    for option, help_text in FILTERS.items():
        group.add_argument(option, action="append", default=[], metavar=option[2:].upper(), help=help_text)
    group.add_argument(
        "-m", "--mode", choices=COST_MODES, help="cost: what the client reported, else calculated (auto)"
    )
    group = parser.add_argument_group("how it is shown")
    formats = group.add_mutually_exclusive_group()
    formats.add_argument(
        "-j", "--json", dest="format", action="store_const", const="json", help="JSON; see docs/reference/team-json.md"
    )
    formats.add_argument("--csv", dest="format", action="store_const", const="csv", help="one table as CSV")
    group.add_argument(
        "--table", default="", metavar="TABLE", help="only this table of the report; its name in the JSON"
    )
    group.add_argument("--rows", type=_rows, metavar="N", help="so many rows of each table, 0 for all")
    shared.add_appearance(group)


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Ask the server and print. Raises UsageError, ServerError."""
    workspace = Workspace(terminal)
    access = _access(options, workspace)
    if options.report == OVERVIEW:
        return _overview(access, options, workspace)
    from tokentide.cli.team_fetch import fetched_report
    from tokentide.render.team_tables import team_table

    table = team_table(options.report, options.table)
    if table is None:
        raise UsageError(f"team {options.report} has no table {options.table!r}: {_tables(options.report)}")
    alone = [("table", options.table)] if options.table and options.format == "json" else []
    fetched = fetched_report(access, options.report, [*_asked(options, workspace), *alone])
    if options.format == "json":
        terminal.write(fetched.text)
    elif options.format == "csv":
        _write_csv(terminal, table, fetched.answer)
    else:
        _print(terminal, fetched, options)
    _say_notes(terminal, access, fetched.answer)
    return ExitCode.OK


def _access(options: argparse.Namespace, workspace: Workspace) -> ServerAccess:
    if not shared.asks_server(options, workspace.settings, workspace.terminal.environ):
        raise UsageError(
            "team: which team server? give --server URL, or the setting `server`; a server on this machine is "
            "http://127.0.0.1:8378"
        )
    return access_of(options, workspace.terminal, workspace.settings)


def _asked(options: argparse.Namespace, workspace: Workspace) -> list[tuple[str, str]]:
    """The query of the address: the options by their names."""
    given = {"since": options.since, "until": options.until, "last": options.last, "mode": options.mode or ""}
    if not any(given[name] for name in ("since", "until", "last")) and not options.today:
        given["last"] = USUAL_RANGE
    if options.today:
        given["today"] = "true"
    given["timezone"] = shared.calendar_of(options, workspace.settings).name
    return [
        *((name, value) for name, value in given.items() if value),
        *((name, value) for name in _names() for value in getattr(options, name)),
    ]


def _overview(access: ServerAccess, options: argparse.Namespace, workspace: Workspace) -> ExitCode:
    """The headline figures of every report."""
    from tokentide.analytics.team.asking import NARROWS
    from tokentide.cli.team_fetch import fetched_report
    from tokentide.render.team_screen import is_empty, print_figures, print_head

    terminal = workspace.terminal
    if options.format == "csv" or options.table:
        raise UsageError(
            f"team: --csv and --table are of one report; put its name behind `team`: {', '.join(TEAM_REPORTS)}"
        )
    used = {"user_id" if name == "user" else name for name in _names() if getattr(options, name)}
    asked = _asked(options, workspace)
    console = terminal.console(terminal.width(options.width), no_color=options.no_color)
    answer: Mapping[str, Json] = {}
    names = [name for name in TEAM_REPORTS if used <= set(NARROWS[name])]
    if options.format:
        return _overview_json(terminal, access, [fetched_report(access, name, asked) for name in names])
    for number, name in enumerate(names):
        fetched = fetched_report(access, name, asked)
        answer = fetched.answer
        if is_empty(answer):
            break
        if number:
            console.print()
        print_head(console, fetched.answer)
        print_figures(console, fetched.answer, fetched.calendar)
    _say_notes(terminal, access, answer)
    return ExitCode.OK


def _overview_json(terminal: Terminal, access: ServerAccess, reports: list[Fetched]) -> ExitCode:
    """All reports whole, each as it came, by their names."""
    from tokentide.render.json_text import dumps
    from tokentide.render.report_json import head_json

    answers: dict[str, Json] = {str(each.answer["report"]).removeprefix("team_"): dict(each.answer) for each in reports}
    terminal.write(dumps({**head_json("team", terminal.now), "reports": answers}))
    for each in reports[-1:]:
        _say_notes(terminal, access, each.answer)
    return ExitCode.OK


def _names() -> list[str]:
    """The filters as the server calls them."""
    return [option.removeprefix("--").replace("-", "_") for option in FILTERS]


def _write_csv(terminal: Terminal, table: TeamTable, answer: Mapping[str, Json]) -> None:
    from tokentide.render.team_csv import team_rows_csv
    from tokentide.render.team_screen import rows_of

    terminal.write(team_rows_csv(table, rows_of(answer, table)))


def _print(terminal: Terminal, fetched: Fetched, options: argparse.Namespace) -> None:
    """Tables, and what had no room in them."""
    from tokentide.render.team_screen import print_team

    width = terminal.width(options.width)
    console = terminal.console(width, no_color=options.no_color)
    dropped = print_team(console, fetched.answer, width, fetched.calendar, only=options.table, most=options.rows)
    say_dropped(terminal, dropped)


def _say_notes(terminal: Terminal, access: ServerAccess, answer: Mapping[str, Json]) -> None:
    """Whose figures these are, how fresh, and what they lack."""
    last = answer.get("last_at")
    if not isinstance(last, str):
        terminal.say(f"{access.base} holds nothing that this token may see yet: see docs/how-to/team-telemetry.md")
        return
    terminal.say(f"figures of {access.base}; newest record {_age(terminal.now, last)}")
    for each in _unmatched(answer):
        terminal.say(each)
    for name in ("left_out", "missing_shards"):
        for each in _texts(answer.get(name)):
            said = f"left out: {each}" if name == "left_out" else f"not whole: the server cannot reach {each} just now"
            terminal.say(said)


def _unmatched(answer: Mapping[str, Json]) -> Iterator[str]:
    """Values of filters that nothing has, with those that are near; nothing of a server that does not tell."""
    told = answer.get("unmatched")
    for each in told if isinstance(told, list) else ():
        if isinstance(each, dict):
            name = clean(str(each.get("column"))).removesuffix("_id").replace("_", " ")
            near = _texts(each.get("near"))
            there = f"; known here: {', '.join(near)}" if near else ""
            yield f"no {name} {clean(str(each.get('value')))!r} in these days, nor as many before{there}"


def _texts(value: Json) -> list[str]:
    return [clean(str(each)) for each in value] if isinstance(value, list) else []


def _age(now: int, last: str) -> str:
    from datetime import datetime

    try:
        at = int(datetime.fromisoformat(last).timestamp()) * SECOND_US
    except ValueError:
        return "of a time that makes no sense"
    return ago(max(now - at, 0))


def _tables(report: str) -> str:
    from tokentide.render.team_tables import TEAM_TABLES

    return ", ".join(table.name for table in TEAM_TABLES[report])


def _rows(text: str) -> int:
    if not text.isdecimal() or int(text) > 10**6:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of rows")
    return int(text)
