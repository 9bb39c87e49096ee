"""What people and models wrote, in attributes: left out unless the owner of the server asked for it by name.

Source: the client's monitoring documentation, as of 2.1.240, and 2.1.329 as it runs; the conventions of OpenTelemetry
for generative AI.
"""

from __future__ import annotations

CONTENT = frozenset(
    {
        # Events.
        "prompt",
        "prompt_text",
        "response",
        "tool_parameters",
        "tool_input",
        "error",
        "body",
        "body_ref",
        "hook_matcher",
        # What tool_parameters holds, where a sender tells it apart.
        "bash_argv0",
        "bash_command",
        "full_command",
        "command",
        "description",
        "file_path",
        # Spans, in detailed mode.
        "user_prompt",
        "new_context",
        "system_prompt",
        "system_prompt_preview",
        "system_reminders",
        "tools",
        "tool_output",
        "tool_result",
        "hook_definitions",
        "response.model_output",
        "message",
        "input",
        "output",
        "content",
        # OpenTelemetry's conventions.
        "error.message",
        "exception.message",
        "exception.stacktrace",
        "gen_ai.completion",
        "gen_ai.input.messages",
        "gen_ai.output.messages",
        "gen_ai.prompt",
        "gen_ai.system_instructions",
        "gen_ai.tool.call.arguments",
        "gen_ai.tool.call.result",
        "gen_ai.tool.definitions",
        "process.command",
        "process.command_args",
        "process.command_line",
    }
)
"""Attributes that hold text somebody wrote, or may."""
PEOPLE = frozenset(
    {
        "enduser.id",
        "user.email",
        "user.account_uuid",
        "user.account_id",
        "user.id",
        "user.name",
        "host.id",
        "host.name",
        "process.owner",
        "workspace.host_paths",
    }
)
"""Attributes that tell who it is; left out where people stand under pseudonyms."""
