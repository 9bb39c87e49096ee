"""What a session's steps come to, with those of its sub-agents: tools by name, sub-agents by kind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tokentide.analytics.timeline_model import AgentWork, Step, Timeline, ToolUse, Work


def tools_of(timeline: Timeline) -> list[ToolUse]:
    """Calls by tool, the most called first; what they worked on is left out."""
    found: dict[str, ToolUse] = {}
    for step in every_step(step for turn in timeline.turns for step in turn.steps):
        for use in step.tools if isinstance(step, Work) else ():
            old = found.get(use.tool, ToolUse(use.tool, 0, 0, 0, 0))
            found[use.tool] = ToolUse(
                use.tool,
                old.calls + use.calls,
                old.failed + use.failed,
                old.denied + use.denied,
                old.result_bytes + use.result_bytes,
            )
    return sorted(found.values(), key=lambda use: (-use.calls, use.tool))


def agents_of(timeline: Timeline) -> list[AgentWork]:
    """The sub-agents that the session itself started, the dearest first; each with everything below it."""
    agents = [step for turn in timeline.turns for step in turn.steps if isinstance(step, AgentWork)]
    return sorted(agents, key=lambda agent: (-agent.sums.cost, agent.at))


def every_step(steps: Iterable[Step]) -> Iterator[Step]:
    """Steps, and those of sub-agents however deep."""
    for step in steps:
        yield step
        if isinstance(step, AgentWork):
            yield from every_step(step.steps)
