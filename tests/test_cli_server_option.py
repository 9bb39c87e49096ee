"""--server: the reports of a person, told by a team server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Machine
from tests.team_ledgers import TOKEN, TeamServer, generated, push, team_server
from tests.team_rows import sighting
from tokentide.store.duckdb.engine import DuckEngine
from tokentide.store.team.query import Scope

NOON = "2026-03-20T12:00:00Z"
REPORTS = ("daily", "weekly", "monthly", "session", "project", "model", "branch", "block")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TeamServer]:
    folder = tmp_path_factory.mktemp("team")
    engine = DuckEngine(str(folder / "store.duckdb"))
    engine.prepare()
    with team_server(engine) as server:
        push(generated(), server, kept=folder / "own.sqlite3")
        yield server
    engine.close()


@pytest.fixture
def desk(machine: Machine, server: TeamServer) -> Machine:
    """A machine that may ask the server; nothing is read on it."""
    machine.environ["TOKENTIDE_SERVER_TOKEN"] = TOKEN
    machine.write("-p/s.jsonl", b"this line would be a problem")
    server.scope = Scope("acme")
    server.statuses.clear()
    return machine


@pytest.mark.parametrize("report", REPORTS)
@pytest.mark.parametrize("form", ["--json", "--csv", "--markdown", "--width=200"])
def test_every_report_is_told_in_every_format(desk: Machine, server: TeamServer, report: str, form: str) -> None:
    code, out, err = desk.call(report, "--server", server.url, form, now=NOON)
    assert code == 0
    assert len(out) > 200
    assert f"figures of {server.url}, tenant acme, all users; newest response" in err
    assert "could not be read" not in err
    assert not desk.ledger.exists()
    assert set(server.tokens) == {f"Bearer {TOKEN}"}


def test_users_and_teams_break_a_report_down(desk: Machine, server: TeamServer) -> None:
    report = json.loads(desk.call("monthly", "--server", server.url, "--by", "user", "--json", now=NOON)[1])
    users = {part["user"]: part["responses"] for part in report["totals"]["breakdown"]}
    assert set(users) >= {"ann@example.org", "bob@example.org"}
    assert sum(users.values()) == report["totals"]["responses"] == 600
    assert report["filters"]["by"] == "user"
    text = desk.call("project", "--server", server.url, "--by", "team", "--width", "160", now=NOON)[1]
    assert "core" in text


@pytest.mark.parametrize("width", [24, 40, 80, 200])
def test_a_name_gives_way_only_where_nothing_else_can(desk: Machine, server: TeamServer, width: int) -> None:
    out = desk.call("daily", "--server", server.url, "--by", "user", "--width", str(width), now=NOON)[1]
    assert max(map(len, out.splitlines())) <= width
    assert ("ann@example.org" in out) == (width >= 40)
    assert "2026-" in out


def test_without_a_server_there_are_no_users(desk: Machine) -> None:
    done = desk.run("daily", "--by", "user")
    assert done.returncode == 2
    assert "with --server a team's are known" in done.stderr


def test_filters_narrow_what_the_server_tells(desk: Machine, server: TeamServer) -> None:
    words = ("daily", "--server", server.url, "--json", "--project", "alpha", "--model", "opus", "--last", "4w")
    report = json.loads(desk.call(*words, now=NOON)[1])
    assert report["filters"]["projects"] == ["/w/alpha"]
    assert 0 < report["totals"]["responses"] < 600
    assert "nothing in the ledger matches project 'nope'" in desk.call(*words[:4], "--project", "nope", now=NOON)[2]


def test_a_viewer_sees_what_the_scope_holds_and_is_told_so(desk: Machine, server: TeamServer) -> None:
    server.scope = Scope("acme", users=("bob@example.org",))
    code, out, err = desk.call("daily", "--server", server.url, "--json", now=NOON)
    assert (code, json.loads(out)["totals"]["responses"] < 300) == (0, True)
    assert "tenant acme, 1 user (bob@example.org)" in err
    server.scope = Scope("acme", teams=("core", "a", "b", "c"))
    assert "4 teams (core, a, b, …)" in desk.call("daily", "--server", server.url, now=NOON)[2]
    server.scope = Scope("nobody")
    code, out, err = desk.call("daily", "--server", server.url, now=NOON)
    assert (code, out) == (0, "")
    assert "no usage in these days and filters" in err
    assert "no response yet" in err


def test_the_server_may_be_named_once_and_left_aside(desk: Machine, server: TeamServer) -> None:
    desk.environ["TOKENTIDE_SERVER"] = server.url
    assert json.loads(desk.call("daily", "--json", now=NOON)[1])["totals"]["responses"] == 600
    here = desk.call("daily", "--json", "--server", "none", now=NOON)
    assert json.loads(here[1])["totals"]["responses"] == 0
    assert "figures of" not in here[2]
    assert "sample data" in desk.call("demo", "daily", now=NOON)[2]
    assert "figures of" not in desk.call("demo", "daily", now=NOON)[2]


def test_settings_and_a_token_file_do_as_well(desk: Machine, server: TeamServer) -> None:
    del desk.environ["TOKENTIDE_SERVER_TOKEN"]
    token = desk.root / "viewer"
    token.write_text(f"{TOKEN}\n")
    server.tokens.clear()
    desk.settings(f'server = "{server.url}"\nserver_token_file = "{token}"\n')
    assert desk.call("weekly", now=NOON)[0] == 0
    assert set(server.tokens) == {f"Bearer {TOKEN}"}


def test_a_sessions_timeline_is_of_this_machine(desk: Machine, server: TeamServer) -> None:
    done = desk.run("session", "s1", "--server", server.url)
    assert done.returncode == 2
    assert "--server is about the list of sessions" in done.stderr


@pytest.mark.parametrize(
    ("status", "body", "sentence"),
    [
        (401, b"{}", "it does not know this token"),
        (403, b'{"error": "no"}', "this token may not look at usage"),
        (404, b"<html>", "there is no tokentide team server"),
        (503, b'{"error": "shard a does not answer"}', "shard a does not answer (HTTP 503)"),
        (302, b"", "redirect"),
        (200, b"[]", "its answer makes no sense"),
        (200, b'{"format": 1, "version": "1", "answer": {"newest_at": "x"}}', "its answer makes no sense"),
        (200, b'{"format": 9, "version": "9"}', "it answers in format 9, this tokentide knows 1: update the older one"),
        (200, b"\x00" * 100, "its answer makes no sense"),
    ],
)
def test_what_goes_wrong_is_a_sentence(
    desk: Machine, server: TeamServer, status: int, body: bytes, sentence: str
) -> None:
    server.statuses.append((status, {"location": "http://127.0.0.1:1/"} if status == 302 else {}, body))
    done = desk.run("daily", "--server", server.url)
    assert (done.returncode, done.stdout) == (1, "")
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert TOKEN not in done.stderr


@pytest.mark.parametrize(
    "address", ["http://192.0.2.7:8378", "ftp://x", "team.example.org", "https://u:p@x", "https://x/?q", "http://[", ""]
)
def test_an_address_that_is_not_allowed_is_refused(desk: Machine, address: str) -> None:
    done = desk.run("daily", "--server", address or " ")
    assert done.returncode == 2
    assert "https" in done.stderr


def test_nobody_there_is_a_sentence(desk: Machine) -> None:
    done = desk.run("daily", "--server", "http://127.0.0.1:1")
    assert done.returncode == 1
    assert done.stderr == "tokentide: team server http://127.0.0.1:1: no connection\n"


def test_what_is_missing_is_told(desk: Machine, tmp_path: Path) -> None:
    class Halved(DuckEngine):
        """An engine of which a shard is down."""

        missing = ("shard 2 of 2",)

    engine = Halved(str(tmp_path / "halved.duckdb"))
    engine.prepare()
    with team_server(engine) as server:
        server.store.take([], [sighting()], "1")
        _, _, err = desk.call("daily", "--server", server.url, now="2026-11-22T12:00:00Z")
    engine.close()
    assert "they are not whole: the server cannot reach shard 2 of 2 just now" in err


def test_names_from_the_server_cannot_command_a_terminal(desk: Machine, tmp_path: Path) -> None:
    engine = DuckEngine(str(tmp_path / "hostile.duckdb"))
    engine.prepare()
    with team_server(engine, tenant="a\x1b[31m") as server:
        row = sighting(tenant="a\x1b[31m", project="\x1b]0;x\x07p", user_id="u\x1b[2J", session_id="s\r")
        server.store.take([], [row], "1")
        for words in (("project", "--by", "user"), ("session",), ("daily",)):
            code, out, err = desk.call(*words, "--server", server.url, "--width", "120", now="2026-11-22T12:00:00Z")
            assert code == 0
            assert "\x1b]" not in out + err
            assert "\x1b[2J" not in out + err
            assert "\x1b[31m" not in err
    engine.close()
