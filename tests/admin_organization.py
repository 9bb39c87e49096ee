"""A made-up organisation, and its usage in the documented shapes of the Admin API."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

ORGANIZATION = "0f0d5b32-1111-4222-8333-444455556666"
NAME = "Acme Robotics"
OPUS, SONNET, HAIKU = "claude-opus-4-8", "claude-sonnet-4-20250514", "claude-haiku-4-5-20251001"
ADA, BOB = "user_01ada", "user_02bob"


Json = dict[str, object]


@dataclass(frozen=True)
class Spent:
    """What was used in one hour, and what it costs by token type, in cents."""

    at: str
    """YYYY-MM-DDTHH."""
    model: str = SONNET
    workspace: str | None = None
    key: str | None = None
    account: str | None = None
    tier: str = "standard"
    input: int = 0
    output: int = 0
    write_5m: int = 0
    write_1h: int = 0
    read: int = 0
    searches: int = 0
    input_cents: str = "0"
    output_cents: str = "0"
    search_cents: str = "0"
    list_cents: str | None = None
    """Of all together, where it is another than what is billed."""

    @property
    def moment(self) -> datetime:
        return datetime.fromisoformat(f"{self.at}:00:00+00:00")

    def costs(self) -> list[tuple[str, str | None, str]]:
        """Cost type, token type, cents; only what is not nothing."""
        every = [
            ("tokens", "uncached_input_tokens", self.input_cents),
            ("tokens", "output_tokens", self.output_cents),
            ("web_search", None, self.search_cents),
        ]
        return [cost for cost in every if Decimal(cost[2])]


def code_row(
    day: str, email: str | None = "ada@example.com", key: str | None = None, cents: object = 100, **more: object
) -> Json:
    """A row of Claude Code's report: one session, ten lines, three edits taken and one not."""
    actor = (
        {"type": "user_actor", "email_address": email} if email else {"type": "api_actor", "api_key_name": key or "ci"}
    )
    return {
        "date": f"{day}T00:00:00Z",
        "organization_id": ORGANIZATION,
        "actor": actor,
        "customer_type": "api",
        "subscription_type": None,
        "terminal_type": "vscode",
        "is_remote": False,
        "core_metrics": {
            "num_sessions": 1,
            "lines_of_code": {"added": 10, "removed": 4},
            "commits_by_claude_code": 2,
            "pull_requests_by_claude_code": 1,
        },
        "tool_actions": {
            "edit_tool": {"accepted": 2, "rejected": 1},
            "multi_edit_tool": {"accepted": 0, "rejected": 0},
            "write_tool": {"accepted": 1, "rejected": 0},
            "notebook_edit_tool": {"accepted": 0, "rejected": 0},
        },
        "model_breakdown": [
            {
                "model": SONNET,
                "tokens": {"input": 100, "output": 50, "cache_read": 30, "cache_creation": 20},
                "estimated_cost": {"currency": "USD", "amount": cents},
            }
        ],
        **more,
    }


USAGE_GROUPS = {
    "account_id": "account",
    "api_key_id": "key",
    "model": "model",
    "service_tier": "tier",
    "workspace_id": "workspace",
    "context_window": "",
    "inference_geo": "",
    "speed": "",
    "service_account_id": "",
}
USER_ITEMS: list[Json] = [
    {
        "id": ADA,
        "type": "user",
        "email": "Ada@example.com",
        "name": "Ada Lovelace",
        "role": "admin",
        "added_at": "2025-01-02T03:04:05Z",
    },
    {
        "id": BOB,
        "type": "user",
        "email": "bob@example.com",
        "name": "=Bob\x1b[31m",
        "role": "developer",
        "added_at": "2025-02-03T04:05:06Z",
    },
    {
        "id": "user_03cyd",
        "type": "user",
        "email": "cyd@example.com",
        "name": None,
        "role": "user",
        "added_at": "2025-03-04T05:06:07Z",
    },
]
WORKSPACE_ITEMS: list[Json] = [
    {
        "id": "wrkspc_01",
        "type": "workspace",
        "name": "Production",
        "created_at": "2025-01-01T00:00:00Z",
        "archived_at": None,
        "display_color": "#6C5BB9",
        "data_residency": {"workspace_geo": "us"},
        "tags": {},
    },
    {
        "id": "wrkspc_02",
        "type": "workspace",
        "name": "Lab",
        "created_at": "2025-01-01T00:00:00Z",
        "archived_at": "2026-02-01T00:00:00Z",
    },
]
KEY_ITEMS: list[Json] = [
    {
        "id": "apikey_01",
        "type": "api_key",
        "name": "web shop",
        "status": "active",
        "created_at": "2025-01-01T00:00:00Z",
        "created_by": {"id": ADA, "type": "user"},
        "expires_at": None,
        "partial_key_hint": "sk-ant-api03-R2D...igAA",
        "workspace_id": "wrkspc_01",
    },
    {
        "id": "apikey_02",
        "type": "api_key",
        "name": "ci",
        "status": "inactive",
        "created_at": "2025-01-01T00:00:00Z",
        "created_by": None,
        "expires_at": "2026-12-31T00:00:00Z",
        "partial_key_hint": None,
        "workspace_id": None,
    },
]
NEW_KEY_ITEMS: list[Json] = [
    {key: value for key, value in KEY_ITEMS[0].items() if key != "workspace_id"}
    | {"scope": {"type": "workspace", "workspace_id": "wrkspc_01"}, "principal": {"type": "user", "id": ADA}},
    {key: value for key, value in KEY_ITEMS[1].items() if key != "workspace_id"}
    | {"scope": {"type": "organization"}, "principal": None},
]
EMAILS = {item["id"]: str(item["email"]) for item in USER_ITEMS}


def stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def grouped(rows: list[Spent], groups: list[str]) -> list[tuple[Json, list[Spent]]]:
    """Rows by the dimensions asked for."""
    found: dict[tuple[object, ...], list[Spent]] = {}
    for row in rows:
        found.setdefault(tuple(getattr(row, USAGE_GROUPS[name]) for name in groups), []).append(row)
    return [(dict(zip(groups, values, strict=True)), members) for values, members in found.items()]


def counts(rows: list[Spent]) -> Json:
    """The counters of a usage report."""
    return {
        "uncached_input_tokens": sum(row.input for row in rows),
        "cache_read_input_tokens": sum(row.read for row in rows),
        "cache_creation": {
            "ephemeral_5m_input_tokens": sum(row.write_5m for row in rows),
            "ephemeral_1h_input_tokens": sum(row.write_1h for row in rows),
        },
        "output_tokens": sum(row.output for row in rows),
        "server_tool_use": {"web_search_requests": sum(row.searches for row in rows)},
    }


def cost_lines(row: Spent) -> list[Json]:
    """The lines of the classic bill."""
    return [
        {
            "amount": cents,
            "currency": "USD",
            "cost_type": kind,
            "description": f"{row.model} Usage - {token_type}" if token_type else "Web Search Usage",
            "model": row.model if token_type else None,
            "service_tier": row.tier if token_type else None,
            "token_type": token_type,
            "context_window": "0-200k" if token_type else None,
            "inference_geo": None,
            "workspace_id": row.workspace,
        }
        for kind, token_type, cents in row.costs()
    ]


def new_group(row: Spent) -> Json:
    """The dimensions of a newer report, all of them, null where not asked for."""
    person = {
        "type": "user_actor",
        "user_id": row.account,
        "email_address": EMAILS.get(row.account),
        "name": None,
        "deleted": False,
    }
    program = {"type": "api_actor", "api_key_id": row.key}
    return {
        "actor": person if row.account else program if row.key else None,
        "api_key_id": row.key,
        "model": row.model,
        "service_tier": row.tier,
        "workspace_id": row.workspace,
        "product": None,
        "inference_geo": None,
    }


def span(row: Spent, width: timedelta, now: datetime) -> Json:
    """The row's bucket; the current one is cut short."""
    begun = row.moment.replace(hour=0) if width == timedelta(days=1) else row.moment
    return {"starting_at": stamp(begun), "ending_at": stamp(min(begun + width, max(now, begun + timedelta(hours=1))))}


def new_usage(row: Spent, width: timedelta, now: datetime) -> list[Json]:
    usage = counts([row]) | {"total_tokens": 0, "requests": 1}
    return [span(row, width, now) | {"group": new_group(row), "usage": usage}]


def new_costs(row: Spent, width: timedelta, now: datetime) -> list[Json]:
    return [
        span(row, width, now)
        | {
            "group": new_group(row) | {"cost_type": kind, "token_type": token_type},
            "cost": {"amount": cents, "list_amount": row.list_cents or cents, "currency": "USD", "requests": None},
        }
        for kind, token_type, cents in row.costs()
    ]


def busy_month() -> tuple[list[Spent], list[Json]]:
    """Twelve days of March 2026 and the end of February: two people, two keys, three workspaces, three models."""
    spent: list[Spent] = []
    code: list[Json] = []
    for day in (*(f"2026-02-{number:02}" for number in (27, 28)), *(f"2026-03-{number:02}" for number in range(1, 13))):
        spent += [
            Spent(
                f"{day}T09",
                OPUS,
                "wrkspc_01",
                "apikey_01",
                ADA,
                input=1000,
                output=500,
                read=9000,
                input_cents="0.5",
                output_cents="1.25",
            ),
            Spent(
                f"{day}T10",
                SONNET,
                None,
                None,
                BOB,
                input=2000,
                output=800,
                write_5m=300,
                write_1h=40,
                searches=2,
                input_cents="0.6",
                output_cents="1.2",
                search_cents="2",
            ),
            Spent(
                f"{day}T11",
                HAIKU,
                "wrkspc_02",
                "apikey_02",
                None,
                "batch",
                input=50_000,
                output=1,
                input_cents="2.50000001",
            ),
        ]
        code += [
            code_row(day, cents=125.5),
            code_row(day, terminal_type="tmux", is_remote=True, cents=24.5),
            code_row(day, "bob@example.com", cents=10, tool_actions={}),
            code_row(day, None, "ci", cents=5),
        ]
    return spent, code
