"""What we know about Claude prices beyond the book: dated data, each entry with its source and the day it was checked.

A change of a price appends an entry. After any change raise `edition.RULES_VERSION`, so that cached prices are looked
up again; a test compares it with the rules.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tokentide.pricing.rate_card import RateCard

CHECKED = date(2026, 11, 21)
"""The day on which all entries were last compared with their sources."""

PRICING_PAGE = "https://platform.claude.com/docs/en/about-claude/pricing"
FAST_MODE_PAGE = "https://platform.claude.com/docs/en/build-with-claude/fast-mode"

Generation = tuple[int, int]
"""Major and minor number of a Claude model: (4, 8) for claude-opus-4-8."""

CACHE_WRITE_5M_FACTOR = Decimal("1.25")
CACHE_WRITE_1H_FACTOR = Decimal(2)
CACHE_READ_FACTOR = Decimal("0.1")
"""Cache prices as multiples of input, where an entry does not state them. Source: pricing page, "Prompt caching"."""

WEB_SEARCH_USD_PER_THOUSAND = Decimal(10)
"""Billed beside the tokens, and untouched by every factor below. Source: pricing page, "Web search tool"."""

BATCH_FACTOR = Decimal("0.5")
"""On every token category of a batch. Source: pricing page, "Batch processing"; no rate is published for searches."""

RESIDENCY_SINCE: Generation = (4, 6)
"""From this generation on `inference_geo: us` costs 1.1 times (`tariff.RESIDENCY_NUMERATOR`); older models refuse it.

Source: pricing page, "Data residency pricing".
"""

REGIONAL_FACTOR = Decimal("1.1")
REGIONAL_SINCE: Generation = (4, 5)
"""Regional endpoints of Bedrock and Google Cloud, from this generation on.

Source: pricing page, "Third-party platform pricing".
A Bedrock name shows its region (`us.anthropic.…`). Google's region stands in the address alone, so it cannot be seen.
"""

REGION_UNSEEN_NOTE = (
    "A Bedrock name without a region is priced like the global endpoint; AWS asks 10 % more for an in-region one."
)


@dataclass(frozen=True, slots=True)
class FastMode:
    """Factor on all token categories for `speed: fast`, for books without fast prices of their own."""

    model: str
    factor: Decimal
    source: str
    checked: date


FAST_MODES = (
    FastMode("claude-opus-4-6", Decimal(6), f"{FAST_MODE_PAGE} (2026-02: $30/$150, over 200k $60/$225)", CHECKED),
    FastMode("claude-opus-4-7", Decimal(6), "ccusage 20.0.24; OpenRouter ($30/$150, ended 2026-07-24)", CHECKED),
    FastMode("claude-opus-4-8", Decimal(2), f"{FAST_MODE_PAGE} ($10/$50, ends 2026-11-30)", CHECKED),
    FastMode("claude-opus-5", Decimal(2), f"{FAST_MODE_PAGE} ($10/$50)", CHECKED),
    FastMode("claude-opus-5-5", Decimal(2), f"{FAST_MODE_PAGE} ($8/$40, since 2026-10-15)", CHECKED),
    FastMode("claude-fable-5-2", Decimal(2), f"{FAST_MODE_PAGE} ($16/$80)", CHECKED),
    FastMode("claude-mythos-5-2", Decimal(2), f"{FAST_MODE_PAGE} ($16/$80)", CHECKED),
)
"""Any other model: fast mode has no price of its own, so it is billed as standard."""


@dataclass(frozen=True, slots=True)
class AddedModel:
    """A model that the book lacks."""

    model: str
    card: RateCard
    source: str
    checked: date


def claude_card(
    input_usd: str | Decimal,
    output_usd: str | Decimal,
    *,
    write_5m_usd: Decimal | None = None,
    write_1h_usd: Decimal | None = None,
    read_usd: str | Decimal | None = None,
) -> RateCard:
    """A card from prices per million tokens; cache prices left out follow the vendor's usual multiples of input."""
    base = Decimal(input_usd)
    return RateCard(
        input_usd_per_mtok=base,
        output_usd_per_mtok=Decimal(output_usd),
        cache_write_5m_usd_per_mtok=base * CACHE_WRITE_5M_FACTOR if write_5m_usd is None else write_5m_usd,
        cache_write_1h_usd_per_mtok=base * CACHE_WRITE_1H_FACTOR if write_1h_usd is None else write_1h_usd,
        cache_read_usd_per_mtok=base * CACHE_READ_FACTOR if read_usd is None else Decimal(read_usd),
        web_search_usd_per_thousand=WEB_SEARCH_USD_PER_THOUSAND,
    )


ADDED_MODELS = (
    AddedModel("claude-mythos-5", claude_card("10", "50"), PRICING_PAGE, CHECKED),
    AddedModel("claude-mythos-5-1", claude_card("10", "50", read_usd="0.25"), PRICING_PAGE, CHECKED),
    AddedModel(
        "claude-mythos-preview",
        claude_card("25", "125"),
        "https://www.anthropic.com/glasswing ($25/$125, ended 2026-06-09)",
        CHECKED,
    ),
)

PREVIEW_GENERATIONS: dict[str, Generation] = {"claude-mythos-preview": (5, 0)}
"""Models whose name carries no number."""

ALIASES = {
    "claude-2-0": "claude-2",
    "claude-2-1": "claude-2",
    "claude-v2": "claude-2",
    "claude-v2:1": "claude-2",
}
"""Spellings of one model that no pattern covers; the book lists 2.0 and 2.1 as one."""


@dataclass(frozen=True, slots=True)
class LongPromptPremium:
    """Dearer requests above a prompt length; cache prices rise with input."""

    above_tokens: int
    input_factor: Decimal
    output_factor: Decimal


@dataclass(frozen=True, slots=True)
class Correction:
    """What the book has wrong about a model on some days: from `since` on, before `until`; None is open."""

    model: str
    since: date | None
    until: date | None
    note: str
    checked: date
    cache_read_factor: Decimal | None = None
    """Cache-read price as a multiple of input; None leaves it."""
    premiums: tuple[LongPromptPremium, ...] | None = None
    """All premiums there are, empty for flat prices; None leaves those of the book."""

    def holds_on(self, day: date) -> bool:
        """Whether the correction applies to a request of this UTC day."""
        return (self.since is None or self.since <= day) and (self.until is None or day < self.until)


BETA_END = date(2026, 5, 1)
"""First day without the 1M context of Sonnet 4 and 4.5: retired on 2026-04-30, longer prompts are refused since."""
BETA_PREMIUM = LongPromptPremium(200_000, Decimal(2), Decimal("1.5"))

CORRECTIONS = (
    Correction(
        "claude-sonnet-4-0",
        None,
        BETA_END,
        "1M context beta until 2026-04-30: prompts over 200,000 tokens 6/22.50, cache prices doubled "
        f"({PRICING_PAGE}#long-context-pricing).",
        CHECKED,
        premiums=(BETA_PREMIUM,),
    ),
    Correction(
        "claude-sonnet-4-5",
        BETA_END,
        None,
        "No long-prompt premium since the 1M context beta ended on 2026-04-30.",
        CHECKED,
        premiums=(),
    ),
    Correction(
        "claude-sonnet-5-5",
        None,
        date(2026, 10, 7),
        f"Cache reads cost 0.1 times input until 2026-10-07, 0.05 times since ({PRICING_PAGE}, before and after).",
        CHECKED,
        cache_read_factor=CACHE_READ_FACTOR,
    ),
)


def fast_factor(model: str) -> Decimal:
    """Factor of fast mode for a Claude model of this id; 1 where it has no price of its own."""
    return next((mode.factor for mode in FAST_MODES if mode.model == model), Decimal(1))


def corrections_for(model_id: str) -> tuple[Correction, ...]:
    """Corrections of the book's entry with this id, in the order they apply."""
    return tuple(correction for correction in CORRECTIONS if correction.model == model_id)
