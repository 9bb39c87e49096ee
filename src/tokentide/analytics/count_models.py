"""Which models something is counted for: those asked for, by any of their names, or the one that was used last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tokentide.clock import DAY_US
from tokentide.errors import UsageError
from tokentide.pricing.names import parse_name
from tokentide.pricing.newest import full_name, newest_models
from tokentide.store.query import CostMode, Filters

if TYPE_CHECKING:
    from tokentide.pricing.book import PriceBook
    from tokentide.store.sqlite.ledger import Ledger

USUAL_FAMILY = "sonnet"
LOOK_BACK_US = 7 * DAY_US
"""The last model is sought in so much time before the last response."""
CLAUDE = "claude-"
LEAST_LETTERS = 4
"""Of a name without `claude-`, for what it may have been meant to be."""


def models_asked(asked: Sequence[str], book: PriceBook, now: int, by: str = "--model") -> tuple[str, ...]:
    """Each name as an id: `opus` is the newest Opus, `sonnet-4-6` is claude-sonnet-4-6.

    Raises UsageError, which tells by what the model was named.
    """
    return tuple(dict.fromkeys(_resolved(name, book, now, by) for name in asked))


def all_models(book: PriceBook, now: int) -> tuple[str, ...]:
    """Every Claude model that has a price."""
    return tuple(found.asked for found in book.known_models(now))


def last_model(ledger: Ledger) -> str:
    """The Claude model of the last response; empty if there is none."""
    newest = ledger.newest_at()
    if newest is None:
        return ""
    last = ""
    for moment in ledger.moments(Filters(), CostMode.CALCULATE, newest - LOOK_BACK_US):
        name = parse_name(moment.model)
        last = moment.model if name is not None and name.claude else last
    return last


def usual_model(book: PriceBook, now: int) -> str:
    """The newest Sonnet, for who has no history here."""
    return newest_models(all_models(book, now))[USUAL_FAMILY]


def _resolved(asked: str, book: PriceBook, now: int, by: str) -> str:
    known = all_models(book, now)
    name = full_name(asked, known)
    for each in (name, f"{CLAUDE}{name}"):
        if book.explain(each, now).resolved is not None:
            return each
    near = book.explain(name, now).nearest
    if not near and len(name) >= LEAST_LETTERS:
        near = book.explain(f"{CLAUDE}{name}", now).nearest
    hint = f"; did you mean {' or '.join(near)}?" if near else "; `tokentide prices` lists those that are known"
    raise UsageError(f"{by} {asked!r}: no such model is known{hint}")
