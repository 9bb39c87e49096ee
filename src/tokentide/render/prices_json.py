"""Prices with their reasons as JSON, format 1, and as CSV."""

from __future__ import annotations

from collections.abc import Iterable

from tokentide.pricing.explain import PriceExplanation
from tokentide.pricing.rate_card import RateCard
from tokentide.render.csv_text import csv_lines, csv_value, safe
from tokentide.render.json_text import Json, dumps
from tokentide.render.report_json import FORMAT, instant

RATES = (
    "input_usd_per_mtok",
    "output_usd_per_mtok",
    "cache_write_5m_usd_per_mtok",
    "cache_write_1h_usd_per_mtok",
    "cache_read_usd_per_mtok",
)
"""Of tokens, in the order in which people read them."""
_NAMES = (*RATES, "web_search_usd_per_thousand")
_HEAD = ("model", "resolved", "source", "valid_from", "valid_until")


def price_json(found: PriceExplanation, at: int) -> str:
    """One name at an instant."""
    return dumps({**_head(at), **_one(found)})


def prices_json(found: Iterable[PriceExplanation], at: int) -> str:
    """Several at an instant."""
    return dumps({**_head(at), "models": [_one(each) for each in found]})


def prices_csv(found: Iterable[PriceExplanation]) -> str:
    """A line a name; empty cells where no price is known. Tiers and factors are in the JSON alone."""
    return csv_lines((*_HEAD, *_NAMES), map(_line, found))


def _head(at: int) -> dict[str, Json]:
    return {"format": FORMAT, "report": "prices", "at": instant(at)}


def _line(found: PriceExplanation) -> list[str]:
    one = _one(found)
    rates = _rates(found.rates) if found.rates else dict.fromkeys(_NAMES)
    return [*(safe(str(one[name] or "")) for name in _HEAD), *(csv_value(rates[name]) for name in _NAMES)]


def _one(found: PriceExplanation) -> dict[str, Json]:
    """One name, as an object."""
    return {
        "model": found.asked,
        "resolved": found.resolved,
        "source": found.source or None,
        "valid_from": found.valid_from.isoformat() if found.valid_from else None,
        "valid_until": found.valid_until.isoformat() if found.valid_until else None,
        "rates": _rates(found.rates) if found.rates else None,
        "tiers": [{"above_prompt_tokens": tier.above_prompt_tokens, **_rates(tier.rates)} for tier in found.tiers],
        "multipliers": [
            {"name": each.name, "factor": each.factor, "included": each.included} for each in found.multipliers
        ],
        "notes": list(found.notes),
        "nearest": list(found.nearest),
    }


def _rates(rates: RateCard) -> dict[str, Json]:
    return {name: getattr(rates, name) for name in _NAMES}
