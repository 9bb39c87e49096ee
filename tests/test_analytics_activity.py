"""What was done over some days, by hand-made transcripts, and laws that hold for any."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import Machine, usage_line
from tests.ledgers import sync
from tokentide.analytics.activity import Activity, ActivityAsk, build_activity
from tokentide.analytics.activity_days import MEASURES, Day, Streak
from tokentide.analytics.calendar import Calendar
from tokentide.analytics.heat_map import SHADES, month_columns, shade, shade_bounds, weeks_of
from tokentide.analytics.reports import KINDS, Ask, build_report
from tokentide.analytics.selection import Selection
from tokentide.analytics.wrapped import build_wrapped
from tokentide.model.activity import PULL_REQUEST
from tokentide.sample import YEAR, write_sample
from tokentide.sources.claude_code.instants import parse_instant
from tokentide.store.query import Filters, Sums
from tokentide.store.sqlite.ledger import Ledger
from tokentide.sync.details import sync_details
from tokentide.sync.engine import Observer

NOW = parse_instant("2026-03-12T12:00:00Z") or 0
ALL = Selection(None, None, Filters())
Line = dict[str, object]


def ledger_of(machine: Machine) -> Ledger:
    ledger = Ledger.open(":memory:")
    sync_details(ledger, sync(ledger, machine.home).found, Observer())
    return ledger


def activity_of(
    machine: Machine, selection: Selection = ALL, zone: str = "UTC", start_of_day: int = 0, now: int = NOW
) -> Activity:
    with ledger_of(machine) as ledger:
        ask = ActivityAsk(selection, Calendar(zone, reset_hour=start_of_day))
        return build_activity(ledger, ask, now=now)


def said(at: str, key: str, text: str = "do it", session: str = "s1", **more: object) -> Line:
    message = {"role": "user", "content": text}
    return {"type": "user", "sessionId": session, "uuid": key, "timestamp": at, "message": message, **more}


def called(
    at: str, number: int, tool: str, given_: Mapping[str, object], session: str = "s1", model: str = "claude-opus-4-8"
) -> Line:
    line = usage_line(f"m{number}", f"r{number}", at, model, session)
    message = line["message"]
    assert isinstance(message, dict)
    message["content"] = [{"type": "tool_use", "id": f"t{number}", "name": tool, "input": given_}]
    return line


def gave(at: str, number: int, outcome: object, *, failed: bool = False, text: str = "ok") -> Line:
    block = {"type": "tool_result", "tool_use_id": f"t{number}", "content": text, "is_error": failed}
    return {
        "type": "user",
        "sessionId": "s1",
        "uuid": f"u{number}",
        "timestamp": at,
        "message": {"role": "user", "content": [block]},
        "toolUseResult": outcome,
    }


def patch(*lines: str) -> Line:
    return {"structuredPatch": [{"oldStart": 1, "oldLines": 1, "newStart": 1, "newLines": 1, "lines": list(lines)}]}


@pytest.fixture
def worked(machine: Machine) -> Machine:
    """Three days of one session, with edits, a failure, a denial, a commit and a pull request."""
    edit = {"file_path": "/srv/p/a.py", "old_string": "a", "new_string": "b"}
    commit = {"command": "git commit -m x"}
    machine.write(
        "-srv-p/s1.jsonl",
        said("2026-03-09T23:30:00.000Z", "p1"),
        called("2026-03-09T23:40:00.000Z", 1, "Edit", edit),
        gave("2026-03-09T23:41:00.000Z", 1, patch("-a", "+b", "+c", " d")),
        called("2026-03-09T23:59:00.000Z", 2, "Bash", {"command": "pytest"}),
        gave("2026-03-09T23:59:10.000Z", 2, "Error", failed=True, text="Exit code 1"),
        called("2026-03-10T00:10:00.000Z", 3, "Bash", commit),
        gave("2026-03-10T00:10:05.000Z", 3, {"stdout": "", "gitOperation": {"commit": {"sha": "1"}}}),
        {"type": "pr-link", "sessionId": "s1", "timestamp": "2026-03-10T00:11:00.000Z", "prUrl": "https://x/1"},
        {"type": "pr-link", "sessionId": "s1", "timestamp": "2026-03-10T00:12:00.000Z", "prUrl": "https://x/1"},
        said("2026-03-12T08:00:00.000Z", "p2"),
        called("2026-03-12T08:01:00.000Z", 4, "Write", {"file_path": "/srv/p/b.py", "content": "x\ny\n"}),
        gave("2026-03-12T08:01:30.000Z", 4, {"type": "create", "content": "x\ny\n"}),
        called("2026-03-12T08:02:00.000Z", 5, "Edit", edit),
        gave("2026-03-12T08:02:30.000Z", 5, "x", failed=True, text="The user doesn't want to proceed"),
    )
    return machine


def test_days_hours_and_deeds_are_those_of_the_transcript(worked: Machine) -> None:
    found = activity_of(worked)
    assert (found.since, found.until, len(found.days)) == (date(2025, 3, 13), date(2026, 3, 12), 365)
    used = {day.day.isoformat(): day for day in found.days if day.is_active}
    assert {key: (day.sums.responses, day.prompts, day.runs) for key, day in used.items()} == {
        "2026-03-09": (2, 1, 2),
        "2026-03-10": (1, 0, 1),
        "2026-03-12": (2, 1, 2),
    }
    assert (used["2026-03-09"].lines_added, used["2026-03-09"].lines_removed, used["2026-03-09"].failed) == (2, 1, 1)
    total = found.totals
    assert (total.sessions, total.prompts, total.runs, total.failed, total.denied) == (1, 2, 5, 1, 1)
    assert (total.lines_added, total.lines_removed, total.commits) == (4, 1, 1)
    assert found.files_changed == 2
    assert found.marks[PULL_REQUEST] == 1
    assert [(each.tool, each.runs, each.failed, each.denied) for each in found.tools] == [
        ("Bash", 2, 1, 0),
        ("Edit", 2, 0, 1),
        ("Write", 1, 0, 0),
    ]
    assert [hour for hour, slot in enumerate(found.hours) if slot.sums.responses] == [0, 8, 23]
    assert [slot.sums.responses for slot in found.weekdays] == [2, 1, 0, 2, 0, 0, 0]


def test_days_and_hours_are_cut_in_the_zone_asked_for(worked: Machine) -> None:
    found = activity_of(worked, zone="Asia/Tokyo", now=NOW)
    used = {day.day.isoformat(): day.sums.responses for day in found.days if day.is_active}
    assert used == {"2026-03-10": 3, "2026-03-12": 2}
    assert [hour for hour, slot in enumerate(found.hours) if slot.sums.responses] == [8, 9, 17]


def test_a_day_may_begin_at_another_hour_while_hours_stay_those_of_the_clock(worked: Machine) -> None:
    found = activity_of(worked, start_of_day=5)
    used = {day.day.isoformat(): day.sums.responses for day in found.days if day.is_active}
    assert used == {"2026-03-09": 3, "2026-03-12": 2}
    assert [hour for hour, slot in enumerate(found.hours) if slot.sums.responses] == [0, 8, 23]


def test_the_last_day_without_use_does_not_end_a_streak(worked: Machine) -> None:
    found = activity_of(worked)
    assert found.streak == Streak(2, date(2026, 3, 9), date(2026, 3, 10))
    assert found.present_streak == Streak(1, date(2026, 3, 12), date(2026, 3, 12))
    day_us = 86_400_000_000
    tomorrow, later = activity_of(worked, now=NOW + day_us), activity_of(worked, now=NOW + 2 * day_us)
    assert tomorrow.present_streak == Streak(1, date(2026, 3, 12), date(2026, 3, 12))
    assert later.present_streak is None


def test_days_of_the_past_have_no_present_streak(worked: Machine) -> None:
    past = replace(ALL, since=date(2026, 3, 1), until=date(2026, 3, 10))
    found = activity_of(worked, past)
    assert found.streak == Streak(2, date(2026, 3, 9), date(2026, 3, 10))
    assert (found.is_of_now, found.present_streak) == (False, None)
    assert activity_of(worked, replace(past, until=date(2026, 5, 1))).is_of_now


def test_a_sitting_ends_with_a_pause(worked: Machine) -> None:
    sitting = activity_of(worked).longest_sitting
    assert sitting is not None
    assert (sitting.session, sitting.responses, sitting.length) == ("claude_code\ts1", 3, 30 * 60 * 1_000_000)


def test_filters_narrow_tools_and_lines_too(worked: Machine) -> None:
    worked.write(
        "-srv-q/s2.jsonl",
        said("2026-03-12T09:00:00.000Z", "q1", session="s2"),
        called("2026-03-12T09:01:00.000Z", 9, "Read", {"file_path": "/srv/q/z"}, "s2", "claude-haiku-4-5"),
    )
    found = activity_of(worked, Selection(None, None, Filters(models=("claude-haiku-4-5",))))
    assert (found.totals.sums.responses, found.totals.prompts, found.totals.runs) == (1, 1, 1)
    assert (found.totals.lines_added, found.files_changed, found.marks) == (0, 0, {"prompt": 1})
    assert [each.tool for each in found.tools] == ["Read"]


def test_a_fork_counts_no_prompt_twice(worked: Machine) -> None:
    path = worked.claude / "projects" / "-srv-p" / "s1.jsonl"
    copy = (
        path.read_text()
        .replace('"sessionId": "s1"', '"sessionId": "s9"')
        .replace('"sessionId":"s1"', '"sessionId":"s9"')
    )
    before = activity_of(worked)
    worked.write("-srv-p/s9.jsonl", copy.rstrip("\n"))
    after = activity_of(worked)
    assert after.totals == before.totals
    assert after.tools == before.tools


def test_what_no_transcript_tells_is_known_to_be_missing(worked: Machine) -> None:
    ledger = Ledger.open(":memory:")
    synced = sync(ledger, worked.home)
    ask = ActivityAsk(ALL, Calendar("UTC"))
    without = build_activity(ledger, ask, now=NOW)
    assert (without.cover.responses, without.cover.with_details, without.details_since) == (5, 0, None)
    assert without.has_gaps
    sync_details(ledger, synced.found, Observer())
    found = build_activity(ledger, ask, now=NOW)
    assert not found.has_gaps
    assert found.details_since == date(2026, 3, 9)


def test_an_empty_ledger_has_days_and_nothing_in_them(machine: Machine) -> None:
    found = activity_of(machine)
    assert (len(found.days), found.active_days, found.tools, found.longest_sitting) == (365, 0, (), None)
    assert (found.streak, found.present_streak, found.busiest("cost").measure("cost")) == (None, None, 0)


@pytest.mark.parametrize(
    ("since", "until", "first", "last"),
    [
        (None, date(9999, 12, 31), date(2025, 3, 13), date(2026, 3, 12)),
        (date(9999, 12, 31), None, date(2026, 3, 13), date(2026, 3, 13)),
        (date(1, 1, 1), None, date(2025, 3, 13), date(2026, 3, 12)),
        (date(1, 1, 1), date(1, 2, 1), date(1, 1, 1), date(1, 2, 1)),
        (None, date(1, 1, 1), date(1, 1, 1), date(1, 1, 1)),
    ],
)
def test_no_stretch_is_longer_than_there_is_anything_to_show(
    worked: Machine, since: date | None, until: date | None, first: date, last: date
) -> None:
    found = activity_of(worked, Selection(since, until, Filters()))
    assert (found.since, found.until) == (first, last)


def test_a_year_of_the_sample_agrees_with_the_daily_report(machine: Machine) -> None:
    write_sample(str(machine.claude), NOW, YEAR)
    with ledger_of(machine) as ledger:
        calendar = Calendar("America/New_York")
        found = build_activity(ledger, ActivityAsk(ALL, calendar), now=NOW)
        selection = Selection(found.since, found.until, Filters())
        report = build_report(ledger, KINDS["daily"], Ask(selection, calendar), now=NOW)
    assert {row.key: row.sums for row in report.rows} == {
        day.day.isoformat(): day.sums for day in found.days if day.is_active
    }
    for slots in (found.hours, found.weekdays):
        for by in MEASURES:
            assert sum(slot.measure(by) for slot in slots) == found.totals.measure(by)
    assert sum(each.runs for each in found.tools) == found.totals.runs
    assert found.totals.sessions <= sum(day.sessions for day in found.days)


def test_a_year_on_a_page_adds_up_and_knows_the_other_years(machine: Machine) -> None:
    write_sample(str(machine.claude), NOW, YEAR)
    with ledger_of(machine) as ledger:
        ask = ActivityAsk(ALL, Calendar("UTC"))
        now, before = build_wrapped(ledger, 2026, ask, now=NOW), build_wrapped(ledger, 2025, ask, now=NOW)
        none = build_wrapped(ledger, 2019, ask, now=NOW)
    assert (now.is_over, before.is_over, none.is_empty) == (False, True, True)
    assert now.years == before.years == none.years == (2025, 2026)
    assert (now.activity.until, before.activity.until) == (date(2026, 3, 12), date(2025, 12, 31))
    for wrapped in (now, before):
        assert sum(slot.sums.cost for slot in wrapped.months) == wrapped.activity.totals.sums.cost
        assert sum(row.sums.cost for row in wrapped.models) == wrapped.activity.totals.sums.cost
    assert now.plan is None


@given(st.lists(st.integers(-5, 10**12), max_size=80))
@settings(max_examples=200)
def test_shades_keep_the_order_and_nothing_stays_nothing(values: list[int]) -> None:
    bounds = shade_bounds(values)
    shades = [shade(value, bounds) for value in sorted(values)]
    assert shades == sorted(shades)
    assert all((level == 0) == (value <= 0) for value, level in zip(sorted(values), shades, strict=True))
    assert all(level <= SHADES for level in shades)
    assert not values or max(values) <= 0 or max(shades) == SHADES


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)), st.integers(1, 800), st.integers(0, 6))
@settings(max_examples=100)
def test_weeks_hold_each_day_once_in_the_row_of_its_weekday(first: date, count: int, first_weekday: int) -> None:
    days = [Day(first + timedelta(days=number), Sums()) for number in range(count)]
    weeks = weeks_of(days, first_weekday)
    assert [day for week in weeks for day in week if day is not None] == days
    for week in weeks:
        assert len(week) == 7
        assert all(day is None or (day.day.weekday() - first_weekday) % 7 == row for row, day in enumerate(week))
    columns = [column for column, _ in month_columns(weeks, 3)]
    assert columns == sorted(set(columns))


@given(st.lists(st.booleans(), min_size=1, max_size=60))
def test_streaks_are_the_longest_runs(used: Sequence[bool]) -> None:
    from tokentide.analytics.activity_days import streaks_of

    days = [Day(date(2026, 1, 1) + timedelta(days=i), Sums(responses=int(on))) for i, on in enumerate(used)]
    longest, present = streaks_of(days)
    runs = [len(run) for run in "".join("x" if on else " " for on in used).split()]
    assert (longest.days if longest else 0) == max(runs, default=0)
    tail = "".join("x" if on else " " for on in used)
    tail = tail.removesuffix(" ")
    assert (present.days if present else 0) == len(tail) - len(tail.rstrip("x"))
