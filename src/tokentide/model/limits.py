"""Official limits: accounts, their windows, and readings of these windows.

A window is named as the vendor names it (`five_hour`, `seven_day`, `seven_day_opus`, `extra_usage`, …); one that is not
known here is kept under the vendor's own name.
"""

from __future__ import annotations

from typing import NamedTuple

from tokentide.clock import DAY_US, HOUR_US, MINUTE_US

FIVE_HOUR = "five_hour"
SEVEN_DAY = "seven_day"
EXTRA_USAGE = "extra_usage"
SPEND = "spend"
HIGHEST_PERCENT = 1000.0
"""A higher percentage is no percentage: some clients let the instant of the reset leak into it (claude-code #52326)."""

STATUSLINE, ACCOUNT, CLIENT_COPY, REFUSAL, PACE_MAKER = SOURCES = (
    "statusline",
    "account",
    "client_copy",
    "refusal",
    "pace_maker",
)
"""Where a reading comes from, best first: pushed by the client into its status line, asked of the account, the copy
that the client keeps in `.claude.json`, a refusal in a transcript, the copy that Claude Pace Maker keeps."""
USAGE, PROFILE = "usage", "profile"
"""What an account is asked for."""
ESTIMATE = "estimate"
"""The source of a window that is reckoned from the transcripts; never stored."""


class Account(NamedTuple):
    """Whose limits they are. One person may have several, also under one address."""

    key: str
    """`<account uuid>:<organisation uuid>`; without these the address, or the folder."""
    name: str
    """E-mail address, else the folder: what `places.account` calls the account in the ledger."""
    organization: str = ""

    def matches(self, wish: str) -> bool:
        """True where the name, the organisation or the key contains what was asked for."""
        return wish.lower() in " ".join(self).lower()


class Money(NamedTuple):
    """An amount as the vendor gives it."""

    minor: int
    """In the currency's minor units."""
    currency: str
    """ISO 4217, upper case."""
    exponent: int
    """How many decimal digits the minor units are: 2 for USD, 0 for JPY."""


class LimitReading(NamedTuple):
    """One observation of one window of one account."""

    account: str
    """`Account.key`."""
    window: str
    source: str
    """One of SOURCES."""
    at: int
    """When it was observed, µs UTC."""
    percent: float | None
    """Used, of 100; may be more; None where the source does not tell."""
    resets_at: int | None
    """µs UTC; None where the window is not open, or has no reset."""
    used: Money | None = None
    ceiling: Money | None = None
    """The limit in money; None where there is none."""
    seen_at: int = 0
    """Until when the source said the same; 0 for a single observation."""

    @property
    def last_at(self) -> int:
        """When it was last observed, µs UTC."""
        return max(self.at, self.seen_at)


class Profile(NamedTuple):
    """What the vendor says of an account and its organisation; empty where it does not say."""

    name: str = ""
    email: str = ""
    organization: str = ""
    organization_type: str = ""
    """`claude_pro`, `claude_max`, `claude_team`, `claude_enterprise`, or one that is new."""
    rate_limit_tier: str = ""
    """`default_claude_max_20x` and the like."""
    seat_tier: str = ""
    has_max: bool = False
    has_pro: bool = False


class Poll(NamedTuple):
    """How it stands with asking another machine for something."""

    subject: str
    """What is asked of whom: `usage KEY`, `profile KEY`."""
    next_at: int = 0
    """Not before this instant, µs UTC."""
    failures: int = 0
    """In a row."""
    fault: str = ""
    """Why the last one failed; empty if it did not."""
    good_at: int = 0
    """When the answer is from; 0 if there is none."""
    answer: str = ""
    """The last good one, as it came."""


class SessionState(NamedTuple):
    """What a client's status line last said of one session."""

    session_id: str
    account: str
    """`Account.key`."""
    at: int
    """When it last changed, µs UTC."""
    api_ms: int
    """Time spent waiting for responses so far: it grows with each, so that the same figure means the same reading."""
    model: str = ""
    effort: str = ""
    context_tokens: int | None = None
    context_window_tokens: int | None = None
    cost: int | None = None
    """By the client's own count, nano-USD."""


def length_of(window: str) -> int | None:
    """How long a window is open, µs; None for one that is not known to roll."""
    if window == FIVE_HOUR:
        return 5 * HOUR_US
    return 7 * DAY_US if window == SEVEN_DAY or window.startswith(f"{SEVEN_DAY}_") else None


def plan_of(tier: str, subscription: str) -> str:
    """The plan that a rate-limit tier (`default_claude_max_20x`) and a subscription (`max`) mean; empty if unknown."""
    if "max_20x" in tier:
        return "max20"
    if "max_5x" in tier or "max" in subscription:
        return "max5"
    return next((plan for plan in ("team", "pro") if plan in subscription), "")


def poll_subject(what: str, account: str) -> str:
    """What the ledger calls asking an account for USAGE or PROFILE."""
    return f"{what} {account}"


def snapped(instant: int) -> int:
    """An instant to the minute: the vendor's resets jitter by microseconds from answer to answer."""
    return (instant + MINUTE_US // 2) // MINUTE_US * MINUTE_US
