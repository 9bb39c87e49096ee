"""Measures what lines of a transcript hold: sizes, kinds, what a tool works on. Text goes no further than here."""

from __future__ import annotations

import hashlib
import re

import msgspec

from tokentide.model.activity import DENIED, FAILED, OK, TEXT, THINKING, TOOL, Block, Result
from tokentide.sources.claude_code.wire_activity import (
    ContentBlock,
    ToolInput,
    ToolOutcome,
    decode_input,
    decode_outcome,
    decode_result_blocks,
    decode_text,
)

REFUSED = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
MOST_TARGET = 200
MOST_COMMAND = 4000
"""So much of a shell command is looked at."""
_COMMIT = re.compile(r"\bgit\b(?:\s+-{1,2}[\w.=/-]+(?:\s+[^\s|;&-][^\s|;&]*)?)*\s+commit\b(?!\s+--dry-run)")
_PROGRAM = re.compile(
    r"(?:^|&&|\|\||;|\n)\s*(?:[A-Za-z_]\w*=\S*\s+)*(?:sudo\s+|env\s+|time\s+)*(?!cd\b|export\b|source\b)([\w./+-]+)"
)
_DENIALS = ("The user doesn't want to", "Permission to use", "The user rejected", "User rejected")
"""How results of calls begin that were not allowed; before 2.1.80 no field tells."""
_SHELLS = ("Bash", "PowerShell", "bash")
_AGENTS = ("Agent", "Task")
_NO_INPUT = ToolInput()
_NO_OUTCOME = ToolOutcome()


def size_of(text: str | None) -> int:
    """Bytes of UTF-8."""
    if not text:
        return 0
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def block_of(found: ContentBlock) -> Block | None:
    """A block of a response; None for one of an unknown kind without text."""
    if found.type == "thinking":
        return Block(THINKING, size_of(found.thinking), sealed_bytes=max(len(bytes(found.signature)) - 2, 0))
    if found.type == "redacted_thinking":
        return Block(THINKING, 0, sealed_bytes=1)
    if found.type in ("tool_use", "server_tool_use", "mcp_tool_use"):
        return _tool_block(found)
    return Block(TEXT, size_of(found.text)) if found.text is not None else None


def _tool_block(found: ContentBlock) -> Block:
    name, raw = found.name or "", bytes(found.input)
    try:
        given = decode_input(raw) if raw else _NO_INPUT
    except REFUSED:
        given = _NO_INPUT
    file = given.file_path or given.notebook_path or ""
    return Block(
        TOOL,
        len(raw),
        tool=name,
        tool_id=found.id or "",
        detail=_detail(name, given),
        target=(file or _target(name, given))[:MOST_TARGET],
        file=hash_of(file) if file else 0,
        is_commit=name in _SHELLS and _COMMIT.search((given.command or "")[:MOST_COMMAND]) is not None,
    )


def _detail(tool: str, given: ToolInput) -> str:
    """The skill or the kind of agent that a call names."""
    if tool == "Skill":
        return (given.skill or given.command or "").removeprefix("/")
    return given.subagent_type or "" if tool in _AGENTS else ""


def _target(tool: str, given: ToolInput) -> str:
    if tool in _SHELLS:
        return program_of(given.command or "")
    return given.path or given.pattern or given.url or given.skill or given.subagent_type or ""


def program_of(command: str) -> str:
    """The program that a shell command runs, without its folder: the first that is no mere preparation."""
    found = _PROGRAM.search(command[:MOST_COMMAND])
    return found[1].rsplit("/", 1)[-1] if found else ""


def hash_of(name: str) -> int:
    """63 bits that stand for a name."""
    return int.from_bytes(hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest()) >> 1


def result_of(found: ContentBlock, outcome: msgspec.Raw, at: int, chain: str, *, denied: bool) -> Result:
    """What a tool gave back; `outcome` is the line's `toolUseResult`."""
    size, images, opening = _content(found.content)
    said = _outcome(outcome)
    failed = bool(found.is_error)
    denied = failed and (denied or opening.startswith(_DENIALS))
    added, removed = (0, 0) if failed else _changed_lines(said)
    return Result(
        at,
        chain,
        found.tool_use_id or "",
        size,
        DENIED if denied else FAILED if failed else OK,
        images,
        added,
        removed,
        is_commit=said.git_operation is not None and bool(bytes(said.git_operation.commit).strip(b" nul")),
        agent_id=said.agent_id or "",
    )


def _content(raw: msgspec.Raw) -> tuple[int, int, str]:
    """Bytes of text, number of images and the beginning of a result's content."""
    data = bytes(raw)
    try:
        if data[:1] == b'"':
            text = decode_text(data)
            return size_of(text), 0, text[:40]
        blocks = decode_result_blocks(data) if data[:1] == b"[" else []
    except REFUSED:
        return len(data), 0, ""
    images = sum(block.type == "image" for block in blocks)
    return sum(size_of(block.text) for block in blocks), images, next((b.text[:40] for b in blocks if b.text), "")


def _outcome(raw: msgspec.Raw) -> ToolOutcome:
    """What the client says of the result beside it; nothing where it is a mere text."""
    data = bytes(raw)
    if data[:1] != b"{":
        return _NO_OUTCOME
    try:
        return decode_outcome(data)
    except REFUSED:
        return _NO_OUTCOME


def _changed_lines(said: ToolOutcome) -> tuple[int, int]:
    """Lines added and removed: of the patch; of a new file all its lines."""
    if said.structured_patch:
        lines = [line[:1] for hunk in said.structured_patch for line in hunk.lines]
        return lines.count("+"), lines.count("-")
    data = bytes(said.content)
    if said.type != "create" or data[:1] != b'"':
        return 0, 0
    try:
        text = decode_text(data)
    except REFUSED:
        return 0, 0
    return text.count("\n") + (not text.endswith("\n") and bool(text)), 0
