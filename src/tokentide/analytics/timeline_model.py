"""What a session's timeline is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tokentide.clock import MINUTE_US
from tokentide.model.activity import Mark
from tokentide.store.query import CostMode, SessionFacts, Sums

PAUSE_US = 5 * MINUTE_US
"""So long a cache lives that is not asked to live longer; a longer silence is a pause."""


@dataclass(frozen=True, slots=True)
class Told:
    """What only the transcripts of a session tell; empty where they are gone."""

    is_there: bool = False
    targets: Mapping[str, str] = field(default_factory=dict)
    """What a tool worked on, a file or a program, by the run's id."""
    started: Mapping[str, str] = field(default_factory=dict)
    """The run that started a sub-agent, by the agent's id."""


@dataclass(frozen=True, slots=True)
class ToolUse:
    """Calls of one tool in a row."""

    tool: str
    calls: int
    failed: int
    denied: int
    result_bytes: int
    targets: tuple[str, ...] = ()
    """What they worked on, each once, in the order of time; empty where no transcript tells."""


@dataclass(frozen=True, slots=True)
class Work:
    """Responses in a row, with the tools that they called."""

    at: int
    """µs UTC."""
    ended_at: int
    """Of the last response, or of the last of its tools that ended."""
    sums: Sums
    tools: tuple[ToolUse, ...]
    context_tokens: int
    """What the last response was sent."""


@dataclass(frozen=True, slots=True)
class AgentWork:
    """A sub-agent, with everything below it."""

    agent_id: str
    kind: str
    """Empty where no file tells."""
    at: int
    ended_at: int
    sums: Sums
    """With those of the agents that it started."""
    steps: tuple[Step, ...]
    agents: int = 1
    """How many it is: old clients do not tell those apart that ran at the same time."""


@dataclass(frozen=True, slots=True)
class Pause:
    """A stretch longer than PAUSE_US in which nothing was written and no tool ran."""

    at: int
    length: int


Step = Work | AgentWork | Pause | Mark
"""What happens in a turn. A mark is a compaction, an error, an interruption, a pull request."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A prompt and what came of it."""

    number: int
    """From 1; 0 for what came before the first prompt."""
    prompt: Mark | None
    at: int
    ended_at: int
    waited: int
    """How long nothing happened before it, µs; 0 where that was no pause."""
    sums: Sums
    """With those of the agents that it started."""
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    """A session; the turns add up to its totals."""

    session_id: str
    facts: SessionFacts
    models: tuple[str, ...]
    """The dearest first."""
    sums: Sums
    turns: tuple[Turn, ...]
    began_at: int
    """The first thing that happened, µs UTC."""
    ended_at: int
    """The last."""
    context: tuple[int, ...]
    """What each response of the main chain was sent, in tokens."""
    pauses: tuple[Pause, ...]
    agents: int
    copied_prompts: int
    """Prompts that came with the conversation which this one goes on with; what they cost is counted there."""
    is_told: bool
    """False where the ledger knows nothing but usage: the transcript was gone before more was read."""
    has_transcript: bool
    mode: CostMode

    @property
    def duration(self) -> int:
        """From the first thing to the last, µs."""
        return self.ended_at - self.began_at

    @property
    def active(self) -> int:
        """The same without pauses."""
        return self.duration - sum(pause.length for pause in self.pauses)

    @property
    def cache_share(self) -> float:
        """How much of what was sent was read from the cache, 0 to 1."""
        sent = self.sums.total_tokens - self.sums.output_tokens
        return self.sums.cache_read_tokens / sent if sent else 0.0
