"""A stand-in for the Admin API on loopback: documented shapes and rules over a made-up organisation, and faults on demand."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from urllib.parse import parse_qs, urlsplit

from tests import admin_organization as org
from tests.admin_organization import Json, Spent
from tests.loopback import Answer, Request, answering
from tokentide.sources.admin_api.client import AdminClient, Patience
from tokentide.sources.admin_api.keys import AdminKey
from tokentide.transport import Secret

KEY = "sk-ant-admin01-THIS-MUST-NOT-APPEAR-ANYWHERE-9xYz"
SCOPED_KEY = "sk-ant-api01-THIS-MUST-NOT-APPEAR-EITHER-7aBc"
USAGE, COST = "/v1/organizations/usage_report/messages", "/v1/organizations/cost_report"
CODE, ME = "/v1/organizations/usage_report/claude_code", "/v1/organizations/me"
NEW_USAGE, NEW_COST = "/v1/organizations/analytics/usage", "/v1/organizations/analytics/cost"
USERS, WORKSPACES, KEYS = (f"/v1/organizations/{name}" for name in ("users", "workspaces", "api_keys"))
BETA = "analytics-usage-cost-2026-08-24"


@dataclass(frozen=True)
class Trouble:
    """An answer in the place of the right one."""

    path: str
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    """None for an error in the documented envelope."""
    after: int = 0
    """So many requests of that path are answered well before."""
    times: int = 1_000
    delay_seconds: float = 0.0
    message: str = "no"
    code: str | None = None


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]


class AdminStandIn:
    """The organisation, the rules, the log."""

    def __init__(self, now: str = "2026-03-12T12:00:00Z") -> None:
        self.now = datetime.fromisoformat(now)
        self.spent: list[Spent] = []
        self.code: list[Json] = []
        self.has_analytics = False
        self.is_new_version = False
        """Answer with the object shapes of version 2026-10-21."""
        self.page_buckets = 1_000
        self.page_rows = 1_000
        self.key = KEY
        self.troubles: list[Trouble] = []
        self.asked: list[Asked] = []
        self.url = ""
        self._served: dict[str, int] = {}
        self._lock = threading.Lock()

    def paths(self) -> list[str]:
        """The last parts of all paths that were asked for, in order."""
        return [asked.path.removeprefix("/v1/organizations/") for asked in self.asked]

    def answer(self, asked: Asked) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers, body."""
        with self._lock:
            self.asked.append(asked)
            trouble = self._trouble(asked.path)
        if trouble is not None:
            time.sleep(trouble.delay_seconds)
            return trouble.status, trouble.headers, trouble.body or error(trouble.message, trouble.code)
        if asked.headers.get("x-api-key") != self.key or asked.headers.get("anthropic-version") != "2023-06-01":
            return 401, {}, error("invalid x-api-key")
        handlers: dict[str, Callable[[Asked], Json]] = {
            ME: lambda _: {"id": org.ORGANIZATION, "name": org.NAME, "type": "organization"},
            USERS: lambda asked: self._listed(asked, org.USER_ITEMS),
            WORKSPACES: lambda asked: self._listed(asked, org.WORKSPACE_ITEMS),
            KEYS: lambda asked: self._listed(asked, org.NEW_KEY_ITEMS if self.is_new_version else org.KEY_ITEMS),
            USAGE: self._usage,
            COST: self._cost,
            CODE: self._claude_code,
            NEW_USAGE: lambda asked: self._analytics(asked, is_cost=False),
            NEW_COST: lambda asked: self._analytics(asked, is_cost=True),
        }
        is_new = asked.path in (NEW_USAGE, NEW_COST)
        if asked.path not in handlers or (is_new and not self.has_analytics):
            return 404, {}, error("Not found")
        if self.key == SCOPED_KEY and not is_new:
            return 403, {}, error("Missing required scopes: org:admin")
        try:
            return 200, {}, json.dumps(handlers[asked.path](asked)).encode()
        except ValueError as refusal:
            return 400, {}, error(str(refusal))

    def _trouble(self, path: str) -> Trouble | None:
        served = self._served[path] = self._served.get(path, 0) + 1
        for trouble in self.troubles:
            if trouble.path == path and trouble.after < served <= trouble.after + trouble.times:
                return trouble
        return None

    def _listed(self, asked: Asked, items: list[Json]) -> Json:
        limit = min(int(one(asked, "limit", "20")), self.page_rows)
        after = one(asked, "after_id", "")
        begin = next((number + 1 for number, item in enumerate(items) if item["id"] == after), 0)
        page = items[begin : begin + limit]
        more = begin + limit < len(items)
        return {"data": page, "has_more": more, "first_id": page[0]["id"], "last_id": page[-1]["id"]}

    def _usage(self, asked: Asked) -> Json:
        width = one(asked, "bucket_width", "1d")
        most = {"1d": 31, "1h": 168}[width]
        groups = asked.query.get("group_by[]", [])

        def results(rows: list[Spent]) -> list[Json]:
            return [
                {**dict.fromkeys(org.USAGE_GROUPS), **named, **org.counts(members)}
                for named, members in org.grouped(rows, groups)
            ]

        return self._bucketed(asked, timedelta(days=1) if width == "1d" else timedelta(hours=1), most, results)

    def _cost(self, asked: Asked) -> Json:
        def results(rows: list[Spent]) -> list[Json]:
            return [line for row in rows for line in org.cost_lines(row)]

        if one(asked, "bucket_width", "1d") != "1d":
            raise ValueError("bucket_width: only 1d")
        return self._bucketed(asked, timedelta(days=1), 31, results)

    def _bucketed(
        self, asked: Asked, width: timedelta, most: int, results: Callable[[list[Spent]], list[Json]]
    ) -> Json:
        limit = int(one(asked, "limit", "7"))
        if not 1 <= limit <= most:
            raise ValueError(f"limit: at most {most}")
        cursor = one(asked, "page", "").removeprefix("page_")
        begun = datetime.fromisoformat(cursor or one(asked, "starting_at", ""))
        data: list[Json] = []
        while begun <= self.now and len(data) < min(limit, self.page_buckets):
            rows = [row for row in self.spent if begun <= row.moment < begun + width]
            data.append(
                {"starting_at": org.stamp(begun), "ending_at": org.stamp(begun + width), "results": results(rows)}
            )
            begun += width
        more = begun <= self.now
        return {"data": data, "has_more": more, "next_page": f"page_{org.stamp(begun)}" if more else None}

    def _claude_code(self, asked: Asked) -> Json:
        day = one(asked, "starting_at", "")
        if len(day) != 10 or int(one(asked, "limit", "20")) > 1000:
            raise ValueError("starting_at: a date")
        rows = [row for row in self.code if str(row["date"]).startswith(day)]
        return paged(rows, asked, self.page_rows)

    def _analytics(self, asked: Asked, *, is_cost: bool) -> Json:
        begun, ended = (datetime.fromisoformat(one(asked, name, "")) for name in ("starting_at", "ending_at"))
        groups = asked.query.get("group_by[]", [])
        if BETA not in asked.headers.get("anthropic-beta", ""):
            raise ValueError("anthropic-beta: missing")
        if ended - begun > timedelta(days=31) or begun < max(FIRST_NEW_DAY, self.now - timedelta(days=365)):
            raise ValueError("starting_at: too early, or too long a span")
        if not begun < ended <= self.now + timedelta(hours=1):
            raise ValueError("ending_at: ahead of now, or no stretch at all")
        if len(set(groups) - {"cost_type", "token_type"}) > 5:
            raise ValueError("group_by: at most 5")
        width = {"1d": timedelta(days=1), "1h": timedelta(hours=1)}[one(asked, "time_bucket_width", "")]
        rows = sorted((row for row in self.spent if begun <= row.moment < ended), key=lambda row: row.at)
        lines = [line for row in rows for line in (org.new_costs if is_cost else org.new_usage)(row, width, self.now)]
        refreshed = org.stamp(self.now - timedelta(hours=4))
        return paged(lines, asked, self.page_rows) | {"data_refreshed_at": refreshed}


FIRST_NEW_DAY = datetime(2026, 1, 1, tzinfo=timezone.utc)


def error(message: str, code: str | None = None) -> bytes:
    """The documented envelope."""
    details = {"details": {"error_code": code}} if code else {}
    return json.dumps(
        {"type": "error", "error": {"type": "some_error", "message": message, **details}, "request_id": "req_1"}
    ).encode()


def one(asked: Asked, name: str, otherwise: str) -> str:
    """A parameter that occurs once."""
    return asked.query.get(name, [otherwise])[0]


def paged(rows: list[Json], asked: Asked, size: int) -> Json:
    """Style B over rows."""
    begin = int(one(asked, "page", "page_0").removeprefix("page_"))
    end = begin + min(size, int(one(asked, "limit", "20")))
    more = end < len(rows)
    return {"data": rows[begin:end], "has_more": more, "next_page": f"page_{end}" if more else None}


@contextmanager
def admin_stand_in(now: str = "2026-03-12T12:00:00Z") -> Iterator[AdminStandIn]:
    """A stand-in that serves until the end of the block."""
    stand_in = AdminStandIn(now)

    def answer(came: Request) -> Answer:
        parts = urlsplit(came.target)
        return stand_in.answer(Asked(came.method, parts.path, parse_qs(parts.query), came.headers))

    with answering(answer) as url:
        stand_in.url = url
        yield stand_in


def busy_month(stand_in: AdminStandIn) -> None:
    """Give the stand-in the usage of `admin_organization.busy_month`."""
    stand_in.spent, stand_in.code = org.busy_month()


def client_of(
    stand_in: AdminStandIn, *, sleeps: list[float] | None = None, patience: Patience | None = None
) -> AdminClient:
    """A client of the stand-in that notes its waits and does not wait."""
    key = AdminKey(Secret(stand_in.key), "$ANTHROPIC_ADMIN_API_KEY")
    noted = [] if sleeps is None else sleeps
    return AdminClient(key, stand_in.url, now=at(stand_in.now), sleep=noted.append, patience=patience)


def at(moment: datetime | str) -> int:
    """An instant in µs UTC."""
    return int((datetime.fromisoformat(moment) if isinstance(moment, str) else moment).timestamp()) * 1_000_000
