"""Five-hour blocks, burn rate and projection."""

from __future__ import annotations

from fractions import Fraction

import pytest

from tests.conftest import Machine, usage_line
from tokentide.analytics.blocks import Block, burn_rate, find_blocks, length_us, projection, token_limit
from tokentide.clock import HOUR_US, MINUTE_US
from tokentide.store.query import Moment, Sums

FIVE_HOURS = length_us(Fraction(5))


def moment(minutes: float, tokens: int = 10, cost: int = 1000) -> Moment:
    at = int(minutes * MINUTE_US)
    return Moment(at, "m", "m", Sums(responses=1, input_tokens=tokens, cost=cost, first_at=at, last_at=at))


def spans(*minutes: float) -> list[tuple[float, float, bool]]:
    blocks = find_blocks([moment(each) for each in minutes], FIVE_HOURS)
    return [(block.start / HOUR_US, block.end / HOUR_US, block.is_gap) for block in blocks]


def test_a_block_begins_with_the_hour() -> None:
    assert spans(10 * 60 + 59) == [(10, 15, False)]


def test_exactly_five_hours_after_the_beginning_still_belongs() -> None:
    assert spans(630, 900) == [(10, 15, False)]
    assert spans(630, 900.001) == [(10, 15, False), (15, 20, False)]


def test_a_pause_of_more_than_five_hours_is_a_gap() -> None:
    assert spans(630, 1080) == [(10, 15, False), (15.5, 18, True), (18, 23, False)]


def test_blocks_follow_each_other_without_a_gap() -> None:
    assert spans(630, 890, 1190) == [(10, 15, False), (19, 24, False)]


def test_nothing_has_no_blocks() -> None:
    assert find_blocks([], FIVE_HOURS) == []


def test_every_response_is_in_one_block() -> None:
    moments = [moment(each) for each in range(0, 6000, 37)]
    blocks = find_blocks(moments, FIVE_HOURS)
    assert sum(block.sums.responses for block in blocks) == len(moments)


def test_the_burn_rate_is_measured_between_first_and_last() -> None:
    [block] = find_blocks([moment(600, 100, 2_000), moment(630, 200, 4_000)], FIVE_HOURS)
    rate = burn_rate(block)
    assert rate is not None
    assert rate.tokens_per_minute == 10
    assert rate.input_output_tokens_per_minute == 10
    assert rate.cost_per_hour == 12_000


def test_one_response_has_no_burn_rate_and_a_gap_has_none() -> None:
    [block] = find_blocks([moment(600)], FIVE_HOURS)
    assert burn_rate(block) is None
    assert projection(block, 0) is None
    assert burn_rate(Block(0, 1, is_gap=True)) is None


def test_the_projection_goes_on_at_the_burn_rate() -> None:
    [block] = find_blocks([moment(600, 100, 2_000), moment(630, 200, 4_000)], FIVE_HOURS)
    ahead = projection(block, 660 * MINUTE_US)
    assert ahead is not None
    assert (ahead.remaining_minutes, ahead.total_tokens, ahead.cost) == (240, 300 + 2400, 6_000 + 48_000)


def test_a_block_is_open_until_its_end_or_a_pause() -> None:
    [block] = find_blocks([moment(600), moment(610)], FIVE_HOURS)
    assert block.is_active(620 * MINUTE_US, FIVE_HOURS)
    assert not block.is_active(900 * MINUTE_US, FIVE_HOURS)


@pytest.mark.parametrize(("wish", "limit"), [("", None), ("500", 500), ("max", 1000), ("MAX", 1000)])
def test_the_limit_is_a_number_or_the_largest_block_that_is_over(wish: str, limit: int | None) -> None:
    blocks = find_blocks([moment(0, 1000), moment(1200, 5000)], FIVE_HOURS)
    assert token_limit(blocks, wish, 1210 * MINUTE_US, FIVE_HOURS) == limit


def test_no_finished_block_gives_no_limit() -> None:
    assert token_limit([], "max", 0, FIVE_HOURS) is None


@pytest.fixture
def busy(machine: Machine) -> Machine:
    machine.write(
        "-p/s1.jsonl",
        usage_line("m0", "r0", "2026-03-05T08:00:00.000Z", input_tokens=5_000),
        usage_line("m1", "r1", "2026-03-12T10:10:00.000Z"),
        usage_line("m2", "r2", "2026-03-12T11:10:00.000Z"),
    )
    return machine


def test_the_open_block_is_told_in_words(busy: Machine) -> None:
    code, out, _ = busy.call("block", "--active", "--width", "100")
    assert code == 0
    assert "2026-03-12 10:00–15:00" in out
    assert "3 h 00 min left, until 15:00" in out
    assert "Burn rate" in out


def test_limits_mark_what_exceeds(busy: Machine) -> None:
    rows = busy.json("block", "--json", "-t", "max", "-n", "5")["rows"]
    assert isinstance(rows, list)
    assert [row["limit_status"] for row in rows if not row["is_gap"]] == ["warning", "ok"]


@pytest.mark.parametrize("arguments", [("-t", "many"), ("-n", "0"), ("-n", "x"), ("-n", "1/0"), ("-t", "1e6")])
def test_wrong_numbers_are_refused(machine: Machine, arguments: tuple[str, str]) -> None:
    done = machine.run("block", *arguments)
    assert done.returncode == 2
    assert arguments[1] in done.stderr


@pytest.mark.parametrize("form", ["--csv", "--markdown", "--ccusage-json", "--json"])
def test_every_format_has_the_blocks(busy: Machine, form: str) -> None:
    code, out, _ = busy.call("block", form)
    assert code == 0
    assert "2026-03-12" in out


def test_recent_leaves_older_blocks_out(busy: Machine) -> None:
    _, out, _ = busy.call("block", "--recent", "--csv")
    assert "2026-03-05" not in out
    assert "2026-03-12" in out
