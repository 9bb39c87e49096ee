"""From the log into the store: once, whatever stops in between, and nothing that cannot be taken stops the rest."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

import msgspec
import pytest

from tests.team_rows import NOON, record, sighting
from tokentide.clock import MINUTE_US, QUARTER_US
from tokentide.errors import StoreError, StoreUnreachableError
from tokentide.model.telemetry import Row, Sighting, TelemetryRecord
from tokentide.server.chores import Chores
from tokentide.server.keeping import Keeping
from tokentide.server.log.entry import LogEntry, NewEntry
from tokentide.server.log.limits import LogLimits
from tokentide.server.log.reader import LogReader
from tokentide.server.log.refused import refusals_in
from tokentide.server.log.writer import LogWriter
from tokentide.server.moving.move import MoveFile
from tokentide.server.writer import RefusedError, Rows, Writer
from tokentide.store.duckdb.engine import DuckEngine
from tokentide.store.team.engine import Engine, Quarter
from tokentide.store.team.pending import PendingQuarters
from tokentide.store.team.query import Scope, TeamQuery
from tokentide.store.team.store import TeamStore
from tokentide.store.team.tables import TALLY, TELEMETRY, USAGE, Table

SMALL = LogLimits(segment_bytes=4096, least_free_bytes=0)


class Stage:
    """A log, a store, and what stands between them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log_folder = str(folder / "log")
        self.log = LogWriter(self.log_folder, SMALL, now=NOON)
        self.engine = DuckEngine(str(folder / "store.duckdb"))
        self.engine.prepare()
        self.store = TeamStore(self.engine)
        self.writer = self.started()

    def started(self) -> Writer:
        """A writer as after a restart: it knows what files say."""
        chores = Chores(self.store, Keeping(), MoveFile(str(self.folder / "move.json")), self.other)
        dirty = PendingQuarters(str(self.folder / "dirty.json"))
        return Writer([LogReader(self.log_folder)], self.store, Numbers(), dirty, chores)

    def other(self, dsn: str) -> Engine:
        return DuckEngine(str(self.folder / dsn))

    def send(self, *bodies: bytes) -> None:
        for body in bodies:
            self.log.append(NewEntry(NOON, "acme", "core", "logs", "application/json", "", body)).result(10)

    def work(self, writer: Writer | None = None) -> None:
        for _ in range(1000):
            if not (writer or self.writer).step(time.monotonic, NOON):
                break
        else:
            pytest.fail("there is always something to do")
        (writer or self.writer).finish(time.monotonic)

    def counted(self) -> int:
        return self.store.totals(Scope("acme"), TeamQuery(TALLY, ("records",))).value()

    def close(self) -> None:
        self.log.close()
        self.store.engine.close()


class Numbers:
    """Bodies of these tests are numbers of events, or what cannot be read."""

    def __call__(self, entry: LogEntry) -> Rows:
        if entry.body == b"nonsense":
            raise RefusedError("that is nonsense")
        if entry.body == b"bug":
            raise ZeroDivisionError("of ours")
        first, count = msgspec.json.decode(entry.body, type=tuple[int, int])
        records = [record(NOON + number, name="user_prompt") for number in range(first, first + count)]
        return Rows(records, [sighting(NOON, f"request:{first}", output_tokens=count, reported_cost=count)])

    def grown(self, records: Sequence[TelemetryRecord]) -> list[Sighting]:
        assert not records
        return []


def events(first: int, count: int) -> bytes:
    return msgspec.json.encode((first, count))


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    made = Stage(tmp_path)
    yield made
    made.close()


def test_what_was_acknowledged_is_counted(stage: Stage) -> None:
    stage.send(events(0, 10), events(10, 5))
    stage.work()
    assert stage.counted() == 15
    assert stage.store.totals(Scope("acme"), TeamQuery(USAGE, ("responses", "auto_cost"))).groups[0].values == (2, 15)
    assert (stage.writer.progress.taken_records, stage.writer.progress.last_taken_at) == (15, NOON)
    assert LogReader(stage.log_folder).waiting_bytes() == 0


def test_a_body_of_many_rows_is_put_a_part_at_a_time(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tokentide.server.writer.MOST_ROWS", 10)
    put, sizes = stage.engine.put, list[int]()

    def counting(table: Table, rows: Sequence[Row], token: str) -> None:
        sizes.append(len(rows))
        put(table, rows, token)

    monkeypatch.setattr(stage.engine, "put", counting)
    stage.send(events(0, 25))
    stage.work()
    assert (stage.counted(), max(sizes)) == (25, 10)


def test_bodies_with_much_text_are_put_one_by_one(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tokentide.server.writer.MOST_TEXT", 1)
    put, sizes = stage.engine.put, list[int]()

    def counting(table: Table, rows: Sequence[TelemetryRecord], token: str) -> None:
        sizes.append(len(rows))
        put(table, rows, token)

    monkeypatch.setattr(stage.engine, "put", counting)
    monkeypatch.setattr("tests.test_server_writer.record", partial(record, attributes='{"a":1}'))
    stage.send(events(0, 5), events(5, 5))
    stage.work()
    assert (stage.counted(), max(sizes)) == (10, 5)


def test_the_log_forgets_what_is_taken(stage: Stage) -> None:
    stage.send(*(events(number * 10, 10) for number in range(200)))
    before = len(list((stage.folder / "log").glob("*.log")))
    stage.work()
    assert stage.counted() == 2000
    assert len(list((stage.folder / "log").glob("*.log"))) < before


def test_a_crash_before_the_log_forgets_doubles_nothing(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.send(events(0, 10), events(10, 5))
    with monkeypatch.context() as crash:

        def die(*_: object) -> None:
            raise KeyboardInterrupt

        crash.setattr(LogReader, "release", die)
        with pytest.raises(KeyboardInterrupt):
            stage.writer.step(time.monotonic, NOON)
    stage.work(stage.started())
    assert stage.counted() == 15


def test_a_crash_before_totals_are_refreshed_forgets_none(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.send(events(0, 10))
    with monkeypatch.context() as crash:

        def die(*_: object) -> None:
            raise KeyboardInterrupt

        crash.setattr(TeamStore, "refresh", die)
        with pytest.raises(KeyboardInterrupt):
            stage.work()
    assert LogReader(stage.log_folder).waiting_bytes() == 0
    assert stage.counted() == 0
    stage.work(stage.started())
    assert stage.counted() == 10


@pytest.mark.parametrize("bad", [b"nonsense", b"bug"])
def test_what_cannot_be_read_is_set_aside_and_told(stage: Stage, bad: bytes) -> None:
    stage.send(events(0, 10), bad, events(10, 5))
    stage.work()
    assert stage.counted() == 15
    [refusal] = refusals_in(stage.log_folder)
    assert refusal.reason in ("that is nonsense", "ZeroDivisionError: of ours")
    assert stage.writer.progress.refused_entries == 1


def test_only_what_the_store_refuses_is_set_aside(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    put = stage.engine.put

    def picky(table: Table, rows: list[TelemetryRecord], token: str) -> None:
        if table is TELEMETRY and any(row.happened_at == NOON + 12 for row in rows):
            raise StoreError("not this one")
        put(table, rows, token)

    monkeypatch.setattr(stage.engine, "put", picky)
    stage.send(events(0, 10), events(10, 5), events(20, 7))
    stage.work()
    assert stage.counted() == 17
    assert [refusal.reason for refusal in refusals_in(stage.log_folder)] == ["not this one"]


def test_an_engine_that_is_away_is_waited_for_and_nothing_is_lost(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    put, answers = stage.engine.put, iter([False, False])

    def flaky(table: Table, rows: list[TelemetryRecord], token: str) -> None:
        if not next(answers, True):
            raise StoreUnreachableError("it is away")
        put(table, rows, token)

    monkeypatch.setattr(stage.engine, "put", flaky)
    monkeypatch.setattr("tokentide.server.writer.PAUSE_SECONDS", 0.01)
    stage.send(events(0, 10))
    ended = threading.Event()
    thread = threading.Thread(target=stage.writer.run, args=(ended, time.monotonic, lambda: NOON))
    thread.start()
    try:
        for _ in range(500):
            if stage.counted() == 10:
                break
            time.sleep(0.01)
    finally:
        ended.set()
        thread.join()
    assert stage.counted() == 10
    assert stage.writer.progress.fault == ""


def test_what_waits_for_a_shard_is_delivered_although_the_log_waits_for_it(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    put, away = stage.engine.put, [True]

    def refuse(table: Table, rows: list[TelemetryRecord], token: str) -> None:
        if away:
            raise StoreUnreachableError("older rows wait for it")
        put(table, rows, token)

    monkeypatch.setattr(stage.engine, "put", refuse)
    stage.send(events(0, 10))
    with pytest.raises(StoreUnreachableError):
        stage.writer.step(time.monotonic, NOON)
    monkeypatch.setattr(stage.engine, "settle", lambda _now: away.clear())
    stage.work()
    assert stage.counted() == 10


def test_totals_are_refreshed_while_the_log_waits(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.send(events(0, 10))
    for _ in range(2):
        stage.writer.step(lambda: 1000.0, NOON)
    stage.send(events(10, 10))
    stage.writer.step(lambda: 1000.1, NOON)
    stage.send(events(20, 10))

    def refuse(*_: object) -> None:
        raise StoreUnreachableError("it is away")

    monkeypatch.setattr(stage.engine, "put", refuse)
    with pytest.raises(StoreUnreachableError):
        stage.writer.step(lambda: 2000.0, NOON)
    assert stage.counted() == 20


def test_totals_that_cannot_be_reckoned_do_not_stop_the_others(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    refresh, bad = stage.engine.refresh, (NOON + 15 * MINUTE_US) // QUARTER_US * QUARTER_US

    def picky(quarters: Iterable[Quarter]) -> None:
        every = list(quarters)
        if any(start == bad for _, start in every):
            raise StoreError("too much")
        refresh(every)

    monkeypatch.setattr(stage.engine, "refresh", picky)
    stage.send(events(0, 10), events(15 * MINUTE_US, 5))
    stage.work()
    assert stage.counted() == 10
    assert "too much" in stage.writer.progress.stuck


def test_a_move_that_is_asked_for_happens_beside_the_work(stage: Stage) -> None:
    from tokentide.server.moving.move import MoveState

    stage.send(events(0, 10))
    stage.work()
    MoveFile(str(stage.folder / "move.json")).write(MoveState("new.duckdb", NOON))
    stage.send(events(10, 5))
    stage.work()
    assert stage.store.engine is not stage.engine
    assert stage.counted() == 15
    stage.engine.close()


def test_rows_that_are_too_old_are_forgotten_and_totals_stay(stage: Stage) -> None:
    stage.send(events(0, 10))
    stage.work()
    later = NOON + 900 * 86_400_000_000
    Keeping().forget(stage.store, later)
    assert stage.engine.ask("SELECT count(*) FROM telemetry")[0][0] == 0
    assert stage.engine.ask("SELECT count(*) FROM sightings")[0][0] == 0
    assert stage.counted() == 10
