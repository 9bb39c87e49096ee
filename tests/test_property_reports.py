"""Laws of reports: totals are the sums of rows, rows of their parts, in every zone; money is exact to the nano-dollar."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import fields
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import Machine, usage_line
from tests.laws import law
from tests.ledgers import BOOK, ledger_from
from tokentide.analytics.blocks import SESSION_HOURS, find_blocks, length_us
from tokentide.analytics.calendar import Calendar
from tokentide.analytics.reports import BREAKDOWNS, KINDS, Ask, Report, Row, build_report
from tokentide.analytics.selection import Selection
from tokentide.model.batch import Batch
from tokentide.model.usage import Place, UsageRecord
from tokentide.render.json_text import dumps, usd
from tokentide.render.report_json import report_json
from tokentide.settings import WEEKDAYS
from tokentide.store.query import CostMode, Filters, Sums
from tokentide.store.sqlite.ledger import Ledger

ZONES = (
    "UTC",
    "Asia/Kathmandu",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "Europe/Berlin",
    "Pacific/Apia",
    "America/Sao_Paulo",
    "Asia/Beirut",
    "Pacific/Kiritimati",
    "Pacific/Chatham",
)
CHANGES = {
    "Europe/Berlin": ("2026-03-29T01:00", "2026-10-25T01:00"),
    "Australia/Lord_Howe": ("2026-04-04T15:00", "2026-10-03T15:30"),
    "America/St_Johns": ("2026-03-08T05:30", "2026-11-01T04:30"),
    "Pacific/Apia": ("2011-12-30T10:00", "2021-04-03T14:00"),
    "America/Sao_Paulo": ("2018-02-18T02:00", "2018-11-04T03:00"),
    "Asia/Beirut": ("2026-03-28T22:00", "2026-10-24T21:00"),
    "Pacific/Chatham": ("2026-04-04T14:00", "2026-09-26T14:00"),
}
"""Instants, UTC, at which clocks change; Apia left out a whole day."""
MODELS = ("claude-opus-4-8", "claude-sonnet-4-20250514", "claude-haiku-4-5", "a-model-without-a-price", "")
SECOND = 1_000_000
QUARTER = 900 * SECOND
DAY = 86_400 * SECOND
NOW = 1_800_000_000 * SECOND
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
EVERYTHING = Selection(None, None, Filters())
ADDED = [field.name for field in fields(Sums) if field.name not in {"first_at", "last_at"}]

PLACES = [
    Place("claude_code", account, f"s{number}", number, project, branch, agent, bool(agent), "2.1.100")
    for number, (account, project, branch, agent) in enumerate(
        (
            ("ann@example.org", "/w/alpha", "main", ""),
            ("ann@example.org", "/w/alpha", "fix", "a1"),
            ("bob@example.org", "/w/beta", "main", ""),
            ("bob@example.org", "", "", ""),
        )
    )
]


def microseconds(text: str) -> int:
    """An instant as the ledger has it."""
    return (datetime.fromisoformat(text).replace(tzinfo=timezone.utc) - EPOCH) // timedelta(microseconds=1)


def instants(zone: str) -> st.SearchStrategy[int]:
    """Instants of these years, half of them near a change of the zone's clocks."""
    anywhere = st.integers(microseconds("2024-01-01"), microseconds("2027-12-31"))
    near = [
        st.integers(microseconds(change) - 30 * 3600 * SECOND, microseconds(change) + 30 * 3600 * SECOND)
        for change in CHANGES.get(zone, ())
    ]
    edges = st.builds(lambda at, off: at - at % QUARTER + off, st.one_of(anywhere, *near), st.sampled_from((-1, 0, 1)))
    return st.one_of(anywhere, *near, edges)


@st.composite
def records(draw: st.DrawFn, zone: str, most: int = 12) -> list[UsageRecord]:
    """Responses of several models and places, some with a cost of their own, some without any price."""
    tokens = st.one_of(st.integers(0, 10_000), st.sampled_from((0, 1, 10**9)))
    return [
        UsageRecord(
            f"msg_{number}",
            f"req_{number}",
            draw(instants(zone)),
            draw(st.integers(0, len(PLACES) - 1)),
            draw(st.sampled_from(MODELS)),
            *draw(st.tuples(tokens, tokens, tokens, tokens, tokens)),
            web_search_requests=draw(st.integers(0, 3)),
            speed=draw(st.sampled_from(("", "fast", "standard"))),
            output_is_final=draw(st.booleans()),
            reported_cost=draw(st.sampled_from((-1, -1, 0, 1, 123_456_789))),
        )
        for number in range(draw(st.integers(1, most)))
    ]


def ledger_of(found: list[UsageRecord]) -> Ledger:
    """A ledger in memory that holds the responses."""
    return ledger_from([[Batch(places=PLACES, records=found)]])


def report(ledger: Ledger, kind: str, ask: Ask) -> Report:
    """One report."""
    return build_report(ledger, KINDS[kind], ask, now=NOW)


def added(rows: Iterable[Row]) -> Sums:
    """The sum of rows, reckoned apart from the product's own addition."""
    listed = [row.sums for row in rows]
    total = Sums(**{name: sum(getattr(each, name) for each in listed) for name in ADDED})
    if listed:
        total.first_at, total.last_at = min(s.first_at for s in listed), max(s.last_at for s in listed)
    return total


def cost_of(record: UsageRecord, mode: CostMode) -> int | None:
    """What a report in this mode counts for one response."""
    reported = record.reported_cost if record.reported_cost >= 0 else None
    listed = BOOK.cost_nano_usd(record)
    if mode is CostMode.DISPLAY:
        return reported
    return listed if mode is CostMode.CALCULATE or reported is None else reported


def expected_total(found: list[UsageRecord], mode: CostMode) -> Sums:
    """The totals of responses, from the responses themselves."""
    costs = [cost_of(record, mode) for record in found]
    return Sums(
        len(found),
        **{name: sum(getattr(record, name) for record in found) for name in ADDED[1:7]},
        cost=sum(cost or 0 for cost in costs),
        unpriced_responses=costs.count(None),
        lower_bound_responses=sum(not record.output_is_final for record in found),
        first_at=min(record.at for record in found),
        last_at=max(record.at for record in found),
    )


@pytest.mark.parametrize("zone", ZONES)
def test_totals_are_sums_in_every_report_and_breakdown(zone: str) -> None:
    @law(6)
    @given(records(zone), st.sampled_from(WEEKDAYS), st.sampled_from(CostMode))
    def check(found: list[UsageRecord], start_of_week: str, mode: CostMode) -> None:
        ledger, calendar = ledger_of(found), Calendar(zone, start_of_week)
        expected = expected_total(found, mode)
        for kind in KINDS:
            for by in ("", *BREAKDOWNS):
                _check_sums(report(ledger, kind, Ask(EVERYTHING, calendar, mode, by)), expected)

    check()


def _check_sums(found: Report, expected: Sums) -> None:
    assert found.totals.sums == expected
    assert added(found.rows) == expected
    assert sorted({model for row in found.rows for model in row.models}) == list(found.totals.models)
    keys = [(row.key, row.facts and row.facts.project) for row in found.rows]
    assert len(set(keys)) == len(keys)
    for row in (*found.rows, found.totals):
        assert row.sums.responses > 0
        if found.by:
            assert added(row.breakdown) == row.sums
            assert len({part.key for part in row.breakdown}) == len(row.breakdown)


@pytest.mark.parametrize("zone", ZONES)
def test_every_response_falls_into_the_day_that_the_zone_says(zone: str) -> None:
    @law(20)
    @given(records(zone))
    def check(found: list[UsageRecord]) -> None:
        days = Counter(local_date(record.at, zone) for record in found)
        ledger, calendar = ledger_of(found), Calendar(zone)
        daily = report(ledger, "daily", Ask(EVERYTHING, calendar))
        assert {row.key: row.sums.responses for row in daily.rows} == {day.isoformat(): n for day, n in days.items()}
        assert [row.key for row in daily.rows] == sorted(row.key for row in daily.rows)
        weekly = report(ledger, "weekly", Ask(EVERYTHING, calendar))
        mondays = _counted(days, lambda day: (day - timedelta(days=day.weekday())).isoformat())
        assert {row.key: row.sums.responses for row in weekly.rows} == mondays
        monthly = report(ledger, "monthly", Ask(EVERYTHING, calendar))
        months = _counted(days, lambda day: f"{day:%Y-%m}")
        assert {row.key: row.sums.responses for row in monthly.rows} == months

    check()


def local_date(at: int, zone: str) -> date:
    """The date that the zone's clocks show at an instant."""
    return (EPOCH + timedelta(microseconds=at)).astimezone(ZoneInfo(zone)).date()


def _counted(days: Counter[date], name: Callable[[date], str]) -> dict[str, int]:
    counted: dict[str, int] = defaultdict(int)
    for day, number in days.items():
        counted[name(day)] += number
    return counted


@pytest.mark.parametrize("zone", ZONES)
def test_a_range_of_days_holds_exactly_the_responses_of_these_local_days(zone: str) -> None:
    @law(10)
    @given(records(zone), st.data())
    def check(found: list[UsageRecord], data: st.DataObject) -> None:
        days = sorted({local_date(record.at, zone) + timedelta(days=off) for record in found for off in (-1, 0, 1)})
        since, until = sorted((data.draw(st.sampled_from(days)), data.draw(st.sampled_from(days))))
        inside = [record for record in found if since <= local_date(record.at, zone) <= until]
        ledger, calendar = ledger_of(found), Calendar(zone)
        for kind in KINDS:
            shown = report(ledger, kind, Ask(Selection(since, until, Filters()), calendar))
            assert shown.totals.sums == (expected_total(inside, CostMode.AUTO) if inside else Sums())
            assert added(shown.rows) == shown.totals.sums

    check()


@law(300)
@given(
    st.sampled_from(sorted(available_timezones())), st.integers(microseconds("2023-01-01"), microseconds("2037-12-31"))
)
def test_every_zone_of_the_world_cuts_days_at_quarter_hours(zone: str, at: int) -> None:
    calendar = Calendar(zone)
    periods = calendar.periods([at // DAY], "day", None, None)
    (period,) = (period for period in periods if period.start <= at < period.end)
    assert period.name == local_date(at, zone).isoformat()
    assert period.start % QUARTER == period.end % QUARTER == 0
    assert all(one.end == other.start for one, other in zip(periods, periods[1:], strict=False))


@law(30)
@given(records("UTC"))
def test_blocks_hold_every_response_once(found: list[UsageRecord]) -> None:
    ledger = ledger_of(found)
    blocks = find_blocks(ledger.moments(Filters(), CostMode.AUTO), length_us(SESSION_HOURS))
    assert added(Row("", block.sums) for block in blocks if not block.is_gap) == expected_total(found, CostMode.AUTO)
    for block in blocks:
        if not block.is_gap:
            assert block.start <= block.sums.first_at <= block.sums.last_at <= block.end
            assert added(Row("", sums) for sums in block.by_model.values()) == block.sums
    assert all(one.start <= one.end <= other.end for one, other in zip(blocks, blocks[1:], strict=False))


# Money and JSON.

EXACT = re.compile(r"(0|[1-9][0-9]*)(\.[0-9]{0,8}[1-9])?")
"""A number of USD: no sign, no exponent, no idle zeros, at most nine decimals."""


@law(300)
@given(st.integers(0, 10**20))
def test_an_amount_is_printed_exactly(nano: int) -> None:
    text = dumps(usd(nano))
    assert EXACT.fullmatch(text)
    assert Decimal(text) * 10**9 == nano


@law(25)
@given(records("UTC"), st.sampled_from(sorted(KINDS)), st.sampled_from(("", *BREAKDOWNS)), st.sampled_from(CostMode))
def test_json_adds_up_exactly(found: list[UsageRecord], kind: str, by: str, mode: CostMode) -> None:
    text = report_json(report(ledger_of(found), kind, Ask(EVERYTHING, Calendar("UTC"), mode, by)))
    parsed = json.loads(text, parse_float=Decimal)
    expected = expected_total(found, mode)
    all_unpriced = expected.unpriced_responses == expected.responses
    assert parsed["totals"]["cost_usd"] == (None if all_unpriced else Decimal(expected.cost).scaleb(-9))
    assert sum((row["cost_usd"] or 0 for row in parsed["rows"]), Decimal(0)) * 10**9 == expected.cost
    for row in (*parsed["rows"], parsed["totals"]):
        _check_json_row(row, by)
    for amount in re.findall(r'"cost_usd": ([^,\s]+)', text):
        assert amount == "null" or EXACT.fullmatch(amount)
    assert "-0" not in re.sub(r'"[^"]*"', "", text)


def _check_json_row(row: dict[str, Any], by: str) -> None:
    tokens = [name for name in row if name.endswith("_tokens") and name != "total_tokens"]
    assert len(tokens) == 5
    assert row["total_tokens"] == sum(row[name] for name in tokens)
    assert (row["cost_usd"] is None) == (row["unpriced_responses"] == row["responses"] > 0)
    if by:
        for name in (*tokens, "total_tokens", "responses", "unpriced_responses", "web_search_requests"):
            assert sum(part[name] for part in row["breakdown"]) == row[name]
        assert sum((part["cost_usd"] or 0 for part in row["breakdown"]), Decimal(0)) == (row["cost_usd"] or 0)


@law(300)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False, allow_infinity=False),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=8,
    )
)
def test_json_text_is_read_back_as_it_was(value: Any) -> None:
    text = dumps(value)
    assert json.loads(text) == value
    assert text.isascii()


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu", "America/St_Johns", "Europe/Berlin", "Pacific/Apia"])
def test_the_command_line_prints_the_same_sums(machine: Machine, zone: str) -> None:
    # From the transcripts to the printed text, once a zone: days, weeks, months and models hold the same.
    lines = [
        usage_line(
            f"m{n}",
            f"r{n}",
            at=f"2026-03-{27 + n // 8:02}T{n % 8 * 3 + 1:02}:59:59.999Z",
            output_tokens=n,
            model=MODELS[n % 4],
        )
        for n in range(40)
    ]
    machine.write("-w-alpha/s1.jsonl", *lines)
    totals = []
    for command in ("daily", "weekly", "monthly", "model"):
        done = machine.run(command, "--json", "--timezone", zone, "--by", "model")
        assert (done.returncode, done.stdout[:1]) == (0, "{"), done.stderr
        parsed = json.loads(done.stdout, parse_float=Decimal)
        totals.append(parsed["totals"])
        assert sum(row["responses"] for row in parsed["rows"]) == 40
        assert sum(row["cost_usd"] or 0 for row in parsed["rows"]) == parsed["totals"]["cost_usd"]
        for row in (*parsed["rows"], parsed["totals"]):
            _check_json_row(row, "model")
    assert all(total == totals[0] for total in totals)
