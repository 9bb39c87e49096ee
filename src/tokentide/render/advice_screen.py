"""Advice on the terminal: the largest saving first, each with what it rests on."""

from __future__ import annotations

import textwrap
from collections.abc import Collection

from rich.console import Console
from rich.text import Text

from tokentide.analytics.advice.model import HIGH, LOW, MEDIUM, AdviceReport, Ranked
from tokentide.analytics.advice.rules import RULES
from tokentide.analytics.calendar import Calendar
from tokentide.render import advice_words, words
from tokentide.render.charts import EMPTY, thin_bar

WIDEST = 100
LEAST_ROOM = 24
BAR = 20
"""Cells that stand for all that was spent."""
MARGIN = "    "
RULE_WIDTH = max(len(rule.name) for rule in RULES) + 2
CONFIDENCE_STYLES = {HIGH: "green", MEDIUM: "yellow", LOW: "dim"}


def print_advice(console: Console, report: AdviceReport, calendar: Calendar, width: int) -> None:
    """Print the advice and what was checked; `width` is what there is."""
    room = max(min(width, WIDEST), LEAST_ROOM)
    _say(console, advice_words.head(report, calendar), room, "bold")
    for number, each in enumerate(report.advice, 1):
        console.print()
        _advice(console, number, each, report, calendar, room)
    console.print()
    _end(console, report, room)


def print_rules(console: Console, without: Collection[str], width: int) -> None:
    """The list of rules."""
    room = max(min(width, WIDEST), LEAST_ROOM)
    for rule in RULES:
        is_off = rule.name in without
        text = f"{rule.name:<{RULE_WIDTH}}{rule.summary}{' (switched off)' if is_off else ''}"
        _say(console, text, room, "dim" if is_off else "", hanging=RULE_WIDTH)


def _advice(console: Console, number: int, each: Ranked, report: AdviceReport, calendar: Calendar, room: int) -> None:
    """One piece of advice: what to do, what it saves, why, how sure, and on what it rests."""
    advice = each.advice
    _say(console, advice.title, room, "bold", f"{number:>2}  ")
    _print(console, _saving(each, report, calendar, room), room)
    windows = ", ".join(advice_words.windows(each))
    if windows:
        _say(console, windows, room, "green", MARGIN)
    _say(console, f"{advice.finding}.", room, "", MARGIN)
    style = CONFIDENCE_STYLES[advice.confidence]
    _say(console, f"{advice.confidence} confidence: {advice.reason}.", room, style, MARGIN)
    _say(console, advice_words.rests_on(advice), room, "dim", MARGIN)
    told = (advice_words.session_line(session, advice, calendar, report) for session in advice.telling)
    for line in (*advice_words.parts(advice), *told):
        _say(console, line, room, "dim", f"{MARGIN}  ")


def _saving(each: Ranked, report: AdviceReport, calendar: Calendar, room: int) -> Text:
    """~$12.30 a month, with a bar of its share of all that is spent."""
    saving = advice_words.saving(each, report, calendar)
    if each.advice.week_percent is not None:
        return Text(f"{MARGIN}{saving.told}", style="red")
    text = Text(MARGIN)
    if room >= len(MARGIN) + BAR + len(saving.told) + 2:
        filled = thin_bar(saving.part, saving.whole, BAR)
        text.append(filled, "green").append(EMPTY * (BAR - len(filled)), "dim").append("  ")
    text.append(saving.told, "green")
    return text


def _end(console: Console, report: AdviceReport, room: int) -> None:
    """What else was checked."""
    if report.missing:
        _say(console, advice_words.no_advice(report), room, "")
        return
    if len(report.advice) > 1:
        _say(console, advice_words.OVERLAP, room, "dim")
    elif not report.advice:
        _say(console, advice_words.NOTHING_TO_SAVE, room, "bold")
    for outcome in advice_words.LISTED:
        for each in report.outcomes(outcome):
            _say(console, advice_words.checked_line(each), room, "dim", "  · ")
    if advice_words.known_details(report):
        _say(console, advice_words.known_details(report), room, "dim", "  · ")


def _say(console: Console, text: str, room: int, style: str, prefix: str = "", *, hanging: int = 0) -> None:
    """A sentence, broken between words, its later lines set in."""
    margin = " " * min(len(prefix) + hanging, room // 2)
    wrapper = textwrap.TextWrapper(room, initial_indent=prefix, subsequent_indent=margin, break_on_hyphens=False)
    lines = wrapper.wrap(words.clean(text))
    for line in lines:
        console.print(Text(line, style=style), soft_wrap=True)


def _print(console: Console, text: Text, room: int) -> None:
    """A line that may be too long, in its own colours."""
    if text.cell_len <= room:
        console.print(text, soft_wrap=True)
    else:
        _say(console, text.plain.strip(), room, "green", MARGIN)
