"""The classic usage report: tokens a day or an hour, by everything that they can be cut by at once.

Source: GET /v1/organizations/usage_report/messages. It knows neither `input_tokens` nor a flat count of cache writes.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from tokentide.model.billing import Bucket, Stretch
from tokentide.sources.admin_api.client import AdminClient, Page
from tokentide.sources.admin_api.stretches import DayFold, counted, instant, rfc3339

PATH = "/v1/organizations/usage_report/messages"
DIMENSIONS = ("account_id", "api_key_id", "model", "service_tier", "workspace_id")
"""One query grouped by all of these answers every cut."""
_LIMITS = {"1d": "31", "1h": "168"}


class CacheCreation(msgspec.Struct):
    """Cache writes by their lifetime."""

    ephemeral_5m_input_tokens: int | None = None
    ephemeral_1h_input_tokens: int | None = None


class ServerToolUse(msgspec.Struct):
    """What tools of the vendor did."""

    web_search_requests: int | None = None


class Counts(msgspec.Struct):
    """The counters that the classic and the newer usage report share."""

    uncached_input_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation: CacheCreation | None = None
    output_tokens: int | None = None
    server_tool_use: ServerToolUse | None = None


class _Result(Counts):
    account_id: str | None = None
    api_key_id: str | None = None
    model: str | None = None
    service_tier: str | None = None
    workspace_id: str | None = None


class _TimeBucket(msgspec.Struct):
    starting_at: str
    ending_at: str
    results: list[_Result]


class _UsagePage(Page):
    data: list[_TimeBucket] = msgspec.field(default_factory=list)


def read_usage(client: AdminClient, start: int, end: int, *, hourly: bool = False) -> Iterator[Stretch]:
    """The days from one midnight UTC to before another, each as soon as it is whole. Raises AdminApiError.

    `ending_at` is not sent: whether a bucket that ends right there, or the current one, is inside is not documented.
    """
    width = "1h" if hourly else "1d"
    parameters = [("starting_at", rfc3339(start)), ("bucket_width", width), ("limit", _LIMITS[width])]
    parameters += [("group_by[]", dimension) for dimension in DIMENSIONS]
    fold = DayFold(PATH, start, end)
    for page in client.pages(PATH, parameters, _UsagePage):
        for time_bucket in page.data:
            begun, ended = instant(time_bucket.starting_at, PATH), instant(time_bucket.ending_at, PATH)
            for result in time_bucket.results:
                yield from fold.take(Bucket(begun, ended, _dimensions(result), measures_of(result, PATH)))
            yield from fold.until(ended)
            if ended >= end:
                return
    yield from fold.rest()


def _dimensions(result: _Result) -> dict[str, str]:
    return {name: getattr(result, name) or "" for name in DIMENSIONS}


def measures_of(counts: Counts, path: str) -> dict[str, int]:
    """The counters under our names."""
    writes = counts.cache_creation or CacheCreation()
    tools = counts.server_tool_use or ServerToolUse()
    named = {
        "input_tokens": counts.uncached_input_tokens,
        "output_tokens": counts.output_tokens,
        "cache_creation_5m_tokens": writes.ephemeral_5m_input_tokens,
        "cache_creation_1h_tokens": writes.ephemeral_1h_input_tokens,
        "cache_read_tokens": counts.cache_read_input_tokens,
        "web_search_requests": tools.web_search_requests,
    }
    return counted(path, named)
