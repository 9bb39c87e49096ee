"""What a team's machines report: telemetry records, and sightings of responses with whose they were.

Both are rows of the team store, as they are: a field is a column. Rows are made once and never changed; the same
thing reported twice is the same row, by its id.
"""

from __future__ import annotations

import msgspec

NOT_TOLD = -1
"""Stands for a number that was not told, where 0 would be one."""
MICRO = 1_000_000
"""Amounts of data points are whole millionths of their unit."""
BY_METRICS = "otlp_metrics"
"""The source of sightings made from metrics alone; they count where nothing else tells of their session."""
BY_EVENTS = "otlp"
"""The source of sightings made from events."""


class Entrance(msgspec.Struct, frozen=True, gc=False):
    """What the token of a sender tells of what it sends."""

    tenant: str
    team: str = ""
    """Whose token it is, where neither the data nor the mapping names a team."""


class Party(msgspec.Struct, frozen=True, gc=False):
    """Whose it is, and who pays; every field but the tenant may be empty."""

    tenant: str
    """The organisation whose data it is; no question ever crosses tenants."""
    user_id: str = ""
    """A person's stable name: e-mail address, else the vendor's or the installation's id, else a pseudonym."""
    team: str = ""
    project: str = ""
    cost_center: str = ""
    customer: str = ""


class Row(msgspec.Struct, gc=False):
    """What every row of a team store begins with."""

    tenant: str
    day: str
    """The UTC day of `happened_at`, as 2026-11-22."""
    quarter: int
    """The start of the quarter hour of `happened_at`, µs UTC."""
    happened_at: int
    """When it happened, µs UTC; when it was received, where the sender's clock cannot be true."""
    id: str
    """128 bits of hash in hex: what is sent again has the same one."""


class TelemetryRecord(Row, gc=False):
    """One log record, data point or span. Instants are µs UTC, durations ms, texts empty where not told."""

    kind: str
    """`event`, `point` or `span`."""
    name: str
    """Without the prefix `claude_code.`: `api_request`, `lines_of_code.count`."""
    received_at: int
    user_id: str = ""
    team: str = ""
    project: str = ""
    cost_center: str = ""
    customer: str = ""
    session_id: str = ""
    detail: str = ""
    """What of: the tool, the hook's event, the status code, the metric's `type`; see sources/otlp/README.md."""
    outcome: str = ""
    """How it ended: `success`, `failure`, `accept`, `reject`, …"""
    extra: str = ""
    """A third thing: the language of an edit, who decided, the effort of a request."""
    amount: int = 0
    """Millionths: the increase of a data point; of an event what it counts beside itself."""
    duration_ms: int = NOT_TOLD
    ttft_ms: int = NOT_TOLD
    """Time to the first token."""
    duration_bucket: int = NOT_TOLD
    """Where the duration belongs in a histogram; see tokentide.model.latency."""
    ttft_bucket: int = NOT_TOLD
    model: str = ""
    query_source: str = ""
    version: str = ""
    """The client's version."""
    terminal: str = ""
    entrypoint: str = ""
    prompt_id: str = ""
    agent_id: str = ""
    request_id: str = ""
    tool_use_id: str = ""
    sequence: int = NOT_TOLD
    series: str = ""
    """Of a cumulative point: hash of its stream, with its start time."""
    reading: int = 0
    """Of a cumulative point: the value itself, millionths."""
    is_skewed: bool = False
    """True where the sender's clock was not believed."""
    attributes: str = ""
    """All other attributes that may be kept, a JSON object; empty for none."""


class Sighting(Row, gc=False):
    """One sighting of a response: sightings of the same key are one response, merged when they are read.

    `id` is made of everything that was seen.
    """

    key: str
    """Which response: `request:<id>`, else the identity of the usage record, with its pass on another model."""
    seniority: int
    """Orders sightings of a response: where the first was, the response was spent."""
    source: str
    """`otlp`, `otlp_metrics`, or the source of the usage record that a machine pushed."""
    user_id: str = ""
    team: str = ""
    project: str = ""
    cost_center: str = ""
    customer: str = ""
    account: str = ""
    session_id: str = ""
    branch: str = ""
    agent: str = ""
    """The kind of sub-agent; empty on the main chain."""
    is_sidechain: bool = False
    version: str = ""
    model: str = ""
    speed: str = ""
    """`fast`, or empty."""
    query_source: str = ""
    effort: str = ""
    skill: str = ""
    plugin: str = ""
    mcp_server: str = ""
    mcp_tool: str = ""
    prompt_id: str = ""
    responses: int = 1
    """0 for what metrics tell, which know no responses."""
    input_tokens: int = 0
    output_tokens: int = 0
    cache_creation_5m_tokens: int = 0
    cache_creation_1h_tokens: int = 0
    cache_read_tokens: int = 0
    web_search_requests: int = 0
    output_is_final: bool = True
    """False where the output count is a lower bound."""
    reported_cost: int = NOT_TOLD
    """Cost that the client told, nano-USD."""
    list_cost: int = NOT_TOLD
    """Cost at list price at that instant, nano-USD."""
