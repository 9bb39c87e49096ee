"""Activity as an address asks for it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tokentide.analytics.activity import Activity, ActivityAsk, build_activity, top_projects
from tokentide.errors import UsageError
from tokentide.render.pictures.activity_card import activity_card
from tokentide.render.pictures.svg import svg_text
from tokentide.web.asked import Filters
from tokentide.web.desk import Sight

MEASURES = ("cost", "tokens", "prompts", "responses")


class ActivityQuery(Filters):
    """Activity, and what its shades stand for."""

    by: Literal["cost", "tokens", "prompts", "responses"] = Field(default="cost", description="what shades stand for")


class PictureQuery(ActivityQuery):
    """The picture of activity."""

    theme: Literal["light", "dark"] = Field(default="light", description="its colours")
    with_names: bool = Field(default=False, description="also name the projects that most went to")


def activity_of(sight: Sight, asked: Filters, usual_range: str = "") -> Activity:
    """What was done; without days, the last year. Raises UsageError, LedgerError."""
    ask = ActivityAsk(sight.selection(asked, usual_range), sight.calendar(asked), sight.mode(asked))
    return build_activity(sight.ledger, ask, now=sight.now, problems=sight.problems)


def activity_picture(sight: Sight, asked: PictureQuery) -> str:
    """The picture to share, as SVG; without names unless they are asked for.

    Raises UsageError, also where there is nothing to draw.
    """
    calendar = sight.calendar(asked)
    activity = activity_of(sight, asked)
    if not activity.active_days:
        raise UsageError("there is nothing to draw in these days")
    named = top_projects(sight.ledger, activity, calendar, now=sight.now) if asked.with_names else ()
    return svg_text(activity_card(activity, asked.by, asked.theme, calendar.first_weekday, named))
