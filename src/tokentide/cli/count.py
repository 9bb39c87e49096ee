"""count: tokens before they are sent, what they cost, whether they fit; sends nothing unless --official is given."""

from __future__ import annotations

import argparse
import os
import time
from typing import TYPE_CHECKING

from tokentide import locations
from tokentide.analytics.count import Counted, Fit, Known, Official, count
from tokentide.cli import options as shared
from tokentide.cli.count_inputs import Gathered, Gatherer
from tokentide.cli.exit_codes import ExitCode
from tokentide.cli.notes import say_dropped
from tokentide.cli.patience import waiting
from tokentide.cli.terminal import Terminal, help_with_examples
from tokentide.cli.workspace import Workspace
from tokentide.errors import UsageError
from tokentide.render.words import clean, tokens

if TYPE_CHECKING:
    from tokentide.analytics.forecasting.model import Calibration
    from tokentide.sources.messages_api.client import CountClient
    from tokentide.store.sqlite.ledger import Ledger

HINT = (
    "estimated here, nothing was sent; `--official` counts exactly: it sends the text to the vendor, free of charge, "
    "with the API key in $ANTHROPIC_API_KEY"
)
PAGES = "a page of a PDF is estimated by the vendor's rule of thumb, which nobody measured"
NO_HISTORY = "no share of your five hours: there is no history here yet"
NO_CALIBRATION = (
    "no share of your five hours: what a percent of them is worth is learnt from past windows with official readings "
    "(`tokentide statusline install`)"
)
_EXAMPLES = """examples:
  tokentide count notes.md
  git diff | tokentide count --model opus --model haiku
  tokentide count --system prompt.txt --tools tools.json question.txt picture.png
  tokentide count request.json            a whole request of the Messages API, as it was saved
  tokentide count --official report.pdf   the vendor's own count
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of count."""
    parser.formatter_class = help_with_examples
    parser.epilog = _EXAMPLES
    parser.add_argument(
        "file",
        nargs="*",
        metavar="FILE",
        help="text, PNG, JPEG, GIF, WebP, PDF, or a whole request as JSON; - or nothing for standard input",
    )
    parser.add_argument(
        "--model",
        action="append",
        default=[],
        metavar="MODEL",
        help="for this model: an id, or opus, sonnet, haiku for the newest; may be repeated. Without it the one that "
        "your last response came from",
    )
    parser.add_argument("--all-models", action="store_true", help="for every Claude model that has a price")
    parser.add_argument("--system", default="", metavar="FILE", help="the system prompt that goes along")
    parser.add_argument("--tools", default="", metavar="FILE", help="definitions of tools that go along, a JSON list")
    parser.add_argument("--messages", default="", metavar="FILE", help="messages as a JSON list, or a whole request")
    parser.add_argument(
        "--official",
        action="store_true",
        help="ask the vendor, who counts exactly and free of charge: sends all of it, with $ANTHROPIC_API_KEY, to "
        "$ANTHROPIC_BASE_URL or the vendor's own address",
    )
    parser.add_argument("--account", default="", metavar="NAME", help="the account whose five hours are meant")
    parser.add_argument("-j", "--json", action="store_true", help="JSON; see docs/reference/json.md")
    shared.add_appearance(parser, offline="ask nobody, also with --official")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Count; exit code 4 where it does not fit, 1 where something could not be read."""
    if options.model and options.all_models:
        raise UsageError("--model and --all-models exclude each other")
    workspace = Workspace(terminal)
    is_asking = options.official and not options.offline
    gathered = Gatherer(terminal, keeps=is_asking).gather(options)
    if not any(part.size_bytes for part in gathered.parts):
        return ExitCode.ERROR
    models, calibration, why_no_share = _history(options, workspace, gathered)
    official, why_estimate = _official(gathered, models, terminal) if is_asking else ({}, "")
    known = Known(workspace.book, official, calibration, why_estimate, why_no_share)
    counted = count(gathered.parts, models, known, now=terminal.now)
    _show(counted, options, terminal)
    _warn(counted, options, terminal)
    if gathered.is_partial:
        return ExitCode.ERROR
    return ExitCode.ABOVE if counted.worst is Fit.NO else ExitCode.OK


def _show(counted: Counted, options: argparse.Namespace, terminal: Terminal) -> None:
    if options.json:
        from tokentide.render.count_json import count_json

        terminal.write(count_json(counted))
        return
    from tokentide.render.count_screen import print_count

    width = terminal.width(options.width)
    dropped = print_count(terminal.console(width, no_color=options.no_color), counted, width)
    say_dropped(terminal, dropped, "--json")


def _warn(counted: Counted, options: argparse.Namespace, terminal: Terminal) -> None:
    """What a person should know beside the figures."""
    for each in counted.models:
        window = tokens(each.context_window or 0)
        if each.fit is Fit.NO:
            terminal.say(f"it will not fit: {clean(each.model)} takes {window} tokens at once")
        elif each.fit is Fit.PERHAPS:
            terminal.say(f"it may not fit: {clean(each.model)} takes {window} tokens at once")
    if counted.why_estimate:
        terminal.say(f"estimated here instead: {clean(counted.why_estimate)}")
    elif not all(each.is_official for each in counted.models) and not options.json:
        terminal.say(HINT)
    if not options.json:
        _say_notes(counted, terminal)


def _say_notes(counted: Counted, terminal: Terminal) -> None:
    """Why a figure is missing, or what it rests on."""
    if any(part.pages for part in counted.parts) and not all(each.is_official for each in counted.models):
        terminal.say(PAGES)
    if counted.why_no_share:
        terminal.say(counted.why_no_share)


def _history(
    options: argparse.Namespace, workspace: Workspace, gathered: Gathered
) -> tuple[tuple[str, ...], Calibration | None, str]:
    """The models meant, and what a percent of the five hours is worth, or why nobody knows."""
    from tokentide.analytics.count_models import all_models, last_model, models_asked, usual_model

    book, now = workspace.book, workspace.terminal.now
    in_request = [gathered.named_model] if gathered.named_model else []
    named, by = (options.model, "--model") if options.model else (in_request, "the request's model")
    asked = all_models(book, now) if options.all_models else models_asked(named, book, now, by)
    if not os.path.exists(locations.ledger_path()):
        return asked or (usual_model(book, now),), None, NO_HISTORY

    def work(ledger: Ledger, _synced: object) -> tuple[tuple[str, ...], Calibration | None]:
        models = asked or (last_model(ledger) or usual_model(book, now),)
        return models, _calibration(ledger, options, workspace)

    models, calibration = workspace.with_ledger(work)
    return models, calibration, "" if calibration else NO_CALIBRATION


def _calibration(ledger: Ledger, options: argparse.Namespace, workspace: Workspace) -> Calibration | None:
    """What a percent of the account's five hours is worth, by its own past windows."""
    from tokentide.analytics.guard import recent_forecast
    from tokentide.analytics.limits import read_limits
    from tokentide.cli.guard_verdict import account_meant
    from tokentide.model.limits import FIVE_HOUR

    terminal = workspace.terminal
    wish = shared.plan_wish(options, workspace.settings, terminal.environ)
    limits = account_meant(read_limits(ledger, now=terminal.now, wish=wish), options.account, "", terminal)
    if limits is None:
        return None
    calendar = shared.calendar_of(options, workspace.settings)
    forecast = recent_forecast(ledger, limits, calendar, now=terminal.now)
    own = (each for each in forecast.calibrations if each.window == FIVE_HOUR and each.windows)
    return next(own, None)


def _official(gathered: Gathered, models: tuple[str, ...], terminal: Terminal) -> tuple[dict[str, Official], str]:
    """The vendor's counts, and why one is missing. Raises UsageError for a key or an address that is none."""
    from tokentide.analytics.count_official import ask
    from tokentide.sources.messages_api.client import CountClient, CountRefusedError
    from tokentide.sources.messages_api.keys import KEY_VARIABLE, find_key, messages_base

    base = messages_base(terminal.environ)
    key = find_key(terminal.environ)
    if key is None:
        return {}, f"there is no API key in ${KEY_VARIABLE}"
    client = CountClient(key, base, now=terminal.now, sleep=time.sleep)
    counts: dict[str, Official] = {}
    why = ""
    for model in models:
        try:
            with waiting(terminal, f"asking {client.host} to count for {clean(model)} …"):
                counts[model] = ask(client, gathered.sendable, model)
        except CountRefusedError as error:
            why = str(error)
            if error.ends_all:
                break
    _say_sent(client, counts, terminal)
    return counts, why


def _say_sent(client: CountClient, counts: dict[str, Official], terminal: Terminal) -> None:
    if counts:
        terminal.say(f"counted by {client.host}, which was sent all of it")
