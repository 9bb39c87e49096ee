"""The known events and metrics of Claude Code: which of their attributes fill the columns of a telemetry record.

Data, not code: an event that is not here is kept with its attributes, and these columns are empty.
Source: the client's monitoring documentation as of 2.1.240, 2.1.197 and 2.1.329 as they run.
"""

from __future__ import annotations

from dataclasses import dataclass

from tokentide.model.telemetry import MICRO
from tokentide.sources.otlp.api_errors import error_class, status_of
from tokentide.sources.otlp.texts import MOST_NAME, is_true, name_of, whole
from tokentide.sources.otlp.wire import Attributes


@dataclass(frozen=True, slots=True)
class Named:
    """The first of these attributes that is told, else a word."""

    keys: tuple[str, ...] = ()
    otherwise: str = ""

    def of(self, attributes: Attributes) -> str:
        """What it is in these attributes."""
        for key in self.keys:
            name = name_of(attributes.get(key))
            if name:
                return name[:MOST_NAME]
        return self.otherwise


@dataclass(frozen=True, slots=True)
class Whether:
    """One word where a flag is set, another where it is not; empty where it is not told and `untold` is not given."""

    key: str
    yes: str
    no: str
    untold: str = ""

    @property
    def keys(self) -> tuple[str, ...]:
        """The attribute, as others tell theirs."""
        return (self.key,)

    def of(self, attributes: Attributes) -> str:
        """What it is in these attributes."""
        value = attributes.get(self.key)
        if value is None:
            return self.untold
        return self.yes if is_true(value) else self.no


@dataclass(frozen=True, slots=True)
class Counted:
    """The word of the first count that is above 0, else another word."""

    words: tuple[tuple[str, str], ...]
    otherwise: str

    @property
    def keys(self) -> tuple[str, ...]:
        """The counts."""
        return tuple(key for key, _ in self.words)

    def of(self, attributes: Attributes) -> str:
        """What it is in these attributes."""
        return next((word for key, word in self.words if whole(attributes.get(key)) > 0), self.otherwise)


@dataclass(frozen=True, slots=True)
class StatusCode:
    """The HTTP status of a failed request; `network` where there was no answer."""

    keys: tuple[str, ...] = ("status_code",)

    def of(self, attributes: Attributes) -> str:
        """What it is in these attributes."""
        return status_of(attributes)


@dataclass(frozen=True, slots=True)
class ErrorClass:
    """The vendor's name of an error's kind, never its text."""

    keys: tuple[str, ...] = ()

    def of(self, attributes: Attributes) -> str:
        """What it is in these attributes."""
        return error_class(attributes)


Pick = Named | Whether | Counted | StatusCode | ErrorClass
_NOTHING = Named()
_SUCCESS = Whether("success", "success", "failure")


@dataclass(frozen=True, slots=True)
class Shape:
    """Where an event's columns come from."""

    detail: Pick = _NOTHING
    outcome: Pick = _NOTHING
    extra: Pick = _NOTHING
    amount: str = ""
    less: str = ""
    """An attribute that is taken off the amount."""
    duration: str = "duration_ms"

    @property
    def keys(self) -> frozenset[str]:
        """The attributes that have a column."""
        picked = (*self.detail.keys, *self.outcome.keys, *self.extra.keys)
        return frozenset((*picked, self.amount, self.less, self.duration)) - {""}

    def amount_of(self, attributes: Attributes) -> int:
        """Millionths; 0 where nothing is told."""
        if not self.amount:
            return 0
        told = max(whole(attributes.get(self.amount)), 0)
        return (told - max(whole(attributes.get(self.less)), 0) if self.less else told) * MICRO


def _named(*keys: str, otherwise: str = "") -> Named:
    return Named(keys, otherwise)


_HOOK = Shape(detail=_named("hook_event"), extra=_named("hook_type"))
EVENTS: dict[str, Shape] = {
    "api_request": Shape(_named("query_source"), _named(otherwise="ok"), _named("effort")),
    "api_error": Shape(StatusCode(), ErrorClass(), _named("attempt")),
    "api_retries_exhausted": Shape(StatusCode(), amount="total_attempts", duration="total_retry_duration_ms"),
    "api_refusal": Shape(
        _named("category"), Whether("server_fallback_hop", yes="fallback", no="refused", untold="refused")
    ),
    "api_request_body": Shape(),
    "api_response_body": Shape(),
    "tool_result": Shape(_named("tool_name"), _SUCCESS, _named("error_type"), amount="tool_result_size_bytes"),
    "tool_decision": Shape(_named("tool_name"), _named("decision"), _named("source")),
    "user_prompt": Shape(_named("command_name"), _named("command_source"), amount="prompt_length"),
    "assistant_response": Shape(_named("query_source"), amount="response_length"),
    "compaction": Shape(_named("trigger"), _SUCCESS, amount="pre_tokens", less="post_tokens"),
    "hook_execution_complete": Shape(
        _named("hook_name", "hook_event"),
        Counted(
            (("num_blocking", "blocked"), ("num_non_blocking_error", "error"), ("num_cancelled", "cancelled")),
            otherwise="ok",
        ),
        _named("hook_event"),
        amount="num_hooks",
        duration="total_duration_ms",
    ),
    "hook_execution_start": _HOOK,
    "hook_registered": _HOOK,
    "hook_plugin_metrics": Shape(_named("plugin_id"), extra=_named("hook_event")),
    "skill_activated": Shape(_named("skill.name"), _named("invocation_trigger"), _named("skill.source")),
    "plugin_loaded": Shape(_named("plugin.name"), _named("plugin.scope"), _named("enabled_via")),
    "plugin_installed": Shape(_named("plugin.name"), _named("install.trigger"), _named("enabled_via")),
    "at_mention": Shape(_named("mention_type"), _SUCCESS),
    "subagent_completed": Shape(
        _named("agent_type"), Whether("model_swapped", yes="swapped", no=""), amount="total_tool_uses"
    ),
    "permission_mode_changed": Shape(_named("to_mode"), _named("trigger"), _named("from_mode")),
    "auth": Shape(_named("action"), _SUCCESS, _named("auth_method")),
    "mcp_server_connection": Shape(_named("server_name"), _named("status"), _named("transport_type")),
    "internal_error": Shape(_named("error_name"), extra=_named("error_code")),
    "feedback_survey": Shape(_named("survey_type"), _named("response")),
    "retention_sweep": Shape(outcome=_named("result"), amount="transcripts_deleted"),
    "managed_settings_resolved": Shape(_named("managed_settings.trigger")),
}
"""By name without the prefix."""
METRICS: dict[str, Shape] = {
    "session.count": Shape(_named("start_type")),
    "lines_of_code.count": Shape(_named("type")),
    "pull_request.count": Shape(),
    "commit.count": Shape(),
    "cost.usage": Shape(_named("query_source"), extra=_named("effort")),
    "token.usage": Shape(_named("type"), extra=_named("query_source")),
    "code_edit_tool.decision": Shape(_named("tool_name"), _named("decision"), _named("language")),
    "active_time.total": Shape(_named("type")),
}
"""By name without the prefix; the amounts are the points' own."""
SPAN = Shape(_named("tool_name", "hook_event", "query_source", "query_source_safe"), _SUCCESS)
"""Of every span."""
UNKNOWN = Shape()
"""Of what is not known."""
ITEM_KEYS = frozenset(
    {
        "agent_id",
        "event.name",
        "event.sequence",
        "event.timestamp",
        "model",
        "prompt.id",
        "query_source",
        "request_id",
        "tool_use_id",
        "ttft_ms",
    }
)
"""Attributes that have a column whatever the event is."""
USAGE_KEYS = frozenset(
    {
        "agent.name",
        "cache_creation_1h_tokens",
        "cache_creation_5m_tokens",
        "cache_creation_tokens",
        "cache_read_tokens",
        "cost_usd",
        "cost_usd_micros",
        "input_tokens",
        "mcp_server.name",
        "mcp_tool.name",
        "output_tokens",
        "plugin.name",
        "skill.name",
        "speed",
    }
)
"""Attributes of an `api_request` that have a column in its sighting."""
COLUMN_KEYS = frozenset(
    {
        *ITEM_KEYS,
        *USAGE_KEYS,
        *(key for shape in (*EVENTS.values(), *METRICS.values(), SPAN) for key in shape.keys),
        "error",
    }
)
"""All attributes that fill a column of any event."""
