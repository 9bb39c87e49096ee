"""A forecast in plain words first, with a bar where people would rather look than read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from rich.text import Text

from tokentide.analytics.forecasting.model import FULL, Calibration, CapChange, Forecast, Instants, WindowForecast
from tokentide.analytics.forecasting.what_helps import what_helps
from tokentide.analytics.limits import level_of
from tokentide.clock import MINUTE_US
from tokentide.model.limits import FIVE_HOUR, SEVEN_DAY
from tokentide.model.odds import EVEN_ODDS, SAFE_ODDS
from tokentide.render import words
from tokentide.render.fitting import in_lines
from tokentide.render.forecast_words import NAMELESS, clock_words, odds_words, whole_percent
from tokentide.render.limit_words import LEVEL_STYLES, window_title
from tokentide.render.limits_screen import LimitsLook

NARROW = 60
TOP = 125.0
"""Percent at the end of a bar: what lies beyond 100 is demand that will not be met."""
USED, SURE, PERHAPS, REST, WALL = "█", "▓", "▒", "·", "│"
NOTABLE_ELSEWHERE = 0.1
ESTIMATED = "an estimate: no official reading of this window"
TO_GET_READINGS = "`tokentide statusline install` brings readings; `--plan` with yours estimates"
PUSHING, CALM, NOTHING = 1.25, 0.8, 0.05
"""Today's use over the usual: called more from the first on, less below the second, none below the third."""


@dataclass(frozen=True, slots=True)
class ForecastLook:
    """What the lines are drawn by."""

    limits: LimitsLook

    def clock(self, at: int) -> str:
        """An instant as people say it."""
        return clock_words(at, self.limits.calendar, self.limits.now)


def forecast_lines(forecast: Forecast, limits: LimitsLook) -> Iterator[Text]:
    """One account: each window, then what follows from all of them."""
    look = ForecastLook(limits)
    named = [words.clean(forecast.account.name) or NAMELESS, words.clean(forecast.account.organization)]
    yield from _wrapped(Text(" · ".join(filter(None, dict.fromkeys(named))), style="bold"), look)
    for each in forecast.windows:
        yield from _wrapped(_sentence(each, look), look)
        if each.at_reset is not None and each.percent is not None:
            yield from _bar(each, look)
    yield from _together(forecast, look)
    if any(each.at_reset is not None for each in forecast.windows):
        yield from _wrapped(Text(f"{USED} used  {SURE} almost sure  {PERHAPS} 8 in 10  {WALL} full", style="dim"), look)


def _sentence(each: WindowForecast, look: ForecastLook) -> Text:
    """5 hours: 7 in 10 that you hit the wall before 14:00, most likely about 12:05 (11:30–12:50)."""
    text = Text(f"{window_title(each.window)}: ", style="bold")
    text.append_text(_odds(each, look))
    if each.is_estimate:
        text.append(f" ({ESTIMATED if each.percent is not None else TO_GET_READINGS})", style="yellow")
    return text


def _odds(each: WindowForecast, look: ForecastLook) -> Text:
    until = "" if each.resets_at is None else f" before {look.clock(each.resets_at)}"
    if each.odds is None:
        return Text(f"no odds, {each.abstains}{_plain_pace(each, look)}", style="not bold")
    if each.odds >= 1 and each.resets_at is not None:
        left = words.duration(each.resets_at - look.limits.now)
        return Text(f"full until {look.clock(each.resets_at)}, for {left}", style="not bold red")
    style = "green" if each.odds < SAFE_ODDS else "red" if each.odds >= EVEN_ODDS else "yellow"
    safe = "safe: " if each.odds < SAFE_ODDS else ""
    text = Text(f"{safe}{odds_words(each.odds)}", style=f"not bold {style}")
    text.append(f" that you hit the wall{until}", style="not bold default")
    if each.hits_at is not None and each.odds >= SAFE_ODDS:
        word = "most likely" if each.odds >= EVEN_ODDS else "if so most likely"
        text.append(f", {word} about {_span(each.hits_at, look)}", style="not bold default")
    return text


def _span(hits: Instants, look: ForecastLook) -> str:
    """12:05 (11:30–12:50); the day is said once where it is the same."""
    told = hits.rounded()
    likely, low, high = (look.clock(at) for at in (told.likely, told.low, told.high))
    likely_day, low_day, high_day = (clock.rpartition(" ")[0] for clock in (likely, low, high))
    first = low.rpartition(" ")[2] if low_day == likely_day else low if low_day else f"today {low}"
    last = high.rpartition(" ")[2] if high_day == low_day else high
    return likely if low == high else f"{likely} ({first}–{last})"


def _plain_pace(each: WindowForecast, look: ForecastLook) -> str:
    """What the pace so far would come to."""
    pace = each.pace
    if pace is None or each.resets_at is None:
        return ""
    if pace.hit_at is not None:
        return f"; at the pace so far full about {look.clock(pace.hit_at)}"
    return f"; at the pace so far {whole_percent(pace.percent_at_reset)} % at {look.clock(each.resets_at)}"


def _bar(each: WindowForecast, look: ForecastLook) -> Iterator[Text]:
    """The bar, and beside it, or below on a narrow screen, the figures."""
    end, used = each.at_reset, each.percent or 0.0
    if end is None:
        return
    room = look.limits.room
    width = 40 if room >= 100 else 30 if room >= NARROW else max(room - 4, 10)
    style = LEVEL_STYLES[level_of(used, look.limits.thresholds)]
    wall = round(FULL / TOP * width)
    text = Text("  ")
    for cell in range(width):
        at = (cell + 0.5) / width * TOP
        sign = USED if at <= used else SURE if at <= end.low else PERHAPS if at <= end.high else REST
        if cell == wall:
            text.append(WALL, "bold")
        else:
            text.append(sign, style if sign != REST else "dim")
    low, high = whole_percent(end.low), whole_percent(end.high)
    span = f"about {high} %" if low == high else f"{low} to {high} %"
    figures = Text(f"{whole_percent(used)} % now, {span} at the reset")
    beside = text + Text("  ") + figures
    yield from [beside] if beside.cell_len <= room else [text, *_wrapped(Text("  ") + figures, look)]


def together(forecast: Forecast, look: ForecastLook) -> list[tuple[str, str]]:
    """What follows from all windows: of what, and what of it."""
    rows = [
        ("binds first", _binding(forecast)),
        ("left this week", _left(forecast)),
        ("would help", _help(forecast, look)),
        ("throttled", _pressure(forecast, look)),
        ("elsewhere", _elsewhere(forecast)),
    ]
    return [(head, what) for head, what in rows if what]


def _together(forecast: Forecast, look: ForecastLook) -> Iterator[Text]:
    """The same in lines that fit."""
    told = together(forecast, look)
    if told:
        yield Text("")
    margin = max((len(head) for head, _ in told), default=0) + 2
    for head, what in told:
        room = look.limits.room
        if room < NARROW:
            yield from _wrapped(Text.assemble((f"{head}: ", "bold"), what), look)
        else:
            lines = in_lines(what, room - margin)
            for number, line in enumerate(lines):
                yield Text.assemble((f"{head if not number else '':<{margin}}", "bold"), line)


def _binding(forecast: Forecast) -> str:
    return window_title(forecast.binding) if forecast.binding else ""


def _left(forecast: Forecast) -> str:
    parts: list[str] = []
    week = forecast.of(SEVEN_DAY)
    if week is not None and week.odds == 1.0:
        return ""
    if forecast.full_windows_left is not None:
        parts.append(f"{forecast.full_windows_left:.1f} full five-hour windows")
    if forecast.percent_per_working_day is not None:
        parts.append(f"{forecast.percent_per_working_day:.0f} % of the week a working day lasts until its reset")
    return "; ".join(parts)


def _help(forecast: Forecast, look: ForecastLook) -> str:
    """What would keep the window that binds."""
    each = forecast.of(forecast.binding)
    helps = what_helps(each, look.limits.now) if each is not None else None
    if each is None or helps is None or each.resets_at is None:
        return ""
    until = look.clock(each.resets_at)
    if each.window == FIVE_HOUR:
        pace = f"at most {helps.percent_per_hour:.0f} % an hour until {until}"
        return f"{pace}, or a pause of {words.duration(helps.pause_us)}" if helps.pause_us >= 5 * MINUTE_US else pace
    days = forecast.percent_per_working_day if each.window == SEVEN_DAY else None
    if days is not None:
        return f"at most {days:.0f} % of the week a working day until {until}"
    return f"at most {helps.percent_per_hour * 24:.0f} % of it a day until {until}"


def _pressure(forecast: Forecast, look: ForecastLook) -> str:
    """Throttled, or really pushing? In one sentence."""
    change = forecast.cap_changes[-1] if forecast.cap_changes else None
    usual = forecast.usual
    if change is not None:
        pushing = f"; and today has {usual:.1f} times the usual use" if usual is not None and usual >= PUSHING else ""
        return f"{changed_words(change, look)}{pushing}"
    known = next((each for each in forecast.calibrations if each.window == FIVE_HOUR and each.windows), None)
    same = f"; the limit is what it was, {_worth(known)}" if known is not None else ""
    if usual is None:
        return same.removeprefix("; ")
    if usual >= PUSHING:
        return f"no, pushing: {usual:.1f} times the usual use by this hour{same}"
    if usual < NOTHING:
        return f"no: hardly anything used today{same}"
    return f"no: {'less than usual' if usual < CALM else 'as usual'} by this hour ({usual:.1f} times){same}"


def changed_words(change: CapChange, look: ForecastLook) -> str:
    """The vendor moved the limit."""
    word = "yes, it seems: the limit is tighter" if change.ratio < 1 else "no: the limit is wider"
    day = look.limits.calendar.local(change.at)
    before, after = words.money(change.before), words.money(change.after)
    return f"{word} since {day:%d %b}; 1 % of {window_title(change.window)} is worth {after}, and was {before}"


def _worth(known: Calibration) -> str:
    low, high = words.money(known.low), words.money(known.high)
    return f"1 % is worth {words.money(known.usd_per_percent)} ({low} to {high})"


def _elsewhere(forecast: Forecast) -> str:
    if forecast.elsewhere is None or forecast.elsewhere < NOTABLE_ELSEWHERE:
        return ""
    return f"{forecast.elsewhere * 10:.0f} in 10 of the use has no records here: the web, another machine"


def _wrapped(text: Text, look: ForecastLook) -> Iterator[Text]:
    """Lines that fit, broken between words, the later ones set in."""
    room = max(look.limits.room, 10)
    if text.cell_len <= room:
        yield text
        return
    marks = [0, *(index + 1 for index, sign in enumerate(text.plain) if sign == " "), len(text.plain) + 1]
    start, margin = 0, 0
    for before, here in pairwise(marks):
        if here - 1 - start + margin > room and before > start:
            yield Text(" " * margin) + text[start : before - 1]
            start, margin = before, 2
    yield Text(" " * margin) + text[start:]
