"""Rules and channels of alerts as a page shows them: in words, without a secret, each with what can be done to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tokentide import locations
from tokentide.alerts.delivery.address import shown_address
from tokentide.alerts.editing import CHANNEL, RULE, RuleBook, is_stand_in, rule_book
from tokentide.model.alerts import CHANNEL_KINDS, RULE_KINDS, Channel, Rule
from tokentide.render.alert_words import AlertLook
from tokentide.render.alerts_screen import channel_words, is_shadowed, quiet_words, rule_words
from tokentide.render.currency import showing
from tokentide.render.words import clean, duration
from tokentide.settings import WEEKDAYS
from tokentide.settings_edit import tag_of
from tokentide.web.asked import Zone
from tokentide.web.desk import Sight

SPANS = (("1h", "1 hour"), ("4h", "4 hours"), ("8h", "8 hours"), ("1d", "1 day"), ("7d", "1 week"))
"""How long a snooze may be, as the page offers it."""


@dataclass(frozen=True, slots=True)
class EntryLine:
    """A rule or a channel."""

    name: str
    """What changes are asked for by."""
    kind: str
    words: str
    is_on: bool
    is_default: bool

    @property
    def can_be_removed(self) -> bool:
        """True for one that stands in the file."""
        return not self.is_default


@dataclass(frozen=True, slots=True)
class SnoozeLine:
    """Something that is silent for a while."""

    rule: str
    """Empty for everything."""
    words: str


@dataclass(frozen=True, slots=True)
class AlertForm:
    """Everything that is said of alerts, and the file that says it."""

    tag: str
    path: str
    rules: Sequence[EntryLine]
    channels: Sequence[EntryLine]
    quiet: str
    quiet_hours: str
    """As they are typed."""
    quiet_days: Sequence[tuple[str, bool]]
    critical_passes: bool
    snoozes: Sequence[SnoozeLine]
    kinds: tuple[str, ...] = RULE_KINDS
    spans: tuple[tuple[str, str], ...] = SPANS


def alert_form(sight: Sight, asked: Zone) -> AlertForm:
    """The rules in force; amounts stay in USD, which rules are written in. Raises SettingsError, LedgerError."""
    book = rule_book(locations.alerts_path(), sight.environ)
    quiet = book.rules.quiet
    look = AlertLook(sight.calendar(asked), sight.now)
    with showing(None):
        return AlertForm(
            tag_of(book.text),
            book.path,
            _rules(book),
            _channels(book),
            quiet_words(quiet),
            ", ".join(f"{_clock(begin)}-{_clock(end)}" for begin, end in quiet.spans),
            [(day, number in quiet.days) for number, day in enumerate(WEEKDAYS)],
            quiet.critical_passes,
            [
                SnoozeLine(
                    each.rule,
                    f"{each.rule or 'everything'} until {look.clock(each.until)} ({duration(each.until - look.now)})",
                )
                for each in sight.ledger.alerts.snoozes(sight.now)
            ],
        )


def _rules(book: RuleBook) -> list[EntryLine]:
    """The rules of the file, then the defaults; one that is switched off stands as itself."""
    found = []
    for rule in book.rules.rules:
        if is_stand_in(rule, RULE) or (rule.is_default and is_shadowed(rule, book.rules) and not _off(book, rule)):
            continue
        is_on = rule.enabled and not (rule.is_default and _off(book, rule))
        found.append(EntryLine(rule.name, rule.kind, rule_words(replace(rule, enabled=True)), is_on, rule.is_default))
    return found


def _channels(book: RuleBook) -> list[EntryLine]:
    found = []
    for channel in book.rules.channels:
        if is_stand_in(channel, CHANNEL):
            found.append(EntryLine(channel.kind, channel.kind, channel_words(_on(channel), ""), False, True))
        else:
            words = channel_words(_on(channel), shown_address(channel))
            found.append(EntryLine(channel.name, channel.kind, clean(words), channel.enabled, channel.is_default))
    return sorted(found, key=lambda each: CHANNEL_KINDS.index(each.kind))


def _off(book: RuleBook, rule: Rule) -> bool:
    """True where an entry of the file switches that default off."""
    return any(is_stand_in(each, RULE) and each.kind == rule.kind for each in book.rules.rules)


def _on(channel: Channel) -> Channel:
    """The same, as if it were on: what it would do."""
    return replace(channel, enabled=True)


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
