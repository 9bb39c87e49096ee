"""Which turn of a window it is: resets jitter, and the vendor moves them; neither makes a new window."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from tokentide.analytics.limits import believed_states
from tokentide.analytics.windows import SAME_RESET_US, WindowState
from tokentide.clock import DAY_US
from tokentide.model.limits import length_of
from tokentide.store.sqlite.ledger import Ledger

_LONGEST_US = 32 * DAY_US
"""Of a window whose length is not known."""


def turns_of(ledger: Ledger, account: str, window: str, *, now: int) -> list[list[WindowState]]:
    """What was believed of a window, turn by turn, oldest first; `account` is its key.

    It reaches back over the turn that is open and the one before.
    """
    since = now - 2 * (length_of(window) or _LONGEST_US) - DAY_US
    readings = (reading for reading in ledger.limits.readings(since, account) if reading.window == window)
    turns: list[list[WindowState]] = []
    for state in believed_states(readings, now).get(window, []):
        if turns and not _is_new_turn(turns[-1], state):
            turns[-1].append(state)
        else:
            turns.append([state])
    return turns


def former_resets(ledger: Ledger, account: str, state: WindowState, *, now: int) -> tuple[int, ...]:
    """The resets that the open turn was said to have before; empty for one that never moved."""
    turns = turns_of(ledger, account, state.window, now=now)
    resets = {each.resets_at for each in turns[-1] if each.resets_at is not None} if turns else set()
    return tuple(sorted(reset for reset in resets if abs(reset - (state.resets_at or 0)) > SAME_RESET_US))


def peak_of(turn: Sequence[WindowState]) -> float:
    """The highest percentage of a turn; 0 where none was told."""
    return max((state.percent for state in turn if state.percent is not None), default=0.0)


def reset_of(turn: Sequence[WindowState]) -> int | None:
    """When a turn ends, or ended, as it was said last; None where nobody told."""
    return next((state.resets_at for state in reversed(turn) if state.resets_at is not None), None)


def opened_after(turns: Sequence[Sequence[WindowState]], turn: Sequence[WindowState]) -> int | None:
    """When the turn after this one was first spoken of; None for the last."""
    return next((later[0].since for earlier, later in pairwise(turns) if earlier is turn), None)


def _is_new_turn(turn: Sequence[WindowState], state: WindowState) -> bool:
    """True where the old reset has passed, or another one comes with less use than there was."""
    last, reset = turn[-1], reset_of(turn)
    if reset is not None and state.since >= reset:
        return True
    if state.resets_at is None:
        return reset is not None
    moved = reset is not None and abs(state.resets_at - reset) > SAME_RESET_US
    return moved and (state.percent or 0.0) < (last.percent or 0.0)
