"""The thread behind the pages, the events that it sends, the answers that are kept, and the ledgers that give them."""

from __future__ import annotations

import asyncio
import gc
import sqlite3
import threading
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Machine, usage_line
from tests.hardships import until
from tests.ledgers import BOOK
from tests.web_stage import NOW, quiet
from tokentide.clock import DAY_US, HOUR_US
from tokentide.errors import LedgerDamagedError, LedgerError, LedgerTooNewError
from tokentide.following.first_read import LONG_BYTES
from tokentide.following.follower import Follower, Sources
from tokentide.model.alerts import Alert, Claim
from tokentide.settings import Settings
from tokentide.store.sqlite.ledger import Ledger
from tokentide.web import ledgers as ledgers_module
from tokentide.web.answers import MOST_AWAITED, OVERHEAD_BYTES, Answer, Answers, TooBusyError
from tokentide.web.hub import MOST_WAITING, Event, Hub
from tokentide.web.keeper import Keeper
from tokentide.web.ledgers import THREADS, Ledgers


@pytest.fixture
def here(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A machine whose folders are those of this process."""
    quiet(machine)
    for name, value in machine._environ().items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("CLAUDE_CONFIG_DIR", raising=False)
    return machine


@pytest.fixture
def faults() -> list[BaseException]:
    return []


@pytest.fixture
def told() -> list[Event]:
    return []


@pytest.fixture
def keeper(here: Machine, told: list[Event], faults: list[BaseException]) -> Iterator[Keeper]:
    """One that has been started, and is stopped in the end."""
    keeper = Keeper(here._environ(), lambda: NOW, may_ask=False, tell=told.append, failed=faults.append)
    keeper.start()
    yield keeper
    keeper.stop()
    assert not keeper._thread.is_alive()
    assert faults == []


def test_what_is_written_becomes_another_version_and_is_told(keeper: Keeper, here: Machine, told: list[Event]) -> None:
    until(lambda: keeper.condition.is_ready)
    before = keeper.condition.version
    here.write("p/s.jsonl", usage_line())
    until(lambda: keeper.condition.files == 1 and keeper.condition.version > before)
    with Ledger.open(str(here.ledger)) as ledger:
        assert ledger.newest_at() is not None
    until(lambda: told[-1].name == "changed" and told[-1]["version"] == keeper.condition.version)
    settled = keeper.condition.version
    time.sleep(1.5)
    assert keeper.condition.version - settled <= 1, "where nothing happens nothing is told"


def test_alerts_of_before_are_no_news_after_the_clock_was_set_back(here: Machine) -> None:
    clock = [NOW + 3 * DAY_US]
    keeper = Keeper(here._environ(), lambda: clock[0], may_ask=False)
    with Ledger.open(str(here.ledger)) as ledger:
        assert keeper._raised(ledger) == []
        old = Alert("cost|1", "cost", "", "", NOW + HOUR_US, "warning", "old", "")
        ledger.alerts.claim([(Claim("cost", 1, 1), old)], NOW + HOUR_US)
        assert keeper._raised(ledger) == []
        clock[0] = NOW
        assert keeper._raised(ledger) == []
        new = Alert("cost|2", "cost", "", "", NOW + 1, "warning", "new", "")
        ledger.alerts.claim([(Claim("cost", 2, 2), new)], NOW + 1)
        clock[0] = NOW + 2
        assert [each.title for each in keeper._raised(ledger)] == ["new"]


def test_a_fault_does_not_become_ever_newer_versions(
    here: Machine, told: list[Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A ledger of a later format: it is said once, however often it is tried."""
    with Ledger.open(str(here.ledger)):
        pass
    connection = sqlite3.connect(here.ledger)
    connection.execute("PRAGMA user_version = 9999")
    connection.close()
    keeper = Keeper(here._environ(), lambda: NOW, may_ask=False, tell=told.append)
    monkeypatch.setattr("tokentide.web.keeper.RETRY_SECONDS", 0.01)
    keeper._round(has_changed=False)
    first = keeper.condition
    keeper._round(has_changed=False)
    assert "has format 9999" in first.fault
    assert keeper.condition.version == first.version
    assert [event.name for event in told] == ["changed"]
    keeper._follower.close()


def test_it_ends_at_once_while_it_rests_after_a_fault(here: Machine) -> None:
    here.ledger.parent.mkdir()
    here.ledger.mkdir()
    keeper = Keeper(here._environ(), lambda: NOW, may_ask=False)
    keeper.start()
    until(lambda: keeper.condition.fault)
    begun = time.monotonic()
    keeper.stop()
    assert time.monotonic() - begun < 1.5
    assert not keeper._thread.is_alive()


def test_it_ends_while_another_process_reads_for_the_first_time(here: Machine, told: list[Event]) -> None:
    lines = [usage_line(f"m{index}", f"r{index}", padding="x" * 200) for index in range(2_000)]
    for index in range(80):
        here.write(f"p/s{index}.jsonl", *lines)
    assert sum(path.stat().st_size for path in (here.claude / "projects" / "p").iterdir()) > 2 * LONG_BYTES
    keeper = Keeper(here._environ(), lambda: NOW, may_ask=False, tell=told.append)
    keeper.start()
    until(lambda: keeper.condition.total_bytes > 0)
    begun = time.monotonic()
    keeper.stop()
    assert time.monotonic() - begun < 2.9, "it was not broken off, and not waited for any longer"
    assert not keeper._thread.is_alive()
    assert told[0].name == "progress"


def test_settings_are_looked_at_at_once_when_it_is_told_so(keeper: Keeper, here: Machine) -> None:
    until(lambda: keeper.condition.is_ready)
    here.settings('timezone = "Asia/Tokyo"\naccount_poll = false\n')
    keeper.settings_changed()
    until(lambda: keeper.condition.settings.timezone == "Asia/Tokyo", 3)
    until(lambda: keeper.condition.is_ready and not keeper.condition.fault)


@pytest.mark.parametrize("text", ["timezone = 5\n", 'timezone = "No/Where"\n', "= broken", "[[prices]]\nx = 1\n"])
def test_settings_that_are_wrong_are_told_until_they_are_right(keeper: Keeper, here: Machine, text: str) -> None:
    until(lambda: keeper.condition.is_ready)
    here.settings(text)
    until(lambda: "the settings of before are in force" in keeper.condition.fault)
    here.write("p/s.jsonl", usage_line())
    until(lambda: keeper.condition.files == 1)
    time.sleep(1.2)
    assert "the settings of before are in force" in keeper.condition.fault
    quiet(here)
    until(lambda: keeper.condition.fault == "")


def test_settings_that_change_again_and_again_leave_no_threads(keeper: Keeper, here: Machine) -> None:
    until(lambda: keeper.condition.is_ready)
    for hour in range(8):
        here.settings(f'timezone = "UTC"\naccount_poll = false\nreset_hour = {hour}\n')
        keeper.settings_changed()
        until(lambda hour=hour: keeper.condition.settings.reset_hour == hour)  # type: ignore[misc]
    watching = [thread for thread in threading.enumerate() if thread.name == "tokentide watch"]
    until(lambda: len([each for each in threading.enumerate() if each.name == "tokentide errands"]) <= 1)
    assert len(watching) <= 1


def test_a_page_that_finds_damage_has_it_examined(keeper: Keeper, here: Machine) -> None:
    """A sound ledger stays; the doubt is looked at once a minute."""
    here.write("p/s.jsonl", usage_line())
    until(lambda: keeper.condition.files == 1)
    inode = here.ledger.stat().st_ino
    keeper.doubt(LedgerDamagedError(str(here.ledger), "it seemed so"))
    until(lambda: keeper._doubt is None)
    until(lambda: keeper.condition.fault == "")
    assert here.ledger.stat().st_ino == inode
    keeper.doubt(LedgerDamagedError(str(here.ledger), "it seemed so again"))
    time.sleep(1.5)
    assert keeper._doubt is not None


# Events.


def test_a_listener_that_does_not_listen_keeps_few_events() -> None:
    async def run() -> list[bytes]:
        hub = Hub()
        async with hub.listening() as told:
            for number in range(10_000):
                hub.publish(Event("changed", version=number))
            await asyncio.sleep(0.01)
            hub.close()
            return [each async for each in told]

    heard = asyncio.run(run())
    assert len(heard) <= MOST_WAITING + 1
    assert b'"version": 9999' in heard[-1]


def test_after_the_end_nobody_waits_and_nothing_breaks() -> None:
    async def run() -> Hub:
        hub = Hub()
        hub.close()
        async with hub.listening() as told:
            assert [each async for each in told] == [b": alive\n\n"]
        assert hub.listeners == 0
        return hub

    asyncio.run(run()).publish(Event("changed"))


def test_an_event_has_one_line_whatever_its_text() -> None:
    assert Event("alert", body="a\nb\r\n\ndata: c").encoded().count(b"\n") == 3


# Answers.


def test_answers_of_20_000_questions_take_a_bounded_room() -> None:
    most = 4 << 20

    async def run() -> int:
        answers = Answers(most)

        async def make() -> Answer:
            return Answer.of('{"format": 1}' + "x" * 40)

        for index in range(20_000):
            await answers.get(f"page /costs?project={index}{'y' * 200}", 1, make)
        assert answers.kept_bytes <= most
        return len(answers._kept)

    tracemalloc.start()
    kept = asyncio.run(run())
    gc.collect()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert 0 < kept < most // OVERHEAD_BYTES
    assert peak < 2 * most


def test_the_same_question_at_once_is_answered_once_and_an_error_is_not_kept() -> None:
    async def run() -> None:
        answers, asked = Answers(), 0

        async def make() -> Answer:
            nonlocal asked
            asked += 1
            await asyncio.sleep(0.01)
            if asked == 1:
                raise LedgerError("not now")
            return Answer.of("x")

        first = await asyncio.gather(*(answers.get("k", 1, make) for _ in range(50)), return_exceptions=True)
        assert {type(each) for each in first} == {LedgerError}
        assert asked == 1
        second = await asyncio.gather(*(answers.get("k", 1, make) for _ in range(50)))
        assert {each.body for each in second} == {b"x"}
        assert asked == 2
        await answers.get("k", 1, make)
        assert asked == 2
        await answers.get("k", 2, make)
        assert asked == 3

    asyncio.run(run())


def test_too_many_questions_at_once_are_turned_away() -> None:
    async def run() -> None:
        answers, may_go = Answers(), asyncio.Event()

        async def make() -> Answer:
            await may_go.wait()
            return Answer.of("x")

        waiting = [asyncio.ensure_future(answers.get(str(index), 1, make)) for index in range(MOST_AWAITED)]
        await asyncio.sleep(0)
        with pytest.raises(TooBusyError):
            await answers.get("one more", 1, make)
        may_go.set()
        await asyncio.gather(*waiting)
        assert (await answers.get("one more", 1, make)).body == b"x"

    asyncio.run(run())


def test_an_error_that_nobody_waits_for_any_more_makes_no_noise() -> None:
    complaints: list[object] = []

    async def run() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: complaints.append(context))
        answers = Answers()

        async def make() -> Answer:
            await asyncio.sleep(0.01)
            raise LedgerError("not now")

        asking = asyncio.ensure_future(answers.get("k", 1, make))
        await asyncio.sleep(0)
        asking.cancel()
        await asyncio.sleep(0.05)
        gc.collect()

    asyncio.run(run())
    gc.collect()
    assert complaints == []


# Ledgers.


def test_every_thread_closes_its_ledger(here: Machine) -> None:
    ledgers, together = Ledgers(), threading.Barrier(THREADS)
    opened: list[Ledger] = []

    def work(ledger: Ledger) -> None:
        opened.append(ledger)
        together.wait(10)

    for each in [ledgers.submit(work) for _ in range(THREADS)]:
        each.result(20)
    ledgers.close()
    assert len({id(ledger) for ledger in opened}) == THREADS
    for ledger in opened:
        with pytest.raises(sqlite3.ProgrammingError, match=r"closed|thread"):
            ledger._connection.total_changes  # noqa: B018
    assert here.ledger.exists()
    assert not Path(f"{here.ledger}-wal").exists(), "the last to close takes the log away"


def test_a_ledger_that_was_replaced_is_opened_anew(here: Machine) -> None:
    ledgers = Ledgers()
    try:
        first = ledgers.submit(lambda ledger: ledger.row_counts()["records"]).result(20)
        here.ledger.unlink()
        with Ledger.open(str(here.ledger)) as other:
            other._connection.execute("INSERT INTO meta (key, value) VALUES ('price_version', 'other')")
        versions = {ledgers.submit(lambda ledger: ledger.price_version()).result(20) for _ in range(8)}
        assert first == 0
        assert versions == {"other"}
    finally:
        ledgers.close()


def test_what_still_waits_at_the_end_is_refused(here: Machine) -> None:
    ledgers = Ledgers()
    slow = [ledgers.submit(lambda _ledger: time.sleep(0.2)) for _ in range(THREADS)]
    late = [ledgers.submit(lambda ledger: ledger.row_counts()) for _ in range(50)]
    until(lambda: all(each.running() or each.done() for each in slow))
    begun = time.monotonic()
    ledgers.close()
    assert time.monotonic() - begun < 5
    assert all(each.done() for each in slow)
    assert all(each.done() for each in late)
    assert here.ledger.exists()


def test_a_thread_that_hangs_does_not_keep_the_server(here: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledgers_module, "CLOSE_SECONDS", 0.3)
    ledgers, free = Ledgers(), threading.Event()
    hanging = ledgers.submit(lambda _ledger: free.wait(30))
    until(hanging.running)
    begun = time.monotonic()
    ledgers.close()
    assert time.monotonic() - begun < 5
    assert not hanging.done()
    assert all(each.daemon for each in threading.enumerate() if each.name.startswith("tokentide web"))
    free.set()
    hanging.result(10)
    assert here.ledger.exists()


def test_a_ledger_of_a_newer_format_is_left_alone_from_then_on(here: Machine) -> None:
    ledgers = Ledgers()
    follower = Follower(Sources(Settings(), here._environ(), BOOK), falls_back=False)
    try:
        assert ledgers.submit(lambda ledger: ledger.row_counts()["records"]).result(20) == 0
        follower.follow(has_changed=True)
        with Ledger.open(str(here.ledger)) as newer:
            newer._connection.execute("PRAGMA user_version = 999")
        with pytest.raises(LedgerTooNewError, match="format 999"):
            ledgers.submit(lambda ledger: ledger.row_counts()).result(20)
        with pytest.raises(LedgerTooNewError, match="format 999"):
            follower.follow(has_changed=True)
    finally:
        ledgers.close()
        follower.close()
