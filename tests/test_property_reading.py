"""Laws of reading: order, repetition, splitting and interruption change no total and no record."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from tests.laws import law, shuffle, shuffles, worlds
from tests.ledgers import (
    BOOK,
    assert_rollup_is_true,
    batch_of,
    files_in,
    ledger_from,
    problems_in,
    records_in,
    sync,
    synced,
    titles_in,
    totals_in,
)
from tests.transcripts import Reply, Transcript, World, opening_line, sightings, world_of, write_bytes
from tokentide.model.batch import Batch
from tokentide.model.limits import Account
from tokentide.sources.claude_code.batches import Task, read_batch
from tokentide.sources.claude_code.paths import discover, find_roots
from tokentide.store.sqlite.ledger import Ledger

SESSION = ("session_id", "opened_at")
"""What an order of lines may change of a response that two sessions hold alike: which of both it is booked in."""


@contextmanager
def home_with(world: World | None = None) -> Iterator[Path]:
    """A temporary home with these transcripts."""
    with tempfile.TemporaryDirectory() as folder:
        if world is not None:
            world.write(Path(folder))
        yield Path(folder)


def whole(world: World) -> Ledger:
    """The ledger of a machine that is read in one go."""
    with home_with(world) as home:
        return synced(home)


def batches(home: Path) -> list[Batch]:
    """One batch a file."""
    found = discover(find_roots({"HOME": str(home)})).files
    return [read_batch([Task(each, Account("~/.claude", "~/.claude"))]) for each in found]


@law(25)
@given(worlds(forks_move=True), shuffles)
def test_files_may_appear_one_after_the_other_in_any_order(world: World, seed: int) -> None:
    expected = records_in(whole(world))
    order = list(world.files)
    Random(seed).shuffle(order)
    with home_with() as home, Ledger.open(":memory:") as ledger:
        for transcript in order:
            write_bytes(home, transcript.name, transcript.data)
            sync(ledger, home)
        assert records_in(ledger) == expected
        assert_rollup_is_true(ledger)


@law(25)
@given(worlds(forks_move=True), shuffles, st.integers(1, 4))
def test_batches_may_be_taken_in_any_order_and_any_portions(world: World, seed: int, portion: int) -> None:
    with home_with(world) as home:
        in_one = records_in(synced(home), without=("account",))
        found = batches(home)
    Random(seed).shuffle(found)
    ledger = ledger_from([found[start : start + portion] for start in range(0, len(found), portion)])
    assert records_in(ledger, without=("account",)) == in_one


@law(25)
@given(worlds(), shuffles)
def test_lines_may_stand_in_any_order(world: World, seed: int) -> None:
    one, other = whole(world), whole(shuffle(world, seed, tops=True))
    assert totals_in(other) == totals_in(one)
    assert records_in(other, without=SESSION) == records_in(one, without=SESSION)


@law(25)
@given(worlds(forks_move=True), shuffles)
def test_repeated_lines_and_files_change_nothing(world: World, seed: int) -> None:
    random = Random(seed)
    repeated = World([_with_repeats(transcript, random) for transcript in world.files])
    copies = [Transcript(f"copies/{n}/{each.name}", each.lines) for n, each in enumerate(world.files)]
    expected = records_in(whole(world))
    assert records_in(whole(repeated)) == expected
    assert records_in(whole(World([*world.files, *copies]))) == expected


def _with_repeats(transcript: Transcript, random: Random) -> Transcript:
    lines = list(transcript.lines)
    for line in random.choices(lines, k=3):
        lines.insert(random.randint(transcript.fixed, len(lines)), line)
    return Transcript(transcript.name, tuple(lines), transcript.fixed)


@law(25)
@given(worlds(), shuffles)
def test_a_file_may_be_split_at_any_line(world: World, seed: int) -> None:
    random = Random(seed)
    parts = World([part for transcript in world.files for part in _split(transcript, random)])
    one, other = whole(world), whole(parts)
    assert totals_in(other) == totals_in(one)
    assert records_in(other, without=SESSION) == records_in(one, without=SESSION)


def _split(transcript: Transcript, random: Random) -> list[Transcript]:
    place = random.randint(0, len(transcript.lines))
    first, second = transcript.lines[:place], transcript.lines[place:]
    return [Transcript(transcript.name, first), Transcript(transcript.name.replace(".jsonl", "-2.jsonl"), second)]


@law(40)
@given(worlds(forks_move=True), shuffles, st.integers(1, 4))
def test_reading_may_be_interrupted_at_any_byte(world: World, seed: int, pieces: int) -> None:
    random = Random(seed)
    with home_with(world) as home:
        expected = synced(home)
        wanted = (records_in(expected), titles_in(expected), files_in(expected), problems_in(expected))
        for transcript in world.files:
            write_bytes(home, transcript.name, b"")
        ledger = Ledger.open(":memory:")
        written = dict.fromkeys((transcript.name for transcript in world.files), 0)
        for _ in range(pieces):
            for transcript in world.files:
                written[transcript.name] = random.randint(written[transcript.name], len(transcript.data))
                write_bytes(home, transcript.name, transcript.data[: written[transcript.name]])
            sync(ledger, home)
            assert_rollup_is_true(ledger)
        world.write(home)
        sync(ledger, home)
        assert (records_in(ledger), titles_in(ledger), files_in(ledger), problems_in(ledger)) == wanted
        assert_rollup_is_true(ledger)


def test_a_sync_after_every_byte_of_a_file_ends_as_one_sync_does() -> None:
    # Every cut there is, on one small file: a title and a snapshot before the first time, two copies, a glued line.
    reply = Reply(1, growth=(20,), iterations="other")
    lines = [line for _, line in sightings(reply)]
    other = [line for _, line in sightings(Reply(2, minute=90))]
    top = world_of([reply], untimed=2).files[0].lines[:3]
    file = Transcript("p/s.jsonl", (*top, lines[0] + lines[1], *other))
    expected = whole(World([file]))
    with home_with() as home, Ledger.open(":memory:") as ledger:
        for length in range(0, len(file.data) + 1, 13):
            write_bytes(home, file.name, file.data[:length])
            sync(ledger, home)
        write_bytes(home, file.name, file.data)
        sync(ledger, home)
        assert records_in(ledger) == records_in(expected)


def test_the_opening_of_a_file_is_found_though_the_first_sync_saw_only_untimed_lines() -> None:
    # A session begins with lines that bear no time; a fork of it, opened later, repeats its response in its own folder.
    world = world_of([Reply(1, forks=(1,), fork_folder=True)], untimed=4)
    expected = records_in(whole(world))
    original = world.files[0]
    with home_with() as home, Ledger.open(":memory:") as ledger:
        for transcript in world.files:
            write_bytes(home, transcript.name, b"".join(line + b"\n" for line in transcript.lines[:2]))
        sync(ledger, home)
        world.write(home)
        sync(ledger, home)
        assert [row["opened_at"] for row in records_in(ledger)] == [row["opened_at"] for row in expected]
        assert records_in(ledger) == expected
    assert original.fixed == 5


def test_the_opening_of_a_file_is_found_though_its_last_line_had_no_end_yet() -> None:
    line = next(sightings(Reply(1)))[1]
    expected = records_in(whole(World([Transcript("p/s.jsonl", (line,))])))
    with home_with() as home, Ledger.open(":memory:") as ledger:
        write_bytes(home, "p/s.jsonl", line)
        sync(ledger, home)
        assert totals_in(ledger) == totals_in(whole(World([Transcript("p/s.jsonl", (line,))])))
        write_bytes(home, "p/s.jsonl", line + b"\n")
        sync(ledger, home)
        assert records_in(ledger) == expected


def test_the_opening_of_a_file_that_begins_with_two_glued_lines_does_not_depend_on_the_pieces_it_came_in() -> None:
    lines = [next(sightings(Reply(n, minute=60 + 10 * n)))[1] for n in range(3)]
    file = Transcript("p/s.jsonl", (lines[0] + lines[1], lines[2]))
    expected = records_in(whole(World([file])))
    with home_with() as home, Ledger.open(":memory:") as ledger:
        write_bytes(home, file.name, file.lines[0] + b"\n")
        sync(ledger, home)
        write_bytes(home, file.name, file.data)
        sync(ledger, home)
        assert records_in(ledger) == expected


def test_a_resumed_session_stays_with_the_original_that_began_with_untimed_lines() -> None:
    # 60 untimed lines before the first time: the original is still the one that was opened first.
    reply = Reply(1, forks=(1,), fork_folder=True)
    world = world_of([reply])
    titles = tuple(b'{"type":"summary","summary":"%d","leafUuid":"x"}' % n for n in range(60))
    files = [
        Transcript(each.name, (*titles, *each.lines) if each.name.endswith("000001.jsonl") else each.lines)
        for each in world.files
    ]
    (row,) = records_in(whole(World(files)))
    assert row["project"] == "/w/alpha"


@law(20)
@given(worlds(forks_move=True))
def test_a_second_sync_reads_nothing_and_a_rebuild_finds_the_same(world: World) -> None:
    with home_with(world) as home:
        ledger = synced(home)
        before = (records_in(ledger), totals_in(ledger), titles_in(ledger), files_in(ledger), problems_in(ledger))
        assert sync(ledger, home).read_files == 0
        again = (records_in(ledger), totals_in(ledger), titles_in(ledger), files_in(ledger), problems_in(ledger))
        assert again == before
        sync(ledger, home, rebuild=True)
        assert records_in(ledger) == before[0]
        assert_rollup_is_true(ledger)


@law(25)
@given(worlds(forks_move=True), shuffles)
def test_two_ledgers_merge_into_the_same_in_either_order(world: World, seed: int) -> None:
    random = Random(seed)
    shares: tuple[list[Transcript], list[Transcript]] = ([], [])
    for transcript in world.files:
        for share in shares[:: random.choice((1, -1))][: random.choice((1, 1, 2))]:
            share.append(transcript)
    expected = records_in(whole(world))
    one, other = (batch_of(whole(World(share))) for share in shares)
    assert records_in(ledger_from([[one], [other]])) == expected
    assert records_in(ledger_from([[other], [one]])) == expected
    assert records_in(ledger_from([[other, one]])) == expected
    assert records_in(ledger_from([[one], [other], [one], [other]])) == expected


def test_a_copy_made_later_moves_nothing_to_another_project_or_day() -> None:
    # A fork's file begins with the very lines of its original: nothing but the order of their appearance tells them apart.
    reply = Reply(1)
    (_, line) = next(sightings(reply))
    copy = line.replace(b"5e551011-0000-4000-8000-000000000000", b"00000000-0000-4000-8000-00000000f0f0")
    with home_with() as home, Ledger.open(":memory:") as ledger:
        write_bytes(home, "-w-alpha/original.jsonl", opening_line(0, 0) + b"\n" + line + b"\n")
        sync(ledger, home)
        (before,) = records_in(ledger)
        write_bytes(home, "-w-alpha/fork.jsonl", opening_line(0, 0) + b"\n" + copy + b"\n")
        sync(ledger, home)
        assert records_in(ledger) == [before]


def test_costs_are_those_of_the_book() -> None:
    ledger = whole(world_of([Reply(1, counts=(1000, 500, 300, 200, 100))]))
    (row,) = records_in(ledger)
    assert row["list_cost"] == BOOK.cost_nano_usd(batch_of(ledger).records[0])
