"""Adoption: who uses it, how often, with which version, and who stopped."""

from __future__ import annotations

from tokentide.web.team.panels import Panel, over_time, ranked
from tokentide.web.team.report_page import report_page

PANELS = (
    Panel(
        "days",
        "Active people",
        over_time(
            "People active on each day, within seven days and within thirty",
            "days",
            (("daily_users", "on the day"), ("weekly_users", "in 7 days"), ("monthly_users", "in 30 days")),
            shape="line",
        ),
        nothing="Nobody was active in these days.",
        is_wide=True,
    ),
    Panel(
        "days",
        "New and returning",
        over_time(
            "People active on each day, new ones and returning ones",
            "days",
            (("returning_users", "returning"), ("new_users", "new")),
            stack=True,
        ),
        id="new",
        only_chart=True,
    ),
    Panel(
        "days",
        "Sessions",
        over_time("Sessions on each day", "days", (("sessions", "sessions"),)),
        id="sessions",
        only_chart=True,
    ),
    Panel(
        "days",
        "Active time",
        over_time(
            "Hours of active time on each day",
            "days",
            (("user_seconds", "at the keyboard"), ("cli_seconds", "the client at work")),
            "hours",
            stack=True,
        ),
        id="time",
        only_chart=True,
    ),
    Panel("teams", "Teams", ranked("Active people by team", "teams", (("users", "people"),), x="team")),
    Panel(
        "versions",
        "Versions",
        ranked("People by version of the client", "versions", (("users", "people"),), is_ordered=True),
        note="The newest first.",
    ),
    Panel("terminals", "Terminals", ranked("People by terminal", "terminals", (("users", "people"),))),
    Panel("entrypoints", "Ways in", ranked("People by entrypoint", "entrypoints", (("users", "people"),))),
    Panel("start_types", "How sessions start", ranked("Sessions by start", "start_types", (("records", "sessions"),))),
    Panel("behind", "Who lags behind", nothing="Everybody has the newest version that the team has."),
    Panel(
        "silent",
        "Who stopped",
        note="Active in the two weeks before the last, and not since.",
        nothing="Nobody stopped.",
    ),
)
PAGE = report_page("adoption", "Adoption", PANELS)
