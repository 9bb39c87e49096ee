"""server, its tokens and its move, as a person calls them: what does not go together is said before anything begins."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing
from datetime import datetime
from http.client import HTTPConnection
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.conftest import Machine
from tests.team_server import free_ports
from tokentide.errors import StoreError, StoreUnreachableError, TokentideError, UsageError
from tokentide.locks import FileLock
from tokentide.server.folder import TeamFolder
from tokentide.server.moving.move import DONE, FAILED, MoveFile, MoveState

NOWHERE = "clickhouse://tokentide:hush@127.0.0.1:1/tokentide"
"""Nothing listens there."""
JSON = {"content-type": "application/json"}
PATIENCE_SECONDS = 30


@pytest.fixture
def folder(machine: Machine) -> TeamFolder:
    made = TeamFolder(str(machine.root / "data" / "team"))
    made.prepare()
    return made


def refused(machine: Machine, kind: type[TokentideError], *words: str) -> str:
    """What the person is told."""
    with pytest.raises(kind) as caught:
        machine.call("server", *words)
    return str(caught.value)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--mapping", "nowhere.toml"], "--mapping nowhere.toml: there is no such file"),
        (["--proxy-header", "X-User"], "--proxy-header and --proxy-from go together"),
        (["--host", "0.0.0.0"], "--plain-http` does not, and says so"),
        (["--tls-cert", "a.pem"], "--tls-cert and --tls-key go together"),
        (["--store", "postgres://ada:hush@db/x"], "'postgres' is no store"),
        (["--store", "clickhouse://"], "not the address of a ClickHouse"),
    ],
)
def test_what_does_not_go_together_is_said_at_once(machine: Machine, words: list[str], said: str) -> None:
    err = refused(machine, UsageError, "--port", "0", "--http-port", "0", "--no-grpc", *words)
    assert said in err
    assert "hush" not in err


def test_a_folder_that_is_none_is_named(machine: Machine) -> None:
    path = machine.root / "file"
    path.write_text("")
    for words in (["--port", "0"], ["migrate", NOWHERE]):
        assert f"the server's folder {path} cannot be used" in refused(machine, UsageError, *words, "--data", str(path))


def test_a_taken_port_of_the_pages_is_the_servers(machine: Machine) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        err = refused(machine, UsageError, "--port", str(taken.getsockname()[1]))
    assert "another `tokentide server` may run there" in err


def test_a_move_that_cannot_begin_is_over(machine: Machine, folder: TeamFolder) -> None:
    err = refused(machine, StoreUnreachableError, "migrate", NOWHERE)
    assert "127.0.0.1:1" in err
    assert "hush" not in err
    state = MoveFile(folder.move).read()
    assert state is not None
    assert state.stage == FAILED
    code, _, err = machine.call("server", "migrate", "--status")
    assert code == 1
    assert "not moved to clickhouse: " in err


def test_a_move_is_called_off_without_a_server(machine: Machine, folder: TeamFolder) -> None:
    file = MoveFile(folder.move)
    file.write(MoveState(NOWHERE, 0))
    assert machine.call("server", "migrate", "--cancel")[2].endswith("called off: everything stays where it is\n")
    assert "cancelled" in machine.call("server", "migrate", "--status")[2]
    assert not file.take_cancellation()
    assert "no move is under way" in machine.call("server", "migrate", "--cancel")[2]


def test_a_second_move_waits_for_the_end_of_the_first(machine: Machine, folder: TeamFolder) -> None:
    MoveFile(folder.move).write(MoveState(NOWHERE, 0))
    with FileLock(folder.lock, 0):
        err = refused(machine, UsageError, "migrate", "clickhouse://other:8123/tokentide")
    assert "another store is under way" in err


def test_there_is_nothing_to_move_to_the_store_that_the_team_is_in(machine: Machine, folder: TeamFolder) -> None:
    assert "in that store (duckdb) already" in refused(machine, UsageError, "migrate", "duckdb")
    MoveFile(folder.move).write(MoveState(NOWHERE, 0, DONE, "duckdb"))
    assert "in that store (clickhouse) already" in refused(machine, UsageError, "migrate", NOWHERE)


def test_a_damaged_file_of_a_move_is_named(machine: Machine, folder: TeamFolder) -> None:
    Path(folder.move).write_text("garbage")
    for words in (["--port", "0"], ["migrate", "--status"]):
        err = refused(machine, StoreError, *words)
        assert f"{folder.move}, which tells where the team has moved to, is damaged" in err


@pytest.fixture
def command() -> list[str]:
    ports = zip(("--port", "--http-port", "--grpc-port"), map(str, free_ports(3)), strict=True)
    return [sys.executable, "-m", "tokentide", "server", *(word for pair in ports for word in pair)]


def _started(machine: Machine, command: list[str]) -> subprocess.Popen[str]:
    environ = {"PATH": "/usr/bin:/bin", "HOME": str(machine.home), **machine.folders}
    pipe = subprocess.PIPE
    return subprocess.Popen(command, env=environ, stdout=pipe, stderr=pipe, text=True, start_new_session=True)


def _asked_without_token(command: list[str]) -> int:
    port = int(command[command.index("--http-port") + 1])
    with closing(HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)) as connection:
        connection.request("POST", "/v1/logs", b'{"resourceLogs": []}', JSON)
        return connection.getresponse().status


@pytest.mark.parametrize("words", [["--allow-host", "usage.example.org"], []])
def test_behind_a_proxy_nobody_sends_without_a_token(machine: Machine, command: list[str], words: list[str]) -> None:
    with _started(machine, [*command, *words]) as server:
        try:
            assert server.stderr is not None
            assert "Ctrl+C" in server.stderr.readline()
            assert _asked_without_token(command) == (401 if words else 200)
            own = machine.root / "data" / "team"
            assert {path for path in own.rglob("*") if path.stat().st_mode & 0o077} == set()
        finally:
            server.send_signal(signal.SIGTERM)
        said = server.stderr.read()
        assert server.wait(PATIENCE_SECONDS) == 0
        assert ("nobody can send yet" in said) == bool(words)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("telemetry.example.org", "give it as https://"),
        ("ftp://example.org", "give it as https://"),
        ("https://ada:hush@example.org", "give it as https://"),
        ("https://example.org:99999", "give it as https://"),
        ("https://example.org/?a=b", "give it as https://"),
        ("https://example.org/x y", "give it as https://"),
        ("https://example.org/v1/logs", "leave /v1/logs out"),
    ],
)
def test_an_address_that_no_client_can_use_is_not_announced(
    machine: Machine, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    with pytest.raises(SystemExit):
        machine.call("server", "--announce", text)
    assert said in capsys.readouterr().err


def test_the_announced_address_is_what_machines_are_told(machine: Machine, command: list[str]) -> None:
    announced = "https://telemetry.example.org/usage"
    with _started(machine, [*command, "--announce", f"{announced}/"]) as server:
        try:
            assert server.stderr is not None
            pages = server.stderr.readline().split()[1]
            assert f"--sample-settings {announced}`" in server.stderr.readline()
            with urlopen(f"{pages}server", timeout=PATIENCE_SECONDS) as page:
                assert announced in page.read().decode()
            status = json.loads(machine.call("server", "status", "--json")[1])
            assert (status["addresses"]["pages"], status["addresses"]["http"]) == (pages, announced)
            assert f"machines send to {announced}: " in machine.call("server", "token", "create", "--team", "core")[2]
            viewer = ("server", "token", "create", "--kind", "viewer", "--role", "admin")
            assert "machines send" not in machine.call(*viewer)[2]
        finally:
            server.send_signal(signal.SIGTERM)
        server.stderr.read()
        assert server.wait(PATIENCE_SECONDS) == 0
    assert "machines send" not in machine.call("server", "token", "create", "--team", "core")[2]


def test_when_a_token_was_used_last_is_known_after_the_end(machine: Machine, command: list[str]) -> None:
    token = machine.call("server", "token", "create", "--team", "core")[1].strip()
    with _started(machine, command) as server:
        try:
            assert server.stderr is not None
            assert "Ctrl+C" in server.stderr.readline()
            for _ in range(2):
                time.sleep(0.1)
                before = time.time()
                port = int(command[command.index("--http-port") + 1])
                with closing(HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)) as connection:
                    headers = {**JSON, "Authorization": f"Bearer {token}"}
                    connection.request("POST", "/v1/logs", b'{"resourceLogs": []}', headers)
                    assert connection.getresponse().status == 200
        finally:
            server.send_signal(signal.SIGTERM)
        server.stderr.read()
        assert server.wait(PATIENCE_SECONDS) == 0
    (found,) = json.loads(machine.call("server", "token", "list", "--json")[1])["tokens"]
    assert datetime.fromisoformat(found["used_at"]).timestamp() >= before - 0.001, "the last use, not the first"
