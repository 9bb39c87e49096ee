"""Counts real transcripts without any code of the product: by the rules of truth, or by the peer's, one at a time.

It is slow and plain on purpose. The corpus has no line that only a tolerant reader can read, except glued objects.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Any, NamedTuple

Five = tuple[int, int, int, int, int]
"""Input, output, cache writes for 5 minutes and for 1 hour, cache reads."""
Four = tuple[int, int, int, int]
"""The same with both kinds of cache writes together, as the peer's reports have it."""

OPENING_LINES = 50
SYNTHETIC = "<synthetic>"
FIVE_HOURS = timedelta(hours=5)
_NULL = re.compile(
    rb'"(?:id|cwd|model|speed|costUSD|version|sessionId|requestId|isApiErrorMessage|cache_read_input_tokens|'
    rb'cache_creation_input_tokens)":null'
)
_DECODER = json.JSONDecoder()


class Peculiarity(Enum):
    """A rule by which ccusage differs; the text says what it does."""

    PASSES = "passes on another model are not seen"
    SPACES = "lines with a space behind the usage key are not seen"
    NULLS = "lines with a null in one of eleven keys, at any depth, are dropped"
    SYNTHETIC = "synthetic and API-error lines are entries, without tokens here"
    NO_REQUEST = "without a request id the session is part of the key"
    NO_REQUEST_INSTANT = "without a request id the session and the instant are part of the key"
    WHOLE_COPIES = "one copy is taken whole, with its day: the main chain's, else that with the largest sum"
    PROGRESS = "responses wrapped in progress lines are not seen"


P = Peculiarity
DAILY_RULES = (P.PASSES, P.SPACES, P.NULLS, P.SYNTHETIC, P.NO_REQUEST_INSTANT, P.WHOLE_COPIES)
"""What leads from our daily report to the peer's, in this order."""
OTHER_RULES = (P.PASSES, P.SPACES, P.NULLS, P.SYNTHETIC, P.NO_REQUEST, P.WHOLE_COPIES, P.PROGRESS)
"""What leads from our other reports to the peer's."""


class Transcript(NamedTuple):
    """Where a line stands."""

    project: str
    session: str
    """By the path: `S.jsonl`, `S/subagents/agent-….jsonl`."""
    opened: str
    """The first time in the file."""


class Sighting(NamedTuple):
    """One line that bears usage."""

    transcript: Transcript
    at: datetime
    message_id: str
    request_id: str
    session: str
    model: str
    fast: bool
    tokens: Five
    sidechain: bool
    nested: bool
    spaced: bool
    nulls: bool
    part: int = -1
    """Position among the passes of its message; -1 for the message itself."""

    @property
    def served_model(self) -> str:
        """The model as the peer's reports name it."""
        return self.model + ("-fast" if self.fast else "")


class Response(NamedTuple):
    """What all sightings of one response come to."""

    at: datetime
    transcript: Transcript
    session: str
    model: str
    served_model: str
    tokens: Five


def read_sightings(roots: Iterable[Path]) -> list[Sighting]:
    """Every line with usage below the roots, in the order of paths and lines."""
    found: list[Sighting] = []
    for root in roots:
        for path in sorted((root / "projects").rglob("*.jsonl"), key=str):
            found.extend(_of_file(root / "projects", path))
    return found


def count(sightings: Sequence[Sighting], rules: Iterable[Peculiarity] = ()) -> list[Response]:
    """The responses by our rules, or with some of the peer's in their place."""
    active = frozenset(rules)
    seen = [sighting for sighting in sightings if _is_seen(sighting, active)]
    merge = _taken_whole if P.WHOLE_COPIES in active else _merged
    return [merge(group, active) for group in _groups(seen, active)]


def by_day_and_model(responses: Iterable[Response]) -> dict[tuple[str, str], Four]:
    """Tokens by UTC day and served model; nothing for what bears none."""
    return _added((f"{response.at:%Y-%m-%d}", response.served_model, response.tokens) for response in responses)


def by_month_and_model(responses: Iterable[Response]) -> dict[tuple[str, str], Four]:
    """Tokens by UTC month and served model."""
    return _added((f"{response.at:%Y-%m}", response.served_model, response.tokens) for response in responses)


def by_path(responses: Iterable[Response]) -> dict[tuple[str, str], Four]:
    """Tokens by project folder and session, both as the path names them."""
    return _added((response.transcript.project, response.transcript.session, response.tokens) for response in responses)


def by_session(responses: Iterable[Response]) -> dict[tuple[str, str], Four]:
    """Tokens by the session id in the lines; the second part of the key is empty."""
    return _added((response.session, "", response.tokens) for response in responses)


def total(responses: Iterable[Response]) -> Four:
    """All tokens."""
    return next(iter(_added(("", "", response.tokens) for response in responses).values()), (0, 0, 0, 0))


class Stretch(NamedTuple):
    """A block, or a gap with no entries."""

    start: datetime
    end: datetime
    entries: int
    tokens: Four


def stretches(responses: Iterable[Response]) -> list[Stretch]:
    """Five-hour blocks and the gaps between them, sorted by their beginning."""
    found: list[Stretch] = []
    last: datetime | None = None
    for response in sorted(responses, key=lambda response: response.at):
        at, tokens = response.at, four(response.tokens)
        if last is None or at - found[-1].start > FIVE_HOURS or at - last > FIVE_HOURS:
            if last is not None and at - last > FIVE_HOURS:
                found.append(Stretch(last + FIVE_HOURS, at, 0, (0, 0, 0, 0)))
            start = at.replace(minute=0, second=0, microsecond=0)
            found.append(Stretch(start, start + FIVE_HOURS, 0, (0, 0, 0, 0)))
        found[-1] = found[-1]._replace(entries=found[-1].entries + 1, tokens=plus(found[-1].tokens, tokens))
        last = at
    return sorted(found)


def four(tokens: Five) -> Four:
    """Both kinds of cache writes as one."""
    return (tokens[0], tokens[1], tokens[2] + tokens[3], tokens[4])


def plus(one: Four, other: Four) -> Four:
    """The sum of two."""
    return (one[0] + other[0], one[1] + other[1], one[2] + other[2], one[3] + other[3])


def minus(one: Four, other: Four) -> Four:
    """The difference of two."""
    return (one[0] - other[0], one[1] - other[1], one[2] - other[2], one[3] - other[3])


def _added(parts: Iterable[tuple[str, str, Five]]) -> dict[tuple[str, str], Four]:
    sums: dict[tuple[str, str], Four] = defaultdict(lambda: (0, 0, 0, 0))
    for one, other, tokens in parts:
        if any(tokens):
            sums[one, other] = plus(sums[one, other], four(tokens))
    return dict(sums)


def _is_seen(sighting: Sighting, rules: frozenset[Peculiarity]) -> bool:
    hidden = (
        (P.PASSES in rules and sighting.part >= 0)
        or (P.SPACES in rules and sighting.spaced)
        or (P.NULLS in rules and sighting.nulls)
        or (P.PROGRESS in rules and sighting.nested)
        or (P.SYNTHETIC not in rules and sighting.model == SYNTHETIC)
    )
    return not hidden


def _groups(sightings: Sequence[Sighting], rules: frozenset[Peculiarity]) -> list[list[Sighting]]:
    """Sightings of the same response, in the order of the first."""
    groups: dict[tuple[object, ...], list[Sighting]] = defaultdict(list)
    for number, sighting in enumerate(sightings):
        groups[_key(sighting, number, rules)].append(sighting)
    return list(groups.values())


def _key(sighting: Sighting, number: int, rules: frozenset[Peculiarity]) -> tuple[object, ...]:
    """What tells a response from others. No message id of the corpus has two request ids, nor the reverse."""
    if not sighting.message_id:
        return (number,)
    if sighting.request_id or rules.isdisjoint({P.NO_REQUEST, P.NO_REQUEST_INSTANT}):
        return (sighting.message_id, sighting.part)
    if P.NO_REQUEST in rules:
        return (sighting.message_id, sighting.part, sighting.session)
    return (sighting.message_id, sighting.part, sighting.session, sighting.at)


def _merged(group: Sequence[Sighting], _rules: frozenset[Peculiarity]) -> Response:
    """The largest of each counter, at the first place: earliest, main chain, the session that was opened first."""
    first = min(group, key=lambda item: (item.at, item.sidechain or item.nested, item.transcript.opened, item.session))
    fast = any(item.fast for item in group)
    largest = tuple(max(column) for column in zip(*(item.tokens for item in group), strict=True))
    tokens = (largest[0], largest[1], largest[2], largest[3], largest[4])
    return Response(
        first.at, first.transcript, first.session, first.model, first.model + ("-fast" if fast else ""), tokens
    )


def _taken_whole(group: Sequence[Sighting], _rules: frozenset[Peculiarity]) -> Response:
    """The peer's choice of one copy."""
    won = max(group, key=lambda item: (not item.sidechain, sum(item.tokens)))
    return Response(won.at, won.transcript, won.session, won.model, won.served_model, won.tokens)


def _of_file(projects: Path, path: Path) -> Iterator[Sighting]:
    """The sightings of one transcript."""
    lines = path.read_bytes().split(b"\n")
    parts = path.relative_to(projects).with_suffix("").parts
    place = parts.index("subagents") if "subagents" in parts else len(parts)
    transcript = Transcript("/".join(parts[: place - 1]), parts[place - 1], _opened(lines))
    for line in lines:
        if b'put_tokens"' in line:
            for value in _objects(line):
                yield from _of_object(value, line, transcript)


def _opened(lines: Sequence[bytes]) -> str:
    for line in lines[:OPENING_LINES]:
        for value in _objects(line):
            if isinstance(value.get("timestamp"), str):
                return str(value["timestamp"])
    return ""


def _objects(line: bytes) -> Iterator[dict[str, Any]]:
    """The objects of a line; nothing of one that is none."""
    rest = line.decode("utf-8", "replace").strip()
    while rest.startswith("{"):
        try:
            value, end = _DECODER.raw_decode(rest)
        except json.JSONDecodeError:
            return
        yield value
        rest = rest[end:].lstrip()


def _of_object(value: Mapping[str, Any], line: bytes, transcript: Transcript) -> Iterator[Sighting]:
    """The message of a line, or of the line in a progress line; and its passes on other models."""
    outer, nested = value, False
    if not _has_usage(value):
        value, nested = (value.get("data") or {}).get("message") or {}, True
        if not isinstance(value, dict) or not _has_usage(value):
            return
    message = value["message"]
    usage = message["usage"]
    base = Sighting(
        transcript=transcript,
        at=datetime.fromisoformat(value["timestamp"]),
        message_id=message.get("id") or "",
        request_id=value.get("requestId") or "",
        session=outer.get("sessionId") or transcript.session,
        model=SYNTHETIC if outer.get("isApiErrorMessage") else message.get("model") or "",
        fast=usage.get("speed") == "fast",
        tokens=_tokens(usage),
        sidechain=bool(outer.get("isSidechain")),
        nested=nested,
        spaced=b'"usage":{' not in line,
        nulls=_NULL.search(line) is not None,
    )
    yield base
    for number, part in enumerate(usage.get("iterations") or ()):
        if part.get("model") and part["model"] != message.get("model"):
            yield base._replace(part=number, model=part["model"], fast=False, tokens=_tokens(part))


def _has_usage(value: Mapping[str, Any]) -> bool:
    message = value.get("message")
    return isinstance(message, dict) and isinstance(message.get("usage"), dict)


def _tokens(usage: Mapping[str, Any]) -> Five:
    """The five counters; flat and split agree in every line of the corpus."""
    split = usage.get("cache_creation") or {}
    flat, long = usage.get("cache_creation_input_tokens") or 0, split.get("ephemeral_1h_input_tokens") or 0
    return (
        usage.get("input_tokens") or 0,
        usage.get("output_tokens") or 0,
        flat - long,
        long,
        usage.get("cache_read_input_tokens") or 0,
    )
