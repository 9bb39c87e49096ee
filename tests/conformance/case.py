"""What a case of the conformance list is made of, and the line that all cases begin with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from typing import NamedTuple

Line = str | bytes | Mapping[str, object]
"""One line of a transcript: an object that is written as JSON, or the text as it stands."""

Tokens = tuple[int, int, int, int]
"""Input, output, cache writes of both lifetimes, cache reads."""

REPORTS = ("daily", "weekly", "monthly", "session", "block")
FILE = "proj/sess.jsonl"
SONNET = "claude-sonnet-4-20250514"
OPUS = "claude-opus-4-6"
HAIKU = "claude-haiku-4-5-20251001"
UNKNOWN = "unknown"
"""What tokentide calls a response without a model."""

RULES = (
    "Identity",
    "Merging",
    "Lines",
    "Tokens",
    "Cost",
    "Time",
    "Windows are not blocks",
    "Words",
    "Surfaces",
)
"""The rules of truth (DESIGN.md section 5), and the other headings of the design that a difference may rest on."""


class Absent(Enum):
    """Stands for a key that a line does not have."""

    ABSENT = "absent"


ABSENT = Absent.ABSENT

_MESSAGE_KEYS = frozenset({"id", "model", "content", "container", "stop_reason"})
_ENVELOPE_KEYS = frozenset(
    {
        "timestamp",
        "sessionId",
        "version",
        "type",
        "requestId",
        "isSidechain",
        "isApiErrorMessage",
        "costUSD",
        "cwd",
        "parentUuid",
        "agentId",
        "toolUseResult",
        "data",
        "usage",
        "message",
    }
)


def line(**changes: object) -> dict[str, object]:
    """The base line of the list, with changes.

    It bears 100 input and 50 output tokens of Sonnet 4 on 2026-03-10 at 10:00 UTC, which cost $0.00105. A key is put
    where the client writes it: into the envelope, the message, or (any other) the usage object; ABSENT leaves it out.
    Unlike the list's, its `sessionId` is the name of the file, as in every real transcript.
    """
    usage: dict[str, object] = {
        "input_tokens": 100,
        "output_tokens": 50,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
    }
    message: dict[str, object] = {"id": "m1", "model": SONNET, "usage": usage}
    envelope: dict[str, object] = {
        "timestamp": "2026-03-10T10:00:00.000Z",
        "sessionId": "sess",
        "version": "2.0.0",
        "type": "assistant",
        "message": message,
        "requestId": "r1",
    }
    for key, value in changes.items():
        target = message if key in _MESSAGE_KEYS else envelope if key in _ENVELOPE_KEYS else usage
        if value is ABSENT:
            target.pop(key, None)
        else:
            target[key] = value
    return envelope


class Row(NamedTuple):
    """One row of a report; without a key, all rows together."""

    key: str
    """The day, week or month; of a session its project and id with a slash between; of a block its beginning."""
    tokens: Tokens
    usd: str
    models: tuple[str, ...] = (SONNET,)
    """Sorted, with `-fast` behind those served so."""
    unpriced: tuple[str, ...] = ()
    """Models that bear `missingPricing`."""


class Block(NamedTuple):
    """One block, or a gap between two."""

    start: str
    end: str
    entries: int
    """Responses; 0 for a gap."""
    total_tokens: int
    usd: str
    burn: tuple[str, str, str] | None = None
    """Tokens a minute, without cache, USD an hour; two decimals, money with three."""
    ahead: tuple[int, str, int] | None = None
    """Projected tokens and USD, minutes left."""
    limit: tuple[int, int, str, str] | None = None
    """Tokens of the limit, projected tokens, percent with one decimal, status."""


class Verdict(Enum):
    """Whether tokentide says the same as ccusage 20.0.24."""

    SAME = "same"
    OURS = "ours"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One entry of the list, or one variant of it."""

    id: str
    """The number in the list, with a word for a variant."""
    files: Mapping[str, tuple[Line, ...]]
    """Transcripts below `~/.claude/projects/`, or below home where the name begins with `~/`."""
    links: Mapping[str, str] = field(default_factory=dict)
    """Symbolic links and what they lead to; both below home."""
    options: tuple[str, ...] = ()
    """Options of the report, ours and the peer's."""
    environ: Mapping[str, str] = field(default_factory=dict)
    """Environment variables; `{home}` stands for the home folder."""
    now: str = ""
    """The instant of the call; the real clock's where nothing depends on it."""
    final_newline: bytes = b"\n"
    rows: Mapping[str, tuple[Row, ...]] = field(default_factory=dict)
    """Expected rows, by report."""
    blocks: tuple[Block, ...] | None = None
    """Expected blocks and gaps, in order."""
    tied: bool = False
    """True where nothing but their names tells which of two sessions was first: then the one read first keeps it."""
    problems: int = 0
    """Lines and folders that are counted as unreadable."""
    exit_code: int = 0
    verdict: Verdict = Verdict.SAME
    because: str = ""
    """For OURS: the rule, a colon, and how ccusage errs by it."""
    peer: Mapping[str, tuple[Row, ...]] = field(default_factory=dict)
    """What ccusage says, by report, where it is something else; `*` for all other reports."""
    peer_blocks: tuple[Block, ...] | None = None
    peer_exit_code: int = 0
    peer_lacks_options: bool = False
    """True where the peer has nothing like the options."""

    @property
    def total(self) -> Row:
        """All rows of any expected report together, which are the same in all."""
        if self.blocks is not None:
            return together(tuple(Row("", (0, 0, 0, 0), block.usd) for block in self.blocks))
        return together(next(iter(self.rows.values())))


def together(rows: tuple[Row, ...]) -> Row:
    """The sum of rows, without a key."""
    tokens = tuple(map(sum, zip(*(row.tokens for row in rows), strict=True))) if rows else (0, 0, 0, 0)
    models = tuple(sorted({model for row in rows for model in row.models}))
    unpriced = tuple(sorted({model for row in rows for model in row.unpriced}))
    usd = sum((Decimal(row.usd) for row in rows), Decimal(0))
    return Row("", (tokens[0], tokens[1], tokens[2], tokens[3]), plain(usd), models, unpriced)


def plain(usd: Decimal) -> str:
    """Money as the cases write it: no exponent, no zeros at the end."""
    text = f"{usd:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


NOTHING = Row("", (0, 0, 0, 0), "0", ())
"""What ccusage says where it drops everything."""


def day(
    tokens: Tokens, usd: str, models: tuple[str, ...] = (SONNET,), unpriced: tuple[str, ...] = ()
) -> dict[str, tuple[Row, ...]]:
    """The daily report of a case that all happens on the base line's day."""
    return {"daily": (Row("2026-03-10", tokens, usd, models, unpriced),)}


def everywhere(tokens: Tokens, usd: str, models: tuple[str, ...] = (SONNET,)) -> dict[str, tuple[Row, ...]]:
    """The peer's totals in all its reports."""
    return {"*": (Row("", tokens, usd, models),)}


def one(*lines: Line) -> dict[str, tuple[Line, ...]]:
    """A single transcript."""
    return {FILE: lines}
