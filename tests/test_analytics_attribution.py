from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import Machine
from tests.ledgers import take
from tests.talks import SONNET, Talk, call, text, two_answers
from tests.test_conformance_corpus import reader, roots  # noqa: F401
from tests.web_stage import fill
from tokentide.analytics.attribution import Ask, Breakdown, Share, break_down
from tokentide.analytics.calendar import Calendar
from tokentide.analytics.dimensions import DIMENSIONS
from tokentide.analytics.dividing import divided
from tokentide.analytics.reports import KINDS, build_report
from tokentide.analytics.reports import Ask as ReportAsk
from tokentide.analytics.selection import Selection, Wishes, select
from tokentide.model.activity import FAILED, OK, PROMPT, Mark, ToolRun, Trait
from tokentide.model.batch import Batch
from tokentide.model.usage import Place, UsageRecord
from tokentide.store.query import CostMode, Filters, Sums
from tokentide.store.sqlite.attribution import Narrowing
from tokentide.store.sqlite.ledger import Ledger

UTC = Calendar("UTC")
ALL = Selection(None, None, Filters())
HOUR = 3_600_000_000
START = 1_773_136_800_000_000
"""2026-03-10T10:00:00Z, a Tuesday."""


def amounts(sums: Sums) -> tuple[int, ...]:
    """What must add up whatever it is shared by."""
    return (
        sums.cost,
        sums.input_tokens,
        sums.output_tokens,
        sums.cache_creation_5m_tokens,
        sums.cache_creation_1h_tokens,
        sums.cache_read_tokens,
        sums.web_search_requests,
    )


def added(shares: Sequence[Share]) -> tuple[int, ...]:
    return tuple(map(sum, zip(*(amounts(share.sums) for share in shares), strict=True))) or (0,) * 7


def broken(ledger: Ledger, by: str, ask: Ask | None = None) -> Breakdown:
    dimensions = [DIMENSIONS[name] for name in by.split(",")]
    return break_down(ledger, ask or Ask(ALL, UTC), dimensions, now=0)


def shares_of(found: Breakdown) -> dict[str, Share]:
    return {share.key: share for share in found.shares}


@pytest.fixture
def told(machine: Machine) -> Machine:
    two_answers().write(machine)
    machine.call("sync")
    return machine


def test_the_example_of_the_explanation_comes_out_as_by_hand(told: Machine) -> None:
    with Ledger.open(str(told.ledger)) as ledger:
        found = broken(ledger, "tool")
    costs = {key: share.sums.cost for key, share in shares_of(found).items()}
    assert costs == {"Read": 6_772_500, "(answer)": 3_750_000, "Bash": 3_307_500, "(prompt)": 3_000_000}
    assert sum(costs.values()) == found.totals.cost == 16_830_000
    read, bash, said = (shares_of(found)[name].sums for name in ("Read", "Bash", "(answer)"))
    assert amounts(read)[1:] == (8, 60, 1500, 0, 750, 0)
    assert amounts(bash)[1:] == (2, 90, 500, 0, 250, 0)
    assert amounts(said)[1:] == (0, 250, 0, 0, 0, 0)


def test_calls_are_counted_with_how_they_ended(told: Machine) -> None:
    with Ledger.open(str(told.ledger)) as ledger:
        found = broken(ledger, "tool")
    runs = {key: share.runs for key, share in shares_of(found).items() if share.runs and share.runs.calls}
    assert {key: (r.calls, r.failed, r.denied, r.result_bytes) for key, r in runs.items()} == {
        "Read": (1, 0, 0, 3000),
        "Bash": (1, 1, 0, 1000),
    }
    assert (found.runs.calls, found.runs.failed, found.runs.result_bytes) == (2, 1, 4000)


def test_a_response_counts_once_for_a_tool_that_it_read_and_called(machine: Machine) -> None:
    talk = Talk()
    talk.prompt(0)
    talk.answer(1, "m1", call("t1", "Read", file_path="a"), counts=(10, 10, 0, 0, 0))
    talk.result(2, "t1", 5)
    talk.answer(3, "m2", call("t2", "Read", file_path="b"), counts=(10, 10, 0, 0, 0))
    talk.write(machine)
    machine.call("sync")
    with Ledger.open(str(machine.ledger)) as ledger:
        found = broken(ledger, "tool")
    assert shares_of(found)["Read"].sums.responses == 2
    assert found.totals.responses == 2


def test_mcp_tools_roll_up_into_their_servers(machine: Machine) -> None:
    talk = Talk()
    talk.prompt(0)
    calls = [call("t1", "mcp__browser__open", url="u"), call("t2", "mcp__browser__click", x=1), call("t3", "Bash")]
    talk.answer(1, "m1", *calls, counts=(10, 90, 0, 0, 0))
    talk.write(machine)
    machine.call("sync")
    with Ledger.open(str(machine.ledger)) as ledger:
        tools, servers, parts = (shares_of(broken(ledger, by)) for by in ("tool", "mcp-server", "mcp-tool"))
    assert servers.keys() == {"browser", "(no MCP)"}
    assert parts.keys() == {"browser/open", "browser/click", "(no MCP)"}
    whole = tools["mcp__browser__open"].sums.cost + tools["mcp__browser__click"].sums.cost
    assert servers["browser"].sums.cost == whole > 0
    assert servers["browser"].sums.responses == 1
    assert servers["browser"].runs is not None
    assert servers["browser"].runs.calls == 2


def test_a_prompt_takes_everything_up_to_the_next_also_what_sub_agents_do(machine: Machine) -> None:
    talk, agent = Talk(), Talk(agent="a1")
    talk.answer(0, "m0", text(1), counts=(1, 0, 0, 0, 0))
    talk.prompt(1, 100)
    talk.answer(2, "m1", call("t1", "Agent", subagent_type="Explore"), counts=(10, 0, 0, 0, 0))
    agent.prompt(2.5)
    agent.answer(3, "m2", text(1), counts=(100, 0, 0, 0, 0))
    talk.prompt(4, words="<command-name>/review</command-name>")
    talk.answer(5, "m3", text(1), counts=(1000, 0, 0, 0, 0))
    talk.write(machine)
    agent.write(machine)
    machine.call("sync")
    with Ledger.open(str(machine.ledger)) as ledger:
        prompts, commands = broken(ledger, "prompt"), broken(ledger, "command")
        chains = broken(ledger, "chain")
    by_size = {share.prompt.size_bytes if share.prompt else 0: share.sums.input_tokens for share in prompts.shares}
    assert by_size == {0: 1, 100: 110, 36: 1000}
    assert {share.key: share.sums.input_tokens for share in commands.shares} == {
        "/review": 1000,
        "(no command)": 110,
        "(before the first prompt)": 1,
    }
    assert {share.key: share.sums.input_tokens for share in chains.shares} == {"main": 1011, "sub-agents": 100}


def test_a_pass_on_another_model_belongs_where_its_response_does(machine: Machine) -> None:
    """A refused attempt has no line of its own; it was sent what the answer of the other model was sent."""
    talk = Talk()
    talk.prompt(0)
    talk.answer(1, "m1", call("t1", "Read", file_path="a"), counts=(10, 10, 0, 0, 0))
    talk.result(2, "t1", 500)
    talk.answer(3, "m2", text(9), counts=(20, 10, 0, 0, 0), effort="high", attributionSkill="pdf")
    refused = {"model": "claude-opus-4-1", "input_tokens": 7000, "output_tokens": 2}
    message = talk.lines[-1]["message"]
    assert isinstance(message, dict)
    message["usage"]["iterations"] = [refused, {"model": SONNET, "input_tokens": 20, "output_tokens": 10}]
    talk.write(machine)
    machine.call("sync")
    with Ledger.open(str(machine.ledger)) as ledger:
        tools, skills, efforts = (shares_of(broken(ledger, by)) for by in ("tool", "skill", "effort"))
    assert tools["Read"].sums.input_tokens == 7020
    assert "(not told)" not in tools
    assert skills["pdf"].sums.input_tokens == efforts["high"].sums.input_tokens == 7020


def test_hours_and_weekdays_are_those_of_the_zone(told: Machine) -> None:
    with Ledger.open(str(told.ledger)) as ledger:
        tokyo = Ask(ALL, Calendar("Asia/Kolkata"))
        late = Ask(ALL, Calendar("UTC", reset_hour=12))
        assert [share.key for share in broken(ledger, "hour", tokyo).shares] == ["15"]
        assert [share.key for share in broken(ledger, "weekday").shares] == ["tuesday"]
        assert [share.key for share in broken(ledger, "weekday", late).shares] == ["monday"]
        assert [share.key for share in broken(ledger, "day", late).shares] == ["2026-03-09"]


def test_what_no_transcript_told_is_named_not_dropped(told: Machine) -> None:
    with Ledger.open(str(told.ledger)) as ledger:
        for table in ("traits", "tool_runs", "marks"):
            ledger._connection.execute(f"DELETE FROM {table}")
        for by in ("tool", "mcp-server", "skill", "effort", "entry-point", "prompt", "command"):
            found = broken(ledger, by)
            assert [share.key for share in found.shares] == ["(not told)"], by
            assert found.shares[0].sums.cost == found.totals.cost == 16_830_000


def test_responses_without_a_price_add_tokens_and_are_counted(machine: Machine) -> None:
    talk = Talk()
    talk.prompt(0)
    talk.answer(1, "m1", call("t1", "Bash"), counts=(10, 20, 0, 0, 0), model="nobody-knows-1")
    talk.write(machine)
    machine.call("sync")
    with Ledger.open(str(machine.ledger)) as ledger:
        found = broken(ledger, "tool")
    assert {key: (s.sums.cost, s.sums.unpriced_responses) for key, s in shares_of(found).items()} == {
        "(prompt)": (0, 1),
        "Bash": (0, 1),
    }
    assert found.totals.unpriced_responses == 1


@pytest.mark.parametrize("sort", ["cost", "tokens", "output", "responses", "calls", "failed", "key"])
def test_rows_are_sorted_as_asked(told: Machine, sort: str) -> None:
    with Ledger.open(str(told.ledger)) as ledger:
        keys = [share.key for share in broken(ledger, "tool", Ask(ALL, UTC, sort=sort)).shares]
    first = {"failed": "Bash", "key": "(answer)", "output": "(answer)", "tokens": "Read", "cost": "Read"}
    assert keys[0] == first.get(sort, keys[0])
    assert sorted(keys) == ["(answer)", "(prompt)", "Bash", "Read"]


@given(st.integers(0, 10**14), st.lists(st.integers(0, 10**9), min_size=1, max_size=9).filter(any))
def test_parts_of_a_total_add_up_and_are_off_by_less_than_one(total: int, weights: list[int]) -> None:
    parts = divided(total, weights)
    assert sum(parts) == total
    assert all(
        abs(part * sum(weights) - total * weight) < 2 * sum(weights)
        for part, weight in zip(parts, weights, strict=True)
    )
    assert all(part == 0 for part, weight in zip(parts, weights, strict=True) if weight == 0)


IDENTITIES = [f"m{number}" for number in range(8)]
names = st.sampled_from([*IDENTITIES, "", "gone", "other"])
tokens = st.integers(0, 300_000)
records = st.builds(
    UsageRecord,
    st.sampled_from(IDENTITIES),
    st.just(""),
    st.integers(0, 60).map(lambda step: START + step * HOUR),
    st.integers(0, 3),
    st.sampled_from(["claude-opus-4-8", "claude-haiku-4-5", "nobody-knows-1", ""]),
    tokens,
    tokens,
    tokens,
    tokens,
    tokens,
    st.integers(0, 2),
    st.sampled_from(["", "fast"]),
    st.just(""),
    st.just(""),
    st.booleans(),
    st.one_of(st.just(-1), st.integers(0, 10**10)),
    st.sampled_from([(), ("other",)]),
)
runs = st.builds(
    ToolRun,
    st.integers(0, 30).map(lambda number: f"t{number}"),
    names,
    names,
    st.just(START),
    st.just(START),
    st.sampled_from(["Bash", "Read", "mcp__web__find", "mcp__web__open", ""]),
    st.just(""),
    st.integers(0, 5000),
    st.integers(0, 90_000),
    st.sampled_from(["", OK, FAILED]),
)
traits = st.builds(
    Trait,
    st.sampled_from(IDENTITIES),
    st.sampled_from(["", "high"]),
    st.sampled_from(["", "cli"]),
    st.sampled_from(["", "pdf"]),
    st.integers(0, 9000),
    st.integers(0, 9000),
)
prompts = st.builds(
    Mark,
    st.sampled_from(["s0", "s1"]),
    st.integers(0, 9).map(lambda number: f"k{number}"),
    st.integers(0, 60).map(lambda step: START + step * HOUR),
    st.just(PROMPT),
    st.sampled_from(["", "/review"]),
    st.integers(0, 900),
)
PLACES = [
    Place("claude_code", "a", "s0", START, "/w/a", "main"),
    Place("claude_code", "b", "s1", START, "/w/b"),
    Place("claude_desktop", "a", "s2", START, ""),
    Place("claude_code", "a", "s0", START, "/w/a", "main", "agent1", is_sidechain=True, version="2.1.1"),
]
PAIRS = ("tool,hour", "mcp-server,tool", "project,tool", "session,model", "prompt,mcp-tool", "weekday,skill")
SELECTIONS = (
    Wishes(),
    Wishes(since="2026-03-11", until="2026-03-11"),
    Wishes(sessions=("s0",)),
    Wishes(projects=("/w/b",), last="2d"),
    Wishes(models=("opus",), until="2026-03-12"),
)


histories = st.tuples(
    st.lists(records, max_size=8, unique_by=lambda record: record.identity),
    st.lists(runs, max_size=16, unique_by=lambda run: run.id),
    st.lists(traits, max_size=8),
    st.lists(prompts, max_size=6),
)
History = tuple[list[UsageRecord], list[ToolRun], list[Trait], list[Mark]]


@settings(deadline=None, max_examples=60)
@given(
    histories,
    st.sampled_from(SELECTIONS),
    st.sampled_from(list(CostMode)),
    st.sampled_from([Calendar("UTC"), Calendar("Asia/Kathmandu", "sunday", 5)]),
)
def test_shares_add_up_to_the_reports_totals_in_every_dimension(
    history: History, wishes: Wishes, mode: CostMode, calendar: Calendar
) -> None:
    made, called, known, said = history
    with Ledger.open(":memory:") as ledger:
        take(ledger, [Batch(places=PLACES, records=made)])
        ledger.details.take(known, called, said, [])
        selection = select(wishes, ledger, calendar, calendar.date_of(START + 48 * HOUR))
        report = build_report(ledger, KINDS["daily"], ReportAsk(selection, calendar, mode), now=0)
        for by in (*DIMENSIONS, *PAIRS):
            found = broken(ledger, by, Ask(selection, calendar, mode))
            assert found.totals == report.totals.sums, by
            assert added(found.shares) == amounts(report.totals.sums), by
            for share in found.shares:
                assert not share.parts or added(share.parts) == amounts(share.sums), by


@pytest.mark.corpus
def test_shares_add_up_for_every_session_of_the_corpus_in_every_dimension(reader: Machine) -> None:  # noqa: F811
    reader.run("sync")
    with Ledger.open(str(reader.ledger)) as ledger:
        report = build_report(ledger, KINDS["session"], ReportAsk(ALL, UTC), now=0)
        sessions = {row.key: row.sums for row in report.rows}
        assert len(sessions) > 100
        assert next(iter(ledger._connection.execute("SELECT COUNT(*) FROM tool_runs")))[0] > 5000
        for name in DIMENSIONS:
            if name == "session":
                continue
            found = broken(ledger, f"session,{name}")
            assert {share.key: share.sums for share in found.shares} == sessions, name
            for share in found.shares:
                assert added(share.parts) == amounts(sessions[share.key]), (name, share.key)


def test_the_order_of_tool_runs_changes_nothing() -> None:
    """The odd token goes to the same tool, whatever was read first."""
    found = []
    for order in (1, -1):
        with Ledger.open(":memory:") as ledger:
            record = UsageRecord("m0", "", START, 0, "claude-opus-4-8", 7, 7, 7, 7, 7)
            take(ledger, [Batch(places=PLACES, records=[record])])
            called = [
                ToolRun(f"t{order * n}", "m0", "m0", tool=f"T{n}", input_bytes=n, result_bytes=n) for n in range(5)
            ]
            ledger.details.take([], called, [], [])
            found.append({share.key: amounts(share.sums) for share in broken(ledger, "tool").shares})
    assert found[0] == found[1]


@pytest.mark.parametrize("mode", CostMode)
@pytest.mark.parametrize("by", [("model",), ("agent", "project"), ("quarter",), ("session", "chain"), ("version",), ()])
def test_totals_by_quarter_hour_tell_the_same_as_single_responses(
    machine: Machine, by: tuple[str, ...], mode: CostMode
) -> None:
    fill(machine)
    with Ledger.open(str(machine.ledger)) as ledger:
        newest = ledger.newest_at() or 0
        model = ledger.values("model")[0]
        asked: list[str] = []
        ledger._connection.set_trace_callback(asked.append)
        for filters in (Filters(), Filters(models=(model,))):
            for start in (None, newest - newest % HOUR - 480 * HOUR):
                rolled = dict(ledger.attribution.sums(by, Narrowing(filters, mode, start, None)))
                single = dict(ledger.attribution.sums(by, Narrowing(filters, mode, start, newest + 1)))
                assert rolled == single
                assert rolled
    tables = [next(name for name in ("rollup r", "records r") if name in each) for each in asked if " r " in each]
    assert tables == ["rollup r", "records r"] * 4
