"""Activity in words: amounts of what is measured, days, hours, streaks, sittings, what is not known."""

from __future__ import annotations

from datetime import date

from tokentide.analytics.activity import Activity
from tokentide.analytics.activity_days import COST, PROMPTS, RESPONSES, TOKENS, Day, Sitting, Slot, Streak
from tokentide.model.activity import COMPACTION, INTERRUPTION, PULL_REQUEST
from tokentide.render import words

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
"""Written out: a picture must not depend on the locale of whoever draws it."""
HEADLINES = 6
TITLES = {COST: "cost", TOKENS: "tokens", PROMPTS: "prompts", RESPONSES: "responses"}


def amount(of: Day | Slot, by: str) -> str:
    """What was measured, with its unit: $5.30, 1.23M tokens, 12 prompts."""
    if by == COST:
        return words.cost(of.sums) if of.sums.responses else words.money(0)
    if by == TOKENS:
        return f"{words.short_tokens(of.sums.total_tokens)} tokens"
    return words.plural(of.measure(by), "prompt" if by == PROMPTS else "response")


def full_day(day: date) -> str:
    """Thu 5 Nov 2026."""
    return f"{WEEKDAYS[day.weekday()][:3]} {short_day(day)} {day.year}"


def short_day(day: date) -> str:
    """5 Nov."""
    return f"{day.day} {MONTHS[day.month - 1]}"


def span(since: date, until: date) -> str:
    """5 Nov 2026 to 4 Nov 2027; the first year only where it is another one."""
    if since == until:
        return f"{short_day(since)} {since.year}"
    year = f" {since.year}" if since.year != until.year else ""
    return f"{short_day(since)}{year} to {short_day(until)} {until.year}"


def streak(found: Streak | None) -> str:
    """12 days, and which."""
    if found is None:
        return "none"
    when = span(found.first, found.last)
    return f"{words.plural(found.days, 'day')}, {when}"


def hour_span(hour: int) -> str:
    """An hour of the day: 14:00 to 15:00."""
    return f"{hour:02}:00 to {(hour + 1) % 24:02}:00"


def busiest_slot(slots: tuple[Slot, ...], by: str) -> int | None:
    """The hour or weekday with the most of it; None where there is nothing."""
    best = max(range(len(slots)), key=lambda index: slots[index].measure(by))
    return best if slots[best].measure(by) else None


def sitting(found: Sitting) -> str:
    """How long it was and what came of it; nothing that names it."""
    return f"{words.duration(found.length)}, {words.plural(found.responses, 'response')}"


def rate(part: int, whole: int) -> str:
    """A share in percent; one that is not zero is not shown as zero."""
    return words.percent(part / whole) if whole else "0 %"


def gap(activity: Activity) -> str:
    """What is not known of some responses, and why; empty where all is known."""
    cover = activity.cover
    if not activity.has_gaps:
        return ""
    what = "prompts, lines and tools"
    if activity.details_since is None:
        return f"{what} are not known: the transcripts were gone before they were read for that"
    missing = words.plural(cover.responses - cover.with_details, "response")
    if activity.details_since > _first_active(activity):
        return f"{what} are known since {full_day(activity.details_since)}: earlier transcripts were gone ({missing})"
    return f"{what} are not known of {missing}: no transcript here tells"


def _first_active(activity: Activity) -> date:
    return next((day.day for day in activity.days if day.is_active), activity.until)


def headline(activity: Activity) -> list[tuple[str, str]]:
    """The figures that matter, as name and value: what is not known of any response is left out."""
    total, sums = activity.totals, activity.totals.sums
    known = activity.cover.with_details > 0
    found = [
        ("at list price", words.cost(sums) if sums.responses else words.money(0)),
        ("tokens", words.short_tokens(sums.total_tokens)),
        ("active days", words.tokens(activity.active_days)),
        ("sessions", words.tokens(total.sessions)),
        ("prompts", words.tokens(total.prompts) if known else ""),
        ("tools run", words.tokens(total.runs) if known else ""),
        ("responses", words.tokens(sums.responses)),
    ]
    return [(name, value) for name, value in found if value][:HEADLINES]


def lines(total: Day) -> str:
    """Lines added and removed; empty where none were."""
    return f"+{total.lines_added:,} and -{total.lines_removed:,}" if total.lines_added or total.lines_removed else ""


def deeds(activity: Activity) -> list[tuple[str, str]]:
    """What came of it and what got in the way, as name and value; nothing where no transcript told."""
    total, marks = activity.totals, activity.marks
    if not activity.cover.with_details:
        return []
    found = [
        ("Lines", f"{lines(total)} in {words.plural(activity.files_changed, 'file')}" if lines(total) else "0"),
        ("Commits", words.tokens(total.commits)),
        ("Pull requests", words.tokens(marks.get(PULL_REQUEST, 0))),
        ("Sub-agents", words.tokens(activity.agents)),
        ("Compactions", words.tokens(marks.get(COMPACTION, 0))),
        ("Interrupted", words.tokens(marks.get(INTERRUPTION, 0))),
    ]
    return [(name, value) for name, value in found if value != "0"]
