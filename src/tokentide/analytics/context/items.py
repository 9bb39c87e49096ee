"""What is added to a context, with about how much it weighs: prompts, results, attachments, blocks of responses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tokentide.analytics.context.model import (
    AGENTS,
    ANSWERS,
    ATTACHMENTS,
    CALLS,
    MCP,
    MEMORY,
    PROMPTS,
    RESULTS,
    SKILLS,
    SUMMARY,
    SYSTEM,
    THINKING,
    Item,
)
from tokentide.analytics.token_estimate import CODE, JSON, TEXT, TOOL_CALL_TOKENS, TokenEstimate, estimate_tokens
from tokentide.model import activity
from tokentide.model.activity import MCP_SERVER, NOTICE, Attachment, Block, Event, Mark, Prompt, Result

IMAGE_TOKENS = 1500
"""Of a picture whose size is not known: a screenshot, scaled down to what older models take."""
IMAGE_HIGH = 4800
UNSENT = frozenset(
    {
        "command_permissions",
        "hook_cancelled",
        "hook_error_during_execution",
        "hook_non_blocking_error",
        "hook_system_message",
    }
)
"""Kinds of attachments that stay between the client and the person: after them no prompt was larger."""
REMINDER_TOKENS = {"task_reminder": 140, "todo_reminder": 140, "date_change": 60, "hook_additional_context": 40}
"""What the client writes around an attachment; medians of what prompts grew by."""
LISTS = {"skill_listing": SKILLS, "agent_listing_delta": AGENTS, "invoked_skills": SKILLS, "dynamic_skill": SKILLS}
SERVER_LISTS = ("deferred_tools_delta", "mcp_instructions_delta")
LISTING = "list"
_TOOL_LIST = "list of tools"
_KINDS = {activity.TEXT: ANSWERS, activity.THINKING: THINKING, activity.TOOL: CALLS}


@dataclass(slots=True)
class Weighed:
    """An item that may be in the context, with the range it is likely in."""

    item: Item
    low: int
    likely: int
    high: int


@dataclass(frozen=True, slots=True)
class Calls:
    """The tool calls of a session, by id: results name them."""

    by_id: dict[str, Block]

    def add(self, blocks: Iterable[Block]) -> None:
        """The calls of another response."""
        self.by_id.update((block.tool_id, block) for block in blocks if block.tool_id)


def weighed_events(events: Iterable[Event], model: str, calls: Calls) -> Iterator[Weighed]:
    """The items among events; marks and what is not sent are none."""
    skill = ""
    listed: Attachment | None = None
    servers: list[Mark] = []
    for event in events:
        if listed is not None and not _is_server(event):
            yield from _weighed_list(listed, servers, model)
            listed, servers = None, []
        if isinstance(event, Result):
            call = calls.by_id.get(event.tool_id)
            skill = call.detail if call is not None and call.tool == "Skill" else skill
            yield _weighed_result(event, call, model)
        elif isinstance(event, Prompt):
            yield _weighed_prompt(event, model, skill)
            skill = "" if event.speaker == NOTICE and not event.command else skill
        elif isinstance(event, Attachment) and event.kind in SERVER_LISTS:
            listed = event
        elif isinstance(event, Attachment):
            yield from _weighed_attachment(event, model)
        elif isinstance(event, Mark) and _is_server(event) and listed is not None:
            servers.append(event)
    if listed is not None:
        yield from _weighed_list(listed, servers, model)


def weighed_blocks(blocks: Iterable[Block], at: int, model: str) -> Iterator[Weighed]:
    """The parts of a response."""
    for block in blocks:
        item = Item(_KINDS[block.kind], block.tool, block.target, at)
        if block.kind == activity.TOOL:
            yield _weighed(item, estimate_tokens(block.size_bytes, model, JSON), TOOL_CALL_TOKENS)
        else:
            size = block.size_bytes or (block.sealed_bytes if block.kind == activity.THINKING else 0)
            yield _weighed(item, estimate_tokens(size, model, TEXT))


def _is_server(event: Event) -> bool:
    return isinstance(event, Mark) and event.kind == MCP_SERVER


def _weighed(item: Item, estimate: TokenEstimate, more: int = 0, images: int = 0) -> Weighed:
    """An item with its range; `more` is what stands around it."""
    return Weighed(
        item,
        estimate.low + more,
        estimate.likely + more + images * IMAGE_TOKENS,
        estimate.high + more + images * IMAGE_HIGH,
    )


def _weighed_result(result: Result, call: Block | None, model: str) -> Weighed:
    tool, target = (call.tool, call.target) if call is not None else ("", "")
    item = Item(RESULTS, tool, target, result.at)
    return _weighed(item, estimate_tokens(result.size_bytes, model, CODE), images=result.images)


def _weighed_prompt(prompt: Prompt, model: str, skill: str) -> Weighed:
    """What is said; the client's own words are attachments, and after a call of a skill the skill's text."""
    if prompt.speaker == activity.SUMMARY:
        item = Item(SUMMARY, "", "", prompt.at)
    elif prompt.speaker == NOTICE:
        is_skill = skill and not prompt.command
        item = Item(SKILLS if is_skill else ATTACHMENTS, skill if is_skill else prompt.command or NOTICE, "", prompt.at)
    else:
        item = Item(PROMPTS, prompt.command, "", prompt.at)
    return _weighed(item, estimate_tokens(prompt.size_bytes, model, TEXT), images=prompt.images)


def _weighed_attachment(found: Attachment, model: str) -> Iterator[Weighed]:
    if found.kind in UNSENT or (found.kind == "hook_success" and not found.size_bytes):
        return
    if found.kind == "nested_memory":
        item = Item(MEMORY, found.name, "", found.at)
    elif found.kind in LISTS:
        item = Item(LISTS[found.kind], LISTING, "", found.at)
    else:
        item = Item(ATTACHMENTS, found.kind, found.name, found.at)
    more = REMINDER_TOKENS.get(found.kind, 0)
    size = 0 if found.kind in ("task_reminder", "todo_reminder") and found.size_bytes <= 2 else found.size_bytes
    yield _weighed(item, estimate_tokens(size, model, TEXT), more)


def _weighed_list(listed: Attachment, servers: list[Mark], model: str) -> Iterator[Weighed]:
    """A list of tools or of servers' instructions: what belongs to a server is the server's, the rest the client's."""
    for mark in servers:
        yield _weighed(Item(MCP, mark.name, "", mark.at), estimate_tokens(mark.amount, model, TEXT))
    rest = listed.size_bytes - sum(mark.amount for mark in servers)
    if rest > 0:
        yield _weighed(Item(SYSTEM, _TOOL_LIST, "", listed.at), estimate_tokens(rest, model, TEXT))
