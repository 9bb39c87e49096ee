"""The chains of a session: its own conversation, and each sub-agent with the call that started it."""

from __future__ import annotations

from collections.abc import Sequence

from tokentide.analytics.timeline_model import Told
from tokentide.model.activity import MAIN_CHAIN, SIDE_CHAIN, ToolRun
from tokentide.store.sqlite.timeline import Reply

AGENT_TOOLS = ("Agent", "Task")


class Chains:
    """Responses by chain, tool runs by the response that called them, sub-agents by the run that started them."""

    def __init__(self, replies: Sequence[Reply], runs: Sequence[ToolRun], told: Told) -> None:
        self._runs: dict[str, list[ToolRun]] = {}
        self._told = told
        for run in runs:
            self._runs.setdefault(run.called_by, []).append(run)
        starters = [run for run in runs if run.tool in AGENT_TOOLS]
        self._replies = _by_chain(replies, starters)
        self._started = self._parents(starters)
        self._below: dict[str, list[str]] = {}
        for chain, starter in self._started.items():
            self._below.setdefault(starter, []).append(chain)
        self._starters = {run.id: run for run in starters}
        self.orphans = self._orphans()
        """Sub-agents whose call is not known, in the order of time."""

    @property
    def agents(self) -> int:
        """How many sub-agents there were."""
        return sum(self.agents_in(chain) for chain in self._replies if chain != MAIN_CHAIN)

    def replies(self, chain: str) -> list[Reply]:
        """The responses of a chain, in the order of time."""
        return self._replies.get(chain, [])

    def runs(self, reply: Reply) -> list[ToolRun]:
        """What a response called."""
        return self._runs.get(reply.identity, [])

    def started_by(self, run: ToolRun) -> list[str]:
        """The sub-agents that a call started."""
        return self._below.get(run.id, [])

    def kind(self, chain: str) -> str:
        """The kind of a sub-agent: of its file, else as the call names it; empty where neither tells."""
        called = {run.detail for run in self._calls_of(chain)}
        return self._replies[chain][0].agent or (called.pop() if len(called) == 1 else "")

    def agents_in(self, chain: str) -> int:
        """How many sub-agents a chain is: old clients do not tell those apart that one response started."""
        return max(len(self._calls_of(chain)), 1)

    def _calls_of(self, chain: str) -> list[ToolRun]:
        """The calls that may have started a chain: of an old client's all in that response."""
        starter = self._starters.get(self._started.get(chain, ""))
        if starter is None or not chain.startswith(f"{SIDE_CHAIN}:"):
            return [starter] if starter is not None else []
        return [run for run in self._starters.values() if run.called_by == starter.called_by]

    def _orphans(self) -> list[str]:
        """Chains that no call leads to from the main one; also of a ring in which each would have started the next."""
        reached = self._reached_from(MAIN_CHAIN)
        found: list[str] = []
        for chain in sorted(self._replies, key=lambda name: name in self._started):
            if chain != MAIN_CHAIN and chain not in reached:
                found.append(chain)
                reached |= self._reached_from(chain)
        return found

    def _reached_from(self, chain: str) -> set[str]:
        """The chain, and every sub-agent that it or one of these started."""
        reached: set[str] = set()
        waiting = [chain]
        while waiting:
            here = waiting.pop()
            if here not in reached:
                reached.add(here)
                waiting += [
                    name for reply in self.replies(here) for run in self.runs(reply) for name in self.started_by(run)
                ]
        return reached

    def _parents(self, starters: Sequence[ToolRun]) -> dict[str, str]:
        """The run that started each sub-agent: as the transcript tells, else the likeliest one before it."""
        known = {run.id for run in starters}
        found = {chain: run for chain, run in self._told.started.items() if chain in self._replies and run in known}
        free = [run for run in starters if run.id not in found.values()]
        for chain, replies in self._replies.items():
            if chain.startswith(f"{SIDE_CHAIN}:"):
                found[chain] = chain.partition(":")[2]
            elif chain not in (MAIN_CHAIN, *found):
                likely = self._likeliest(replies, free)
                if likely is not None:
                    found[chain] = likely.id
                    free.remove(likely)
        return found

    def _likeliest(self, replies: Sequence[Reply], free: Sequence[ToolRun]) -> ToolRun | None:
        """Of the calls before a sub-agent's first response, none of its own, the last; those of its kind first."""
        first = replies[0]
        own = {run.id for reply in replies for run in self.runs(reply)}
        likely = [run for run in free if run.at <= first.at and run.id not in own]
        return max(likely, key=lambda run: (run.detail == first.agent, run.at, run.id), default=None)


def _by_chain(replies: Sequence[Reply], starters: Sequence[ToolRun]) -> dict[str, list[Reply]]:
    """Responses by chain, in the order of time; those of old clients' sub-agents by the last call before them."""
    found: dict[str, list[Reply]] = {}
    for reply in replies:
        chain = reply.chain
        if chain == SIDE_CHAIN:
            before = [run for run in starters if run.at <= reply.at]
            chain = f"{SIDE_CHAIN}:{before[-1].id}" if before else SIDE_CHAIN
        found.setdefault(chain, []).append(reply if chain == reply.chain else reply._replace(chain=chain))
    return found
