"""Advice: what to do otherwise, what it would save, how sure that is, and what it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from tokentide.analytics.advice.model import AdviceReport, Ranked, Telling
from tokentide.analytics.advice.rules import RULES
from tokentide.analytics.calendar import Calendar
from tokentide.render import advice_words
from tokentide.render.what_if_words import sentences
from tokentide.render.words import clean
from tokentide.web.desk import Sight
from tokentide.web.frame import Page
from tokentide.web.insight import RECENT, AdviseQuery, advice_of, is_much


class AdvicePageQuery(AdviseQuery):
    """The page of advice."""

    at_once: bool = Field(default=False, description="with all that takes its time")


@dataclass(frozen=True, slots=True)
class AdviceCard:
    """One piece of advice in words."""

    rule: str
    title: str
    saving: str
    is_lack: bool
    """True where a window will not do; then no money is saved."""
    filled: float
    """Of the bar, 0 to 100: the share of all that is spent."""
    windows: str
    finding: str
    confidence: str
    reason: str
    rests_on: str
    parts: tuple[str, ...]
    sessions: tuple[tuple[str, str], ...]
    """Ids of the telling ones, and what was found there."""


def build(sight: Sight, asked: AdvicePageQuery, _item: str) -> Mapping[str, Any]:
    """The advice, or what says that it is to come."""
    off = sight.settings.advice_off
    shown = {"is_late": not asked.at_once and is_much(sight, asked, RECENT), "rules": RULES, "off": off}
    if shown["is_late"]:
        return shown
    report, calendar = advice_of(sight, asked), sight.calendar(asked)
    return {
        **shown,
        "report": report,
        "head": advice_words.head(report, calendar),
        "cards": [_card(each, report, calendar) for each in report.advice],
        "overlap": advice_words.OVERLAP if len(report.advice) > 1 else "",
        "checked": [
            clean(advice_words.checked_line(each))
            for outcome in advice_words.LISTED
            for each in report.outcomes(outcome)
        ],
        "notes": [advice_words.known_details(report), advice_words.unpriced_note(report)],
    }


def _card(each: Ranked, report: AdviceReport, calendar: Calendar) -> AdviceCard:
    advice, saving = each.advice, advice_words.saving(each, report, calendar)

    def told(session: Telling) -> tuple[str, str]:
        return session.session_id, clean(advice_words.session_line(session, advice, calendar, report))

    return AdviceCard(
        rule=advice.rule,
        title=clean(advice.title),
        saving=saving.told,
        is_lack=advice.week_percent is not None,
        filled=100 * saving.part / saving.whole if saving.whole else 0.0,
        windows=", ".join(advice_words.windows(each)),
        finding=clean(sentences([advice.finding])),
        confidence=advice.confidence,
        reason=f"{clean(advice.reason)}.",
        rests_on=clean(advice_words.rests_on(advice)),
        parts=tuple(map(clean, advice_words.parts(advice))),
        sessions=tuple(map(told, advice.telling)),
    )


PAGE = Page("/insight", "Insight", "insight.html", build, AdvicePageQuery, usual_range=RECENT)
