"""A whole in whole parts: tokens and nano-dollars of which nothing is lost and nothing doubled."""

from __future__ import annotations

from collections.abc import Sequence


def divided(total: int, weights: Sequence[int]) -> list[int]:
    """A total in whole parts by weights, which add up to it; where nothing weighs anything, all weigh the same.

    Each part ends where the cumulative weight does, rounded down: no part is off by more than one.
    """
    whole, so_far, given = sum(weights), 0, 0
    if not whole:
        return divided(total, [1] * len(weights)) if weights else []
    parts: list[int] = []
    for weight in weights:
        so_far += weight
        reached = total * so_far // whole
        parts.append(reached - given)
        given = reached
    return parts
