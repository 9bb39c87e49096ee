"""Reads `alerts.toml`: the rules and channels of a person, with the defaults for what it does not speak of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from tokentide.alerts import fields
from tokentide.alerts.defaults import DEFAULT_CHANNELS, DEFAULT_RULES
from tokentide.alerts.fields import Where, known
from tokentide.errors import SettingsError
from tokentide.model import alerts
from tokentide.model.alerts import CHANNEL_KINDS, RULE_KINDS, AlertRules, Channel, QuietHours, Rule
from tokentide.transport import Secret

MAX_RULE_FILE_BYTES = 4 << 20
ENV_PREFIX, KEYRING_PREFIX = "env:", "keyring:"
_Parser = Callable[[Where, object], object]
_Key = tuple[str, _Parser]
"""The attribute that a key fills, and how."""

_EVERY_RULE: Mapping[str, _Key] = {
    "kind": ("kind", fields.one_of(RULE_KINDS)),
    "name": ("name", fields.text),
    "account": ("account", fields.text),
    "enabled": ("enabled", fields.flag),
}
_WINDOW: Mapping[str, _Key] = {"window": ("window", fields.text)}
_PERCENT: Mapping[str, _Key] = {**_WINDOW, "percent": ("percents", fields.percents)}
_PAID: Mapping[str, _Key] = {"amounts": ("amounts", fields.amounts), "begins": ("begins", fields.flag)}
RULE_KEYS: Mapping[str, Mapping[str, _Key]] = {
    alerts.PERCENT: _PERCENT,
    alerts.ODDS: {**_WINDOW, "odds": ("odds", fields.odds), "clear_odds": ("clear_odds", fields.odds)},
    alerts.EXTRA_USAGE: _PAID,
    alerts.SPEND: _PAID,
    alerts.COST: {"per": ("per", fields.period), "usd": ("amounts", fields.amounts)},
    alerts.UNUSUAL_HOUR: {"factor": ("factor", fields.factor), "least_usd": ("least", fields.amount)},
    alerts.RESET: _PERCENT,
    alerts.LOGIN: {},
    alerts.STALE: {"minutes": ("after_us", fields.minutes)},
    alerts.CAP_CHANGED: _WINDOW,
    alerts.PROBLEMS: {},
}
"""The keys of a rule beside those of every rule, by kind."""
NEEDED = {alerts.PERCENT: "percent", alerts.COST: "usd"}
"""A rule of that kind says nothing without this key."""
_EVERY_CHANNEL: Mapping[str, _Key] = {
    "kind": ("kind", fields.one_of(CHANNEL_KINDS)),
    "name": ("name", fields.text),
    "enabled": ("enabled", fields.flag),
}
_SENT: Mapping[str, _Key] = {
    "rules": ("rules", fields.kinds),
    "least_severity": ("least_severity", fields.severity),
    "timeout_seconds": ("timeout_seconds", fields.seconds),
}
CHANNEL_KEYS: Mapping[str, Mapping[str, _Key]] = {
    alerts.DESKTOP: _SENT,
    alerts.APPRISE: {**_SENT, "url": ("url", fields.text)},
    alerts.COMMAND: {**_SENT, "command": ("command", fields.words)},
    alerts.HOOK: {},
    alerts.BELL: {},
    alerts.SCREEN: {},
}
_QUIET: Mapping[str, _Key] = {
    "quiet_hours": ("spans", fields.spans),
    "quiet_days": ("days", fields.weekdays),
    "critical_passes": ("critical_passes", fields.flag),
}
_TABLES = ("rule", "channel")
_Named = TypeVar("_Named", Rule, Channel)


def load_rules(path: str, environ: Mapping[str, str]) -> AlertRules:
    """What the file says, which need not exist, over the defaults; `environ` holds addresses it refers to.

    Raises SettingsError naming the file, the key and the nearest that is known.
    """
    return rules_from(read_rule_file(path), path, environ)


def read_rule_file(path: str) -> str:
    """The text of the file; empty where there is none. Raises SettingsError."""
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_RULE_FILE_BYTES + 1)
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise SettingsError(path, None, f"cannot be read: {error.strerror}") from error
    if len(data) > MAX_RULE_FILE_BYTES:
        raise SettingsError(path, None, f"is larger than {MAX_RULE_FILE_BYTES >> 20} MiB")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SettingsError(path, None, f"is no UTF-8: {error.reason} at byte {error.start}") from error


def rules_from(text: str, path: str, environ: Mapping[str, str]) -> AlertRules:
    """The same from the file's text."""
    table = _parsed(text, path)
    top = {name: value for name, value in table.items() if name not in _TABLES}
    quiet: dict[str, object] = {}
    for name, value in top.items():
        attribute, parse = known((path, name), name, {**_QUIET, **dict.fromkeys(_TABLES, _QUIET["quiet_hours"])})
        quiet[attribute] = parse((path, name), value)
    rules = _named([_rule(path, *each) for each in _entries(path, table, "rule")], path, "rule")
    channels = _named([_channel(path, *each, environ) for each in _entries(path, table, "channel")], path, "channel")
    said = {channel.kind for channel in channels}
    return AlertRules(
        (*rules, *DEFAULT_RULES),
        (*channels, *(each for each in DEFAULT_CHANNELS if each.kind not in said)),
        QuietHours(**quiet),  # type: ignore[arg-type]
        path,
    )


def _parsed(text: str, path: str) -> Mapping[str, object]:
    import tomllib
    from decimal import Decimal

    try:
        return tomllib.loads(text.replace("\r\n", "\n"), parse_float=Decimal)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise SettingsError(path, None, f"no valid TOML: {error}") from error


def _entries(path: str, table: Mapping[str, object], kind: str) -> Iterator[tuple[str, Mapping[str, object]]]:
    """The tables of a kind, each with how it is called in messages."""
    found = table.get(kind, [])
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        raise SettingsError(path, kind, f"must be tables that begin with [[{kind}]]")
    for number, entry in enumerate(found, 1):
        yield f"{kind} {number}", entry


def _values(path: str, called: str, entry: Mapping[str, object], keys: Mapping[str, _Key]) -> dict[str, Any]:
    """The attributes that the entry fills."""
    found: dict[str, Any] = {}
    for name, value in entry.items():
        where = (path, f"{called}, {name}")
        attribute, parse = known(where, name, keys)
        found[attribute] = parse(where, value)
    return found


def _kind(path: str, called: str, entry: Mapping[str, object], kinds: tuple[str, ...]) -> str:
    if "kind" not in entry:
        raise SettingsError(path, called, f"needs a kind: one of {', '.join(kinds)}")
    return fields.one_of(kinds)((path, f"{called}, kind"), entry["kind"])


def _rule(path: str, called: str, entry: Mapping[str, object]) -> Rule:
    kind = _kind(path, called, entry, RULE_KINDS)
    values = _values(path, f"{called} ({kind})", entry, {**_EVERY_RULE, **RULE_KEYS[kind]})
    if values.get("enabled", True) and kind in NEEDED and NEEDED[kind] not in entry:
        raise SettingsError(path, f"{called} ({kind})", f"needs {NEEDED[kind]}")
    if kind == alerts.ODDS and values.get("clear_odds", 0.0) > values.get("odds", 0.6):
        raise SettingsError(path, f"{called} ({kind}), clear_odds", "must not be above odds")
    if "odds" in values:
        values.setdefault("clear_odds", min(0.4, values["odds"]))
    return Rule(**{"name": "", **values})


def _channel(path: str, called: str, entry: Mapping[str, object], environ: Mapping[str, str]) -> Channel:
    kind = _kind(path, called, entry, CHANNEL_KINDS)
    values = _values(path, f"{called} ({kind})", entry, {**_EVERY_CHANNEL, **CHANNEL_KEYS[kind]})
    needed = {alerts.APPRISE: "url", alerts.COMMAND: "command"}.get(kind)
    if needed and needed not in entry and values.get("enabled", True):
        raise SettingsError(path, f"{called} ({kind})", f"needs {needed}")
    if "url" in values:
        values["url"], values["origin"] = _address(values["url"], environ)
    return Channel(**{"name": "", **values})


def _address(text: str, environ: Mapping[str, str]) -> tuple[Secret | None, str]:
    """The address and where it is kept; a keyring is opened only to send."""
    if text.startswith(ENV_PREFIX):
        name = text.removeprefix(ENV_PREFIX).lstrip("$")
        return (Secret(environ[name]) if environ.get(name) else None), f"${name}"
    if text.startswith(KEYRING_PREFIX):
        return None, f"keyring {text.removeprefix(KEYRING_PREFIX)}"
    return Secret(text), ""


def _named(entries: Iterable[_Named], path: str, called: str) -> list[_Named]:
    """Entries with a name each: their own, else their kind with a number. Raises SettingsError where two share one."""
    from dataclasses import replace

    found = list(entries)
    taken = Counter(each.name for each in found if each.name)
    twice = next((name for name, count in taken.items() if count > 1), None)
    if twice is not None:
        raise SettingsError(path, called, f"two are named {twice}")
    numbers: Counter[str] = Counter()
    named = []
    for each in found:
        name = each.name
        while not name or (not each.name and name in taken):
            numbers[each.kind] += 1
            name = each.kind if numbers[each.kind] == 1 else f"{each.kind}-{numbers[each.kind]}"
        named.append(replace(each, name=name))
    return named
