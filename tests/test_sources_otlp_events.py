"""The table of events: every known one, and the columns that it fills from what it tells."""

from __future__ import annotations

import pytest

from tests.otlp_bodies import Scalar, event, logs, read_both
from tokentide.model.telemetry import MICRO, NOT_TOLD
from tokentide.sources.otlp.events import EVENTS

CASES: list[tuple[str, dict[str, Scalar], dict[str, object]]] = [
    ("api_request", {"query_source": "sdk", "effort": "high", "duration_ms": 5, "ttft_ms": 2}, {"detail": "sdk", "outcome": "ok", "extra": "high", "duration_ms": 5, "ttft_ms": 2, "ttft_bucket": 16}),
    ("api_error", {"status_code": 529, "error": 'overloaded: {"type":"overloaded_error"} my secret', "attempt": 11}, {"detail": "529", "outcome": "overloaded_error", "extra": "11"}),
    ("api_error", {"status_code": "429", "error": "x"}, {"detail": "429", "outcome": "rate_limit_error"}),
    ("api_error", {"error": "connect ECONNREFUSED 10.0.0.1:443"}, {"detail": "network", "outcome": "connection"}),
    ("api_error", {}, {"detail": "network", "outcome": "network"}),
    ("api_retries_exhausted", {"status_code": 500, "total_attempts": 11, "total_retry_duration_ms": "900"}, {"detail": "500", "amount": 11 * MICRO, "duration_ms": 900}),
    ("api_refusal", {"category": "cyber", "server_fallback_hop": True}, {"detail": "cyber", "outcome": "fallback"}),
    ("api_refusal", {}, {"detail": "", "outcome": "refused"}),
    ("tool_result", {"tool_name": "Bash", "success": "true", "duration_ms": "18", "tool_result_size_bytes": "2"}, {"detail": "Bash", "outcome": "success", "duration_ms": 18, "amount": 2 * MICRO}),
    ("tool_result", {"tool_name": "Bash", "success": False, "error_type": "ShellError"}, {"outcome": "failure", "extra": "ShellError", "duration_ms": NOT_TOLD}),
    ("tool_decision", {"tool_name": "Edit", "decision": "reject", "source": "user_reject"}, {"detail": "Edit", "outcome": "reject", "extra": "user_reject"}),
    ("user_prompt", {"prompt_length": "9", "command_name": "clear", "command_source": "builtin", "prompt": "my secret"}, {"detail": "clear", "outcome": "builtin", "amount": 9 * MICRO}),
    ("assistant_response", {"query_source": "sdk", "response_length": 40, "response": "my secret"}, {"detail": "sdk", "amount": 40 * MICRO}),
    ("compaction", {"trigger": "auto", "success": "true", "pre_tokens": 900, "post_tokens": "100"}, {"detail": "auto", "outcome": "success", "amount": 800 * MICRO}),
    ("hook_execution_complete", {"hook_name": "PreToolUse:Bash", "hook_event": "PreToolUse", "num_hooks": "2", "num_blocking": "1", "total_duration_ms": "7"}, {"detail": "PreToolUse:Bash", "outcome": "blocked", "extra": "PreToolUse", "amount": 2 * MICRO, "duration_ms": 7}),
    ("hook_execution_complete", {"hook_event": "Stop", "num_blocking": "0", "num_non_blocking_error": "3"}, {"detail": "Stop", "outcome": "error"}),
    ("hook_execution_complete", {"hook_event": "Stop", "num_cancelled": 1}, {"outcome": "cancelled"}),
    ("hook_execution_complete", {"hook_event": "Stop", "num_success": "1"}, {"outcome": "ok"}),
    ("hook_execution_start", {"hook_event": "Stop", "hook_type": "command"}, {"detail": "Stop", "extra": "command"}),
    ("hook_registered", {"hook_event": "Stop", "hook_type": "command", "hook_matcher": "my secret"}, {"detail": "Stop", "extra": "command"}),
    ("hook_plugin_metrics", {"plugin_id": "p", "hook_event": "Stop"}, {"detail": "p", "extra": "Stop"}),
    ("skill_activated", {"skill.name": "pdf", "invocation_trigger": "user-slash", "skill.source": "bundled"}, {"detail": "pdf", "outcome": "user-slash", "extra": "bundled"}),
    ("plugin_loaded", {"plugin.name": "p", "plugin.scope": "user", "enabled_via": "settings"}, {"detail": "p", "outcome": "user", "extra": "settings"}),
    ("plugin_installed", {"plugin.name": "p", "install.trigger": "cli"}, {"detail": "p", "outcome": "cli"}),
    ("at_mention", {"mention_type": "file", "success": "false"}, {"detail": "file", "outcome": "failure"}),
    ("subagent_completed", {"agent_type": "Explore", "model_swapped": True, "total_tool_uses": 4, "duration_ms": 3}, {"detail": "Explore", "outcome": "swapped", "amount": 4 * MICRO, "duration_ms": 3}),
    ("subagent_completed", {"agent_type": "Explore", "model_swapped": False}, {"outcome": ""}),
    ("permission_mode_changed", {"to_mode": "plan", "from_mode": "default", "trigger": "key"}, {"detail": "plan", "outcome": "key", "extra": "default"}),
    ("auth", {"action": "login", "success": True, "auth_method": "oauth"}, {"detail": "login", "outcome": "success", "extra": "oauth"}),
    ("mcp_server_connection", {"status": "connected", "transport_type": "stdio", "duration_ms": 12}, {"detail": "", "outcome": "connected", "extra": "stdio", "duration_ms": 12}),
    ("internal_error", {"error_name": "TypeError", "error_code": "E1"}, {"detail": "TypeError", "extra": "E1"}),
    ("feedback_survey", {"survey_type": "session", "response": "good"}, {"detail": "session", "outcome": "good"}),
    ("retention_sweep", {"result": "done", "transcripts_deleted": "12"}, {"outcome": "done", "amount": 12 * MICRO}),
    ("managed_settings_resolved", {"managed_settings.trigger": "startup"}, {"detail": "startup"}),
    ("api_request_body", {"body": "my secret", "body_length": "9"}, {"detail": "", "attributes": '{"service.name":"claude-code","body_length":"9"}'}),
    ("api_response_body", {"body_ref": "my secret"}, {"detail": ""}),
    ("brand_new", {"anything": 5, "tool_name": "Bash"}, {"detail": "", "outcome": "", "attributes": '{"service.name":"claude-code","anything":5,"tool_name":"Bash"}'}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "told", "columns"), CASES)
def test_every_known_event_fills_its_columns(name: str, told: dict[str, Scalar], columns: dict[str, object]) -> None:
    (record,) = read_both("logs", logs([event(name, told)])).records
    assert {column: getattr(record, column) for column in columns} == columns
    assert (record.kind, record.name, record.session_id, record.terminal) == ("event", name, "s1", "tmux")
    assert "my secret" not in str(record)


def test_the_cases_are_all_events_that_are_known() -> None:
    assert {name for name, _, _ in CASES} - {"brand_new"} == set(EVENTS)
    assert len(EVENTS) == 27
