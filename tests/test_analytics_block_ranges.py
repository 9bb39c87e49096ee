"""Blocks of some days are those of all time that begin in these days, whatever the chain before them was."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ledgers import take
from tokentide.analytics.block_report import BlockReport, BlockWishes, build_blocks
from tokentide.analytics.calendar import Calendar
from tokentide.analytics.reports import Ask
from tokentide.analytics.selection import Selection
from tokentide.clock import DAY_US, HOUR_US, MINUTE_US
from tokentide.model.batch import Batch
from tokentide.model.usage import Place, UsageRecord
from tokentide.render.block_lines import outlook
from tokentide.store.query import CostMode, Filters
from tokentide.store.sqlite.ledger import Ledger

NOON = 1_773_316_800_000_000
CALENDAR = Calendar("Europe/Berlin")
TODAY = CALENDAR.date_of(NOON)


def filled(minutes_ago: list[int]) -> Ledger:
    """A response at each of these minutes before noon."""
    ledger = Ledger.open(":memory:")
    place = Place("claude_code", "ada", "s1", 0, "/srv/shop", "main", "", is_sidechain=False, version="2.1.100")
    records = [
        UsageRecord(f"m{minute}", "", NOON - minute * MINUTE_US, 0, "claude-opus-4-8", 10, 5) for minute in minutes_ago
    ]
    take(ledger, [Batch(places=[place], records=records)])
    return ledger


def blocks(ledger: Ledger, days: int | None, hours: int, limit: str = "") -> BlockReport:
    since = None if days is None else TODAY - timedelta(days=days - 1)
    ask = Ask(Selection(since, None, Filters()), CALENDAR, CostMode.AUTO)
    return build_blocks(ledger, ask, BlockWishes(hours=Fraction(hours), token_limit=limit), now=NOON)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 16 * 24 * 60), min_size=1, max_size=60, unique=True),
    st.integers(1, 16),
    st.sampled_from([1, 5, 24]),
)
def test_a_range_changes_which_blocks_are_shown_and_nothing_in_them(minutes: list[int], days: int, hours: int) -> None:
    with filled(minutes) as ledger:
        begin = TODAY - timedelta(days=days - 1)
        every, some = blocks(ledger, None, hours), blocks(ledger, days, hours)
        assert some.rows == tuple(row for row in every.rows if CALENDAR.date_of(row.block.start) >= begin)


def test_work_without_a_pause_is_reckoned_from_its_beginning() -> None:
    with filled([*range(0, 12 * 24 * 60, 120)]) as ledger:
        every, some = blocks(ledger, None, 5), blocks(ledger, 2, 5)
        assert some.rows
        assert some.rows == every.rows[-len(some.rows) :]


def test_the_largest_block_is_sought_among_all() -> None:
    with filled([*range(8 * 24 * 60, 8 * 24 * 60 + 100), 400, 10]) as ledger:
        assert blocks(ledger, 2, 5, "max").limit == 100 * 15


@pytest.mark.parametrize(("minutes", "told"), [([3, 4], ""), ([3, 60], "~")])
def test_no_pace_is_told_of_a_few_minutes(minutes: list[int], told: str) -> None:
    with filled(minutes) as ledger:
        row = blocks(ledger, 1, 5).rows[-1]
        assert outlook(row)[:1] == told
        assert not outlook(replace(row, projection=None))
        assert row.block.end - row.block.start == 5 * HOUR_US < DAY_US


def test_a_block_without_a_price_is_heading_for_no_amount() -> None:
    with filled([100, 50, 1]) as ledger:
        row = blocks(ledger, 1, 5).rows[-1]
        sums = replace(row.block.sums, unpriced_responses=row.block.sums.responses)
        assert outlook(row)
        assert not outlook(replace(row, block=replace(row.block, sums=sums)))
        partly = replace(row.block.sums, unpriced_responses=1)
        assert " + ? at its end" in outlook(replace(row, block=replace(row.block, sums=partly)))
