"""How windows went, as charts in the terminal: a column a step of time, as high as the most that was used."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from rich.text import Text

from tokentide.analytics.limit_history import WindowHistory, highest_by_step
from tokentide.analytics.limits import level_of
from tokentide.clock import DAY_US
from tokentide.render import words
from tokentide.render.charts import LEVELS
from tokentide.render.limit_words import LEVEL_STYLES, percent, window_title
from tokentide.render.limits_screen import LimitsLook

HEIGHT = 6
AXIS = 6
"""Columns left of the chart."""
LEAST_STEPS = 10


def history_lines(history: WindowHistory, look: LimitsLook, since: int) -> Iterator[Text]:
    """The chart of one window, from an instant until now; blank where nothing is known."""
    steps = max(look.room - AXIS - 1, LEAST_STEPS)
    values = highest_by_step(history, since, look.now, steps)
    known = [value for value in values if value is not None]
    top = max([100.0, *known])
    most = f", most {percent(max(known))}" if known else ", nothing known in this time"
    yield Text.assemble((window_title(history.window), "bold"), f"  {words.clean(history.account.name)}", most)
    for row in reversed(range(HEIGHT)):
        label = percent(top) if row == HEIGHT - 1 else percent(0) if row == 0 else ""
        line = Text(f"{label:>{AXIS - 1}} ", style="dim")
        for value in values:
            line.append(_cell(value, row, top), style=LEVEL_STYLES[level_of(value or 0, look.thresholds)])
        yield line
    yield Text(" " * AXIS + _axis(look, since, steps), style="dim")


def _cell(value: float | None, row: int, top: float) -> str:
    """One character of a column; a little is still seen, nothing known is blank."""
    if value is None:
        return " "
    eighths = round(value / top * HEIGHT * 8) - row * 8
    return LEVELS[min(max(eighths, 1 if row == 0 else 0), 8)]


def _axis(look: LimitsLook, since: int, steps: int) -> str:
    """Days, or hours where less than two days are shown, below the steps that they begin in."""
    local, span = look.calendar.local(since), look.now - since
    days = span > 2 * DAY_US
    moment = local.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    marks = [" "] * steps
    free = 0
    while (at := int(moment.timestamp()) * 1_000_000) < look.now:
        label = f"{moment:%a %d}" if days else f"{moment:%H:%M}"
        step = int((at - since) * steps / span)
        if (not days or moment.hour == 0) and step >= free and step + len(label) <= steps:
            marks[step : step + len(label)] = label
            free = step + len(label) + 2
        moment += timedelta(hours=1)
    return "".join(marks)
