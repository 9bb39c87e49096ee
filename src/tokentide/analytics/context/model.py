"""What is said of a session's context: its parts, which add up to the total, its growth, its cache."""

from __future__ import annotations

from dataclasses import dataclass

SYSTEM, MCP, MEMORY, SKILLS, AGENTS, SUMMARY, PROMPTS, ANSWERS, THINKING, CALLS, RESULTS, ATTACHMENTS, UNSEEN = (
    KINDS
) = (
    "system",
    "mcp",
    "memory",
    "skills",
    "agents",
    "summary",
    "prompts",
    "answers",
    "thinking",
    "tool_calls",
    "tool_results",
    "attachments",
    "unseen",
)
"""Kinds of parts, in the order they are shown. `unseen`: what no line of the transcript explains."""
FIXED = (SYSTEM, MCP, MEMORY, SKILLS, AGENTS)
"""What a compaction leaves as it is."""

TOLD, MARKED, SENT, LISTED, ASSUMED = "status_line", "model_mark", "sent", "price_data", "assumed"
"""Where the size of a window is from: the client's status line; the `[1m]` of the model's name; more was sent than the
usual window holds; the price data and the client's rule; nobody knows."""

PAUSE, MODEL, COMPACTED, TOOLS, EFFORT, CONVERSATION, UNKNOWN = (
    "pause",
    "model",
    "compaction",
    "tools",
    "effort",
    "conversation",
    "unknown",
)
"""Why a cache was built anew: it had gone cold; the model changed; a compaction or a step back in the conversation; the
beginning of the prompt differs; the effort changed; the beginning was still cached, but no message was, as when the
client edits what was said; nothing tells."""


@dataclass(slots=True)
class Item:
    """One thing in the context. Mutable while the context is walked through."""

    kind: str
    name: str
    """Of the tool, server, file, skill or kind of attachment; as the data has it."""
    target: str = ""
    """What a tool worked on: a file or a program."""
    at: int = 0
    """µs UTC; 0 for what was there from the start."""
    entered: int = 0
    """Number of the request that it was first sent with, from 0; one after the last: not sent yet."""
    tokens: int = 0
    is_measured: bool = False
    """True where the prompt grew by it alone, so that its size is known."""


@dataclass(frozen=True, slots=True)
class Part:
    """All items of a kind, or of one name within it."""

    kind: str
    name: str
    """Empty for a whole kind."""
    tokens: int
    measured_tokens: int
    """Of these, known to the token."""
    items: int
    carried_tokens: int
    """Tokens times the requests that sent them again."""
    carry_cost: int | None
    """What sending them again has cost as cache reads at list price, nano-USD; None without a price."""
    parts: tuple[Part, ...] = ()
    """By name, largest first."""


@dataclass(frozen=True, slots=True)
class Big:
    """One of the largest single items."""

    item: Item
    carried: int
    """Requests that sent it again."""
    carry_cost: int | None


@dataclass(frozen=True, slots=True)
class Window:
    """How much fits."""

    tokens: int
    source: str
    """TOLD, MARKED, SENT, LISTED or ASSUMED."""
    reserve_tokens: int
    """Kept free: at this distance from the end the client compacts by itself."""
    compacts_itself: bool = True


@dataclass(frozen=True, slots=True)
class Growth:
    """One request on the time line."""

    at: int
    prompt_tokens: int
    compacted: str = ""
    """The trigger of a compaction right before it; empty if there was none."""


@dataclass(frozen=True, slots=True)
class Rebuild:
    """A request that wrote again what had been cached."""

    at: int
    request: int
    cause: str
    lost_tokens: int
    cost: int | None
    """What writing cost more than reading would have, nano-USD; None without a price."""
    pause: int
    """µs since the request before."""


@dataclass(frozen=True, slots=True)
class Cache:
    """How the prompt cache stands."""

    lifetime: int
    """Of the last writes, µs; 0 where nothing was ever cached."""
    warm_until: int
    """µs UTC; 0 where nothing was ever cached."""
    hit_share: float
    """Of all prompt tokens of the session, read from the cache."""
    cold_cost: int | None
    """What the next request costs more once the cache is cold, nano-USD."""
    rebuilds: tuple[Rebuild, ...]


@dataclass(frozen=True, slots=True)
class AgentContext:
    """The context of a sub-agent when it last answered."""

    chain: str
    kind: str
    """As the call named it; empty if none tells."""
    model: str
    at: int
    requests: int
    tokens: int


@dataclass(frozen=True, slots=True)
class Said:
    """What the client's own status line last said of the session."""

    at: int
    tokens: int | None
    """Of the last request's prompt; its output is not in it. None where the transcript tells something newer."""
    window_tokens: int | None


@dataclass(frozen=True, slots=True)
class Context:
    """The context of a session."""

    session_id: str
    title: str
    project: str
    model: str
    at: int
    """Of the last response, µs UTC; 0 without any."""
    is_from_transcript: bool
    """False where the transcript is gone: then the ledger knows the total, and no parts."""
    total_tokens: int
    """What the next request will send of what is there now."""
    prompt_tokens: int
    """Of the last request: what the client calls the context."""
    output_tokens: int
    pending_tokens: int
    """Estimated, of what was added since the last response."""
    is_compacted: bool
    """True where a compaction came after the last response: then `pending_tokens` has the summary."""
    window: Window
    parts: tuple[Part, ...]
    biggest: tuple[Big, ...]
    growth: tuple[Growth, ...]
    cache: Cache
    agents: tuple[AgentContext, ...]
    read_cost: int | None
    """Of sending all of it once more from the cache, nano-USD."""
    write_cost: int | None
    """Of writing all of it into the cache anew, nano-USD."""
    said: Said | None = None

    @property
    def requests(self) -> int:
        """Of the main chain."""
        return len(self.growth)

    @property
    def free_tokens(self) -> int:
        """Up to the reserve."""
        return max(self.window.tokens - self.window.reserve_tokens - self.total_tokens, 0)

    @property
    def fixed_tokens(self) -> int:
        """What a compaction leaves."""
        return sum(part.tokens for part in self.parts if part.kind in FIXED)

    def part(self, kind: str) -> Part | None:
        """The part of a kind, if there is any of it."""
        return next((part for part in self.parts if part.kind == kind), None)
