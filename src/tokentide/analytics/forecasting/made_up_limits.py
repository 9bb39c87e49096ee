"""Windows that a person's own spending would have met under a limit in USD, where the vendor told of none.

They prove how well the demand is foreseen, and nothing of what a percent is worth. What comes after such a window was
full is left out, as if it had been refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import floor

from tokentide.analytics.forecasting.chances import quantiles
from tokentide.analytics.forecasting.evidence import Evidence
from tokentide.analytics.forecasting.model import FULL
from tokentide.analytics.forecasting.spending import Spending
from tokentide.analytics.windows import FIVE_HOURS_US, SNAP_US, WindowState
from tokentide.model.limits import ESTIMATE, FIVE_HOUR

GRID = (0.6, 0.75, 0.9)
"""Which share of the person's five-hour windows stays below the limit; each gives a history of its own."""
LEAST_WINDOWS = 10

Entry = tuple[int, int, int]


def made_up_evidence(spending: Spending, *, begin: int, now: int) -> list[Evidence]:
    """A history for each limit of the grid; none where fewer than LEAST_WINDOWS windows were used."""
    totals = _totals(spending.entries)
    if len(totals) < LEAST_WINDOWS:
        return []
    limits = quantiles([(total, 1.0) for total in totals], GRID)
    return [_evidence(spending.entries, limit, begin, now) for limit in limits if limit > 0]


def _totals(entries: Sequence[Entry]) -> list[float]:
    """Nano-USD of each window without any limit."""
    totals: list[float] = []
    end = 0
    for start, _, nano in entries:
        if start >= end:
            end = start // SNAP_US * SNAP_US + FIVE_HOURS_US
            totals.append(0.0)
        totals[-1] += nano
    return totals


def _evidence(entries: Sequence[Entry], limit: float, begin: int, now: int) -> Evidence:
    """The history under one limit: what was served, and a state at each whole percent."""
    served: list[Entry] = []
    states: list[WindowState] = []
    end, used = 0, 0.0
    for start, last, nano in entries:
        if start >= end:
            end, used = start // SNAP_US * SNAP_US + FIVE_HOURS_US, 0.0
        if used >= FULL:
            continue
        before = used
        used = min(used + nano * FULL / limit, FULL)
        served.append((start, last, nano))
        if _shown(used) > _shown(before) or before == 0:
            states.append(WindowState(FIVE_HOUR, _shown(used), end, last, ESTIMATE, since=last))
    return Evidence(Spending(served), {FIVE_HOUR: _held(states)}, begin=begin, now=now)


def _shown(used: float) -> float:
    """The whole percent that the vendor would say; full only when it is."""
    return FULL if used >= FULL else min(float(floor(used + 0.5)), FULL - 1)


def _held(states: Sequence[WindowState]) -> list[WindowState]:
    """The same states, each confirmed until the next one of its window, or until its reset."""
    from dataclasses import replace

    held: list[WindowState] = []
    for number, state in enumerate(states):
        following = states[number + 1] if number + 1 < len(states) else None
        is_same = following is not None and following.resets_at == state.resets_at
        until = following.since if is_same and following is not None else (state.resets_at or state.since) - 1
        held.append(replace(state, observed_at=until))
    return held
