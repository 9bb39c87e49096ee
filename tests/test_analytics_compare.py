"""Comparisons: what operands mean, what the sides hold, and causes that add up to the nano-dollar."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ledgers import BOOK
from tests.test_analytics_what_if import ledger_of, place, record, usd
from tests.test_pricing_laws import requests
from tokentide.analytics.calendar import Calendar
from tokentide.analytics.compare.causes import CACHE, CAUSES, LIST_PRICE, MIX, SIZE, SURCHARGE, VOLUME
from tokentide.analytics.compare.operands import Days, Operand, Reader, parse_days
from tokentide.analytics.compare.report import Comparison, build_comparison
from tokentide.analytics.selection import Wishes
from tokentide.clock import DAY_US, HOUR_US, MINUTE_US
from tokentide.errors import UsageError
from tokentide.model.usage import Place, UsageRecord
from tokentide.render.compare_words import MEASURES, style_of
from tokentide.store.sqlite.ledger import Ledger

UTC = Calendar("UTC")
TODAY = date(2026, 11, 19)
"""A Thursday."""
NOW = UTC.start_of(TODAY) + 15 * HOUR_US


def reader(ledger: Ledger, wishes: Wishes | None = None, calendar: Calendar = UTC, now: int = NOW) -> Reader:
    return Reader(ledger, calendar, wishes or Wishes(), now)


def compared(ledger: Ledger, *operands: str, whole: bool = False, wishes: Wishes | None = None) -> Comparison:
    pair = reader(ledger, wishes).pair(operands, whole=whole)
    return build_comparison(ledger, pair, BOOK, UTC, now=NOW)


def on(day: int, month: int = 11, hour: float = 9, where: int = 0, **more: int | str) -> UsageRecord:
    at = UTC.start_of(date(2026, month, day)) + round(hour * HOUR_US)
    made = msgspec.structs.replace(record(0, where=where), at=at, identity=f"m{month}-{day}-{hour}-{where}")
    return msgspec.structs.replace(made, **more)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026-10", "2026-10-01", "2026-10-31"),
        ("2026-02", "2026-02-01", "2026-02-28"),
        ("2026-W41", "2026-10-05", "2026-10-11"),
        ("2026-W01", "2025-12-29", "2026-01-04"),
        ("2026-10-01", "2026-10-01", "2026-10-01"),
        ("2026-10-01..2026-10-07", "2026-10-01", "2026-10-07"),
        ("2026-09..2026-10", "2026-09-01", "2026-10-31"),
        ("2026-W41..2026-W42", "2026-10-05", "2026-10-18"),
        ("today", "2026-11-19", "2026-11-19"),
        ("yesterday", "2026-11-18", "2026-11-18"),
        ("this-week", "2026-11-16", "2026-11-22"),
        ("last-week", "2026-11-09", "2026-11-15"),
        ("this-month", "2026-11-01", "2026-11-30"),
        ("last-month", "2026-10-01", "2026-10-31"),
        ("7d", "2026-11-13", "2026-11-19"),
        ("2w", "2026-11-09", "2026-11-19"),
        ("2m", "2026-10-01", "2026-11-19"),
    ],
)
def test_a_period_is_whole_local_days(text: str, first: str, last: str) -> None:
    days = parse_days(text, UTC, TODAY)
    assert days is not None
    assert (days.first.isoformat(), days.last.isoformat()) == (first, last)


def test_a_week_begins_when_the_person_says() -> None:
    days = parse_days("this-week", Calendar("UTC", "sunday"), TODAY)
    assert days is not None
    assert days.first == date(2026, 11, 15)


@pytest.mark.parametrize(
    "text", ["2026-13", "2026-W60", "2026-02-30", "2026-10-07..2026-10-01", "0d", "2026-13..2026-14"]
)
def test_days_that_cannot_be_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match=text):
        parse_days(text, UTC, TODAY)


@pytest.mark.parametrize("text", ["", "october", "2026", "project", "7y", "..", "2026-10-01..", "vendor:x", "٢٠٢٦-١٠"])
def test_what_names_no_period_is_told_with_what_would(text: str) -> None:
    with pytest.raises(UsageError, match="give a period"):
        reader(ledger_of(on(1))).operand(text)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026-03", "2026-02-01", "2026-02-28"),
        ("2026-01", "2025-12-01", "2025-12-31"),
        ("2026-W41", "2026-09-28", "2026-10-04"),
        ("2026-10-04..2026-10-06", "2026-10-01", "2026-10-03"),
        ("today", "2026-11-18", "2026-11-18"),
        ("2m", "2026-08-01", "2026-09-30"),
    ],
)
def test_before_a_period_lies_one_of_its_kind(text: str, first: str, last: str) -> None:
    days = parse_days(text, UTC, TODAY)
    assert days is not None
    before = days.before()
    assert (before.first.isoformat(), before.last.isoformat()) == (first, last)


def test_one_operand_is_compared_with_the_stretch_before_it_and_none_with_seven_days() -> None:
    ledger = ledger_of(on(10, input_tokens=1_000_000), on(17, input_tokens=3_000_000))
    for operands in ((), ("7d",)):
        report = compared(ledger, *operands)
        assert (report.one.operand.days, report.other.operand.days) == (
            Days(date(2026, 11, 6), date(2026, 11, 12)),
            Days(date(2026, 11, 13), date(2026, 11, 19)),
        )
        assert report.difference == usd("10")
    with pytest.raises(UsageError, match="give a second one"):
        compared(ledger, "model:opus")


def stretch(operand: Operand) -> tuple[int, int]:
    return operand.start, operand.end


def test_a_period_that_is_not_over_is_compared_with_the_same_part_of_the_other() -> None:
    ledger = ledger_of(on(1))
    one, other = reader(ledger).pair(("last-month", "this-month"), whole=False)
    october = UTC.start_of(date(2026, 10, 1))
    assert stretch(one) == (october, october + 18 * DAY_US + 15 * HOUR_US)
    assert other.end == NOW
    assert one.is_cut
    whole, _ = reader(ledger).pair(("last-month", "this-month"), whole=True)
    assert stretch(whole) == (october, UTC.start_of(date(2026, 11, 1)))


def test_the_same_part_keeps_its_time_of_day_when_clocks_change() -> None:
    berlin = Calendar("Europe/Berlin")
    now = berlin.start_of(date(2026, 10, 28)) + 12 * HOUR_US
    one, other = reader(ledger_of(on(1)), calendar=berlin, now=now).pair(("last-month", "this-month"), whole=False)
    assert berlin.local(one.end).isoformat() == "2026-09-28T12:00:00+02:00"
    assert berlin.local(other.end).isoformat() == "2026-10-28T12:00:00+01:00"


def test_of_two_periods_that_are_not_over_the_same_part_is_compared() -> None:
    one, other = reader(ledger_of(on(1))).pair(("this-month", "this-week"), whole=False)
    assert other.end == NOW
    assert stretch(one) == (UTC.start_of(date(2026, 11, 1)), UTC.start_of(date(2026, 11, 4)) + 15 * HOUR_US)


def test_a_shorter_month_is_not_cut_by_a_longer_one() -> None:
    now = UTC.start_of(date(2026, 3, 31)) + HOUR_US
    one, other = reader(ledger_of(on(1)), now=now).pair(("2026-02", "2026-03"), whole=False)
    assert (one.is_cut, one.end) == (False, UTC.start_of(date(2026, 3, 1)))
    assert other.end == now


def test_two_periods_that_are_over_are_compared_whole() -> None:
    one, other = reader(ledger_of(on(1))).pair(("2026-09", "2026-10"), whole=False)
    assert (one.is_cut, other.is_cut) == (False, False)


PLACES = (
    place("aaaa"),
    Place("claude_code", "me", "bbbb", 0, "/w/app", "main"),
    Place("claude_desktop", "boss@work", "cccc", 0, "/w/app", "fix"),
)
MIXED = (
    on(10, input_tokens=1_000_000),
    on(11, where=1, input_tokens=2_000_000),
    on(12, where=2, input_tokens=4_000_000),
    on(13, where=2, hour=10, input_tokens=8_000_000),
)


@pytest.mark.parametrize(
    ("operands", "costs"),
    [
        (("project:shop", "project:app"), (5, 70)),
        (("session:aa", "session:cccc"), (5, 60)),
        (("branch:main", "branch:fix"), (10, 60)),
        (("account:me", "account:work"), (15, 60)),
        (("source:claude-code", "source:claude_desktop"), (15, 60)),
        (("model:opus", "project:app"), (75, 70)),
    ],
)
def test_everything_that_has_a_name_can_be_compared(operands: tuple[str, str], costs: tuple[int, int]) -> None:
    report = compared(ledger_of(*MIXED, places=PLACES), *operands)
    assert (report.one.sums.cost, report.other.sums.cost) == tuple(usd(str(cost)) for cost in costs)


def test_range_and_filters_narrow_both_sides() -> None:
    ledger = ledger_of(*MIXED, places=PLACES)
    report = compared(ledger, "branch:main", "branch:fix", wishes=Wishes(until="2026-11-12"))
    assert (report.one.sums.cost, report.other.sums.cost) == (usd("10"), usd("20"))
    narrowed = compared(ledger, "2026-11-11", "2026-11-12", wishes=Wishes(sources=("claude_code",)))
    assert (narrowed.one.sums.responses, narrowed.other.sums.responses) == (1, 0)


@pytest.mark.parametrize(
    ("operand", "there"), [("project:shopp", "/w/shop"), ("branch:mian", "main"), ("model:gpt", "claude-opus-5")]
)
def test_a_name_that_is_not_there_is_told_with_those_that_are(operand: str, there: str) -> None:
    with pytest.raises(UsageError, match=there):
        compared(ledger_of(*MIXED, places=PLACES), operand, "project:app")


def test_a_side_knows_its_sessions_days_and_rates() -> None:
    report = compared(ledger_of(*MIXED, places=PLACES), "project:shop", "project:app")
    app = report.other
    assert (app.sessions, app.active_days, app.sums.responses) == (2, 3, 3)
    assert app.cost_a_day == round(usd("70") / 3)
    assert app.cost_a_response == round(usd("70") / 3)
    assert app.cache_hit_share == 0.0
    assert report.known == (date(2026, 11, 10), date(2026, 11, 13))


def test_a_session_in_two_branches_is_one() -> None:
    places = [Place("claude_code", "me", "aaaa", 0, "/w/app", branch) for branch in ("main", "fix")]
    ledger = ledger_of(on(10, input_tokens=1), on(10, where=1, input_tokens=1), places=places)
    assert compared(ledger, "2026-11-10", "2026-11-11").one.sessions == 1


@pytest.mark.parametrize(("name", "style"), [("cost_usd", "green"), ("cache_hit_share", "red"), ("sessions", "")])
def test_less_is_green_where_it_is_better(name: str, style: str) -> None:
    measure = next(each for each in MEASURES if each.name == name)
    assert style_of(measure, 2, 1) == style
    assert style_of(measure, 1, 2) == {"green": "red", "red": "green", "": ""}[style]
    assert style_of(measure, 1, 1) == ""


def test_an_empty_side_has_no_rates_and_all_of_the_difference_is_volume() -> None:
    report = compared(ledger_of(on(17, input_tokens=1_000_000)), "2026-11-01", "2026-11-17")
    assert (report.one.cost_a_day, report.one.cost_a_response, report.one.cache_hit_share) == (None, None, None)
    assert report.causes == {cause: usd("5") if cause == VOLUME else 0 for cause in CAUSES}
    neither = compared(ledger_of(on(17)), "2026-11-01", "2026-11-02")
    assert set(neither.causes.values()) == {0}


def test_what_has_no_price_is_counted_and_in_no_cause() -> None:
    ledger = ledger_of(
        on(10, input_tokens=10), on(11, input_tokens=10), on(11, hour=10, model="ours", input_tokens=999)
    )
    report = compared(ledger, "2026-11-10", "2026-11-11")
    assert (report.other.sums.unpriced_responses, report.other.unpriced) == (1, {"ours": 1})
    assert set(report.causes.values()) == {0}


def alone(one: Sequence[UsageRecord], other: Sequence[UsageRecord]) -> dict[str, int]:
    """The causes that are not nothing, from the tenth to the eleventh of November."""
    report = compared(ledger_of(*one, *other), "2026-11-10", "2026-11-11")
    return {cause: amount for cause, amount in report.causes.items() if amount}


BASE = {"input_tokens": 1_000, "output_tokens": 500, "cache_creation_5m_tokens": 2_000, "cache_read_tokens": 7_000}
BASE_COST = 1_000 * 5_000 + 500 * 25_000 + 2_000 * 6_250 + 7_000 * 500


def test_more_of_the_same_is_volume_alone() -> None:
    assert alone([on(10, **BASE)], [on(11, **BASE), on(11, hour=10, **BASE)]) == {VOLUME: BASE_COST}


def test_longer_ones_are_size_alone() -> None:
    twice = {name: 2 * count for name, count in BASE.items()}
    assert alone([on(10, **BASE)], [on(11, **twice)]) == {SIZE: BASE_COST}


def test_another_model_is_mix_alone() -> None:
    found = alone([on(10, **BASE)], [on(11, model="claude-sonnet-5", **BASE)])
    assert found == {MIX: 1_000 * -3_000 + 500 * -15_000 + 2_000 * -3_750 + 7_000 * -300}


def test_fewer_cache_hits_are_cache_alone() -> None:
    cold = {**BASE, "cache_creation_5m_tokens": 9_000, "cache_read_tokens": 0}
    assert alone([on(10, **BASE)], [on(11, **cold)]) == {CACHE: 7_000 * (6_250 - 500)}


def test_fast_mode_and_residency_are_surcharges_alone() -> None:
    fast = on(11, speed="fast", inference_geo="us", **BASE)
    assert alone([on(10, **BASE)], [fast]) == {SURCHARGE: BASE_COST * 12 // 10}


def test_a_price_that_the_vendor_changed_is_list_price_alone() -> None:
    """Cache reads of Sonnet 5.5 cost 0.20 until 2026-10-07 and 0.10 since."""
    ledger = ledger_of(*(on(day, 10, model="claude-sonnet-5-5", cache_read_tokens=1_000_000) for day in (6, 8)))
    report = compared(ledger, "2026-10-06", "2026-10-08")
    assert {cause: amount for cause, amount in report.causes.items() if amount} == {LIST_PRICE: -usd("0.1")}


def test_a_long_prompt_of_a_tiered_model_is_size_and_surcharge() -> None:
    """Haiku 5.5 asks five times as much above 100,000 tokens."""
    short, long = (
        on(day, model="claude-haiku-5-5", input_tokens=count) for day, count in ((10, 100_000), (11, 200_000))
    )
    found = alone([short], [long])
    assert set(found) == {SIZE, SURCHARGE}
    assert sum(found.values()) == 200_000 * 500 - 100_000 * 100


def test_two_causes_share_what_both_make() -> None:
    """Twice as many, twice as long: 1 becomes 4, and each order gives one of them 1 and the other 2."""
    twice = {name: 2 * count for name, count in BASE.items()}
    found = alone([on(10, **BASE)], [on(11, **twice), on(11, hour=10, **twice)])
    assert found == {VOLUME: BASE_COST * 3 // 2, SIZE: BASE_COST * 3 // 2}


def test_three_causes_share_what_all_make() -> None:
    """Twice as many, as long, as dear: 1 becomes 8, and each has 7/3; the odd nano-dollar goes to the first."""
    twice = {name: 2 * count for name, count in BASE.items()}
    found = alone([on(10, **BASE)], [on(11, speed="fast", **twice), on(11, hour=10, speed="fast", **twice)])
    third = BASE_COST * 7 // 3 + 1
    assert found == {VOLUME: third - 1, SIZE: third, SURCHARGE: third}


histories = st.lists(requests, max_size=10)


def at_days(made: Sequence[UsageRecord], first: int) -> list[UsageRecord]:
    """The requests on one day."""
    start = UTC.start_of(date(2026, 11, first))
    return [
        msgspec.structs.replace(each, identity=f"{first}-{number}", at=start + number * MINUTE_US)
        for number, each in enumerate(made)
    ]


@given(histories, histories)
def test_the_causes_add_up_and_turn_with_the_sides(one: list[UsageRecord], other: list[UsageRecord]) -> None:
    ledger = ledger_of(*at_days(one, 10), *at_days(other, 11))
    there = compared(ledger, "2026-11-10", "2026-11-11")
    back = compared(ledger, "2026-11-11", "2026-11-10")
    assert sum(there.causes.values()) == there.difference == -back.difference
    assert {cause: -amount for cause, amount in there.causes.items()} == dict(back.causes)


@given(histories)
def test_a_side_beside_itself_differs_in_nothing(made: list[UsageRecord]) -> None:
    report = compared(ledger_of(*at_days(made, 10)), "2026-11-10", "2026-11-10")
    assert set(report.causes.values()) == {0}
