"""Changes of a person's own rules and channels: what the command line and the pages do to `alerts.toml`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from tokentide.alerts.defaults import DEFAULT_CHANNELS, DEFAULT_RULES
from tokentide.alerts.rule_file import read_rule_file, rules_from
from tokentide.errors import SettingsError, UsageError
from tokentide.model.alerts import AlertRules, Channel, Rule
from tokentide.toml_edit import Value, appended, save, with_key, with_table_key, without

HEAD = (
    "# What tokentide alerts you of, and how. `tokentide alerts` shows it, `tokentide alerts add` adds to it.\n"
    "# Addresses are secrets: keep this file to yourself, or write env:NAME or keyring:NAME in their place.\n"
)
"""What a new file begins with."""
RULE, CHANNEL = TABLES = ("rule", "channel")
Entry = dict[str, Value]
_OFF = "-off"
"""What the name of an entry ends with that switches a default off."""
_DEFAULTS: Mapping[str, Sequence[Rule | Channel]] = {RULE: DEFAULT_RULES, CHANNEL: DEFAULT_CHANNELS}


@dataclass(frozen=True, slots=True)
class RuleBook:
    """The file as it is. Every change answers with another one, which is not written yet."""

    path: str
    text: str
    rules: AlertRules
    environ: Mapping[str, str]

    def having(self, text: str) -> RuleBook:
        """The file with another text. Raises SettingsError."""
        return replace(self, text=text, rules=rules_from(text, self.path, self.environ))

    def adding(self, table: str, entry: Entry) -> RuleBook:
        """With one more rule or channel at its end. Raises SettingsError."""
        return self.having(appended(self.text or HEAD, table, entry, self.path))

    def quiet(self, changes: Mapping[str, Value | None]) -> RuleBook:
        """With other quiet hours, days, or what passes; None takes a key away. Raises SettingsError."""
        text = self.text or HEAD
        for key, value in changes.items():
            text = with_key(text, key, value, self.path)
        return self.having(text)

    def named(self, table: str) -> Sequence[Rule | Channel]:
        """Its rules or channels, with the defaults."""
        return self.rules.rules if table == RULE else self.rules.channels

    def save(self) -> None:
        """Write it. Raises SettingsError."""
        save(self.path, self.text)


def rule_book(path: str, environ: Mapping[str, str]) -> RuleBook:
    """The file, which need not exist. Raises SettingsError."""
    text = read_rule_file(path)
    return RuleBook(path, text, rules_from(text, path, environ), environ)


def new_rule(book: RuleBook) -> Rule:
    """The rule that was added last."""
    return next(each for each in reversed(book.rules.rules) if not each.is_default)


def is_same(new: Rule, old: Rule) -> bool:
    """True for rules that tell the same, whatever they are called."""
    return replace(new, name="", is_default=False) == replace(old, name="", is_default=False)


def removed(book: RuleBook, name: str, tables: Sequence[str] = TABLES) -> tuple[RuleBook, str]:
    """Without that rule or channel, and what was done; a default is switched off instead. Raises UsageError."""
    for table in tables:
        found = _own(book, table, name)
        if found is not None:
            number, entry = found
            own = [each.kind for each in book.named(table) if not each.is_default]
            returns = own.count(entry.kind) == 1 and any(each.kind == entry.kind for each in _DEFAULTS[table])
            said = f"removed {name}{'; the default of its kind holds again' if returns else ''}"
            return book.having(without(book.text, table, number, book.path)), said
    return _default_off(book, name, tables)


def switched(book: RuleBook, table: str, name: str, *, on: bool) -> tuple[RuleBook, str]:
    """With that rule or channel on or off, and what was done. Raises UsageError, SettingsError."""
    found = _own(book, table, name)
    if found is None:
        return _default_on(book, table, name) if on else _default_off(book, name, (table,))
    number, entry = found
    if entry.enabled == on:
        return book, f"{name} is {'on' if on else 'off'} already"
    text = with_table_key(book.text, table, number, ("enabled", None if on else False), book.path)
    return book.having(text), f"switched {name} {'on' if on else 'off'}"


def _own(book: RuleBook, table: str, name: str) -> tuple[int, Rule | Channel] | None:
    """The number within the file of the entry of that name; None for a default and for none."""
    own = [each for each in book.named(table) if not each.is_default]
    return next(((number, each) for number, each in enumerate(own) if each.name == name), None)


def _default_on(book: RuleBook, table: str, name: str) -> tuple[RuleBook, str]:
    """With a default on again that an entry of the file switches off. Raises UsageError."""
    entries = book.named(table)
    off = next((each.name for each in entries if _is_off(each, name)), "")
    if off:
        return removed(book, off, (table,))[0], f"switched {name} on"
    if not any(each.name == name for each in entries):
        raise _unknown(book, name, (table,))
    return book, f"{name} is on already"


def _default_off(book: RuleBook, name: str, tables: Sequence[str]) -> tuple[RuleBook, str]:
    """With a default switched off, and what was done; a default is called by its kind. Raises UsageError."""
    for table in tables:
        entries = book.named(table)
        if not any(each.is_default and each.name == name for each in entries):
            continue
        off = next((each.name for each in entries if _is_off(each, name)), "")
        if off:
            return book, f"{name} is off already; remove {off} to undo it"
        entry: Entry = {"kind": name, "name": f"{name}{_OFF}", "enabled": False}
        if any(each.name == entry["name"] for each in entries):
            raise UsageError(f"{name}-off is the name of something else: give that another name in the file")
        return book.adding(table, entry), f"switched {name} off; remove {name}-off to undo it"
    raise _unknown(book, name, tables)


def _unknown(book: RuleBook, name: str, tables: Sequence[str]) -> UsageError:
    known = ", ".join(dict.fromkeys(each.name for table in tables for each in book.named(table)))
    return UsageError(f"there is nothing called {name[:40]}; there are {known[:400]}")


def _is_off(entry: Rule | Channel, kind: str) -> bool:
    """True for an entry that switches a whole kind off."""
    is_whole = not isinstance(entry, Rule) or (entry.window, entry.account) == ("*", "*")
    return entry.kind == kind and not entry.enabled and is_whole


def is_stand_in(entry: Rule | Channel, table: str) -> bool:
    """True for an entry that does nothing but switch a default off."""
    return _is_off(entry, entry.kind) and any(each.kind == entry.kind for each in _DEFAULTS[table])


def reason_of(error: SettingsError) -> str:
    """What is wrong with an entry: its key and why, without where it would stand in the file."""
    key = (error.key or "").partition(", ")[2]
    return f"{key}: {error.reason}" if key else error.reason
