"""The write-ahead log: what is in it, how far it is read, and what it does with damaged bytes and full disks."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import threading
from concurrent.futures import Future, wait
from pathlib import Path

import pytest

from tests.log_stage import NOW, SMALL, bodies, entry, writer, written
from tokentide.locks import HeldError
from tokentide.server.log import entry as entry_module
from tokentide.server.log.board import Board, words_of
from tokentide.server.log.entry import CannotLogError, NewEntry, Position
from tokentide.server.log.errors import LogError, LogFullError
from tokentide.server.log.limits import LogLimits
from tokentide.server.log.reader import LogReader
from tokentide.server.log.recovery import recover
from tokentide.server.log.refused import drop_refused, refusals_in, refused_entries
from tokentide.server.log.segments import BEGIN, checkpoint_path, committed_path, path_of, segments_in
from tokentide.server.log.writer import LogWriter


def segment_paths(folder: Path) -> list[Path]:
    return [Path(path_of(str(folder), number)) for number in segments_in(str(folder))]


def test_an_entry_comes_out_as_it_went_in(tmp_path: Path) -> None:
    log = writer(tmp_path)
    position = log.append(NewEntry(5, "täm", "", "push", "application/json", "gzip", b"\0\xff" * 9)).result(10)
    (found,) = LogReader(str(tmp_path)).entries()
    log.close()
    assert (found.position, found.received_at, found.tenant, found.team) == (position, 5, "täm", "")
    assert (found.kind, found.content_type, found.encoding) == ("push", "application/json", "gzip")
    assert found.body == b"\0\xff" * 9


def test_entries_come_in_order_over_segments_and_go_when_they_are_released(tmp_path: Path) -> None:
    sent = [b"%d" % number * 300 for number in range(40)]
    log = writer(tmp_path)
    for body in sent:
        log.append(entry(body)).result(10)
    assert len(segments_in(str(tmp_path))) > 3
    reader = LogReader(str(tmp_path))
    assert bodies(reader) == sent
    some = reader.entries(most_entries=25)
    reader.release(some[-1].position)
    assert bodies(reader) == sent[25:] == bodies(tmp_path)
    rest = reader.entries()
    reader.release(rest[-1].position)
    assert (bodies(reader), reader.waiting_bytes()) == ([], 0)
    assert len(segments_in(str(tmp_path))) == 1
    log.append(entry(b"later")).result(10)
    assert bodies(reader) == [b"later"]
    log.close()


def test_as_many_bytes_are_read_as_are_asked_for_and_one_entry_at_least(tmp_path: Path) -> None:
    written(tmp_path, *[b"x" * 1000] * 10, b"y" * 300_000, b"z")
    reader = LogReader(str(tmp_path))
    few = reader.entries(most_bytes=2500)
    assert len(few) == 3
    following = reader.entries(1, after=few[-1].position)
    assert [each.body for each in following] == [b"x" * 1000]
    reader.release(reader.entries(most_entries=10)[-1].position)
    assert [len(each.body) for each in reader.entries(1)] == [300_000]
    assert [len(each.body) for each in reader.entries(300_001 + 200)] == [300_000, 1]


def test_waiting_bytes_are_those_of_entries_that_are_not_released(tmp_path: Path) -> None:
    written(tmp_path, *[b"x" * 1000] * 10)
    reader = LogReader(str(tmp_path))
    whole = reader.waiting_bytes()
    assert 10_000 < whole < 12_000
    reader.release(reader.entries(most_entries=5)[-1].position)
    assert reader.waiting_bytes() == whole // 2


def test_the_folder_is_its_owners_alone(tmp_path: Path) -> None:
    folder = tmp_path / "team" / "log"
    written(folder, b"x")
    reader = LogReader(str(folder))
    reader.set_aside(reader.entries()[0], "no decoder knows it", now=NOW)
    reader.release(reader.entries()[0].position)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len(files) >= 6
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_a_second_receiver_is_told_who_has_the_log(tmp_path: Path) -> None:
    log = writer(tmp_path)
    with pytest.raises(HeldError, match=f"process {os.getpid()} writes to it; a log has one receiver"):
        writer(tmp_path)
    with pytest.raises(HeldError):
        recover(str(tmp_path), NOW)
    log.close()
    writer(tmp_path).close()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(LogError, match=r"log .*/file/log: Not a directory"):
        writer(tmp_path / "file" / "log")


def test_many_threads_lose_nothing(tmp_path: Path) -> None:
    log = writer(tmp_path, LogLimits(segment_bytes=100_000, least_free_bytes=0))
    futures: list[Future[Position]] = []

    def work(name: int) -> None:
        futures.extend(log.append(entry(b"%d-%d" % (name, number))) for number in range(300))

    threads = [threading.Thread(target=work, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wait(futures, 30)
    found = {each.body: each.position for each in LogReader(str(tmp_path)).entries()}
    groups = len(log.groups)
    log.close()
    assert set(found) == {b"%d-%d" % (name, number) for name in range(8) for number in range(300)}
    assert set(found.values()) == {future.result() for future in futures}
    assert groups < 2400


def test_after_closing_nothing_is_taken(tmp_path: Path) -> None:
    log = writer(tmp_path)
    kept = log.append(entry(b"x"))
    log.close()
    assert kept.done()
    with pytest.raises(LogFullError, match="it is being closed"):
        log.append(entry(b"y"))


def test_what_no_entry_can_hold_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = writer(tmp_path)
    with pytest.raises(CannotLogError):
        log.append(NewEntry(NOW, "t" * 70_000, "", "logs", "", "", b""))
    with pytest.raises(CannotLogError):
        log.append(NewEntry(NOW, "t", "", "profiles", "", "", b""))
    monkeypatch.setattr(entry_module, "MOST_BODY_BYTES", 10)
    with pytest.raises(CannotLogError):
        log.append(entry(b"x" * 11))
    log.close()
    assert bodies(tmp_path) == []


def test_bytes_behind_the_committed_ones_are_not_read(tmp_path: Path) -> None:
    log = writer(tmp_path)
    log.append(entry(b"one")).result(10)
    path = segment_paths(tmp_path)[-1]
    whole = path.read_bytes()
    with path.open("ab") as file:
        file.write(whole[BEGIN:])
    assert bodies(tmp_path) == [b"one"]
    log.close()


def test_a_log_without_a_writer_is_read_to_its_end_once_it_is_recovered(tmp_path: Path) -> None:
    written(tmp_path, b"one", b"two")
    Path(committed_path(str(tmp_path))).unlink()
    assert bodies(tmp_path) == []
    recover(str(tmp_path), NOW)
    assert bodies(tmp_path) == [b"one", b"two"]


@pytest.mark.parametrize("damage", [b"", b"garbage", b"00000000 1 2", b"\0" * 1024])
def test_a_damaged_checkpoint_means_reading_again(tmp_path: Path, damage: bytes) -> None:
    written(tmp_path, b"one", b"two")
    reader = LogReader(str(tmp_path))
    reader.release(reader.entries(most_entries=1)[0].position)
    assert bodies(tmp_path) == [b"two"]
    Path(checkpoint_path(str(tmp_path))).write_bytes(damage)
    assert bodies(tmp_path) == [b"one", b"two"]


def test_a_checkpoint_that_was_half_written_leaves_the_one_before(tmp_path: Path) -> None:
    written(tmp_path, b"one", b"two", b"three")
    reader = LogReader(str(tmp_path))
    first, second, _ = reader.entries()
    reader.release(first.position)
    before = Path(checkpoint_path(str(tmp_path))).read_bytes()
    reader.release(second.position)
    after = Path(checkpoint_path(str(tmp_path))).read_bytes()
    places = [place for place in range(len(after)) if before[place] != after[place]]
    for cut in range(places[0], places[-1] + 1):
        Path(checkpoint_path(str(tmp_path))).write_bytes(after[:cut] + before[cut:])
        assert bodies(tmp_path) == [b"two", b"three"]
    Path(checkpoint_path(str(tmp_path))).write_bytes(after)
    assert bodies(tmp_path) == [b"three"]


def test_changed_bytes_cost_no_other_entry(tmp_path: Path) -> None:
    sent = [b"%d" % number * 400 for number in range(9)]
    written(tmp_path, *sent, limits=LogLimits(least_free_bytes=0))
    (path,) = segment_paths(tmp_path)
    size = path.stat().st_size
    for place in range(BEGIN, size, 7):
        data = bytearray(path.read_bytes())
        data[place] ^= 0x10
        path.write_bytes(data)
        reader = LogReader(str(tmp_path))
        found = bodies(reader)
        assert len(found) == 8
        assert [body for body in sent if body in found] == found
        (damage,) = reader.damages
        assert damage.begin <= place < damage.end
        data[place] ^= 0x10
        path.write_bytes(data)


def test_a_damaged_head_of_a_segment_costs_no_entry(tmp_path: Path) -> None:
    written(tmp_path, b"one", b"two")
    (path,) = segment_paths(tmp_path)
    path.write_bytes(bytes(BEGIN) + path.read_bytes()[BEGIN:])
    assert bodies(tmp_path) == [b"one", b"two"]
    written(tmp_path, b"three")
    assert bodies(tmp_path) == [b"one", b"two", b"three"]


def test_a_damaged_end_is_not_waited_for(tmp_path: Path) -> None:
    log = writer(tmp_path, LogLimits(segment_seconds=0, least_free_bytes=0))
    log.append(entry(b"one")).result(10)
    log.append(entry(b"two" * 50)).result(10)
    second = segment_paths(tmp_path)[1]
    second.write_bytes(second.read_bytes()[:-10] + b"0123456789")
    reader = LogReader(str(tmp_path))
    reader.release(reader.entries()[-1].position)
    assert bodies(reader) == []
    assert (len(reader.damages), reader.waiting_bytes()) == (1, 0)
    log.append(entry(b"three")).result(10)
    log.close()
    assert bodies(reader) == [b"three"]


def test_a_body_cannot_pose_as_an_entry_of_another_tenant(tmp_path: Path) -> None:
    other = tmp_path / "other"
    written(other, b"forged")
    forged = segment_paths(other)[0].read_bytes()[BEGIN:]
    written(tmp_path, forged * 3, b"true", limits=LogLimits(least_free_bytes=0))
    path = segment_paths(tmp_path)[0]
    data = bytearray(path.read_bytes())
    data[BEGIN + 12] ^= 1
    path.write_bytes(data)
    assert bodies(tmp_path) == [b"true"]


def test_an_old_segment_goes_although_nothing_more_comes(tmp_path: Path) -> None:
    log = writer(tmp_path, LogLimits(segment_seconds=0.01, least_free_bytes=0))
    log.append(entry(b"text of somebody")).result(10)
    reader = LogReader(str(tmp_path))
    reader.release(reader.entries()[-1].position)
    (first,) = segment_paths(tmp_path)[:1]
    for _ in range(100):
        assert reader.entries() == []
        if not first.exists():
            break
        threading.Event().wait(0.05)
    log.close()
    assert not first.exists()


def fill(log: LogWriter, name: bytes = b"", kept: list[bytes] | None = None) -> None:
    """Append until it is refused, and note what was taken."""
    for number in range(10_000):
        body = b"%s-%d " % (name, number) + b"x" * 5000
        log.append(entry(body)).result(10)
        if kept is not None:
            kept.append(body)


def test_too_much_that_waits_is_refused_until_it_is_taken(tmp_path: Path) -> None:
    log = writer(tmp_path, LogLimits(most_waiting_bytes=20_000, least_free_bytes=0))
    with pytest.raises(LogFullError, match="wait to be taken in") as refused:
        fill(log)
    assert refused.value.retry_after == 5
    reader = LogReader(str(tmp_path))
    reader.release(reader.entries(1 << 40, 1 << 40)[-1].position)
    for _ in range(100):
        if not log.fault:
            break
        threading.Event().wait(0.05)
    log.append(entry(b"y")).result(10)
    log.close()
    assert bodies(reader) == [b"y"]


def test_room_that_others_need_is_left_to_them(tmp_path: Path) -> None:
    log = writer(tmp_path, LogLimits(least_free_bytes=1 << 60))
    assert "are kept free" in log.fault
    with pytest.raises(LogFullError, match="MiB are free on the disk"):
        log.append(entry(b"x"))
    log.close()


FULL = """
import resource, sys
from pathlib import Path
sys.path.insert(0, {root!r})
from tests.log_stage import entry, writer, bodies
from tokentide.server.log.errors import LogFullError
from tokentide.server.log.limits import LogLimits
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
folder = Path({folder!r})
log = writer(folder, LogLimits(least_free_bytes=0))
kept, refused = 0, 0
for number in range(100):
    try:
        log.append(entry(b"%d " % number + b"x" * 1500)).result(10)
        kept += 1
    except LogFullError as error:
        refused += 1
        reason = str(error)
log.close()
print(kept, refused, reason)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="the system has no limit of a file's size")
def test_a_file_that_may_not_grow_costs_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    code = FULL.format(root=str(Path(__file__).parent.parent), folder=str(tmp_path))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    kept, refused, reason = done.stdout.split(" ", 2)
    assert (int(kept), int(refused)) == (31, 69)
    assert "File too large" in reason
    assert [body.split()[0] for body in bodies(tmp_path)] == [b"%d" % number for number in range(31)]
    written(tmp_path, b"after")
    assert bodies(tmp_path)[-1] == b"after"
    assert len(bodies(tmp_path)) == 32


@pytest.fixture
def small_disk(tmp_path: Path) -> Path:
    """A disk of 4 MB, which only root may make."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)]
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("only root mounts a small disk, and on Linux")
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("this machine mounts no tmpfs")
    return folder


def test_a_full_disk_refuses_and_takes_again_when_there_is_room(small_disk: Path) -> None:
    try:
        log = writer(small_disk / "log", LogLimits(least_free_bytes=0, segment_bytes=1 << 20))
        reader = LogReader(str(small_disk / "log"))
        kept: list[bytes] = []
        taken: list[bytes] = []
        for turn in range(3):
            with pytest.raises(LogFullError, match="No space left on device"):
                fill(log, b"%d" % turn, kept)
            while found := reader.entries():
                taken += [each.body for each in found]
                # The checkpoint needs room itself: on a disk that is full to the last byte, it has to be made.
                for path in segment_paths(small_disk / "log")[:1]:
                    os.truncate(path, path.stat().st_size) if turn else None
                reader.release(found[-1].position)
            for _ in range(100):
                if not log.fault:
                    break
                threading.Event().wait(0.05)
        log.close()
        assert taken == kept
        assert len(kept) > 1500
    finally:
        subprocess.run(["umount", "-l", str(small_disk)], check=True)


def test_what_the_disk_did_not_sync_is_refused_and_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A failed sync may have thrown the bytes away, and would call the next one a success: the segment is left."""
    name = "fdatasync" if hasattr(os, "fdatasync") else "fsync"
    true_sync, failing = getattr(os, name), threading.Event()

    def sync(descriptor: int) -> None:
        if failing.is_set():
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        true_sync(descriptor)

    monkeypatch.setattr(os, name, sync)
    log = writer(tmp_path)
    log.append(entry(b"one")).result(10)
    failing.set()
    with pytest.raises(LogFullError, match="Input/output error"):
        log.append(entry(b"two")).result(10)
    assert bodies(tmp_path) == [b"one"]
    failing.clear()
    for _ in range(100):
        if not log.fault:
            break
        threading.Event().wait(0.05)
    log.append(entry(b"three")).result(10)
    log.close()
    assert bodies(tmp_path) == [b"one", b"three"]
    assert len(segments_in(str(tmp_path))) == 2


def test_what_is_set_aside_can_be_listed_read_and_dropped(tmp_path: Path) -> None:
    written(tmp_path, b"good", b"bad" * 100, b"good too")
    reader = LogReader(str(tmp_path))
    bad = reader.entries()[1]
    reader.set_aside(bad, "KeyError in reading", now=NOW)
    reader.release(reader.entries()[-1].position)
    (refusal,) = refusals_in(str(tmp_path))
    assert (refusal.reason, refusal.refused_at, refusal.position) == ("KeyError in reading", NOW, bad.position)
    assert refusal.entry_bytes > 300
    assert list(refused_entries(str(tmp_path))) == [bad]
    drop_refused(refusal)
    assert (refusals_in(str(tmp_path)), list(refused_entries(str(tmp_path)))) == ([], [])


def test_of_what_is_set_aside_the_oldest_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tokentide.server.log.refused.MOST_REFUSED_BYTES", 3000)
    written(tmp_path, *[b"%d" % number * 1000 for number in range(5)])
    reader = LogReader(str(tmp_path))
    for each in reader.entries():
        reader.set_aside(each, "why", now=NOW)
    assert [each.body[:1] for each in refused_entries(str(tmp_path))] == [b"3", b"4"]


def test_of_what_is_set_aside_only_so_many_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tokentide.server.log.refused.MOST_REFUSED", 2)
    written(tmp_path, *[b"%d" % number for number in range(5)])
    reader = LogReader(str(tmp_path))
    for each in reader.entries():
        reader.set_aside(each, "why", now=NOW)
    assert [each.body for each in refused_entries(str(tmp_path))] == [b"3", b"4"]
    assert len(os.listdir(tmp_path / "refused")) == 4


def test_a_board_is_read_whole_or_not_at_all(tmp_path: Path) -> None:
    path = str(tmp_path / "board")
    board = Board(path, 100)
    stop = threading.Event()

    def work() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            board.write(b"%d " % number * 5)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        for _ in range(2000):
            words = words_of(path)
            assert words is None or len(set(words.split())) <= 1
    finally:
        stop.set()
        thread.join()
    with pytest.raises(ValueError, match="101 bytes"):
        board.write(b"x" * 101)
    board.close()
    assert words_of(path)
    assert words_of(str(tmp_path / "nothing")) is None


def test_promises_of_a_group_are_kept_with_one_call(tmp_path: Path) -> None:
    calls: list[int] = []
    opened = threading.Event()

    def deliver(call: object) -> None:
        opened.wait(10)
        calls.append(1)
        assert callable(call)
        call()

    log = LogWriter(str(tmp_path), SMALL, now=NOW, deliver=deliver)
    futures = [log.append(entry(b"%d" % number)) for number in range(100)]
    opened.set()
    wait(futures, 10)
    log.close()
    assert len(calls) <= 3
    assert sorted(each.result() for each in futures) == [each.result() for each in futures]
