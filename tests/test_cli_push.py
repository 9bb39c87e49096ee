"""push: what goes to a team server and what never does, again and again, with faults on the way."""

from __future__ import annotations

import gzip
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Machine, usage_line
from tests.loopback import Request, answering
from tests.team_ledgers import TOKEN, TeamServer, team_server
from tokentide.clock import MINUTE_US
from tokentide.store.duckdb.engine import DuckEngine
from tokentide.store.query import Period, Query
from tokentide.store.sqlite.ledger import Ledger
from tokentide.sync import push as pushing

NOON = "2026-03-12T12:00:00Z"
LATER = "2026-03-12T12:06:00Z"
SECRET = "the words of a prompt"
YEARS = (Period("", 0, 4_000_000_000_000_000),)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[TeamServer]:
    engine = DuckEngine(str(tmp_path / "team" / "store.duckdb"))
    engine.prepare()
    with team_server(engine) as server:
        server.received_at = 1_773_316_800_000_000
        yield server
    engine.close()


@pytest.fixture
def desk(machine: Machine, server: TeamServer) -> Machine:
    """A machine with a login, telemetry settings, a session with a title, and a token to send with."""
    login = {"emailAddress": "ada@example.org", "accountUuid": "u-1", "organizationUuid": "o-1"}
    (machine.home / ".claude.json").write_text(json.dumps({"userID": "machine-1", "oauthAccount": login}))
    machine.claude.mkdir()
    env = {"OTEL_RESOURCE_ATTRIBUTES": "team.id=core,cost_center=42%2C7,,x"}
    (machine.claude / "settings.json").write_text(json.dumps({"env": env}))
    machine.write("-w-alpha/s1.jsonl", {"type": "summary", "summary": SECRET, "leafUuid": "l"}, *lines(3))
    machine.environ |= {"TOKENTIDE_PUSH_SERVER": server.url, "TOKENTIDE_PUSH_TOKEN": TOKEN}
    return machine


def lines(count: int, first: int = 0, **usage: object) -> list[dict[str, object]]:
    """Responses in a folder of the person's own."""
    made = [
        usage_line(f"m{n}", f"r{n}", f"2026-03-10T10:{n % 60:02}:{n // 60 % 60:02}.000Z", **usage)  # type: ignore[arg-type]
        for n in range(first, first + count)
    ]
    return [{**line, "cwd": "/home/ada/private/alpha", "gitBranch": "main"} for line in made]


def stored(server: TeamServer, *dimensions: str) -> dict[tuple[str, ...], int]:
    """Responses in the team's store."""
    return {group.keys: group.sums.responses for group in server.ledger.totals(Query(dimensions, YEARS))}


def told(body: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(body)
    return found


def test_a_push_sends_what_is_new_and_says_how_much(desk: Machine, server: TeamServer) -> None:
    code, out, err = desk.call("push", now=NOON)
    assert (code, err) == (0, "")
    assert out.startswith(f"sent 3 responses to {server.url}, ")
    assert stored(server, "user", "team", "project", "branch") == {("ada@example.org", "core", "alpha", "main"): 3}
    assert set(server.tokens) == {f"Bearer {TOKEN}"}
    assert desk.call("push", now=LATER)[1] == f"nothing new for {server.url}\n"
    desk.write("-w-alpha/s2.jsonl", *lines(2, first=10))
    assert desk.call("push", "--now", now=LATER)[1].startswith("sent 2 responses")
    assert stored(server) == {(): 5}


def test_neither_text_nor_titles_nor_folders_are_sent(desk: Machine, server: TeamServer) -> None:
    desk.write("-w-alpha/s3.jsonl", {"type": "custom-title", "customTitle": SECRET, "sessionId": "s1"}, *lines(1, 40))
    desk.call("push", now=NOON)
    assert len(server.bodies) == 1
    text = server.bodies[0].decode()
    for hidden in (SECRET, "/home/ada", "private", str(desk.root)):
        assert hidden not in text
    body = told(server.bodies[0])
    assert body["resource"] == {
        "team.id": "core",
        "cost_center": "42,7",
        "user.email": "ada@example.org",
        "user.account_uuid": "u-1",
        "organization.id": "o-1",
        "user.id": "machine-1",
    }
    assert body["places"] == [
        {
            "source": "claude_code",
            "account": "ada@example.org",
            "session_id": "s1",
            "project": "alpha",
            "branch": "main",
            "version": "2.1.100",
        }
    ]


def test_a_dry_run_sends_nothing_and_shows_a_body(desk: Machine, server: TeamServer) -> None:
    code, out, _ = desk.call("push", "--dry-run", now=NOON)
    assert code == 0
    assert f"Would send 3 responses of 1 day (2026-03-10) to {server.url}." in out
    assert "ada@example.org" in out
    found = told(desk.call("push", "--dry-run", "--json", now=NOON)[1].encode())
    assert (found["format"], found["report"], found["responses"], found["days"]) == (1, "push_dry_run", 3, 1)
    assert found["sample"]["records"] == [
        {
            "identity": "m2",
            "at": 1773136920000000,
            "place": 0,
            "model": "claude-sonnet-4-20250514",
            "request_id": "r2",
            "input_tokens": 100,
            "output_tokens": 50,
        }
    ]
    assert server.tokens == []
    desk.call("push", now=NOON)
    sent = told(server.bodies[0])
    assert found["sample"]["records"][0] in sent["records"]
    assert {key: found["sample"][key] for key in ("format", "client", "resource", "places")} == {
        key: sent[key] for key in ("format", "client", "resource", "places")
    }


def test_pushes_are_at_least_five_minutes_apart(desk: Machine, server: TeamServer) -> None:
    desk.call("push", now=NOON)
    desk.write("-w-alpha/s2.jsonl", *lines(1, first=10))
    code, out, err = desk.call("push", now="2026-03-12T12:04:00Z")
    assert (code, out) == (0, "")
    assert "nothing was sent: the next push is due in 1 min; --now sends at once" in err
    assert stored(server) == {(): 3}
    assert desk.call("push", now="2026-03-12T12:05:01Z")[1].startswith("sent 1 response ")


def test_a_response_that_grew_is_sent_again_and_stays_one(desk: Machine, server: TeamServer) -> None:
    desk.call("push", now=NOON)
    desk.write("-w-alpha/s1b.jsonl", *lines(3, output_tokens=500))
    assert desk.call("push", now=LATER)[1].startswith("sent 3 responses")
    (group,) = server.ledger.totals(Query((), YEARS))
    assert (group.sums.responses, group.sums.output_tokens) == (3, 1500)


def test_all_sends_everything_again_and_changes_nothing(desk: Machine, server: TeamServer) -> None:
    desk.call("push", now=NOON)
    before = server.ledger.totals(Query(("session", "model"), YEARS))
    assert desk.call("push", "--all", "--now", now=NOON)[1].startswith("sent 3 responses")
    assert desk.call("push", "--forget", now=LATER)[0] == 0
    assert desk.call("push", now=LATER)[1].startswith("sent 3 responses")
    assert server.ledger.totals(Query(("session", "model"), YEARS)) == before


def test_what_failed_on_the_way_follows_later(
    desk: Machine, server: TeamServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pushing, "BATCH", 10)
    desk.write("-w-alpha/s9.jsonl", *lines(40, first=100))
    accepted = server.answer

    def failing(came: Request) -> tuple[int, Any, bytes]:
        return accepted(came) if len(server.bodies) < 2 else (500, {}, b"{}")

    with answering(failing) as url:
        code, out, err = desk.call("push", "--server", url, now=NOON)
        assert (code, out.split(" to ")[0]) == (1, "sent 20 responses")
        assert "it answered with HTTP 500; what was sent stays sent, the rest follows next time" in err
        status = desk.call("push", "--server", url, "--status", now=NOON)[1]
        assert "Sent 20 responses" in status
        assert "23 responses wait" in status
        assert "Last fault: it answered with HTTP 500" in status
        assert stored(server) == {(): 20}
    with answering(accepted) as again:
        moved = sqlite3.connect(desk.ledger)
        moved.execute("UPDATE polls SET subject = ? WHERE subject LIKE 'push %'", (f"push {again}",))
        moved.commit()
        moved.close()
        assert desk.call("push", "--server", again, "--now", now=LATER)[1].startswith("sent 23 responses")
    assert stored(server) == {(): 43}


def test_a_server_that_says_when_is_left_alone_until_then(desk: Machine, server: TeamServer) -> None:
    server.statuses.append((503, {"retry-after": "1200"}, b'{"code": 14, "message": "the log is full"}'))
    code, _, err = desk.call("push", now=NOON)
    assert code == 1
    assert "the log is full (HTTP 503)" in err
    _, out, err = desk.call("push", "--now", now="2026-03-12T12:19:00Z")
    assert out == ""
    assert "due in 1 min" in err
    assert len(server.tokens) == 1
    assert desk.call("push", now="2026-03-12T12:20:01Z")[1].startswith("sent 3 responses")


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (401, "it does not know this token"),
        (403, "this token is for looking, not for sending"),
        (404, "there is no receiver of a tokentide server at this address"),
        (400, "(HTTP 400)"),
    ],
)
def test_refusals_are_sentences(desk: Machine, server: TeamServer, status: int, sentence: str) -> None:
    server.statuses.append((status, {}, b'{"message": "why"}'))
    code, _, err = desk.call("push", now=NOON)
    assert code == 1
    assert sentence in err
    assert TOKEN not in err


def test_nobody_there_is_a_sentence(desk: Machine) -> None:
    code, out, err = desk.call("push", "--server", "http://127.0.0.1:1", now=NOON)
    assert (code, out) == (1, "nothing sent to http://127.0.0.1:1\n")
    assert "no connection" in err


def test_a_ledger_that_was_made_anew_is_sent_from_the_beginning(desk: Machine, server: TeamServer) -> None:
    desk.call("push", now=NOON)
    with sqlite3.connect(desk.ledger) as ledger:
        ledger.execute("UPDATE records SET id = id + 100")
        ledger.execute("UPDATE records SET id = 104 - id")
    assert desk.call("push", now=LATER)[1].startswith("sent 3 responses")
    assert stored(server) == {(): 3}


def test_many_responses_are_sent_in_bodies_that_a_server_takes(
    desk: Machine, server: TeamServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pushing, "MOST_BYTES", 600)
    desk.write("-w-alpha/s9.jsonl", *lines(200, first=100))
    assert desk.call("push", now=NOON)[1].startswith("sent 203 responses")
    assert len(server.bodies) > 2
    assert all(len(gzip.compress(body, 6)) <= 600 for body in server.bodies)
    assert stored(server) == {(): 203}


def test_sync_pushes_where_the_settings_say_so(desk: Machine, server: TeamServer) -> None:
    del desk.environ["TOKENTIDE_PUSH_SERVER"]
    assert desk.call("sync", now=NOON)[0] == 0
    assert server.tokens == []
    token = desk.root / "token"
    token.write_text(f"{TOKEN}\n")
    desk.settings(f'push_server = "{server.url}"\npush_token_file = "{token}"\npush_full_paths = true\n')
    del desk.environ["TOKENTIDE_PUSH_TOKEN"]
    assert desk.call("sync", now=NOON)[0] == 0
    assert stored(server, "project") == {("/home/ada/private/alpha",): 3}
    server.statuses.append((503, {}, b"{}"))
    desk.write("-w-alpha/s2.jsonl", *lines(1, first=10))
    code, _, err = desk.call("sync", now=LATER)
    assert code == 0
    assert "push to" in err


def test_of_several_accounts_each_is_told_by_its_own_name(desk: Machine, server: TeamServer) -> None:
    other = desk.home / "work"
    desk.write("-w-beta/s5.jsonl", *lines(2, first=20), root=other)
    login = {"emailAddress": "bob@example.org"}
    (other / ".claude.json").write_text(json.dumps({"userID": "machine-2", "oauthAccount": login}))
    desk.settings(f'claude_dirs = ["{other}"]\n')
    desk.call("push", now=NOON)
    assert stored(server, "user", "account") == {
        ("ada@example.org", "ada@example.org"): 3,
        ("bob@example.org", "bob@example.org"): 2,
    }
    assert "user.account_uuid" not in told(server.bodies[1])["resource"]


def test_an_account_that_is_only_a_folder_is_told_by_its_last_part(desk: Machine, server: TeamServer) -> None:
    elsewhere = desk.root / "private" / "claude-work"
    desk.write("-w-beta/s5.jsonl", *lines(2, first=20), root=elsewhere)
    desk.settings(f'claude_dirs = ["{elsewhere}"]\ndefault_dirs = false\n')
    assert "Whose they are: nobody is logged in here" in desk.call("push", "--dry-run", now=NOON)[1]
    desk.call("push", now=NOON)
    assert stored(server, "account") == {("claude-work",): 2}
    assert str(desk.root).encode() not in server.bodies[0]


def test_without_a_server_it_says_how_to_name_one(machine: Machine) -> None:
    code, _, err = run_whole(machine, "push")
    assert code == 2
    assert "$TOKENTIDE_PUSH_SERVER" in err


def test_without_encryption_a_token_goes_nowhere_beyond_this_machine(desk: Machine) -> None:
    code, _, err = run_whole(desk, "push", "--server", "http://192.0.2.1:4318")
    assert code == 2
    assert "use https" in err
    assert TOKEN not in err


def test_a_token_file_that_holds_none_is_refused(desk: Machine) -> None:
    empty = desk.root / "empty"
    empty.write_text("\n")
    assert "is empty" in run_whole(desk, "push", "--token-file", str(empty))[2]
    assert "cannot be read" in run_whole(desk, "push", "--token-file", str(empty) + "x")[2]
    empty.write_text("two words")
    assert "holds no token" in run_whole(desk, "push", "--token-file", str(empty))[2]


def test_the_pause_holds_over_all_processes(desk: Machine, server: TeamServer) -> None:
    desk.call("sync", now="2026-03-12T11:00:00Z")
    with Ledger.open(str(desk.ledger)) as ledger:
        subject = pushing.subject_of(server.url)
        now = 1_773_316_800_000_000
        assert not ledger.limits.claim_poll(subject, now - 59 * MINUTE_US, now)
        assert ledger.limits.claim_poll(subject, now, now + 5 * MINUTE_US)
    assert "nothing was sent" in desk.call("push", now="2026-03-12T12:01:00Z")[2]


def run_whole(machine: Machine, *words: str) -> tuple[int, str, str]:
    """As a process, with its exit code."""
    done = machine.run(*words)
    return done.returncode, done.stdout, done.stderr
