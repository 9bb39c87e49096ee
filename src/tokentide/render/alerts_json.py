"""Alerts, rules and channels as JSON: what `alerts --json` prints, and what a command is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tokentide.model import alerts
from tokentide.model.alerts import Alert, AlertRules, Channel, Facts, Rule, Snooze
from tokentide.render.alert_words import message_words
from tokentide.render.json_text import Json, dumps, usd
from tokentide.render.report_json import FORMAT, head_json, instant
from tokentide.settings import WEEKDAYS

_NANO, _AT = "_nano_usd", "_at"


def message_json(told: Sequence[Alert]) -> str:
    """Several alerts that are told together."""
    words = message_words(told)
    return dumps({"format": FORMAT, "title": words.title, "body": words.body, "alerts": [alert_json(a) for a in told]})


def history_json(told: Sequence[Alert], *, since: int, now: int) -> str:
    """What was raised, newest first."""
    return dumps(
        {
            **head_json("alerts_history", now),
            "since": instant(since),
            "alerts": [alert_json(alert) for alert in told],
        }
    )


def alerts_json(
    rules: AlertRules,
    raised: Sequence[Alert],
    snoozes: Sequence[Snooze],
    addresses: Mapping[str, str],
    *,
    now: int,
) -> str:
    """Rules, channels, what is raised, what is silent. `addresses` are those of channels, fit to be seen."""
    quiet = rules.quiet
    return dumps(
        {
            **head_json("alerts", now),
            "file": rules.path,
            "rules": [rule_json(rule) for rule in rules.rules],
            "channels": [channel_json(channel, addresses[channel.name]) for channel in rules.channels],
            "quiet": {
                "hours": [f"{_clock(begin)}-{_clock(end)}" for begin, end in quiet.spans],
                "days": [WEEKDAYS[day] for day in quiet.days],
                "critical_passes": quiet.critical_passes,
            },
            "snoozes": [{"rule": each.rule or None, "until": instant(each.until)} for each in snoozes],
            "raised": [alert_json(alert) for alert in raised],
        }
    )


def alert_json(alert: Alert) -> dict[str, Json]:
    """One alert with everything it rests on."""
    return {
        "key": alert.key,
        "rule": alert.rule,
        "account": alert.account or None,
        "window": alert.window or None,
        "at": instant(alert.at),
        "severity": alert.severity,
        "title": alert.title,
        "body": alert.body,
        "state": alert.state,
        "cleared_at": instant(alert.cleared_at) if alert.cleared_at else None,
        "facts": facts_json(alert.facts),
        "deliveries": {channel: fault or None for channel, fault in alert.deliveries.items()},
    }


def facts_json(facts: Facts) -> dict[str, Json]:
    """Facts with instants as text and money as exact decimals of USD."""
    return dict(_fact(name, value) for name, value in facts.items())


def _fact(name: str, value: str | float | None) -> tuple[str, Json]:
    if name.endswith(_NANO):
        return name.removesuffix(_NANO) + "_usd", usd(value) if isinstance(value, int) else None
    if name.endswith(_AT) and isinstance(value, int):
        return name, instant(value)
    return name, value


def rule_json(rule: Rule) -> dict[str, Json]:
    """One rule with what its kind uses."""
    more: dict[str, Json] = {}
    if rule.kind in (alerts.PERCENT, alerts.RESET):
        more = {"window": rule.window, "percent": list(rule.percents)}
    elif rule.kind == alerts.ODDS:
        more = {"window": rule.window, "odds": rule.odds, "clear_odds": rule.clear_odds}
    elif rule.kind in (alerts.EXTRA_USAGE, alerts.SPEND):
        more = {"begins": rule.begins, "amounts": [usd(bound) for bound in rule.amounts]}
    elif rule.kind == alerts.COST:
        more = {"per": rule.per, "usd": [usd(bound) for bound in rule.amounts]}
    elif rule.kind == alerts.UNUSUAL_HOUR:
        more = {"factor": rule.factor, "least_usd": usd(rule.least)}
    elif rule.kind == alerts.STALE:
        more = {"minutes": rule.after_us // 60_000_000}
    elif rule.kind == alerts.CAP_CHANGED:
        more = {"window": rule.window}
    head: dict[str, Json] = {"name": rule.name, "kind": rule.kind, "enabled": rule.enabled, "default": rule.is_default}
    return {**head, "account": rule.account, **more}


def channel_json(channel: Channel, address: str) -> dict[str, Json]:
    """One channel; its address only as far as it may be seen."""
    return {
        "name": channel.name,
        "kind": channel.kind,
        "enabled": channel.enabled,
        "default": channel.is_default,
        "address": address or None,
        "rules": list(channel.rules),
        "least_severity": channel.least_severity,
        "timeout_seconds": channel.timeout_seconds,
    }


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
