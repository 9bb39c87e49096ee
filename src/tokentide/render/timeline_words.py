"""What happened in a session, in plain words: for every surface."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from msgspec.structs import replace

from tokentide.analytics.payees import UNNAMED_TOOL
from tokentide.analytics.timeline_model import AgentWork, Pause, Step, Timeline, ToolUse, Turn, Work
from tokentide.clock import MINUTE_US
from tokentide.model.activity import (
    API_ERROR,
    COMPACTION,
    INTERRUPTION,
    MICROCOMPACTION,
    PULL_REQUEST,
    REFUSAL,
    Mark,
    mcp_parts,
)
from tokentide.render import words

SEARCHES = ("Grep", "Glob", "WebFetch", "WebSearch")
"""Tools that work on patterns and addresses, which have no last part."""
MOST_TARGETS = 3
"""Files or programs that are named of one tool's calls, unless all are asked for."""
AGENT = "sub-agent"
"""What a sub-agent is called whose kind no file tells."""
_MARKS = {
    API_ERROR: "API error",
    REFUSAL: "refused; another model took over",
    INTERRUPTION: "interrupted by the person",
    PULL_REQUEST: "pull request",
    MICROCOMPACTION: "old tool results were cleared",
}


def prompt_count(timeline: Timeline) -> int:
    """How many prompts there were."""
    return sum(turn.prompt is not None for turn in timeline.turns)


def prompt_words(turn: Turn, timeline: Timeline, *, with_number: bool = True) -> str:
    """Which prompt, its command and its size; never what it says."""
    if turn.prompt is None:
        return "before the first prompt" if timeline.is_told else "prompts not known"
    name = words.clean(turn.prompt.name)
    number = f"prompt {turn.number}  " if with_number else ""
    return f"{number}{f'{name}  ' if name else ''}{words.size(turn.prompt.amount)}"


def timeline_notes(timeline: Timeline) -> Iterator[str]:
    """What the reader must know."""
    if timeline.copied_prompts:
        count = words.plural(timeline.copied_prompts, "prompt")
        yield f"It goes on with another session: what came of its {count} is shown and counted there."
    if not timeline.is_told:
        yield "Its transcript was gone before more than usage was read: prompts and tools are not known."
    elif not timeline.has_transcript:
        yield "Its transcript is gone: this is what the ledger keeps, without names of files and programs."


def outcome_words(turn: Turn) -> list[str]:
    """What came of a prompt, a part a step; marks that say the same of the same minute are one."""
    return [part for step, alike in groupby(turn.steps, sameness) for part in _step(step, len([*alike]))]


def sameness(step: Step) -> Step:
    """The step, of marks without what tells it from others of its minute."""
    return replace(step, key="", at=step.at // MINUTE_US * MINUTE_US) if isinstance(step, Mark) else step


def _step(step: Step, count: int) -> Iterator[str]:
    if isinstance(step, Work):
        yield words.plural(step.sums.responses, "response")
        yield from map(tool_words, step.tools)
    elif isinstance(step, AgentWork):
        several = f" ×{step.agents}" if step.agents > 1 else ""
        yield f"{words.clean(step.kind) or AGENT}{several}: {words.plural(step.sums.responses, 'response')}"
    elif isinstance(step, Pause):
        yield f"{words.duration(step.length)} pause"
    else:
        yield f"{mark_words(step)}{f' ×{count}' if count > 1 else ''}"


def mark_words(mark: Mark) -> str:
    """What a mark is called, with its figures."""
    if mark.kind == COMPACTION:
        before = f" {words.short_tokens(mark.amount)}" if mark.amount > 0 else ""
        after = f" to {words.short_tokens(mark.after)}" if mark.after > 0 else ""
        return f"compacted{before}{after}{f' ({words.clean(mark.name)})' if mark.name else ''}"
    status = f" {mark.amount}" if mark.kind == API_ERROR and mark.amount else ""
    return f"{_MARKS.get(mark.kind) or words.clean(mark.kind)}{status}"


def tool_words(use: ToolUse) -> str:
    """Read ×4 (a.py, b.py, c.py, +2) 1 failed."""
    names = target_names(use)
    shown = names[:MOST_TARGETS]
    rest = [f"+{len(names) - len(shown)}"] if len(names) > len(shown) else []
    return "".join(
        (
            tool_name(use.tool),
            f" ×{use.calls}" if use.calls > 1 else "",
            f" ({', '.join([*shown, *rest])})" if shown else "",
            f" {use.failed} failed" if use.failed else "",
            f" {use.denied} denied" if use.denied else "",
        )
    )


def tool_name(tool: str) -> str:
    """A tool as people know it: an MCP tool as server/tool."""
    server, name = mcp_parts(tool)
    return words.clean(f"{server}/{name}" if server else tool or UNNAMED_TOOL)


def target_names(use: ToolUse) -> list[str]:
    """What calls worked on, files without their folders, each once."""
    targets = use.targets if use.tool in SEARCHES else map(_last_part, use.targets)
    return [words.clean(name) for name in dict.fromkeys(targets) if name]


def _last_part(path: str) -> str:
    """The file's own name, whatever the platform it lies on."""
    return path.replace("\\", "/").rstrip("/").rpartition("/")[2]
