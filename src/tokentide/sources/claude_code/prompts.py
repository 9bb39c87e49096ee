"""Who speaks in a line, and as what: a person, a program, the client itself, a slash command."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tokentide.model.activity import (
    MAIN_CHAIN,
    NOTICE,
    PERSON,
    PROGRAM,
    PROMPT,
    SUMMARY,
    TASK,
    Event,
    Mark,
    Prompt,
)
from tokentide.sources.claude_code.wire_activity import Told

_COMMAND = re.compile(r"<command-name>\s*(/?[\w:.-]{1,80})\s*</command-name>")
_TAG = re.compile(r"<([a-z][a-z-]{1,40})>")
_NOTICES = (
    "<local-command-",
    "<task-notification>",
    "<bash-input>",
    "<bash-stdout>",
    "<bash-stderr>",
    "<system-reminder>",
    "<user-memory-input>",
    "Caveat: The messages below",
)
_LOCAL_COMMANDS = frozenset(
    {
        "/add-dir",
        "/agents",
        "/bug",
        "/clear",
        "/config",
        "/context",
        "/copy",
        "/cost",
        "/doctor",
        "/effort",
        "/exit",
        "/export",
        "/fast",
        "/help",
        "/hooks",
        "/ide",
        "/login",
        "/logout",
        "/mcp",
        "/memory",
        "/model",
        "/output-style",
        "/permissions",
        "/plugin",
        "/quit",
        "/release-notes",
        "/reload-plugins",
        "/rename",
        "/resume",
        "/rewind",
        "/stats",
        "/status",
        "/statusline",
        "/tasks",
        "/terminal-setup",
        "/theme",
        "/todos",
        "/usage",
        "/vim",
    }
)
"""Slash commands that the client answers by itself: no response is made for them."""


def prompt_events(prompt: Prompt, session: str) -> Iterator[Event]:
    """A prompt, with a mark where a person or a program speaks in the main chain."""
    if prompt.speaker in (PERSON, PROGRAM) and prompt.chain == MAIN_CHAIN:
        yield Mark(session, prompt.key, prompt.at, PROMPT, prompt.command, prompt.size_bytes)
    yield prompt


def command_of(text: str) -> str:
    """The slash command that a text stands for, with its slash; empty if it is none."""
    found = _COMMAND.search(text[:4000]) if text.startswith(("<command-", "\n<command-")) else None
    return f"/{found[1].lstrip('/')}" if found else ""


def is_notice(text: str) -> bool:
    """True for a text of the client's own, as it begins."""
    return text.startswith(_NOTICES)


def tag_of(text: str) -> str:
    """What a notice of the client is, as its first tag says: task-notification; empty without any."""
    found = _TAG.match(text) if is_notice(text) else None
    return found[1] if found else ""


def speaker_of(line: Told, text: str, command: str, chain: str) -> str:
    """Who says it; the client's own fields first, then how the text begins."""
    if line.is_compact_summary:
        return SUMMARY
    if chain != MAIN_CHAIN:
        return TASK
    origin = line.origin.kind if line.origin is not None else None
    if line.is_meta or line.prompt_source == "system" or origin == "task-notification":
        return NOTICE
    if is_notice(text) or command in _LOCAL_COMMANDS:
        return NOTICE
    if line.prompt_source == "sdk" or (line.entrypoint or "").startswith("sdk"):
        return PROGRAM
    return PERSON
