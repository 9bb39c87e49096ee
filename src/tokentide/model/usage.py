"""Usage records: one model response with its token counts, and the place it was spent in.

The structs are msgspec's: they are frozen like a dataclass, ten times faster to make and to send between processes.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

Instant = Annotated[int, msgspec.Meta(ge=0, le=253_339_228_800_000_000)]
"""µs UTC from 1970 up to 9998: whatever the zone, its day has a date."""
ITERATION_MARK = "#"
"""Stands in an identity between the response and the number of its pass on another model."""


class Place(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Where usage is spent: the session and what surrounded the response."""

    source: str
    """Which reader found it: `claude_code`, `claude_desktop`, …"""
    account: str
    """The account of the root it was found in: an e-mail address, or the root's folder."""
    session_id: str
    """The agent's own id of the conversation; sub-agents carry their parent's."""
    opened_at: int
    """Instant of the first timestamped line of the file, µs UTC: tells an original session from its copies."""
    project: str
    """The folder worked in, rolled up to its repository; empty if unknown."""
    branch: str = ""
    """The git branch; empty if none or detached."""
    agent_id: str = ""
    """The sub-agent's id; empty on the main chain and for inline side chains without an id."""
    is_sidechain: bool = False
    """True for a sub-agent's response."""
    version: str = ""
    """The client's version."""


class UsageRecord(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One response. Counts are tokens; `total_tokens` is the sum of the five."""

    identity: str
    """The message id; `request:<id>` without one; `anonymous:…` without either."""
    request_id: str
    """The request id; empty if none."""
    at: Instant
    """Instant of the response, µs UTC."""
    place: int
    """Index into the batch's places."""
    model: str
    """The model's id as the log has it; empty if none."""
    input_tokens: int = 0
    output_tokens: int = 0
    cache_creation_5m_tokens: int = 0
    cache_creation_1h_tokens: int = 0
    cache_read_tokens: int = 0
    web_search_requests: int = 0
    speed: str = ""
    """`fast`, `standard`, or empty."""
    service_tier: str = ""
    """`standard`, `batch`, `priority`, or empty."""
    inference_geo: str = ""
    """Where the vendor promised to compute: `us`, `global`, or empty."""
    output_is_final: bool = True
    """False where every sighting was a stream placeholder: the output count is a lower bound."""
    reported_cost: int = -1
    """Cost that the client wrote itself, nano-USD; -1 if none."""
    aliases: tuple[str, ...] = ()
    """Further ids of the same response, message ids and `request:<id>`; nearly always empty."""

    @property
    def written_tokens(self) -> int:
        """Tokens written to the cache, of both lifetimes; a copy that does not tell them apart has all under 5m."""
        return self.cache_creation_5m_tokens + self.cache_creation_1h_tokens

    @property
    def prompt_tokens(self) -> int:
        """All that was sent: what the context held."""
        return self.input_tokens + self.written_tokens + self.cache_read_tokens
