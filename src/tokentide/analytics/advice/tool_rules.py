"""Rules about tools: what their results and descriptions weigh, what fails, what is read again."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from tokentide.analytics.advice.carrying import Load, carry
from tokentide.analytics.advice.evidence import result_tokens
from tokentide.analytics.advice.model import HIGH, LOW, MEDIUM, Advice
from tokentide.analytics.advice.tally import Tally, Words
from tokentide.analytics.token_estimate import TEXT, estimate_tokens
from tokentide.model.activity import API_ERROR, DENIED, FAILED, MCP_SERVER, OK, REFUSAL, ToolRun, mcp_parts

if TYPE_CHECKING:
    from tokentide.analytics.advice.conversations import Chain, Step
    from tokentide.analytics.advice.evidence import Evidence

HUGE_TOKENS = 10_000
"""So much of a result is worth carrying to the end; what is beyond counts."""
LEAST_SESSIONS = 2
"""A server that was loaded in fewer sessions may be new."""
MOST_NAMES = 3
OFTEN = 2
"""A file may be read so many times between two changes of it."""
SAME_SIZE = 0.02
"""Two readings of a file are of the same part where their sizes differ by less than this share."""
SHELLS = frozenset({"Bash", "PowerShell", "bash"})
READING, EDITING = frozenset({"Read"}), frozenset({"Edit", "Write", "MultiEdit", "NotebookEdit"})
_NAME = re.compile(r"[^A-Za-z0-9_-]")


def idle_servers(evidence: Evidence) -> Advice | str:
    """MCP servers that were loaded in several sessions, and none of whose tools was ever called."""
    loaded: defaultdict[str, set[str]] = defaultdict(set)
    for chain in evidence.chains:
        for mark in evidence.marks.get(chain.place.session_id, ()):
            if mark.kind == MCP_SERVER:
                loaded[_plain(mark.name)].add(chain.session)
    if not loaded:
        return "no transcript tells of an MCP server"
    called = {call.tool for step in evidence.steps for call in step.called}
    used = {_plain(mcp_parts(tool)[0]) for tool in called}
    idle = {name for name, sessions in loaded.items() if len(sessions) >= LEAST_SESSIONS and name not in used}
    if not idle:
        return "every MCP server that was loaded more than once was used"
    tally = Tally()
    for chain in evidence.chains:
        if chain.is_main:
            carry(evidence, chain.steps, _announced(evidence, chain, idle), tally)
    if not tally.count:
        return "the MCP servers that were never used were loaded in sub-agents alone"
    where = "in these days" if evidence.is_whole else "here in these days"
    names = sorted(idle, key=lambda name: (-tally.saved_of(name), name))
    words = Words(
        "idle-mcp-servers",
        "Switch off MCP servers that are never used",
        f"no tool of {_listed(names)} was called {where}; what "
        "names and describes them is sent with every request. `/mcp` switches one off, `claude mcp remove` for good",
        HIGH,
        "only their names and instructions are counted, their tokens estimated; full descriptions of tools are in no "
        "transcript and come on top",
        "load",
    )
    return tally.advice(evidence, words)


def _plain(server: str) -> str:
    """A server's name as it stands in the names of its tools."""
    return _NAME.sub("_", server)


def _listed(names: Sequence[str]) -> str:
    """Some names, and how many more there are."""
    more = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def _announced(evidence: Evidence, chain: Chain, idle: set[str]) -> dict[int, list[Load]]:
    """What the idle servers bring, by the position of the first request after they were made known."""
    found: defaultdict[int, list[Load]] = defaultdict(list)
    for mark in evidence.marks.get(chain.place.session_id, ()):
        name = _plain(mark.name)
        if mark.kind != MCP_SERVER or name not in idle:
            continue
        index = next((index for index, step in enumerate(chain.steps) if step.record.at >= mark.at), None)
        if index is not None:
            tokens = estimate_tokens(mark.amount, chain.steps[index].record.model, TEXT).likely
            found[index].append((name, tokens))
    return found


def huge_results(evidence: Evidence) -> Advice | str:
    """Results of more than 10,000 tokens, which are sent again with every request until the context is emptied."""
    tally = Tally()
    for _, steps in evidence.stretches:
        brought = _brought(steps, _beyond)
        if brought:
            carry(evidence, steps, brought, tally)
    if not tally.count:
        return f"no tool gave back more than {HUGE_TOKENS:,} tokens"
    words = Words(
        "huge-results",
        f"Keep results of {tally.largest()} below {HUGE_TOKENS // 1000}K tokens",
        f"{tally.count:,} results were larger, and went along with every request afterwards. Ask for parts: `head`, "
        "`grep`, line ranges of a file; a sub-agent can read the whole and report",
        MEDIUM,
        "tokens are estimated from the size, at most what the prompt grew by; only what is beyond the bound counts; "
        "that it was not needed is assumed",
        "result",
    )
    return tally.advice(evidence, words)


def _beyond(step: Step) -> list[Load]:
    """What results weigh beyond the bound; no tokenizer makes more tokens than there are bytes."""
    huge = [run for run in step.answered if run.result_bytes > HUGE_TOKENS]
    return [(run.tool, result_tokens(run, step.record.model) - HUGE_TOKENS) for run in huge]


def _brought(steps: Sequence[Step], loads_of: Callable[[Step], Iterable[Load]]) -> dict[int, list[Load]]:
    """The loads of each step by its position, scaled down to what the prompt really grew by."""
    found: dict[int, list[Load]] = {}
    for index, step in enumerate(steps):
        if not step.answered:
            continue
        loads = [(part, tokens) for part, tokens in loads_of(step) if tokens > 0]
        if not loads:
            continue
        grown = step.prompt - (steps[index - 1].prompt if index else 0)
        total = sum(tokens for _, tokens in loads)
        fits = min(total, max(grown, 0))
        found[index] = [(part, tokens * fits // total) for part, tokens in loads]
    return found


def failures(evidence: Evidence) -> Advice | str:
    """Calls that failed for a reason other than the work itself: refused, misused, or failing again."""
    tally = Tally()
    outcomes = Counter(run.outcome for step in evidence.steps for run in step.called)
    failed, denied = outcomes[FAILED], outcomes[DENIED]  # also those whose result nothing read
    for chain in evidence.chains:
        was_failing = False
        for step in chain.steps:
            needless: list[ToolRun] = []
            for run in step.answered:
                if _is_needless(run, was_failing=was_failing):
                    needless.append(run)
                if run.tool in SHELLS:
                    was_failing = run.outcome == FAILED
            for run in needless:
                name = f"{run.tool} (denied)" if run.outcome == DENIED else run.tool
                tally.add(step, step.cost // len(step.answered), name)
    kinds = {
        mark.key: mark.kind for happened in evidence.marks.values() for mark in happened
    }  # copies in forks are one
    marks = Counter(kinds.values())
    if not tally.count:
        return f"{failed} failed and {denied} denied calls: none needless"
    words = Words(
        "failures",
        f"Avoid failed calls, above all of {tally.largest()}",
        f"{tally.count:,} calls were denied, misused or failed again (in all {failed:,} failed and {denied:,} denied; "
        f"API errors: {marks[API_ERROR]:,}, refusals: {marks[REFUSAL]:,}). Allow for good what you always "
        "allow, forbid what you always deny, and write into CLAUDE.md how tests and builds are run",
        LOW,
        "what answering them cost is measured, by its share of the results answered together; that all could be spared "
        "is assumed",
        "call",
    )
    return tally.advice(evidence, words)


def _is_needless(run: ToolRun, *, was_failing: bool) -> bool:
    """A command that fails tells something; one that fails again, or a tool that was misused, does not."""
    if run.outcome == DENIED:
        return True
    return run.outcome == FAILED and (was_failing or run.tool not in SHELLS)


def rereads(evidence: Evidence) -> Advice | str:
    """Files read more than twice in one conversation, without a change between."""
    tally = Tally()
    for _, steps in evidence.stretches:
        reader = _Reader()
        brought = _brought(steps, reader.again)
        if brought:
            carry(evidence, steps, brought, tally)
    if not tally.count:
        return f"no file was read more than {OFTEN} times without a change between"
    words = Words(
        "re-reads",
        "Let files be read once",
        f"{tally.count:,} times a file was read again that had been read {OFTEN} times and not been edited since; "
        "every copy stays in the context. Name the lines that matter, or let a sub-agent read",
        MEDIUM,
        "readings of the same file and size count; tokens are estimated from it; a command may have changed the file",
        "reading",
    )
    return tally.advice(evidence, words)


class _Reader:
    """Remembers what a conversation has read since its context was emptied."""

    def __init__(self) -> None:
        self._sizes: defaultdict[int, list[int]] = defaultdict(list)

    def again(self, step: Step) -> Iterator[Load]:
        """The needless readings among what a step answers."""
        for run in step.answered:
            if not run.file or run.outcome != OK:
                continue
            if run.tool in EDITING:
                self._sizes.pop(run.file, None)
            elif run.tool in READING:
                known = self._sizes[run.file]
                alike = sum(abs(size - run.result_bytes) <= size * SAME_SIZE for size in known)
                known.append(run.result_bytes)
                if alike >= OFTEN:
                    yield run.tool, result_tokens(run, step.record.model)
