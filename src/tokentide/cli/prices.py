"""prices: which price a model has at a time, from where, since when; --update is the only use of the network."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from tokentide import locations
from tokentide.cli import options as shared
from tokentide.cli.exit_codes import ExitCode
from tokentide.cli.terminal import Terminal
from tokentide.cli.workspace import Workspace
from tokentide.pricing.explain import instant_asked
from tokentide.render.price_words import price_words, rates_words
from tokentide.render.prices_json import price_json, prices_json

if TYPE_CHECKING:
    from tokentide.pricing.explain import PriceExplanation


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of prices."""
    parser.add_argument(
        "model", nargs="?", metavar="MODEL", help="a model as your logs name it; without one, all Claude models"
    )
    parser.add_argument(
        "--at", default="", metavar="DATE", help="the price at this day or instant (UTC), instead of now"
    )
    parser.add_argument("-j", "--json", action="store_true", help="JSON")
    parser.add_argument(
        "--update", action="store_true", help="fetch the newest price data; the only thing that uses the network"
    )
    parser.add_argument("--url", metavar="URL", help="with --update: fetch from here instead")
    shared.add_appearance(parser)


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Explain prices. Exit code 1 for a model without a price."""
    workspace = Workspace(terminal)
    if options.update:
        _update(options, terminal)
        return ExitCode.OK
    at = instant_asked(options.at, terminal.now)
    if options.model is None:
        _list(workspace.book.known_models(at), at, options, terminal)
        return ExitCode.OK
    found = workspace.book.explain(options.model, at)
    terminal.write(price_json(found, at) if options.json else price_words(found, at))
    return ExitCode.OK if found.resolved else ExitCode.ERROR


def _update(options: argparse.Namespace, terminal: Terminal) -> None:
    """Fetch, and say what came."""
    from tokentide.pricing.update import update_prices

    locations.ensure_private_dir(locations.data_dir())
    update = update_prices(locations.price_data_path(), url=options.url)
    terminal.write(
        f"fetched prices of {update.models:,} models from {update.url}"
        + ("" if update.changed else "; nothing had changed")
    )
    if update.new_claude_models:
        terminal.write(f"new: {', '.join(update.new_claude_models)}")


def _list(found: tuple[PriceExplanation, ...], at: int, options: argparse.Namespace, terminal: Terminal) -> None:
    """All Claude models."""
    if options.json:
        terminal.write(prices_json(found, at))
        return
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False, title="USD per million tokens", title_justify="left")
    table.add_column("Model", no_wrap=True)
    for title in ("Input", "Output", "Write 5m", "Write 1h", "Read"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("Since", no_wrap=True)
    for each in found:
        if each.rates is not None:
            since = each.valid_from.isoformat() if each.valid_from else ""
            tiered = " *" if each.tiers else ""
            table.add_row((each.resolved or "") + tiered, *rates_words(each.rates), since)
    width = terminal.width(options.width)
    terminal.console(width, no_color=options.no_color).print(table, soft_wrap=True, crop=False)
    if any(each.tiers for each in found):
        terminal.write("* dearer for long prompts: `tokentide prices MODEL` tells")
