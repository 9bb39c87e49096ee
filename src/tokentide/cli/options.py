"""Options that commands share, and what they mean together with the settings."""

from __future__ import annotations

import argparse

from tokentide.analytics.selection import Wishes
from tokentide.settings import COST_MODES, WEEKDAYS, Settings


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


def add_filters(parser: argparse.ArgumentParser) -> None:
    """Which usage."""
    group = parser.add_argument_group("which usage (repeat an option for alternatives)")
    for option, help_text in (
        ("--model", "only models whose id contains this"),
        ("--project", "only this project: its folder, its last part, or . for here"),
        ("--session", "only the session whose id begins so"),
        ("--source", "only this source, such as claude_code"),
        ("--account", "only accounts whose name contains this"),
    ):
        name = option.removeprefix("--")
        group.add_argument(option, action="append", default=[], metavar=name.upper(), help=help_text)
    group.add_argument(
        "-m",
        "--mode",
        choices=COST_MODES,
        help="cost: what the client reported, else calculated (auto); or only one of these",
    )


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


def wishes_of(options: argparse.Namespace) -> Wishes:
    """The range and the filters as typed."""
    return Wishes(
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


def zone_of(options: argparse.Namespace, settings: Settings) -> tuple[str, str]:
    """Time zone and first day of the week: flag, else settings."""
    return options.timezone or settings.timezone, options.start_of_week or settings.start_of_week


def _width(text: str) -> int:
    number = int(text) if text.isdecimal() else 0
    if not 10 <= number <= 10_000:
        raise argparse.ArgumentTypeError(f"{text!r} is no width from 10 to 10000")
    return number
