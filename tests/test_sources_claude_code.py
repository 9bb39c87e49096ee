"""What is kept of a transcript beside its counts, and where transcripts are looked for."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.conftest import Machine, usage_line
from tokentide.sources.claude_code.account import account_of
from tokentide.sources.claude_code.paths import Root, discover, find_roots
from tokentide.sources.claude_code.reader import session_of


def sessions(machine: Machine) -> dict[str, dict[str, object]]:
    return {row["session_id"]: row for row in json.loads(machine.call("session", "--json")[1])["rows"]}


@pytest.mark.parametrize(
    ("lines", "title"),
    [
        (
            [
                {"type": "ai-title", "sessionId": "s1", "aiTitle": "A"},
                {"type": "ai-title", "sessionId": "s1", "aiTitle": "B"},
            ],
            "B",
        ),
        (
            [
                {"type": "custom-title", "sessionId": "s1", "customTitle": "C"},
                {"type": "ai-title", "sessionId": "s1", "aiTitle": "B"},
            ],
            "C",
        ),
        ([{"type": "summary", "summary": "Mine", "leafUuid": "u1"}], "Mine"),
        ([{"type": "summary", "summary": "Another's", "leafUuid": "u9"}], None),
        (
            [
                {"type": "summary", "summary": "Mine", "leafUuid": "u1"},
                {"type": "ai-title", "sessionId": "s1", "aiTitle": "B"},
            ],
            "B",
        ),
        ([{"type": "ai-title", "sessionId": "other", "aiTitle": "X"}], None),
        (['{"type":"ai-title","aiTitle":3}'], None),
        ([], None),
    ],
)
def test_a_session_is_called_what_its_last_and_best_title_says(
    machine: Machine, lines: list[object], title: str | None
) -> None:
    machine.write("-p/s1.jsonl", *lines, usage_line() | {"uuid": "u1"})  # type: ignore[arg-type]
    assert sessions(machine)["s1"]["title"] == title


def test_a_later_title_is_learned_later(machine: Machine) -> None:
    path = machine.write("-p/s1.jsonl", usage_line())
    assert sessions(machine)["s1"]["title"] is None
    with path.open("a") as file:
        file.write('{"type":"ai-title","sessionId":"s1","aiTitle":"Found"}\n')
    assert sessions(machine)["s1"]["title"] == "Found"


def test_sub_agents_belong_to_their_session_and_are_told_by_kind(machine: Machine) -> None:
    agent = {"isSidechain": True}
    machine.write(
        "-p/s1.jsonl",
        usage_line("m1", "r1"),
        {
            "type": "user",
            "sessionId": "s1",
            "toolUseResult": {"agentId": "a2", "agentType": "Plan", "usage": {"input_tokens": 9}},
        },
    )
    machine.write("-p/s1/subagents/agent-a1.jsonl", usage_line("m2", "r2") | agent | {"agentId": "a1"})
    machine.write("-p/s1/subagents/workflows/wf/agent-a2.jsonl", usage_line("m3", "r3") | agent | {"agentId": "a2"})
    machine.write("-p/agent-a3.jsonl", usage_line("m4", "r4") | agent | {"agentId": "a3"})
    (machine.claude / "projects/-p/s1/subagents/agent-a1.meta.json").write_text('{"agentType":"Explore"}')
    report = json.loads(machine.call("session", "--json", "--by", "agent")[1])
    assert [row["session_id"] for row in report["rows"]] == ["s1"]
    assert {part["agent"]: part["responses"] for part in report["totals"]["breakdown"]} == {
        "main": 1,
        "Explore": 1,
        "Plan": 1,
        "sub-agent": 1,
    }


@pytest.mark.parametrize("meta", ["", "[]", '{"agentType":3}', "\xff"])
def test_a_broken_sidecar_names_nothing(machine: Machine, meta: str) -> None:
    machine.write("-p/s1/subagents/agent-a1.jsonl", usage_line() | {"agentId": "a1", "isSidechain": True})
    (machine.claude / "projects/-p/s1/subagents/agent-a1.meta.json").write_bytes(meta.encode("latin-1"))
    report = json.loads(machine.call("daily", "--json", "--by", "agent")[1])
    assert [part["agent"] for part in report["totals"]["breakdown"]] == ["sub-agent"]


def test_branch_project_and_version_are_kept(machine: Machine) -> None:
    machine.write(
        "-p/s1.jsonl",
        usage_line("m1", "r1", "2026-03-10T10:00:00Z") | {"cwd": "/srv/a", "gitBranch": "main"},
        usage_line("m2", "r2", "2026-03-10T11:00:00Z") | {"cwd": "/srv/b", "gitBranch": "fix"},
    )
    row = sessions(machine)["s1"]
    assert (row["project"], row["branch"]) == ("/srv/a", "fix")
    assert (row["first_at"], row["last_at"]) == ("2026-03-10T10:00:00.000Z", "2026-03-10T11:00:00.000Z")
    branches = json.loads(machine.call("branch", "--json")[1])["rows"]
    assert sorted((each["branch"], each["project"]) for each in branches) == [("fix", "/srv/b"), ("main", "/srv/a")]


@pytest.mark.parametrize(
    ("path", "session"),
    [
        ("/p/S.jsonl", "S"),
        ("/p/S/subagents/agent-a.jsonl", "S"),
        ("/p/S/subagents/workflows/w/a.jsonl", "S"),
        ("C:\\p\\S.jsonl", "S"),
    ],
)
def test_the_path_names_the_session(path: str, session: str) -> None:
    assert session_of(path) == session


def test_every_root_is_looked_at_once() -> None:
    environ = {"HOME": "/h", "CLAUDE_CONFIG_DIR": "~/one, /two/projects ,,/h/.claude"}
    roots = find_roots(environ, ["~/more", "/two"])
    assert [(root.path, root.origin) for root in roots] == [
        ("/h/one", "CLAUDE_CONFIG_DIR"),
        ("/two", "CLAUDE_CONFIG_DIR"),
        ("/h/.claude", "CLAUDE_CONFIG_DIR"),
        ("/h/more", "settings"),
        ("/h/.config/claude", "default"),
        ("/h/.config/Claude/local-agent-mode-sessions", "desktop app"),
    ]


@pytest.mark.parametrize(
    ("platform", "environ", "folders"),
    [
        ("darwin", {"HOME": "/h"}, ["/h/Library/Application Support/Claude"]),
        ("win32", {"HOME": "/h", "APPDATA": "/r", "LOCALAPPDATA": "/l"}, ["/r/Claude", "/l/Claude"]),
        ("win32", {"HOME": "/h"}, []),
    ],
)
def test_the_desktop_app_lies_where_the_platform_puts_it(
    monkeypatch: pytest.MonkeyPatch, platform: str, environ: dict[str, str], folders: list[str]
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    found = [root.path for root in find_roots(environ) if root.origin == "desktop app"]
    assert found == [f"{folder}/local-agent-mode-sessions" for folder in folders]


def test_sessions_of_the_desktop_app_are_a_source_of_their_own(machine: Machine) -> None:
    base = machine.home / ".config" / "Claude" / "local-agent-mode-sessions"
    machine.write("-s/s1.jsonl", usage_line("m1", "r1"), root=base / "org" / "account" / "local_1" / ".claude")
    machine.write("-s/deep.jsonl", usage_line("m2", "r2"), root=base / "1" / "2" / "3" / "4" / "5" / ".claude")
    (base / "org" / "account" / "audit.jsonl").write_text("{}\n")
    machine.write("-p/s2.jsonl", usage_line("m3", "r3", session="s2"))
    report = json.loads(machine.call("daily", "--json", "--by", "source")[1])
    assert {part["source"]: part["responses"] for part in report["totals"]["breakdown"]} == {
        "claude_desktop": 1,
        "claude_code": 1,
    }


@pytest.mark.parametrize(
    ("content", "account"),
    [
        ('{"oauthAccount":{"emailAddress":"a@b.c","accountUuid":"u"},"projects":{}}', "a@b.c"),
        ('{"oauthAccount":{"accountUuid":"u"}}', "u"),
        ('{"oauthAccount":null}', "~/.claude"),
        ("{}", "~/.claude"),
        ("broken", "~/.claude"),
        (None, "~/.claude"),
    ],
)
def test_the_account_is_who_is_logged_in(tmp_path: Path, content: str | None, account: str) -> None:
    root = Root(str(tmp_path / ".claude"), "default", "claude_code")
    if content is not None:
        (tmp_path / ".claude.json").write_text(content)
    assert account_of(root, str(tmp_path)).name == account


def test_a_named_folder_has_a_login_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / ".claude.json").write_text('{"oauthAccount":{"emailAddress":"w@x.y"}}')
    (tmp_path / ".claude.json").write_text('{"oauthAccount":{"emailAddress":"home@x.y"}}')
    assert account_of(Root(str(tmp_path / "work"), "CLAUDE_CONFIG_DIR", "claude_code"), str(tmp_path)).name == "w@x.y"
    assert (
        account_of(Root(str(tmp_path / "other"), "CLAUDE_CONFIG_DIR", "claude_code"), str(tmp_path)).name == "~/other"
    )
    assert account_of(Root("/elsewhere", "settings", "claude_code"), str(tmp_path)).name == "/elsewhere"
    assert account_of(Root(str(tmp_path / "app"), "desktop app", "claude_desktop"), str(tmp_path)).name == "home@x.y"


def test_only_transcripts_below_projects_are_found(machine: Machine) -> None:
    machine.write("-p/s1.jsonl", usage_line())
    machine.write(".hidden/s2.jsonl", usage_line())
    for name in ("s.JSONL", "s.json", "s.jsonl.gz", "s.jsonl.bak"):
        machine.write(f"-p/{name}", usage_line())
    (machine.claude / "history.jsonl").write_text("{}\n")
    (machine.claude / "projects" / "-p" / "folder.jsonl").mkdir()
    found = discover(find_roots({"HOME": str(machine.home)}))
    assert [Path(file.path).name for file in found.files] == ["s1.jsonl", "s2.jsonl"]
    assert found.problems == []
