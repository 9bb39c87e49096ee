"""alerts add, remove, quiet: changes of the person's own `alerts.toml`."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Callable, Mapping, Sequence

from tokentide import locations
from tokentide.alerts.editing import (
    CHANNEL,
    RULE,
    Entry,
    RuleBook,
    is_same,
    new_rule,
    reason_of,
    removed,
    rule_book,
)
from tokentide.cli.alerts_advice import look_at_channel, look_at_window
from tokentide.cli.exit_codes import ExitCode
from tokentide.cli.terminal import Terminal
from tokentide.errors import SettingsError, UsageError
from tokentide.model import alerts
from tokentide.model.alerts import CHANNEL_KINDS, RULE_KINDS, SENT_KINDS, AlertRules, Channel
from tokentide.render.words import clean
from tokentide.toml_edit import alone

_PERIODS = {"day": "day", "daily": "day", "week": "week", "weekly": "week", "month": "month", "monthly": "month"}
_CHANNEL_WORDS = ("channel", alerts.COMMAND, *(kind for kind in CHANNEL_KINDS if kind != alerts.APPRISE))
_WINDOWED = (alerts.PERCENT, alerts.ODDS, alerts.RESET, alerts.CAP_CHANGED)
_NUMBER = re.compile(r"[0-9]{1,15}(\.[0-9]{1,9})?")


def edit(options: argparse.Namespace, terminal: Terminal) -> int:
    """Change the file, and say what was changed. Raises UsageError, SettingsError."""
    path = locations.alerts_path()
    actions: Mapping[str, Callable[[argparse.Namespace, Terminal, RuleBook], int]] = {
        "add": _add,
        "remove": _remove,
        "quiet": _quiet,
    }
    with alone(path):
        return actions[options.action](options, terminal, rule_book(path, terminal.environ))


def _add(options: argparse.Namespace, terminal: Terminal, book: RuleBook) -> int:
    """Put a rule or a channel at the end of the file."""
    words: list[str] = list(options.words)
    if not words:
        raise UsageError(
            f"say what to add: {', '.join(RULE_KINDS)}, channel ADDRESS, or command -- PROGRAM; "
            "`tokentide alerts --help` has examples"
        )
    if words[0] in _CHANNEL_WORDS or "://" in words[0]:
        return _add_channel(options, terminal, book, words)
    kind, entry = words[0], rule_entry(words, options)
    nameless = new_rule(_with(book, RULE, {name: value for name, value in entry.items() if name != "name"}))
    if any(is_same(nameless, each) for each in book.rules.rules):
        terminal.write(f"{kind}: told already, nothing was changed")
        return ExitCode.OK
    from tokentide.render.alerts_screen import rule_words

    changed = _with(book, RULE, entry)
    rule = new_rule(changed)
    changed.save()
    if options.window:
        look_at_window(options.window, terminal)
    instead = " (in place of the default)" if any(each.is_default for each in book.rules.of(kind)) else ""
    terminal.write(f"added {clean(rule.name)}: {rule_words(rule)}{instead}")
    return ExitCode.OK


def _with(book: RuleBook, table: str, entry: Entry) -> RuleBook:
    """The file as it would be; what is wrong with the new entry is the command line's fault. Raises UsageError."""
    try:
        return book.adding(table, entry)
    except SettingsError as error:
        raise UsageError(f"{clean(str(entry['kind']))}: {clean(reason_of(error))}") from None


def rule_entry(words: Sequence[str], options: argparse.Namespace) -> Entry:
    """A rule as the words say it. Raises UsageError."""
    kind, *values = words
    if kind not in RULE_KINDS:
        import difflib

        near = difflib.get_close_matches(kind, (*RULE_KINDS, *_CHANNEL_WORDS), n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(RULE_KINDS)}, channel, command"
        raise UsageError(f"there is no kind of rule {clean(kind)[:40]!r}; {hint}")
    if options.window and kind not in _WINDOWED:
        raise UsageError(f"{kind} is not about windows: leave --window out")
    if options.only or options.least:
        raise UsageError("--only and --least belong to channels")
    entry: Entry = {"kind": kind, **_rule_values(kind, values)}
    more = {"name": options.name, "window": options.window, "account": options.account}
    return {**entry, **{name: value for name, value in more.items() if value}}


def _rule_values(kind: str, values: list[str]) -> Entry:
    """What the words behind the kind mean. Raises UsageError."""
    if kind == alerts.COST:
        per = _PERIODS.get(values[0].lower()) if values else None
        if per is None or not values[1:]:
            raise UsageError(
                "give a period and amounts in USD: `tokentide alerts add cost daily 20`; or weekly, monthly"
            )
        return {"per": per, "usd": _numbers(kind, values[1:])}
    if kind == alerts.PERCENT and not values:
        raise UsageError("give percentages: `tokentide alerts add percent 50 80 95`")
    single = {alerts.ODDS: "odds", alerts.UNUSUAL_HOUR: "factor", alerts.STALE: "minutes"}.get(kind)
    many = {alerts.PERCENT: "percent", alerts.RESET: "percent", alerts.EXTRA_USAGE: "amounts", alerts.SPEND: "amounts"}
    numbers = _numbers(kind, values)
    if len(numbers) > (1 if single else len(numbers) if kind in many else 0):
        raise UsageError(f"{kind} takes {'one number' if single else 'no numbers'}")
    if not numbers:
        return {"begins": True} if kind in (alerts.EXTRA_USAGE, alerts.SPEND) else {}
    return {single: numbers[0]} if single else {many[kind]: numbers}


def _numbers(kind: str, values: Sequence[str]) -> list[int] | list[float]:
    """Numbers, with or without `%` and `$`. Raises UsageError."""
    found: list[float] = []
    for value in values:
        plain = value.removeprefix("$").removesuffix("%").strip()
        if not _NUMBER.fullmatch(plain):
            raise UsageError(f"{kind}: {clean(value)[:40]!r} is no number")
        found.append(float(plain))
    return found


def _add_channel(options: argparse.Namespace, terminal: Terminal, book: RuleBook, words: list[str]) -> int:
    """Put a channel at the end of the file; its address is looked at before."""
    entry = _channel_entry(words, options)
    if "name" not in entry:
        entry = _named(entry, book.rules)
    changed = _with(book, CHANNEL, entry)
    channel = next(each for each in reversed(changed.rules.channels) if not each.is_default)
    same = next((each for each in book.rules.channels if _leads_the_same_way(channel, each)), None)
    if same is not None:
        name = clean(same.name)
        terminal.write(
            f"there is a channel like that already: {name}; nothing was changed (to change it, remove it first)"
        )
        return ExitCode.OK
    look_at_channel(channel, terminal)
    changed.save()
    test = f"; `tokentide alerts test {shlex.quote(clean(channel.name))}` sends a sample"
    terminal.write(f"added the channel {clean(channel.name)}{test if channel.kind in SENT_KINDS else ''}")
    return ExitCode.OK


def _channel_entry(words: Sequence[str], options: argparse.Namespace) -> Entry:
    """A channel as the words say it. Raises UsageError."""
    values = list(words[1:]) if words[0] == "channel" else list(words)
    if options.window or options.account:
        raise UsageError("--window and --account belong to rules")
    if not values:
        raise UsageError("give an address, such as `tokentide alerts add channel ntfy://ntfy.sh/my-topic`, or desktop")
    first, *rest = values
    entry: Entry
    if first == alerts.COMMAND:
        if not rest:
            raise UsageError("give the program: `tokentide alerts add command -- notify.sh --loud`")
        entry = {"kind": first, "command": rest}
    elif rest:
        raise UsageError(f"a channel takes one address; {clean(rest[0])[:20]} is too much")
    elif first in CHANNEL_KINDS:
        if first not in SENT_KINDS and (options.only or options.least):
            raise UsageError(f"{first} shows every alert: --only and --least belong to channels that are sent to")
        entry = {"kind": first}
    else:
        entry = {"kind": alerts.APPRISE, "url": first}
    more: Entry = {name: value for name, value in (("name", options.name), ("rules", options.only)) if value}
    return {**entry, **more, **({"least_severity": options.least} if options.least else {})}


def _named(entry: Entry, rules: AlertRules) -> Entry:
    """The entry with a name after the service that its address names."""
    scheme, separator, _ = str(entry.get("url", "")).partition("://")
    if not separator or not scheme.isascii() or not scheme.isalnum():
        return entry
    taken = {channel.name for channel in rules.channels}
    name, number = scheme.lower(), 1
    while name in taken:
        number += 1
        name = f"{scheme.lower()}-{number}"
    return {**entry, "name": name}


def _leads_the_same_way(new: Channel, old: Channel) -> bool:
    urls = [channel.url.reveal() if channel.url else channel.origin for channel in (new, old)]
    return (new.kind, new.command, urls[0]) == (old.kind, old.command, urls[1]) and old.enabled and not old.is_default


def _remove(options: argparse.Namespace, terminal: Terminal, book: RuleBook) -> int:
    """Take rules or channels out by name; a default is switched off instead."""
    if not options.words:
        raise UsageError("say what to remove, by the name that `tokentide alerts` shows")
    said = []
    for name in dict.fromkeys(options.words):
        book, what = removed(book, name)
        said.append(clean(what))
    book.save()
    terminal.write("\n".join(said))
    return ExitCode.OK


def _quiet(options: argparse.Namespace, terminal: Terminal, book: RuleBook) -> int:
    """Set the quiet hours, or end them."""
    from tokentide.render.alerts_screen import quiet_words

    words: list[str] = list(options.words)
    if options.off == bool(words):
        raise UsageError("give the hours: `tokentide alerts quiet 22:00-07:00`, several if you like; or --off")
    try:
        changed = book.quiet({"quiet_hours": None if options.off else words})
    except SettingsError as error:
        raise UsageError(f"{error.key}: {error.reason}") from None
    changed.save()
    now = quiet_words(changed.rules.quiet)
    terminal.write(f"quiet: {now}" if now else "quiet: never")
    return ExitCode.OK
