"""A stand-in for the account's API on loopback: it answers from a script and counts what it was asked."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from tests.loopback import running
from tokentide.sources.claude_code.instants import parse_instant

if TYPE_CHECKING:
    from tests.conftest import Machine

TOKEN = "sk-ant-oat01-THIS-MUST-NOT-APPEAR-ANYWHERE"

USAGE_2025: dict[str, object] = {
    "five_hour": {"utilization": 78.0, "resets_at": "2026-03-12T13:50:00.123456+00:00"},
    "seven_day": None,
    "seven_day_oauth_apps": None,
    "seven_day_opus": None,
}
"""As the API answered in November 2025."""

USAGE_2026: dict[str, object] = {
    "five_hour": {"utilization": 62.0, "resets_at": "2026-03-12T13:49:59.943648+00:00", "limit_dollars": None},
    "seven_day": {"utilization": 31.0, "resets_at": "2026-03-15T14:00:00.943679+00:00", "limit_dollars": None},
    "seven_day_oauth_apps": None,
    "seven_day_opus": None,
    "seven_day_sonnet": None,
    "seven_day_cowork": None,
    "tangelo": None,
    "nimbus_quill": {"utilization": 0.0, "resets_at": None},
    "limits": [
        {
            "kind": "session",
            "group": "session",
            "percent": 62,
            "severity": "normal",
            "resets_at": "2026-03-12T13:50:00.1+00:00",
            "scope": None,
            "is_active": True,
        },
        {
            "kind": "weekly_all",
            "group": "weekly",
            "percent": 31,
            "severity": "normal",
            "resets_at": "2026-03-15T14:00:00.2+00:00",
            "scope": None,
            "is_active": False,
        },
        {
            "kind": "weekly_scoped",
            "group": "weekly",
            "percent": 84,
            "severity": "warning",
            "resets_at": "2026-03-15T14:00:00.2+00:00",
            "scope": {"model": {"id": None, "display_name": "Opus"}, "surface": None},
            "is_active": False,
        },
        {
            "kind": "weekly_scoped",
            "group": "weekly",
            "percent": 5,
            "severity": "normal",
            "resets_at": None,
            "scope": {"model": {"id": None, "display_name": "All models"}, "surface": None},
            "is_active": False,
        },
    ],
    "extra_usage": {
        "is_enabled": True,
        "monthly_limit": 5000,
        "used_credits": 320.0,
        "utilization": 6.4,
        "currency": "USD",
        "decimal_places": 2,
        "disabled_reason": None,
    },
    "spend": {
        "used": {"amount_minor": 0, "currency": "USD", "exponent": 2},
        "limit": None,
        "percent": 0,
        "enabled": False,
    },
    "seven_day_breakdown": {"as_of": "2026-03-12T12:00:00Z", "rows": [{"key": "chat", "percent": 4}]},
    "member_dashboard_available": False,
}
"""As the API answered from July 2026 on."""

USAGE_ENTERPRISE: dict[str, object] = {
    "five_hour": None,
    "seven_day": None,
    "limits": [],
    "extra_usage": None,
    "spend": {
        "used": {"amount_minor": 123456, "currency": "EUR", "exponent": 2},
        "limit": {"amount_minor": 500000, "currency": "EUR", "exponent": 2},
        "percent": 24.7,
        "enabled": True,
    },
}
"""An account that is billed by use: no window, and that is a whole answer."""

PROFILE: dict[str, object] = {
    "account": {
        "uuid": "acc",
        "full_name": "Ada Lovelace",
        "display_name": "Ada",
        "email": "ada@example.com",
        "has_claude_max": True,
        "has_claude_pro": False,
    },
    "organization": {
        "uuid": "org",
        "name": "Analytical Engines",
        "organization_type": "claude_max",
        "billing_type": "stripe_subscription",
        "rate_limit_tier": "default_claude_max_20x",
        "seat_tier": None,
    },
    "application": {"uuid": "app", "name": "Claude Code", "slug": "claude-code"},
}


@dataclass
class Script:
    """What the stand-in answers; a test changes it as it goes."""

    usage: object = field(default_factory=lambda: USAGE_2026)
    """A JSON value, or bytes to be sent as they are."""
    profile: object = field(default_factory=lambda: PROFILE)
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    wait_seconds: float = 0.0
    good_token: str = ""
    """Where it is set, another token is answered by 401."""


class AccountStandIn(ThreadingHTTPServer):
    """The server."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script = Script()
        self.asked: list[tuple[str, dict[str, str]]] = []
        """Path and headers of each request, names in lower case."""

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_port}"

    def count(self, what: str) -> int:
        """How often usage or the profile was asked for."""
        return sum(path == f"/api/oauth/{what}" for path, _ in self.asked)


class _Handler(BaseHTTPRequestHandler):
    server: AccountStandIn

    def do_GET(self) -> None:
        script = self.server.script
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.asked.append((self.path, headers))
        time.sleep(script.wait_seconds)
        content = script.profile if self.path.endswith("profile") else script.usage
        refused = script.good_token and headers.get("authorization") != f"Bearer {script.good_token}"
        status = 401 if refused else script.status
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        if status != 200:
            body = json.dumps({"type": "error", "error": {"type": "x_error", "message": "no"}}).encode()
        self.send_response(status)
        for name, value in script.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with suppress(ConnectionError):  # whoever asked has given up
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class has it so
        """Say nothing."""


@contextmanager
def account_api() -> Iterator[AccountStandIn]:
    """A running stand-in on a free port, closed at the end."""
    server = AccountStandIn()
    with running(server):
        yield server


LOGIN = {
    "emailAddress": "ada@example.com",
    "accountUuid": "acc",
    "organizationUuid": "org",
    "organizationName": "Analytical Engines",
}
"""Who is logged in, as Claude Code notes it."""


_PLAN = {"subscriptionType": "max", "rateLimitTier": "default_claude_max_5x"}


def log_in(machine: Machine, token: str = TOKEN, expires: str = "2026-03-12T20:00:00Z", **config: object) -> None:
    """Put a login into the default folder; `config` are further members of `.claude.json`."""
    machine.claude.mkdir(exist_ok=True)
    ends = parse_instant(expires)
    assert ends is not None
    login = {"accessToken": token, "refreshToken": "REFRESH-" + token, "expiresAt": ends // 1000, **_PLAN}
    (machine.claude / ".credentials.json").write_text(json.dumps({"claudeAiOauth": login}))
    (machine.home / ".claude.json").write_text(json.dumps({"oauthAccount": LOGIN, **config}))
