"""Alerts: one that was raised, and what a person wants to be told of, when and how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from tokentide.transport import Secret

INFO, WARNING, CRITICAL = SEVERITIES = ("info", "warning", "critical")
"""How much it matters, least first."""

PERCENT, ODDS, EXTRA_USAGE, SPEND, COST, UNUSUAL_HOUR, RESET, LOGIN, STALE, CAP_CHANGED, PROBLEMS = RULE_KINDS = (
    "percent",
    "odds",
    "extra_usage",
    "spend",
    "cost",
    "unusual_hour",
    "reset",
    "login_expired",
    "stale",
    "cap_changed",
    "problems",
)
"""What rules look at: a percentage, a predicted run-out, money in two kinds of window, cost by the calendar, an hour
dearer than usual, a window that is free again, a login, readings that stopped, a moved cap, unreadable lines."""

DESKTOP, APPRISE, COMMAND, HOOK, BELL, SCREEN = CHANNEL_KINDS = (
    "desktop",
    "apprise",
    "command",
    "hook",
    "bell",
    "screen",
)
"""Ways to a person. Claude Code's hook, the terminal's bell and the live screen show what the ledger says was raised;
the others are sent to."""
SENT_KINDS = (DESKTOP, APPRISE, COMMAND)
PERIODS = ("day", "week", "month")

HELD, DUE, SENT = STATES = ("held", "due", "sent")
"""Where an alert stands: waiting for quiet hours or a snooze to end, to be sent, sent."""

Facts = Mapping[str, str | int | float | None]
"""What an alert rests on; instants (`…_at`) in µs UTC, money (`…_nano_usd`) in nano-USD."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert as it was raised. Titles and bodies hold text from data as it came: clean it before a terminal."""

    key: str
    """What it is about, and which instance of that: no two alerts share it."""
    rule: str
    """One of RULE_KINDS."""
    account: str
    """`Account.key`; empty where it is about all usage."""
    window: str
    """Empty where it is about none."""
    at: int
    """When it was raised, µs UTC."""
    severity: str
    """One of SEVERITIES."""
    title: str
    """One line."""
    body: str
    """A few plain sentences: what is so, until when, what to do."""
    facts: Facts = field(default_factory=dict)
    deliveries: Mapping[str, str] = field(default_factory=dict)
    """By channel '' or why it failed; empty until it was delivered."""
    state: str = DUE
    """One of STATES."""
    cleared_at: int = 0
    """When it was no longer so, µs UTC; 0 while it is."""


class Claim(NamedTuple):
    """What makes an alert one that was not raised before."""

    subject: str
    """Rule, account and window."""
    instance: int
    """Which turn of it: the reset of a window, the beginning of a day; µs UTC, 0 where there are no turns."""
    level: float = 0.0
    """Within a turn a higher one is news, a lower one is not."""
    tolerance_us: int = 0
    """Instances that lie no further apart are one."""

    @property
    def key(self) -> str:
        """`Alert.key`."""
        return f"{self.subject}|{self.instance}|{self.level:g}"

    def is_same_turn(self, other: Claim) -> bool:
        """True where both mean the same turn of the same subject."""
        return self.subject == other.subject and abs(self.instance - other.instance) <= self.tolerance_us


@dataclass(frozen=True, slots=True)
class Snooze:
    """A rule that is silent for a while."""

    rule: str
    """One of RULE_KINDS; empty for all."""
    until: int
    """µs UTC."""
    set_at: int
    """When it was said, µs UTC."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. What a kind of rule does not need it leaves alone."""

    kind: str
    """One of RULE_KINDS."""
    name: str
    """What `alerts` calls it; no two rules share it."""
    window: str = "*"
    """Of which windows, as a pattern: `five_hour`, `seven_day*`."""
    account: str = "*"
    """Of which accounts, as a pattern of their names."""
    percents: tuple[float, ...] = ()
    """Of PERCENT the thresholds, of RESET how full the window must have been; ascending."""
    odds: float = 0.6
    """From which odds a run-out is told."""
    clear_odds: float = 0.4
    """Down to which odds it stays raised."""
    amounts: tuple[int, ...] = ()
    """Of COST nano-USD; of EXTRA_USAGE and SPEND the same in the account's own currency; ascending."""
    begins: bool = False
    """Of EXTRA_USAGE and SPEND: whether the first paid amount is told."""
    per: str = "day"
    """Of COST, one of PERIODS."""
    factor: float = 3.0
    """Of UNUSUAL_HOUR: times the usual."""
    least: int = 5_000_000_000
    """Of UNUSUAL_HOUR: nano-USD below which no hour is told."""
    after_us: int = 2 * 3_600_000_000
    """Of STALE: how old the newest reading must be."""
    enabled: bool = True
    """A rule that is off keeps the default of its kind from what it matches."""
    is_default: bool = False
    """True where no file says it."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One way to a person."""

    kind: str
    """One of CHANNEL_KINDS."""
    name: str
    """What `alerts` and the ledger call it; no two channels share it."""
    url: Secret | None = None
    """Of APPRISE; None where it is kept elsewhere and was not found there."""
    origin: str = ""
    """Where the address is kept: `$SLACK_URL`, `keyring NAME`; empty for the file itself."""
    command: tuple[str, ...] = ()
    """Of COMMAND: the program and its arguments."""
    rules: tuple[str, ...] = ()
    """Only alerts of these kinds; empty for all."""
    least_severity: str = INFO
    timeout_seconds: float = 10.0
    """For one attempt."""
    enabled: bool = True
    is_default: bool = False
    """True where no file says it."""

    def takes(self, alert: Alert) -> bool:
        """True for an alert that goes this way."""
        is_severe = SEVERITIES.index(alert.severity) >= SEVERITIES.index(self.least_severity)
        return self.enabled and is_severe and (not self.rules or alert.rule in self.rules)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """When nothing is sent, in local time."""

    spans: tuple[tuple[int, int], ...] = ()
    """Begin and end in minutes of the day; a span whose end is not later runs over midnight."""
    days: tuple[int, ...] = ()
    """Whole days, Monday is 0."""
    critical_passes: bool = False
    """Whether what is critical is sent all the same."""


@dataclass(frozen=True, slots=True)
class AlertRules:
    """Everything that a person wants to be told of, and how."""

    rules: tuple[Rule, ...]
    channels: tuple[Channel, ...]
    quiet: QuietHours = field(default_factory=QuietHours)
    path: str = ""
    """The file that they come from; it need not exist."""

    def of(self, kind: str) -> tuple[Rule, ...]:
        """The rules of one kind, those of the file first."""
        return tuple(rule for rule in self.rules if rule.kind == kind)

    def shown_on(self, kind: str) -> bool:
        """True where alerts are to be shown on HOOK, BELL or SCREEN."""
        return any(channel.enabled and channel.kind == kind for channel in self.channels)
