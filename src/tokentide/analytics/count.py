"""Tokens before they are sent: how many, what they cost, whether they fit, and what they take of the five hours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tokentide.analytics.count_parts import Part, estimate_part
from tokentide.analytics.token_estimate import OTHER, TokenEstimate, exactly, family_of, total_of
from tokentide.model.usage import UsageRecord

if TYPE_CHECKING:
    from tokentide.analytics.forecasting.model import Calibration
    from tokentide.pricing.book import PriceBook


class Fit(StrEnum):
    """Whether something fits into a context window."""

    YES = "yes"
    PERHAPS = "perhaps"
    """The likely number fits, the high one does not."""
    NO = "no"
    UNKNOWN = "unknown"
    """Nobody says how large the window is."""


@dataclass(frozen=True, slots=True)
class Official:
    """What the vendor said for one model."""

    total: int
    files: tuple[int | None, ...] = ()
    """Of each part; None where it was not asked about alone."""


@dataclass(frozen=True, slots=True)
class Costs:
    """The likely number of tokens at list price, nano-USD; the longest prompt's tier counts."""

    fresh: int
    """As input that is not cached."""
    write_5m: int
    write_1h: int
    read: int
    fresh_low: int
    fresh_high: int


@dataclass(frozen=True, slots=True)
class WindowShare:
    """Percent of a five-hour window, as input that is not cached; by the person's own windows."""

    low: float
    likely: float
    high: float


@dataclass(frozen=True, slots=True)
class ModelCount:
    """All of it for one model."""

    model: str
    parts: tuple[TokenEstimate, ...]
    """Of each part, in order."""
    are_exact: tuple[bool, ...]
    """Of each part: whether the vendor counted it."""
    total: TokenEstimate
    is_official: bool
    """True where the vendor counted the whole."""
    costs: Costs | None
    """None where the model has no price."""
    context_window: int | None
    share: WindowShare | None

    @property
    def fit(self) -> Fit:
        """Whether it fits, with nothing else in the window."""
        if self.context_window is None:
            return Fit.UNKNOWN
        if self.total.likely > self.context_window:
            return Fit.NO
        return Fit.PERHAPS if self.total.high > self.context_window else Fit.YES


@dataclass(frozen=True, slots=True)
class Counted:
    """The answer."""

    at: int
    parts: tuple[Part, ...]
    models: tuple[ModelCount, ...]
    why_estimate: str
    """Why an official count that was asked for is missing; empty where none is."""
    why_no_share: str
    """Why no share of the five hours is told; empty where it is."""

    @property
    def worst(self) -> Fit:
        """The fit of the model that it fits worst."""
        order = (Fit.NO, Fit.PERHAPS, Fit.UNKNOWN, Fit.YES)
        return min((each.fit for each in self.models), key=order.index)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known beside the parts."""

    book: PriceBook
    official: Mapping[str, Official]
    """By model; empty where nobody was asked."""
    calibration: Calibration | None
    why_estimate: str = ""
    why_no_share: str = ""


def count(parts: Sequence[Part], models: Sequence[str], known: Known, *, now: int) -> Counted:
    """Count the parts for each model; `now` is µs UTC, for the prices."""
    counted = tuple(_for_model(parts, model, known, now) for model in models)
    return Counted(now, (*parts,), counted, known.why_estimate, known.why_no_share)


def _for_model(parts: Sequence[Part], model: str, known: Known, now: int) -> ModelCount:
    family = family_of(model)
    official = known.official.get(model)
    told = official.files if official else ()
    exact = [told[number] if number < len(told) else None for number in range(len(parts))]
    tokens = tuple(
        estimate_part(part, model) if number is None else exactly(number, family)
        for part, number in zip(parts, exact, strict=True)
    )
    total = exactly(official.total, family) if official else total_of(tokens, family)
    costs = _costs(known.book, model, total, now)
    return ModelCount(
        model=model,
        parts=tokens,
        are_exact=tuple(number is not None for number in exact),
        total=total,
        is_official=official is not None,
        costs=costs,
        context_window=known.book.context_window(model),
        share=_share(costs, known.calibration) if family != OTHER else None,
    )


def _costs(book: PriceBook, model: str, total: TokenEstimate, now: int) -> Costs | None:
    """What a request with these tokens and no answer costs, by the book."""
    blank = UsageRecord(identity="", request_id="", at=now, place=0, model=model)

    def cost(**tokens: int) -> int | None:
        return book.cost_nano_usd(replace(blank, **tokens))

    fresh = cost(input_tokens=total.likely)
    if fresh is None:
        return None
    return Costs(
        fresh=fresh,
        write_5m=cost(cache_creation_5m_tokens=total.likely) or 0,
        write_1h=cost(cache_creation_1h_tokens=total.likely) or 0,
        read=cost(cache_read_tokens=total.likely) or 0,
        fresh_low=cost(input_tokens=total.low) or 0,
        fresh_high=cost(input_tokens=total.high) or 0,
    )


def _share(costs: Costs | None, calibration: Calibration | None) -> WindowShare | None:
    """Percent of the window; the range has that of the count and that of the percent's worth."""
    if costs is None or calibration is None or calibration.low <= 0 or calibration.usd_per_percent <= 0:
        return None
    return WindowShare(
        costs.fresh_low / max(calibration.high, 1),
        costs.fresh / calibration.usd_per_percent,
        costs.fresh_high / calibration.low,
    )
