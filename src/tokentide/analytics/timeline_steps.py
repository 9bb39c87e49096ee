"""From single responses and marks to the steps of a timeline."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tokentide.analytics.timeline_chains import Chains
from tokentide.analytics.timeline_model import PAUSE_US, AgentWork, Pause, Step, Told, ToolUse, Work
from tokentide.model.activity import DENIED, FAILED, MAIN_CHAIN, PROMPT, Mark, ToolRun
from tokentide.store.query import Sums
from tokentide.store.sqlite.timeline import Reply

ASKING_TOOLS = ("AskUserQuestion", "ExitPlanMode")
"""While these run, the person is waited for."""

Happening = Reply | Mark | Pause | str
"""What happens in a chain; a text is a sub-agent whose call is not known."""


Stretches = list[tuple[int, int]]
"""From when to when something happened, in the order of time."""


def busy_of(replies: Sequence[Reply], runs: Sequence[ToolRun], marks: Sequence[Mark]) -> Stretches:
    """When something was written, on any chain, or a tool ran; nothing before the first response or mark.

    What a tool waits for a person's word in is no work.
    """
    busy = [(at, at) for at in (*(reply.at for reply in replies), *(mark.at for mark in marks))]
    began = min((at for at, _ in busy), default=0)
    for run in runs:
        start, end = max(run.at, began), run.ended_at
        if end >= start:
            busy.append((end if run.tool in ASKING_TOOLS else start, end))
    return sorted(busy)


def pauses_of(busy: Stretches) -> tuple[Pause, ...]:
    """What lies between, where it is longer than PAUSE_US."""
    found: list[Pause] = []
    reached = busy[0][0] if busy else 0
    for start, end in busy:
        if start - reached > PAUSE_US:
            found.append(Pause(reached, start - reached))
        reached = max(reached, end)
    return tuple(found)


class Steps:
    """Makes the steps of a chain and of everything below it; each sub-agent stands below one call."""

    def __init__(self, chains: Chains, told: Told) -> None:
        self._chains = chains
        self._told = told
        self._marks: dict[str, list[Mark]] = {}
        self._seen: set[str] = {MAIN_CHAIN}

    def happenings(self, chain: str, marks: Sequence[Mark], pauses: Sequence[Pause]) -> list[Happening]:
        """Everything that happens in a chain, in the order of time; a pause stands where it ends.

        Marks of sub-agents that are known are told among their own steps.
        """
        own: list[Mark] = []
        for mark in marks:
            is_below = mark.chain != MAIN_CHAIN and self._chains.replies(mark.chain)
            (self._marks.setdefault(mark.chain, []) if is_below else own).append(mark)
        every: list[tuple[int, int, Happening]] = [(mark.at, int(mark.kind != PROMPT), mark) for mark in own]
        every += [(pause.at + pause.length, -1, pause) for pause in pauses]
        every += [(reply.at, 2, reply) for reply in self._chains.replies(chain)]
        every += [(self._chains.replies(name)[0].at, 3, name) for name in self._chains.orphans]
        return [happening for _, _, happening in sorted(every, key=lambda each: each[:2])]

    def of(self, happenings: Iterable[Happening]) -> tuple[Step, ...]:
        """Steps: responses in a row are one, up to a mark, a pause, or the call of a sub-agent, which stands below."""
        steps: list[Step] = []
        row: list[Reply] = []
        for happening in happenings:
            if isinstance(happening, Reply):
                row.append(happening)
                below = [agent for agent in self._agents_of(happening) if agent is not None]
                if below:
                    self._end_row(steps, row)
                    steps += below
                continue
            self._end_row(steps, row)
            if isinstance(happening, str):
                agent = self._agent(happening)
                steps += [agent] if agent is not None else []
            else:
                steps.append(happening)
        self._end_row(steps, row)
        return tuple(steps)

    def _agents_of(self, reply: Reply) -> Iterable[AgentWork | None]:
        return [self._agent(chain) for run in self._chains.runs(reply) for chain in self._chains.started_by(run)]

    def _agent(self, chain: str) -> AgentWork | None:
        """A sub-agent with all its steps; None where it was told already."""
        if chain in self._seen:
            return None
        self._seen.add(chain)
        replies = self._chains.replies(chain)
        every: list[tuple[int, Happening]] = [(reply.at, reply) for reply in replies]
        every += [(mark.at, mark) for mark in self._marks.get(chain, [])]
        steps = self.of(happening for _, happening in sorted(every, key=lambda each: each[0]))
        sums = Sums()
        ended = replies[-1].at
        for step in steps:
            if isinstance(step, (Work, AgentWork)):
                sums.add(step.sums)
                ended = max(ended, step.ended_at)
        kind, agents = self._chains.kind(chain), self._chains.agents_in(chain)
        return AgentWork(chain, kind, replies[0].at, ended, sums, steps, agents)

    def _end_row(self, steps: list[Step], row: list[Reply]) -> None:
        if not row:
            return
        sums = Sums()
        runs = [run for reply in row for run in self._chains.runs(reply)]
        for reply in row:
            sums.add(reply.sums)
        ended = max((row[-1].at, *(run.ended_at for run in runs)))
        steps.append(Work(row[0].at, ended, sums, self._tools(runs), row[-1].prompt_tokens))
        row.clear()

    def _tools(self, runs: Sequence[ToolRun]) -> tuple[ToolUse, ...]:
        """Calls by tool, in the order of their first."""
        by_tool: dict[str, list[ToolRun]] = {}
        for run in runs:
            by_tool.setdefault(run.tool, []).append(run)
        return tuple(
            ToolUse(
                tool,
                len(calls),
                sum(run.outcome == FAILED for run in calls),
                sum(run.outcome == DENIED for run in calls),
                sum(run.result_bytes for run in calls),
                tuple(dict.fromkeys(name for run in calls if (name := self._told.targets.get(run.id, "")))),
            )
            for tool, calls in by_tool.items()
        )
