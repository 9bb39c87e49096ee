"""The tables of Cost and Coverage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tokentide.analytics.team.cost import Cut, Spent
from tokentide.analytics.team.figures import Unit
from tokentide.render.team_columns import TeamColumn
from tokentide.render.team_table import TeamTable
from tokentide.render.team_tables_people import DAY, NO_NAME, TEAM, USER


@dataclass(frozen=True, slots=True)
class CutRow:
    """A row of a cut, with the dimension."""

    dimension: str
    spent: Spent


def _cut_rows(cuts: Sequence[object]) -> list[object]:
    return [CutRow(cut.dimension, spent) for cut in cuts if isinstance(cut, Cut) for spent in cut.rows]


def _spent(prefix: str = "") -> tuple[TeamColumn, ...]:
    def counter(title: str, field: str, importance: int) -> TeamColumn:
        return TeamColumn(title, field, importance=importance, path=f"{prefix}sums.{field}")

    return (
        counter("Responses", "responses", 4),
        counter("Input", "input_tokens", 2),
        counter("Output", "output_tokens", 5),
        counter("Written 5m", "cache_creation_5m_tokens", 1),
        counter("Written 1h", "cache_creation_1h_tokens", 1),
        counter("Cache read", "cache_read_tokens", 2),
        counter("Tokens", "total_tokens", 6),
        TeamColumn("Cache hits", "cache_hits", Unit.SHARE, 5, f"{prefix}cache_hits"),
        TeamColumn("Saved by cache", "saved_by_cache", Unit.MONEY, 3, f"{prefix}saved_by_cache", is_estimate=True),
        TeamColumn("By metrics", "metrics_cost", Unit.MONEY, 1, f"{prefix}metrics_cost"),
        counter("No price", "unpriced_responses", 3),
        counter("Lower bounds", "lower_bound_responses", 0),
        TeamColumn("Share", "share", Unit.COST_SHARE, 7, f"{prefix}share"),
        TeamColumn("Cost", "cost", Unit.MONEY, 9, f"{prefix}cost"),
    )


_DAY_SPENT = (
    TeamColumn("Responses", "responses", importance=5),
    TeamColumn("Tokens", "total_tokens", importance=6),
    TeamColumn("Cost", "cost", Unit.MONEY, 9),
)
COST = (
    TeamTable(
        "cuts",
        "Where it went",
        (
            TeamColumn("By", "dimension", Unit.TEXT, 9),
            TeamColumn("Name", "name", Unit.TEXT, 9, "spent.name", empty=NO_NAME),
            *_spent("spent."),
        ),
        flatten=_cut_rows,
        group_by="dimension",
    ),
    TeamTable("days", "By day", (TeamColumn("Day", "day", Unit.TEXT, 9, "name"), *_spent()), is_series=True),
    TeamTable("total", "All together", _spent(), is_single=True),
    TeamTable(
        "model_days",
        "By day and model",
        (DAY, TeamColumn("Model", "model", Unit.TEXT, 8, "name", empty=NO_NAME), *_DAY_SPENT),
        is_series=True,
    ),
    TeamTable(
        "team_days",
        "By day and team",
        (DAY, TeamColumn("Team", "team", Unit.TEXT, 8, "name", empty=NO_NAME), *_DAY_SPENT),
        is_series=True,
    ),
    TeamTable(
        "wastes",
        "Beside the work",
        (
            TeamColumn("What", "name", Unit.TEXT, 9),
            TeamColumn("Requests", "responses", importance=8),
            TeamColumn("Time", "seconds", Unit.SECONDS, 5),
            TeamColumn("Cost", "cost", Unit.MONEY, 8),
        ),
    ),
    TeamTable(
        "projection",
        "The month",
        (
            TeamColumn("Month", "month", Unit.TEXT, 9),
            TeamColumn("To date", "cost_to_date", Unit.MONEY, 8),
            TeamColumn("Projected", "projected", Unit.MONEY, 9, is_estimate=True),
            TeamColumn("Working day", "working_day_mean", Unit.MONEY, 5, is_estimate=True),
            TeamColumn("Weekend day", "weekend_day_mean", Unit.MONEY, 4, is_estimate=True),
            TeamColumn("Days left", "days_left", importance=6),
            TeamColumn("From days", "history_days", importance=3),
        ),
        is_single=True,
    ),
)

_COVERED = (
    TeamColumn("Responses", "responses", importance=6),
    TeamColumn("Telemetry", "telemetry_responses", importance=7),
    TeamColumn("Transcripts", "transcript_responses", importance=7),
    TeamColumn("Both", "both_responses", importance=4),
    TeamColumn("Covered", "coverage", Unit.SHARE, 8),
    TeamColumn("By telemetry", "telemetry_cost", Unit.MONEY, 5),
    TeamColumn("By transcripts", "transcript_cost", Unit.MONEY, 5),
    TeamColumn("By both", "both_cost", Unit.MONEY, 2),
    TeamColumn("Metrics alone", "metrics_only_cost", Unit.MONEY, 6),
    TeamColumn("All metrics", "metrics_cost", Unit.MONEY, 3),
    TeamColumn("Metrics to events", "metrics_to_events", Unit.COST_SHARE, 2),
    TeamColumn("Tokens, metrics", "metrics_tokens", importance=1),
    TeamColumn("Tokens, events", "events_tokens", importance=1),
    TeamColumn("Vendor", "vendor_cost", Unit.MONEY, 3),
    TeamColumn("Cost", "cost", Unit.MONEY, 9),
)
_FRESH = (
    TeamColumn("Last seen", "last_at", Unit.INSTANT, 5),
    TeamColumn("Last telemetry", "last_telemetry_at", Unit.INSTANT, 3),
    TeamColumn("Last push", "last_push_at", Unit.INSTANT, 2),
)
COVERAGE = (
    TeamTable("days", "By day", (TeamColumn("Day", "day", Unit.TEXT, 9, "name"), *_COVERED), is_series=True),
    TeamTable(
        "users",
        "By person",
        (
            TeamColumn("Person", "user_id", Unit.TEXT, 9, "name", empty=NO_NAME),
            TeamColumn("Team", "team", Unit.TEXT, 3),
            *_COVERED,
            *_FRESH,
        ),
    ),
    TeamTable("total", "All together", (*_COVERED, *_FRESH), is_single=True),
    TeamTable(
        "lopsided",
        "Told one way only",
        (
            USER,
            TEAM,
            TeamColumn("Lacks", "lacks", Unit.TEXT, 8),
            TeamColumn("Responses", "responses", importance=5),
            TeamColumn("Last seen", "last_at", Unit.INSTANT, 4),
        ),
        "everybody is told the same ways",
    ),
    TeamTable(
        "deviations",
        "Sessions in which metrics and events differ by more than 2 %",
        (
            TeamColumn("Session", "session_id", Unit.TEXT, 9),
            TeamColumn("Person", "user_id", Unit.TEXT, 7, empty=NO_NAME),
            TeamColumn("By events", "events_cost", Unit.MONEY, 8),
            TeamColumn("By metrics", "metrics_cost", Unit.MONEY, 8),
            TeamColumn("Difference", "difference", Unit.MONEY, 7),
            TeamColumn("Last seen", "last_at", Unit.INSTANT, 3),
        ),
        "none",
    ),
    TeamTable(
        "skewed",
        "Clocks that were not believed",
        (USER, TeamColumn("Records", "records", importance=8), TeamColumn("Last seen", "last_at", Unit.INSTANT, 5)),
        "every clock was plausible",
    ),
)
