"""The tables of Adoption and People."""

from __future__ import annotations

from tokentide.analytics.team.figures import Unit
from tokentide.render.team_columns import TeamColumn
from tokentide.render.team_table import TeamTable

NO_NAME = "(not told)"
DAY = TeamColumn("Day", "day", Unit.TEXT, 9)
TEAM = TeamColumn("Team", "team", Unit.TEXT, 6, empty=NO_NAME)
USER = TeamColumn("Person", "user_id", Unit.TEXT, 9, empty=NO_NAME)
LAST = TeamColumn("Last seen", "last_at", Unit.INSTANT, 5)
COST_COLUMN = TeamColumn("Cost", "cost", Unit.MONEY, 9)


def _spread(name: str, title: str, records: str = "Records") -> TeamTable:
    return TeamTable(
        name,
        title,
        (
            TeamColumn(title, "name", Unit.TEXT, 9, empty=NO_NAME),
            TeamColumn("Users", "users", Unit.COUNT, 8, "users.part"),
            TeamColumn("Share", "users_share", Unit.SHARE, 7, "users"),
            TeamColumn(records, "records", Unit.COUNT, 3),
            *((TeamColumn("Newest", "is_newest", Unit.FLAG, 5),) if name == "versions" else ()),
        ),
    )


ADOPTION = (
    TeamTable(
        "days",
        "By day",
        (
            DAY,
            TeamColumn("Users", "daily_users", importance=8),
            TeamColumn("7 days", "weekly_users", importance=6),
            TeamColumn("30 days", "monthly_users", importance=5),
            TeamColumn("New", "new_users", importance=4),
            TeamColumn("Returning", "returning_users", importance=2),
            TeamColumn("Sessions", "sessions", importance=7),
            TeamColumn("At the keyboard", "user_seconds", Unit.SECONDS, 3),
            TeamColumn("Client at work", "cli_seconds", Unit.SECONDS, 1),
        ),
        is_series=True,
    ),
    TeamTable(
        "teams",
        "By team",
        (
            TeamColumn("Team", "team", Unit.TEXT, 9, empty=NO_NAME),
            TeamColumn("Users", "users", importance=8),
            TeamColumn("Sessions", "sessions", importance=7),
            TeamColumn("Active time", "active_seconds", Unit.SECONDS, 5),
            TeamColumn("Responses", "responses", importance=4),
        ),
    ),
    _spread("versions", "Version"),
    _spread("terminals", "Terminal"),
    _spread("entrypoints", "Entrypoint"),
    _spread("start_types", "Start", "Sessions"),
    TeamTable(
        "behind",
        "Not on the newest version",
        (USER, TEAM, TeamColumn("Version", "version", Unit.TEXT, 8), LAST),
        "everybody uses the newest version",
    ),
    TeamTable(
        "silent",
        "Silent for a week, active before",
        (
            USER,
            TEAM,
            TeamColumn("Days silent", "days_silent", importance=8),
            TeamColumn("Active days before", "active_days", importance=4),
            LAST,
        ),
        "nobody fell silent",
    ),
)

_PERSON = (
    USER,
    TEAM,
    TeamColumn("Sessions", "sessions", importance=7),
    TeamColumn("Days", "active_days", importance=4),
    TeamColumn("Active time", "active_seconds", Unit.SECONDS, 5),
    TeamColumn("Prompts", "prompts", importance=5),
    TeamColumn("Lines +", "lines_added", importance=4),
    TeamColumn("Lines -", "lines_removed", importance=2),
    TeamColumn("Commits", "commits", importance=6),
    TeamColumn("PRs", "pull_requests", importance=6),
    TeamColumn("Accepted", "accept_rate", Unit.SHARE, 5),
    TeamColumn("Errors", "errors", importance=2),
    TeamColumn("Responses", "responses", importance=1, path="sums.responses"),
    TeamColumn("Input", "input_tokens", importance=0, path="sums.input_tokens"),
    TeamColumn("Output", "output_tokens", importance=1, path="sums.output_tokens"),
    TeamColumn("Written 5m", "cache_creation_5m_tokens", importance=0, path="sums.cache_creation_5m_tokens"),
    TeamColumn("Written 1h", "cache_creation_1h_tokens", importance=0, path="sums.cache_creation_1h_tokens"),
    TeamColumn("Cache read", "cache_read_tokens", importance=0, path="sums.cache_read_tokens"),
    TeamColumn("Tokens", "total_tokens", importance=3, path="sums.total_tokens"),
    TeamColumn("Models", "models", Unit.TEXTS, 1),
    TeamColumn("Versions", "versions", Unit.TEXTS, 1),
    LAST,
    TeamColumn("No price", "unpriced_responses", importance=0, path="sums.unpriced_responses"),
    COST_COLUMN,
)
PEOPLE = (
    TeamTable("people", "People", _PERSON, "nobody was active in these days"),
    TeamTable("total", "All together", _PERSON[2:], is_single=True),
    TeamTable(
        "seats",
        "Beside seats (a month of 30 days)",
        (
            TeamColumn("Seat, USD", "seat_usd", importance=9, path="usd"),
            TeamColumn("Worth more", "users", importance=9, is_estimate=True),
            TeamColumn("People", "of", importance=7),
            TeamColumn("Used beyond", "value_above", Unit.MONEY, 6, is_estimate=True),
            TeamColumn("Left unused", "value_below", Unit.MONEY, 5, is_estimate=True),
        ),
    ),
)
