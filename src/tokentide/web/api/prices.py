"""Prices of models."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from tokentide.render.prices_json import price_json, prices_csv, prices_json
from tokentide.web.answers import CSV, Answer
from tokentide.web.api.describing import JSON_OR_CSV, REPORT, Responses
from tokentide.web.desk import Sight
from tokentide.web.prices import PricesQuery, instant_of, prices
from tokentide.web.replies import reply

router = APIRouter(tags=["prices"])
_SCHEMA = {
    **REPORT,
    "required": ["format", "report", "at"],
    "properties": {
        "format": {"const": 1},
        "report": {"const": "prices"},
        "at": {"type": "string", "format": "date-time"},
    },
}
PRICES: Responses = {
    **JSON_OR_CSV,
    200: {
        "description": "The prices",
        "content": {"application/json": {"schema": _SCHEMA}, "text/csv": {"schema": {"type": "string"}}},
    },
}


class PricesFileQuery(PricesQuery):
    """Prices, and how they are written."""

    format: Literal["json", "csv"] = Field(default="json", description="JSON, or CSV to keep")


@router.get("/prices", responses=PRICES)
async def price_list(request: Request, asked: Annotated[PricesFileQuery, Query()]) -> Response:
    """What each model asks for a million tokens, since when, and who says so; null rates where nobody knows."""

    def make(sight: Sight) -> Answer:
        found, at = prices(sight, asked), instant_of(sight, asked)
        if asked.format == "csv":
            return Answer.of(prices_csv(found), CSV, "tokentide-prices.csv")
        return Answer.of(price_json(found[0], at) if asked.model else prices_json(found, at))

    return await reply(request, make)
