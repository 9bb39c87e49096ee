"""Advice in words: what it saves, what it rests on, what else was checked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tokentide.analytics.advice.engine import a_month
from tokentide.analytics.advice.model import (
    FOUND,
    LACKING,
    NOTHING,
    OFF,
    SMALL,
    Advice,
    AdviceReport,
    Checked,
    Part,
    Ranked,
    Telling,
)
from tokentide.analytics.calendar import Calendar
from tokentide.render import words
from tokentide.render.forecast_words import clock_words

MOST_PARTS = 4
OVERLAP = "The savings overlap: who compacts in time carries fewer large results. They do not add up."
NOTHING_TO_SAVE = "Nothing to save worth mentioning. What was checked:"
LISTED = (SMALL, NOTHING, LACKING, OFF)
"""What is listed below the advice, in this order."""


def head(report: AdviceReport, calendar: Calendar) -> str:
    """The days, and what was looked at."""
    since = report.selection.since.isoformat() if report.selection.since else "the beginning"
    until = (report.selection.until or calendar.date_of(report.generated_at)).isoformat()
    return (
        f"{since} to {until}: {words.plural(report.sessions, 'session')}, "
        f"{words.plural(report.responses, 'response')}, {words.money(report.cost)} at list price, "
        f"~{words.money(report.cost_per_month)} a month"
    )


@dataclass(frozen=True, slots=True)
class Saving:
    """What a piece of advice saves in a month."""

    told: str
    """~$12.30 a month, 8 % of the cost; or by how much a window will not do."""
    part: int
    """Nano-USD; 0 where no money is saved."""
    whole: int
    """What it is a share of."""


def saving(each: Ranked, report: AdviceReport, calendar: Calendar) -> Saving:
    """The saving with its share of all that is spent, or what a window lacks."""
    advice = each.advice
    if advice.week_percent is not None:
        until = f" until {clock_words(advice.until, calendar, report.generated_at)}" if advice.until else ""
        over = f"about {advice.week_percent:.0f} % of a week too much" if advice.week_percent >= 1 else "a tight week"
        return Saving(f"{over}{until}", 0, 0)
    whole = a_month(advice.concerned, report.span_us) if advice.is_of_price else report.cost_per_month
    share = 100 * each.saving_per_month / whole if whole else 0.0
    only_if = f", if {advice.only_if}" if advice.only_if else ""
    told = f"~{words.money(each.saving_per_month)} a month, {share:.0f} % of {_whole(advice)}{only_if}"
    return Saving(told, each.saving_per_month, max(whole, each.saving_per_month))


def _whole(advice: Advice) -> str:
    """What the share is of."""
    return "what that costs now" if advice.is_of_price else "the cost"


def windows(each: Ranked) -> Iterator[str]:
    """The saving as share of the windows, where the person's own calibration tells."""
    if each.share.week_percent is not None:
        yield f"~{each.share.week_percent:.1f} % of each week"
    if each.share.five_hour_windows is not None:
        yield f"~{each.share.five_hour_windows:.1f} five-hour windows a month"


def rests_on(advice: Advice) -> str:
    """How much of what it was found in, and by which rule."""
    found = f"{words.plural(advice.count, advice.counted)} in {words.plural(advice.sessions, 'session')}"
    about = f", which cost {words.money(advice.concerned)}" if advice.concerned and not advice.is_of_price else ""
    return f"{found if advice.count else 'rule'}{about} ({advice.rule})"


def parts(advice: Advice) -> Iterator[str]:
    """What it is made of, where that is more than one."""
    if len(advice.parts) > 1:
        shown = [_part(part) for part in advice.parts[:MOST_PARTS]]
        rest = len(advice.parts) - len(shown)
        yield "; ".join([*shown, *([f"{rest} more"] if rest else [])])


def _part(part: Part) -> str:
    saving = f" {words.money(part.saving)}" if part.saving > 0 else ""
    return f"{part.name} ×{part.count:,}{saving}"


def session_line(session: Telling, advice: Advice, calendar: Calendar, report: AdviceReport) -> str:
    """12 Mar  Fix the parser (tokentide): 14 requests, $3.20. A day of another year bears it."""
    day = calendar.local(session.at)
    year = "" if day.year == calendar.local(report.generated_at).year else f" {day:%Y}"
    name = session.title or session.session_id[:8]
    project = f" ({words.project_name(session.project)})" if session.project else ""
    saving = f", {words.money(session.saving)}" if session.saving > 0 else ""
    counted = words.plural(session.count, advice.counted)
    return f"{day:%d %b}{year}  {name}{project}: {counted}{saving}"


def checked_line(each: Checked) -> str:
    """What came of a rule without advice."""
    small = f", only ~{words.money(each.saving_per_month)} a month" if each.outcome == SMALL else ""
    return f"{each.rule}: {each.note}{small}"


def no_advice(report: AdviceReport) -> str:
    """Why there is none; empty where there could be."""
    told = f"No advice yet: it {report.missing} in these days; `--last 3m` looks further back."
    return told if report.missing else ""


def known_details(report: AdviceReport) -> str:
    """Of how many sessions details are known, where that may be why nothing was found; else empty."""
    if report.outcomes(FOUND) or report.sessions_with_details >= report.sessions:
        return ""
    return f"details are known of {words.plural(report.sessions_with_details, 'session')} of {report.sessions:,}"


def unpriced_note(report: AdviceReport) -> str:
    """What is left out for want of a price; empty where nothing is."""
    if not report.unpriced_responses:
        return ""
    return (
        f"left out for want of a price: {words.plural(report.unpriced_responses, 'response')}; see `tokentide prices`, "
        "or set one in the settings"
    )
