"""What happened around responses: prompts, what was written, tool calls and their results, compactions, faults.

Sizes are bytes of UTF-8 text. The text itself goes no further than the reader that measured it.

Two families: events, as a transcript tells them in order (for one session, read from disk when asked), and rows, which
the ledger keeps of them after the transcript is gone. Rows hold ids, names of tools and commands, sizes and counts; the
names of files are kept as a hash alone.
"""

from __future__ import annotations

import msgspec

MAIN_CHAIN = ""
"""The chain of a session's own conversation; sub-agents have their id, those of old clients `SIDE_CHAIN`."""
SIDE_CHAIN = "sidechain"

PERSON, PROGRAM, TASK, NOTICE, SUMMARY = "person", "program", "task", "notice", "summary"
"""Who speaks in a prompt: a person (typed, queued, a slash command); a program (SDK); the agent that starts another;
the client itself (reminders, output of local commands, ends of tasks); a compaction's summary."""

TEXT, THINKING, TOOL = "text", "thinking", "tool"
"""What a block of a response is."""

OK, FAILED, DENIED = "ok", "failed", "denied"
"""How a tool run ended; empty while it has not. Denied: by the person or by a rule."""

PROMPT, COMPACTION, MICROCOMPACTION, API_ERROR, REFUSAL, INTERRUPTION, PULL_REQUEST, MCP_SERVER = (
    "prompt",
    "compaction",
    "microcompaction",
    "api_error",
    "refusal",
    "interruption",
    "pull_request",
    "mcp_server",
)
"""Kinds of marks. `prompt`: only those by a person or a program; `refusal`: the model's, which another model took over;
`mcp_server`: one whose tools or instructions were loaded."""


class Prompt(msgspec.Struct, frozen=True, gc=False):
    """Something said to the model."""

    at: int
    """µs UTC."""
    chain: str
    key: str
    """The line's uuid, the same in copies."""
    speaker: str
    """PERSON, PROGRAM, TASK, NOTICE or SUMMARY."""
    size_bytes: int
    command: str = ""
    """The slash command with its slash; of a notice its tag, such as task-notification; empty without either."""
    images: int = 0


class Block(msgspec.Struct, frozen=True, gc=False):
    """One part of a response."""

    kind: str
    """TEXT, THINKING or TOOL."""
    size_bytes: int
    """Of the text; of a tool call the JSON of its input. 0 for thinking that the client sealed."""
    tool: str = ""
    tool_id: str = ""
    detail: str = ""
    """The skill of a `Skill` call, the kind of agent of an `Agent` or `Task` call."""
    target: str = ""
    """What a tool works on: a file, or the program that a shell command runs; never stored."""
    file: int = 0
    """A hash of the file's name, 63 bits; 0 if there is none."""
    is_commit: bool = False
    """True for a shell command that makes a git commit."""
    sealed_bytes: int = 0
    """Of the signature that stands for sealed thinking."""


class Answer(msgspec.Struct, frozen=True):
    """One line of a response; most responses have a line for each block, all with the same usage."""

    at: int
    chain: str
    response: str
    """The identity of the usage record."""
    model: str
    input_tokens: int
    output_tokens: int
    cache_creation_5m_tokens: int
    cache_creation_1h_tokens: int
    cache_read_tokens: int
    blocks: tuple[Block, ...] = ()
    effort: str = ""
    entry_point: str = ""
    """How the client was started: `cli`, `sdk-cli`, `claude-desktop`, …; since 2.1.78."""
    skill: str = ""
    """That the client names; since 2.1.129."""
    stop_reason: str = ""

    @property
    def prompt_tokens(self) -> int:
        """All that was sent: what the context held."""
        return (
            self.input_tokens + self.cache_creation_5m_tokens + self.cache_creation_1h_tokens + self.cache_read_tokens
        )


class Result(msgspec.Struct, frozen=True, gc=False):
    """What a tool gave back."""

    at: int
    chain: str
    tool_id: str
    size_bytes: int
    outcome: str
    images: int = 0
    lines_added: int = 0
    lines_removed: int = 0
    is_commit: bool = False
    """True where the client says that a git commit was made."""
    agent_id: str = ""
    """Of the sub-agent that worked."""


class Attachment(msgspec.Struct, frozen=True):
    """What the client put into the context beside the conversation; since 2.1.91."""

    at: int
    chain: str
    key: str
    kind: str
    """The vendor's name: `skill_listing`, `nested_memory`, `deferred_tools_delta`, …"""
    size_bytes: int
    name: str = ""
    """Of the file, hook or skill it is about; never stored."""
    names: tuple[str, ...] = ()
    """Tools, servers, skills or agents that are listed in it."""


class Mark(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One thing that happened in a session at an instant; an event, and a row of the ledger."""

    session_id: str
    key: str
    """The line's uuid; what else tells it from others of its session."""
    at: int
    kind: str
    name: str = ""
    """Of a prompt its slash command, of a compaction its trigger, of a server its name."""
    amount: int = 0
    """Of a prompt its bytes, of a compaction the tokens before it, of an error its status, of a server its bytes."""
    chain: str = MAIN_CHAIN
    after: int = 0
    """Of a compaction the tokens after it, where the client tells them."""


Event = Prompt | Answer | Result | Attachment | Mark


class Trait(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a transcript tells of a response beside its usage."""

    identity: str
    effort: str
    entry_point: str
    skill: str
    """As the client names it; before 2.1.129 the last `Skill` call since the prompt. Empty if none."""
    text_bytes: int
    thinking_bytes: int


class ToolRun(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One call of a tool, with the response that asked for it and the one that its result was sent with."""

    id: str
    called_by: str = ""
    """Identity of the response that holds the call; empty where only the result is known."""
    answered_by: str = ""
    """Identity of the response that read the result; empty while there is none."""
    at: int = 0
    """Of the call, µs UTC."""
    ended_at: int = 0
    """Of the result; 0 while there is none."""
    tool: str = ""
    """As the client names it: `Bash`, `mcp__server__tool`, …"""
    detail: str = ""
    input_bytes: int = 0
    result_bytes: int = 0
    outcome: str = ""
    """OK, FAILED, DENIED, or empty."""
    file: int = 0
    lines_added: int = 0
    lines_removed: int = 0
    commits: int = 0


def mcp_parts(tool: str) -> tuple[str, str]:
    """Server and tool of an MCP tool's name, `mcp__server__tool`; two empty texts for any other."""
    if not tool.startswith("mcp__"):
        return "", ""
    server, _, name = tool.removeprefix("mcp__").partition("__")
    return server, name
