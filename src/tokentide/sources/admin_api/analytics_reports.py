"""The newer usage and cost reports, which replace the classic ones where the key may read them: cost by key and person.

Source: GET /v1/organizations/analytics/usage and /cost, beta of 2026-08-24. Data is some hours old, up to a day, and is
revised for up to thirty days.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import msgspec

from tokentide.clock import DAY_US, HOUR_US
from tokentide.model.billing import Bucket, Stretch, day_of, day_start
from tokentide.sources.admin_api.client import AdminClient, Page
from tokentide.sources.admin_api.cost_report import amount
from tokentide.sources.admin_api.stretches import DayFold, counted, instant, rfc3339
from tokentide.sources.admin_api.usage_report import Counts, measures_of

USAGE_PATH = "/v1/organizations/analytics/usage"
COST_PATH = "/v1/organizations/analytics/cost"
BETA = "analytics-usage-cost-2026-08-24"
EARLIEST = day_start(date(2026, 1, 1))
OLDEST_US = 365 * DAY_US
LONGEST_US = 31 * DAY_US
"""What one query may span."""
DIMENSIONS = ("actor", "api_key_id", "model", "service_tier", "workspace_id")
"""Five is the most that a query may group by; the cost's own two do not count."""
COST_DIMENSIONS = ("cost_type", "token_type")


class _Actor(msgspec.Struct):
    type: str | None = None
    user_id: str | None = None
    email_address: str | None = None
    name: str | None = None
    service_account_id: str | None = None
    provider: str | None = None
    subject: str | None = None
    api_key_id: str | None = None


class _Group(msgspec.Struct):
    actor: _Actor | None = None
    api_key_id: str | None = None
    model: str | None = None
    service_tier: str | None = None
    workspace_id: str | None = None
    cost_type: str | None = None
    token_type: str | None = None


class _Usage(Counts):
    requests: int | None = None


class _UsageRow(msgspec.Struct):
    starting_at: str
    ending_at: str
    group: _Group
    usage: _Usage


class _UsagePage(Page):
    data: list[_UsageRow] = msgspec.field(default_factory=list)
    data_refreshed_at: str | None = None


class _Cost(msgspec.Struct):
    amount: Decimal
    list_amount: Decimal | None = None
    currency: str | None = None


class _CostRow(msgspec.Struct):
    starting_at: str
    ending_at: str
    group: _Group
    cost: _Cost


class _CostPage(Page):
    data: list[_CostRow] = msgspec.field(default_factory=list)
    data_refreshed_at: str | None = None


def first_day(now: int) -> int:
    """The first day that may be asked for, a midnight UTC."""
    return max(EARLIEST, (now - OLDEST_US) // DAY_US * DAY_US + DAY_US)


def read_analytics_usage(client: AdminClient, start: int, end: int, *, hourly: bool = False) -> Iterator[Stretch]:
    """The days from one midnight UTC to before another, each as soon as it is whole. Raises AdminApiError."""
    width = HOUR_US if hourly else DAY_US
    for begun, ended in _spans(start, end):
        fold = DayFold(USAGE_PATH, begun, ended)
        parameters = _parameters(begun, _until(begun, ended, client.now), "1h" if hourly else "1d", DIMENSIONS)
        for page in client.pages(USAGE_PATH, parameters, _UsagePage, beta=BETA):
            fold.reaches_at = _refreshed(page.data_refreshed_at, USAGE_PATH)
            for row in page.data:
                measures = measures_of(row.usage, USAGE_PATH) | counted(USAGE_PATH, {"requests": row.usage.requests})
                begun_at = instant(row.starting_at, USAGE_PATH) // width * width
                yield from fold.take(Bucket(begun_at, begun_at + width, _dimensions(row.group), measures))
        yield from fold.rest()


def read_analytics_cost(client: AdminClient, start: int, end: int) -> Iterator[Stretch]:
    """The days from one midnight UTC to before another, each as soon as it is whole. Raises AdminApiError."""
    for begun, ended in _spans(start, end):
        fold = DayFold(COST_PATH, begun, ended)
        parameters = _parameters(begun, _until(begun, ended, client.now), "1d", (*DIMENSIONS, *COST_DIMENSIONS))
        for page in client.pages(COST_PATH, parameters, _CostPage, beta=BETA):
            fold.reaches_at = _refreshed(page.data_refreshed_at, COST_PATH)
            for row in page.data:
                day = day_of(instant(row.starting_at, COST_PATH))
                details = {name: getattr(row.group, name) or "" for name in COST_DIMENSIONS}
                yield from fold.take(Bucket(day, day + DAY_US, _dimensions(row.group) | details, _money(row.cost)))
        yield from fold.rest()


def _spans(start: int, end: int) -> Iterator[tuple[int, int]]:
    """A stretch in pieces that may be asked for."""
    for begun in range(start, end, LONGEST_US):
        yield begun, min(begun + LONGEST_US, end)


def _parameters(start: int, end: int, width: str, dimensions: tuple[str, ...]) -> list[tuple[str, str]]:
    """In the order of time, so that a day is whole when the next begins. `end` is outside, as documented."""
    return [
        ("starting_at", rfc3339(start)),
        ("ending_at", rfc3339(end)),
        ("time_bucket_width", width),
        ("order_by", "time"),
        ("order", "asc"),
        ("limit", "1000"),
        *(("group_by[]", dimension) for dimension in dimensions),
    ]


def _until(start: int, end: int, now: int) -> int:
    """Where a query ends: not after now, as it would without being told; the current bucket is cut short there."""
    return min(end, max(now, start + HOUR_US))


def _dimensions(group: _Group) -> dict[str, str]:
    """What a row is grouped by."""
    named = {name: getattr(group, name) or "" for name in DIMENSIONS if name != "actor"}
    return named | _actor(group.actor)


def _money(spent: _Cost) -> dict[str, int]:
    """What is billed, and the list price; the same where that is not told."""
    cost = amount(spent.amount, spent.currency, COST_PATH)
    listed = cost if spent.list_amount is None else amount(spent.list_amount, spent.currency, COST_PATH)
    return {"cost": cost, "list_cost": listed}


def _actor(actor: _Actor | None) -> dict[str, str]:
    """Who it was: the id that filters take, and a name to show."""
    if actor is None:
        return {"actor": "", "actor_name": ""}
    own = actor.user_id or actor.service_account_id or actor.subject or actor.api_key_id or ""
    return {"actor": own, "actor_name": (actor.email_address or "").lower() or actor.name or ""}


def _refreshed(text: str | None, path: str) -> int:
    return instant(text, path) if text else 0
