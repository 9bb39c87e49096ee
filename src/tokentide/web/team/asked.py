"""What an address asks of the team's figures: days, and whose; each value has to be one of the store's, whole."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tokentide.settings import Settings
from tokentide.store.query import CostMode
from tokentide.store.team.query import Condition
from tokentide.store.team.tables import TALLY, USAGE, Cube
from tokentide.web.asked import MOST_VALUES, Days

COLUMNS = {
    "team": "team",
    "user": "user_id",
    "project": "project",
    "cost_center": "cost_center",
    "customer": "customer",
    "model": "model",
    "version": "version",
    "terminal": "terminal",
}
"""By filter the column of the store."""
CUBES: dict[str, Cube] = {"terminal": TALLY, "version": TALLY}
"""Where the values of a filter are looked up; in USAGE unless told."""


class TeamFilters(Days):
    """Which part of the team's use; alternatives of one filter, and all filters together."""

    team: list[str] = Field(default=[], max_length=MOST_VALUES, description="a team's name")
    user: list[str] = Field(default=[], max_length=MOST_VALUES, description="a person, as telemetry names them")
    project: list[str] = Field(default=[], max_length=MOST_VALUES, description="a project's name")
    cost_center: list[str] = Field(default=[], max_length=MOST_VALUES, description="a cost center")
    customer: list[str] = Field(default=[], max_length=MOST_VALUES, description="a customer")
    model: list[str] = Field(default=[], max_length=MOST_VALUES, description="a model's id")
    version: list[str] = Field(default=[], max_length=MOST_VALUES, description="a version of the client")
    terminal: list[str] = Field(default=[], max_length=MOST_VALUES, description="a terminal, such as vscode")
    mode: Literal["", "auto", "calculate", "display"] = Field(default="", description="which cost")

    def conditions(self) -> tuple[Condition, ...]:
        """All filters in force."""
        values = ((column, tuple(getattr(self, name))) for name, column in COLUMNS.items())
        return tuple(Condition(column, wanted) for column, wanted in values if wanted)

    def cost_mode(self, settings: Settings) -> CostMode:
        """Which cost: as asked, else as the settings say."""
        return CostMode(self.mode or settings.cost_mode)


def cube_of(name: str) -> Cube:
    """Where the values of a filter are found."""
    return CUBES.get(name, USAGE)
