"""The bill beside our records: the parts of the difference, which always add up."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.admin_stand_in import at
from tests.conftest import Machine, usage_line
from tokentide.analytics.reconcile import (
    ELSEWHERE,
    EXECUTION,
    NOT_SEEN,
    OTHER,
    PARTS,
    PRICE,
    SEARCHES,
    UNEXPLAINED,
    UNPRICED,
    ReconcileRow,
    Reconciliation,
    _row,
    _Side,
    only_models,
    reconcile,
    summed,
)
from tokentide.clock import DAY_US
from tokentide.model.billing import ANALYTICS_COST, ANALYTICS_USAGE, COST, TOKEN_COUNTERS, USAGE, Bucket, Fetch
from tokentide.model.usage import UsageRecord
from tokentide.pricing.book import PriceBook
from tokentide.store.query import Sums
from tokentide.store.sqlite.ledger import Ledger

ORG, DAY, SONNET = "org", "2026-03-10", "claude-sonnet-4-20250514"
START = at(f"{DAY}T00:00:00Z")
NOW = at("2026-03-12T12:00:00Z")
CENT = 10_000_000


def price(record: UsageRecord) -> int | None:
    """A dollar for a million tokens in, five out; a cent a search; one model without a price."""
    if record.model == "unpriced":
        return None
    fresh = record.input_tokens + record.cache_creation_5m_tokens + record.cache_creation_1h_tokens
    return 1_000 * (fresh + record.cache_read_tokens) + 5_000 * record.output_tokens + CENT * record.web_search_requests


def compared(vendor: _Side, ours: Sums, model: str = "m") -> ReconcileRow:
    row = _row(DAY, model, vendor, ours, price)
    assert sum(row.parts.values()) == row.difference
    return row


def ours(cost: int, unpriced: int = 0, **counts: int) -> Sums:
    return Sums(responses=2, first_at=START, last_at=START, cost=cost, unpriced_responses=unpriced, **counts)


def test_the_same_tokens_at_the_same_price_differ_in_nothing() -> None:
    side = _Side({"input_tokens": 1000}, {"input_tokens": 1_000_000})
    row = compared(side, ours(1_000_000, input_tokens=1000))
    assert (row.difference, row.parts) == (0, {})


def test_a_discount_is_one_in_price() -> None:
    side = _Side({"input_tokens": 1000}, {"input_tokens": 600_000})
    assert compared(side, ours(1_000_000, input_tokens=1000)).parts == {PRICE: -400_000}


def test_more_tokens_there_were_used_elsewhere() -> None:
    side = _Side({"input_tokens": 3000}, {"input_tokens": 3_000_000})
    assert compared(side, ours(1_000_000, input_tokens=1000)).parts == {NOT_SEEN: 2_000_000}
    assert compared(side, Sums()).parts == {NOT_SEEN: 3_000_000}


def test_more_tokens_here_are_billed_elsewhere() -> None:
    side = _Side({"input_tokens": 1000}, {"input_tokens": 1_000_000})
    assert compared(side, ours(4_000_000, input_tokens=4000)).parts == {ELSEWHERE: -3_000_000}
    assert compared(_Side(), ours(4_000_000, input_tokens=4000)).parts == {ELSEWHERE: -4_000_000}


def test_counters_are_weighed_by_their_price() -> None:
    side = _Side({"input_tokens": 1000}, {"input_tokens": 1_000_000})
    row = compared(side, ours(6_000_000, input_tokens=1000, output_tokens=1000))
    assert row.parts == {ELSEWHERE: -5_000_000}


def test_what_has_no_price_here_is_worth_what_is_billed() -> None:
    side = _Side({"input_tokens": 1000}, {"input_tokens": 2_000_000})
    row = compared(side, ours(0, unpriced=2, input_tokens=800), "unpriced")
    assert row.parts == {UNPRICED: 1_600_000, NOT_SEEN: 400_000}
    assert row.unpriced_responses == 2


def test_other_things_on_the_bill_have_names() -> None:
    side = _Side({}, {}, {SEARCHES: 3 * CENT, EXECUTION: 5, OTHER: 7})
    row = compared(side, ours(2 * CENT, web_search_requests=2))
    assert row.parts == {SEARCHES: CENT, EXECUTION: 5, OTHER: 7}


def test_a_bill_without_token_types_is_spread_by_list_price() -> None:
    side = _Side({"input_tokens": 2000, "output_tokens": 2000}, {"": 12_000_000})
    row = compared(side, ours(6_000_000, input_tokens=1000, output_tokens=1000))
    assert row.parts == {NOT_SEEN: 6_000_000}


def test_a_bill_without_any_tokens_is_not_explained() -> None:
    assert compared(_Side({}, {"input_tokens": 9}), Sums()).parts == {UNEXPLAINED: 9}
    assert compared(_Side({}, {"": 9}), Sums()).parts == {UNEXPLAINED: 9}


def test_tokens_that_nobody_bills_are_not_called_a_discount() -> None:
    row = compared(_Side({"input_tokens": 1000}, {}), ours(1_000_000, input_tokens=1000))
    assert row.parts == {UNEXPLAINED: -1_000_000}


COUNT = st.one_of(st.just(0), st.integers(0, 10**9))
TOKENS = st.fixed_dictionaries(dict.fromkeys(TOKEN_COUNTERS, COUNT))
MONEY = st.integers(-(10**6), 10**13)
TYPES = st.dictionaries(st.sampled_from(["", *TOKEN_COUNTERS]), MONEY)
OTHERS = st.dictionaries(st.sampled_from([SEARCHES, EXECUTION, OTHER]), MONEY)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    vendor=st.builds(_Side, TOKENS, TYPES, OTHERS),
    counts=TOKENS,
    cost=st.integers(0, 10**13),
    searches=st.integers(0, 1000),
    responses=st.integers(1, 50),
    unpriced=st.integers(0, 50),
    model=st.sampled_from(["m", "unpriced"]),
)
def test_the_parts_always_add_up(
    *, vendor: _Side, counts: dict[str, int], cost: int, searches: int, responses: int, unpriced: int, model: str
) -> None:
    """Whatever the two sides say: `compared` asserts it."""
    sums = Sums(
        responses,
        cost=cost,
        web_search_requests=searches,
        unpriced_responses=min(unpriced, responses),
        first_at=START,
        **counts,
    )
    row = compared(vendor, sums, model)
    assert set(row.parts) <= set(PARTS)
    assert summed([row, row], "")[0].difference == 2 * row.difference


# With a ledger of real records


@pytest.fixture
def ledger(machine: Machine) -> Iterator[Ledger]:
    machine.write(
        "-p/s1.jsonl",
        usage_line("m1", "r1", f"{DAY}T10:00:00.000Z", input_tokens=1000, output_tokens=100),
        usage_line("m2", "r2", f"{DAY}T23:59:59.000Z", model="house-model", input_tokens=10, output_tokens=1),
        usage_line("m3", "r3", "2026-03-11T00:00:00.000Z", input_tokens=2000, output_tokens=100),
    )
    assert machine.run("sync").returncode == 0
    with Ledger.open(str(machine.ledger)) as opened:
        yield opened


def bill(ledger: Ledger, start: int, *lines: tuple[str, str, int, int], at_: int = NOW) -> None:
    """Model, token type, tokens of it, cost."""
    names = {"uncached_input_tokens": "input_tokens", "output_tokens": "output_tokens"}
    end = start + DAY_US
    usage = [
        Bucket(start, end, {"model": model, "n": str(n)}, {names[kind]: count})
        for n, (model, kind, count, _) in enumerate(lines)
    ]
    cost = [
        Bucket(start, end, {"model": model, "token_type": kind, "cost_type": "tokens"}, {"cost": nano})
        for model, kind, _, nano in lines
    ]
    for report, buckets in ((USAGE, usage), (COST, cost)):
        ledger.buckets.keep(ORG, Fetch(report, start, end, at_), buckets)


def reconciled(ledger: Ledger, price: Callable[[UsageRecord], int | None] | None = None) -> Reconciliation:
    book = PriceBook(cache_path=None, data_path=None)
    return reconcile(ledger, ORG, START, NOW + DAY_US, price=price or book.cost_nano_usd, now=NOW)


def test_days_are_cut_in_utc_and_only_whole_ones_compared(ledger: Ledger) -> None:
    bill(ledger, START, (SONNET, "uncached_input_tokens", 1000, 3_000_000), (SONNET, "output_tokens", 100, 1_500_000))
    bill(ledger, START + DAY_US, (SONNET, "uncached_input_tokens", 9, 9), at_=START + DAY_US + 1)
    report = reconciled(ledger)
    assert [(row.day, row.model) for row in report.rows] == [(DAY, SONNET), (DAY, "house-model")]
    assert (report.days, report.days_left_out, report.fetched_at) == (1, 2, NOW)
    sonnet, house = report.rows
    assert (sonnet.difference, sonnet.our_tokens, sonnet.vendor_tokens) == (0, 1100, 1100)
    assert (house.our_cost, house.unpriced_responses, house.difference) == (0, 1, 0)


def test_a_day_that_the_vendors_data_does_not_reach_yet_is_not_compared(ledger: Ledger) -> None:
    bill(ledger, START, (SONNET, "uncached_input_tokens", 1000, 3_000_000))
    for reach, days in ((DAY_US - 1, 0), (DAY_US, 1)):
        for name in (ANALYTICS_USAGE, ANALYTICS_COST):
            ledger.buckets.keep(ORG, Fetch(name, START, START + DAY_US, NOW, START + reach), ())
        assert reconciled(ledger).days == days


def test_models_can_be_chosen_and_added_up(ledger: Ledger) -> None:
    bill(ledger, START, (SONNET, "uncached_input_tokens", 2000, 6_000_000))
    report = reconciled(ledger)
    assert [row.model for row in only_models(report, ["HOUSE"]).rows] == ["house-model"]
    assert only_models(report, []) is report
    (day,) = summed(report.rows, "day")
    assert (day.day, day.model, day.difference) == (DAY, "", 6_000_000 - 4_500_000)
    assert day.parts == {NOT_SEEN: 3_000_000, ELSEWHERE: -1_500_000}


def test_without_a_bill_there_is_nothing_to_compare(ledger: Ledger) -> None:
    report = reconciled(ledger)
    assert (report.rows, report.days, report.fetched_at) == ((), 0, 0)
