"""Models and prices: what each model cost, and what it asks for a million tokens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tokentide.analytics.reports import Report, Row
from tokentide.pricing.explain import PriceExplanation
from tokentide.render.price_words import multiplier_words, rates_words, tier_words
from tokentide.render.words import clean
from tokentide.web.asked import Filters, address_of, filters_of
from tokentide.web.desk import Sight
from tokentide.web.frame import Page
from tokentide.web.prices import used_prices
from tokentide.web.reports import asking, usage_report
from tokentide.web.tables import Cell, Head, HtmlTable
from tokentide.web.usage import usage_table

RANGE = "30d"


def build(sight: Sight, asked: Filters, _item: str) -> Mapping[str, Any]:
    """The report of models, and the price list as of now of all that were ever used."""
    report = usage_report(sight, asking(asked, by="session"), "model", RANGE)
    found = used_prices(sight, sight.now)

    def to_costs(row: Row) -> str:
        return f"/costs{address_of(filters_of(asked), model=row.key)}"

    return {
        "report": report,
        "table": usage_table(report, sight.calendar(asked), "Models", to_costs),
        "prices": _price_table([each for each in found if each.rates is not None]),
        "unpriced": [each for each in found if each.rates is None],
        "responses": _responses(report),
        "book": sight.book,
    }


def _responses(report: Report) -> Mapping[str, int]:
    """How many responses of each model have no price in the days shown."""
    return {row.key: row.sums.unpriced_responses for row in report.rows if row.sums.unpriced_responses}


def _price_table(found: Sequence[PriceExplanation]) -> HtmlTable:
    heads = (
        Head("Model", is_number=False),
        Head("Input"),
        Head("Output"),
        Head("Cache write 5 m", importance=3),
        Head("Cache write 1 h", importance=3),
        Head("Cache read", importance=4),
        Head("Since", is_number=False, importance=4),
        Head("Until", is_number=False, importance=2),
        Head("From", is_number=False, importance=4),
        Head("Other rates", is_number=False, importance=2),
    )
    return HtmlTable("USD per million tokens, of the models that were used", heads, [_price(each) for each in found])


def _price(found: PriceExplanation) -> list[Cell]:
    rates = rates_words(found.rates) if found.rates else []
    factors = [multiplier_words(each) for each in found.multipliers if not each.included]
    beside = [*map(tier_words, found.tiers), *factors]
    return [
        Cell(clean(found.asked), title=f"priced as {found.resolved}"),
        *(Cell(rate, value=rate.replace(",", "")) for rate in rates),
        Cell(found.valid_from.isoformat() if found.valid_from else "ever"),
        Cell(found.valid_until.isoformat() if found.valid_until else ""),
        Cell(clean(found.source)),
        Cell("; ".join(beside)),
    ]


PAGE = Page("/models", "Models", "models.html", build, Filters, usual_range=RANGE)
