"""What-if by hand arithmetic on small ledgers, and its laws.

Prices used here, USD a million tokens (input, output, 5-minute write, 1-hour write, read): opus-5 5, 25, 6.25, 10, 0.50;
sonnet-5 2, 10, 2.50, 4, 0.20; haiku-5-5 0.10, 0.50, 0.125, 0.20, 0.01, five times that above 100,000 tokens of prompt.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ledgers import BOOK, take
from tests.test_pricing_laws import requests
from tokentide.analytics.calendar import Calendar
from tokentide.analytics.plans import PLAN_PRICES, USD_BY_PLAN, WEEK_USD_BY_PLAN, PlanWish
from tokentide.analytics.selection import Selection
from tokentide.analytics.what_if.model import (
    BATCH,
    CACHE_1H,
    CACHE_5M,
    MONTH_US,
    NO_CACHE,
    ScenarioCost,
    WhatIf,
    WhatIfWish,
)
from tokentide.analytics.what_if.report import WhatIfAsk, build_what_if
from tokentide.analytics.what_if.steps import is_mechanical
from tokentide.clock import DAY_US, HOUR_US, MINUTE_US
from tokentide.errors import PriceDataError, UsageError
from tokentide.model.activity import ToolRun, Trait
from tokentide.model.batch import Batch
from tokentide.model.usage import Place, UsageRecord
from tokentide.pricing.changed import ChangedPriceBook
from tokentide.store.query import Filters
from tokentide.store.sqlite.ledger import Ledger

UTC = Calendar("UTC")
START = UTC.start_of(date(2026, 11, 10)) + 9 * HOUR_US
NOW = START + 2 * DAY_US
USD = 10**9
ALWAYS = Selection(None, None, Filters())


def place(session: str = "s", agent: str = "", account: str = "me") -> Place:
    return Place("claude_code", account, session, START, "/w/shop", agent_id=agent, is_sidechain=bool(agent))


def record(minute: float = 0, model: str = "claude-opus-5", where: int = 0, **more: int | str) -> UsageRecord:
    at = START + round(minute * MINUTE_US)
    made = UsageRecord(f"m{where}-{minute}-{model}", "", at, where, model)
    return msgspec.structs.replace(made, **more)


def ledger_of(*records: UsageRecord, places: Sequence[Place] = (place(),)) -> Ledger:
    ledger = Ledger.open(":memory:")
    take(ledger, [Batch(places=list(places), records=list(records))])
    return ledger


def ask(wish: WhatIfWish, selection: Selection = ALWAYS, changed: ChangedPriceBook | None = None) -> WhatIfAsk:
    return WhatIfAsk(selection, UTC, wish, BOOK, PlanWish(), changed)


def what_if(ledger: Ledger, wish: WhatIfWish, changed: ChangedPriceBook | None = None) -> WhatIf:
    return build_what_if(ledger, ask(wish, changed=changed), now=NOW)


def only(ledger: Ledger, wish: WhatIfWish, changed: ChangedPriceBook | None = None) -> ScenarioCost:
    report = what_if(ledger, wish, changed)
    assert report.skipped == ()
    (found,) = report.scenarios
    assert found.difference == found.cost - report.cost
    return found


def flag(kind: str) -> WhatIfWish:
    return WhatIfWish(flags=frozenset({kind}))


def usd(amount: str) -> int:
    return int(Decimal(amount) * USD)


def test_all_on_another_model_is_its_price_for_the_same_tokens() -> None:
    ledger = ledger_of(record(input_tokens=1_000_000, output_tokens=100_000))
    assert what_if(ledger, WhatIfWish(models=("sonnet-5",))).cost == usd("7.5")
    found = only(ledger, WhatIfWish(models=("sonnet-5",)))
    assert (found.target, found.cost, found.responses) == ("claude-sonnet-5", usd("3"), 1)


def test_a_dated_name_of_the_same_model_changes_nothing() -> None:
    ledger = ledger_of(record(model="claude-haiku-4-5-20251001", input_tokens=10))
    found = only(ledger, WhatIfWish(models=("haiku-4-5",)))
    assert (found.difference, found.responses) == (0, 0)


def test_a_family_is_its_newest_model_and_an_unknown_name_is_told() -> None:
    ledger = ledger_of(record(input_tokens=10))
    assert only(ledger, WhatIfWish(models=("Sonnet",))).target == "claude-sonnet-5-5"
    with pytest.raises(UsageError, match="sonnnet"):
        what_if(ledger, WhatIfWish(models=("sonnnet-5",)))


def test_a_model_that_counts_tokens_otherwise_is_reckoned_both_ways() -> None:
    ledger = ledger_of(record(model="claude-sonnet-4-5-20250929", input_tokens=1_000_000))
    found = only(ledger, WhatIfWish(models=("sonnet-5",)))
    assert found.cost == usd("2")
    assert found.adjusted is not None
    assert usd("2.2") < found.adjusted < usd("3")
    assert any("it counts about" in note for note in found.assumptions)
    same = only(ledger_of(record(input_tokens=10)), WhatIfWish(models=("sonnet-5",)))
    assert same.adjusted is None


def test_requests_beyond_the_other_models_window_are_told() -> None:
    ledger = ledger_of(record(cache_read_tokens=300_000), record(1, cache_read_tokens=150_000))
    notes = only(ledger, WhatIfWish(models=("haiku-4-5",))).assumptions
    assert "requests longer than its context window of 200,000 tokens, which would not be answered: 1" in notes


def test_a_tier_follows_the_length_of_each_request_alone() -> None:
    ledger = ledger_of(record(input_tokens=60_000), record(1, input_tokens=60_000), record(2, input_tokens=200_000))
    assert only(ledger, WhatIfWish(models=("haiku-5-5",))).cost == usd("0.012") + usd("0.1")


def test_without_a_cache_all_is_plain_input() -> None:
    ledger = ledger_of(
        record(
            input_tokens=1_000_000,
            cache_creation_5m_tokens=1_000_000,
            cache_creation_1h_tokens=1_000_000,
            cache_read_tokens=1_000_000,
            web_search_requests=100,
        )
    )
    report = what_if(ledger, flag(NO_CACHE))
    assert report.cost == usd("5") + usd("6.25") + usd("10") + usd("0.5") + usd("1")
    assert only(ledger, flag(NO_CACHE)).cost == usd("20") + usd("1")


def test_long_writes_save_the_rebuild_after_a_pause() -> None:
    ledger = ledger_of(record(cache_creation_5m_tokens=100_000), record(10, cache_creation_5m_tokens=110_000))
    assert what_if(ledger, flag(CACHE_1H)).cost == usd("0.625") + usd("0.6875")
    assert only(ledger, flag(CACHE_1H)).cost == usd("1") + usd("0.05") + usd("0.1")


@pytest.mark.parametrize(
    ("minute", "counts"),
    [
        (4, {"cache_creation_5m_tokens": 110_000}),
        (61, {"cache_creation_5m_tokens": 110_000}),
        (10, {"cache_creation_5m_tokens": 90_000}),
        (10, {"cache_creation_5m_tokens": 110_000, "where": 1}),
        (10, {"cache_creation_5m_tokens": 110_000, "model": "claude-opus-4-8"}),
    ],
    ids=["within five minutes", "after an hour", "a shorter prompt", "another chain", "another model"],
)
def test_what_was_no_rebuild_by_a_pause_is_written_as_it_was(minute: int, counts: dict[str, int | str]) -> None:
    places = (place(), place(agent="a1"))
    where, model = int(counts.pop("where", 0)), str(counts.pop("model", "claude-opus-5"))
    second = record(minute, model, where, **counts)
    ledger = ledger_of(record(cache_creation_5m_tokens=100_000), second, places=places)
    written = 100_000 + second.cache_creation_5m_tokens
    assert only(ledger, flag(CACHE_1H)).cost == written * 10_000


def test_short_writes_rebuild_after_a_pause() -> None:
    ledger = ledger_of(
        record(cache_creation_1h_tokens=100_000),
        record(4, cache_read_tokens=100_000),
        record(14, cache_creation_1h_tokens=10_000, cache_read_tokens=100_000),
    )
    assert what_if(ledger, flag(CACHE_5M)).cost == usd("1") + usd("0.05") + usd("0.15")
    assert only(ledger, flag(CACHE_5M)).cost == usd("0.625") + usd("0.05") + usd("0.6875")


def test_a_lifetime_that_is_not_in_the_history_is_no_scenario() -> None:
    ledger = ledger_of(record(input_tokens=10))
    report = what_if(ledger, WhatIfWish(flags=frozenset({CACHE_1H, CACHE_5M})))
    assert report.scenarios == ()
    assert len(report.skipped) == 2


def know(ledger: Ledger, record: UsageRecord, entry_point: str, *tools: str) -> None:
    trait = Trait(record.identity, "", entry_point, "", 0, 0)
    runs = [ToolRun(f"{record.identity}-{number}", record.identity, tool=tool) for number, tool in enumerate(tools)]
    ledger.details.take([trait], runs, [], [])


def test_batches_are_half_the_price_of_what_programs_asked_for() -> None:
    typed, called, unknown = (record(minute, input_tokens=1_000_000) for minute in (0, 1, 2))
    ledger = ledger_of(typed, called, unknown)
    know(ledger, typed, "cli")
    know(ledger, called, "sdk-cli")
    found = only(ledger, flag(BATCH))
    assert (found.cost, found.responses) == (usd("12.5"), 1)
    assert any(note.endswith("how their client was started: 1") for note in found.assumptions)


def test_a_batch_is_not_fast() -> None:
    fast = record(input_tokens=1_000_000, speed="fast")
    ledger = ledger_of(fast)
    know(ledger, fast, "sdk-py")
    assert what_if(ledger, flag(BATCH)).cost == usd("10")
    assert only(ledger, flag(BATCH)).cost == usd("2.5")


def test_without_a_program_there_is_nothing_to_batch() -> None:
    report = what_if(ledger_of(record(input_tokens=10)), flag(BATCH))
    assert (report.scenarios, len(report.skipped)) == ((), 1)


def conversation() -> tuple[UsageRecord, ...]:
    """A long answer, a small step that reads a file, and a long answer; each reads all that was before."""
    return (
        record(0, cache_creation_5m_tokens=50_000, output_tokens=2_000),
        record(1, cache_creation_5m_tokens=1_000, cache_read_tokens=50_000, output_tokens=100),
        record(2, cache_creation_5m_tokens=4_000, cache_read_tokens=51_000, output_tokens=2_000),
    )


def test_a_small_step_on_another_model_writes_both_caches_anew() -> None:
    first, step, last = conversation()
    ledger = ledger_of(first, step, last)
    know(ledger, step, "cli", "Read", "Grep")
    found = only(ledger, WhatIfWish(cheap=("sonnet-5",)))
    unchanged = 50_000 * 6_250 + 2_000 * 25_000
    small = 51_000 * 2_500 + 100 * 10_000
    again = 50_000 * 500 + (4_000 + 1_000) * 6_250 + 2_000 * 25_000
    assert found.cost == unchanged + small + again
    assert found.responses == 2


def test_small_steps_in_a_row_write_the_prompt_once() -> None:
    first, step, _ = conversation()
    second = record(1.5, cache_creation_5m_tokens=500, cache_read_tokens=51_000, output_tokens=50)
    ledger = ledger_of(first, step, second)
    know(ledger, step, "cli", "Read")
    know(ledger, second, "cli", "Glob")
    small = 51_000 * 2_500 + 100 * 10_000 + 500 * 2_500 + 51_000 * 200 + 50 * 10_000
    assert only(ledger, WhatIfWish(cheap=("sonnet-5",))).cost == 50_000 * 6_250 + 2_000 * 25_000 + small


def test_the_cheap_models_cache_is_cold_after_five_minutes() -> None:
    records = (
        record(0, cache_creation_5m_tokens=50_000, output_tokens=100),
        record(1, cache_creation_5m_tokens=10, cache_read_tokens=50_000, output_tokens=2_000),
        record(4, cache_creation_5m_tokens=10, cache_read_tokens=50_010, output_tokens=2_000),
        record(7, cache_creation_5m_tokens=10, cache_read_tokens=50_020, output_tokens=100),
    )
    ledger = ledger_of(*records)
    for each in (records[0], records[3]):
        know(ledger, each, "cli", "Read")
    found = only(ledger, WhatIfWish(cheap=("sonnet-5",), below_tokens=5_000_000 // 1000))
    assert found.responses == 3  # the second writes the prompt for its own model; the third reads it
    cold = 50_000 * 2_500 + 100 * 10_000
    big = (50_010 * 6_250 + 2_000 * 25_000) + (10 * 6_250 + 50_010 * 500 + 2_000 * 25_000)
    assert found.cost == cold + big + 50_030 * 2_500 + 100 * 10_000


def test_a_cache_for_an_hour_keeps_the_cheap_model_warm_for_an_hour() -> None:
    records = (
        record(0, cache_creation_1h_tokens=50_000, output_tokens=2_000),
        record(1, cache_creation_1h_tokens=1_000, cache_read_tokens=50_000, output_tokens=100),
        record(2, cache_read_tokens=51_000, output_tokens=2_000),
        record(31, cache_read_tokens=51_000, output_tokens=100),
    )
    ledger = ledger_of(*records)
    for each in (records[1], records[3]):
        know(ledger, each, "cli", "Read")
    big = 50_000 * 10_000 + 2_000 * 25_000 + 50_000 * 500 + 1_000 * 10_000 + 2_000 * 25_000
    small = 51_000 * 4_000 + 100 * 10_000 + 51_000 * 200 + 100 * 10_000
    assert only(ledger, WhatIfWish(cheap=("sonnet-5",))).cost == big + small


def test_what_other_conversations_keep_warm_stays_warm_for_the_same_model() -> None:
    _, step, _ = conversation()
    first = record(0, cache_read_tokens=20_000, cache_creation_5m_tokens=30_000, output_tokens=2_000)
    later = record(3, "claude-opus-4-8", cache_read_tokens=20_000, cache_creation_5m_tokens=9_000, output_tokens=2_000)
    again = record(4, "claude-opus-4-8", cache_read_tokens=25_000, cache_creation_5m_tokens=9_000, output_tokens=2_000)
    ledger = ledger_of(first, step, later, again)
    know(ledger, step, "cli", "Read")
    found = only(ledger, WhatIfWish(cheap=("sonnet-5",)))
    assert found.responses == 2  # the step, and the first after it; not the first of all, not the last


def test_what_a_prompt_lost_meanwhile_is_in_no_cache() -> None:
    first, _, _ = conversation()
    step = record(1, cache_read_tokens=10_000, cache_creation_5m_tokens=1_000, output_tokens=100)
    last = record(2, cache_read_tokens=11_000, output_tokens=2_000)
    ledger = ledger_of(first, step, last)
    know(ledger, step, "cli", "Read")
    small = 11_000 * 2_500 + 100 * 10_000
    back = 10_000 * 500 + 1_000 * 6_250 + 2_000 * 25_000
    assert only(ledger, WhatIfWish(cheap=("sonnet-5",))).cost == 50_000 * 6_250 + 2_000 * 25_000 + small + back


def test_each_response_has_the_price_of_its_own_day() -> None:
    """Cache reads of Sonnet 5.5 cost 0.20 until 2026-10-07 and 0.10 since."""
    before, since = (record(day * 1440, cache_read_tokens=1_000_000) for day in (-35, -33))
    assert only(ledger_of(before, since), WhatIfWish(models=("claude-sonnet-5-5",))).cost == usd("0.2") + usd("0.1")


@pytest.mark.parametrize(
    ("tools", "output", "new", "is_step"),
    [
        (("Read",), 500, 5_000, True),
        (("Read",), 501, 5_000, False),
        (("Read",), 500, 5_001, False),
        (("Read", "Bash"), 100, 100, False),
        ((), 100, 100, False),
    ],
)
def test_which_steps_are_small(tools: tuple[str, ...], output: int, new: int, is_step: bool) -> None:
    step = record(input_tokens=new, output_tokens=output)
    ledger = ledger_of(step, record(1, output_tokens=9_000))
    know(ledger, step, "cli", *tools)
    report = what_if(ledger, WhatIfWish(cheap=("sonnet-5",)))
    assert bool(report.scenarios) is is_step
    assert bool(report.skipped) is not is_step


def test_a_response_whose_tools_nobody_knows_is_no_step() -> None:
    assert not is_mechanical(())
    report = what_if(ledger_of(record(output_tokens=10)), WhatIfWish(cheap=("haiku",)))
    assert report.skipped == ("small steps: no transcript tells which tools these responses called",)


def test_residency_costs_a_tenth_more_where_it_can_be_had() -> None:
    ledger = ledger_of(record(input_tokens=1_000_000), record(1, "claude-opus-4-5-20251101", input_tokens=1_000_000))
    found = only(ledger, WhatIfWish(residency="us"))
    assert found.cost == usd("5.5") + usd("5")
    assert any(note.endswith("have no residency price: 1") for note in found.assumptions)


def test_speed_has_a_price_of_its_own_or_none() -> None:
    ledger = ledger_of(
        record(input_tokens=1_000_000), record(1, "claude-sonnet-5", input_tokens=1_000_000, speed="fast")
    )
    assert only(ledger, WhatIfWish(speed="fast")).cost == usd("10") + usd("2")
    quick = ledger_of(record(input_tokens=1_000_000, speed="fast"))
    assert only(quick, WhatIfWish(speed="standard")).cost == usd("5")


def changed(**rates: str) -> ChangedPriceBook:
    model = "claude-opus-5"
    prices = {model: {name: Decimal(amount) for name, amount in rates.items()}}
    return ChangedPriceBook({}, prices, at_us=NOW, cache_path=None, data_path=None)


def at_price(ledger: Ledger, **rates: str) -> ScenarioCost:
    wish = WhatIfWish(changes={"claude-opus-5": {name: Decimal(amount) for name, amount in rates.items()}})
    return only(ledger, wish, changed(**rates))


def test_a_price_change_holds_for_its_model_alone_and_cache_prices_follow_the_input() -> None:
    ledger = ledger_of(
        record(input_tokens=1_000_000, output_tokens=1_000_000, cache_read_tokens=1_000_000),
        record(1, "claude-sonnet-5", input_tokens=1_000_000),
    )
    assert at_price(ledger, input="4").cost == usd("4") + usd("25") + usd("0.4") + usd("2")
    assert at_price(ledger, input="4", cache_read="0.2").cost == usd("4") + usd("25") + usd("0.2") + usd("2")
    assert at_price(ledger, output="20").cost == usd("5") + usd("20") + usd("0.5") + usd("2")


def test_a_price_change_keeps_the_proportion_of_fast_mode_and_residency() -> None:
    ledger = ledger_of(record(input_tokens=1_000_000, speed="fast", inference_geo="us"))
    assert at_price(ledger, input="4").cost == usd("8.8")


def test_a_price_that_is_none_is_refused() -> None:
    with pytest.raises(PriceDataError, match="not a price"):
        changed(input="-1")


def test_what_has_no_price_is_on_neither_side_and_named() -> None:
    ledger = ledger_of(record(input_tokens=1_000_000), record(1, "our-own-model", input_tokens=1_000_000))
    report = what_if(ledger, WhatIfWish(models=("sonnet-5",)))
    assert (report.cost, report.responses) == (usd("5"), 1)
    assert (report.unpriced_responses, report.unpriced) == (1, ("our-own-model",))
    assert report.scenarios[0].cost == usd("2")


def test_a_month_is_reckoned_from_the_days_that_are_known() -> None:
    ledger = ledger_of(record(input_tokens=1_000_000))
    report = what_if(ledger, WhatIfWish(models=("sonnet-5",)))
    assert report.span_us == 2 * DAY_US + 9 * HOUR_US
    assert report.a_month(report.cost) == round(usd("5") * MONTH_US / report.span_us)
    narrow = build_what_if(
        ledger, ask(WhatIfWish(models=("sonnet-5",)), replace(ALWAYS, since=date(2026, 11, 11))), now=NOW
    )
    assert (narrow.responses, narrow.span_us) == (0, DAY_US + 9 * HOUR_US)


def test_without_a_wish_all_that_changes_anything_is_told_the_largest_saving_first() -> None:
    ledger = ledger_of(
        record(cache_creation_1h_tokens=100_000), record(10, cache_read_tokens=100_000, output_tokens=1_000)
    )
    report = what_if(ledger, WhatIfWish())
    found = [(each.kind, each.target) for each in report.scenarios]
    assert set(found) == {
        ("model", "claude-opus-5-5"),
        ("model", "claude-sonnet-5-5"),
        ("model", "claude-haiku-5-5"),
        ("cache_5m", ""),
        ("no_cache", ""),
        ("residency", "us"),
        ("speed", "fast"),
    }
    differences = [each.difference for each in report.scenarios]
    assert differences == sorted(differences)
    assert all(each.assumptions for each in report.scenarios)
    assert report.skipped == ()


def test_an_empty_ledger_has_no_scenarios() -> None:
    report = what_if(Ledger.open(":memory:"), WhatIfWish())
    assert (report.responses, report.scenarios, report.plans) == (0, (), ())


def blocks(*costs: float) -> Iterator[UsageRecord]:
    """A five-hour window of so many USD every six hours."""
    return (record(360 * number, input_tokens=round(cost * 200_000)) for number, cost in enumerate(costs))


def test_the_plans_alone_are_told_without_scenarios() -> None:
    report = what_if(ledger_of(*blocks(10)), WhatIfWish(plans=True))
    assert (report.scenarios, len(report.plans)) == ((), 1)
    assert what_if(ledger_of(*blocks(10)), WhatIfWish(models=("sonnet",))).plans == ()


def test_plans_count_the_windows_that_would_have_been_too_small() -> None:
    (report,) = what_if(ledger_of(*blocks(10, 33, 100, 400)), WhatIfWish(plans=True)).plans
    found = {each.plan: each for each in report.plans}
    fits = {name: each.five_hours for name, each in found.items() if each.five_hours is not None}
    assert {name: (fit.windows, fit.too_small) for name, fit in fits.items()} == {
        "pro": (4, 3),
        "max5": (4, 2),
        "max20": (4, 1),
        "team": (4, 3),
    }
    assert fits["max5"].over == usd("9") + usd("309")
    weeks = {name: each.weeks for name, each in found.items() if each.weeks is not None}
    assert {name: fit.too_small for name, fit in weeks.items()} == {"pro": 1, "max5": 0, "max20": 0, "team": 1}
    assert not any(each.is_calibrated or each.is_current for each in found.values())
    assert report.cost == usd("543")


def test_what_lies_beyond_a_plans_windows_is_added_at_list_price() -> None:
    whole = what_if(ledger_of(*blocks(10, 33, 100, 400)), WhatIfWish(plans=True))
    found = {each.plan: each for each in whole.plans[0].plans}
    assert found["max20"].total(whole.months) == usd("200") + round(usd("37") / whole.months)
    assert whole.plans[0].best(whole.months) is found["max20"]
    assert found["api"].total(whole.months) == found["api"].price == whole.a_month(whole.cost)


def test_a_plan_for_several_people_is_the_best_only_for_who_has_it() -> None:
    whole = what_if(ledger_of(*blocks(*[30] * 9)), WhatIfWish(plans=True))
    (report,) = whole.plans
    totals = {each.plan: each.total(whole.months) for each in report.plans}
    assert totals["team"] == totals["pro"] + usd("5")
    cheap = replace(
        report, plans=tuple(replace(each, price=1) if each.plan == "team" else each for each in report.plans)
    )
    assert cheap.best(whole.months).plan == "pro"
    team = tuple(replace(each, is_current=each.plan == "team") for each in cheap.plans)
    assert replace(cheap, plans=team).best(whole.months).plan == "team"


def test_each_account_has_plans_of_its_own() -> None:
    places = (place(account="me"), place("t", account="work"))
    ledger = ledger_of(
        record(input_tokens=1_000_000), record(1, "claude-opus-5", 1, input_tokens=2_000_000), places=places
    )
    reports = what_if(ledger, WhatIfWish(plans=True)).plans
    assert [(each.account, each.cost) for each in reports] == [("work", usd("10")), ("me", usd("5"))]


def test_every_plan_that_is_sold_has_a_budget() -> None:
    assert set(PLAN_PRICES) == set(USD_BY_PLAN) == set(WEEK_USD_BY_PLAN)


counts = st.integers(0, 300_000)
histories = st.lists(requests, min_size=1, max_size=8).map(
    lambda made: [msgspec.structs.replace(each, identity=f"m{number}") for number, each in enumerate(made)]
)


@given(histories)
def test_no_change_of_price_is_the_same_cost(records: list[UsageRecord]) -> None:
    ledger = ledger_of(*records)
    models = sorted({each.model for each in records})
    prices = {}
    for model in models:
        rates = BOOK.explain(model, NOW).rates
        assert rates is not None
        prices[model] = {"input": rates.input_usd_per_mtok, "output": rates.output_usd_per_mtok}
    book = ChangedPriceBook({}, prices, at_us=NOW, cache_path=None, data_path=None)
    assert only(ledger, WhatIfWish(changes=prices), book).difference == 0


@given(histories)
def test_a_cache_scenario_neither_loses_nor_makes_tokens(records: list[UsageRecord]) -> None:
    from tokentide.analytics.what_if.caches import moved_to, uncached, with_long_writes, with_short_writes
    from tokentide.analytics.what_if.history import read_history

    history = read_history(ledger_of(*records), ALWAYS, UTC, now=NOW)
    made = (
        [uncached(each) for each in history.records],
        with_long_writes(history)[0],
        with_short_writes(history)[0],
        moved_to(history, "claude-haiku-5-5", {0, 2, 3}),
    )
    for altered in made:
        for before, after in zip(history.records, altered, strict=True):
            assert prompt(before) == prompt(after)
            assert before.output_tokens == after.output_tokens
            assert min(after.cache_creation_5m_tokens, after.cache_creation_1h_tokens, after.cache_read_tokens) >= 0


def prompt(record: UsageRecord) -> int:
    return (
        record.input_tokens
        + record.cache_creation_5m_tokens
        + record.cache_creation_1h_tokens
        + record.cache_read_tokens
    )
