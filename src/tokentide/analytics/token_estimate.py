"""How many tokens something will be, without the vendor's tokenizer: with the range that was measured.

The vendor publishes no tokenizer. Where only a size is known, its bytes tell: the rates come from real transcripts,
from what a prompt grew by between two requests. Where the text is at hand, its shape tells more. Method and figures:
docs/explanation/token-estimate.md. Every figure of this module is an estimate and is shown as one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import ceil
from typing import TYPE_CHECKING

from tokentide.pricing.names import parse_name

if TYPE_CHECKING:
    from collections.abc import Iterable

OLDER, NEWER, OTHER = "claude-3", "claude-4-7", "other"
"""Families of models that share a tokenizer, named after the first model of each; `other` is another vendor's."""
NEWER_SINCE = (4, 7)
"""Opus 4.7 and everything after it counts about 30 % more. Source: platform documentation, "Token counting"."""
_RETIRED = ("claude-1", "claude-2", "claude-v", "claude-instant")
TEXT, CODE, JSON = "text", "code", "json"
KINDS = (TEXT, CODE, JSON)
"""Prose; source code and what commands print; the arguments of tools."""
TOOL_CALL_TOKENS = 70
"""What one call of a tool weighs beside its arguments: 74 measured in the newer family, 69 in the older."""
MESSAGE_TOKENS = 8
"""What a request of one message weighs beside its text; 6 to 11 by model."""
LONGEST_TOKEN_BYTES = 128
"""No tokenizer that is known takes more at once, of blanks or of one sign; longer runs are cut."""
SURE_BYTES = 1000
"""The ranges hold from this size on; below it they widen with the root of the size."""
PATCH_PIXELS = 28
_FEW_PIXELS, _MANY_PIXELS = (1568, 1568), (2576, 4784)
"""Longest edge in pixels and most tokens of a picture, which is scaled down to both; the second since Opus 4.7."""


@dataclass(frozen=True, slots=True)
class TokenEstimate:
    """A number of tokens, with the range that four in five of what was measured lay in."""

    low: int
    likely: int
    high: int
    family: str
    """One of OLDER, NEWER, OTHER."""


@dataclass(frozen=True, slots=True)
class Rate:
    """Tokens for a thousand bytes: the median, and the 10th and 90th percentile."""

    low: float
    likely: float
    high: float


RATES = {
    (OLDER, TEXT): Rate(255, 310, 370),
    (OLDER, CODE): Rate(300, 370, 495),
    (OLDER, JSON): Rate(255, 314, 355),
    (NEWER, TEXT): Rate(345, 385, 435),
    (NEWER, CODE): Rate(382, 459, 529),
    (NEWER, JSON): Rate(350, 405, 480),
}
"""Measured on the corpus by bench/token_estimate.py; JSON without TOOL_CALL_TOKENS."""
WEIGHTS = {
    "words": (0.92, 1.08),
    "long_letters": (0.05, 0.35),
    "capitals": (0.07, 0.62),
    "foreign_words": (5.27, 6.17),
    "digits": (1.16, 1.04),
    "punctuation": (1.28, 1.48),
    "lines": (1.97, 2.14),
    "gaps": (1.33, 1.52),
    "lone_spaces": (0.29, 0.41),
    "latin": (0.91, 0.98),
    "greek": (0.68, 0.66),
    "cyrillic": (0.37, 0.34),
    "hebrew": (0.78, 0.76),
    "arabic": (0.74, 0.70),
    "indic": (0.82, 0.79),
    "thai": (0.95, 0.94),
    "kana": (0.77, 0.70),
    "han": (1.15, 1.09),
    "hangul": (1.27, 1.21),
    "other": (0.31, 0.78),
}
"""Tokens for one of each of `text_shape.FEATURES`, older and newer family; fitted to 280 files in 31 languages."""
SEEN = Rate(0.92, 1.0, 1.13)
"""True count of a text over the estimate by its shape: median, 10th and 90th percentile of files held out."""
FOREIGN = Rate(0.75, 1.0, 1.3)
"""Another vendor's tokenizer is taken for the older one, and trusted less."""


def estimate_tokens(size_bytes: int, model: str, kind: str = TEXT) -> TokenEstimate:
    """What so many UTF-8 bytes of one of KINDS will be to a model; nothing comes to nothing.

    For text that is at hand ask `estimate_text`.
    """
    family = family_of(model)
    rate = RATES[_tokenizer(family), kind]
    likely = size_bytes * rate.likely / 1000
    return _spread(likely, Rate(rate.low / rate.likely, 1.0, rate.high / rate.likely), size_bytes, family)


def estimate_text(text: str, model: str) -> TokenEstimate:
    """What this text will be to a model, by what it is made of."""
    from tokentide.analytics.text_shape import shape_of

    return estimate_shape(shape_of(text), len(text.encode("utf-8", "surrogatepass")), model)


def estimate_shape(shape: Iterable[float], size_bytes: int, model: str) -> TokenEstimate:
    """The same for a text whose shape is known; `shape` has a count for each of `text_shape.FEATURES`."""
    family = family_of(model)
    column = 1 if family == NEWER else 0
    likely = sum(weights[column] * count for weights, count in zip(WEIGHTS.values(), shape, strict=True))
    likely = max(likely, size_bytes / LONGEST_TOKEN_BYTES)
    return _spread(likely, SEEN, size_bytes, family)


def total_of(parts: Iterable[TokenEstimate], family: str) -> TokenEstimate:
    """All of them together; ranges are added up, as if all erred to one side."""
    every = [*parts]
    low, likely, high = (sum(getattr(each, name) for each in every) for name in ("low", "likely", "high"))
    return TokenEstimate(low, likely, high, family)


def exactly(tokens: int, family: str) -> TokenEstimate:
    """A number that is known."""
    return TokenEstimate(tokens, tokens, tokens, family)


@lru_cache(maxsize=256)
def family_of(model: str) -> str:
    """The family of models that share a tokenizer with this one; a Claude model without a number is a new one."""
    name = parse_name(model)
    if name is None or not name.claude:
        return OTHER
    if name.generation is None:
        return OLDER if name.model.startswith(_RETIRED) else NEWER
    return OLDER if name.generation < NEWER_SINCE else NEWER


def image_tokens(width: int, height: int, model: str = "") -> int:
    """What a picture of so many pixels comes to: a token for each patch of 28 by 28, after it was scaled down.

    Source: platform documentation, "Vision", "Evaluate image size", and its reference implementation's rule.
    """
    longest, most = _MANY_PIXELS if family_of(model) == NEWER else _FEW_PIXELS
    width, height = max(width, 1), max(height, 1)
    if _fits(width, height, longest, most):
        return _patches(width, height)
    long, ratio = max(width, height), max(width, height) / min(width, height)
    low, high = 1, long
    while low + 1 < high:
        middle = (low + high) // 2
        fits = _fits(middle, max(round(middle / ratio), 1), longest, most)
        low, high = (middle, high) if fits else (low, middle)
    return _patches(low, max(round(low / ratio), 1))


def _tokenizer(family: str) -> str:
    """The family whose rates are used."""
    return OLDER if family == OTHER else family


def _spread(likely: float, ratio: Rate, size_bytes: int, family: str) -> TokenEstimate:
    """An estimate with its range, which is wider for little text and for another vendor; never more than the bytes."""
    if not size_bytes:
        return TokenEstimate(0, 0, 0, family)
    wider = max(1.0, (SURE_BYTES / size_bytes) ** 0.5)
    low, high = (1 - ratio.low) * wider, (ratio.high - 1) * wider
    factors = [max(1 - low, 0.2), 1.0, 1 + high]
    if family == OTHER:
        factors = [factor * beyond for factor, beyond in zip(factors, (FOREIGN.low, 1.0, FOREIGN.high), strict=True)]
    first, middle, last = (min(max(round(likely * factor), 1), size_bytes) for factor in factors)
    return TokenEstimate(first, middle, last, family)


def _patches(width: int, height: int) -> int:
    return ceil(width / PATCH_PIXELS) * ceil(height / PATCH_PIXELS)


def _fits(width: int, height: int, longest: int, most: int) -> bool:
    edge = ceil(max(width, height) / PATCH_PIXELS) * PATCH_PIXELS
    return edge <= longest and _patches(width, height) <= most
