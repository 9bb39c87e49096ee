"""What is known of the official windows now: readings of all sources, brought together by rules that none can upset.

Within one window use only grows, so the highest percentage holds; a lower one counts when the window's reset has moved,
or when it persists. A terminal that repeats old numbers, a glitch after a reset, a reset that jitters change nothing.
Source of the rules: DESIGN, "Limits"; claude-code #75408 (terminals differ), #52469 (resets that move).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from tokentide.analytics.windows import SAME_RESET_US, WindowState
from tokentide.clock import DAY_US, HOUR_US, SECOND_US
from tokentide.model.limits import (
    EXTRA_USAGE,
    FIVE_HOUR,
    PROFILE,
    SEVEN_DAY,
    SOURCES,
    SPEND,
    USAGE,
    Account,
    LimitReading,
    Poll,
    Profile,
    length_of,
    poll_subject,
)

if TYPE_CHECKING:
    from tokentide.analytics.plans import PlanWish
    from tokentide.store.sqlite.ledger import Ledger

PERSISTS_US = 120 * SECOND_US
"""So long a lower reading has to be said, by nobody contradicted, before it is believed."""
LOOK_BACK_US = 40 * DAY_US
"""Readings that are older say nothing of a window that may still be open; the longest known ends with its month."""
_ORDER = (FIVE_HOUR, SEVEN_DAY)
_LAST = (EXTRA_USAGE, SPEND)


class Level(StrEnum):
    """How near a window is to its end."""

    LOW = "low"
    RAISED = "raised"
    HIGH = "high"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class AccountLimits:
    """The windows of one account."""

    account: Account
    profile: Profile | None
    """What the vendor says of it; None until it was asked."""
    windows: tuple[WindowState, ...]
    polled: Poll
    """How it stands with asking the account itself."""


def level_of(percent: float, thresholds: tuple[int, int, int]) -> Level:
    """The level of a percentage; `thresholds` are the first of RAISED, HIGH and FULL."""
    levels: list[Level] = [*Level]
    return levels[sum(percent >= threshold for threshold in thresholds)]


def read_limits(ledger: Ledger, *, now: int, wish: PlanWish | None = None) -> tuple[AccountLimits, ...]:
    """Every account that the ledger knows, the one seen last first; `now` is µs UTC.

    Where no official five-hour window is known to be open, one is estimated from the account's own responses, and how
    full it is from the plan that `wish` says. Without
    any official reading each account that was used within a day is listed, with its estimate alone.
    """
    store = ledger.limits
    known = {account.key: account for account in store.accounts()}
    readings: dict[str, list[LimitReading]] = {key: [] for key in known}
    for reading in store.readings(now - LOOK_BACK_US):
        readings.setdefault(reading.account, []).append(reading)
    reader = _Reader(ledger, wish, now)
    found = [reader.limits_of(known.get(key, Account(key, key)), said) for key, said in readings.items()]
    names = {limits.account.name for limits in found}
    found += [reader.limits_of(Account(name, name), []) for name in ledger.values("account") if name not in names]
    told = (limits for limits in found if _is_told(limits, now))
    return tuple(sorted(told, key=lambda limits: (-_seen_at(limits), limits.account.name)))


@dataclass(frozen=True, slots=True)
class _Reader:
    """Puts together what is known of single accounts."""

    ledger: Ledger
    wish: PlanWish | None
    now: int

    def limits_of(self, account: Account, readings: list[LimitReading]) -> AccountLimits:
        """One account's windows."""
        from tokentide.analytics.plans import PlanWish, estimate

        polled = self.ledger.limits.poll(poll_subject(USAGE, account.key))
        known = current_windows(readings, self.now)
        windows = tuple(window for window in known if not _is_gone(window, polled, self.now))
        official = next((window for window in windows if window.window == FIVE_HOUR), None)
        profile = self._profile_of(account)
        guess = estimate(self.ledger, account, official, profile, self.wish or PlanWish(), now=self.now)
        if guess is not None:
            windows = (guess, *(window for window in windows if window.window != FIVE_HOUR))
        return AccountLimits(account, profile, windows, polled)

    def _profile_of(self, account: Account) -> Profile | None:
        """What the account last said of itself."""
        answer = self.ledger.limits.poll(poll_subject(PROFILE, account.key)).answer
        if not answer:
            return None
        from tokentide.sources.claude_account.bodies import decoded, profile_of

        return profile_of(decoded(answer))


def _is_gone(window: WindowState, polled: Poll, now: int) -> bool:
    """True for a window that is not open, and that the account has left out of its answers for a day since."""
    is_closed = window.resets_at is None or window.is_over(now)
    return is_closed and window.window not in _ORDER and polled.good_at - window.observed_at > DAY_US


def _is_told(limits: AccountLimits, now: int) -> bool:
    """True where there is anything to tell of an account: a window, a fault, or an answer that has none of these."""
    return bool(limits.windows or limits.polled.fault) or limits.polled.good_at > now - LOOK_BACK_US


def _seen_at(limits: AccountLimits) -> int:
    """When an account was last heard of."""
    return max([limits.polled.good_at, *(window.observed_at for window in limits.windows)])


def current_windows(readings: Iterable[LimitReading], now: int) -> tuple[WindowState, ...]:
    """The windows of one account, from its readings in the order of time; what lies ahead of `now` is left out.

    Five hours first, then the week, then the others by name, money last.
    """
    return tuple(states[-1] for states in believed_states(readings, now).values())


def believed_states(readings: Iterable[LimitReading], now: int) -> dict[str, list[WindowState]]:
    """By window what was believed, a state a change; the windows in the same order.

    Each holds from its `since` until that of the next.
    """
    folds: dict[str, _Fold] = {}
    for reading in readings:
        if reading.at <= now:
            folds.setdefault(reading.window, _Fold()).take(reading._replace(seen_at=min(reading.seen_at, now)))
    return {window: folds[window].states() for window in sorted(folds, key=_rank)}


def _rank(window: str) -> tuple[int, str]:
    """The place of a window among the others."""
    if window in _ORDER:
        return _ORDER.index(window), ""
    if window in _LAST:
        return 9 + _LAST.index(window), ""
    return (2 if window.startswith(SEVEN_DAY) else 3), window


class _Fold:
    """Takes one window's readings in the order of time: what is believed, and what would change it if it lasts."""

    def __init__(self) -> None:
        self._believed: list[LimitReading] = []
        """One a change; the last one holds."""
        self._doubted: LimitReading | None = None
        """The first of the readings that say less, and were said after the one that is believed."""

    def take(self, reading: LimitReading) -> None:
        """Believe the reading, or keep it in mind."""
        last = self._believed[-1] if self._believed else None
        if last is None or _supersedes(reading, last):
            self._believed.append(reading)
            self._doubted = None
        elif _repeats(reading, last):
            newest = max(last, reading, key=lambda each: (each.last_at, -SOURCES.index(each.source)))
            self._believed[-1] = last._replace(seen_at=newest.last_at, source=newest.source, ceiling=newest.ceiling)
            self._doubted = None
        elif not _says_nothing(reading, last):
            self._doubt(reading, last)

    def states(self) -> list[WindowState]:
        """What was believed, oldest first."""
        return [_state(reading) for reading in self._believed]

    def _doubt(self, reading: LimitReading, last: LimitReading) -> None:
        """Keep a lower reading in mind; believe it once it has lasted, with nobody saying the old one meanwhile."""
        first = self._doubted
        if first is None or first.last_at < last.last_at or not _is_same_window(first, reading):
            first = self._doubted = reading
        if reading.last_at - max(first.at, last.last_at) >= PERSISTS_US:
            self._believed.append(reading)
            self._doubted = None


def _state(reading: LimitReading) -> WindowState:
    return WindowState(
        reading.window,
        reading.percent,
        reading.resets_at,
        reading.last_at,
        reading.source,
        reading.used,
        reading.ceiling,
        reading.at,
    )


def _supersedes(new: LimitReading, old: LimitReading) -> bool:
    """True where the new reading is believed at once: another window has begun, or more of this one is used."""
    if _is_bygone(new) or _lies_too_far(new):
        return False
    if old.resets_at is not None and new.at >= old.resets_at:
        return True
    if new.resets_at is not None and (old.resets_at is None or new.resets_at - old.resets_at > SAME_RESET_US):
        return True
    return _is_same_window(new, old) and _measure(new) > _measure(old)


def _repeats(new: LimitReading, old: LimitReading) -> bool:
    """True where the new reading says the same."""
    return _is_same_window(new, old) and _measure(new) == _measure(old)


def _says_nothing(new: LimitReading, old: LimitReading) -> bool:
    """True for a number of a window that had ended when it was said, and for an open one without a number."""
    return _is_bygone(new) or (new.resets_at is not None and _measure(new) < (0, 0) <= _measure(old))


def _is_bygone(reading: LimitReading) -> bool:
    """True where the window had ended when this was said of it: an idle terminal repeats itself."""
    return reading.resets_at is not None and reading.resets_at <= reading.at


def _lies_too_far(reading: LimitReading) -> bool:
    """True where the reset lies further ahead than the window is long."""
    length = length_of(reading.window)
    return length is not None and reading.resets_at is not None and reading.resets_at - reading.at > length + HOUR_US


def _is_same_window(one: LimitReading, other: LimitReading) -> bool:
    """True where both mean the same stretch of time; a number without a reset means the one that is open."""
    if one.resets_at is None or other.resets_at is None:
        return one.resets_at is other.resets_at or one.percent is not None
    return abs(one.resets_at - other.resets_at) <= SAME_RESET_US


def _measure(reading: LimitReading) -> tuple[float, int]:
    """How much is used, to compare by; below (0, 0) where nobody tells."""
    return (-1 if reading.percent is None else reading.percent, reading.used.minor if reading.used else 0)
