"""`tokentide serve` as its user runs it: what it says, whom it lets in, how it ends, what it survives."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.conftest import Machine, usage_line
from tests.hardships import finished, ordinary_rights, start
from tokentide.cli.serve import _Faults
from tokentide.cli.serve_access import VARIABLE
from tokentide.cli.terminal import Terminal

TOKEN = "a-token-that-is-long-enough"


@dataclass
class Served:
    """A server as a process."""

    process: subprocess.Popen[bytes]
    said: list[str]
    """What it wrote to standard error up to its address."""
    host: str
    port: int

    def ask(self, target: str, **headers: str) -> tuple[int, str]:
        """Status and text."""
        connection = HTTPConnection(self.host, self.port, timeout=20)
        try:
            connection.request("GET", target, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def until(self, target: str, sign: str, seconds: float = 30) -> str:
        """Ask until the answer holds that."""
        deadline, text = time.monotonic() + seconds, ""
        while time.monotonic() < deadline:
            with suppress(OSError):
                text = self.ask(target)[1]
                if sign in text:
                    return text
            time.sleep(0.1)
        raise AssertionError(f"{sign!r} was not in {text[-2000:]!r}")

    def end(self, number: int = signal.SIGTERM) -> tuple[int, float, str]:
        """Exit code, seconds that it took, and what else it said."""
        begun = time.monotonic()
        self.process.send_signal(number)
        done = finished(self.process, 20)
        return done.code, time.monotonic() - begun, done.err.decode()


@contextmanager
def served(machine: Machine, *words: str, prefix: tuple[str, ...] = (), **environ: str) -> Iterator[Served]:
    """`tokentide serve` on a free port, ended with the block."""
    quiet = 'timezone = "UTC"\naccount_poll = false\n'
    if not (machine.root / "config" / "settings.toml").exists():
        machine.settings(quiet)
    (machine.root / "config" / "alerts.toml").write_text('[[channel]]\nkind = "desktop"\nenabled = false\n')
    command = words if words[:1] == ("demo",) else ("serve", *words)
    process = start(machine, *command, "--port", "0", environ=environ, prefix=prefix)
    try:
        yield _ready(process)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


def _ready(process: subprocess.Popen[bytes]) -> Served:
    said = []
    assert process.stderr is not None
    while line := process.stderr.readline().decode():
        said.append(line.strip())
        found = re.search(r"https?://(\[?[^]/]+?\]?):(\d+)/", line)
        if found:
            host = "127.0.0.1" if found[1][0].isalpha() else found[1].strip("[]")
            return Served(process, said, host, int(found[2]))
    raise AssertionError(f"it did not start: {said}")


# What it refuses.


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--host", "0.0.0.0"), "tokentide serve --host 0.0.0.0 --plain-http"),
        (("--host", "::"), "--tls-cert FILE --tls-key FILE"),
        (("--host", "192.0.2.1", "--login"), "others on the network can come"),
        (("--host", "192.0.2.1", "--plain-http"), "this machine has no address 192.0.2.1"),
        (("--host", "box.local"), "--allow-host takes names"),
        (("--host", "0.0.0.0/0"), "no address"),
        (("--allow-host", "http://x"), "no name of a host"),
        (("--allow-host", "x:y"), "no name of a host"),
        (("--allow-host", ""), "no name of a host"),
        (("--port", "65536"), "no port"),
        (("--port", "²"), "no port"),
        (("--tls-cert", "x.pem"), "go together"),
        (("--tls-cert", "/none.pem", "--tls-key", "/none.pem"), "No such file"),
        (("--token-file", "/none"), "No such file"),
    ],
)
def test_what_makes_no_sense_is_refused(machine: Machine, words: tuple[str, ...], told: str) -> None:
    done = machine.run("serve", *words)
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("content", "mode", "told"),
    [
        (b"short\n", 0o600, "20 characters or more"),
        (b"", 0o600, "20 characters or more"),
        (TOKEN.encode(), 0o644, "chmod 600"),
        (TOKEN.encode(), 0o640, "chmod 600"),
        (b"two words of a long token", 0o600, "without blanks"),
        (b"line one of a token\nline two of it", 0o600, "one line"),
        (b"\xff" * 30, 0o600, "letters, digits"),
        (b"x" * 10_000, 0o600, "too long"),
    ],
)
def test_a_token_that_is_none_is_refused_and_not_told(machine: Machine, content: bytes, mode: int, told: str) -> None:
    path = machine.root / "token"
    path.write_bytes(content)
    path.chmod(mode)
    done = machine.run("serve", "--token-file", str(path))
    assert done.returncode == 2
    assert told in done.stderr
    assert not content or content.decode("latin-1").strip() not in done.stderr


def test_a_short_token_of_the_environment_is_refused(machine: Machine) -> None:
    done = machine.run("serve", environ={VARIABLE: "short"})
    assert done.returncode == 2
    assert f"{VARIABLE}: a token has 20 characters" in done.stderr


def test_wrong_tls_files_are_refused(machine: Machine) -> None:
    path = machine.root / "cert.pem"
    path.write_text("no certificate")
    done = machine.run("serve", "--tls-cert", str(path), "--tls-key", str(path))
    assert done.returncode == 2
    assert "no certificate in PEM with its key" in done.stderr


def test_wrong_settings_are_one_line(machine: Machine) -> None:
    machine.settings("no_such_key = 1\n")
    done = machine.run("serve", "--port", "0")
    assert done.returncode == 1
    assert "no_such_key" in done.stderr
    assert "Traceback" not in done.stderr


# How it runs and ends.


def test_it_says_where_it_is_and_ends_on_ctrl_c(machine: Machine) -> None:
    machine.write("p/s.jsonl", usage_line())
    with served(machine) as server:
        assert server.said == [f"tokentide: http://127.0.0.1:{server.port}/  (Ctrl+C ends it)"]
        server.until("/api/v1/status", '"is_ready": true')
        assert json.loads(server.ask("/api/v1/daily")[1])["totals"]["responses"] == 1
        with socket.create_connection((server.host, server.port), 10) as stream:
            stream.sendall(f"GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n\r\n".encode())
            assert b"200 OK" in stream.recv(4096)
            second = machine.run("serve", "--port", str(server.port))
            assert second.returncode == 2
            assert f"port {server.port} is taken: another `tokentide serve` may run there" in second.stderr
            code, seconds, said = server.end(signal.SIGINT)
        assert code == 0
        assert seconds < 5
        assert said == ""
        with socket.socket() as again:
            again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            again.bind(("127.0.0.1", server.port))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_the_demo_leaves_nothing_behind(machine: Machine, tmp_path: Path, number: int) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    with served(machine, "demo", "serve", TMPDIR=str(folder)) as server:
        server.until("/api/v1/status", '"is_ready": true')
        assert "Total" in server.ask("/costs")[1]
        assert "Sample data, made up" in server.ask("/costs")[1]
        assert len(list(folder.iterdir())) == 1
        code, _, said = server.end(number)
        assert code == 0
        assert said == ""
        assert list(folder.iterdir()) == []


def test_the_other_loopback(machine: Machine) -> None:
    with served(machine, "--host", "::1") as server:
        assert server.said[0].startswith(f"tokentide: http://[::1]:{server.port}/")
        assert server.ask("/api/v1/status")[0] == 200


def test_a_login_is_asked_for_and_its_token_printed_once(machine: Machine) -> None:
    with served(machine, "--login") as server:
        assert server.process.stderr is not None
        line = server.process.stderr.readline().decode()
        token = line.split()[-1]
        assert len(token) >= 43
        assert server.ask("/api/v1/status")[0] == 401
        assert server.ask("/api/v1/status", Authorization=f"Bearer {token}")[0] == 200
        assert token not in server.end()[2]
    for path in machine.root.rglob("*"):
        assert not path.is_file() or token.encode() not in path.read_bytes()


def test_a_token_of_a_file_or_the_environment_is_not_printed(machine: Machine) -> None:
    path = machine.root / "token"
    path.write_text(f"{TOKEN}\n")
    path.chmod(0o600)
    for words in (("--token-file", str(path)), ()):
        machine.environ = {} if words else {VARIABLE: TOKEN}
        with served(machine, *words) as server:
            assert server.ask("/api/v1/status")[0] == 401
            assert server.ask("/api/v1/status", Authorization=f"Bearer {TOKEN}")[0] == 200
            assert TOKEN not in server.end()[2]


def test_on_all_addresses_there_is_a_login_and_a_warning(machine: Machine) -> None:
    with served(machine, "--host", "0.0.0.0", "--plain-http") as server:
        assert server.process.stderr is not None
        said = [server.process.stderr.readline().decode() for _ in range(2)]
        assert "the token to log in with" in said[0]
        assert "without encryption" in said[1]
        assert server.ask("/api/v1/status", Host=f"10.0.0.1:{server.port}")[0] == 401
        assert server.ask("/api/v1/status", Host=f"evil.example:{server.port}")[0] == 421


def test_another_name_asks_for_a_login(machine: Machine) -> None:
    with served(machine, "--allow-host", "Usage.Example.org") as server:
        for name in ("usage.example.org", f"usage.example.org:{server.port}"):
            assert server.ask("/api/v1/status", Host=name)[0] == 401
        assert server.ask("/api/v1/status", Host="other.example.org")[0] == 421


def test_the_browser_is_opened(machine: Machine) -> None:
    seen, script = machine.root / "seen", machine.root / "browser"
    script.write_text(f'#!/bin/sh\necho "$1" > {seen}\n')
    script.chmod(0o700)
    with served(machine, "--open", BROWSER=f"{script} %s") as server:
        deadline = time.monotonic() + 10
        while not (seen.exists() and seen.read_text()):
            assert time.monotonic() < deadline, "no browser was opened"
            time.sleep(0.05)
        assert seen.read_text() == f"http://127.0.0.1:{server.port}/\n"


def test_without_a_browser_it_says_so_and_none_takes_the_terminal(machine: Machine) -> None:
    programs = machine.root / "programs"
    programs.mkdir()
    for name in ("www-browser", "w3m", "lynx", "links", "elinks"):
        (programs / name).write_text(f"#!/bin/sh\ntouch {machine.root}/taken\n")
        (programs / name).chmod(0o700)
    place = str(programs)
    with served(machine, "--open", PATH=place, TERM="xterm", DISPLAY="", WAYLAND_DISPLAY="", BROWSER="") as server:
        assert server.process.stderr is not None
        assert "no browser was found here" in server.process.stderr.readline().decode()
        assert server.ask("/api/v1/status")[0] == 200
    assert not (machine.root / "taken").exists()


def test_a_fault_of_ours_is_one_line_and_an_entry_without_its_message(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKENTIDE_DATA_DIR", str(machine.root / "data"))
    err = io.StringIO()
    faults = _Faults(Terminal({}, 0, io.StringIO(), err))
    for _ in range(3):
        try:
            int("a secret that was read")
        except ValueError as error:
            faults.note(error)
    said = err.getvalue()
    assert said.count("\n") == 1, "the same is said once a minute"
    assert "ValueError at test_cli_serve.py:" in said
    logged = (machine.root / "data" / "errors.log").read_text()
    assert "ValueError" in logged
    assert "secret" not in said + logged


# What it survives. Each with the real thing.


def test_a_data_folder_that_cannot_be_written_is_copied(machine: Machine, tmp_path: Path) -> None:
    machine.write("p/s.jsonl", usage_line())
    assert machine.json("daily", "--json")["totals"]["responses"] == 1
    (machine.claude / "projects" / "p" / "s.jsonl").unlink()
    machine.write("p/t.jsonl", usage_line("m2", "r2"))
    folder = tmp_path / "temporary"
    folder.mkdir()
    rights = tuple(ordinary_rights())
    machine.ledger.parent.chmod(0o500)
    machine.ledger.chmod(0o400)
    before = machine.ledger.read_bytes()
    try:
        with served(machine, prefix=rights, TMPDIR=str(folder)) as server:
            assert "cannot be written" in server.said[0]
            assert "nothing new is kept" in server.said[0]
            server.until("/api/v1/status", '"is_ready": true')
            assert json.loads(server.ask("/api/v1/daily")[1])["totals"]["responses"] == 2
            (copy,) = folder.iterdir()
            assert stat.S_IMODE(copy.stat().st_mode) == 0o700
            assert server.end()[0] == 0
            assert list(folder.iterdir()) == []
    finally:
        machine.ledger.parent.chmod(0o700)
        machine.ledger.chmod(0o600)
    assert machine.ledger.read_bytes() == before


def test_settings_that_change_and_break_while_it_runs(machine: Machine) -> None:
    machine.write("p/s.jsonl", usage_line(at="2026-03-10T23:30:00.000Z"))
    with served(machine) as server:
        server.until("/api/v1/daily", '"2026-03-10"')
        machine.settings('timezone = "Asia/Tokyo"\naccount_poll = false\n')
        server.until("/api/v1/daily", '"2026-03-11"')
        machine.settings('timezone = "Asia/Tokyo"\nno_such_key = 1\n')
        page = server.until("/", "no_such_key")
        assert "the settings of before are in force" in page
        assert '"2026-03-11"' in server.ask("/api/v1/daily")[1]
        time.sleep(2)
        assert "no_such_key" in server.ask("/")[1], "it is told for as long as it is so"
        machine.settings('timezone = "UTC"\naccount_poll = false\n')
        server.until("/api/v1/daily", '"2026-03-10"')
        server.until("/api/v1/status", '"fault": null')
        assert server.end()[2] == ""


def test_a_ledger_that_is_deleted_while_it_runs_is_read_again(machine: Machine) -> None:
    machine.write("p/s.jsonl", usage_line())
    with served(machine) as server:
        server.until("/api/v1/daily", '"responses": 1')
        for path in machine.ledger.parent.glob("ledger*"):
            path.unlink()
        machine.write("p/t.jsonl", usage_line("m2", "r2"))
        server.until("/api/v1/daily", '"responses": 2')
        assert server.end()[2] == ""


def test_a_ledger_that_is_damaged_while_it_runs_is_made_anew_and_that_is_told(machine: Machine) -> None:
    machine.write("p/s.jsonl", *(usage_line(f"m{index}", f"r{index}") for index in range(3)))
    with served(machine) as server:
        server.until("/api/v1/daily", '"responses": 3')
        garbage = os.urandom(64 << 10)
        for path in machine.ledger.parent.glob("ledger.sqlite3*"):
            with path.open("r+b") as file:
                file.write(garbage)
        machine.write("p/t.jsonl", usage_line("m9", "r9"))
        server.until("/api/v1/status", "the damaged ledger is now", 60)
        server.until("/api/v1/daily", '"responses": 4')
        assert "the damaged ledger is now" in server.ask("/")[1]
        assert list(machine.ledger.parent.glob("ledger.sqlite3.damaged-*"))
        assert "Traceback" not in server.end()[2]


def test_a_full_disk_is_told_and_the_pages_go_on(machine: Machine) -> None:
    """The size of files is bounded for the server: what a full disk does to writes, and to no others."""
    machine.write("p/s.jsonl", usage_line())
    assert machine.json("daily", "--json")["totals"]["responses"] == 1
    size = machine.ledger.stat().st_size // 1024 + 8
    limited = ("bash", "-c", f'trap "" XFSZ; ulimit -f {size}; exec "$@"', "limited")
    with served(machine, prefix=limited) as server:
        server.until("/api/v1/daily", '"responses": 1')
        machine.write("p/t.jsonl", *(usage_line(f"n{index}", f"n{index}") for index in range(5_000)))
        server.until("/api/v1/status", "cannot be written")
        assert "cannot be written" in server.ask("/")[1]
        assert server.ask("/api/v1/daily")[0] == 200
        assert "Traceback" not in server.end()[2]
