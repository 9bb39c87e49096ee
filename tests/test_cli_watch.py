"""`tokentide watch`: the background runner in its own process, and one round in this one."""

from __future__ import annotations

import json
import os
import pty
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timezone
from pathlib import Path

import pytest

import tokentide
from tests.account_stand_in import AccountStandIn
from tests.claude_pushes import NOW, NOW_US, UNSYNCED, log_of, pushed
from tests.claude_pushes import call as push
from tests.conftest import Machine, usage_line
from tests.hardships import remount, small_disk
from tokentide import clock
from tokentide.cli.runner import Runner, Wishes
from tokentide.cli.runner_loop import Flags, _turns
from tokentide.cli.terminal import Terminal
from tokentide.clock import DAY_US, HOUR_US, MINUTE_US
from tokentide.errors import SettingsError, UsageError
from tokentide.following.runner_lock import AnotherRunsError
from tokentide.settings import Settings
from tokentide.store.sqlite.ledger import Ledger
from tokentide.sync.watching import Watcher

SAVER = "import sys; open(sys.argv[1], 'ab').write(sys.stdin.buffer.read().replace(b'\\n', b' ') + b'\\n')"
"""An alert command that keeps what it is told."""


def tell(machine: Machine) -> Path:
    """Send alerts to a file, and nowhere else."""
    saved = machine.root / "alerts.jsonl"
    machine.settings(UNSYNCED)
    command = json.dumps([sys.executable, "-c", SAVER, str(saved)])
    (machine.root / "config" / "alerts.toml").write_text(
        f'[[channel]]\nkind = "desktop"\nenabled = false\n\n[[channel]]\nkind = "command"\ncommand = {command}\n'
    )
    return saved


def told(saved: Path) -> list[str]:
    return saved.read_text().splitlines() if saved.exists() else []


@contextmanager
def running(machine: Machine, *words: str) -> Iterator[subprocess.Popen[str]]:
    """A runner of its own; ended with the test. What it says goes to a file."""
    command = [sys.executable, "-m", "tokentide", "watch", *words]
    with (
        (machine.root / "watch.err").open("ab") as err,
        subprocess.Popen(command, env=machine._environ(), stderr=err, text=True) as process,
    ):
        try:
            yield process
        finally:
            process.kill()


def said(machine: Machine) -> str:
    return (machine.root / "watch.err").read_text()


def wait_for(is_there: Callable[[], object], seconds: float = 30) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + seconds
    while not is_there():
        assert time.monotonic() < deadline, "it never was so"
        time.sleep(0.05)


def is_running(machine: Machine) -> bool:
    """True once a first round has gone through."""
    found = machine.run("watch", "status", "--json")
    state = json.loads(found.stdout)
    return found.returncode == 0 and state["last_look_at"] is not None


def just_now() -> str:
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def test_an_estimate_is_marked_in_the_log(machine: Machine) -> None:
    tell(machine)
    machine.settings(f"{UNSYNCED}custom_limit_tokens = 1000\n")
    machine.write("-p/s.jsonl", usage_line(at="2026-03-12T11:30:00.000Z"))
    assert "5 hours ~15 %" in machine.call("watch", "--once", now=NOW)[2]


def test_one_round_brings_in_what_there_is_and_tells_what_there_is_to_tell(machine: Machine) -> None:
    saved = tell(machine)
    machine.write("-p/s.jsonl", usage_line(at="2026-03-12T11:30:00.000Z"))
    push(machine, pushed(86))
    code, out, err = machine.call("watch", "--once", now=NOW)
    assert (code, out) == (0, "")
    assert "read 1 transcript\n" in err
    assert "5 hours 86 %, Week 34 %" in err
    assert "alert: " in err
    (alert,) = map(json.loads, told(saved))
    assert "86 %" in json.dumps(alert)
    for _ in range(2):
        assert machine.call("watch", "--once", now=NOW)[0] == 0
    assert len(told(saved)) == 1
    with Ledger.open(str(machine.ledger)) as ledger:
        assert ledger.row_counts()["records"] == 1


def test_a_quiet_round_says_nothing(machine: Machine) -> None:
    tell(machine)
    push(machine, pushed(86))
    assert machine.call("watch", "--once", "--quiet", now=NOW) == (0, "", "")


def test_the_account_is_asked_within_the_manners(subscriber: Machine, api: AccountStandIn) -> None:
    tell(subscriber)
    subscriber.call("watch", "--once", "--offline", now=NOW)
    assert api.asked == []
    err = subscriber.call("watch", "--once", now=NOW)[2]
    assert "ada@example.com: 5 hours 62 %, Week 31 %, Week, Opus 84 %" in err
    subscriber.call("watch", "--once", now="2026-03-12T12:04:00Z")
    assert api.count("usage") == 1
    subscriber.call("watch", "--once", now="2026-03-12T12:06:00Z")
    assert api.count("usage") == 2


def test_an_account_that_does_not_answer_is_no_fault_of_the_round(subscriber: Machine, api: AccountStandIn) -> None:
    tell(subscriber)
    api.script.status = 500
    assert subscriber.call("watch", "--once", now=NOW)[0] == 0
    subscriber.environ["TOKENTIDE_API_URL"] = "http://127.0.0.1:9"
    assert subscriber.call("watch", "--once", now="2026-03-12T18:00:00Z")[0] == 0


def test_a_damaged_ledger_is_set_aside_and_the_round_goes_on(machine: Machine) -> None:
    tell(machine)
    machine.write("-p/s.jsonl", usage_line(at="2026-03-12T11:30:00.000Z"))
    machine.ledger.parent.mkdir()
    machine.ledger.write_bytes(b"no database at all" * 1000)
    code, _, err = machine.call("watch", "--once", now=NOW)
    assert (code, "the damaged ledger is now" in err) == (0, True)
    with Ledger.open(str(machine.ledger)) as ledger:
        assert ledger.row_counts()["records"] == 1


@pytest.mark.parametrize(
    "words",
    [
        ("--json",),
        ("install", "--once"),
        ("--print",),
        ("install", "--kind", "launchd"),
        ("status", "--offline"),
        ("uninstall", "--quiet"),
    ],
)
def test_what_does_not_go_together_is_refused(machine: Machine, words: tuple[str, ...]) -> None:
    with pytest.raises(UsageError):
        machine.call("watch", *words)


def test_wrong_settings_end_it_at_once(machine: Machine) -> None:
    machine.settings("nonsense = 1")
    with pytest.raises(SettingsError):
        machine.call("watch", "--once")


def test_new_lines_reach_the_ledger_and_alerts_go_out(machine: Machine) -> None:
    saved = tell(machine)
    transcript = machine.write("-p/s.jsonl", usage_line(at=just_now()))
    with running(machine) as process:
        wait_for(lambda: is_running(machine))
        with transcript.open("a") as file:
            file.write(json.dumps(usage_line("m2", "r2", at=just_now())) + "\n")
        push(machine, at_now(91), now=just_now())
        wait_for(lambda: len(told(saved)) == 1, seconds=60)
        with Ledger.open(str(machine.ledger)) as ledger:
            assert ledger.row_counts()["records"] == 2
        process.terminate()
        assert process.wait(timeout=20) == 0
    assert said(machine).rstrip().endswith("ended")
    assert machine.run("watch", "status").returncode == 1
    with running(machine):
        wait_for(lambda: is_running(machine))
    assert len(told(saved)) == 1


def at_now(percent: float) -> str:
    """A push of this moment."""
    seconds = int(time.time())
    windows = {"five_hour": {"used_percentage": percent, "resets_at": seconds + 6_000}}
    return pushed(percent, rate_limits=windows)


def test_one_runner_a_ledger_and_a_dead_one_blocks_nobody(machine: Machine) -> None:
    tell(machine)
    with running(machine) as first:
        wait_for(lambda: is_running(machine))
        second = machine.run("watch")
        assert second.returncode == 1
        assert f"runs already (process {first.pid})" in second.stderr
        with pytest.raises(AnotherRunsError):
            machine.call("watch", "--once")
        status = machine.run("watch", "status").stdout
        assert status.startswith(f"running, process {first.pid}, since ")
        os.kill(first.pid, signal.SIGKILL)
        first.wait(timeout=20)
    assert (machine.ledger.parent / "watch.lock").read_text().startswith(str(first.pid))
    assert machine.run("watch", "status").returncode == 1
    with running(machine) as third:
        wait_for(lambda: is_running(machine))
        third.send_signal(signal.SIGINT)
        assert third.wait(timeout=20) == 0


def test_changed_settings_are_read_anew_by_themselves_and_on_sighup(machine: Machine) -> None:
    tell(machine)
    extra = machine.root / "more"
    machine.write("-q/t.jsonl", usage_line("m9", "r9", at=just_now()), root=extra)
    with running(machine) as process:
        wait_for(lambda: is_running(machine))
        machine.settings("nonsense = 1")
        process.send_signal(signal.SIGHUP)
        wait_for(lambda: "what held before goes on" in said(machine))
        machine.settings(f"{UNSYNCED}claude_dirs = [{json.dumps(str(extra))}]\n")
        machine.write("-p/s.jsonl", usage_line(at=just_now()))
        wait_for(lambda: "were read anew" in said(machine))
        wait_for(lambda: "read 2 transcripts" in said(machine))
        assert said(machine).count("what held before goes on") == 1
        assert process.poll() is None


@pytest.mark.parametrize("words", [(), ("--quiet",)])
def test_it_ends_with_the_terminal_that_it_was_started_in(machine: Machine, words: tuple[str, ...]) -> None:
    tell(machine)
    main, follower = pty.openpty()
    command = [sys.executable, "-m", "tokentide", "watch", *words]
    with subprocess.Popen(command, env=machine._environ(), stdin=follower, stderr=follower) as process:
        try:
            wait_for(lambda: is_running(machine))
            process.send_signal(signal.SIGHUP)
            time.sleep(1.5)
            assert process.poll() is None
            os.close(main)
            process.send_signal(signal.SIGHUP)  # what the system does to who has this terminal alone
            process.wait(timeout=20)
            assert machine.run("watch", "status").returncode == 1
        finally:
            process.kill()
            os.close(follower)


def test_an_update_of_the_program_begins_it_anew(machine: Machine) -> None:
    tell(machine)
    copy = machine.root / "packages"
    shutil.copytree(Path(tokentide.__file__).parent, copy / "tokentide", ignore=shutil.ignore_patterns("__pycache__"))
    machine.environ["PYTHONPATH"] = str(copy)
    with running(machine) as process:
        wait_for(lambda: is_running(machine))
        root = copy / "tokentide" / "__init__.py"
        root.write_text(root.read_text() + "\n")
        for looks in (1, 2):
            process.send_signal(signal.SIGHUP)
            wait_for(lambda: said(machine).count("were read anew") == looks)  # noqa: B023
        wait_for(lambda: said(machine).count(f"watching, process {process.pid}") == 2)
        assert "tokentide was updated: begun anew" in said(machine)
        wait_for(lambda: is_running(machine))
        process.terminate()
        assert process.wait(timeout=20) == 0


def test_what_a_person_changes_meanwhile_is_not_undone(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    tell(machine)
    machine.write("-p/s.jsonl", usage_line(at="2026-03-12T11:30:00.000Z"))
    runner, heard = runner_of(machine, monkeypatch)
    flags = Flags()
    with Watcher(Settings(), os.environ) as watcher:
        assert runner.round(next(_turns(runner, watcher, flags)))
        versions = [price_version(machine)]
        own = '[prices."claude-sonnet-4-20250514"]\ninput_usd_per_mtok = 1\noutput_usd_per_mtok = 2\n'
        machine.settings(UNSYNCED + own)
        assert machine.run("sync").returncode == 0
        versions.append(price_version(machine))
        assert list(_turns(runner, watcher, flags)) == []
        assert flags.reloads
        runner.reload()
        assert runner.round(NOW_US + MINUTE_US)
    versions.append(price_version(machine))
    assert versions[0] != versions[1] == versions[2]
    assert "anew" not in heard()


def price_version(machine: Machine) -> str:
    with Ledger.open(str(machine.ledger)) as ledger:
        return ledger.price_version()


def test_it_outlives_what_happens_to_its_files(machine: Machine) -> None:
    tell(machine)
    machine.write("-p/s.jsonl", usage_line(at=just_now()))
    with running(machine) as process:
        wait_for(lambda: is_running(machine))
        shutil.rmtree(machine.claude / "projects")
        machine.ledger.write_bytes(b"no database at all" * 1000)
        for companion in ("-wal", "-shm"):
            Path(f"{machine.ledger}{companion}").unlink(missing_ok=True)
        time.sleep(1.2)
        machine.write("-p/u.jsonl", usage_line("m5", "r5", at=just_now()))
        wait_for(lambda: "the damaged ledger is now" in said(machine), seconds=60)
        wait_for(lambda: is_running(machine))
        assert process.poll() is None
    with Ledger.open(str(machine.ledger)) as ledger:
        assert ledger.row_counts()["records"] == 1


def runner_of(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> tuple[Runner, Callable[[], str]]:
    """A runner in this process, and what it has said."""
    import io

    for name, value in machine._environ().items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("CLAUDE_CONFIG_DIR", raising=False)
    err = io.StringIO()
    return Runner(Terminal(os.environ, NOW_US, io.StringIO(), err), Wishes(has_times=False)), err.getvalue


def test_a_fault_is_told_once_and_the_pause_grows(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    tell(machine)
    runner, heard = runner_of(machine, monkeypatch)
    assert runner.round(NOW_US)
    with Ledger.open(str(machine.ledger)) as ledger:
        ledger._connection.execute("PRAGMA user_version = 99")
    pauses = []
    for minute in range(1, 10):
        assert not runner.round(NOW_US + minute * MINUTE_US)
        pauses.append(runner.pause_seconds())
    assert pauses == [5, 10, 20, 40, 80, 160, 300, 300, 300]
    assert heard().count("has format 99") == 1
    assert log_of(machine).count("LedgerTooNewError") == 1
    assert not runner.round(NOW_US + 2 * HOUR_US)
    assert heard().count("has format 99") == 2
    machine.ledger.unlink()
    assert runner.round(NOW_US + 3 * HOUR_US)
    assert heard().endswith("works again\n")
    assert (runner.state.faults, runner.state.fault) == (0, "")


def test_a_disk_that_takes_nothing_tells_an_alert_once_and_not_each_minute(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = tell(machine)
    machine.ledger.parent.mkdir()
    with small_disk(machine.ledger.parent, "8m"):
        push(machine, pushed(86))
        runner, heard = runner_of(machine, monkeypatch)
        remount(machine.ledger.parent, "ro")
        for minute in range(4):
            assert runner.round(NOW_US + minute * 6 * MINUTE_US)
        assert len(told(saved)) == 1
        assert heard().count("cannot be written") == 1
        remount(machine.ledger.parent, "rw")
        assert runner.round(NOW_US + 30 * MINUTE_US)
        assert len(told(saved)) <= 2


def test_a_deleted_data_folder_lets_no_second_runner_begin(machine: Machine) -> None:
    tell(machine)
    with running(machine) as process:
        wait_for(lambda: is_running(machine))
        shutil.rmtree(machine.ledger.parent)
        machine.write("-p/s.jsonl", usage_line(at=just_now()))
        wait_for(lambda: is_running(machine))
        assert f"process {process.pid}," in machine.run("watch", "status").stdout
        assert f"process {process.pid})" in machine.run("watch", "--once").stderr
        assert process.poll() is None


def test_it_begins_on_a_full_disk_too(machine: Machine) -> None:
    tell(machine)
    with small_disk(machine.ledger.parent, "2m"):
        push(machine, pushed(42))
        with (machine.ledger.parent / "filler").open("wb", buffering=0) as filler, suppress(OSError):
            while filler.write(bytes(1024)):
                pass
        with running(machine) as process:
            wait_for(lambda: machine.run("watch", "status").returncode == 0)
            assert machine.run("watch", "status").stdout.splitlines()[0] == "running"
            assert json.loads(machine.run("watch", "status", "--json").stdout)["pid"] is None
            process.terminate()
            assert process.wait(timeout=20) == 0
        assert "watching" in said(machine)
        assert "Traceback" not in said(machine)


def test_a_clock_that_is_set_back_and_forth_harms_nothing(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    saved = tell(machine)
    push(machine, pushed(86))
    runner, _ = runner_of(machine, monkeypatch)
    for step in (0, -DAY_US, 2 * MINUTE_US, -400 * DAY_US, 30 * MINUTE_US, 5 * DAY_US, HOUR_US):
        assert runner.round(NOW_US + step)
    assert sum("86 %" in line for line in told(saved)) == 1


def test_waking_from_sleep_is_a_reason_to_look_at_once(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    tell(machine)
    runner, heard = runner_of(machine, monkeypatch)
    slept = [0]
    real = clock.now_us
    monkeypatch.setattr(clock, "now_us", lambda: real() + slept[0])
    with Watcher(Settings(), os.environ) as watcher:
        turns = _turns(runner, watcher, Flags())
        first = next(turns)
        runner.round(first)
        slept[0] = 3 * HOUR_US
        begin = time.monotonic()
        second = next(turns)
    assert second - first >= 3 * HOUR_US
    assert time.monotonic() - begin < 10
    assert "the clock went 3 h 00 min further" in heard()


STAND_IN = """#!/bin/sh
echo "$(basename "$0") $*" >> {log}
exit {code}
"""


def system_of(machine: Machine, code: int = 0) -> Callable[[], list[str]]:
    """A system whose service manager notes what it is told; PATH holds nothing else."""
    folder, log = machine.root / "bin", machine.root / "system.log"
    folder.mkdir(exist_ok=True)
    program = folder / "systemctl"
    program.write_text(STAND_IN.format(log=shlex.quote(str(log)), code=code))
    program.chmod(0o755)
    machine.environ["PATH"] = f"{folder}:/usr/bin:/bin"
    return lambda: log.read_text().splitlines() if log.exists() else []


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="systemd is Linux's")
def test_install_writes_the_unit_starts_it_and_uninstall_takes_it_away(machine: Machine) -> None:
    calls = system_of(machine)
    unit = machine.home / ".config" / "systemd" / "user" / "tokentide.service"
    done = machine.run("watch", "install")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"{unit}: written" in done.stdout
    assert "`tokentide watch uninstall` undoes it" in done.stdout
    assert calls() == [
        "systemctl --user daemon-reload",
        "systemctl --user enable tokentide.service",
        "systemctl --user restart tokentide.service",
    ]
    assert unit.read_text() == machine.run("watch", "install", "--print").stdout
    assert f'Environment="TOKENTIDE_DATA_DIR={machine.ledger.parent}"' in unit.read_text()
    before = unit.stat().st_mtime_ns
    assert "written already" in machine.run("watch", "install").stdout
    assert unit.stat().st_mtime_ns == before
    assert machine.run("watch", "uninstall").returncode == 0
    assert not unit.exists()
    assert "systemctl --user disable --now tokentide.service" in calls()
    assert "not installed" in machine.run("watch", "uninstall").stdout


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="systemd is Linux's")
def test_without_a_manager_it_says_what_to_type(machine: Machine) -> None:
    system_of(machine, code=1)
    done = machine.run("watch", "install")
    assert done.returncode == 1
    assert "to start it, type:\n  systemctl --user daemon-reload\n" in done.stderr
    (machine.root / "bin" / "systemctl").unlink()
    machine.environ["PATH"] = str(machine.root / "bin")
    assert "systemctl is not there" in machine.run("watch", "install").stderr
    assert machine.run("watch", "uninstall").returncode == 0


def test_what_is_printed_changes_nothing_and_tells_no_secret(machine: Machine) -> None:
    environ = {
        "ANTHROPIC_API_KEY": "sk-ant-secret",
        "CLAUDE_CODE_OAUTH_TOKEN": "sk-ant-oat-secret",
        "CLAUDE_CONFIG_DIR": "~/c d,rel",
    }
    for kind in ("systemd", "launchd", "task-scheduler"):
        done = machine.run("watch", "install", "--print", "--kind", kind, environ=environ)
        assert done.returncode == 0
        assert "secret" not in done.stdout
        assert f"{machine.home}/c d,{os.getcwd()}/rel" in done.stdout
    assert not machine.home.joinpath(".config").exists()


def test_variables_given_as_options_hold(machine: Machine) -> None:
    tell(machine)
    other = machine.root / "other"
    done = machine.run("watch", "--once", f"--env=TOKENTIDE_DATA_DIR={other}")
    assert done.returncode == 0
    assert (other / "ledger.sqlite3").exists()
    assert not machine.ledger.exists()
    refused = machine.run("watch", "--once", "--env=LD_PRELOAD=x")
    assert (refused.returncode, "sets none of" in refused.stderr) == (2, True)
