from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import Machine
from tests.ledgers import take
from tests.talks import OPENED, Talk, call, text
from tests.test_analytics_attribution import PLACES as PLACES_OF_HISTORY
from tests.test_analytics_attribution import History, amounts, histories
from tests.test_conformance_corpus import reader, roots  # noqa: F401
from tests.web_stage import fill
from tokentide.analytics.calendar import Calendar
from tokentide.analytics.reports import KINDS, Ask, build_report
from tokentide.analytics.selection import Selection
from tokentide.analytics.timeline import build_timeline, session_named
from tokentide.analytics.timeline_model import AgentWork, Pause, Step, Timeline, Told, Work
from tokentide.errors import SessionError
from tokentide.model.activity import COMPACTION, INTERRUPTION, Mark
from tokentide.model.batch import Batch
from tokentide.store.query import CostMode, Filters, Sums
from tokentide.store.sqlite.ledger import Ledger

MINUTE = 60_000_000
BEGAN = int(OPENED.timestamp()) * 1_000_000
SESSION = "5e551011-0000-4000-8000-00000000000a"


def timeline_of(machine: Machine, session: str = SESSION, told: Told | None = None) -> Timeline:
    machine.call("sync")
    with Ledger.open(str(machine.ledger)) as ledger:
        return build_timeline(ledger, session, told or Told(), CostMode.AUTO)


def whole(timeline: Timeline) -> Sums:
    sums = Sums()
    for turn in timeline.turns:
        sums.add(turn.sums)
    return sums


def kinds(steps: tuple[Step, ...]) -> list[str]:
    return [step.kind if isinstance(step, Mark) else type(step).__name__ for step in steps]


def test_a_turn_is_a_prompt_with_what_came_of_it(machine: Machine) -> None:
    talk = Talk()
    talk.prompt(0, 40)
    talk.answer(1, "m1", call("t1", "Read", file_path="/w/a.py"), counts=(10, 5, 0, 0, 100))
    talk.result(1.5, "t1", 9)
    talk.answer(2, "m2", call("t2", "Read", file_path="/w/b.py"), call("t3", "Bash"), counts=(10, 5, 0, 0, 200))
    talk.result(2.5, "t2", 9)
    talk.result(2.5, "t3", 9, failed=True)
    talk.answer(3, "m3", text(9), counts=(10, 5, 0, 0, 300))
    talk.prompt(4, 7)
    talk.answer(5, "m4", text(9), counts=(10, 5, 0, 0, 400))
    talk.write(machine)
    made = timeline_of(machine)
    assert [(turn.number, turn.prompt and turn.prompt.amount, turn.sums.responses) for turn in made.turns] == [
        (1, 40, 3),
        (2, 7, 1),
    ]
    (work,) = made.turns[0].steps
    assert isinstance(work, Work)
    assert [(use.tool, use.calls, use.failed) for use in work.tools] == [("Read", 2, 0), ("Bash", 1, 1)]
    assert work.context_tokens == 310
    assert made.context == (110, 210, 310, 410)
    assert (made.duration, made.active, made.pauses) == (5 * MINUTE, 5 * MINUTE, ())


def test_a_silence_of_more_than_five_minutes_is_a_pause_unless_a_tool_runs(machine: Machine) -> None:
    talk = Talk()
    talk.prompt(0)
    talk.answer(1, "m1", call("t1", "Bash", command="make"), counts=(1, 1, 0, 0, 0))
    talk.result(21, "t1", 9)
    talk.answer(22, "m2", call("t2", "AskUserQuestion"), counts=(1, 1, 0, 0, 0))
    talk.result(32, "t2", 9)
    talk.answer(33, "m3", text(1), counts=(1, 1, 0, 0, 0))
    talk.prompt(38)
    talk.answer(38.5, "m4", text(1), counts=(1, 1, 0, 0, 0))
    talk.prompt(98.5)
    talk.answer(99, "m5", text(1), counts=(1, 1, 0, 0, 0))
    talk.write(machine)
    made = timeline_of(machine)
    assert made.pauses == (
        Pause(BEGAN + 22 * MINUTE, 10 * MINUTE),
        Pause(BEGAN + 38 * MINUTE + MINUTE // 2, 60 * MINUTE),
    )
    assert kinds(made.turns[0].steps) == ["Work", "Pause", "Work"]
    assert [turn.waited for turn in made.turns] == [0, 0, 60 * MINUTE]
    assert made.active == (99 - 70) * MINUTE


def test_what_happens_stands_where_it_happened(machine: Machine) -> None:
    talk = Talk()
    talk.prompt(0)
    talk.answer(1, "m1", text(1), counts=(1, 1, 0, 0, 900))
    talk.system(2, "compact_boundary", compactMetadata={"trigger": "auto", "preTokens": 900, "postTokens": 90})
    talk.answer(3, "m2", text(1), counts=(1, 1, 0, 0, 90))
    talk.prompt(4, words="[Request interrupted by user]")
    talk.write(machine)
    (turn,) = timeline_of(machine).turns
    assert kinds(turn.steps) == ["Work", COMPACTION, "Work", INTERRUPTION]
    mark = turn.steps[1]
    assert isinstance(mark, Mark)
    assert (mark.name, mark.amount, mark.after) == ("auto", 900, 90)


def with_agents(machine: Machine) -> None:
    """Two agents started at once, one of which starts another."""
    talk = Talk()
    talk.prompt(0)
    kinds_of = {"t1": "Explore", "t2": "Plan"}
    calls = [call(run, "Agent", subagent_type=kind) for run, kind in kinds_of.items()]
    talk.answer(1, "m1", *calls, counts=(1, 0, 0, 0, 0))
    talk.result(9, "t1", 9, agent="a1")
    talk.result(9, "t2", 9, agent="a2")
    talk.answer(10, "m2", text(1), counts=(2, 0, 0, 0, 0))
    first, second, below = (Talk(agent=name) for name in ("a1", "a2", "a3"))
    first.answer(2, "m3", text(1), counts=(10, 0, 0, 0, 0))
    second.answer(3, "m4", call("t3", "Agent", subagent_type="Explore"), counts=(100, 0, 0, 0, 0))
    below.answer(4, "m5", text(1), counts=(1000, 0, 0, 0, 0))
    second.result(5, "t3", 9, agent="a3")
    second.answer(6, "m6", text(1), counts=(10_000, 0, 0, 0, 0))
    for each in (talk, first, second, below):
        each.write(machine)


TOLD = Told(is_there=True, started={"a1": "t1", "a2": "t2", "a3": "t3"})


def nested(steps: tuple[Step, ...]) -> list[object]:
    return [
        (step.agent_id, step.kind, step.sums.input_tokens, nested(step.steps))
        for step in steps
        if isinstance(step, AgentWork)
    ]


@pytest.mark.parametrize("told", [TOLD, Told()], ids=["by the transcript", "by the ledger alone"])
def test_sub_agents_stand_below_the_call_that_started_them(machine: Machine, told: Told) -> None:
    with_agents(machine)
    made = timeline_of(machine, told=told)
    (turn,) = made.turns
    assert kinds(turn.steps) == ["Work", "AgentWork", "AgentWork", "Work"]
    if told.is_there:
        assert nested(turn.steps) == [
            ("a1", "Explore", 10, []),
            ("a2", "Plan", 11_100, [("a3", "Explore", 1000, [])]),
        ]
    assert made.agents == 3
    assert whole(made) == made.sums
    assert made.sums.input_tokens == 11_113


def test_agents_that_would_have_started_each_other_are_still_counted(machine: Machine) -> None:
    """A transcript may say anything; the totals hold."""
    with_agents(machine)
    made = timeline_of(machine, told=Told(is_there=True, started={"a1": "t3", "a2": "t3", "a3": "t3"}))
    assert whole(made) == made.sums


def test_old_clients_side_chains_stand_below_the_task_before_them(machine: Machine) -> None:
    talk = Talk()
    talk.prompt(0)
    talk.answer(1, "m1", call("t1", "Task", subagent_type="general-purpose"), counts=(1, 0, 0, 0, 0))
    talk.answer(2, "m2", text(1), counts=(10, 0, 0, 0, 0), isSidechain=True)
    talk.result(3, "t1", 4)
    talk.answer(4, "m3", call("t2", "Task", subagent_type="general-purpose"), counts=(1, 0, 0, 0, 0))
    talk.answer(5, "m4", text(1), counts=(100, 0, 0, 0, 0), isSidechain=True)
    talk.write(machine)
    (turn,) = timeline_of(machine).turns
    agents = [step for step in turn.steps if isinstance(step, AgentWork)]
    assert [(agent.kind, agent.sums.input_tokens) for agent in agents] == [
        ("general-purpose", 10),
        ("general-purpose", 100),
    ]


def test_side_chains_of_one_response_are_not_told_apart_but_counted(machine: Machine) -> None:
    talk = Talk()
    talk.prompt(0)
    tasks = [call(f"t{n}", "Task", subagent_type="general-purpose") for n in range(3)]
    talk.answer(1, "m1", *tasks, counts=(1, 0, 0, 0, 0))
    talk.answer(2, "m2", text(1), counts=(10, 0, 0, 0, 0), isSidechain=True)
    talk.answer(3, "m3", text(1), counts=(10, 0, 0, 0, 0), isSidechain=True)
    talk.write(machine)
    found = timeline_of(machine)
    (agent,) = [step for step in found.turns[0].steps if isinstance(step, AgentWork)]
    assert (agent.kind, agent.agents, found.agents) == ("general-purpose", 3, 3)


def test_prompts_that_a_fork_copied_are_not_its_own(machine: Machine) -> None:
    first, fork = Talk(), Talk(session="5e551011-0000-4000-8000-00000000000b")
    first.prompt(0)
    first.answer(1, "m1", text(1), counts=(1, 0, 0, 0, 0))
    fork.lines = [{**line, "sessionId": fork.session} for line in first.lines]
    fork.prompt(60, 33)
    fork.answer(61, "m2", text(1), counts=(10, 0, 0, 0, 0))
    first.write(machine)
    fork.write(machine)
    made = timeline_of(machine, fork.session)
    assert made.copied_prompts == 1
    assert [(turn.prompt and turn.prompt.amount, turn.sums.input_tokens) for turn in made.turns] == [(33, 10)]
    assert made.pauses == ()


def test_usage_alone_makes_one_turn_without_a_prompt(machine: Machine) -> None:
    with_agents(machine)
    machine.call("sync")
    with Ledger.open(str(machine.ledger)) as ledger:
        for table in ("traits", "tool_runs", "marks"):
            ledger._connection.execute(f"DELETE FROM {table}")
        made = build_timeline(ledger, SESSION, Told(), CostMode.AUTO)
    assert not made.is_told
    (turn,) = made.turns
    assert (turn.number, turn.prompt) == (0, None)
    assert turn.sums == made.sums


def test_a_session_is_found_by_its_beginning(machine: Machine) -> None:
    for session, minute in (("aaaa-1", 0), ("aaaa-2", 5), ("aaaa", 2)):
        talk = Talk(session=session)
        talk.answer(minute, f"m-{session}", text(1), counts=(1, 0, 0, 0, 0))
        talk.write(machine)
    machine.call("sync")
    with Ledger.open(str(machine.ledger)) as ledger:
        assert session_named(ledger, "aaaa-1") == "aaaa-1"
        assert session_named(ledger, "aaaa") == "aaaa"
        assert session_named(ledger, "latest") == "aaaa-2"
        for wish, said in (
            ("aaa", "several sessions begin with 'aaa'"),
            ("b", "no session in the ledger begins with 'b'"),
        ):
            with pytest.raises(SessionError, match=said):
                session_named(ledger, wish)
    with Ledger.open(":memory:") as empty, pytest.raises(SessionError, match="no session"):
        session_named(empty, "latest")


@settings(deadline=None, max_examples=60)
@given(histories, st.sampled_from(list(CostMode)))
def test_turns_add_up_to_the_session_report(history: History, mode: CostMode) -> None:
    made, called, known, said = history
    with Ledger.open(":memory:") as ledger:
        take(ledger, [Batch(places=PLACES_OF_HISTORY, records=made)])
        ledger.details.take(known, called, said, [])
        _assert_all_add_up(ledger, mode, lambda _: Told())


@pytest.mark.corpus
def test_turns_add_up_for_every_session_of_the_corpus(reader: Machine) -> None:  # noqa: F811
    reader.run("sync")
    with Ledger.open(str(reader.ledger)) as ledger:
        assert _assert_all_add_up(ledger, CostMode.AUTO, lambda _: Told()) > 100


def _assert_all_add_up(ledger: Ledger, mode: CostMode, told: Callable[[str], Told]) -> int:
    ask = Ask(Selection(None, None, Filters()), Calendar("UTC"), mode)
    report = build_report(ledger, KINDS["session"], ask, now=0)
    for row in report.rows:
        made = build_timeline(ledger, row.key, told(row.key), mode)
        assert made.sums == row.sums
        assert amounts(whole(made)) == amounts(row.sums)
        assert whole(made).responses == row.sums.responses
        assert 0 <= made.active <= made.duration
    return len(report.rows)


def test_the_facts_of_one_session_are_those_that_it_has_among_all(machine: Machine) -> None:
    fill(machine)
    with Ledger.open(str(machine.ledger)) as ledger:
        known = ledger.session_facts()
        assert len({facts.title for facts in known.values()}) > 3
        for key, facts in known.items():
            assert ledger.session_facts(key.partition("\t")[2]) == {key: facts}
        assert ledger.session_facts("no such session") == {}
