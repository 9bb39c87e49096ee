"""How a made-up session goes: prompts, responses that call tools, sub-agents, pauses, compactions, what goes wrong."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tokentide.sample_lines import CALL_TOKENS, Chain, Json, prose
from tokentide.sample_tools import (
    AGENTS,
    SERVER_TOOLS,
    SKILLS,
    Call,
    any_call,
    commit_call,
    pull_request_call,
    skill_call,
)

COMMANDS = ("/review", "/write-tests", "/fix-ci")
AGENT_MODEL = "claude-haiku-4-5-20251001"
FULL_TOKENS = 88_000
"""From so much on, the person of the sample has the conversation compacted."""


@dataclass(slots=True)
class Session:
    """A conversation, with the transcripts of its sub-agents."""

    chain: Chain
    responses: int
    """How many it is to have, at most."""
    end: datetime
    """Nothing happens later."""
    agents: list[tuple[Chain, str]] = field(default_factory=list)
    """The sub-agents' chains, each with its kind."""

    @property
    def is_over(self) -> bool:
        """True once it has all its responses, or the time is up."""
        return self.responses <= 0 or self.chain.at > self.end

    def write(self, path: str) -> None:
        """Its transcripts; `path` is the session's own. They are as old as what happened last in them."""
        _put(path, self.chain)
        for chain, kind in self.agents:
            stem = os.path.join(path.removesuffix(".jsonl"), "subagents", f"agent-{chain.agent}")
            _put(f"{stem}.jsonl", chain)
            with open(f"{stem}.meta.json", "w", encoding="utf-8") as file:
                json.dump({"agentType": kind}, file)


def hold(session: Session, title: str) -> None:
    """Let the conversation happen, from its first prompt on; the title comes last."""
    chain = session.chain
    _open(chain)
    while not session.is_over:
        if chain.sent > FULL_TOKENS:
            chain.compact(chain.chance.randrange(2_500, 5_000), chain.chance.choice(("manual", "manual", "auto")))
        _turn(session)
        _wait(session)
    chain.bare(type="ai-title", sessionId=chain.session, aiTitle=title)


def _open(chain: Chain) -> None:
    """What the client tells the model of skills and MCP servers before the first prompt."""
    listing = "\n".join(f"- {skill}: {prose(180)}" for skill in SKILLS)
    chain.attach("skill_listing", len(listing), content=listing, skillCount=len(SKILLS), names=SKILLS)
    names = [f"mcp__{server}__{tool}" for server, tools in SERVER_TOOLS.items() for tool in tools]
    lines = [f"{name}: {prose(320)}" for name in names]
    chain.attach("deferred_tools_delta", sum(map(len, lines)), addedNames=names, addedLines=lines, removedNames=[])


def _turn(session: Session) -> None:
    """A prompt and the responses to it; sometimes it ends in a commit, a refused connection, or a cry of halt."""
    chain, chance = session.chain, session.chain.chance
    _prompt(chain)
    chain.skill = ""
    for _ in range(chance.randrange(1, 11)):
        if session.is_over:
            return
        _step(session, _next_call(chain))
        if chance.random() < 0.012:
            chain.event("system", subtype="api_error", level="error", retryAttempt=1, maxRetries=10)
            _pass(chain, 5, 20)
    if chance.random() < 0.02:
        chain.say("[Request interrupted by user]")
        return
    if chance.random() < 0.22 and not session.is_over:
        _step(session, commit_call(chain))
        if chance.random() < 0.35 and not session.is_over:
            _pull_request(session)
    if not session.is_over:
        _answer(chain, None, "")
        session.responses -= 1


def _prompt(chain: Chain) -> None:
    """Typed by a person, or given by a program; one in nine is a slash command."""
    chance = chain.chance
    if chain.entry_point.startswith("sdk"):
        chain.say(prose(chance.randrange(300, 1_200)), promptSource="sdk")
    elif chance.random() < 0.11:
        command = chance.choice(COMMANDS)
        chain.say(f"<command-message>{command[1:]}</command-message>\n<command-name>{command}</command-name>")
        chain.say(prose(chance.randrange(900, 2_400)), isMeta=True)
    else:
        chain.say(prose(int(min(chance.lognormvariate(4.9, 0.9), 3_000)) + 8))
    _pass(chain, 3, 20)


def _next_call(chain: Chain) -> Call:
    return skill_call(chain) if chain.chance.random() < 0.02 else any_call(chain)


def _step(session: Session, call: Call) -> None:
    """A response that calls a tool, and the result; one step in thirty is left to a sub-agent."""
    chain = session.chain
    if call.tool == "Read" and chain.chance.random() < 0.12 and not chain.entry_point.startswith("sdk"):
        _delegate(session)
        return
    tool_id = f"toolu_{chain.chance.getrandbits(96):024x}"
    _answer(chain, call, tool_id)
    session.responses -= 1
    _pass(chain, 1, 40)
    chain.result(tool_id, call.result, call.outcome, is_error=call.is_error)
    if call.tool == "Skill":
        chain.skill = str(call.given["skill"])
        chain.say(prose(chain.chance.randrange(2_000, 4_000)), isMeta=True)
    _pass(chain, 2, 30)


def _answer(chain: Chain, call: Call | None, tool_id: str) -> None:
    """A response: perhaps thinking, perhaps words, then the call, or words alone."""
    chance = chain.chance
    blocks: list[Json] = []
    output = 0
    if chance.random() < 0.45:
        tokens = int(chance.lognormvariate(6.1, 0.9))
        blocks.append({"type": "thinking", "thinking": prose(chain.size(tokens, "text")), "signature": "EqwBCkYIBxgC"})
        output += tokens
    if call is None or chance.random() < 0.5:
        tokens = int(chance.lognormvariate(4.4 if call else 6.2, 0.7)) + 4
        blocks.append({"type": "text", "text": prose(chain.size(tokens, "text"))})
        output += tokens
    if call is not None:
        blocks.append({"type": "tool_use", "id": tool_id, "name": call.tool, "input": call.given})
        output += chain.tokens(len(json.dumps(call.given)), "call") + CALL_TOKENS
    chain.answer(blocks, output)


def _delegate(session: Session) -> None:
    """A sub-agent looks something up, in a conversation of its own, and reports."""
    chain, chance = session.chain, session.chain.chance
    kind = chance.choice(AGENTS)
    task = prose(chance.randrange(300, 1_500))
    call = Call("Agent", {"description": "Look around", "prompt": task, "subagent_type": kind}, "", None)
    tool_id = f"toolu_{chance.getrandbits(96):024x}"
    _answer(chain, call, tool_id)
    session.responses -= 1
    agent = Chain(
        chain.project,
        chain.branch,
        AGENT_MODEL if kind == "Explore" else chain.model,
        chain.session,
        chain.at + timedelta(seconds=2),
        chance,
        chain.version,
        chain.entry_point,
        chain.effort,
        f"a{chance.getrandbits(64):016x}",
        added=7_500,
    )
    agent.say(task)
    helper = Session(agent, chance.randrange(3, 9), session.end)
    while not helper.is_over:
        _step_alone(helper)
    if agent.at <= session.end:
        _answer(agent, None, "")
    session.agents.append((agent, kind))
    chain.at = agent.at
    _report(chain, agent, kind, tool_id)


def _step_alone(session: Session) -> None:
    """A step of a sub-agent, which has no sub-agents."""
    chain = session.chain
    call, tool_id = any_call(chain), f"toolu_{chain.chance.getrandbits(96):024x}"
    _answer(chain, call, tool_id)
    session.responses -= 1
    _pass(chain, 1, 15)
    chain.result(tool_id, call.result, call.outcome, is_error=call.is_error)
    _pass(chain, 2, 12)


def _report(chain: Chain, agent: Chain, kind: str, tool_id: str) -> None:
    """What the sub-agent brings back."""
    said = prose(chain.size(chain.chance.randrange(300, 1_100), "code"))
    told = {"status": "completed", "agentId": agent.agent, "agentType": kind, "totalTokens": agent.sent}
    chain.result(tool_id, said, told, is_error=False)
    _pass(chain, 2, 20)


def _pull_request(session: Session) -> None:
    chain = session.chain
    number = chain.chance.randrange(100, 900)
    url = f"https://example.com/{chain.project.rpartition('/')[2]}/pull/{number}"
    _step(session, pull_request_call(url))
    chain.event("pr-link", prNumber=number, prUrl=url, prRepository="sam/sample")


def _wait(session: Session) -> None:
    """The person reads, and sometimes goes for lunch: longer than the cache lasts. Nobody is away at the end."""
    chain = session.chain
    if chain.chance.random() < 0.05 and session.end - chain.at > timedelta(hours=3):
        _pass(chain, 62 * 60, 110 * 60)
    else:
        _pass(chain, 20, 420)


def _pass(chain: Chain, least_seconds: int, most_seconds: int) -> None:
    chain.at += timedelta(seconds=chain.chance.randrange(least_seconds, most_seconds))


def _put(path: str, chain: Chain) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in chain.lines)
    seconds = (chain.answered or chain.at).timestamp()
    os.utime(path, (seconds, seconds))
