"""What could not be read: counted in every report, listed by `tokentide doctor`, never raised."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One place in the data that could not be understood; nothing of its text is kept."""

    path: str
    """The file or folder."""
    line: int
    """1-based line number; 0 where the whole file or folder is meant."""
    reason: str
    """A short sentence that names the fault, without quoting the line."""
