"""Charts made of characters."""

from __future__ import annotations

from collections.abc import Sequence

LEVELS = " ▁▂▃▄▅▆▇█"
FULL, EMPTY = "█", "░"


def sparkline(values: Sequence[int]) -> str:
    """A character a value; the highest fills it, nothing is a blank, and little is still seen."""
    top = max(values, default=0)
    steps = len(LEVELS) - 1
    return "".join(
        LEVELS[0] if value <= 0 or top <= 0 else LEVELS[max(1, round(value * steps / top))] for value in values
    )


def bar(share: float, width: int) -> str:
    """A bar filled up to a share from 0 to 1."""
    filled = round(min(max(share, 0.0), 1.0) * width)
    return FULL * filled + EMPTY * (width - filled)


def thin_bar(value: int, top: int, width: int) -> str:
    """A bar without a background; anything above nothing is seen."""
    return FULL * (max(1, round(value * width / top)) if value > 0 and top > 0 else 0)
