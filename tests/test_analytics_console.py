"""Cuts of the vendor's buckets, and the rate and projection of a month."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.admin_stand_in import at
from tokentide.analytics.console import CUTS, REPORTS, SPEND, ConsoleAsk, ConsoleReport, build_console, build_summary
from tokentide.analytics.console_costs import month_cost
from tokentide.clock import DAY_US, HOUR_US, MINUTE_US
from tokentide.errors import UsageError
from tokentide.model.billing import (
    ANALYTICS_COST,
    ANALYTICS_USAGE,
    CODE,
    COST,
    TOKEN_COUNTERS,
    USAGE,
    Bucket,
    CostSnapshot,
    DirectoryEntry,
    Fetch,
    month_bounds,
)
from tokentide.store.sqlite.ledger import Ledger

ORG = "org"
FIRST = at("2026-03-01T00:00:00Z")
NOW = at("2026-03-12T12:00:00Z")
ENDS = FIRST + 12 * DAY_US


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    with Ledger.open(":memory:") as opened:
        yield opened


def keep(
    ledger: Ledger, report: str, day: int, *buckets: tuple[dict[str, str], dict[str, int]], at_: int = NOW
) -> None:
    start = FIRST + day * DAY_US
    made = [Bucket(start, start + DAY_US, dimensions, measures) for dimensions, measures in buckets]
    ledger.buckets.keep(ORG, Fetch(report, start, start + DAY_US, at_), made)


def ask(ledger: Ledger, report: str = SPEND, by: str = "", person: str = "") -> ConsoleReport:
    return build_console(ledger, ConsoleAsk(ORG, FIRST, ENDS, report, by, person), now=NOW)


def of_usage(**more: str) -> dict[str, str]:
    blank = {"model": "m", "workspace_id": "", "api_key_id": "", "service_tier": "standard"}
    return blank | more


NAMES = st.sampled_from(["", "a", "b", "=c"])
COUNTS = st.integers(0, 10**12)


def buckets_of(
    dimensions: tuple[str, ...], measures: tuple[str, ...]
) -> st.SearchStrategy[list[tuple[int, dict[str, str], dict[str, int]]]]:
    one = st.tuples(
        st.integers(0, 11),
        st.fixed_dictionaries(dict.fromkeys(dimensions, NAMES)),
        st.fixed_dictionaries({}, optional=dict.fromkeys(measures, COUNTS)),
    )
    return st.lists(one, max_size=12, unique_by=lambda bucket: (bucket[0], tuple(sorted(bucket[1].items()))))


CLASSIC_USAGE = buckets_of(("account_id", "api_key_id", "model", "service_tier", "workspace_id"), TOKEN_COUNTERS)
NEW_USAGE = buckets_of(("actor", "actor_name", "api_key_id", "model", "service_tier", "workspace_id"), TOKEN_COUNTERS)
CLASSIC_COST = buckets_of(
    ("cost_type", "description", "model", "service_tier", "token_type", "workspace_id"), ("cost",)
)
NEW_COST = buckets_of(
    ("actor", "api_key_id", "model", "service_tier", "workspace_id", "cost_type", "token_type"), ("cost", "list_cost")
)
CODE_ROWS = buckets_of(
    ("actor", "actor_type", "customer_type", "model"), ("sessions", "cost", "edit_tool_accepted", "edit_tool_rejected")
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    usage=CLASSIC_USAGE, newer=NEW_USAGE, cost=CLASSIC_COST, new_cost=NEW_COST, code=CODE_ROWS, split=st.integers(0, 12)
)
def test_every_cut_has_the_same_totals(
    usage: list[tuple[int, dict[str, str], dict[str, int]]],
    newer: list[tuple[int, dict[str, str], dict[str, int]]],
    cost: list[tuple[int, dict[str, str], dict[str, int]]],
    new_cost: list[tuple[int, dict[str, str], dict[str, int]]],
    code: list[tuple[int, dict[str, str], dict[str, int]]],
    split: int,
) -> None:
    """From some day on the newer reports are there, the classic ones everywhere."""
    with Ledger.open(":memory:") as ledger:
        for report, rows, first in (
            (USAGE, usage, 0),
            (ANALYTICS_USAGE, newer, split),
            (COST, cost, 0),
            (ANALYTICS_COST, new_cost, split),
            (CODE, code, 0),
        ):
            for day in range(first, 12):
                keep(ledger, report, day, *((names, sums) for when, names, sums in rows if when == day))
        for report in (SPEND, *REPORTS):
            totals = []
            for by in CUTS:
                try:
                    cut = ask(ledger, report, by)
                except UsageError:
                    continue
                if cut.ask.report == report and by != "hour":
                    rows_sum: Counter[str] = Counter()
                    for row in cut.rows:
                        rows_sum.update(row.measures)
                    assert +rows_sum == +Counter(cut.totals.measures)
                    totals.append(cut.totals.measures)
            assert all(total == totals[0] for total in totals)
            assert len(totals) >= 4


def test_what_the_classic_bill_does_not_split_stands_apart(ledger: Ledger) -> None:
    keep(ledger, USAGE, 0, (of_usage(api_key_id="k"), {"input_tokens": 5}))
    keep(ledger, COST, 0, ({"model": "m", "workspace_id": ""}, {"cost": 7}))
    rows = ask(ledger, by="key").rows
    assert [(row.key, row.name, dict(row.measures)) for row in rows] == [
        ("k", "k", {"input_tokens": 5}),
        (None, "(not told)", {"cost": 7}),
    ]


def test_ids_are_called_by_their_names(ledger: Ledger) -> None:
    ledger.buckets.name(
        ORG, [DirectoryEntry("workspace", "w", "Lab"), DirectoryEntry("user", "u", "Ada", {"email": "ada@x"})]
    )
    keep(
        ledger,
        USAGE,
        0,
        (of_usage(workspace_id="w", account_id="u"), {"input_tokens": 1}),
        (of_usage(account_id=""), {"input_tokens": 2}),
    )
    assert [row.name for row in ask(ledger, USAGE, "workspace").rows] == ["Default", "Lab"]
    assert [row.name for row in ask(ledger, USAGE, "user").rows] == ["(no user)", "ada@x"]


def test_a_person_sees_what_the_vendor_tells_of_them(ledger: Ledger) -> None:
    ledger.buckets.name(ORG, [DirectoryEntry("user", "u", "Ada", {"email": "ada@x"})])
    keep(
        ledger,
        USAGE,
        0,
        (of_usage(account_id="u"), {"input_tokens": 1}),
        (of_usage(account_id="v"), {"input_tokens": 2}),
    )
    keep(
        ledger,
        CODE,
        0,
        ({"actor": "ada@x", "model": ""}, {"sessions": 3}),
        ({"actor": "bob@x", "model": ""}, {"sessions": 4}),
    )
    keep(ledger, ANALYTICS_USAGE, 1, ({"actor": "n", "actor_name": "ada@x"}, {"input_tokens": 10}))
    assert ask(ledger, USAGE, "user", "ada@x").totals.measures == {"input_tokens": 11}
    assert ask(ledger, CODE, "user", "ada@x").totals.measures == {"sessions": 3}


def test_months_are_cut_in_utc(ledger: Ledger) -> None:
    last = at("2026-02-28T00:00:00Z")
    for start, count in ((last, 1), (last + DAY_US, 2)):
        bucket = Bucket(start, start + DAY_US, of_usage(), {"input_tokens": count})
        ledger.buckets.keep(ORG, Fetch(USAGE, start, start + DAY_US, NOW), [bucket])
    report = build_console(ledger, ConsoleAsk(ORG, last, ENDS, USAGE, "month"), now=NOW)
    assert [(row.key, row.measures["input_tokens"]) for row in report.rows] == [("2026-02", 1), ("2026-03", 2)]


@pytest.mark.parametrize(
    ("day", "start", "end"),
    [
        ("2026-02-28T23:59:59Z", "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"),
        ("2028-02-29T00:00:00Z", "2028-02-01T00:00:00Z", "2028-03-01T00:00:00Z"),
        ("2026-12-31T23:00:00Z", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"),
        ("2026-03-01T00:00:00Z", "2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z"),
    ],
)
def test_the_bounds_of_a_month(day: str, start: str, end: str) -> None:
    assert month_bounds(at(day)) == (at(start), at(end))


@pytest.mark.parametrize(
    ("report", "by"), [(COST, "hour"), (USAGE, "description"), (CODE, "workspace"), (CODE, "hour")]
)
def test_a_cut_that_a_report_does_not_have_is_refused(ledger: Ledger, report: str, by: str) -> None:
    with pytest.raises(UsageError, match=f"--report {report} is not told by {by}"):
        ask(ledger, report, by)


def test_the_acceptance_rate_is_of_what_was_decided(ledger: Ledger) -> None:
    keep(
        ledger,
        CODE,
        0,
        ({"actor": "a", "model": ""}, {"edit_tool_accepted": 3, "write_tool_accepted": 1, "edit_tool_rejected": 1}),
        ({"actor": "b", "model": ""}, {"sessions": 1}),
    )
    rates = {row.key: row.acceptance for row in ask(ledger, CODE).rows}
    assert rates["a"] == pytest.approx(0.8)
    assert rates["b"] is None


def test_missing_days_and_age_are_told(ledger: Ledger) -> None:
    keep(ledger, USAGE, 0, at_=NOW - HOUR_US)
    keep(ledger, COST, 0)
    keep(ledger, COST, 1)
    fresh = ask(ledger).freshness
    assert (fresh.fetched_at, fresh.missing_days, fresh.reaches_at) == (NOW - HOUR_US, 11, 0)


def test_the_summary_shows_keys_where_users_are_not_told(ledger: Ledger) -> None:
    keep(ledger, USAGE, 0, (of_usage(api_key_id="k"), {"input_tokens": 5}))
    summary = build_summary(ledger, ConsoleAsk(ORG, FIRST, ENDS), now=NOW)
    assert summary.spenders.ask.by == "key"
    keep(ledger, USAGE, 0, (of_usage(account_id="u"), {"input_tokens": 5}))
    assert build_summary(ledger, ConsoleAsk(ORG, FIRST, ENDS), now=NOW).spenders.ask.by == "user"


def test_a_newer_report_that_stopped_gives_way_to_a_later_classic_one(ledger: Ledger) -> None:
    """The key lost the newer reports: a day that could still grow would stand still for ever."""
    for day, report, cost, when in (
        (0, ANALYTICS_COST, 1, NOW - DAY_US),
        (0, COST, 2, NOW),
        (10, ANALYTICS_COST, 10, NOW - DAY_US),
        (10, COST, 20, NOW),
    ):
        keep(ledger, report, day, ({"model": "m"}, {"cost": cost}), at_=when)
    found = ask(ledger, COST, "day")
    assert [row.measures["cost"] for row in found.rows] == [1, 20]
    assert found.freshness.fetched_at == NOW


# Rate and projection


def snapshots(ledger: Ledger, *taken: tuple[int, int], month: str = "2026-03") -> None:
    """Minutes before now, and the cost then."""
    for minutes, cost in taken:
        when = NOW - minutes * MINUTE_US
        ledger.buckets.take_snapshot(ORG, CostSnapshot("ada@x", when, month, cost), 0)


def rate(ledger: Ledger) -> tuple[int | None, int | None]:
    keep(ledger, CODE, 0, ({"actor": "ada@x", "model": "m"}, {"cost": 5_000}))
    month = month_cost(ledger, now=NOW, organization=ORG, person="ada@x")
    return month.rate_per_hour, month.rate_window_us and month.rate_window_us // MINUTE_US


@pytest.mark.parametrize(
    ("taken", "expected"),
    [
        ((), (None, None)),
        (((5, 100),), (None, None)),
        (((20, 100), (0, 200)), (300, 30)),
        (((50, 100), (20, 200), (0, 200)), (120, 60)),
        (((170, 80), (50, 200), (20, 200), (0, 200)), (42, 180)),
        (((300, 100), (0, 200)), (20, 360)),
        (((23 * 60, 0), (0, 230)), (10, 24 * 60)),
        (((6 * 24 * 60, 0), (10, 144), (0, 144)), (1, 7 * 24 * 60)),
        (((8 * 24 * 60, 0), (10, 144), (0, 144)), (0, 7 * 24 * 60)),
        (((20, 100), (0, 100)), (0, 7 * 24 * 60)),
        (((20, 200), (0, 100)), (0, 30)),
    ],
)
def test_the_rate_is_measured_over_the_narrowest_window_that_saw_growth(
    ledger: Ledger, taken: tuple[tuple[int, int], ...], expected: tuple[int | None, int | None]
) -> None:
    snapshots(ledger, *taken)
    assert rate(ledger) == expected


def test_no_growth_means_that_the_cost_stays(ledger: Ledger) -> None:
    snapshots(ledger, (20, 100), (0, 100))
    rate(ledger)
    month = month_cost(ledger, now=NOW, organization=ORG, person="ada@x")
    assert month.projection == month.cost == 5_000


def test_snapshots_of_other_months_do_not_count(ledger: Ledger) -> None:
    snapshots(ledger, (20, 100), month="2026-02")
    snapshots(ledger, (0, 200))
    assert rate(ledger) == (None, None)


def test_nobody_has_no_cost(ledger: Ledger) -> None:
    keep(ledger, CODE, 0, ({"actor": "", "model": "m"}, {"cost": 5_000}))
    month = month_cost(ledger, now=NOW, organization=ORG, person="")
    assert (month.cost, month.organization, month.projection) == (None, ORG, None)
