"""What one reading of a source contributes: the unit that is sent between processes and put into the ledger."""

from __future__ import annotations

import msgspec

from tokentide.model.files import FileState
from tokentide.model.limits import LimitReading
from tokentide.model.usage import Place, UsageRecord


class ProblemNote(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A problem on its way to the ledger; see `model.problems.Problem`."""

    path: str
    line: int
    reason: str


class Batch(msgspec.Struct, array_like=True):
    """Records with the places they index into, and what else was learned; one record an identity."""

    places: list[Place] = []
    records: list[UsageRecord] = []
    titles: dict[str, tuple[int, str]] = {}
    """By session id: rank of the kind of title, title."""
    agent_types: dict[str, str] = {}
    """By agent id."""
    files: list[FileState] = []
    """The files that were read, as they are now."""
    problems: list[ProblemNote] = []
    refusals: list[LimitReading] = []
