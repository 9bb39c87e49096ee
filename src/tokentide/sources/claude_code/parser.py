"""Takes the lines of transcripts: which bear usage, which name a session or a sub-agent, which cannot be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from tokentide.model.batch import ProblemNote
from tokentide.model.limits import Account, LimitReading
from tokentide.model.merging import merge_records
from tokentide.model.usage import Place, UsageRecord
from tokentide.repositories import project_of
from tokentide.sources.claude_code.instants import parse_instant
from tokentide.sources.claude_code.lines import read_objects
from tokentide.sources.claude_code.refusals import refusal_in
from tokentide.sources.claude_code.sightings import (
    Sighting,
    adds_nothing,
    anonymous_identity,
    iteration_record,
    record_of,
)
from tokentide.sources.claude_code.wire import (
    Iteration,
    Line,
    Nested,
    decode_agent_result,
    decode_line,
    decode_stamp,
    decode_title,
)

NOBODY = Account("", "")
SYNTHETIC = "<synthetic>"
SUMMARY_RANK = 1
TITLE_RANK = {"ai-title": 2, "custom-title": 3}
PROBLEMS_KEPT = 100
"""Problems of one file that are listed one by one; the others are only counted."""
USAGE, IGNORED = "usage", "ignored"
"""What a line can be, beside a problem, which is told by its reason."""
_REFUSED = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


@dataclass(slots=True)
class FileContext:
    """What the place of a file tells about its lines."""

    path: str
    slug: str
    session_id: str
    """The session that the path names, for lines that name none."""
    source: str = "claude_code"
    account: Account = NOBODY
    opened_at: int | None = None
    """Instant of the first timestamped line; None until one was seen."""


@dataclass(slots=True)
class Harvest:
    """What the lines of one or more files said."""

    places: list[Place] = field(default_factory=list)
    records: dict[str, UsageRecord] = field(default_factory=dict)
    """By identity; each merged from its sightings."""
    titles: dict[str, tuple[int, str]] = field(default_factory=dict)
    """By session id: rank of the kind of title, title."""
    agent_types: dict[str, str] = field(default_factory=dict)
    """By agent id."""
    problems: list[ProblemNote] = field(default_factory=list)
    refusals: list[LimitReading] = field(default_factory=list)
    """Windows that the vendor said were used up."""


class LineParser:
    """Takes the lines of one file in order and adds what they say to a harvest.

    Every line is counted once, as usage, ignored or problem.
    """

    def __init__(self, context: FileContext, harvest: Harvest) -> None:
        self.context = context
        self.harvest = harvest
        self.usage_lines = 0
        self.ignored_lines = 0
        self.problem_lines = 0
        self.summaries: dict[str, str] = {}
        """Titles by a message of the session that they name."""
        self._place_indexes: dict[tuple[object, ...], int] = {}

    def usage_line(self, raw: memoryview | bytes, number: int) -> None:
        """A line that bears the name of a token counter."""
        try:
            line = decode_line(raw)
        except _REFUSED:
            self._tolerantly(bytes(raw), number)
            return
        if line.is_api_error_message:
            self._note_refusal(bytes(raw), line.timestamp)
        self.count(self._take(line), number)

    def plain_line(self, raw: bytes, number: int) -> None:
        """A line without counters that does not look like one object: blank, an array, torn."""
        faults = [found for found in read_objects(raw) if isinstance(found, str)]
        self.count(faults[0] if faults else IGNORED, number)

    def title_line(self, raw: bytes) -> None:
        """A line that may name a session; a later one of the same kind wins."""
        try:
            found = decode_title(raw)
        except _REFUSED:
            return
        if found.summary and found.leaf_uuid:
            self.summaries[found.leaf_uuid] = found.summary
        title = found.custom_title or found.ai_title
        if title:
            self.name_session(found.session_id or self.context.session_id, TITLE_RANK.get(found.type or "", 0), title)

    def name_session(self, session: str, rank: int, title: str) -> None:
        """Give a session a title, unless it has one of a higher rank."""
        if rank >= self.harvest.titles.get(session, (0, ""))[0]:
            self.harvest.titles[session] = (rank, title)

    def opening_line(self, raw: bytes) -> None:
        """A line of the head of the file, until one bears a time."""
        try:
            stamps = [decode_stamp(raw).timestamp]
        except _REFUSED:
            stamps = [found.timestamp for found in read_objects(raw) if not isinstance(found, str)]
        instants = [parse_instant(stamp) for stamp in stamps if stamp]
        self.context.opened_at = next((at for at in instants if at is not None), None)

    def final_fragment(self, raw: bytes) -> None:
        """What stands behind the last line end: counted if it is whole, else it waits for its rest."""
        for found in read_objects(raw):
            if isinstance(found, str):
                return
            self._take(found)

    def _tolerantly(self, raw: bytes, number: int) -> None:
        """A line that the typed decoder refused; all that can be read of it is."""
        outcomes = [found if isinstance(found, str) else self._take(found) for found in read_objects(raw)]
        faults = [outcome for outcome in outcomes if outcome not in (USAGE, IGNORED)]
        self.count(faults[0] if faults else USAGE if USAGE in outcomes else IGNORED, number)

    def count(self, outcome: str, number: int) -> None:
        """Book a line as USAGE, as IGNORED, or as a problem with its reason."""
        if outcome == USAGE:
            self.usage_lines += 1
        elif outcome == IGNORED:
            self.ignored_lines += 1
        else:
            self.problem_lines += 1
            if self.problem_lines <= PROBLEMS_KEPT:
                self.harvest.problems.append(ProblemNote(self.context.path, number, outcome))

    def _take(self, line: Line) -> str:
        """Add what a line says; USAGE, IGNORED, or why its usage cannot be used."""
        message = line.message
        if message is not None and message.usage is not None:
            if line.is_api_error_message:
                return IGNORED
            sidechain = bool(line.is_sidechain)
            return self._add(line, Nested(line.timestamp, line.request_id, message), line.agent_id, sidechain=sidechain)
        data = line.data
        if (
            data is not None
            and data.message is not None
            and data.message.message is not None
            and data.message.message.usage
        ):
            return self._add(line, data.message, data.agent_id, sidechain=True)
        self._note_agent(line.tool_use_result)
        return IGNORED

    def _note_refusal(self, raw: bytes, stamp: str | None) -> None:
        """Remember which window a refused request found used up."""
        at = parse_instant(stamp) if stamp else None
        try:
            found = refusal_in(raw, at, self.context.account.key) if at is not None else None
        except _REFUSED:
            return
        if found is not None:
            self.harvest.refusals.append(found)

    def _note_agent(self, result: msgspec.Raw) -> None:
        """Remember what kind of sub-agent an id belongs to."""
        if b'"agentType"' not in bytes(result):
            return
        try:
            found = decode_agent_result(result)
        except _REFUSED:
            return
        if found.agent_id and found.agent_type:
            self.harvest.agent_types[found.agent_id] = found.agent_type

    def _add(self, line: Line, response: Nested, agent: str | None, *, sidechain: bool) -> str:
        """Add one sighting of a response; USAGE, IGNORED for a synthetic one, or why it cannot be placed in time."""
        message, stamp = response.message, response.timestamp or line.timestamp
        if message is None or message.usage is None or message.model == SYNTHETIC:
            return IGNORED
        at = parse_instant(stamp) if stamp else None
        if at is None:
            return "usage without a valid timestamp"
        if self.context.opened_at is None:
            self.context.opened_at = at
        sighting = Sighting(at, self._place(line, agent or "", sidechain=sidechain), response.request_id or "")
        known = self.harvest.records.get(message.id or "") if line.cost_usd is None else None
        if known is None or not adds_nothing(known, message, message.usage, sighting):
            self._addrecord_of(record_of(message, message.usage, sighting, line), message.usage.iterations or ())
        return USAGE

    def _addrecord_of(self, record: UsageRecord, iterations: Sequence[Iteration]) -> None:
        """Add a sighting, and those of its passes that were on another model."""
        if not record.identity:
            session = self.harvest.places[record.place].session_id
            record = msgspec.structs.replace(record, identity=anonymous_identity(session, record))
        self._merge(record)
        for index, iteration in enumerate(iterations):
            if iteration.model and iteration.model != record.model:
                self._merge(iteration_record(iteration, record, index))

    def _merge(self, record: UsageRecord) -> None:
        """Put a sighting with those of the same response."""
        records, places = self.harvest.records, self.harvest.places
        known = records.get(record.identity)
        records[record.identity] = record if known is None else merge_records(known, record, places)

    def _place(self, line: Line, agent: str, *, sidechain: bool) -> int:
        """The index of the line's place, made at its first mention."""
        key = (line.session_id, line.cwd, line.git_branch, agent, sidechain, line.version)
        index = self._place_indexes.get(key)
        if index is None:
            index = self._place_indexes[key] = len(self.harvest.places)
            context = self.context
            self.harvest.places.append(
                Place(
                    source=context.source,
                    account=context.account.name,
                    session_id=line.session_id or context.session_id,
                    opened_at=context.opened_at or 0,
                    project=project_of(line.cwd or "", context.slug),
                    branch=line.git_branch or "",
                    agent_id=agent,
                    is_sidechain=sidechain,
                    version=line.version or "",
                )
            )
        return index
