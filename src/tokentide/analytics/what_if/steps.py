"""Which requests are small mechanical steps, and which nobody waited for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tokentide.analytics.what_if.history import History
from tokentide.analytics.what_if.model import NEW_INPUT_TIMES
from tokentide.model.usage import UsageRecord

MECHANICAL_TOOLS = frozenset({
    "Read",
    "Grep",
    "Glob",
    "LS",
    "NotebookRead",
    "TodoWrite",
    "TaskCreate",
    "TaskGet",
    "TaskList",
    "TaskUpdate",
    "TaskOutput",
    "BashOutput",
    "ToolSearch",
    "ListMcpResourcesTool",
    "ReadMcpResourceTool",
})  # fmt: skip
"""Tools that look something up or keep a list; nothing that writes, runs or fetches."""
PROGRAM_ENTRY = "sdk-"
"""How the entry points of programs begin: `claude -p` and the SDKs (`sdk-cli`, `sdk-py`, `sdk-ts`)."""


def small_steps(history: History, below_tokens: int) -> set[int]:
    """The positions of the requests that a small model would do as well.

    At most `below_tokens` of output, at most NEW_INPUT_TIMES as many tokens that are new to the model, and at least one
    tool called, all of them out of MECHANICAL_TOOLS. A request whose tools nobody knows is none.
    """
    return {
        index
        for index, record in enumerate(history.records)
        if is_small(record, below_tokens) and is_mechanical(history.tools.get(record.identity, ()))
    }


def is_small(record: UsageRecord, below_tokens: int) -> bool:
    """True for a request that wrote little and was told little that is new."""
    new = record.input_tokens + record.written_tokens
    return record.output_tokens <= below_tokens and new <= NEW_INPUT_TIMES * below_tokens


def is_mechanical(tools: Sequence[str]) -> bool:
    """True where something was called, and all of it only looks up or keeps a list."""
    return bool(tools) and MECHANICAL_TOOLS.issuperset(tools)


def is_program(entry_point: str) -> bool:
    """True where the client was started by a program."""
    return entry_point.startswith(PROGRAM_ENTRY)


def unattended(records: Sequence[UsageRecord], entry_points: Mapping[str, str]) -> set[int]:
    """The positions of the requests that a program made, so that no person waited for the answer."""
    return {index for index, record in enumerate(records) if is_program(entry_points.get(record.identity, ""))}
