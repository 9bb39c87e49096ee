"""What stands on a report's page: panels, each with a chart, its table, and files of the same figures to keep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from tokentide.web.tables import HtmlTable

Option = str | bool | Sequence[Sequence[str]] | Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart of a report's JSON; see static/charts-team.js for the options."""

    words: str
    """What it shows, for those who do not see it."""
    options: Mapping[str, Option]
    is_tall: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """A panel of a page, as its module plans it."""

    table: str
    """The table of the report that it is about; also its id."""
    title: str
    chart: Chart | None = None
    note: str = ""
    nothing: str = ""
    """What to say where the table is empty; a panel without such a sentence is left out then."""
    is_wide: bool = False
    id: str = ""
    """Where two panels are about the same table."""
    only_chart: bool = False
    """Where another panel has the table."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A panel with its figures."""

    plan: Panel
    table: HtmlTable
    rows: int
    """Of the whole table."""
    is_wide: bool = False

    @property
    def id(self) -> str:
        """Of the element."""
        return self.plan.id or self.plan.table.replace("_", "-")

    @property
    def hidden(self) -> int:
        """Rows that only the files have."""
        return self.rows - len(self.table.rows)


def without_gaps(panels: Sequence[Shown]) -> list[Shown]:
    """The panels; the last of an odd number of narrow ones in a row takes the whole width, where half stood empty."""
    made, narrow = list(panels), 0
    for index, panel in enumerate([*panels, None]):
        if panel is not None and not panel.is_wide:
            narrow += 1
            continue
        if narrow % 2:
            made[index - 1] = replace(made[index - 1], is_wide=True)
        narrow = 0
    return made


def over_time(words: str, rows: str, series: Sequence[Sequence[str]], unit: str = "count", **more: Option) -> Chart:
    """Bars by day; `series` are pairs of a key and what it is called."""
    options: dict[str, Option] = {"rows": rows, "x": "day", "series": series, "unit": unit, "is_time": True}
    return Chart(words, {**options, "shape": "bar", **more})


def split_by_day(words: str, rows: str, by: str, value: str, unit: str = "count", **more: Option) -> Chart:
    """Bars by day, stacked by what rows are told apart by."""
    options: dict[str, Option] = {"rows": rows, "x": "day", "by": by, "value": value, "unit": unit, "is_time": True}
    return Chart(words, {**options, "shape": "bar", "stack": True, **more})


def split_by_name(words: str, rows: str, by: str, value: str, unit: str = "count", **more: Option) -> Chart:
    """Bars that lie, stacked by what rows are told apart by."""
    options: dict[str, Option] = {"rows": rows, "x": "name", "by": by, "value": value, "unit": unit}
    return Chart(words, {**options, "shape": "lying", "stack": True, **more})


def ranked(words: str, rows: str, series: Sequence[Sequence[str]], unit: str = "count", **more: Option) -> Chart:
    """Bars that lie, in the order of the rows."""
    return Chart(words, {"rows": rows, "x": "name", "series": series, "unit": unit, "shape": "lying", **more})
