"""Laws of the ledger's derived parts: after any history, totals and costs are what the responses say."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from tests.laws import law, shuffles, worlds
from tests.ledgers import (
    BOOK,
    COUNTERS,
    ask,
    assert_costs_are_true,
    assert_rollup_is_true,
    records_in,
    sync,
)
from tests.transcripts import Reply, Transcript, World, agent_file, encoded, main_file, sightings, world_of, write_bytes
from tokentide.model.merging import names_of
from tokentide.model.prices import PriceOverride
from tokentide.model.usage import UsageRecord
from tokentide.pricing.book import PriceBook
from tokentide.store.sqlite.ledger import Ledger
from tokentide.store.sqlite.rows import RECORD_COLUMNS, record_of

DEARER = PriceBook(
    {"a-model-without-a-price": PriceOverride(input_usd_per_mtok=Decimal(7), output_usd_per_mtok=Decimal("0.001"))},
    cache_path=None,
    data_path=None,
)
"""Prices that a person changed in between."""


class History:
    """A machine whose transcripts change between synchronisations."""

    def __init__(self, home: Path, world: World, seed: int) -> None:
        self.home = home
        self.random = Random(seed)
        self.files = {each.name: each for each in world.files}
        self.book = BOOK
        self.clock = 1_700_000_000_000_000_000

    def appear(self) -> None:
        """A file is written up to some byte; one that was longer is cut short."""
        name = self.random.choice(sorted(self.files))
        data = self.files[name].data
        self._put(name, data[: self.random.randint(0, len(data))])

    def grow(self) -> None:
        """A file becomes whole."""
        name = self.random.choice(sorted(self.files))
        self._put(name, self.files[name].data)

    def rewrite(self) -> None:
        """A file holds its lines in another order, without one of them."""
        name = self.random.choice(sorted(self.files))
        lines = list(self.files[name].lines)
        self.random.shuffle(lines)
        self._put(name, Transcript(name, tuple(lines[1:])).data)

    def vanish(self) -> None:
        """A file is deleted."""
        name = self.random.choice(sorted(self.files))
        self._path(name).unlink(missing_ok=True)

    def move(self) -> None:
        """A file gets another name."""
        name = self.random.choice(sorted(self.files))
        if self._path(name).exists():
            self._path(name).rename(self._path(name).with_suffix(".old.jsonl"))

    def reprice(self) -> None:
        """The price book changes."""
        self.book = DEARER if self.book is BOOK else BOOK

    def _path(self, name: str) -> Path:
        return self.home / ".claude" / "projects" / name

    def _put(self, name: str, data: bytes) -> None:
        path = write_bytes(self.home, name, data)
        self.clock += self.random.choice((-1, 1, 10**9))
        os.utime(path, ns=(self.clock, self.clock))


STEPS: dict[str, Callable[[History], None]] = {
    "appear": History.appear,
    "grow": History.grow,
    "rewrite": History.rewrite,
    "vanish": History.vanish,
    "move": History.move,
    "reprice": History.reprice,
}
actions = st.lists(st.sampled_from((*STEPS, "sync", "sync", "rebuild")), min_size=3, max_size=14)


def by_name(ledger: Ledger) -> dict[str, UsageRecord]:
    """The responses, by every id of theirs."""
    records = [record_of(row) for row in ask(ledger, f"SELECT {RECORD_COLUMNS} FROM records")]
    return {name: record for record in records for name in names_of(record)}


@law(60)
@given(worlds(forks_move=True), shuffles, actions)
def test_the_rollup_is_the_sum_of_the_records_after_any_history(world: World, seed: int, done: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder, Ledger.open(":memory:") as ledger:
        history = History(Path(folder), world, seed)
        for action in (*done, "sync"):
            before = by_name(ledger)
            if action in STEPS:
                STEPS[action](history)
                continue
            sync(ledger, history.home, rebuild=action == "rebuild", book=history.book)
            assert_rollup_is_true(ledger)
            assert_costs_are_true(ledger, history.book)
            assert ask(ledger, "PRAGMA integrity_check") == [("ok",)]
            _check_nothing_is_forgotten(before, by_name(ledger), counts=action == "sync")


def _check_nothing_is_forgotten(before: dict[str, UsageRecord], after: dict[str, UsageRecord], *, counts: bool) -> None:
    """What was known by any name still is; with `counts`, with at least its tokens."""
    for name, record in before.items():
        assert name in after
        assert not counts or _tokens(after[name]) >= _tokens(record)


def _tokens(record: UsageRecord) -> int:
    return sum(getattr(record, counter) for counter in COUNTERS)


@law(40)
@given(worlds(forks_move=True), shuffles, actions)
def test_any_history_ends_as_one_reading_does_once_every_file_is_whole(
    world: World, seed: int, done: list[str]
) -> None:
    # Without rewriting and renaming: a file in another order opens with another line, and belongs to another time.
    with tempfile.TemporaryDirectory() as folder, Ledger.open(":memory:") as ledger:
        history = History(Path(folder), world, seed)
        for action in done:
            if action in {"appear", "grow", "vanish"}:
                STEPS[action](history)
            elif action in {"sync", "rebuild"}:
                sync(ledger, history.home, rebuild=action == "rebuild")
        world.write(history.home)
        sync(ledger, history.home)
        with Ledger.open(":memory:") as fresh:
            sync(fresh, history.home)
            assert records_in(ledger) == records_in(fresh)


def test_a_rebuild_keeps_the_larger_counts_of_a_copy_whose_file_is_gone() -> None:
    # A sub-agent's own file has the final count, the progress line in its parent's only the first one.
    reply = Reply(1, agent="agent", growth=(500,))
    found = list(sightings(reply))
    first_progress = next(line for name, line in found if name == main_file(0))
    final = [line for name, line in found if name == agent_file(0)][-1]
    with tempfile.TemporaryDirectory() as folder, Ledger.open(":memory:") as ledger:
        home = Path(folder)
        write_bytes(home, main_file(0), first_progress + b"\n")
        gone = write_bytes(home, agent_file(0), final + b"\n")
        sync(ledger, home)
        assert [row["output_tokens"] for row in records_in(ledger)] == [550]
        gone.unlink()
        sync(ledger, home, rebuild=True)
        assert [row["output_tokens"] for row in records_in(ledger)] == [550]


def test_a_rebuild_keeps_what_no_transcript_holds_any_more() -> None:
    world = world_of([Reply(1), Reply(2, home=1), Reply(3, home=2)])
    with tempfile.TemporaryDirectory() as folder, Ledger.open(":memory:") as ledger:
        world.write(Path(folder))
        sync(ledger, Path(folder))
        before = records_in(ledger)
        for each in world.files[1:]:
            (Path(folder) / ".claude" / "projects" / each.name).unlink()
        sync(ledger, Path(folder), rebuild=True)
        assert records_in(ledger) == before


def test_more_changes_than_are_refreshed_one_by_one() -> None:
    # Over 500 changed quarter hours in one go, then a second go that touches each of them again.
    lines = [line for n in range(1200) for _, line in sightings(Reply(n, minute=60 + 15 * n, growth=(5,)))]
    with tempfile.TemporaryDirectory() as folder, Ledger.open(":memory:") as ledger:
        home = Path(folder)
        write_bytes(home, "p/s.jsonl", b"".join(line + b"\n" for line in lines[::2]))
        sync(ledger, home)
        assert_rollup_is_true(ledger)
        write_bytes(home, "p/s.jsonl", b"".join(line + b"\n" for line in (*lines[::2], *lines[1::2])))
        sync(ledger, home)
        assert_rollup_is_true(ledger)
        assert ask(ledger, "SELECT COUNT(*), SUM(output_tokens) FROM records") == [(1200, 1200 * 55)]
        assert ask(ledger, "SELECT SUM(responses), SUM(output_tokens) FROM rollup") == [(1200, 1200 * 55)]


def test_money_of_the_client_and_of_the_book_are_kept_apart() -> None:
    told = encoded({**_line(Reply(1)), "costUSD": 0.123456789})
    untold = encoded(_line(Reply(2, model="a-model-without-a-price")))
    with tempfile.TemporaryDirectory() as folder, Ledger.open(":memory:") as ledger:
        write_bytes(Path(folder), "p/s.jsonl", told + b"\n" + untold + b"\n")
        sync(ledger, Path(folder))
        assert_rollup_is_true(ledger)
        costs = ask(ledger, "SELECT SUM(auto_cost), SUM(display_cost), SUM(auto_unpriced) FROM rollup")
        assert costs == [(123_456_789, 123_456_789, 1)]


def _line(reply: Reply) -> dict[str, object]:
    import json

    found = json.loads(next(sightings(reply))[1])
    assert isinstance(found, dict)
    return found
