"""alerts: what you are told of and how, what is so now and what was, snoozes, a look for cron."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Mapping, Sequence

from tokentide import locations
from tokentide.alerts.rule_file import load_rules
from tokentide.alerts.spans import span_us
from tokentide.cli import options as shared
from tokentide.cli.alerts_snooze import snooze
from tokentide.cli.exit_codes import ExitCode
from tokentide.cli.terminal import Terminal, help_with_examples
from tokentide.cli.workspace import Workspace
from tokentide.clock import HOUR_US
from tokentide.errors import UsageError
from tokentide.model.alerts import INFO, PERCENT, RULE_KINDS, SENT_KINDS, SEVERITIES, Alert, AlertRules, Channel
from tokentide.model.limits import FIVE_HOUR
from tokentide.render.alert_words import AlertLook
from tokentide.render.words import clean, duration
from tokentide.store.sqlite.ledger import Ledger

ACTIONS = ("list", "add", "remove", "test", "history", "snooze", "quiet", "check")
LOOKED_US = HOUR_US
"""A look that is older is none; it is noted every quarter of an hour at most."""
USUAL_HISTORY = "7d"
EXAMPLES = """\
examples:
  tokentide alerts                                  rules, channels, what is raised now
  tokentide alerts add percent 50 80 95 --window five_hour
  tokentide alerts add odds 0.7                     a run-out that is 7 in 10 likely
  tokentide alerts add cost daily 20 50             above $20 and above $50 a day
  tokentide alerts add unusual_hour 3               an hour 3 times as dear as usual
  tokentide alerts add channel ntfy://ntfy.sh/my-topic
  tokentide alerts add channel env:SLACK_URL        the address stays out of the file
  tokentide alerts add command -- notify.sh --loud  gets JSON on standard input
  tokentide alerts remove ntfy
  tokentide alerts test                             a sample over every channel
  tokentide alerts snooze 2h odds                   and: alerts snooze --off
  tokentide alerts quiet 22:00-07:00                and: alerts quiet --off
  tokentide alerts check                            look and tell now, for cron
kinds of rules: """
SAMPLE = (
    "This is a test of tokentide alerts",
    "So an alert looks here. `tokentide alerts` shows what you are told of.",
)
"""Title and body of what `alerts test` sends."""
_OPTIONS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("window", "account", "name", "only", "least"), ("add",)),
    "last": ("history",),
    "off": ("snooze", "quiet"),
    "json": ("list", "history", "check"),
    "offline": ("check",),
}
"""Which actions have use for an option; times, width and colour are everybody's."""


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of alerts."""
    parser.formatter_class = help_with_examples
    # Words may stand before and behind options: `alerts snooze --off odds`.
    parser.parse_args = parser.parse_intermixed_args  # type: ignore[method-assign]
    parser.epilog = EXAMPLES + ", ".join(RULE_KINDS)
    parser.add_argument("action", nargs="?", choices=ACTIONS, default="list", help="what to do (default list)")
    parser.add_argument("words", nargs="*", metavar="WORD", help="what the action is about, as in the examples")
    group = parser.add_argument_group("with add")
    group.add_argument("--window", metavar="NAME", help="only windows like this: five_hour, seven_day, 'seven_day*'")
    group.add_argument("--account", metavar="NAME", help="only accounts whose name is like this: 'ada@*'")
    group.add_argument("--name", metavar="NAME", help="what the rule or the channel is called")
    group.add_argument("--only", action="append", metavar="KIND", help="a channel for this kind of rule alone")
    group.add_argument("--least", choices=SEVERITIES, help="a channel for what matters at least so much")
    group = parser.add_argument_group("with other actions")
    group.add_argument("--last", metavar="N[h|d|w]", help="history: how far back (default 7d)")
    group.add_argument("--off", action="store_true", help="snooze, quiet: end it")
    group.add_argument("-z", "--timezone", metavar="ZONE", help="IANA zone that times are shown in; or local")
    group.add_argument("-j", "--json", action="store_true", help="list, history, check: JSON")
    shared.add_appearance(group, offline="check: do not ask the account")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Do what is asked. Exit code 1 where a channel failed that was to be used."""
    _check_words(options)
    if options.action in ("add", "remove", "quiet"):
        from tokentide.cli.alerts_edit import edit

        return edit(options, terminal)
    actions: Mapping[str, Callable[[argparse.Namespace, Workspace], int]] = {
        "list": _list,
        "test": _test,
        "history": _history,
        "snooze": snooze,
        "check": _check,
    }
    return actions[options.action](options, Workspace(terminal))


def _check_words(options: argparse.Namespace) -> None:
    """Raises UsageError for words and options that the action has no use for."""
    action = f"`tokentide alerts {options.action}`"
    if options.words and options.action in ("list", "history", "check"):
        raise UsageError(f"{action} takes no {clean(options.words[0])[:40]!r}: see --help")
    for name, actions in _OPTIONS.items():
        if getattr(options, name) and options.action not in actions:
            raise UsageError(f"{action} takes no --{name}: it belongs to {', '.join(actions)}")


def rules_of(terminal: Terminal) -> AlertRules:
    """The rules in force. Raises SettingsError."""
    return load_rules(locations.alerts_path(), terminal.environ)


def _list(options: argparse.Namespace, workspace: Workspace) -> int:
    """Rules, channels, what is raised, what is silent."""
    from tokentide.alerts.delivery.address import shown_address
    from tokentide.alerts.engine import looked_at
    from tokentide.alerts.standing import SHOWN_US, raised_now

    terminal, rules = workspace.terminal, rules_of(workspace.terminal)
    found = workspace.with_ledger(
        lambda ledger, _: (
            ledger.alerts.recent(terminal.now - SHOWN_US),
            ledger.alerts.snoozes(terminal.now),
            looked_at(ledger),
        )
    )
    past, snoozes, looked = found
    calendar = shared.calendar_of(options, workspace.settings)
    raised = raised_now(past, calendar, terminal.now)
    addresses = {channel.name: shown_address(channel) for channel in rules.channels}
    if options.json:
        from tokentide.render.alerts_json import alerts_json

        terminal.write(alerts_json(rules, raised, snoozes, addresses, now=terminal.now))
        return ExitCode.OK
    from tokentide.render.alerts_screen import AlertsShown, alerts_lines

    shown = AlertsShown(rules, raised, snoozes, addresses)
    width = terminal.columns(options.width)
    console = terminal.console(width, no_color=options.no_color)
    for line in alerts_lines(shown, AlertLook(calendar, terminal.now), width):
        console.print(line, soft_wrap=True)
    _say_if_open(terminal, rules)
    _say_next_steps(terminal, rules, looked)
    return ExitCode.OK


def _say_if_open(terminal: Terminal, rules: AlertRules) -> None:
    """Warn where others can read addresses that are written in the file."""
    holds_secrets = any(channel.url is not None and not channel.origin for channel in rules.channels)
    if holds_secrets and os.name == "posix" and os.stat(rules.path).st_mode & 0o077:
        terminal.say(f"{clean(rules.path)} holds addresses and can be read by others: `chmod 600` it")


def _say_next_steps(terminal: Terminal, rules: AlertRules, looked: int) -> None:
    """What to do where alerts are not used yet, or where nobody looks."""
    if all(rule.is_default for rule in rules.rules) and all(channel.is_default for channel in rules.channels):
        terminal.say(
            "these are the defaults: `tokentide alerts add percent 50 80 95` takes the place of the first one;"
        )
        terminal.say("`tokentide alerts add cost daily 20` and `tokentide alerts add channel ntfy://ntfy.sh/my-topic`")
        terminal.say("add to them, `tokentide alerts --help` has more")
    if not 0 <= terminal.now - looked <= LOOKED_US:
        when = f"nobody has looked for {duration(terminal.now - looked)}" if looked else "nobody has ever looked"
        terminal.say(f"{when}: `tokentide watch install` looks in the background, `tokentide live` while it is open,")
        terminal.say("`tokentide alerts check` now; `tokentide alerts test` sends a sample")


def _history(options: argparse.Namespace, workspace: Workspace) -> int:
    """What was raised, and what came of it."""
    terminal = workspace.terminal
    last = USUAL_HISTORY if options.last is None else options.last
    since = terminal.now - span_us(last, "--last")
    told = workspace.with_ledger(lambda ledger, _: ledger.alerts.recent(since))
    if options.json:
        from tokentide.render.alerts_json import history_json

        terminal.write(history_json(told, since=since, now=terminal.now))
        return ExitCode.OK
    from tokentide.render.alerts_screen import history_lines

    width = terminal.columns(options.width)
    console = terminal.console(width, no_color=options.no_color)
    for line in history_lines(told, AlertLook(shared.calendar_of(options, workspace.settings), terminal.now), width):
        console.print(line, soft_wrap=True)
    if not told:
        further = ": `--last 30d` looks further back" if options.last is None else ""
        terminal.say(f"nothing was raised in the last {duration(terminal.now - since)}{further}")
    return ExitCode.OK


def _test(options: argparse.Namespace, workspace: Workspace) -> int:
    """Send a sample over each channel that is sent to, or over those named; nothing is noted in the ledger."""
    from dataclasses import replace

    from tokentide.alerts.engine import send

    terminal, rules = workspace.terminal, rules_of(workspace.terminal)
    chosen = _chosen(rules, options.words)
    sample = Alert("test", PERCENT, "", FIVE_HOUR, terminal.now, INFO, *SAMPLE, {"test": 1})
    for channel in chosen:
        if channel.kind not in SENT_KINDS:
            terminal.write(f"{clean(channel.name)}: shows alerts where you work; there is nothing to send")
    sent = [replace(each, rules=(), least_severity=INFO) for each in chosen if each.kind in SENT_KINDS]
    _say_patience(terminal, [channel.name for channel in sent])
    outcomes = send([sample], sent, terminal.environ, is_patient=False)[sample.key]
    for name, fault in outcomes.items():
        terminal.write(f"{clean(name)}: {f'failed: {clean(fault.reason)}' if fault.reason else 'sent'}")
    return ExitCode.ERROR if any(fault.reason for fault in outcomes.values()) else ExitCode.OK


def _chosen(rules: AlertRules, names: Sequence[str]) -> list[Channel]:
    """The channels that are on, or those named. Raises UsageError."""
    known = {channel.name: channel for channel in rules.channels}
    for name in names:
        if name not in known:
            raise UsageError(f"there is no channel {clean(name)[:40]}; there are {clean(', '.join(known))}")
    return [known[name] for name in dict.fromkeys(names)] or [each for each in rules.channels if each.enabled]


def _say_patience(terminal: Terminal, names: Sequence[str]) -> None:
    """Say on a terminal what takes its time."""
    if names and terminal.err.isatty():
        terminal.say(f"sending to {clean(', '.join(names))} …")


def _check(options: argparse.Namespace, workspace: Workspace) -> int:
    """Look, and tell what is new; exit code 1 where nobody could be told of something."""
    from tokentide.alerts.engine import check, deliver
    from tokentide.sync.limits import plans_of_logins, refresh_limits

    terminal, settings, rules = workspace.terminal, workspace.settings, rules_of(workspace.terminal)
    calendar = shared.calendar_of(options, workspace.settings)

    def work(ledger: Ledger, _synced: object) -> tuple[Alert, ...]:
        poll = settings.account_poll and not options.offline
        refresh_limits(ledger, settings, terminal.environ, now=terminal.now, poll=poll)
        if not ledger.is_kept:
            terminal.say("nothing was told: without a ledger that is kept, it would be told again and again")
            return ()
        plans = plans_of_logins(settings, terminal.environ)
        new = check(ledger, settings, calendar, rules, now=terminal.now, plans=plans)
        return deliver(new, rules, ledger, terminal.environ, calendar, now=terminal.now)

    told = workspace.with_ledger(work)
    _show_told(told, options, workspace)
    return ExitCode.ERROR if any(map(_is_lost, told)) else ExitCode.OK


def _show_told(told: Sequence[Alert], options: argparse.Namespace, workspace: Workspace) -> None:
    terminal = workspace.terminal
    if options.json:
        from tokentide.render.alerts_json import history_json

        terminal.write(history_json(told, since=terminal.now, now=terminal.now))
        return
    if not told and terminal.err.isatty():
        terminal.say("nothing new to tell; `tokentide alerts` shows what is raised")
    _write_told(told, options, workspace)
    faults = dict.fromkeys(each for alert in told for each in alert.deliveries.items() if each[1])
    for name, fault in faults:
        terminal.say(f"{clean(name)}: {clean(fault)}")


def _write_told(told: Sequence[Alert], options: argparse.Namespace, workspace: Workspace) -> None:
    """As the list shows them, on a terminal; else a line each, for mails and logs."""
    terminal = workspace.terminal
    width = terminal.width(options.width)
    if width is None:
        for alert in told:
            terminal.write(f"{alert.severity}: {clean(alert.title)}. {clean(alert.body)}")
        return
    from tokentide.render.alerts_screen import alert_lines

    console = terminal.console(width, no_color=options.no_color)
    look = AlertLook(shared.calendar_of(options, workspace.settings), terminal.now)
    for alert in told:
        for line in alert_lines(alert, look, width):
            console.print(line, soft_wrap=True)


def _is_lost(alert: Alert) -> bool:
    """True where every channel failed."""
    return bool(alert.deliveries) and all(alert.deliveries.values())
