"""The developers of a fleet: who they are, how they work through a day, and what their clients send of it.

The rates are those of research into the real client: requests, records and posts a day of light, typical and heavy
users. Metrics tell the same as events, so that a server that adds the two would show twice the truth.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import lru_cache
from random import Random

from bench.fleet_sums import Sums
from bench.fleet_wire import ENCODERS, Log, Point, Value

DELTA, CUMULATIVE = 1, 2
SECOND_NS = 1_000_000_000
_APART_NS = 2_000_000
"""The client tells times in ms, and two posts of one session are never told at the same one."""
PRICES = {"claude-opus-4-8": 5, "claude-sonnet-5": 3, "claude-haiku-4-5-20251001": 1}
"""Models, with what a token costs of input, in millionths of a dollar."""
MODELS = tuple(PRICES)
TOOLS = ("Bash", "Edit", "Read", "Grep", "Write", "Agent")
START_EVENTS = ("managed_settings_resolved", "plugin_loaded", "hook_registered", "auth", "retention_sweep")
VERSIONS = ("2.1.197", "2.1.240", "2.1.329")
UNITS = {"cost.usage": "USD", "token.usage": "tokens", "active_time.total": "s"}

Pair = tuple[str, Value]


@dataclass(frozen=True)
class Pace:
    """How much somebody does in a day."""

    name: str
    share: float
    requests: int
    hooks: int
    """Hooks of a call of a tool; each tells when it starts and when it ends."""
    log_posts: int
    metric_posts: int
    sessions: int

    @property
    def records(self) -> float:
        """Log records in a day, about."""
        return self.requests * (1 + 0.85 * (2 + 2 * self.hooks) + 0.3 + 0.12) + len(START_EVENTS) * 3 * self.sessions


PACES = (
    Pace("light", 0.3, 80, 1, 200, 120, 2),
    Pace("typical", 0.6, 300, 2, 1_500, 300, 3),
    Pace("heavy", 0.1, 1_500, 2, 5_000, 1_000, 6),
)


@dataclass(frozen=True)
class Plan:
    """What a fleet is, apart from how it is sent."""

    seed: int
    developers: int
    start_ns: int
    hours: float
    json_share: float = 0.3
    cumulative_share: float = 0.1
    late: float = 0.02
    """So great a share of batches comes late, and so behind others of its session."""
    teams: int = 12
    run: str = ""
    """Told in every id, so that two runs are two fleets."""


@dataclass(slots=True)
class Batch:
    """One request."""

    due_ns: int
    """When it is sent, by the fleet's clock."""
    signal: str
    content_type: str
    body: bytes
    sums: Sums
    is_late: bool = False
    """True where others of its developer are sent before it, though they tell of later things."""


@dataclass
class Session:
    """A process of the client at work."""

    id: str
    first_id: str = ""
    """What its first events and the count of sessions bear: another one where a session was taken up again."""
    sequence: int = 0
    prompt: str = ""
    waiting: list[tuple[str, list[Pair]]] = field(default_factory=list)
    """Events that are due next, the last one first."""
    grown: Counter[tuple[str, tuple[Pair, ...]]] = field(default_factory=Counter)
    """Increases of metrics since they were told, in millionths, by metric and attributes."""
    told: Counter[tuple[str, tuple[Pair, ...]]] = field(default_factory=Counter)
    """Of a client that tells cumulative values: what it told last."""
    start_ns: int = 0


class Developer:
    """One person, from a seed: the same number in the same plan does the same."""

    def __init__(self, number: int, plan: Plan, *, may_send_json: bool = True) -> None:
        self.random = Random(f"{plan.seed}:{plan.run}:{number}")
        self._standard, self._standard_of = b"", ""
        self.plan = plan
        self.pace = self.random.choices(PACES, [pace.share for pace in PACES])[0]
        self.user = f"dev{number:06d}@example.org"
        self.team = f"team-{number % plan.teams:02d}"
        self.encoder = ENCODERS[self.random.random() < plan.json_share and may_send_json]
        self.temporality = CUMULATIVE if self.random.random() < plan.cumulative_share else DELTA
        self.version = self.random.choice(VERSIONS)
        custom: list[Pair] = [("team.id", self.team), ("project", f"project-{number % 40:02d}")]
        machine: list[Pair] = [("host.arch", "amd64"), ("os.type", "linux"), ("os.version", "6.18.44")]
        service: list[Pair] = [("service.name", "claude-code"), ("service.version", self.version)]
        self.resource = self.encoder.pairs([*custom, *machine, *service])
        self.identity = self.encoder.pairs(
            [
                *custom,
                ("user.id", f"{number:064x}"),
                ("user.email", self.user),
                ("user.account_id", f"user_01{number:022x}"),
                ("organization.id", "7d5e1c1e-3a43-4a5b-9d1d-0a5a0c0ffee0"),
            ]
        )
        self.terminal = self.random.choice(("vscode", "iTerm.app", "tmux"))

    def standard(self, session: str) -> bytes:
        """What stands first on everything that a session tells, in the client's order."""
        if session != self._standard_of:
            where: list[Pair] = [("session.id", session), ("terminal.type", self.terminal)]
            self._standard = self.encoder.joined(self.identity, self.encoder.pairs(where))
            self._standard_of = session
        return self._standard

    def day(self) -> Iterator[Batch]:
        """All that is sent in the day, in the order of what it tells of."""
        session: Session | None = None
        for opened, posts in self._sessions():
            session = self._opened(session, opened)
            for at_ns, is_metrics in posts:
                batch = self._metrics(session, at_ns) if is_metrics else self._logs(session, at_ns)
                if batch is not None:
                    if self.random.random() < self.plan.late:
                        batch.due_ns += self.random.randrange(1, 600) * SECOND_NS
                        batch.is_late = True
                    yield batch
            last = self._metrics(session, posts[-1][0] + SECOND_NS)
            if last is not None:
                yield last

    def _sessions(self) -> Iterator[tuple[int, list[tuple[int, bool]]]]:
        """When each session begins, and when it posts: the day is cut evenly, a tenth of each part is a pause."""
        part = int(self.plan.hours * 3_600 * SECOND_NS / self.pace.sessions)
        scale = self.plan.hours / 8 / self.pace.sessions
        for index in range(self.pace.sessions):
            begin = self.plan.start_ns + index * part
            logs = max(int(self.pace.log_posts * scale), 1)
            metrics = max(int(self.pace.metric_posts * scale), 1)
            moments = sorted(
                (begin + int(self.random.random() * part * 0.9), at >= logs) for at in range(logs + metrics)
            )
            yield begin, [(at + order * _APART_NS, is_metrics) for order, (at, is_metrics) in enumerate(moments)]

    def _opened(self, before: Session | None, at_ns: int) -> Session:
        """A new session, or the one before taken up again: its first events have another id, its numbers start anew."""
        fresh = Session(self._id(32), start_ns=at_ns)
        resumed = before is not None and self.random.random() < 0.3
        kind = "resume" if resumed else "fresh"
        for name in START_EVENTS * 3:
            fresh.waiting.append((name, [("safe_mode", "false")]))
        fresh.grown["session.count", (("start_type", kind),)] = 1_000_000
        fresh.first_id = fresh.id
        if resumed and before is not None:
            fresh.id = before.id
        return fresh

    def _logs(self, session: Session, at_ns: int) -> Batch:
        """What happened in the last five seconds."""
        mean = self.pace.records / self.pace.log_posts
        count = max(int(mean), 1) + (self.random.random() < mean % 1) if mean >= 1 else 1
        sums = Sums(posts=1, records=count)
        records = [self._record(session, at_ns - (count - index) * 40_000_000, sums) for index in range(count)]
        body = self.encoder.logs(self.resource, self.version, records)
        return Batch(at_ns, "logs", self.encoder.content_type, body, sums)

    def _record(self, session: Session, at_ns: int, sums: Sums) -> Log:
        at_ns -= at_ns % 1_000_000
        while not session.waiting:
            self._work(session)
        name, own = session.waiting.pop()
        about: list[Pair] = [
            ("event.name", name),
            ("event.timestamp", _iso(at_ns)),
            ("event.sequence", session.sequence),
        ]
        if session.prompt:
            about.append(("prompt.id", session.prompt))
        if name == "api_request":
            self._respond(session, own, sums)
        session.sequence += 1
        sums.events[name] += 1
        standard = self.standard(session.first_id if name in START_EVENTS else session.id)
        attributes = self.encoder.joined(standard, self.encoder.pairs(about), self.encoder.pairs(own))
        return Log(at_ns, name, attributes)

    def _work(self, session: Session) -> None:
        """One request and what follows from it, the last first."""
        random, steps = self.random, list[tuple[str, list[Pair]]]()
        if not session.prompt or random.random() < 0.12:
            session.prompt = self._id(32)
            steps.append(("user_prompt", [("prompt_length", str(random.randrange(900))), ("prompt", "<REDACTED>")]))
        request, model = f"req_01{self._id(22)}", random.choice(MODELS)
        steps.append(("api_request", self._request(request, model)))
        if random.random() < 0.85:
            steps += self._tool_call(session, request, model)
        if random.random() < 0.3:
            said: list[Pair] = [("response_length", random.randrange(4_000)), ("model", model), ("request_id", request)]
            steps.append(("assistant_response", said))
        if random.random() < 0.01:
            failed: list[Pair] = [("model", model), ("status_code", 529), ("attempt", 2), ("duration_ms", 1_200)]
            steps.append(("api_error", failed))
        session.waiting = steps[::-1]

    def _request(self, request: str, model: str) -> list[Pair]:
        random, price = self.random, PRICES[model]
        given, answered, read = random.randrange(400), random.randrange(20, 1_200), random.randrange(60_000)
        short, long = random.randrange(2_000), random.randrange(600)
        micros = (
            given * price + answered * price * 5 + (read * price) // 10 + (short * price * 5) // 4 + long * price * 2
        )
        return [
            ("model", model),
            ("input_tokens", given),
            ("output_tokens", answered),
            ("cache_read_tokens", read),
            ("cache_creation_tokens", short + long),
            ("cache_creation_5m_tokens", short),
            ("cache_creation_1h_tokens", long),
            ("cost_usd", micros / 1e6),
            ("cost_usd_micros", micros),
            ("duration_ms", random.randrange(800, 30_000)),
            ("ttft_ms", random.randrange(300, 3_000)),
            ("request_id", request),
            ("speed", "normal"),
            ("query_source", "repl_main_thread" if random.random() < 0.8 else "agent:builtin:Explore"),
            ("effort", "high"),
        ]

    def _tool_call(self, session: Session, request: str, model: str) -> list[tuple[str, list[Pair]]]:
        random, tool, use = self.random, self.random.choice(TOOLS), f"toolu_01{self._id(22)}"
        call: list[Pair] = [("tool_name", tool), ("tool_use_id", use), ("request_id", request)]
        decision = "accept" if random.random() < 0.95 else "reject"
        steps: list[tuple[str, list[Pair]]] = [
            ("tool_decision", [("decision", decision), ("source", "config"), *call, ("tool_source", "builtin")])
        ]
        hook: list[Pair] = [("hook_event", "PreToolUse"), ("hook_name", f"PreToolUse:{tool}"), ("num_hooks", "1")]
        for _ in range(self.pace.hooks):
            steps.append(("hook_execution_start", hook))
            ended: list[Pair] = [*hook, ("num_success", "1"), ("num_blocking", "0"), ("total_duration_ms", "31")]
            steps.append(("hook_execution_complete", ended))
        is_good = "true" if random.random() < 0.93 else "false"
        sizes: list[Pair] = [("tool_input_size_bytes", "120"), ("tool_result_size_bytes", str(random.randrange(9_000)))]
        took: Pair = ("duration_ms", str(random.randrange(3, 9_000)))
        steps.append(("tool_result", [*call, ("success", is_good), took, *sizes]))
        if tool in {"Edit", "Write"} and decision == "accept":
            self._edited(session, tool, model)
        return steps

    def _edited(self, session: Session, tool: str, model: str) -> None:
        for kind in ("added", "removed"):
            lines = self.random.randrange(30) * 1_000_000
            session.grown["lines_of_code.count", (("type", kind), ("model", model))] += lines
        decided = (("decision", "accept"), ("source", "config"), ("tool_name", tool), ("language", "Python"))
        session.grown["code_edit_tool.decision", decided] += 1_000_000
        if self.random.random() < 0.1:
            session.grown["commit.count", ()] += 1_000_000

    def _respond(self, session: Session, own: list[Pair], sums: Sums) -> None:
        """Count a response where it is told, and let the metrics grow by the same."""
        known = dict(own)
        given, answered, read, short, long, micros = (
            int(known[name])
            for name in (
                "input_tokens",
                "output_tokens",
                "cache_read_tokens",
                "cache_creation_5m_tokens",
                "cache_creation_1h_tokens",
                "cost_usd_micros",
            )
        )
        sums.respond(self.team, (1, given, answered, read, short, long, micros))
        sums.users.add(self.user)
        sums.sessions.add(session.id)
        what: tuple[Pair, ...] = (("model", known["model"]), ("query_source", "main"), ("effort", "high"))
        session.grown["cost.usage", what] += micros
        for kind, count in (
            ("input", given),
            ("output", answered),
            ("cacheRead", read),
            ("cacheCreation", short + long),
        ):
            session.grown["token.usage", (*what, ("type", kind))] += count * 1_000_000
        session.grown["active_time.total", (("type", "cli"),)] += int(known["duration_ms"]) * 1_000

    def _metrics(self, session: Session, at_ns: int) -> Batch | None:
        """What grew since the last time; of a cumulative client every series there is. None where nothing did."""
        at_ns -= at_ns % 1_000_000
        if not session.grown:
            return None
        session.told.update(session.grown)
        values = session.told if self.temporality == CUMULATIVE else session.grown
        start_ns = session.start_ns if self.temporality == CUMULATIVE else at_ns - 60 * SECOND_NS
        points = [self._point(session, key, value, (start_ns, at_ns)) for key, value in values.items()]
        sums = Sums(posts=1, records=len(points))
        for (metric, own), value in session.grown.items():
            sums.points[":".join(filter(None, (metric, str(dict(own).get("type", "")))))] += value
        session.grown = Counter()
        body = self.encoder.metrics(self.resource, self.version, points, self.temporality)
        return Batch(at_ns, "metrics", self.encoder.content_type, body, sums)

    def _point(self, session: Session, key: tuple[str, tuple[Pair, ...]], value: int, span: tuple[int, int]) -> Point:
        metric, own = key
        standard = self.standard(session.first_id if metric == "session.count" else session.id)
        attributes = self.encoder.joined(standard, self.encoder.pairs(own))
        return Point(metric, UNITS.get(metric, ""), *span, value / 1e6, attributes)

    def _id(self, length: int) -> str:
        return f"{self.random.getrandbits(length * 4):0{length}x}"


def _iso(at_ns: int) -> str:
    """An instant as the client writes it, whole ms."""
    second, rest = divmod(at_ns, SECOND_NS)
    return f"{_iso_of(second)}.{rest // 1_000_000:03d}Z"


@lru_cache(1_000)
def _iso_of(second: int) -> str:
    return datetime.fromtimestamp(second, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
