"""Figures of the reports about a team, reckoned by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from tests.team_stage import BY_PUSH, HAIKU, NOW, OPUS, duck_store, event, instant, point, put, response
from tokentide.analytics.calendar import Calendar
from tokentide.analytics.team.asking import TeamAsk
from tokentide.analytics.team.cost import build_cost, class_of
from tokentide.analytics.team.coverage import build_coverage
from tokentide.analytics.team.figures import Figure, Quantiles, Share, Unit
from tokentide.analytics.team.output import build_output
from tokentide.analytics.team.people import build_people
from tokentide.analytics.team.reliability import build_reliability
from tokentide.analytics.team.reports import TEAM_REPORTS, build_team_report
from tokentide.analytics.team.savings import saved_by_cache
from tokentide.analytics.team.tools import build_tools
from tokentide.clock import HOUR_US, MINUTE_US
from tokentide.model.telemetry import BY_METRICS
from tokentide.model.usage import UsageRecord
from tokentide.store.query import CostMode, Sums
from tokentide.store.team.query import Condition, Scope
from tokentide.store.team.store import TeamStore

ASK = TeamAsk(Scope("default"), Calendar("UTC"), date(2026, 11, 19), date(2026, 11, 20))
AT = instant("2026-11-20T09:00")
BEFORE = instant("2026-11-18T09:00")
USD = 10**9


@pytest.fixture
def store(tmp_path: Path) -> Iterator[TeamStore]:
    with duck_store(tmp_path) as opened:
        yield opened


def value(figures: tuple[Figure, ...], name: str) -> object:
    (found,) = [figure for figure in figures if figure.name == name]
    return found.value


def tenth_of_a_cent(record: UsageRecord) -> int | None:
    """Input 1000 nano-USD a token, a write 1250, a read 100; one model has no price."""
    if record.model == "unknown":
        return None
    written = record.cache_creation_5m_tokens * 1250 + record.cache_creation_1h_tokens * 2000
    return record.input_tokens * 1000 + written + record.cache_read_tokens * 100


def test_a_figure_tells_its_change_and_shares_change_in_points() -> None:
    assert Figure("cost", Unit.MONEY, 150, 100).change == 0.5
    assert Figure("cost", Unit.MONEY, 150, 0).change is None
    assert Figure("cost", Unit.MONEY, None, 100).change is None
    assert Figure("rate", Unit.SHARE, Share(9, 10), Share(8, 10)).change == pytest.approx(0.1)
    assert Figure("rate", Unit.SHARE, Share(9, 10), Share(0, 0)).change is None


def test_output_counts_lines_edits_commits_and_what_one_costs(store: TeamStore) -> None:
    ana = {"user_id": "ana", "team": "web", "session_id": "a"}
    put(
        store,
        point("lines_of_code.count", AT, 120, detail="added", **ana),
        point("lines_of_code.count", AT, 150, detail="removed", **ana),
        point("code_edit_tool.decision", AT, 3, detail="Edit", outcome="accept", extra="Python", **ana),
        point("code_edit_tool.decision", AT, 1, detail="Write", outcome="reject", extra="Markdown", **ana),
        point("commit.count", AT, 4, **ana),
        point("active_time.total", AT, 1800, detail="user", **ana),
        point("commit.count", BEFORE, 1, **ana),
        event("user_prompt", AT, **ana),
        response("request:1", AT, cost=2 * USD, **ana),
        response("request:0", BEFORE, cost=3 * USD, **ana),
        response("request:2", AT, BY_PUSH, list_cost=7 * USD, user_id="bob", session_id="b", team="data"),
    )
    report = build_output(store, ASK, now=NOW)
    (web, data) = report.teams
    assert (web.name, web.lines_added, web.lines_removed, web.lines_net, web.cost) == ("web", 120, 150, -30, 2 * USD)
    assert (data.name, data.commits, data.cost, data.accept_rate.rate) == ("data", 0, 7 * USD, None)
    assert value(report.figures, "accept_rate") == Share(3, 4)
    assert [(row.name, row.accept_rate.rate) for row in report.tools] == [("Edit", 1.0), ("Write", 0.0)]
    assert [(row.name, row.accepted, row.rejected) for row in report.languages] == [
        ("Python", 3, 0),
        ("Markdown", 0, 1),
    ]
    each = {cost.unit: (cost.units, cost.each, cost.each_before) for cost in report.unit_costs}
    assert each == {
        "pull_request": (0, None, None),
        "commit": (4, USD // 2, 3 * USD),  # Bob's machine counts no commits: his cost is not divided by Ana's
        "session": (2, 9 * USD // 2, 3 * USD),
        "prompt": (1, 2 * USD, None),
        "active_hour": (0.5, 4 * USD, None),
        "accepted_line": (120, round(2 * USD / 120), None),
    }
    assert [cost.reliability for cost in report.unit_costs] == ["high", "medium", "medium", "medium", "medium", "low"]
    assert [row.commits for row in report.days] == [0, 4]


def test_cost_says_what_has_no_price_and_what_only_metrics_know(store: TeamStore) -> None:
    put(
        store,
        response("request:1", AT, cost=5 * USD, model=OPUS, session_id="a", input_tokens=10, cache_read_tokens=90),
        response("request:2", AT, model="unknown", session_id="a", output_tokens=7),
        response("m", AT, BY_METRICS, responses=0, reported_cost=2 * USD, session_id="m", input_tokens=1, model=OPUS),
        response("m2", AT, BY_METRICS, responses=0, reported_cost=9 * USD, session_id="a", input_tokens=1),
    )
    report = build_cost(store, ASK, now=NOW)
    assert (report.total.sums.cost, report.total.metrics_cost) == (7 * USD, 2 * USD)
    assert (report.total.sums.responses, report.total.sums.unpriced_responses) == (2, 1)
    models = {row.name: row for row in next(cut for cut in report.cuts if cut.dimension == "model").rows}
    assert models["unknown"].cost is None
    assert models[OPUS].share == Share(7 * USD, 7 * USD)
    assert models[OPUS].cache_hits == Share(90, 101)
    assert [row.sums.cost for row in report.days] == [0, 7 * USD]
    assert report.days[0].cost == 0
    assert build_cost(store, ASK, now=NOW, by=("team",)).cuts[0].dimension == "team"


def test_cost_is_asked_in_the_mode_that_was_wanted(store: TeamStore) -> None:
    put(store, response("request:1", AT, reported_cost=5 * USD, list_cost=6 * USD, session_id="a"))
    put(store, response("request:2", AT, list_cost=USD, session_id="a"))
    costs = {
        mode: build_cost(store, TeamAsk(ASK.scope, ASK.calendar, ASK.since, ASK.until, mode=mode), now=NOW).total.sums
        for mode in CostMode
    }
    assert {mode.value: sums.cost // USD for mode, sums in costs.items()} == {"auto": 6, "calculate": 7, "display": 5}
    assert costs[CostMode.DISPLAY].unpriced_responses == 1


@pytest.mark.parametrize(
    ("query_source", "agent", "expected"),
    [
        ("repl_main_thread", "", "main"),
        ("repl_main_thread:outputStyle:custom", "", "main"),
        ("sdk", "", "main"),
        ("", "", "main"),
        ("", "Explore", "subagent"),
        ("agent:builtin:Explore", "", "subagent"),
        ("subagent", "", "subagent"),
        ("compact", "", "auxiliary"),
        ("auxiliary", "", "auxiliary"),
        ("generate_session_title", "Explore", "auxiliary"),
    ],
)
def test_requests_belong_to_one_of_three_classes(query_source: str, agent: str, expected: str) -> None:
    assert class_of(query_source, agent) == expected


def test_the_cache_saved_what_plain_input_would_have_cost_less_what_it_cost() -> None:
    sums = Sums(input_tokens=5, cache_creation_5m_tokens=1000, cache_creation_1h_tokens=10, cache_read_tokens=10_000)
    expected = 1000 * (1000 - 1250) + 10 * (1000 - 2000) + 10_000 * (1000 - 100)
    assert saved_by_cache(tenth_of_a_cent, OPUS, "", AT, sums) == expected
    assert saved_by_cache(tenth_of_a_cent, "unknown", "", AT, sums) is None
    assert saved_by_cache(None, OPUS, "", AT, sums) is None
    assert saved_by_cache(None, OPUS, "", AT, Sums(input_tokens=5)) == 0


def test_the_projection_adds_the_mean_of_each_kind_of_day_left(store: TeamStore) -> None:
    """Thursday the 26th: 10 and 20 on two working days, 4 on a Saturday, nothing on the Sunday; 5 so far today."""
    spent = {"2026-11-20": 10, "2026-11-21": 4, "2026-11-23": 20, "2026-11-26": 5}
    put(store, *(response(day, instant(f"{day}T09:00"), cost=usd * USD) for day, usd in spent.items()))
    ask = TeamAsk(ASK.scope, ASK.calendar, date(2026, 11, 26), date(2026, 11, 26))
    month = build_cost(store, ask, now=instant("2026-11-26T15:00")).projection
    assert (month.month, month.cost_to_date, month.days_left, month.history_days) == ("2026-11", 39 * USD, 4, 6)
    working, weekend = 30 * USD // 4, 4 * USD // 2  # Friday, Monday to Wednesday; Saturday and Sunday
    assert (month.working_day_mean, month.weekend_day_mean) == (working, weekend)
    rest_of_today = working - 5 * USD
    assert month.projected == 39 * USD + rest_of_today + 2 * working + 2 * weekend


def test_nothing_is_projected_without_a_full_day(store: TeamStore) -> None:
    put(store, response("request:1", AT, cost=USD))
    month = build_cost(store, ASK, now=AT + HOUR_US).projection
    assert (month.cost_to_date, month.projected, month.history_days) == (USD, None, 0)


def test_reliability_has_rates_with_denominators_and_percentiles_of_the_histogram(store: TeamStore) -> None:
    requests = [
        event("api_request", AT + n, model=OPUS, duration_ms=ms, ttft_ms=100, user_id="ana")
        for n, ms in enumerate([1000] * 94 + [8000] * 6)
    ]
    put(
        store,
        *requests,
        event("api_error", AT, detail="529", outcome="overloaded_error", extra="11", model=OPUS, duration_ms=5),
        event("api_error", AT, detail="network", outcome="timeout", extra="", model=HAIKU),
        event("api_refusal", AT, detail="", outcome="refused", model=OPUS),
        event("compaction", AT, detail="auto", outcome="success", amount=80_000, duration_ms=9_000),
        event("compaction", AT, detail="auto", outcome="failure", duration_ms=1_000),
        event("hook_execution_complete", AT, detail="lint", extra="PostToolUse", outcome="ok", duration_ms=300),
        event("hook_execution_complete", AT, detail="lint", extra="PostToolUse", outcome="blocked", duration_ms=100),
        event("user_prompt", AT, user_id="ana"),
        event("user_prompt", AT + 1, user_id="ana"),
        event("mcp_server_connection", AT, detail="github", outcome="failed", extra="stdio"),
        event("mcp_server_connection", AT, detail="github", outcome="connected", extra="stdio"),
        event("mcp_server_connection", AT, detail="github", outcome="disconnected", extra="stdio"),
    )
    report = build_reliability(store, ASK, now=NOW)
    assert value(report.figures, "error_rate") == Share(2, 102)
    assert value(report.figures, "hook_ms_per_prompt") == 200
    opus, haiku = report.models
    assert (opus.requests, opus.errors, opus.refusals, opus.error_rate) == (100, 1, 1, Share(1, 101))
    assert (haiku.error_rate.rate, haiku.duration) == (1.0, Quantiles())
    assert opus.duration.p50_ms == pytest.approx(1000, rel=0.045)
    assert opus.duration.p95_ms == pytest.approx(8000, rel=0.045)
    assert opus.ttft.p99_ms == pytest.approx(100, rel=0.045)
    assert report.days[0].error_rate.rate is None
    assert {row.status: (row.errors, row.attempts) for row in report.statuses} == {"529": (1, 11), "network": (1, 1)}
    (compactions,) = report.compactions
    assert (compactions.succeeded, compactions.failed, compactions.tokens_won, compactions.seconds) == (
        1,
        1,
        80_000,
        10,
    )
    (hook,) = report.hooks
    assert (hook.runs, hook.ok, hook.blocked, hook.ms, hook.mean_ms) == (2, 1, 1, 400, 200)
    (mcp,) = report.mcp
    assert (mcp.connected, mcp.failed, mcp.other, mcp.failure_rate) == (1, 1, 1, Share(1, 2))
    assert {(row.what, row.why) for row in report.last_errors} == {("529", "11"), ("network", "")}


def test_narrowed_to_a_model_what_names_none_is_left_out(store: TeamStore) -> None:
    put(
        store,
        event("api_request", AT, model=OPUS, duration_ms=10),
        event("api_request", AT, model=HAIKU, duration_ms=10),
        event("hook_execution_complete", AT, detail="lint", outcome="ok", duration_ms=300),
    )
    ask = TeamAsk(ASK.scope, ASK.calendar, ASK.since, ASK.until, (Condition("model", (OPUS,)),))
    report = build_reliability(store, ask, now=NOW)
    assert value(report.figures, "requests") == 1
    assert value(report.figures, "compactions") is None
    assert report.hooks == ()
    assert "hooks: not told apart by model" in report.head.left_out


def test_a_tool_rejected_more_than_ten_times_is_a_hot_spot(store: TeamStore) -> None:
    put(
        store,
        *(event("tool_decision", AT + n, detail="Bash", outcome="reject", extra="user_reject") for n in range(11)),
        *(event("tool_decision", AT + n, detail="Edit", outcome="reject", extra="hook") for n in range(10)),
        event("tool_decision", AT, detail="Bash", outcome="accept", extra="config"),
        event("tool_result", AT, detail="Bash", outcome="success", amount=3000, duration_ms=50, user_id="ana"),
        event("tool_result", AT, detail="Bash", outcome="failure", extra="Timeout", amount=1000, user_id="bob"),
        event("skill_activated", AT, detail="pdf", outcome="user-slash", user_id="ana"),
        event("user_prompt", AT, detail="review", user_id="ana"),
        event("user_prompt", AT + 1, detail="", user_id="ana"),
        event("at_mention", AT, detail="file", outcome="failure", user_id="ana"),
    )
    report = build_tools(store, ASK, now=NOW)
    bash, edit = report.tools
    assert (bash.is_hot_spot, edit.is_hot_spot) == (True, False)
    assert (bash.uses, bash.success_rate, bash.accept_rate, bash.users) == (2, Share(1, 2), Share(1, 12), 2)
    assert (bash.mean_result_bytes, edit.mean_result_bytes, edit.success_rate.rate) == (2000, None, None)
    assert value(report.figures, "hot_spots") == 1
    assert [(row.name, row.error_type, row.failures) for row in report.failures] == [("Bash", "Timeout", 1)]
    assert [(row.name, row.source, row.rejected) for row in report.rejections] == [
        ("Bash", "user_reject", 11),
        ("Edit", "hook", 10),
    ]
    assert [(row.kind, row.name, row.uses, row.failed) for row in report.used] == [
        ("skill", "pdf", 1, 0),
        ("command", "review", 1, 0),
        ("mention", "file", 1, 1),
    ]
    assert {(row.what, row.result_bytes) for row in report.last_results} == {("Bash", 3000), ("Bash", 1000)}


def test_people_have_a_row_each_and_seats_are_held_against_a_month(store: TeamStore) -> None:
    ana = {"user_id": "ana", "session_id": "a", "version": "2.1.9"}
    put(
        store,
        response("request:1", AT, cost=4 * USD, team="old", model=OPUS, **ana),
        response("request:2", AT + HOUR_US, cost=USD, team="new", model=HAIKU, **ana),
        event("user_prompt", AT, **{**ana, "version": "2.1.10"}),
        event("api_error", AT, detail="529", **ana),
        point("active_time.total", AT, 60, detail="user", **ana),
        point("active_time.total", AT, 30, detail="cli", **ana),
        response("request:3", instant("2026-11-19T09:00"), cost=USD, user_id="bob", session_id="b"),
        response("request:4", AT, cost=USD, session_id="x"),
    )
    report = build_people(store, ASK, now=NOW)
    first, *others = report.people
    assert (first.user_id, first.team, first.cost, first.sessions, first.prompts) == ("ana", "new", 5 * USD, 1, 1)
    assert (first.models, first.versions) == ((OPUS, HAIKU), ("2.1.10", "2.1.9"))
    assert (first.active_days, first.active_seconds, first.errors) == (1, 90, 1)
    assert (first.last_at, first.accept_rate.rate) == (AT + HOUR_US, None)
    assert {person.user_id for person in others} == {"bob", ""}
    assert (report.total.cost, report.total.sessions, report.total.active_days) == (7 * USD, 3, 2)
    assert value(report.figures, "users") == 2
    assert value(report.figures, "median_cost_per_user") == 3 * USD
    # two days at 5 and 1 USD are 75 and 15 USD in a month of 30 days
    assert [(seat.usd, seat.users, seat.of) for seat in report.seats] == [(20, 1, 2), (100, 0, 2), (200, 0, 2)]
    assert (report.seats[0].value_above, report.seats[0].value_below) == (55 * USD, 5 * USD)


def test_coverage_tells_each_way_apart_and_counts_what_both_tell_once(store: TeamStore) -> None:
    put(
        store,
        response("request:1", AT, cost=4 * USD, user_id="ana", session_id="a", input_tokens=40),
        response("request:1", AT, BY_PUSH, list_cost=4 * USD, user_id="ana", session_id="a", input_tokens=40),
        response("request:2", AT, cost=2 * USD, user_id="ana", session_id="a", input_tokens=20),
        response("request:3", AT, BY_PUSH, list_cost=USD, user_id="bob", session_id="b", team="data", input_tokens=10),
        response("m", AT, BY_METRICS, responses=0, reported_cost=3 * USD, user_id="cid", session_id="c"),
        event("user_prompt", AT + MINUTE_US, user_id="ana", session_id="a", is_skewed=True),
        point("cost.usage", AT, 6.1, user_id="ana", session_id="a"),
        point("cost.usage", AT, 3, user_id="cid", session_id="c"),
        point("token.usage", AT, 61, user_id="ana", session_id="a", detail="input"),
    )
    report = build_coverage(store, replace(ASK, vendor=lambda _tenant: {"2026-11-20": 11 * USD}), now=NOW)
    total = report.total
    assert (total.responses, total.telemetry_responses, total.transcript_responses, total.both_responses) == (
        3,
        2,
        2,
        1,
    )
    assert (total.cost, total.telemetry_cost, total.transcript_cost) == (10 * USD, 6 * USD, 5 * USD)
    assert (total.both_cost, total.metrics_only_cost) == (4 * USD, 3 * USD)
    assert (total.metrics_cost, total.metrics_tokens, total.events_tokens) == (9_100_000_000, 61, 60)
    assert (total.coverage, total.vendor_cost) == (Share(2, 3), 11 * USD)
    assert [row.vendor_cost for row in report.days] == [None, 11 * USD]
    assert [(row.name, row.coverage.rate) for row in report.users] == [("ana", 1.0), ("bob", 0.0), ("cid", None)]
    assert [(row.user_id, row.lacks) for row in report.lopsided] == [("bob", "telemetry"), ("cid", "push")]
    assert [(row.user_id, row.records) for row in report.skewed] == [("ana", 1)]
    assert (report.checked_sessions, report.deviating_sessions) == (1, 0)


@pytest.mark.parametrize(("metrics", "deviates"), [(1.02, 0), (1.03, 1), (0.98, 0), (0.97, 1)])
def test_a_session_deviates_above_two_percent(store: TeamStore, metrics: float, deviates: int) -> None:
    put(store, response("request:1", AT, cost=USD, session_id="a"), point("cost.usage", AT, metrics, session_id="a"))
    report = build_coverage(store, ASK, now=NOW)
    assert (report.checked_sessions, report.deviating_sessions) == (1, deviates)
    assert [row.difference for row in report.deviations] == [round((metrics - 1) * USD)] * deviates


def test_nobody_is_told_to_push_where_nobody_pushes(store: TeamStore) -> None:
    put(store, event("user_prompt", AT, user_id="ana"), response("request:1", AT, cost=USD, user_id="ana"))
    assert build_coverage(store, ASK, now=NOW).lopsided == ()


@pytest.mark.parametrize("name", TEAM_REPORTS)
def test_in_an_empty_store_no_rate_is_a_number(store: TeamStore, name: str) -> None:
    report = build_team_report(name, store, ASK, now=NOW)
    assert report.head.is_empty
    shares = [figure.value for figure in report.figures if isinstance(figure.value, Share)]
    assert [share.rate for share in shares] == [None] * len(shares)
    assert not any(figure.change for figure in report.figures)
