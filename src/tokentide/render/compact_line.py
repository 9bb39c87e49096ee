"""One line for somebody's status bar: a template of fields, in the dress that tmux, waybar and the others want.

Nothing here loads Rich: the line is made every few seconds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tokentide.analytics.limits import Level, level_of
from tokentide.analytics.live_brief import Brief
from tokentide.analytics.windows import WindowState
from tokentide.errors import UsageError
from tokentide.model.limits import FIVE_HOUR, SEVEN_DAY
from tokentide.model.odds import NOTABLE_ODDS
from tokentide.render import words
from tokentide.render.charts import bar
from tokentide.render.forecast_words import odds_words
from tokentide.render.json_text import Json, dumps, usd
from tokentide.render.limit_words import countdown, percent, window_title
from tokentide.render.report_json import head_json, instant
from tokentide.render.time_of_day import TimeOfDay

FORMATS = ("text", "tmux", "waybar", "starship", "swiftbar", "json")
LINE = "5h {five_hour} {reset} | week {week}[ | {hit_window}: {odds} by {hit}] | {cost_today} today | {burn}"
SHORT = "{five_hour} {reset}"
BAR_CELLS = 8
_TMUX = {Level.LOW: "green", Level.RAISED: "yellow", Level.HIGH: "colour208", Level.FULL: "red"}
_HEX = {Level.LOW: "#3fa45b", Level.RAISED: "#c99a00", Level.HIGH: "#e07b00", Level.FULL: "#d8332e"}
_FIELD = re.compile(r"\{(\w*)\}")
_OPTIONAL = re.compile(r"(?<!#)\[([^\[\]]*\{[^\[\]]*)\]")
"""Without the styles of tmux, `#[…]`."""
_NOTHING = "–"


@dataclass(frozen=True, slots=True)
class LineLook:
    """How the line is written."""

    time: TimeOfDay
    thresholds: tuple[int, int, int]


class Line:
    """Fills templates with what is known."""

    def __init__(self, brief: Brief, look: LineLook) -> None:
        self.brief = brief
        self.look = look

    def fill(self, template: str) -> str:
        """The template with its fields; a part in square brackets goes where any of its fields is not known."""
        shown = _OPTIONAL.sub(lambda part: self._optional(part[1]), template)
        return _FIELD.sub(lambda field: self.field(field[1]) or _NOTHING, shown)

    def field(self, name: str) -> str:
        """One field; empty where it is not known."""
        return FIELDS[name][1](self)

    def level(self) -> Level | None:
        """The level of the window that is used most; None where no percentage is known."""
        most = self.brief.most_used()
        return None if most is None else level_of(most.percent or 0, self.look.thresholds)

    def _optional(self, text: str) -> str:
        fields = {name: self.field(name) for name in _FIELD.findall(text)}
        return _FIELD.sub(lambda field: fields[field[1]], text) if all(fields.values()) else ""


def checked(template: str) -> str:
    """A format's name, or a template. Raises UsageError for a field that there is not, and for another word."""
    if "{" not in template:
        if template in FORMATS:
            return template
        raise UsageError(f"--format {template!r}: give one of {', '.join(FORMATS)}, or a template such as '{SHORT}'")
    for name in _FIELD.findall(template):
        if name not in FIELDS:
            import difflib

            near = difflib.get_close_matches(name, FIELDS, n=1)
            hint = f"did you mean {{{near[0]}}}?" if near else f"known are {', '.join(FIELDS)}"
            raise UsageError(f"--format: there is no field {{{name}}}; {hint}")
    return template


def compact(line: Line, wish: str) -> str:
    """The line in one of FORMATS, or by a template; only that of SwiftBar has several lines."""
    if "{" in wish:
        return line.fill(wish)
    return _DRESSES[wish](line)


def _text(line: Line) -> str:
    return line.fill(LINE)


def _tmux(line: Line) -> str:
    """With the colour of the fullest window; `#` begins a sequence there."""
    text, level = _text(line).replace("#", "##"), line.level()
    return text if level is None else f"#[fg={_TMUX[level]}]{text}#[default]"


def _waybar(line: Line) -> str:
    """An object in one line; its text is markup there."""
    most = line.brief.most_used()
    tooltip = "\n".join(_details(line))
    found = {
        "text": _escaped(line.fill(SHORT)),
        "alt": line.brief.status.value,
        "tooltip": _escaped(tooltip),
        "class": line.brief.status.value,
        "percentage": 0 if most is None or most.percent is None else min(int(most.percent), 100),
    }
    return re.sub(r"\n\s*", " ", dumps(found))


def _starship(line: Line) -> str:
    """Short: the prompt has other things to say."""
    return line.fill(SHORT + "[ · {hit_window}: {odds} by {hit}]")


def _swiftbar(line: Line) -> str:
    """The line of the menu bar, and below it the menu; a bar begins the parameters there."""
    level = line.level()
    color = "" if level is None else f" | color={_HEX[level]}"
    return "\n".join(
        [_barless(line.fill(SHORT)) + color, "---", *(f"{_barless(detail)} | font=Menlo" for detail in _details(line))]
    )


def _json(line: Line) -> str:
    """Every field as it is shown, and the figures behind them."""
    brief, threat = line.brief, line.brief.threat()
    figures: dict[str, Json] = {
        **head_json("compact", brief.now),
        "status": brief.status.value,
        "windows": {
            window.window: {
                "percent": window.percent,
                "resets_at": None if window.resets_at is None else instant(window.resets_at),
                "is_estimate": window.is_estimate,
            }
            for account in brief.accounts
            for window in account.limits.windows
            if not window.is_over(brief.now)
        },
        "odds": None if threat is None else threat.odds,
        "hits_at": None if threat is None or threat.hits_at is None else instant(threat.hits_at.likely),
        "cost_today_usd": usd(brief.spent("day").sums.cost),
        "cost_usd_per_hour": usd(brief.last_hour.cost),
        "fields": {name: line.field(name) or None for name in FIELDS},
    }
    return re.sub(r"\n\s*", " ", dumps(figures))


def _details(line: Line) -> list[str]:
    """A line a window, then what is spent."""
    brief = line.brief
    windows = [each for account in brief.accounts for each in account.limits.windows if not each.is_over(brief.now)]
    told = [
        f"{window_title(each.window)}: {_percent(each)}"
        + (f", resets in {_left(each, line)}" if each.resets_at else "")
        for each in windows
        if each.percent is not None
    ]
    odds = line.fill("[{hit_window}: {odds} to run out before the reset, likely {hit}]")
    told += [odds] if odds else []
    return [
        *(told or ["no limits known yet"]),
        f"Today {line.field('cost_today')}, this week {line.field('cost_week')}",
        f"Burning {line.field('burn')}, {line.field('tokens')}",
    ]


def _percent(window: WindowState | None) -> str:
    if window is None or window.percent is None:
        return ""
    return ("~" if window.is_estimate else "") + percent(window.percent)


def _left(window: WindowState | None, line: Line) -> str:
    return "" if window is None or window.resets_at is None else countdown(window.resets_at - line.brief.now)


def _reset_at(window: WindowState | None, line: Line) -> str:
    return "" if window is None or window.resets_at is None else line.look.time.clock(window.resets_at)


def _bar(window: WindowState | None) -> str:
    return "" if window is None or window.percent is None else bar(window.percent / 100, BAR_CELLS)


def _odds(line: Line) -> str:
    """The odds of the window in most danger, where they are worth telling."""
    threat = line.brief.threat()
    return "" if threat is None or (threat.odds or 0) < NOTABLE_ODDS else odds_words(threat.odds or 0)


def _hit(line: Line) -> str:
    threat = line.brief.threat()
    if threat is None or threat.hits_at is None or (threat.odds or 0) < NOTABLE_ODDS:
        return ""
    return line.look.time.when(threat.hits_at.rounded().likely, line.brief.now)


def _threat(line: Line) -> str:
    threat = line.brief.threat()
    return "" if threat is None or (threat.odds or 0) < NOTABLE_ODDS else window_title(threat.window)


def _most(line: Line) -> str:
    most = line.brief.most_used()
    return "" if most is None else window_title(most.window)


def _account(line: Line) -> str:
    return next((words.clean(each.limits.account.name) for each in line.brief.bare_accounts), "")


def _source(line: Line) -> str:
    window = line.brief.window(FIVE_HOUR)
    return "" if window is None else window.source


def _age(line: Line) -> str:
    window = line.brief.window(FIVE_HOUR)
    return "" if window is None else countdown(line.brief.now - window.observed_at)


FIELDS: Mapping[str, tuple[str, Callable[[Line], str]]] = {
    "five_hour": ("used of the five hours", lambda line: _percent(line.brief.window(FIVE_HOUR))),
    "bar": ("the same as a bar", lambda line: _bar(line.brief.window(FIVE_HOUR))),
    "reset": ("time until they reset", lambda line: _left(line.brief.window(FIVE_HOUR), line)),
    "reset_at": ("the time of day then", lambda line: _reset_at(line.brief.window(FIVE_HOUR), line)),
    "week": ("used of the week", lambda line: _percent(line.brief.window(SEVEN_DAY))),
    "week_bar": ("the same as a bar", lambda line: _bar(line.brief.window(SEVEN_DAY))),
    "week_reset": ("time until it resets", lambda line: _left(line.brief.window(SEVEN_DAY), line)),
    "most": ("used of the window that is fullest", lambda line: _percent(line.brief.most_used())),
    "most_window": ("which one that is", _most),
    "odds": ("odds that a window fills before its reset, from 1 in 5 on", _odds),
    "hit": ("the likely time of that", _hit),
    "hit_window": ("the window that is meant", _threat),
    "status": ("ok, near, hit or no_data", lambda line: line.brief.status.value),
    "cost_today": ("spent today", lambda line: words.cost(line.brief.spent("day").sums)),
    "cost_week": ("spent this week", lambda line: words.cost(line.brief.spent("week").sums)),
    "cost_month": ("spent this month", lambda line: words.cost(line.brief.spent("month").sums)),
    "burn": ("spent within the last hour", lambda line: f"{words.money(line.brief.last_hour.cost)}/h"),
    "tokens": (
        "tokens a minute within the last hour",
        lambda line: f"{words.short_tokens(round(line.brief.last_hour.total_tokens / 60))} tokens/min",
    ),
    "account": ("whose limits they are", _account),
    "source": ("who told of the five hours", _source),
    "age": ("how long ago", _age),
}
"""What a template may name, with what each means."""
_DRESSES: Mapping[str, Callable[[Line], str]] = {
    "text": _text,
    "tmux": _tmux,
    "waybar": _waybar,
    "starship": _starship,
    "swiftbar": _swiftbar,
    "json": _json,
}


def _escaped(text: str) -> str:
    """Text for where markup is read."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _barless(text: str) -> str:
    return text.replace("|", "·")
