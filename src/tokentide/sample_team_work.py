"""What a made-up developer does in a session, and what their machine tells of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from tokentide.clock import HOUR_US, MINUTE_US
from tokentide.model.telemetry import BY_EVENTS, BY_METRICS, Sighting, TelemetryRecord
from tokentide.sample_rows import BY_PUSH, event, hashed, point, response

OPUS, SONNET, HAIKU = "claude-opus-4-8", "claude-sonnet-5", "claude-haiku-4-5"
RATES = {OPUS: (5_000, 25_000), SONNET: (3_000, 15_000), HAIKU: (1_000, 5_000)}
"""Nano-USD a token of input and of output."""


@dataclass(frozen=True)
class Developer:
    """One of the team, and how their work is known."""

    number: int
    user_id: str
    team: str
    project: str
    cost_center: str
    customer: str
    version: str
    terminal: str
    entrypoint: str
    way: str
    """`telemetry`, `both`, `push`, or `metrics`."""
    first_day: int
    """Days before the last one; the first day of work."""
    last_day: int
    """The same, of the last one."""

    @property
    def party(self) -> dict[str, object]:
        """The columns that tell whose it is."""
        return {
            "user_id": self.user_id,
            "team": self.team,
            "project": self.project,
            "cost_center": self.cost_center,
            "customer": self.customer,
        }


@dataclass
class Rows:
    """What a team's machines told."""

    records: list[TelemetryRecord] = field(default_factory=list)
    sightings: list[Sighting] = field(default_factory=list)


@dataclass
class Session:
    """A stretch of work of one developer."""

    random: Random
    developer: Developer
    at: int
    session_id: str
    cost: int = 0
    rows: Rows = field(default_factory=Rows)

    def play(self, rows: Rows) -> None:
        """Add what is told of it."""
        self.rows = rows
        self._begin()
        for number in range(self.random.randint(2, 5)):
            self._prompt(number)
        self._end()

    def _tell(self, made: TelemetryRecord) -> None:
        if self.developer.number == 7 and made.happened_at // HOUR_US % 24 == 9:
            made.is_skewed = True
        is_told = self.developer.way in ("telemetry", "both") or (self.developer.way, made.kind) == ("metrics", "point")
        if is_told:
            self.rows.records.append(made)

    def _event(self, name: str, **fields: object) -> None:
        self.at += self.random.randint(200, 4_000) * 1_000
        self._tell(event(name, self.at, **self._common(), **fields))

    def _point(self, name: str, amount: float, **fields: object) -> None:
        self._tell(point(name, self.at, amount, **self._common(), **fields))

    def _common(self) -> dict[str, object]:
        developer = self.developer
        return {
            **developer.party,
            "session_id": self.session_id,
            "version": developer.version,
            "terminal": developer.terminal,
            "entrypoint": developer.entrypoint,
        }

    def _begin(self) -> None:
        random = self.random
        self._event("plugin_loaded", detail="review-kit", outcome="user", extra="config")
        self._event("hook_registered", detail="PostToolUse", extra="command")
        failed = random.random() < 0.08
        self._event(
            "mcp_server_connection",
            detail="github",
            outcome="failed" if failed else "connected",
            extra="stdio",
            duration_ms=random.randint(80, 2500),
        )
        self._point("session.count", 1, detail=random.choice(("fresh", "fresh", "resume", "continue")))

    def _prompt(self, number: int) -> None:
        random = self.random
        command = random.choice(("", "", "", "review", "init"))
        self._event(
            "user_prompt",
            detail=command,
            outcome="builtin" if command else "",
            amount=random.randint(10, 900),
            prompt_id=hashed(self.session_id, number)[:12],
        )
        if random.random() < 0.2:
            self._event("at_mention", detail="file", outcome=random.choice(("success", "success", "failure")))
        for _ in range(random.randint(2, 6)):
            self._request()
        if random.random() < 0.15:
            self._event("skill_activated", detail="pdf", outcome="claude-proactive", extra="userSettings")
        if random.random() < 0.2:
            self._event("subagent_completed", detail="Explore", amount=random.randint(1, 20), duration_ms=42_000)
        if random.random() < 0.12:
            won = random.randint(50_000, 130_000)
            self._event(
                "compaction", detail="auto", outcome="success", amount=won, duration_ms=random.randint(8, 40) * 1000
            )
            self._answer(HAIKU, "compact", "")

    def _request(self) -> None:
        random = self.random
        if random.random() < 0.02:
            status = random.choice(("429", "529", "500", "network"))
            self._event(
                "api_error",
                detail=status,
                outcome="api_error",
                extra="11",
                model=OPUS,
                duration_ms=random.randint(500, 9_000),
            )
            if random.random() < 0.5:
                self._event("api_retries_exhausted", detail=status, amount=11, duration_ms=90_000, model=OPUS)
            return
        if random.random() < 0.005:
            self._event("api_refusal", detail="", outcome="refused", model=OPUS)
        agent = random.choice(("", "", "", "Explore"))
        self._answer(
            random.choice((OPUS, OPUS, SONNET, HAIKU)), "agent:builtin:Explore" if agent else "repl_main_thread", agent
        )
        self._tool()

    def _answer(self, model: str, query_source: str, agent: str) -> None:
        random = self.random
        fresh, out = random.randint(3, 400), random.randint(50, 3_000)
        written, read = random.randint(500, 9_000), random.randint(5_000, 120_000)
        duration = int(random.lognormvariate(8.6, 0.6))
        self._event(
            "api_request",
            detail=query_source,
            outcome="ok",
            extra=(effort := random.choice(("", "high", "medium"))),
            model=model,
            query_source=query_source,
            duration_ms=duration,
            ttft_ms=duration // 4,
        )
        rate_in, rate_out = RATES[model]
        cost = (fresh * rate_in + out * rate_out + written * rate_in * 5 // 4 + read * rate_in // 10) // 1000 * 1000
        counted: dict[str, object] = {
            "input_tokens": fresh,
            "output_tokens": out,
            "cache_creation_5m_tokens": written,
            "cache_read_tokens": read,
            "model": model,
        }
        self._seen(counted, cost, query_source, agent, effort)
        self.cost += cost
        kind = "main" if query_source == "repl_main_thread" else "subagent" if agent else "auxiliary"
        lost = int(self.session_id, 16) % 29 == 0  # such a session's counters stop in the middle
        self._point("cost.usage", 0 if lost else cost / 1e9, detail=kind, extra=effort, model=model)
        for name, tokens in (("input", fresh), ("output", out), ("cacheCreation", written), ("cacheRead", read)):
            self._point("token.usage", tokens, detail=name, extra=kind, model=model)

    def _seen(self, counted: dict[str, object], cost: int, query_source: str, agent: str, effort: str) -> None:
        """The sightings of a response, by each that tells of it."""
        way, where = self.developer.way, {**self.developer.party, "session_id": self.session_id, "agent": agent}
        where["version"] = self.developer.version
        key = f"request:{hashed(self.session_id, self.at)[:20]}"
        seen = self.rows.sightings
        if way in ("telemetry", "both"):
            told = {"query_source": query_source, "effort": effort, "skill": "pdf" if cost % 7 == 0 else ""}
            seen.append(response(key, self.at, BY_EVENTS, cost=cost, **told, **where, **counted))
        if way in ("push", "both"):
            pushed = {"list_cost": cost, "is_sidechain": bool(agent), "branch": "main"}
            seen.append(response(key, self.at - 1_000, BY_PUSH, **pushed, **where, **counted))
        if way != "push":
            key = f"metrics:{self.session_id}:{self.at}"
            seen.append(response(key, self.at, BY_METRICS, reported_cost=cost, responses=0, **where, **counted))

    def _tool(self) -> None:
        random = self.random
        tool = random.choice(("Read", "Read", "Bash", "Bash", "Edit", "Edit", "Grep", "mcp__github__search"))
        rejected = random.random() < (0.12 if tool == "Bash" else 0.02)
        source = random.choice(("user_reject", "user_abort", "hook")) if rejected else "config"
        self._event("tool_decision", detail=tool, outcome="reject" if rejected else "accept", extra=source)
        if tool == "Edit":
            language = random.choice(("Python", "TypeScript", "Markdown"))
            outcome = "reject" if rejected else "accept"
            self._point("code_edit_tool.decision", 1, detail=tool, outcome=outcome, extra=language)
        if rejected:
            return
        failed = random.random() < 0.06
        self._event(
            "tool_result",
            detail=tool,
            outcome="failure" if failed else "success",
            extra="Error:ENOENT" if failed else "",
            duration_ms=int(random.lognormvariate(6, 1.2)),
            amount=random.randint(100, 20_000),
        )
        self._event(
            "hook_execution_complete",
            detail="PostToolUse:lint",
            extra="PostToolUse",
            outcome=random.choice(("ok",) * 30 + ("blocked", "error")),
            amount=1,
            duration_ms=random.randint(20, 800),
        )
        if tool == "Edit" and not failed:
            self._point("lines_of_code.count", random.randint(1, 60), detail="added", model=OPUS)
            self._point("lines_of_code.count", random.randint(0, 20), detail="removed", model=OPUS)

    def _end(self) -> None:
        random = self.random
        if random.random() < 0.6:
            self._point("commit.count", random.randint(1, 3))
        if random.random() < 0.2:
            self._point("pull_request.count", 1)
        if random.random() < 0.02:
            self._event("internal_error", detail="TypeError", extra="E_PARSE")
        self._point("active_time.total", random.randint(120, 2_400), detail="user")
        self._point("active_time.total", random.randint(300, 3_600), detail="cli")
        self.at += MINUTE_US
