"""The figures of the live view, against reports and hand-made cases."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tests.conftest import Machine, usage_line
from tests.ledgers import synced
from tokentide.analytics.calendar import Calendar
from tokentide.analytics.forecasting.model import Forecast, WindowForecast
from tokentide.analytics.limits import AccountLimits
from tokentide.analytics.live import CHART_STEPS, LiveAccount, LiveAsk, Status, build_live, status_of
from tokentide.analytics.live_tables import RESPONSES, VIEWS, View, build_table
from tokentide.analytics.plans import TOKENS
from tokentide.analytics.windows import WindowState
from tokentide.clock import HOUR_US, MINUTE_US
from tokentide.model.limits import ESTIMATE, FIVE_HOUR, STATUSLINE, Account, Poll, SessionState
from tokentide.sources.claude_code.instants import parse_instant
from tokentide.store.query import Filters
from tokentide.store.sqlite.ledger import Ledger

NOW = parse_instant("2026-03-12T12:00:00Z") or 0
ASK = LiveAsk(Calendar("UTC"))
ACCOUNT = Account("u:o", "ada")


@pytest.fixture
def ledger(machine: Machine) -> Ledger:
    here, there = {"cwd": "/srv/shop"}, {"cwd": "/srv/app"}
    machine.write(
        "-srv-shop/a.jsonl",
        usage_line("m1", "r1", "2026-02-27T09:00:00.000Z", "claude-opus-4-8", "a") | here,
        usage_line("m2", "r2", "2026-03-12T10:59:00.000Z", "claude-opus-4-8", "a", cache_read_input_tokens=9_000)
        | here,
        usage_line("m3", "r3", "2026-03-12T11:40:00.000Z", "claude-opus-4-8", "a", cache_read_input_tokens=9_850)
        | here,
        {"type": "ai-title", "sessionId": "a", "aiTitle": "Carts"},
    )
    machine.write(
        "-srv-app/b.jsonl", usage_line("m4", "r4", "2026-03-12T11:58:00.000Z", "claude-haiku-4-5", "b") | there
    )
    return synced(machine.home)


def test_now_is_the_last_hour_and_the_sessions_in_it(ledger: Ledger) -> None:
    ledger.limits.take(
        [], [], [SessionState("a", ACCOUNT.key, NOW, 1, context_tokens=142_000, context_window_tokens=200_000)]
    )
    state = build_live(ledger, ASK, now=NOW)
    assert state.burn.hour.sums.responses == 2
    assert [(each.burn.session_id, each.context_tokens, each.context_window_tokens) for each in state.sessions] == [
        ("b", 150, None),
        ("a", 142_000, 200_000),
    ]
    assert [model for model, _ in state.models] == ["claude-opus-4-8", "claude-haiku-4-5"]
    assert state.newest_at == NOW - 2 * MINUTE_US


def test_without_a_status_line_the_context_is_what_the_last_response_took(ledger: Ledger) -> None:
    found = {each.burn.session_id: each.context_tokens for each in build_live(ledger, ASK, now=NOW).sessions}
    assert found == {"a": 10_000, "b": 150}


def test_costs_are_those_of_the_reports(ledger: Ledger) -> None:
    state = build_live(ledger, ASK, now=NOW)
    by_name = {spent.name: spent.sums for spent in state.spent}
    days = build_table(ledger, View("daily"), ASK, now=NOW)
    assert by_name["today"] == days.rows[-1].sums or by_name["today"].cost == max(row.sums.cost for row in days.rows)
    assert by_name["month"].responses == 3
    assert sum(state.chart) == by_name["today"].cost
    assert len(state.chart) == CHART_STEPS
    assert [index for index, cost in enumerate(state.chart) if cost] == [CHART_STEPS - 1 - back for back in (13, 4, 1)]


def test_only_the_usage_of_the_filter_counts(ledger: Ledger) -> None:
    state = build_live(ledger, LiveAsk(Calendar("UTC"), filters=Filters(projects=("/srv/app",))), now=NOW)
    assert state.burn.hour.sums.responses == 1
    assert state.spent[2].sums.responses == 1


def test_an_empty_ledger_has_no_figures(tmp_path: Path) -> None:
    with Ledger.open(str(tmp_path / "ledger.sqlite3")) as empty:
        state = build_live(empty, ASK, now=NOW)
        assert (state.accounts, state.sessions, state.newest_at, sum(state.chart)) == ((), (), None, 0)
        assert all(build_table(empty, View(name), ASK, now=NOW).rows == () for name in VIEWS[1:])


def test_each_row_leads_to_what_it_is_made_of(ledger: Ledger) -> None:
    for name in VIEWS[1:]:
        table = build_table(ledger, View(name), ASK, now=NOW)
        assert sum(row.sums.responses for row in table.rows) == table.totals.responses == 4
        for row in table.rows:
            below = row.below
            while below is not None:
                inner = build_table(ledger, below, ASK, now=NOW)
                if inner.view.name == RESPONSES or len(inner.rows) == 1:
                    assert inner.totals.cost <= row.sums.cost
                if below.name == "session":
                    assert inner.totals == row.sums
                below = inner.rows[0].below if inner.view.name != RESPONSES else None


def test_the_days_of_a_week_and_of_a_month(ledger: Ledger) -> None:
    weeks = build_table(ledger, View("weekly"), ASK, now=NOW).rows
    months = build_table(ledger, View("monthly"), ASK, now=NOW).rows
    stretches = [(row.below.since, row.below.until) for row in (*weeks, *months) if row.below]
    assert (date(2026, 2, 23), date(2026, 3, 1)) in stretches
    assert (date(2026, 2, 1), date(2026, 2, 28)) in stretches
    assert (date(2026, 3, 1), date(2026, 3, 31)) in stretches


def account(percent: float | None, odds: float | None = None, **more: object) -> LiveAccount:
    fields: dict[str, object] = {"window": FIVE_HOUR, "percent": percent, "resets_at": NOW + HOUR_US}
    state = WindowState(**{**fields, "observed_at": NOW, "source": STATUSLINE, **more})  # type: ignore[arg-type]
    expected = WindowForecast(FIVE_HOUR, state.resets_at, percent, odds, None, None, None)
    forecast = Forecast(ACCOUNT, NOW, (expected,), "", None, None, (), (), None, 0, None)
    return LiveAccount(AccountLimits(ACCOUNT, None, (state,), Poll("usage u:o")), forecast)


@pytest.mark.parametrize(
    ("found", "status"),
    [
        ((), Status.NO_DATA),
        ((account(None),), Status.NO_DATA),
        ((account(0.0),), Status.OK),
        ((account(79.0, 0.49),), Status.OK),
        ((account(10.0, 0.5),), Status.NEAR),
        ((account(80.0),), Status.NEAR),
        ((account(100.0),), Status.HIT),
        ((account(100.0, resets_at=NOW),), Status.NO_DATA),
        ((account(120.0, source=ESTIMATE, plan="pro"),), Status.NEAR),
        ((account(120.0, source=ESTIMATE, plan=TOKENS),), Status.HIT),
        ((account(10.0), account(100.0)), Status.HIT),
    ],
)
def test_the_status_in_one_word(found: tuple[LiveAccount, ...], status: Status) -> None:
    assert status_of(found, NOW) is status
