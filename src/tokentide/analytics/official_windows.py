"""Beginning and end of the five-hour windows that the vendor told of: what blocks are anchored by."""

from __future__ import annotations

from tokentide.analytics.limits import believed_states
from tokentide.analytics.windows import FIVE_HOURS_US, SAME_RESET_US
from tokentide.model.limits import FIVE_HOUR
from tokentide.store.sqlite.ledger import Ledger


def official_windows(ledger: Ledger, now: int, since: int = 0) -> list[tuple[int, int]]:
    """Beginning and end of every window that was believed, in the order of time, none overlapping.

    `now` is µs UTC; windows that were last told of before `since` are left out.
    Empty where several accounts have told of theirs: usage of all of them is in one row of blocks.
    """
    readings = [reading for reading in ledger.limits.readings(since) if reading.window == FIVE_HOUR]
    if len({reading.account for reading in readings}) != 1:
        return []
    states = believed_states(readings, now).get(FIVE_HOUR, [])
    windows: list[tuple[int, int]] = []
    for reset in sorted({state.resets_at for state in states if state.resets_at and state.resets_at > state.since}):
        if windows and reset - windows[-1][1] <= SAME_RESET_US:
            continue
        start = reset - FIVE_HOURS_US
        if windows and windows[-1][1] > start:
            windows[-1] = (windows[-1][0], start)
        windows.append((start, reset))
    return [window for window in windows if window[0] < window[1]]
