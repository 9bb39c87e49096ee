"""How it stands with the ledger and the settings behind the pages."""

from __future__ import annotations

from dataclasses import dataclass

from tokentide.pricing.book import PriceBook
from tokentide.settings import Settings


@dataclass(frozen=True, slots=True)
class Condition:
    """How it stands with the ledger and the settings, as pages see it; replaced as a whole."""

    settings: Settings
    book: PriceBook
    version: int = 0
    """Another number where the ledger or the settings say anything else."""
    problems: int = 0
    files: int = 0
    """Transcripts that are there."""
    fault: str = ""
    """What is wrong, in a line; empty where nothing is."""
    read_bytes: int = 0
    total_bytes: int = 0
    """Of a long first reading, while it lasts; else 0."""
    is_ready: bool = False
    """True once everything was read for the first time."""
