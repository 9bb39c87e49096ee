"""Laws of merging: what is told of one response becomes one record, in whatever order it is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import reduce
from itertools import permutations
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import usage_line
from tests.laws import law
from tests.ledgers import Row, assert_rollup_is_true, ledger_from, records_in
from tests.transcripts import encoded
from tokentide.model.batch import Batch
from tokentide.model.merging import Gathering, merge_records, names_of
from tokentide.model.usage import Place, UsageRecord
from tokentide.sources.claude_code.parser import FileContext, Harvest, LineParser

FIRST = 1_772_000_000_000_000
FIELDS = UsageRecord.__struct_fields__
Json = Mapping[str, object]


def place(number: int, *, sidechain: bool = False, project: str = "/w/alpha") -> Place:
    """One of several places, told apart by when its session was opened."""
    agent = f"a{number}" if sidechain else ""
    return Place("claude_code", "~/.claude", f"s{number}", FIRST + number, project, "main", agent, sidechain, "2.1.100")


PLACES = [place(0), place(1, project="/w/beta"), place(2, sidechain=True), place(3, sidechain=True, project="/w/beta")]

small = st.integers(0, 3)
messages = st.sampled_from(("msg_a", "msg_b", "msg_c", ""))
requests = st.sampled_from(("req_a", "req_b", "req_c", ""))


@st.composite
def sightings(draw: st.DrawFn, models: Sequence[str] = ("claude-opus-4-8", "claude-haiku-4-5")) -> UsageRecord:
    """One sighting; ids, instants and counts come from small pools, so that they meet."""
    message, request = draw(messages), draw(requests)
    at, model = FIRST + draw(small), draw(st.sampled_from(models))
    counts = draw(st.tuples(small, small, small, small, small))
    identity = message or (f"request:{request}" if request else f"anonymous:s:{at}:{model}:{counts}")
    return UsageRecord(
        identity,
        request,
        at,
        draw(st.integers(0, len(PLACES) - 1)),
        model,
        *counts,
        web_search_requests=draw(small),
        speed=draw(st.sampled_from(("", "fast", "standard"))),
        service_tier=draw(st.sampled_from(("", "batch", "standard"))),
        inference_geo=draw(st.sampled_from(("", "us", "global"))),
        output_is_final=draw(st.booleans()),
        reported_cost=draw(st.integers(-1, 2)),
    )


def merged(one: UsageRecord, other: UsageRecord) -> UsageRecord:
    """Both as one."""
    return merge_records(one, other, PLACES)


def written(record: UsageRecord) -> int:
    """All cache writes; what one copy tells apart by lifetime, another may tell as a whole."""
    return record.cache_creation_5m_tokens + record.cache_creation_1h_tokens


def components(records: Sequence[UsageRecord]) -> list[list[UsageRecord]]:
    """Records that share ids, directly or over others, put together by comparing all with all."""
    groups: list[tuple[set[str], list[UsageRecord]]] = []
    for record in records:
        names = set(names_of(record))
        alike = [group for group in groups if group[0] & names]
        groups = [group for group in groups if not group[0] & names]
        groups.append(
            (names.union(*(group[0] for group in alike)), [each for group in alike for each in group[1]] + [record])
        )
    return [group[1] for group in groups]


def gathered(records: Iterable[UsageRecord]) -> list[UsageRecord]:
    """The records as a gathering brings them together, by identity."""
    gathering = Gathering(PLACES)
    for record in records:
        gathering.add(record)
    return sorted(gathering.records.values(), key=lambda record: record.identity)


@law(300)
@given(sightings(), sightings())
def test_merging_is_commutative(one: UsageRecord, other: UsageRecord) -> None:
    assert merged(one, other) == merged(other, one)


@law(300)
@given(sightings(), sightings(), sightings())
def test_merging_is_associative(one: UsageRecord, other: UsageRecord, third: UsageRecord) -> None:
    assert merged(merged(one, other), third) == merged(one, merged(other, third))


@law(200)
@given(sightings(), sightings())
def test_merging_is_idempotent(one: UsageRecord, other: UsageRecord) -> None:
    assert merged(one, one) == one
    both = merged(one, other)
    assert merged(both, one) == merged(both, other) == merged(both, both) == both


def test_merging_is_associative_where_the_earliest_sighting_names_no_model() -> None:
    base = UsageRecord("m", "r", FIRST, 0, "", 1)
    second, third = (
        msgspec.structs.replace(base, at=FIRST + later, model=model) for later, model in ((1, "x"), (2, "y"))
    )
    assert {reduce(merged, order).model for order in permutations((base, second, third))} == {"x"}


@law(200)
@given(sightings(), sightings())
def test_no_counter_and_no_id_is_lost(one: UsageRecord, other: UsageRecord) -> None:
    both = merged(one, other)
    for name in FIELDS:
        if name.endswith(("_tokens", "_requests", "_cost")) and name != "cache_creation_5m_tokens":
            assert getattr(both, name) == max(getattr(one, name), getattr(other, name))
    assert written(both) >= max(written(one), written(other))
    assert both.at == min(one.at, other.at)
    assert set(names_of(both)) == {*names_of(one), *names_of(other)}


@law(200)
@given(st.lists(sightings(), max_size=7), st.randoms(use_true_random=False))
def test_a_gathering_does_not_depend_on_the_order(records: list[UsageRecord], random: Random) -> None:
    other = list(records)
    random.shuffle(other)
    assert gathered(records) == gathered(other)


@law(200)
@given(st.lists(sightings(), max_size=7))
def test_a_gathering_holds_one_record_for_all_that_share_an_id(records: list[UsageRecord]) -> None:
    expected = sorted((reduce(merged, group) for group in components(records)), key=lambda record: record.identity)
    assert gathered(records) == expected


@law(60)
@given(st.lists(sightings(models=("claude-opus-4-8",)), min_size=1, max_size=7), st.integers(0, 7), st.booleans())
def test_a_ledger_takes_them_in_any_order_and_portions(records: list[UsageRecord], cut: int, backwards: bool) -> None:
    portions = [batch(records[:cut]), batch(records[cut:])]
    at_once = ledger_from([[batch(records)]])
    in_two = ledger_from([[portion] for portion in (portions[::-1] if backwards else portions)])
    assert records_in(in_two) == records_in(at_once)
    assert [row["identity"] for row in records_in(at_once)] == [record.identity for record in gathered(records)]
    assert_rollup_is_true(in_two)


def batch(records: Sequence[UsageRecord]) -> Batch:
    """The records as a source sends them: one an identity."""
    found: dict[str, UsageRecord] = {}
    for record in records:
        known = found.get(record.identity)
        found[record.identity] = record if known is None else merged(known, record)
    return Batch(places=PLACES, records=list(found.values()))


@law(30)
@given(st.lists(sightings(models=("claude-opus-4-8",)), min_size=2, max_size=6))
def test_a_ledger_that_takes_them_twice_is_the_same(records: list[UsageRecord]) -> None:
    once = ledger_from([[batch(records)]])
    twice = ledger_from([[batch(records)], [batch(records)], [batch(records[::-1])]])
    assert records_in(twice) == records_in(once)


def test_ids_of_any_text_are_told_apart() -> None:
    # Ids come from files; a line end within one is a character like any other.
    first = UsageRecord("msg\na", "req\nb", FIRST, 0, "x", 1)
    second = msgspec.structs.replace(first, request_id="req\tc")
    third = msgspec.structs.replace(first, identity="msg\na2")
    stranger = UsageRecord("a2", "b", FIRST, 0, "x", 5)
    ledger = ledger_from([[batch([first])], [batch([second])], [batch([third])], [batch([stranger])]])
    assert [row["input_tokens"] for row in records_in(ledger)] == [5, 1]


# What one line says that another copy of the same response did not: in a file, the order of both must not matter.


def records_of(*lines: Json) -> list[Row]:
    """The records that the lines of one file make, with the ledger's own rules behind them."""
    harvest = Harvest()
    parser = LineParser(FileContext("p/s.jsonl", "p", "s", opened_at=FIRST), harvest)
    for number, each in enumerate(lines, 1):
        parser.usage_line(encoded(each), number)
    assert parser.usage_lines == len(lines)
    return records_in(ledger_from([[Batch(places=harvest.places, records=list(harvest.records.values()))]]))


OTHER = {"input_tokens": 7, "output_tokens": 3, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 11}
ADDITIONS: dict[str, Callable[[], dict[str, object]]] = {
    "a pass on another model": lambda: usage_line(
        iterations=[{"type": "advisor", "model": "claude-haiku-4-5", **OTHER}]
    ),
    "a compaction": lambda: usage_line(iterations=[{"type": "compaction", **OTHER}]),
    "the tier": lambda: usage_line(service_tier="batch"),
    "where it was computed": lambda: usage_line(inference_geo="us"),
    "the speed": lambda: usage_line(speed="fast"),
    "web searches": lambda: usage_line(server_tool_use={"web_search_requests": 2}),
    "a one-hour write": lambda: usage_line(cache_creation={"ephemeral_1h_input_tokens": 5}),
    "more input": lambda: usage_line(input_tokens=101),
    "another request id": lambda: usage_line(request_id="r2"),
    "another folder": lambda: {**usage_line(), "cwd": "/w/beta"},
    "an earlier time": lambda: usage_line(at="2026-03-09T10:00:00.000Z"),
    "its cost": lambda: {**usage_line(), "costUSD": 0.25},
}


@pytest.mark.parametrize("addition", ADDITIONS)
def test_what_a_copy_adds_counts_whether_it_stands_first_or_last(addition: str) -> None:
    plain, richer = usage_line(), ADDITIONS[addition]()
    only = records_of(richer)
    assert records_of(richer, plain) == records_of(plain, richer)
    assert len(records_of(plain, richer)) == len(only)
    assert records_of(plain, richer) != records_of(plain)


def test_copies_with_and_without_lifetimes_of_their_cache_writes_count_them_once() -> None:
    # The flat sum and the split tell the same 100 tokens; together they are still 100.
    flat = usage_line(cache_creation_input_tokens=100)
    split = usage_line(cache_creation_input_tokens=100, cache_creation={"ephemeral_1h_input_tokens": 100})
    for found in (records_of(flat, split), records_of(split, flat)):
        assert [(row["cache_creation_5m_tokens"], row["cache_creation_1h_tokens"]) for row in found] == [(0, 100)]


@pytest.mark.parametrize("ids", [("m1", "m2"), ("m1", None)], ids=["another message id", "no message id"])
def test_a_pass_on_another_model_is_one_record_though_copies_bear_different_message_ids(
    ids: tuple[str, str | None],
) -> None:
    iterations = [{"type": "advisor", "model": "claude-haiku-4-5", **OTHER}]
    copies = [usage_line(message_id=message, iterations=iterations) for message in ids]
    assert len(records_of(*copies)) == 2
    assert sum(int(row["input_tokens"] or 0) for row in records_of(*copies)) == 107
