"""Rules, channels and alerts as lines for a terminal."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from rich.text import Text

from tokentide.model import alerts
from tokentide.model.alerts import CRITICAL, HELD, INFO, Alert, AlertRules, Channel, QuietHours, Rule, Snooze
from tokentide.render.alert_words import AlertLook
from tokentide.render.forecast_words import odds_words
from tokentide.render.limit_words import window_title
from tokentide.render.words import clean, duration, money
from tokentide.settings import WEEKDAYS

SEVERITY_STYLES = {INFO: "green", alerts.WARNING: "dark_orange", CRITICAL: "red"}
NARROW = 60
ANY_WINDOW = "any window"
_UNIT = re.compile(r"(?<=\d) (?=(?:%|d|h|min|s)(?:\W|$))")
_TENTHS = tuple(tenth / 10 for tenth in range(1, 10))
_NAME = 15
"""Columns of names where there is room."""
_PER = {"day": "a day", "week": "a week", "month": "a month"}
_KIND_WORDS = {
    alerts.LOGIN: "when the login has expired, or was refused, and nothing else tells of the limits",
    alerts.PROBLEMS: "when more lines of transcripts cannot be read",
}
_CHANNEL_WORDS = {
    alerts.DESKTOP: "notifications of the desktop",
    alerts.HOOK: "in Claude Code, where `tokentide guard install` has put its hook",
    alerts.BELL: "the bell of the terminal that shows `tokentide live`",
    alerts.SCREEN: "on the screen of `tokentide live`",
}


@dataclass(frozen=True, slots=True)
class AlertsShown:
    """Everything that the list shows."""

    rules: AlertRules
    raised: Sequence[Alert]
    """What is so now, the gravest first."""
    snoozes: Sequence[Snooze]
    addresses: Mapping[str, str]
    """Where channels lead, by name, as far as that may be seen."""


def alerts_lines(shown: AlertsShown, look: AlertLook, width: int) -> Iterator[Text]:
    """What is raised, the rules, the channels, what is silent."""
    yield Text("Raised now", "bold")
    for alert in shown.raised:
        yield from alert_lines(alert, look, width)
    if not shown.raised:
        yield Text("  nothing", "dim")
    yield Text("")
    yield Text("Rules", "bold")
    for rule in shown.rules.rules:
        if not (rule.is_default and is_shadowed(rule, shown.rules)):
            said = rule_words(rule)
            if rule.is_default and any(each.kind == rule.kind for each in shown.rules.rules if not each.is_default):
                said = said.replace(ANY_WINDOW, "any other window")
            yield from _row(rule.name, said, _mark(rule), width)
    yield Text("")
    yield Text("Channels", "bold")
    for channel in shown.rules.channels:
        yield from _row(channel.name, channel_words(channel, shown.addresses[channel.name]), _mark(channel), width)
    yield from _silence_lines(shown, look, width)


def alert_lines(alert: Alert, look: AlertLook, width: int) -> Iterator[Text]:
    """One alert: what, since when, and what is to be said of it."""
    held = ", held back" if alert.state == HELD else ""
    title = _lines(clean(alert.title), width - 4)
    yield Text.assemble(("  ● ", SEVERITY_STYLES[alert.severity]), (title[0], "bold"))
    for line in title[1:]:
        yield Text(f"    {line}", "bold")
    yield from _wrapped(clean(alert.body), 4, width)
    yield from _wrapped(f"{alert.rule}, {look.clock(alert.at)}{held}", 4, width, "dim")


def history_lines(told: Sequence[Alert], look: AlertLook, width: int) -> Iterator[Text]:
    """Alerts as they were raised, each with what came of sending it."""
    for alert in told:
        when = f"{look.calendar.local(alert.at):%a %d %b %H:%M}"
        mark, title = ("● ", SEVERITY_STYLES[alert.severity]), clean(alert.title)
        if width < NARROW:
            yield Text.assemble(mark, (when, "dim"))
            yield from _wrapped(title, 2, width, "bold")
        else:
            first, *rest = _lines(title, width - len(when) - 4)
            yield Text.assemble(mark, (f"{when}  ", "dim"), (first, "bold"))
            for line in rest:
                yield Text(" " * (len(when) + 4) + line, "bold")
        is_passed = any(_follows(each, alert) for each in told)
        yield from _wrapped(
            _outcome(alert, is_passed=is_passed), 2, width, "red" if any(alert.deliveries.values()) else "dim"
        )


def outcome_words(alert: Alert) -> str:
    """What came of sending one alert."""
    told = [f"{clean(name)}: {clean(fault) or 'told'}" for name, fault in alert.deliveries.items()]
    return "; ".join(told)


def _follows(later: Alert, alert: Alert) -> bool:
    """True where a higher level of the same took an alert's place: it ended, and yet was not over."""
    return later is not alert and (later.rule, later.account, later.window, later.at) == (
        alert.rule,
        alert.account,
        alert.window,
        alert.cleared_at,
    )


def _outcome(alert: Alert, *, is_passed: bool) -> str:
    """The rule, what came of it, and whether it is over."""
    if alert.state == HELD:
        sent = "held back"
    else:
        sent = outcome_words(alert) or ("shown only" if alert.state == alerts.SENT else "not sent yet")
    over = f"; over after {duration(_ended_at(alert) - alert.at)}" if alert.cleared_at and not is_passed else ""
    return f"{alert.rule}: {sent}{over}"


def _ended_at(alert: Alert) -> int:
    """When it was over: at its window's reset, if nobody looked until later."""
    reset = alert.facts.get("resets_at")
    return reset if isinstance(reset, int) and alert.at <= reset <= alert.cleared_at else alert.cleared_at


def rule_words(rule: Rule) -> str:
    """What a rule tells, in words."""
    said = _rule_words(rule)
    return said + ("" if rule.account == "*" else f", accounts like {clean(rule.account)}")


def _rule_words(rule: Rule) -> str:
    if not rule.enabled:
        return f"not told for {_windows(rule)}" if rule.window != "*" else "not told"
    if rule.kind == alerts.PERCENT:
        return f"{', '.join(_exactly(bound) for bound in rule.percents)} of {_windows(rule)}"
    if rule.kind == alerts.ODDS:
        odds = odds_words(rule.odds) if rule.odds in _TENTHS else _exactly(100 * rule.odds)
        return f"from {odds} on that {_windows(rule)} is used up before the reset"
    if rule.kind == alerts.RESET:
        full = f"was {_exactly(min(rule.percents))} used" if rule.percents else "was nearly used up"
        return f"when {_windows(rule)} is free again that {full}"
    if rule.kind == alerts.CAP_CHANGED:
        return f"when the vendor seems to have moved the limit of {_windows(rule)}"
    return _money_words(rule)


def _exactly(bound: float) -> str:
    """A percentage that a person has set, as it was set."""
    return f"{bound:.6g} %"


def _money_words(rule: Rule) -> str:
    """What rules on amounts and on time tell."""
    if rule.kind == alerts.COST:
        return f"{', '.join(money(bound) for bound in rule.amounts)} {_PER[rule.per]}"
    if rule.kind in (alerts.EXTRA_USAGE, alerts.SPEND):
        steps = ", ".join(f"{Decimal(bound).scaleb(-9):,.2f}" for bound in rule.amounts)
        begins = "when paid use begins" if rule.begins else ""
        return ", ".join(filter(None, [begins, f"above {steps} in the account's currency" if steps else ""]))
    if rule.kind == alerts.UNUSUAL_HOUR:
        return f"an hour above {rule.factor:g} times the usual, from {money(rule.least)} on"
    if rule.kind == alerts.STALE:
        return f"when nobody tells of the limits for {duration(rule.after_us)}, although Claude is used"
    return _KIND_WORDS[rule.kind]


def _windows(rule: Rule) -> str:
    """The windows that a rule is about."""
    if rule.window == "*":
        return ANY_WINDOW
    return f"a window like {clean(rule.window)}" if set(rule.window) & set("*?[") else window_title(rule.window)


def channel_words(channel: Channel, address: str) -> str:
    """Where a channel leads, and what goes over it; of its address only what may be seen."""
    if not channel.enabled:
        return "off"
    parts = [_CHANNEL_WORDS.get(channel.kind) or clean(address)]
    if channel.rules:
        parts.append(f"only {', '.join(channel.rules)}")
    if channel.least_severity != INFO:
        parts.append(f"{channel.least_severity} and graver" if channel.least_severity != CRITICAL else "only critical")
    return "; ".join(parts)


def _silence_lines(shown: AlertsShown, look: AlertLook, width: int) -> Iterator[Text]:
    """Quiet hours and snoozes, where there are any."""
    quiet = quiet_words(shown.rules.quiet)
    rows = [("quiet", quiet)] if quiet else []
    rows += [
        ("snoozed", f"{each.rule or 'everything'} until {look.clock(each.until)} ({duration(each.until - look.now)})")
        for each in shown.snoozes
    ]
    if rows:
        yield Text("")
        yield Text("Silent", "bold")
    for name, said in rows:
        yield from _row(name, said, "", width)


def quiet_words(quiet: QuietHours) -> str:
    """Quiet hours and days; empty where there are none."""
    spans = [f"{_clock(begin)}–{_clock(end)}" for begin, end in quiet.spans]
    days = [f"{WEEKDAYS[day].capitalize()}s" for day in quiet.days]
    said = ", ".join([*spans, *days])
    return f"{said}; critical ones pass" if said and quiet.critical_passes else said


def _row(name: str, said: str, mark: str, width: int) -> Iterator[Text]:
    """A name and what it stands for: beside each other where there is room, else below."""
    name = clean(name)
    said = f"{said} ({mark})" if mark else said
    if width < NARROW or len(name) > _NAME:
        yield Text(f"  {name}", "cyan")
        yield from _wrapped(said, 4, width)
        return
    first, *rest = _lines(said, width - _NAME - 3)
    yield Text.assemble((f"  {name:<{_NAME}} ", "cyan"), first)
    for line in rest:
        yield Text(" " * (_NAME + 3) + line)


def _wrapped(said: str, indent: int, width: int, style: str = "") -> Iterator[Text]:
    for line in _lines(said, width - indent):
        yield Text(" " * indent + line, style)


def _lines(said: str, width: int) -> list[str]:
    """The text in lines, at least one; a number stays with its unit."""
    tied = _UNIT.sub("\N{NO-BREAK SPACE}", said)
    return [line.replace("\N{NO-BREAK SPACE}", " ") for line in textwrap.wrap(tied, max(width, 10))] or [""]


def _mark(entry: Rule | Channel) -> str:
    return "default" if entry.is_default else ""


def is_shadowed(rule: Rule, rules: AlertRules) -> bool:
    """True for a default that a rule of the file replaces everywhere."""
    return any(
        each.kind == rule.kind and each.window == "*" and each.account == "*" and not each.is_default
        for each in rules.rules
    )


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
