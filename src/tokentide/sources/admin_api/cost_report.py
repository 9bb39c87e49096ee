"""The classic cost report: what was billed a UTC day, by workspace and description. Amounts are texts in cents.

Source: GET /v1/organizations/cost_report. The priority tier is not in it; code execution is only here.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import msgspec

from tokentide.model.billing import Bucket, Stretch, nano_of_cents
from tokentide.sources.admin_api.client import AdminClient, Page, misshapen
from tokentide.sources.admin_api.stretches import DayFold, instant, rfc3339

PATH = "/v1/organizations/cost_report"
DIMENSIONS = ("cost_type", "description", "model", "service_tier", "token_type", "workspace_id")
CURRENCY = "USD"


class _Result(msgspec.Struct):
    amount: Decimal
    currency: str | None = None
    cost_type: str | None = None
    description: str | None = None
    model: str | None = None
    service_tier: str | None = None
    token_type: str | None = None
    workspace_id: str | None = None


class _TimeBucket(msgspec.Struct):
    starting_at: str
    ending_at: str
    results: list[_Result]


class _CostPage(Page):
    data: list[_TimeBucket] = msgspec.field(default_factory=list)


def read_cost(client: AdminClient, start: int, end: int) -> Iterator[Stretch]:
    """The days from one midnight UTC to before another, each as soon as it is whole. Raises AdminApiError.

    `ending_at` is not sent, for the reason that `read_usage` gives: today would be lost.
    """
    parameters = [("starting_at", rfc3339(start)), ("bucket_width", "1d"), ("limit", "31")]
    parameters += [("group_by[]", "workspace_id"), ("group_by[]", "description")]
    fold = DayFold(PATH, start, end)
    for page in client.pages(PATH, parameters, _CostPage):
        for time_bucket in page.data:
            begun, ended = instant(time_bucket.starting_at, PATH), instant(time_bucket.ending_at, PATH)
            for result in time_bucket.results:
                cost = amount(result.amount, result.currency, PATH)
                yield from fold.take(Bucket(begun, ended, _dimensions(result), {"cost": cost}))
            yield from fold.until(ended)
            if ended >= end:
                return
    yield from fold.rest()


def amount(cents: Decimal, currency: str | None, path: str) -> int:
    """Cents as nano-USD. Raises AdminApiError for another currency, and for what is no amount."""
    if (currency or CURRENCY).upper() != CURRENCY:
        raise misshapen(path, "a currency other than USD")
    try:
        return nano_of_cents(cents)
    except ValueError:
        raise misshapen(path, "an amount that is none") from None


def _dimensions(result: _Result) -> dict[str, str]:
    return {name: getattr(result, name) or "" for name in DIMENSIONS}
