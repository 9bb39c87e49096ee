"""Activity as JSON, format 1, and as CSV, a row a day."""

from __future__ import annotations

from tokentide.analytics.activity import Activity
from tokentide.analytics.activity_days import Day, Sitting, Slot, Streak, ToolUse
from tokentide.clock import SECOND_US
from tokentide.model.activity import API_ERROR, COMPACTION, INTERRUPTION, PULL_REQUEST, REFUSAL
from tokentide.render.csv_text import csv_cell, csv_lines
from tokentide.render.json_text import Json, dumps, usd
from tokentide.render.report_json import head_json, instant, selection_json, sums_json

MARKS = {
    "pull_requests": PULL_REQUEST,
    "compactions": COMPACTION,
    "interruptions": INTERRUPTION,
    "api_errors": API_ERROR,
    "refusals": REFUSAL,
}
"""Names of counts, and the kinds of marks that are counted."""
_COUNTS = ("sessions", "prompts", "tool_runs", "failed_tool_runs", "denied_tool_runs", "lines_added", "lines_removed")


def activity_json(activity: Activity) -> str:
    """The whole of it as one JSON object."""
    return dumps(
        {
            **head_json("activity", activity.generated_at, activity.timezone),
            "filters": {**selection_json(activity.selection), "mode": activity.mode.value},
            **activity_members(activity),
            "week_hours": [*_week(activity)],
            "rows": [{"date": day.day.isoformat(), **_day(day)} for day in activity.days],
            "problems": activity.problems,
        }
    )


def activity_members(activity: Activity) -> dict[str, Json]:
    """Everything but the single days."""
    return {
        "since": activity.since.isoformat(),
        "until": activity.until.isoformat(),
        "active_days": activity.active_days,
        "longest_streak": _streak(activity.streak),
        "current_streak": _streak(activity.present_streak),
        "totals": {
            **_day(activity.totals),
            "files_changed": activity.files_changed,
            "agents": activity.agents,
            **{name: activity.marks.get(kind, 0) for name, kind in MARKS.items()},
        },
        "hours": [{"hour": hour, **_slot(slot)} for hour, slot in enumerate(activity.hours)],
        "weekdays": [{"weekday": number, **_slot(slot)} for number, slot in enumerate(activity.weekdays, 1)],
        "tools": [_tool(each) for each in activity.tools],
        "longest_sitting": _sitting(activity.longest_sitting),
        "details": {
            "responses": activity.cover.with_details,
            "missing_responses": activity.cover.responses - activity.cover.with_details,
            "since": activity.details_since.isoformat() if activity.details_since else None,
        },
    }


def activity_csv(activity: Activity) -> str:
    """Heading and a line a day."""
    heading = ["date", *_day(activity.totals)]
    lines = ([day.day.isoformat(), *map(_value, _day(day).values())] for day in activity.days)
    return csv_lines(heading, lines)


def week_hours_csv(activity: Activity) -> str:
    """A line an hour of each weekday that anything was done in; Monday is 1."""
    heading = ["weekday", "hour", *_slot(Slot())]
    return csv_lines(heading, ([*map(_value, row.values())] for row in _week(activity)))


def tools_csv(activity: Activity) -> str:
    """A line a tool."""
    heading = list(_tool(ToolUse("", 1, 0, 0)))
    return csv_lines(heading, ([*map(csv_cell, _tool(each).values())] for each in activity.tools))


def _value(value: Json) -> str:
    return "" if value is None else dumps(value)


def _day(day: Day) -> dict[str, Json]:
    counts = (day.sessions, day.prompts, day.runs, day.failed, day.denied, day.lines_added, day.lines_removed)
    return {**sums_json(day.sums), **dict(zip(_COUNTS, counts, strict=True)), "commits": day.commits}


def _slot(slot: Slot) -> dict[str, Json]:
    return {**sums_json(slot.sums), "prompts": slot.prompts}


def _week(activity: Activity) -> list[dict[str, Json]]:
    """The hours of each weekday that anything was done in; Monday is 1."""
    return [
        {"weekday": weekday, "hour": hour, **_slot(slot)}
        for weekday, hours in enumerate(activity.week, 1)
        for hour, slot in enumerate(hours)
        if slot.sums.responses or slot.prompts
    ]


def _streak(found: Streak | None) -> dict[str, Json] | None:
    if found is None:
        return None
    return {"days": found.days, "since": found.first.isoformat(), "until": found.last.isoformat()}


def _tool(each: ToolUse) -> dict[str, Json]:
    return {
        "tool": each.tool,
        "runs": each.runs,
        "failed": each.failed,
        "denied": each.denied,
        "failure_rate": round(each.failed / each.runs, 4),
    }


def _sitting(found: Sitting | None) -> dict[str, Json] | None:
    if found is None:
        return None
    source, _, session = found.session.partition("\t")
    return {
        "session_id": session,
        "source": source,
        "title": found.facts.title or None,
        "project": found.facts.project,
        "first_at": instant(found.first_at),
        "last_at": instant(found.last_at),
        "seconds": found.length // SECOND_US,
        "responses": found.responses,
        "cost_usd": usd(found.cost),
    }
