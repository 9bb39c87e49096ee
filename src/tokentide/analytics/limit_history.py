"""How windows went: what was believed at each change, and the highest of it in each step of a stretch of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor

from tokentide.analytics.forecasting.pasts import window_pasts
from tokentide.analytics.limits import LOOK_BACK_US, believed_states
from tokentide.analytics.windows import WindowState
from tokentide.model.limits import Account
from tokentide.store.sqlite.ledger import Ledger


@dataclass(frozen=True, slots=True)
class WindowHistory:
    """One window of one account."""

    account: Account
    window: str
    points: tuple[WindowState, ...]
    """What was believed, oldest first; each from its `since` on."""


@dataclass(frozen=True, slots=True)
class PastWindow:
    """One window as it went, from its opening to its reset; the last one may be open still."""

    account: Account
    window: str
    opens_at: int
    resets_at: int
    """µs UTC, both."""
    percent: float
    """What was said of it last."""
    full_at: int | None
    """When it was first said to be full; None if it never was."""


def past_windows(histories: Sequence[WindowHistory]) -> list[PastWindow]:
    """The windows that these histories tell of, the one that resets last first; those that do not roll are left out."""
    found = [
        PastWindow(history.account, history.window, past.opens, past.resets_at, past.percent, past.hit_at)
        for history in histories
        for past in window_pasts(history.window, history.points)
    ]
    return sorted(found, key=lambda each: -each.resets_at)


def limit_histories(ledger: Ledger, accounts: Sequence[Account], *, since: int, now: int) -> list[WindowHistory]:
    """Every window of these accounts that anything is known of since an instant, in the order of `limits`."""
    return [
        WindowHistory(account, window, points)
        for account in accounts
        for window, states in believed_states(ledger.limits.readings(since - LOOK_BACK_US, account.key), now).items()
        if (points := _since(states, since))
    ]


def highest_by_step(history: WindowHistory, since: int, until: int, steps: int) -> list[float | None]:
    """The highest percentage believed in each of `steps` equal parts of the time; None where none was known.

    A percentage holds until another is believed, or its window resets.
    """
    width = (until - since) / steps
    highest: list[float | None] = [None] * steps
    ends = [*(point.since for point in history.points[1:]), until]
    for point, end in zip(history.points, ends, strict=True):
        if point.percent is None:
            continue
        last = min(end, until if point.resets_at is None else point.resets_at)
        first_step = max(0, int((point.since - since) / width))
        for step in range(first_step, min(steps - 1, floor((last - since) / width)) + 1):
            highest[step] = max(point.percent, highest[step] or 0.0)
    return highest


def _since(states: Sequence[WindowState], since: int) -> tuple[WindowState, ...]:
    """The states since an instant, with the one that held then."""
    earlier = sum(state.since < since for state in states)
    return tuple(states[max(0, earlier - 1) :])
