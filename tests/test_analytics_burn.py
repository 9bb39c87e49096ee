"""How fast it burns: the same figure wherever it is shown, over all sessions that run at once."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import Machine, usage_line
from tests.laws import law
from tests.ledgers import synced
from tokentide.analytics.blocks import find_blocks
from tokentide.analytics.burn import burn_now, open_block
from tokentide.analytics.windows import WindowState
from tokentide.clock import DAY_US, HOUR_US, MINUTE_US, QUARTER_US
from tokentide.model.limits import FIVE_HOUR, SEVEN_DAY, STATUSLINE
from tokentide.sources.claude_code.instants import parse_instant
from tokentide.store.query import CostMode, Filters
from tokentide.store.sqlite.ledger import Ledger

NOW = "2026-03-12T12:00:00Z"
NANO = 10**9


def instant(text: str = NOW) -> int:
    at = parse_instant(text)
    assert at is not None
    return at


def response(at: str, session: str = "s1", usd: float = 1.0) -> dict[str, object]:
    """So many USD of input; this model takes 5 a million tokens."""
    return usage_line(
        at, f"r{at}", at, "claude-opus-4-8", session, input_tokens=round(usd / 5 * 1_000_000), output_tokens=0
    )


@pytest.fixture
def working(machine: Machine) -> Machine:
    """Two sessions within the hour, one before it."""
    machine.write("p/a.jsonl", response("2026-03-12T11:10:00.000Z", "a"), response("2026-03-12T11:50:00.000Z", "a", 3))
    machine.write("p/b.jsonl", response("2026-03-12T11:40:00.000Z", "b", 2))
    machine.write("p/c.jsonl", response("2026-03-12T10:59:59.000Z", "c", 50))
    assert machine.call("daily", now=NOW)[0] == 0
    return machine


def test_now_is_the_last_hour_with_the_half_hour_beside_it(working: Machine) -> None:
    with Ledger.open(str(working.ledger)) as ledger:
        burn = burn_now(ledger, CostMode.AUTO, now=instant())
    assert (burn.hour.cost_per_hour, burn.half_hour.cost_per_hour) == (6 * NANO, 10 * NANO)
    assert burn.hour.cost_per_minute == NANO // 10
    assert (burn.hour.tokens_per_hour, burn.hour.tokens_per_minute) == (1_200_000, 20_000)


def test_every_session_that_runs_is_shown_the_dearest_first_and_they_add_up(working: Machine) -> None:
    with Ledger.open(str(working.ledger)) as ledger:
        burn = burn_now(ledger, CostMode.AUTO, now=instant())
    assert [(each.session_id, each.hour.cost_per_hour) for each in burn.sessions] == [("a", 4 * NANO), ("b", 2 * NANO)]
    assert sum(each.half_hour.sums.cost for each in burn.sessions) == burn.half_hour.sums.cost


def test_the_block_and_the_windows_have_their_own(working: Machine) -> None:
    windows = (
        WindowState(FIVE_HOUR, 50, instant() + 3 * HOUR_US, instant(), STATUSLINE),
        WindowState(SEVEN_DAY, 50, instant() + 3 * DAY_US, instant(), STATUSLINE),
        WindowState("seven_day_opus", 50, instant() - 1, instant(), STATUSLINE),
    )
    with Ledger.open(str(working.ledger)) as ledger:
        burn = burn_now(ledger, CostMode.AUTO, now=instant(), windows=windows)
    assert burn.block is not None
    assert burn.block.sums.cost == 56 * NANO
    rates = dict(burn.windows)
    assert rates[FIVE_HOUR].cost_per_hour == 28 * NANO
    assert rates[SEVEN_DAY].cost_per_hour == round(56 * NANO / 96)
    assert "seven_day_opus" not in rates


def test_nothing_used_is_a_rate_of_nothing(machine: Machine) -> None:
    machine.call("daily", now=NOW)
    with Ledger.open(str(machine.ledger)) as ledger:
        burn = burn_now(ledger, CostMode.AUTO, now=instant())
    assert (burn.hour.cost_per_hour, burn.hour.tokens_per_minute, burn.block, burn.sessions) == (0, 0, None, ())


def test_the_main_screen_and_the_status_line_say_the_same(working: Machine) -> None:
    _, out, _ = working.call(now=NOW)
    assert "$6.00 an hour, 20.0K tokens a minute" in out
    assert "by 2 sessions within the last hour" in out
    assert "the last half hour at $10.00 an hour" in out
    _, told, _ = working.call("--json", now=NOW)
    assert json.loads(told)["burn"]["last_60_minutes"] == {"tokens_per_minute": 20000, "cost_usd_per_hour": 6}


BEGIN = instant() // QUARTER_US * QUARTER_US + 7 * MINUTE_US
STEP_US = 1_000


def ledger_with(ats: list[int]) -> Ledger:
    """A response at each of these, in milliseconds since BEGIN."""
    with TemporaryDirectory() as home:
        machine = Machine(Path(home))
        lines = (usage_line(f"m{at}", f"r{at}", text_of(BEGIN + at * STEP_US), input_tokens=100) for at in ats)
        machine.write("p/s.jsonl", *lines)
        return synced(machine.home)


def text_of(at: int) -> str:
    return datetime.fromtimestamp(at / 1e6, timezone.utc).isoformat(timespec="milliseconds")


MOMENTS = st.integers(min_value=0, max_value=8 * QUARTER_US // STEP_US)


@law(40)
@given(st.lists(MOMENTS, min_size=1, max_size=30, unique=True), MOMENTS, MOMENTS)
def test_what_was_used_is_exact_to_the_response_wherever_the_stretch_is_cut(
    ats: list[int], one: int, other: int
) -> None:
    start, end = sorted((one, other))
    with ledger_with(ats) as ledger:
        used = ledger.used(Filters(), CostMode.CALCULATE, BEGIN + start * STEP_US, BEGIN + end * STEP_US)
    inside = [at for at in ats if start <= at < end]
    assert (used.responses, used.input_tokens) == (len(inside), 100 * len(inside))
    if inside:
        assert (used.first_at, used.last_at) == (BEGIN + min(inside) * STEP_US, BEGIN + max(inside) * STEP_US)


HOURS = st.integers(min_value=0, max_value=60 * HOUR_US // STEP_US)


@law(40)
@given(st.lists(HOURS, min_size=1, max_size=25, unique=True), HOURS)
def test_the_open_block_is_that_of_the_whole_chain_whatever_lies_before_it_or_ahead(ats: list[int], now: int) -> None:
    instant_now = BEGIN + now * STEP_US
    with ledger_with(ats) as ledger:
        found = open_block(ledger, CostMode.AUTO, now=instant_now)
        moments = [each for each in ledger.moments(Filters(), CostMode.AUTO) if each.at <= instant_now]
    every = find_blocks(moments, 5 * HOUR_US)
    active = [block for block in every if block.is_active(instant_now, 5 * HOUR_US)][-1:]
    assert ([(found.start, found.sums)] if found else []) == [(block.start, block.sums) for block in active]


def test_a_rate_of_what_has_no_price_is_no_zero(machine: Machine) -> None:
    lines = [
        usage_line(f"m{minute}", f"r{minute}", f"2026-03-12T11:{minute:02}:00Z", "someone-elses-model")
        for minute in (30, 45, 58)
    ]
    machine.write("-p/s.jsonl", *lines)
    told = json.loads(machine.call("block", "--active", "--json", now=NOW)[1])["rows"][0]
    assert told["burn_rate"]["tokens_per_minute"] > 0
    assert told["burn_rate"]["cost_usd_per_hour"] is None
    assert told["projection"]["total_tokens"] > 0
    assert told["projection"]["cost_usd"] is None
    burn = json.loads(machine.call("overview", "--json", now=NOW)[1])["burn"]
    assert burn["last_60_minutes"]["cost_usd_per_hour"] is None
