"""prices: which price a model has at a time, from where, since when; --update is the only use of the network."""

from __future__ import annotations

import argparse
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING

from tokentide import locations
from tokentide.cli import options as shared
from tokentide.cli.exit_codes import ExitCode
from tokentide.cli.terminal import Terminal
from tokentide.cli.workspace import Workspace
from tokentide.clock import SECOND_US
from tokentide.errors import UsageError
from tokentide.render.json_text import Json, dumps
from tokentide.render.report_json import instant
from tokentide.render.words import clean

if TYPE_CHECKING:
    from tokentide.pricing.explain import PriceExplanation
    from tokentide.pricing.rate_card import RateCard

_TITLES = {
    "input_usd_per_mtok": "input",
    "output_usd_per_mtok": "output",
    "cache_write_5m_usd_per_mtok": "cache write, 5 minutes",
    "cache_write_1h_usd_per_mtok": "cache write, 1 hour",
    "cache_read_usd_per_mtok": "cache read",
}


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
    at = _instant(options.at, terminal.now)
    if options.model is None:
        _list(workspace.book.known_models(at), at, options, terminal)
        return ExitCode.OK
    found = workspace.book.explain(options.model, at)
    terminal.write(
        dumps({"format": 1, "report": "prices", "at": instant(at), **_json(found)})
        if options.json
        else _words(found, at)
    )
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


def _instant(text: str, now: int) -> int:
    """A day means its end, so that a price that began on it holds. Raises UsageError."""
    if not text:
        return now
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--at {text}: give a day as 2026-03-31 or an instant as 2026-03-31T12:00:00Z") from None
    if len(text) <= len("2026-03-31"):
        moment += timedelta(days=1, seconds=-1)
    return int(moment.replace(tzinfo=moment.tzinfo or timezone.utc).timestamp()) * SECOND_US


def _list(found: tuple[PriceExplanation, ...], at: int, options: argparse.Namespace, terminal: Terminal) -> None:
    """All Claude models."""
    if options.json:
        terminal.write(
            dumps({"format": 1, "report": "prices", "at": instant(at), "models": [_json(each) for each in found]})
        )
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
            table.add_row(
                (each.resolved or "") + tiered, *(_rate(getattr(each.rates, name)) for name in _TITLES), since
            )
    width = terminal.width(options.width)
    terminal.console(width, no_color=options.no_color).print(table, soft_wrap=True, crop=False)
    if any(each.tiers for each in found):
        terminal.write("* dearer for long prompts: `tokentide prices MODEL` tells")


def _words(found: PriceExplanation, at: int) -> str:
    """One model, in lines."""
    when = datetime.fromtimestamp(at // SECOND_US, timezone.utc)
    if found.resolved is None or found.rates is None:
        near = f"\nSimilar names that have one: {', '.join(found.nearest)}" if found.nearest else ""
        cure = 'Newer data: `tokentide prices --update`; an own price: [prices."NAME"] in the settings.'
        return f"{clean(found.asked)}: no price is known; its responses are shown as unpriced.{near}\n{cure}"
    since = f"since {found.valid_from}" if found.valid_from else "since ever, as far as the book knows"
    until = f", until {found.valid_until}" if found.valid_until else ""
    lines = [
        f"{clean(found.asked)} → {found.resolved}",
        f"from {found.source}, {since}{until}; asked for {when:%Y-%m-%d %H:%M} UTC",
        "",
        "USD per million tokens",
        *_card(found.rates),
    ]
    for tier in found.tiers:
        lines += [
            f"if the whole prompt is above {tier.above_prompt_tokens:,} tokens, for every token",
            *_card(tier.rates),
        ]
    if found.rates.web_search_usd_per_thousand:
        lines.append(f"  {'1,000 web searches':24}{_rate(found.rates.web_search_usd_per_thousand):>10}")
    lines += [
        f"  × {each.factor.normalize():f} for {each.name}" + (" (included above)" if each.included else "")
        for each in found.multipliers
    ]
    return "\n".join([*lines, *(f"\n{clean(note)}" for note in found.notes)])


def _card(rates: RateCard) -> list[str]:
    return [f"  {title:24}{_rate(getattr(rates, name)):>10}" for name, title in _TITLES.items()]


def _rate(amount: Decimal) -> str:
    """At least two decimals, and as many as the price has."""
    places = max(2, -int(amount.as_tuple().exponent))
    return f"{amount:,.{places}f}"


def _json(found: PriceExplanation) -> dict[str, Json]:
    """One model, as an object."""
    return {
        "model": found.asked,
        "resolved": found.resolved,
        "source": found.source or None,
        "valid_from": found.valid_from.isoformat() if found.valid_from else None,
        "valid_until": found.valid_until.isoformat() if found.valid_until else None,
        "rates": _rates_json(found.rates) if found.rates else None,
        "tiers": [{"above_prompt_tokens": tier.above_prompt_tokens, **_rates_json(tier.rates)} for tier in found.tiers],
        "multipliers": [
            {"name": each.name, "factor": each.factor, "included": each.included} for each in found.multipliers
        ],
        "notes": list(found.notes),
        "nearest": list(found.nearest),
    }


def _rates_json(rates: RateCard) -> dict[str, Json]:
    names = (*_TITLES, "web_search_usd_per_thousand")
    return {name: getattr(rates, name) for name in names}
