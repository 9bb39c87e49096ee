"""A session's timeline as JSON, format 1."""

from __future__ import annotations

from collections.abc import Sequence

from tokentide.analytics.timeline_model import AgentWork, Pause, Step, Timeline, ToolUse, Turn, Work
from tokentide.clock import SECOND_US
from tokentide.model.activity import API_ERROR, COMPACTION, Mark
from tokentide.render.json_text import Json, dumps
from tokentide.render.report_json import head_json, instant, sums_json


def timeline_json(timeline: Timeline, turns: Sequence[Turn], *, timezone: str, now: int) -> str:
    """The session with these of its turns; `totals` are of the whole."""
    facts = timeline.facts
    return dumps(
        {
            **head_json("session_timeline", now, timezone),
            "session_id": timeline.session_id,
            "title": facts.title or None,
            "project": facts.project,
            "branch": facts.branch,
            "models": list(timeline.models),
            "mode": timeline.mode.value,
            "began_at": instant(timeline.began_at),
            "ended_at": instant(timeline.ended_at),
            "duration_seconds": timeline.duration // SECOND_US,
            "active_seconds": timeline.active // SECOND_US,
            "pauses": [_pause(pause) for pause in timeline.pauses],
            "context_tokens": list(timeline.context),
            "sub_agents": timeline.agents,
            "copied_prompts": timeline.copied_prompts,
            "has_details": timeline.is_told,
            "has_transcript": timeline.has_transcript,
            "turns": [_turn(turn) for turn in turns],
            "totals": sums_json(timeline.sums),
        }
    )


def _turn(turn: Turn) -> dict[str, Json]:
    """A prompt with what came of it; `prompt_*` are null before the first."""
    prompt = turn.prompt
    return {
        "number": turn.number,
        "at": instant(turn.at),
        "ended_at": instant(turn.ended_at),
        "prompt_id": prompt.key if prompt else None,
        "prompt_bytes": prompt.amount if prompt else None,
        "command": (prompt.name if prompt else "") or None,
        "waited_seconds": turn.waited // SECOND_US,
        **sums_json(turn.sums),
        "steps": [_step(step) for step in turn.steps],
    }


def _step(step: Step) -> dict[str, Json]:
    """`kind` tells what it is."""
    if isinstance(step, Work):
        return {
            "kind": "responses",
            "at": instant(step.at),
            "ended_at": instant(step.ended_at),
            **sums_json(step.sums),
            "context_tokens": step.context_tokens,
            "tools": [_tool(use) for use in step.tools],
        }
    if isinstance(step, AgentWork):
        return {
            "kind": "sub_agent",
            "agent_id": step.agent_id,
            "agent": step.kind or None,
            "agents": step.agents,
            "at": instant(step.at),
            "ended_at": instant(step.ended_at),
            **sums_json(step.sums),
            "steps": [_step(below) for below in step.steps],
        }
    return {"kind": "pause", **_pause(step)} if isinstance(step, Pause) else _mark(step)


def _tool(use: ToolUse) -> dict[str, Json]:
    return {
        "tool": use.tool,
        "calls": use.calls,
        "failed_calls": use.failed,
        "denied_calls": use.denied,
        "result_bytes": use.result_bytes,
        "targets": list(use.targets),
    }


def _pause(pause: Pause) -> dict[str, Json]:
    return {"at": instant(pause.at), "seconds": pause.length // SECOND_US}


def _mark(mark: Mark) -> dict[str, Json]:
    found: dict[str, Json] = {"kind": mark.kind, "at": instant(mark.at)}
    if mark.kind == COMPACTION:
        found |= {
            "trigger": mark.name or None,
            "tokens_before": mark.amount or None,
            "tokens_after": mark.after or None,
        }
    elif mark.kind == API_ERROR:
        found["status"] = mark.amount or None
    return found
