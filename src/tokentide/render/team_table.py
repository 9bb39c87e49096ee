"""What a table of a report about a team is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import attrgetter

from tokentide.analytics.team.reports import TeamReport
from tokentide.render.json_text import Json
from tokentide.render.team_columns import TeamColumn


@dataclass(frozen=True, slots=True)
class TeamTable:
    """One table; or, with `is_single`, one object, which is a table of one row."""

    name: str
    """Its name in JSON, and of the report's attribute."""
    title: str
    columns: tuple[TeamColumn, ...]
    empty: str = "nothing in these days"
    """What is said where there are no rows."""
    is_single: bool = False
    flatten: Callable[[Sequence[object]], Sequence[object]] = tuple
    """From what the report has to rows, where these are not the same."""
    is_series: bool = False
    """True for a row a day: a terminal shows its latest ones."""
    group_by: str = ""
    """A field of text by whose values a terminal makes several tables of it; it stands first."""

    def rows(self, report: TeamReport) -> list[dict[str, Json]]:
        """The rows as JSON has them."""
        told = attrgetter(self.name)(report)
        return [self.row(each) for each in ((told,) if self.is_single else self.flatten(told))]

    def row(self, each: object) -> dict[str, Json]:
        """One row as JSON has it."""
        return {name: value for column in self.columns for name, value in column.json(each).items()}

    @property
    def names(self) -> list[str]:
        """The members of a row, in order: the heading of its CSV."""
        return [name for column in self.columns for name in column.names]
