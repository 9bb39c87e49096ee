"""What lies where, and how we ourselves are: the doctor's findings, problems page by page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from tokentide.analytics.reports import Row
from tokentide.doctor.findings import Findings, Surroundings, examine, problems_of
from tokentide.model.problems import Problem
from tokentide.sync.engine import Synced, Synchroniser
from tokentide.web.asked import Filters
from tokentide.web.desk import Sight
from tokentide.web.frame import ALL_TIME
from tokentide.web.reports import asking, usage_report

PAGE_SIZE = 200
"""Problems that are shown at once."""


class ProblemQuery(BaseModel):
    """Which problems."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(default="", max_length=500, description="only those of this reason")
    search: str = Field(default="", max_length=500, description="only files whose path holds this")


@dataclass(frozen=True, slots=True)
class ProblemPage:
    """Some problems, and how many there are."""

    problems: Sequence[Problem]
    """Of this page."""
    found: int
    """That are asked for, on all pages."""
    total: int
    """Places that could not be read, also those that no line is kept of."""
    reasons: list[tuple[str, int]]
    """Of all that are kept, the most frequent first."""
    number: int
    """Of this page, from 1."""
    pages: int


def synchroniser_of(sight: Sight) -> Synchroniser:
    """What reads transcripts, under the settings in force."""
    return Synchroniser(sight.settings, sight.environ, sight.book)


def findings_of(sight: Sight, *, check: bool) -> Findings:
    """What the doctor finds. Raises LedgerError."""
    around = Surroundings(sight.settings, sight.environ, sight.book, sight.now)
    return examine(sight.ledger, synchroniser_of(sight).look(sight.ledger), around, check=check)


def looked_at(sight: Sight) -> Synced:
    """What lies there. Raises LedgerError."""
    return synchroniser_of(sight).look(sight.ledger)


def wanted(problems: Sequence[Problem], asked: ProblemQuery) -> list[Problem]:
    """Those that are asked for."""
    needle = asked.search.lower()
    return [
        each
        for each in problems
        if (not asked.reason or each.reason == asked.reason) and (not needle or needle in each.path.lower())
    ]


def problems_at(sight: Sight) -> tuple[Sequence[Problem], int]:
    """Every problem that is kept, and how many there are. Raises LedgerError."""
    synced = looked_at(sight)
    return problems_of(sight.ledger, synced), synced.problems


def problem_page(findings: Findings, asked: ProblemQuery, number: int) -> ProblemPage:
    """One page of those that are asked for."""
    found = wanted(findings.problems, asked)
    pages = max(1, -(-len(found) // PAGE_SIZE))
    number = min(max(number, 1), pages)
    return ProblemPage(
        found[(number - 1) * PAGE_SIZE : number * PAGE_SIZE],
        len(found),
        findings.problem_count,
        Counter(each.reason for each in findings.problems).most_common(),
        number,
        pages,
    )


def sources_of(sight: Sight) -> list[Row]:
    """What the ledger holds of each source, since when and up to when. Raises LedgerError."""
    asked = asking(Filters(last=ALL_TIME), by="source")
    return list(usage_report(sight, asked, "monthly").totals.breakdown)
