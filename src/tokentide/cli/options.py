"""Options that commands share, and what they mean together with the settings."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING

from tokentide.analytics.calendar import Calendar
from tokentide.analytics.selection import Wishes
from tokentide.locations import SAMPLE
from tokentide.settings import COST_MODES, PLANS, WEEKDAYS, Settings

if TYPE_CHECKING:
    from tokentide.analytics.plans import PlanWish

THIS_MACHINE = "none"
"""Asked for as a team server, it is none."""
RECENT = "30d"
"""The usual range of what is reckoned from single responses."""


def add_range(parser: argparse.ArgumentParser) -> None:
    """Which days."""
    group = parser.add_argument_group("which days")
    group.add_argument("-s", "--since", default="", metavar="DAY", help="from this day on: 2026-03-31 or 20260331")
    group.add_argument("-u", "--until", default="", metavar="DAY", help="up to this day, inclusive")
    group.add_argument(
        "--last", default="", metavar="N[d|w|m]", help="the last days, weeks or months with today: 7d, 4w, 3m"
    )
    group.add_argument("--today", action="store_true", help="only today")
    add_zone(group)


def add_zone(group: argparse._ArgumentGroup | argparse.ArgumentParser) -> None:
    """How days are cut."""
    group.add_argument(
        "-z", "--timezone", metavar="ZONE", help="IANA zone that days are cut in, such as Europe/Berlin; or local"
    )
    group.add_argument(
        "-w", "--start-of-week", choices=WEEKDAYS, metavar="DAY", help="first day of a week: monday (default) to sunday"
    )
    group.add_argument(
        "--reset-hour", type=_hour, metavar="HOUR", help="hour that days begin at, 0 (default) to 23, for late workers"
    )


def add_plan(parser: argparse.ArgumentParser) -> None:
    """How windows are estimated that no official reading tells of."""
    group = parser.add_argument_group("estimates, where no official reading is known")
    group.add_argument(
        "--plan",
        choices=PLANS,
        help="auto: the one that the login names (default); custom: what nine in ten of your own blocks stayed below; "
        "custom_max: your largest block",
    )
    group.add_argument(
        "--custom-limit-tokens", type=_tokens, metavar="N", help="input and output tokens that five hours hold"
    )
    group.add_argument(
        "--reset-hour", type=_hour, metavar="HOUR", help="hour that days begin at and estimated windows end at, 0 to 23"
    )


def add_filters(parser: argparse.ArgumentParser, *, model_option: str = "--model", mode: bool = True) -> None:
    """Which usage; `mode` is off where costs are at list price anyway."""
    group = parser.add_argument_group("which usage (repeat an option for alternatives)")
    for option, help_text in (
        ("--model", "only models whose id contains this"),
        ("--project", "only this project: its folder, its last part, or . for here"),
        ("--session", "only the session whose id begins so"),
        ("--source", "only this source, such as claude_code"),
        ("--account", "only accounts whose name contains this"),
    ):
        name = option.removeprefix("--")
        shown = model_option if name == "model" else option
        group.add_argument(shown, dest=name, action="append", default=[], metavar=name.upper(), help=help_text)
    if not mode:
        return
    group.add_argument(
        "-m",
        "--mode",
        choices=COST_MODES,
        help="cost: what the client reported, else calculated (auto); or only one of these",
    )


def add_server(parser: argparse.ArgumentParser) -> None:
    """Whose usage."""
    group = parser.add_argument_group("of a team server, instead of this machine")
    group.add_argument(
        "--server",
        metavar="URL",
        help="ask this team server ($TOKENTIDE_SERVER, setting server); none: this machine whatever these say",
    )
    group.add_argument(
        "--server-token-file", metavar="FILE", help="holds the viewer's token; else $TOKENTIDE_SERVER_TOKEN"
    )
    group.add_argument("--plain-http", action="store_true", help="allow http:// beyond this machine")


def asks_server(options: argparse.Namespace, settings: Settings, environ: Mapping[str, str]) -> bool:
    """Whether a team server is to be asked; for the sample only where the command line itself names one."""
    usual = "" if environ.get(SAMPLE) else settings.server
    return (options.server or usual or THIS_MACHINE) != THIS_MACHINE


def add_formats(parser: argparse.ArgumentParser, *, ccusage: bool, offline: str = argparse.SUPPRESS) -> None:
    """How it is shown; `offline` is the help of that option, where it means anything."""
    group = parser.add_argument_group("how it is shown")
    formats = group.add_mutually_exclusive_group()
    formats.add_argument(
        "-j", "--json", dest="format", action="store_const", const="json", help="JSON; see docs/reference/json.md"
    )
    formats.add_argument("--csv", dest="format", action="store_const", const="csv", help="CSV")
    formats.add_argument("--markdown", dest="format", action="store_const", const="markdown", help="a Markdown table")
    if ccusage:
        formats.add_argument(
            "--ccusage-json", dest="format", action="store_const", const="ccusage_json", help="the JSON of ccusage 20"
        )
    add_appearance(group, offline=offline)


def add_appearance(
    group: argparse._ArgumentGroup | argparse.ArgumentParser, *, offline: str = argparse.SUPPRESS
) -> None:
    """Width and colour."""
    group.add_argument(
        "--width", type=_width, metavar="N", help="columns to fill; narrow shows fewer columns, never cut numbers"
    )
    group.add_argument("--no-color", "--no-colour", action="store_true", help="no colour; NO_COLOR does the same")
    group.add_argument("-O", "--offline", action="store_true", help=offline)


def wishes_of(options: argparse.Namespace, usual_range: str = "") -> Wishes:
    """The range and the filters as typed; `usual_range` as in --last where no range was."""
    wishes = Wishes(
        since=options.since,
        until=options.until,
        last=options.last,
        today=options.today,
        models=tuple(options.model),
        projects=tuple(options.project),
        sources=tuple(options.source),
        accounts=tuple(options.account),
        sessions=tuple(options.session),
    )
    return wishes.within(usual_range)


def calendar_of(options: argparse.Namespace, settings: Settings) -> Calendar:
    """How time is cut: zone, first day of the week, first hour of a day; flag, else settings."""
    wish = vars(options)
    hour = wish.get("reset_hour")
    return Calendar(
        wish.get("timezone") or settings.timezone,
        wish.get("start_of_week") or settings.start_of_week,
        settings.reset_hour if hour is None else hour,
    )


def plan_wish(options: argparse.Namespace, settings: Settings, environ: Mapping[str, str]) -> PlanWish:
    """How windows are to be estimated; without plan options, as the settings say."""
    from tokentide.analytics.plans import PlanWish
    from tokentide.sync.limits import plans_of_logins

    wish = vars(options)
    return PlanWish(
        wish.get("plan") or settings.plan,
        wish.get("custom_limit_tokens") or settings.custom_limit_tokens,
        calendar_of(options, settings),
        plans_of_logins(settings, environ),
    )


def _hour(text: str) -> int:
    if not text.isdecimal() or int(text) > 23:
        raise argparse.ArgumentTypeError(f"{text!r} is no hour from 0 to 23")
    return int(text)


def _tokens(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 10**15:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of tokens from 1 on")
    return int(text)


def _width(text: str) -> int:
    number = int(text) if text.isdecimal() else 0
    if not 10 <= number <= 10_000:
        raise argparse.ArgumentTypeError(f"{text!r} is no width from 10 to 10000")
    return number
