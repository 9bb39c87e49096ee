"""Reads transcripts for what happened around responses: what the ledger keeps of it, and one file's events in order.

It is apart from the reading of usage, which must be quick: this one decodes every line. A file that grew is read again
from its last prompt on, so that nothing has to be remembered between two readings: rows are the same when read twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from io import BufferedReader

import msgspec

from tokentide.model.activity import (
    MAIN_CHAIN,
    OK,
    PERSON,
    PROGRAM,
    TEXT,
    THINKING,
    TOOL,
    Answer,
    Block,
    Event,
    Mark,
    Prompt,
    Result,
    ToolRun,
    Trait,
)
from tokentide.model.files import FileState, Position
from tokentide.sources.claude_code.batches import Task
from tokentide.sources.claude_code.events import events_of
from tokentide.sources.claude_code.reader import MAX_LINE_BYTES, continues, position_at, session_of, unread


class DetailBatch(msgspec.Struct, array_like=True):
    """What one reading of details contributes; see `tokentide.model.activity` for the rows."""

    traits: list[Trait] = []
    runs: list[ToolRun] = []
    marks: list[Mark] = []
    files: list[FileState] = []
    agent_types: dict[str, str] = {}
    """Of sub-agents, as the calls that started them say."""


def read_details(tasks: Sequence[Task]) -> DetailBatch:
    """Read the files; one that cannot be opened is left for the next time (the reading of usage tells of it)."""
    batch = DetailBatch()
    for task in tasks:
        try:
            state, gathered = _read(task)
        except OSError:
            continue
        batch.files.append(state)
        batch.traits += gathered.traits.values()
        batch.runs += gathered.runs.values()
        batch.marks += gathered.marks.values()
        batch.agent_types.update(gathered.agent_types)
    return batch


def encode_details(batch: DetailBatch) -> bytes:
    """A batch as bytes, to send to another process."""
    return msgspec.msgpack.encode(batch)


def decode_details(data: bytes) -> DetailBatch:
    """The reverse of `encode_details`."""
    return msgspec.msgpack.decode(data, type=DetailBatch)


def read_events(path: str) -> Iterator[Event]:
    """What happened in one transcript, in the order of the file. Raises OSError if it cannot be read."""
    session = session_of(path)
    with open(path, "rb") as file:
        for _, raw in _lines(file):
            yield from events_of(raw, session)


def _read(task: Task) -> tuple[FileState, Gathering]:
    found, known = task.found, task.known
    gathered = Gathering()
    session = session_of(found.key)
    with open(found.path, "rb", buffering=0) as bare:
        before = known if known is not None and continues(bare, known, found.stamp) else unread(found, known)
        turn = before.position.offset
        with open(found.path, "rb") as file:
            file.seek(turn)
            for offset, raw in _lines(file):
                for event in events_of(raw, session):
                    if _begins_turn(event) and gathered.is_settled:
                        turn = offset
                        gathered.forget()
                    gathered.take(event)
        position = position_at(bare, Position(turn))
    state = FileState(found.key, found.source, found.stamp, position, generation=before.generation)
    return state, gathered


def _begins_turn(event: Event) -> bool:
    """True for a prompt that nothing before it is needed for, once all tools have ended and been answered."""
    return isinstance(event, Prompt) and event.chain == MAIN_CHAIN and event.speaker in (PERSON, PROGRAM)


def _lines(file: BufferedReader) -> Iterator[tuple[int, bytes]]:
    """Lines with their offsets; one too long to hold is passed over, a half-written last one tells nothing yet."""
    offset = file.tell()
    while raw := file.readline(MAX_LINE_BYTES):
        length = len(raw)
        if length == MAX_LINE_BYTES and not raw.endswith(b"\n"):
            while (rest := file.readline(MAX_LINE_BYTES)) and not rest.endswith(b"\n"):
                length += len(rest)
            length += len(rest)
        else:
            yield offset, raw
        offset += length


@dataclass(slots=True)
class Gathering:
    """Events as rows; it is told them in the order of one file."""

    traits: dict[str, Trait] = field(default_factory=dict)
    runs: dict[str, ToolRun] = field(default_factory=dict)
    marks: dict[tuple[str, str], Mark] = field(default_factory=dict)
    agent_types: dict[str, str] = field(default_factory=dict)
    """Kinds of sub-agents, by their id."""
    _unanswered: dict[str, list[str]] = field(default_factory=dict)
    """By chain the tool runs whose results no response has read yet."""
    _skills: dict[str, str] = field(default_factory=dict)
    """By chain the skill that was called last since the prompt."""
    _open: dict[str, set[str]] = field(default_factory=dict)
    """By chain the tool runs of its latest response that have no result yet."""
    _latest: dict[str, str] = field(default_factory=dict)
    """By chain its latest response."""
    _committing: set[str] = field(default_factory=set)
    """Tool runs whose command makes a commit, if it succeeds."""

    @property
    def is_settled(self) -> bool:
        """True where no tool is at work and no result waits for its answer."""
        return not any(self._open.values()) and not any(self._unanswered.values())

    def forget(self) -> None:
        """Begin anew as far as what follows is concerned, just as a reading from here on would."""
        self._skills.clear()
        self._latest.clear()

    def take(self, event: Event) -> None:
        """Add what an event tells."""
        if isinstance(event, Answer):
            self._answer(event)
        elif isinstance(event, Result):
            self._result(event)
        elif isinstance(event, Mark):
            self._mark(event)
        elif isinstance(event, Prompt) and event.speaker in (PERSON, PROGRAM):
            self._skills.pop(event.chain, None)

    def _mark(self, mark: Mark) -> None:
        """What is told again is one, as the ledger takes it."""
        key = (mark.session_id, mark.key)
        known = self.marks.get(key)
        self.marks[key] = (
            mark
            if known is None
            else msgspec.structs.replace(
                known,
                at=min(known.at, mark.at),
                amount=max(known.amount, mark.amount),
                after=max(known.after, mark.after),
            )
        )

    def _answer(self, answer: Answer) -> None:
        """A line of a response: it reads the results before it, but those of its own calls.

        What an earlier response called and has no result by now will have none.
        """
        response = answer.response
        if not response:
            return
        if self._latest.get(answer.chain) != response:
            self._latest[answer.chain] = response
            self._open.pop(answer.chain, None)
        waiting = self._unanswered.get(answer.chain)
        if waiting:
            self._unanswered[answer.chain] = [each for each in waiting if not self._answered(each, response)]
        self.traits[response] = self._trait(answer, self.traits.get(response))
        for block in answer.blocks:
            if block.kind == TOOL and block.tool_id:
                self._call(block, answer)

    def _trait(self, answer: Answer, known: Trait | None) -> Trait:
        """What is known of a response after one more of its lines; a skill that it calls itself comes after it."""
        text, thinking = (
            sum(block.size_bytes for block in answer.blocks if block.kind == kind) for kind in (TEXT, THINKING)
        )
        if known is None:
            skill = answer.skill or self._skills.get(answer.chain, "")
            return Trait(answer.response, answer.effort, answer.entry_point, skill, text, thinking)
        return Trait(
            known.identity,
            known.effort or answer.effort,
            known.entry_point or answer.entry_point,
            known.skill or answer.skill,
            known.text_bytes + text,
            known.thinking_bytes + thinking,
        )

    def _answered(self, run: str, response: str) -> bool:
        known = self.runs[run]
        if known.called_by == response:
            return False
        self.runs[run] = msgspec.structs.replace(known, answered_by=response)
        return True

    def _call(self, block: Block, answer: Answer) -> None:
        if block.tool == "Skill" and block.detail:
            self._skills[answer.chain] = block.detail
        known = self.runs.get(block.tool_id) or ToolRun(block.tool_id)
        if not known.ended_at:
            self._open.setdefault(answer.chain, set()).add(block.tool_id)
        if block.is_commit:
            self._committing.add(block.tool_id)
        self.runs[block.tool_id] = msgspec.structs.replace(
            known,
            called_by=answer.response,
            at=answer.at,
            tool=block.tool,
            detail=block.detail,
            input_bytes=block.size_bytes,
            file=block.file,
            commits=int(known.commits or (block.is_commit and known.outcome == OK)),
        )

    def _result(self, result: Result) -> None:
        known = self.runs.get(result.tool_id) or ToolRun(result.tool_id)
        if not result.tool_id or known.ended_at:
            return
        if result.agent_id and known.detail:
            self.agent_types[result.agent_id] = known.detail
        self.runs[result.tool_id] = msgspec.structs.replace(
            known,
            ended_at=result.at,
            result_bytes=result.size_bytes,
            outcome=result.outcome,
            lines_added=result.lines_added,
            lines_removed=result.lines_removed,
            commits=int(result.outcome == OK and (result.is_commit or result.tool_id in self._committing)),
        )
        self._open.get(result.chain, set()).discard(result.tool_id)
        self._unanswered.setdefault(result.chain, []).append(result.tool_id)
