"""The windows of accounts as rows with bars; used by `limits` and by the main screen."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.text import Text

from tokentide.analytics.calendar import Calendar
from tokentide.analytics.forecasting.model import Forecast
from tokentide.analytics.limits import AccountLimits, level_of
from tokentide.analytics.windows import STALE_US, WindowState
from tokentide.clock import DAY_US
from tokentide.model.odds import EVEN_ODDS, SAFE_ODDS
from tokentide.render import words
from tokentide.render.charts import EMPTY, FULL
from tokentide.render.forecast_words import outlook_words
from tokentide.render.limit_words import (
    LEVEL_STYLES,
    PLAN_WORDS,
    SOURCE_WORDS,
    money_of,
    percent,
    plan_name,
    window_title,
)

WIDE = 100
"""From so many columns on, a window is one row."""
NARROW = 60
LEAST_TITLE = 16
"""Columns that a title may take on any screen; on a wide one, a quarter of it. A longer one ends in an ellipsis."""
ON_THE_CLOCK = 1.0
"""Points of pace that are no difference."""
MARK = "│"
"""Stands in a bar where the clock is."""


@dataclass(frozen=True, slots=True)
class LimitsLook:
    """What the rows are drawn by."""

    calendar: Calendar
    thresholds: tuple[int, int, int]
    room: int
    now: int


def account_lines(limits: AccountLimits, look: LimitsLook, forecast: Forecast | None = None) -> Iterator[Text]:
    """The head and the windows of one account."""
    account, profile = limits.account, limits.profile
    named = [words.clean(account.name), plan_name(profile) if profile else "", words.clean(account.organization)]
    yield Text(" · ".join(filter(None, dict.fromkeys(named))), style="bold")
    yield from window_lines(limits.windows, look, forecast)


def window_lines(windows: Sequence[WindowState], look: LimitsLook, forecast: Forecast | None = None) -> Iterator[Text]:
    """A row a window where there is room, else two, else as many as it has parts; below it the odds, if any."""
    titles = [Text(window_title(window.window), "bold") for window in windows]
    sides = [_side(window, look) for window in windows]
    for title in titles:
        title.truncate(max(look.room // 4, LEAST_TITLE), overflow="ellipsis")
    margin = max((title.cell_len for title in titles), default=0) + 2
    indent = " " * (margin if look.room >= NARROW else 2)
    width = max(map(len, sides), default=0)
    for window, title, side in zip(windows, titles, sides, strict=True):
        title.pad_right(margin - title.cell_len)
        head = title + _measure(window, look)
        rest = [part for part in (_reset(window, look), _seen(window, look)) if part]
        row = Text("   ").join([head + Text("  ") + side + Text(" " * (width - len(side))), *rest])
        if look.room >= WIDE and row.cell_len <= look.room:
            yield row
        else:
            beside = head + Text("  ") + side
            yield from [beside] if beside.cell_len <= look.room else [head, Text("  ") + side]
            below = Text(" " * margin) + Text(" · ", style="dim").join(rest)
            is_short = look.room >= NARROW and below.cell_len <= look.room
            yield from [below] if is_short else (row for part in rest for row in _folded(part, look, indent))
        for part in _expected(window, look, forecast, len(indent)):
            yield from _folded(part, look, indent)


def _folded(text: Text, look: LimitsLook, indent: str) -> Iterator[Text]:
    """A text of one style in as many rows as it needs, broken between words."""
    for row in textwrap.wrap(text.plain, max(look.room - len(indent), LEAST_TITLE), break_on_hyphens=False):
        yield Text(indent) + Text(row, text.style)


def _expected(window: WindowState, look: LimitsLook, forecast: Forecast | None, indent: int) -> Iterator[Text]:
    """The odds of running out before the reset, and when: apart where room lacks, nothing where none are known."""
    each = forecast.of(window.window) if forecast is not None else None
    if each is None or each.odds is None or each.odds >= 1 or window.is_over(look.now):
        return
    style = "red" if each.odds >= EVEN_ODDS else "yellow" if each.odds >= SAFE_ODDS else "green"
    text = outlook_words(each, look.calendar, look.now)
    parts = [text] if indent + len(text) <= look.room else text.split(", ")
    yield from (Text(part, style=style) for part in parts)


def limit_bar(window: WindowState, look: LimitsLook, width: int) -> Text:
    """How much is used, with a mark where the clock is; empty where that is not known."""
    share = 0.0 if window.percent is None or window.is_over(look.now) else window.percent / 100
    filled = min(round(share * width), width)
    style = LEVEL_STYLES[level_of(window.percent or 0, look.thresholds)]
    text = Text()
    elapsed = window.elapsed(look.now)
    mark = None if elapsed is None else min(int(elapsed * width), width - 1)
    for cell in range(width):
        sign = MARK if cell == mark else FULL if cell < filled else EMPTY
        text.append(sign, style="bold" if cell == mark else style if cell < filled else "dim")
    return text


def _measure(window: WindowState, look: LimitsLook) -> Text:
    """Bar and percentage."""
    text = limit_bar(window, look, 24 if look.room >= WIDE else 20 if look.room >= NARROW else 10)
    if window.is_over(look.now):
        return text.append("  reset", style="dim")
    style = "dim" if window.percent is None else LEVEL_STYLES[level_of(window.percent, look.thresholds)]
    about = "~" if window.is_estimate and window.percent is not None else ""
    shown = "" if window.percent is None and window.used else about + percent(window.percent)
    return text.append(f" {shown:>6}", style=f"bold {style}")


def _side(window: WindowState, look: LimitsLook) -> Text:
    """Beside the percentage: an amount, or how far use is ahead of the clock or behind it."""
    if window.used:
        used = money_of(window.used)
        return Text(f"{used} of {money_of(window.ceiling)}" if window.ceiling else f"{used}, no limit")
    pace = window.pace(look.now)
    if pace is None:
        return Text()
    if abs(pace) < ON_THE_CLOCK:
        return Text("on the clock", style="dim")
    return Text(
        f"{abs(pace):.0f} {'ahead of' if pace > 0 else 'behind'} clock", style="yellow" if pace > 0 else "green"
    )


def _reset(window: WindowState, look: LimitsLook) -> Text:
    """When it resets, by the clock on the wall and by how long that is."""
    if window.resets_at is None:
        return Text("" if window.used else "opens with the next request", style="dim")
    local = look.calendar.local(window.resets_at)
    ahead = window.resets_at - look.now
    today = look.calendar.local(look.now).date() == local.date()
    clock = f"{local:%H:%M}" if today else f"{local:%a %H:%M}" if abs(ahead) < 6 * DAY_US else f"{local:%a %d %b %H:%M}"
    if ahead <= 0:
        return Text(f"reset {clock}, nothing said since; was {percent(window.percent)}", style="dim")
    about = "about " if window.is_estimate else ""
    return Text(f"resets {about}{clock}, in {words.duration(ahead)}")


def _seen(window: WindowState, look: LimitsLook) -> Text:
    """Who said so, and how long ago."""
    age = look.now - window.observed_at
    if window.is_estimate:
        basis = f" by {PLAN_WORDS[window.plan]}" if window.plan else ""
        return Text(f"estimate{basis}: no official reading of this window", style="yellow")
    return Text(f"{SOURCE_WORDS[window.source]}, {words.ago(age)}", style="dim" if age < STALE_US else "yellow")
