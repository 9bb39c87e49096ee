"""guard: will the windows hold what comes next? For scripts, and as a hook before every prompt of Claude Code."""

from __future__ import annotations

import argparse
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from tokentide.analytics.guard import Guarded, Verdict, Wish
from tokentide.cli import options as shared
from tokentide.cli.exit_codes import ExitCode
from tokentide.cli.guard_verdict import HOOK_ODDS, judge
from tokentide.cli.terminal import Terminal, help_with_examples
from tokentide.cli.workspace import Workspace
from tokentide.errors import UsageError
from tokentide.model.odds import EVEN_ODDS
from tokentide.render.guard_words import GuardLook, verdict_line

if TYPE_CHECKING:
    from tokentide.store.sqlite.ledger import Ledger

ACTIONS = ("install", "uninstall", "status", "snooze", "hook")
_CODES = {Verdict.GO: ExitCode.OK, Verdict.NEAR: ExitCode.NEAR, Verdict.FULL: ExitCode.HIT, None: ExitCode.NO_DATA}
_HIGHEST_USD = 10**6
_EXAMPLES = """examples:
  tokentide guard && claude -p "…"        go on only while there is room
  tokentide guard --need 15%% --quiet      will 15 %% of the five hours fit?
  tokentide guard --need '$4' --window week
  tokentide guard install                 warn before a prompt that will probably not fit
  tokentide guard install --block         hold it back
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of guard."""
    parser.formatter_class = help_with_examples
    parser.epilog = _EXAMPLES.replace("%%", "%")
    parser.add_argument(
        "action",
        nargs="?",
        choices=ACTIONS,
        metavar="install|uninstall|status|snooze",
        help="put the hook into Claude Code's settings.json, take it out, tell how it stands, or silence it for a "
        "while; without one, print the verdict: exit code 0 go on, 10 near, 11 used up, 5 unknown",
    )
    parser.add_argument("duration", nargs="?", metavar="TIME", help="with snooze: how long, such as 30m, 2h or 1d")
    parser.add_argument("--account", default="", metavar="NAME", help="the account whose name contains this")
    parser.add_argument(
        "--window", default="", metavar="NAME", help="only windows whose name contains this, such as five_hour or week"
    )
    parser.add_argument(
        "--need",
        type=_need,
        default=(None, None),
        metavar="PERCENT|USD",
        help="what the next job will need: 15%% of the five hours (of --window, if given), or $4; decides in place of "
        "80 %% and of the odds",
    )
    parser.add_argument(
        "--max-odds",
        type=_odds,
        metavar="P",
        help=f"near from these odds of a full window on: 0 to 1, or 50%% ({EVEN_ODDS}; as a hook {HOOK_ODDS})",
    )
    parser.add_argument("--refresh", action="store_true", help="ask the account first, where it is its turn")
    parser.add_argument("-q", "--quiet", action="store_true", help="no line, only the exit code")
    parser.add_argument("-j", "--json", action="store_true", help="JSON; see docs/reference/json.md")
    parser.add_argument("-z", "--timezone", metavar="ZONE", help="IANA zone of the times shown; or local")
    shared.add_plan(parser)
    group = parser.add_argument_group("the hook")
    group.add_argument("--block", action="store_true", help="with install: hold such a prompt back instead of warning")
    group.add_argument("--off", action="store_true", help="with snooze: speak again")
    group.add_argument(
        "--dir", metavar="FOLDER", help="the folder of settings.json, if not $CLAUDE_CONFIG_DIR or ~/.claude"
    )


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Print the verdict, or do what is asked about the hook, which never fails."""
    if options.action == "hook":
        from tokentide.cli.guard_hook import run_hook

        return run_hook(options, terminal)
    _check(options)
    if options.action:
        from tokentide.cli.guard_install import act

        return act(options, terminal)
    return _verdict(options, terminal)


def _check(options: argparse.Namespace) -> None:
    """Raises UsageError for what does not go together."""
    asks = options.need != (None, None) or options.window or options.account or options.refresh or options.quiet
    if options.action and (asks or options.json):
        raise UsageError(f"`tokentide guard {options.action}` takes none of the options that ask for a verdict")
    if options.action and (options.plan or options.custom_limit_tokens or options.reset_hour is not None):
        raise UsageError("the hook estimates by `plan`, `custom_limit_tokens` and `reset_hour` in the settings")
    if options.block and options.action != "install":
        raise UsageError("--block belongs to `tokentide guard install`")
    if options.off and options.action != "snooze":
        raise UsageError("--off belongs to `tokentide guard snooze`")
    if options.duration and options.action != "snooze":
        raise UsageError("a length of time belongs to `tokentide guard snooze`")
    if options.dir is not None and options.action not in ("install", "uninstall", "status"):
        raise UsageError("--dir belongs to `guard install`, `uninstall` and `status`")


def _verdict(options: argparse.Namespace, terminal: Terminal) -> int:
    """One line and an exit code."""
    workspace = Workspace(terminal)
    look = GuardLook(shared.calendar_of(options, workspace.settings), terminal.now)
    percent, cost = options.need
    asked = options.max_odds
    odds = asked if asked is not None or (percent, cost) != (None, None) else EVEN_ODDS
    wish = Wish(options.window, percent, cost, max_odds=odds)
    guarded = workspace.with_ledger(lambda ledger, _synced: _judged(ledger, workspace, options, wish))
    code = _CODES[guarded.verdict if guarded else None]
    line = verdict_line(guarded, look) if guarded else _nobody(options.account)
    if options.json:
        from tokentide.render.guard_json import guard_json

        terminal.write(guard_json(guarded, line=line, exit_code=code, timezone=look.calendar.name, now=look.now))
    elif not options.quiet:
        terminal.write(line)
    return code


def _judged(ledger: Ledger, workspace: Workspace, options: argparse.Namespace, wish: Wish) -> Guarded | None:
    """The verdict on the account that is meant; None where none is known."""
    from tokentide.sync.limits import refresh_limits

    terminal, settings = workspace.terminal, workspace.settings
    poll = options.refresh and settings.account_poll
    refresh_limits(ledger, settings, terminal.environ, now=terminal.now, poll=poll)
    return judge(ledger, workspace, options, wish, folder="", is_quick=False)


def _nobody(wish: str) -> str:
    """Where no account is known."""
    if wish:
        from tokentide.render.words import clean

        return f"unknown: no limits are known of an account that matches {clean(wish)}"
    return "unknown: no limits are known here; `tokentide statusline install` or `tokentide limits` gets them"


def _need(text: str) -> tuple[float | None, int | None]:
    """15%, 15: percent; $4, 4usd: nano-USD."""
    word = text.strip().lower()
    is_money = word.startswith("$") or word.endswith(("usd", "$"))
    bare = word.removeprefix("$").removesuffix("usd").removesuffix("$").removesuffix("%").strip()
    try:
        number = Decimal(bare)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or not 0 < number <= (_HIGHEST_USD if is_money else 1000):
        raise argparse.ArgumentTypeError(f"{text!r} is neither a percentage, such as 15%, nor an amount, such as $4")
    return (None, int(number.scaleb(9))) if is_money else (float(number), None)


def _odds(text: str) -> float:
    """0.8, or 80%."""
    try:
        number = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        number = -1.0
    if not 0 < number <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} are no odds: above 0, up to 1, or a percentage")
    return number
