"""All events, points and spans that Claude Code is known to send, made by chance from a seed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from random import Random

from tests.otlp_stage import Attributes, Client, Event, Export, Point, SpanTold, Value

STARTED_NS = 1_790_000_000_000_000_000
"""An instant in September 2026."""
MODELS = ("claude-opus-4-8", "claude-sonnet-5", "claude-haiku-4-5-20251001")
TOOLS = ("Bash", "Edit", "Read", "Write", "Grep", "Agent", "mcp_tool")
TEAMS = ("search", "payments", "mobile", "")
UNITS = {"cost.usage": "USD", "token.usage": "tokens", "active_time.total": "s"}


@dataclass
class Told:
    """What was told so far, to be compared with what a server answers."""

    responses: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_creation_5m_tokens: int = 0
    cache_creation_1h_tokens: int = 0
    cost_micros: int = 0
    events: dict[str, int] = field(default_factory=dict)


class Session:
    """A session that goes on: its events take their turns, its ids are its own, all from one seed."""

    def __init__(self, seed: int, *, client: Client | None = None, started_ns: int = STARTED_NS) -> None:
        self.random = Random(seed)
        self.client = client or self._some_client()
        self.now_ns = started_ns
        self.sequence = 0
        self.prompt = self.hex(32)
        self.told = Told()

    def hex(self, length: int) -> str:
        """So many hex digits."""
        return f"{self.random.getrandbits(length * 4):0{length}x}"

    def event(self, name: str, **changed: Value) -> Event:
        """The next event of that name; arguments replace attributes, with `__` for a dot."""
        self.now_ns += self.random.randrange(1, 4_000) * 1_000_000
        own = {**MAKERS[name](self), **{key.replace("__", "."): value for key, value in changed.items()}}
        made = Event(name, self.now_ns, {**self.client.standard, **self._about(name), **own})
        self.sequence += 1
        self._count(name, own)
        return made

    def points(self, *, start_ns: int | None = None) -> list[Point]:
        """One point or more of each of the eight metrics, with increases since the last time."""
        self.now_ns += 1_000_000_000
        start = start_ns if start_ns is not None else self.now_ns - 800_000_000
        return [
            Point(metric, self.now_ns, start, value, {**self.client.standard, **own}, UNITS.get(metric, ""))
            for metric, own, value in self._readings()
        ]

    def spans(self) -> list[SpanTold]:
        """A prompt, its request and its tool, as one trace."""
        self.now_ns += 1_000_000_000
        trace, ids = self.random.randbytes(16), [self.random.randbytes(8) for _ in range(3)]
        names = ("interaction", "llm_request", "tool")
        own: Sequence[Attributes] = (
            {"span.type": "interaction", "interaction.sequence": 1},
            {"span.type": "llm_request", "model": MODELS[0], "input_tokens": 10, "output_tokens": 57, "ttft_ms": 900},
            {"span.type": "tool", "tool_name": "Bash", "tool_use_id": f"toolu_01{self.hex(22)}"},
        )
        return [
            SpanTold(
                name,
                self.now_ns + index,
                self.now_ns + 700_000_000,
                trace,
                ids[index],
                {**self.client.standard, **own[index]},
                ids[0] if index else b"",
            )
            for index, name in enumerate(names)
        ]

    def logs(self, count: int) -> Export:
        """A batch of events as a working session sends them: mostly requests and tools."""
        weights = ("api_request",) * 4 + ("tool_decision", "tool_result") * 3 + ("user_prompt", "assistant_response")
        return Export(self.client, events=[self.event(self.random.choice(weights)) for _ in range(count)])

    def every_event(self) -> Export:
        """One of each known event, in one batch."""
        return Export(self.client, events=[self.event(name) for name in MAKERS])

    def metrics(self, *, temporality: int = 1, start_ns: int | None = None) -> Export:
        """A batch of points of each metric."""
        return Export(self.client, points=self.points(start_ns=start_ns), temporality=temporality)

    def traces(self) -> Export:
        """A batch of spans."""
        return Export(self.client, spans=self.spans())

    def _some_client(self) -> Client:
        address = f"dev{self.random.randrange(1_000)}@example.org"
        team = self.random.choice(TEAMS)
        return Client(
            user={
                "user.id": self.hex(64),
                "user.email": address,
                "user.account_uuid": self.hex(32),
                "user.account_id": f"user_01{self.hex(22)}",
                "organization.id": "7d5e1c1e-3a43-4a5b-9d1d-0a5a0c0ffee0",
            },
            session=self.hex(32),
            custom={"team.id": team, "project": self.random.choice(("shop", "site"))} if team else {},
            terminal=self.random.choice(("vscode", "iTerm.app", "tmux")),
            more={"app.version": "2.1.329", "app.entrypoint": "cli", "anthropic.provider": "firstParty"},
        )

    def _about(self, name: str) -> Attributes:
        at = datetime.fromtimestamp(self.now_ns / 1e9, timezone.utc).isoformat(timespec="milliseconds")
        about: dict[str, Value] = {
            "event.name": name,
            "event.timestamp": at.replace("+00:00", "Z"),
            "event.sequence": self.sequence,
        }
        return about if name in BEFORE_PROMPT else {**about, "prompt.id": self.prompt}

    def _count(self, name: str, own: Mapping[str, Value]) -> None:
        self.told.events[name] = self.told.events.get(name, 0) + 1
        if name != "api_request":
            return
        self.told.responses += 1
        self.told.cost_micros += int(str(own["cost_usd_micros"]))
        for counter in ("input", "output", "cache_read", "cache_creation_5m", "cache_creation_1h"):
            attribute = f"{counter}_tokens"
            setattr(self.told, attribute, getattr(self.told, attribute) + int(str(own[attribute])))

    def _readings(self) -> list[tuple[str, Attributes, float]]:
        model, edit = self.random.choice(MODELS), self.random.choice(("Edit", "Write", "NotebookEdit"))
        what: Attributes = {"model": model, "query_source": "main", "effort": "high"}
        tokens = [
            ("token.usage", {**what, "type": kind}, float(self.random.randrange(1, 9_000)))
            for kind in ("input", "output", "cacheRead", "cacheCreation")
        ]
        decided: Attributes = {"decision": "accept", "source": "config", "tool_name": edit, "language": "Python"}
        return [
            ("session.count", {"start_type": "fresh"}, 1.0),
            ("lines_of_code.count", {"type": "added", "model": model}, float(self.random.randrange(40))),
            ("lines_of_code.count", {"type": "removed", "model": model}, 0.0),
            ("pull_request.count", {}, 1.0),
            ("commit.count", {}, float(self.random.randrange(1, 3))),
            ("cost.usage", what, self.random.randrange(1, 90_000) / 1e6 + 1e-17),
            *tokens,
            ("code_edit_tool.decision", decided, 1.0),
            ("active_time.total", {"type": "user"}, self.random.randrange(60_000) / 1_000),
            ("active_time.total", {"type": "cli"}, self.random.randrange(60_000) / 1_000),
        ]


def _api_request(session: Session) -> Attributes:
    random = session.random
    short, long = random.randrange(3_000), random.randrange(900)
    micros = random.randrange(10, 400_000)
    return {
        "model": random.choice(MODELS),
        "input_tokens": random.randrange(5_000),
        "output_tokens": random.randrange(1, 4_000),
        "cache_read_tokens": random.randrange(200_000),
        "cache_creation_tokens": short + long,
        "cache_creation_5m_tokens": short,
        "cache_creation_1h_tokens": long,
        "cost_usd": micros / 1e6,
        "cost_usd_micros": micros,
        "duration_ms": random.randrange(300, 40_000),
        "ttft_ms": random.randrange(200, 4_000),
        "request_id": f"req_01{session.hex(22)}",
        "client_request_id": session.hex(32),
        "speed": "normal",
        "query_source": random.choice(("repl_main_thread", "compact", "agent:builtin:Explore")),
        "effort": random.choice(("low", "high")),
    }


def _tool_result(session: Session) -> Attributes:
    good = session.random.random() < 0.9
    failed: Attributes = {} if good else {"error_type": "Error:ENOENT"}
    return {
        "tool_name": session.random.choice(TOOLS),
        "tool_use_id": f"toolu_01{session.hex(22)}",
        "success": "true" if good else "false",
        "duration_ms": str(session.random.randrange(2, 20_000)),
        **failed,
        "tool_input_size_bytes": str(session.random.randrange(2_000)),
        "tool_result_size_bytes": str(session.random.randrange(50_000)),
    }


def _api_error(session: Session) -> Attributes:
    status: Attributes = session.random.choice(({"status_code": 529}, {"status_code": 429}, {}))
    return {
        "model": session.random.choice(MODELS),
        "error": "Overloaded: all of it that the person wrote",
        **status,
        "duration_ms": session.random.randrange(10, 90_000),
        "attempt": session.random.randrange(1, 12),
        "request_id": f"req_01{session.hex(22)}",
        "speed": "normal",
        "query_source": "repl_main_thread",
    }


def _hook(*, is_done: bool) -> Attributes:
    begun: Attributes = {
        "hook_event": "PreToolUse",
        "hook_name": "PreToolUse:Bash",
        "num_hooks": "2",
        "managed_only": "false",
        "hook_source": "merged",
    }
    ended: Attributes = {
        "num_success": "2",
        "num_blocking": "0",
        "num_non_blocking_error": "0",
        "num_cancelled": "0",
        "total_duration_ms": "41",
        "stdout_chars": "9",
    }
    return {**begun, **ended} if is_done else begun


def _always(**own: Value) -> Callable[[Session], Attributes]:
    attributes = {key.replace("__", "."): value for key, value in own.items()}
    return lambda _: attributes


BEFORE_PROMPT = ("auth", "plugin_loaded", "hook_registered", "retention_sweep", "managed_settings_resolved")
"""Events of the start, which bear no prompt's id."""
MAKERS: Mapping[str, Callable[[Session], Attributes]] = {
    "user_prompt": _always(prompt_length="42", prompt="<REDACTED>"),
    "assistant_response": _always(
        response_length=512, response="<REDACTED>", model=MODELS[0], request_id="req_1", query_source="sdk"
    ),
    "api_request": _api_request,
    "api_error": _api_error,
    "api_retries_exhausted": _always(
        model=MODELS[0], error="Overloaded", status_code=529, total_attempts=11, total_retry_duration_ms=180_000
    ),
    "api_refusal": _always(
        model=MODELS[0], request_id="req_2", attempt=1, server_fallback_hop=False, has_category=True, category="cyber"
    ),
    "api_request_body": _always(
        body='{"messages":"secret"}', body_length=21, body_truncated=False, model=MODELS[0], query_source="sdk"
    ),
    "api_response_body": _always(
        body_ref="/home/dev/body.json", body_length=90_000, body_truncated=False, model=MODELS[0], request_id="req_3"
    ),
    "tool_decision": lambda session: {
        "decision": session.random.choice(("accept", "accept", "reject")),
        "source": "config",
        "tool_name": session.random.choice(TOOLS),
        "tool_use_id": f"toolu_01{session.hex(22)}",
        "tool_source": "builtin",
    },
    "tool_result": _tool_result,
    "permission_mode_changed": _always(from_mode="default", to_mode="plan", trigger="shift_tab"),
    "auth": _always(action="login", success="true", auth_method="oauth"),
    "mcp_server_connection": _always(
        status="connected", transport_type="stdio", server_scope="user", duration_ms="77", is_plugin=False
    ),
    "internal_error": _always(error_name="TypeError", error_code="ENOENT"),
    "plugin_installed": _always(
        marketplace__is_official="true", install__trigger="user", plugin__name="lint", plugin__version="1.2.0"
    ),
    "plugin_loaded": _always(
        plugin__name="lint", plugin__scope="user", enabled_via="settings", has_hooks=True, skill_path_count=2
    ),
    "skill_activated": _always(skill__name="review", invocation_trigger="user-slash", skill__source="project"),
    "at_mention": _always(mention_type="file", success="true"),
    "hook_registered": _always(hook_event="PreToolUse", hook_type="command", hook_source="user", safe_mode="false"),
    "hook_execution_start": lambda _: _hook(is_done=False),
    "hook_execution_complete": lambda _: _hook(is_done=True),
    "hook_plugin_metrics": _always(plugin_id="lint@official", hook_event="Stop", checked=12, is_clean=True),
    "compaction": _always(trigger="auto", success="true", duration_ms="9000", pre_tokens="180000", post_tokens="21000"),
    "subagent_completed": _always(
        agent_type="Explore",
        agent__source="built-in",
        is_built_in=True,
        is_async=False,
        total_tokens=40_000,
        total_tool_uses=7,
        duration_ms=61_000,
        model=MODELS[1],
        model_swapped=False,
    ),
    "feedback_survey": _always(event_type="answered", survey_type="session", response="good"),
    "retention_sweep": _always(result="swept", period_days="30", transcripts_deleted="4"),
    "managed_settings_resolved": _always(
        managed_settings__trigger="startup", managed_settings__sources=("file", "remote")
    ),
}
"""The known events, each with what makes its own attributes."""
