"""Advice on the terminal: the largest saving first, each with what it rests on."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Iterator

from rich.console import Console
from rich.text import Text

from tokentide.analytics.advice.engine import a_month
from tokentide.analytics.advice.model import (
    FOUND,
    HIGH,
    LACKING,
    LOW,
    MEDIUM,
    NOTHING,
    OFF,
    SMALL,
    Advice,
    AdviceReport,
    Part,
    Ranked,
    Telling,
)
from tokentide.analytics.advice.rules import RULES
from tokentide.analytics.calendar import Calendar
from tokentide.render import words
from tokentide.render.charts import EMPTY, thin_bar
from tokentide.render.forecast_words import clock_words

WIDEST = 100
LEAST_ROOM = 24
BAR = 20
"""Cells that stand for all that was spent."""
MARGIN = "    "
MOST_PARTS = 4
RULE_WIDTH = max(len(rule.name) for rule in RULES) + 2
CONFIDENCE_STYLES = {HIGH: "green", MEDIUM: "yellow", LOW: "dim"}
OVERLAP = "The savings overlap: who compacts in time carries fewer large results. They do not add up."
LISTED = (SMALL, NOTHING, LACKING, OFF)
"""What is listed below the advice, in this order."""


def print_advice(console: Console, report: AdviceReport, calendar: Calendar, width: int) -> None:
    """Print the advice and what was checked; `width` is what there is."""
    room = max(min(width, WIDEST), LEAST_ROOM)
    _say(console, _head(report, calendar), room, "bold")
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


def _head(report: AdviceReport, calendar: Calendar) -> str:
    since = report.selection.since.isoformat() if report.selection.since else "the beginning"
    until = (report.selection.until or calendar.date_of(report.generated_at)).isoformat()
    return (
        f"{since} to {until}: {words.plural(report.sessions, 'session')}, "
        f"{words.plural(report.responses, 'response')}, {words.money(report.cost)} at list price, "
        f"~{words.money(report.cost_per_month)} a month"
    )


def _advice(console: Console, number: int, each: Ranked, report: AdviceReport, calendar: Calendar, room: int) -> None:
    """One piece of advice: what to do, what it saves, why, how sure, and on what it rests."""
    advice = each.advice
    _say(console, advice.title, room, "bold", f"{number:>2}  ")
    _print(console, _saving(each, report, calendar, room), room)
    windows = ", ".join(_windows(each))
    if windows:
        _say(console, windows, room, "green", MARGIN)
    _say(console, f"{advice.finding}.", room, "", MARGIN)
    style = CONFIDENCE_STYLES[advice.confidence]
    _say(console, f"{advice.confidence} confidence: {advice.reason}.", room, style, MARGIN)
    found = f"{words.plural(advice.count, advice.counted)} in {words.plural(advice.sessions, 'session')}"
    about = f", which cost {words.money(advice.concerned)}" if advice.concerned and not advice.is_of_price else ""
    _say(console, f"{found if advice.count else 'rule'}{about} ({advice.rule})", room, "dim", MARGIN)
    told = (_session(session, advice, calendar, report) for session in advice.telling)
    for line in (*_parts(advice), *told):
        _say(console, line, room, "dim", f"{MARGIN}  ")


def _saving(each: Ranked, report: AdviceReport, calendar: Calendar, room: int) -> Text:
    """~$12.30 a month, with a bar of its share of all that is spent."""
    advice = each.advice
    if advice.week_percent is not None:
        until = f" until {clock_words(advice.until, calendar, report.generated_at)}" if advice.until else ""
        over = f"about {advice.week_percent:.0f} % of a week too much" if advice.week_percent >= 1 else "a tight week"
        return Text(f"{MARGIN}{over}{until}", style="red")
    whole = a_month(advice.concerned, report.span_us) if advice.is_of_price else report.cost_per_month
    share = 100 * each.saving_per_month / whole if whole else 0.0
    only_if = f", if {advice.only_if}" if advice.only_if else ""
    told = f"~{words.money(each.saving_per_month)} a month, {share:.0f} % of {_whole(advice)}{only_if}"
    text = Text(MARGIN)
    if room >= len(MARGIN) + BAR + len(told) + 2:
        filled = thin_bar(each.saving_per_month, max(whole, each.saving_per_month), BAR)
        text.append(filled, "green").append(EMPTY * (BAR - len(filled)), "dim").append("  ")
    text.append(told, "green")
    return text


def _whole(advice: Advice) -> str:
    """What the share is of."""
    return "what that costs now" if advice.is_of_price else "the cost"


def _windows(each: Ranked) -> Iterator[str]:
    """The saving as share of the windows, where the person's own calibration tells."""
    if each.share.week_percent is not None:
        yield f"~{each.share.week_percent:.1f} % of each week"
    if each.share.five_hour_windows is not None:
        yield f"~{each.share.five_hour_windows:.1f} five-hour windows a month"


def _parts(advice: Advice) -> Iterator[str]:
    """What it is made of, where that is more than one."""
    if len(advice.parts) > 1:
        shown = [_part(part) for part in advice.parts[:MOST_PARTS]]
        rest = len(advice.parts) - len(shown)
        yield "; ".join([*shown, *([f"{rest} more"] if rest else [])])


def _part(part: Part) -> str:
    saving = f" {words.money(part.saving)}" if part.saving > 0 else ""
    return f"{part.name} ×{part.count:,}{saving}"


def _session(session: Telling, advice: Advice, calendar: Calendar, report: AdviceReport) -> str:
    """12 Mar  Fix the parser (tokentide): 14 requests, $3.20. A day of another year bears it."""
    day = calendar.local(session.at)
    year = "" if day.year == calendar.local(report.generated_at).year else f" {day:%Y}"
    name = session.title or session.session_id[:8]
    project = f" ({words.project_name(session.project)})" if session.project else ""
    saving = f", {words.money(session.saving)}" if session.saving > 0 else ""
    counted = words.plural(session.count, advice.counted)
    return f"{day:%d %b}{year}  {name}{project}: {counted}{saving}"


def _end(console: Console, report: AdviceReport, room: int) -> None:
    """What else was checked."""
    if report.missing:
        _say(console, f"No advice yet: it {report.missing} in these days; `--last 3m` looks further back.", room, "")
        return
    if len(report.advice) > 1:
        _say(console, OVERLAP, room, "dim")
    elif not report.advice:
        _say(console, "Nothing to save worth mentioning. What was checked:", room, "bold")
    for outcome in LISTED:
        for each in report.outcomes(outcome):
            small = f", only ~{words.money(each.saving_per_month)} a month" if outcome == SMALL else ""
            _say(console, f"{each.rule}: {each.note}{small}", room, "dim", "  · ")
    if not report.outcomes(FOUND) and report.sessions_with_details < report.sessions:
        told = words.plural(report.sessions_with_details, "session")
        _say(console, f"details are known of {told} of {report.sessions:,}", room, "dim", "  · ")


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
