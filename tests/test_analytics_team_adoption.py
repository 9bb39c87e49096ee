"""Who is active when, reckoned by hand on a few people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from tests.team_stage import BY_PUSH, NOW, duck_store, event, instant, point, put, response
from tokentide.analytics.calendar import Calendar
from tokentide.analytics.team.adoption import AdoptionDay, Spread, TeamUse, build_adoption, version_order
from tokentide.analytics.team.asking import TeamAsk
from tokentide.analytics.team.figures import Share
from tokentide.errors import UsageError
from tokentide.store.team.query import Condition, Scope
from tokentide.store.team.store import TeamStore

SCOPE, UTC = Scope("default"), Calendar("UTC")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[TeamStore]:
    with duck_store(tmp_path) as opened:
        yield opened


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TeamStore]:
    """Ana works today and three weeks ago, Bob pushed a week ago, Cid stopped five weeks ago, Dot two weeks ago."""
    with duck_store(tmp_path_factory.mktemp("few")) as opened:
        put(
            opened,
            event(
                "user_prompt", instant("2026-11-20T09:00"), user_id="ana", team="web", session_id="a2", version="2.1.10"
            ),
            event(
                "user_prompt", instant("2026-11-20T09:30"), user_id="ana", team="web", session_id="a2", version="2.1.10"
            ),
            event(
                "user_prompt", instant("2026-10-30T09:00"), user_id="ana", team="web", session_id="a1", version="2.1.9"
            ),
            response(
                "request:a", instant("2026-11-20T09:01"), user_id="ana", team="web", session_id="a2", version="2.1.10"
            ),
            response("request:b", instant("2026-11-14T10:00"), BY_PUSH, user_id="bob", team="web", session_id="b1"),
            event(
                "user_prompt", instant("2026-10-16T10:00"), user_id="cid", team="data", session_id="c1", version="2.1.9"
            ),
            event(
                "tool_result", instant("2026-11-06T10:00"), user_id="dot", team="data", session_id="d", version="2.1.9"
            ),
            event("plugin_loaded", instant("2026-11-20T11:00"), user_id="eve", team="data", session_id="thrown-away"),
            event("user_prompt", instant("2026-11-20T11:00"), session_id="nobody"),
            point("active_time.total", instant("2026-11-20T09:10"), 90.5, user_id="ana", team="web", detail="user"),
            point("active_time.total", instant("2026-11-20T09:10"), 300, user_id="ana", team="web", detail="cli"),
            point("session.count", instant("2026-11-20T09:00"), user_id="ana", team="web", detail="fresh"),
        )
        yield opened


def figures(store: TeamStore, **asked: object) -> dict[str, object]:
    report = build_adoption(store, TeamAsk(SCOPE, UTC, **asked), now=NOW)  # type: ignore[arg-type]
    return {figure.name: (figure.value, figure.before) for figure in report.figures}


def test_active_users_are_counted_over_1_7_and_30_days_as_of_the_last_day(few: TeamStore) -> None:
    told = figures(few, since=date(2026, 11, 20))
    assert told["daily_users"] == (1, 0)
    assert told["weekly_users"] == (2, 1)  # ana, bob on the 14th; a day earlier only he
    assert told["monthly_users"] == (3, 3)  # ana, bob, dot
    assert told["active_users"] == (1, 0)


def test_a_bare_start_of_the_client_and_what_bears_no_name_make_nobody_active(few: TeamStore) -> None:
    report = build_adoption(few, TeamAsk(SCOPE, UTC, date(2026, 11, 20)), now=NOW)
    assert report.days == (AdoptionDay("2026-11-20", 1, 2, 3, 0, 1, 1, 90, 300),)
    assert {figure.name: figure.value for figure in report.figures}["prompts"] == 3


def test_who_was_never_active_before_is_new_on_that_day_only(few: TeamStore) -> None:
    days = {row.day: row for row in build_adoption(few, TeamAsk(SCOPE, UTC, date(2026, 10, 16)), now=NOW).days}
    assert len(days) == 36
    assert (days["2026-10-30"].new_users, days["2026-10-30"].returning_users) == (1, 0)
    assert (days["2026-11-20"].new_users, days["2026-11-20"].returning_users) == (0, 1)
    assert sum(row.new_users for row in days.values()) == 4
    assert figures(few, since=date(2026, 11, 6))["new_users"] == (2, 1)


def test_somebody_active_before_the_last_week_but_not_in_it_is_silent(few: TeamStore) -> None:
    (silent,) = build_adoption(few, TeamAsk(SCOPE, UTC), now=NOW).silent
    assert (silent.user_id, silent.team, silent.days_silent, silent.active_days) == ("dot", "data", 14, 1)
    assert silent.last_at == instant("2026-11-06T10:00")


def test_a_person_counts_with_the_version_used_last_and_numbers_order_versions(few: TeamStore) -> None:
    report = build_adoption(few, TeamAsk(SCOPE, UTC), now=NOW)
    assert [(row.name, row.users, row.is_newest) for row in report.versions] == [
        ("2.1.10", Share(1, 3), True),
        ("2.1.9", Share(1, 3), False),
        ("", Share(1, 3), False),
    ]
    assert [(row.user_id, row.version) for row in report.behind] == [("dot", "2.1.9")]
    assert version_order("2.1.10") > version_order("2.1.9") > version_order("")


def test_teams_sum_people_sessions_time_and_responses(few: TeamStore) -> None:
    report = build_adoption(few, TeamAsk(SCOPE, UTC), now=NOW)
    assert report.teams == (TeamUse("web", 2, 2, 390, 2), TeamUse("data", 1, 0, 0, 0))
    assert report.start_types == (Spread("fresh", Share(1, 3), 1),)


def test_narrowed_to_a_terminal_what_telemetry_does_not_tell_is_left_out_and_said(store: TeamStore) -> None:
    put(
        store,
        event("user_prompt", instant("2026-11-20T09:00"), user_id="ana", terminal="tmux", session_id="a"),
        event("user_prompt", instant("2026-11-20T09:00"), user_id="bob", terminal="vscode", session_id="b"),
        response("request:c", instant("2026-11-20T09:00"), BY_PUSH, user_id="cid", session_id="c"),
    )
    ask = TeamAsk(SCOPE, UTC, conditions=(Condition("terminal", ("tmux",)),))
    report = build_adoption(store, ask, now=NOW)
    assert (report.days[-1].daily_users, report.days[-1].sessions) == (1, 1)
    assert report.teams == (TeamUse("", 1, 1, 0, None),)
    assert "responses: not told apart by terminal" in report.head.left_out


def test_days_are_cut_in_the_zone_across_the_end_of_summer_time(store: TeamStore) -> None:
    """In Berlin the 25th of October 2026 lasts 25 hours, from 22:00 UTC on the 24th to 23:00 UTC."""
    put(
        store,
        event("user_prompt", instant("2026-10-24T21:59"), user_id="ana", session_id="a"),
        event("user_prompt", instant("2026-10-24T22:00"), user_id="bob", session_id="b"),
        event("user_prompt", instant("2026-10-25T22:59"), user_id="cid", session_id="c"),
        event("user_prompt", instant("2026-10-25T23:00"), user_id="dot", session_id="d"),
    )

    def users(zone: str) -> list[int]:
        ask = TeamAsk(SCOPE, Calendar(zone), date(2026, 10, 24), date(2026, 10, 26))
        return [row.daily_users for row in build_adoption(store, ask, now=NOW).days]

    assert users("Europe/Berlin") == [1, 2, 1]
    assert users("UTC") == [2, 2, 0]
    assert users("America/New_York") == [2, 2, 0]


def test_an_empty_store_says_so_and_has_a_row_a_day(store: TeamStore) -> None:
    report = build_adoption(store, TeamAsk(SCOPE, UTC), now=NOW)
    assert report.head.is_empty
    assert [row.daily_users for row in report.days] == [0] * 30
    assert not any((report.teams, report.versions, report.silent, report.behind))


def test_days_that_make_no_sense_are_refused(store: TeamStore) -> None:
    with pytest.raises(UsageError, match="swap them"):
        build_adoption(store, TeamAsk(SCOPE, UTC, date(2026, 11, 2), date(2026, 11, 1)), now=NOW)
    with pytest.raises(UsageError, match="at most 1100"):
        build_adoption(store, TeamAsk(SCOPE, UTC, date(2020, 1, 1)), now=NOW)
    with pytest.raises(UsageError, match="adoption cannot be narrowed by skill"):
        build_adoption(store, TeamAsk(SCOPE, UTC, conditions=(Condition("skill", ("pdf",)),)), now=NOW)
