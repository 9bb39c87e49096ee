"""One session from its first response to its last: prompts, what came of each, pauses, sub-agents where they started.

The ledger tells when, how much and what it cost; the transcript, where it is there still, which files and programs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tokentide.analytics.timeline_chains import Chains
from tokentide.analytics.timeline_model import AgentWork, Pause, Step, Timeline, Told, Turn, Work
from tokentide.analytics.timeline_steps import Happening, Steps, busy_of, pauses_of
from tokentide.errors import SessionError
from tokentide.model.activity import MAIN_CHAIN, MCP_SERVER, PROMPT, Answer, Mark, Result
from tokentide.store.query import CostMode, SessionFacts, Sums

if TYPE_CHECKING:
    from tokentide.sources.claude_code.paths import FoundFile
    from tokentide.store.sqlite.ledger import Ledger
    from tokentide.store.sqlite.timeline import Reply

LATEST = "latest"
"""The wish for the session with the newest response."""


def session_named(ledger: Ledger, wish: str) -> str:
    """The id of the session that begins so, or of the latest. Raises SessionError for none and for several."""
    known = sorted({key.partition("\t")[2] for key in ledger.session_facts()})
    if not known:
        raise SessionError("no session is in the ledger yet: `tokentide doctor` tells where it looked for transcripts")
    if wish == LATEST:
        return ledger.timeline.latest()
    found = [session for session in known if session.startswith(wish)]
    if not found:
        raise SessionError(f"no session in the ledger begins with {wish!r}: `tokentide session` lists them")
    if wish not in found and len(found) > 1:
        raise SessionError.ambiguous(wish, found)
    return wish if wish in found else found[0]


def told_by(found: Sequence[FoundFile], session_id: str) -> Told:
    """What the session's transcripts say beyond the ledger; a file that cannot be read says nothing."""
    from tokentide.sync.transcripts import events_of_file, find_session

    try:
        files = find_session(found, session_id)
    except SessionError:
        return Told()
    if files.session_id != session_id:
        return Told()
    targets: dict[str, str] = {}
    started: dict[str, str] = {}
    for each in (*files.own, *files.agents):
        try:
            for event in events_of_file(each):
                if isinstance(event, Answer):
                    targets.update((block.tool_id, block.target) for block in event.blocks if block.target)
                elif isinstance(event, Result) and event.agent_id:
                    started.setdefault(event.agent_id, event.tool_id)
        except OSError:
            continue
    return Told(is_there=True, targets=targets, started=started)


def build_timeline(ledger: Ledger, session_id: str, told: Told, mode: CostMode) -> Timeline:
    """Tell a session that the ledger knows."""
    store = ledger.timeline
    replies, runs = store.replies(session_id, mode), store.runs(session_id)
    own, copied = _own_marks(store.marks(session_id), store.copied(session_id), replies)
    chains = Chains(replies, runs, told)
    busy = busy_of(replies, runs, own)
    pauses = pauses_of(busy)
    turns = _turns(Steps(chains, told), own, pauses)
    totals = Sums()
    for reply in replies:
        totals.add(reply.sums)
    main = chains.replies(MAIN_CHAIN)
    return Timeline(
        session_id,
        _facts(ledger, session_id),
        _models(replies),
        totals,
        tuple(turns),
        busy[0][0] if busy else 0,
        max((end for _, end in busy), default=0),
        tuple(reply.prompt_tokens for reply in main),
        pauses,
        chains.agents,
        copied,
        any(reply.is_told for reply in replies),
        told.is_there,
        mode,
    )


def _own_marks(marks: Sequence[Mark], copied: frozenset[str], replies: Sequence[Reply]) -> tuple[list[Mark], int]:
    """Marks without those that came with an earlier conversation, and how many prompts these were.

    The prompt that the first response answers stays, also where it was copied.
    """
    begun = replies[0].at if replies else 0
    answered = max((mark.at for mark in marks if mark.kind == PROMPT and mark.at <= begun), default=begun)
    foreign = [mark for mark in marks if mark.key in copied and mark.at < answered]
    told = [mark for mark in marks if mark not in foreign and mark.kind != MCP_SERVER]
    return told, sum(mark.kind == PROMPT for mark in foreign)


def _turns(steps: Steps, marks: Sequence[Mark], pauses: Sequence[Pause]) -> list[Turn]:
    """Cut the main chain at the prompts."""
    turns: list[Turn] = []
    prompt: Mark | None = None
    gathered: list[Happening] = []
    waited = 0
    for happening in steps.happenings(MAIN_CHAIN, marks, pauses):
        if isinstance(happening, Mark) and happening.kind == PROMPT:
            last = gathered.pop() if gathered and isinstance(gathered[-1], Pause) else None
            _close(turns, prompt, steps.of(gathered), waited)
            prompt, gathered = happening, []
            waited = last.length if isinstance(last, Pause) else 0
        else:
            gathered.append(happening)
    _close(turns, prompt, steps.of(gathered), waited)
    return turns


def _close(turns: list[Turn], prompt: Mark | None, steps: tuple[Step, ...], waited: int) -> None:
    """End a turn; one without a prompt in which nothing happened is none."""
    if prompt is None and not steps:
        return
    at = prompt.at if prompt is not None else steps[0].at
    sums = Sums()
    ended = at
    for step in steps:
        if isinstance(step, (Work, AgentWork)):
            sums.add(step.sums)
            ended = max(ended, step.ended_at)
        elif isinstance(step, Mark):
            ended = max(ended, step.at)
    turns.append(Turn(_number(turns, prompt), prompt, at, ended, waited, sums, steps))


def _number(turns: Sequence[Turn], prompt: Mark | None) -> int:
    return 0 if prompt is None else (turns[-1].number if turns else 0) + 1


def _facts(ledger: Ledger, session_id: str) -> SessionFacts:
    """Of the first source that has it."""
    facts = ledger.session_facts(session_id)
    return facts[min(facts)] if facts else SessionFacts()


def _models(replies: Sequence[Reply]) -> tuple[str, ...]:
    costs: dict[str, int] = {}
    for reply in replies:
        costs[reply.model] = costs.get(reply.model, 0) + reply.sums.cost
    return tuple(sorted(costs, key=lambda model: (-costs[model], model)))
