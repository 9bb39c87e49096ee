"""`tokentide statusline install`, `uninstall`, `status`: one entry of Claude Code's settings, and nothing else."""

from __future__ import annotations

import json
import os
import re
import shlex
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.claude_pushes import NOW, UNSYNCED, call, pushed
from tests.conftest import Machine
from tokentide.errors import SettingsError, TokentideError, UsageError
from tokentide.sources.claude_code.client_settings import (
    ClientSettings,
    read_client_settings,
    write_client_settings,
)

OTHER = '{"type": "command", "command": "echo \'it is\' $((1+1)) \\"q\\" | tr a b", "padding": 2}'
CONSOLE_SCRIPT = Path(sys.executable).with_name("tokentide")


@pytest.fixture
def quiet(machine: Machine) -> Machine:
    machine.settings(UNSYNCED)
    return machine


def settings_of(machine: Machine) -> Path:
    return machine.claude / "settings.json"


def put(machine: Machine, content: str | bytes) -> bytes:
    machine.claude.mkdir(exist_ok=True)
    data = content if isinstance(content, bytes) else content.encode()
    settings_of(machine).write_bytes(data)
    return data


def do(machine: Machine, *words: str, code: int = 0) -> str:
    """What an action says, on either stream."""
    found, out, err = machine.call("statusline", *words, now=NOW)
    assert found == code, err
    return out + err


def entry(machine: Machine) -> dict[str, object]:
    text = settings_of(machine).read_text(encoding="utf-8-sig")
    found = json.loads(text)["statusLine"]
    assert isinstance(found, dict)
    return found


SETTINGS = [
    "{}",
    "{ }\n",
    "{\n}\n",
    '{"a":1}',
    '{"a": 1}\n',
    '{\n  "a": 1,\n  "b": [1,\n 2]\n}\n',
    '{\n\t"a": {"b": null},\n\t"env": {}\n}',
    '{\r\n    "a": "\\u00e9\\ud83d é",\r\n    "hooks": {"x": [{"y": "}, \\"statusLine\\": {"}]}\r\n}\r\n',
    '{"statusLine": null}',
    '\n\n  {"permissions":{"allow":["Bash(git *)"]},"model":"opus"}  \n',
    b'\xef\xbb\xbf{\n  "a": 1\n}\n',
    '{"statusLine": null, "a": 1.0}',
]
WITH_ANOTHER = [
    f'{{"statusLine": {OTHER}}}',
    f'{{\n  "a": 1,\n  "statusLine": {OTHER},\n  "b": 2.50\n}}\n',
    f'{{\n\t"statusLine"  :  {OTHER}\n}}',
    f'{{"a":1,"statusLine":{OTHER}}}',
]


@pytest.mark.parametrize("content", SETTINGS)
def test_uninstall_gives_back_every_byte(quiet: Machine, content: str | bytes) -> None:
    before = put(quiet, content)
    do(quiet, "install")
    installed = settings_of(quiet).read_bytes()
    assert entry(quiet)["command"] != ""
    left = json.loads(installed.decode("utf-8-sig"))
    del left["statusLine"]
    expected = json.loads(before.decode("utf-8-sig"))
    expected.pop("statusLine", None)
    assert list(left.items()) == list(expected.items())
    do(quiet, "uninstall")
    assert settings_of(quiet).read_bytes() == before
    assert sorted(path.name for path in quiet.claude.iterdir()) == ["settings.json"]


@pytest.mark.parametrize("flag", ["--wrap", "--replace"])
@pytest.mark.parametrize("content", WITH_ANOTHER)
def test_another_status_line_comes_back_as_it_was(quiet: Machine, content: str, flag: str) -> None:
    before = put(quiet, content)
    said = do(quiet, "install", flag)
    backup = quiet.claude / "settings.json.tokentide-backup"
    assert str(backup) in said
    assert backup.read_bytes() == before
    do(quiet, "uninstall")
    assert settings_of(quiet).read_bytes() == before
    assert not backup.exists()


@pytest.mark.parametrize("content", [*SETTINGS, *WITH_ANOTHER])
def test_a_second_install_changes_nothing(quiet: Machine, content: str | bytes) -> None:
    put(quiet, content)
    flags = ["--wrap"] if content in WITH_ANOTHER else []
    do(quiet, "install", *flags)
    once = {path: path.read_bytes() for path in quiet.claude.iterdir()}
    assert "installed already" in do(quiet, "install", *flags)
    assert "installed already" in do(quiet, "install")
    assert {path: path.read_bytes() for path in quiet.claude.iterdir()} == once


def test_the_files_own_style_is_kept(quiet: Machine) -> None:
    put(quiet, '{\r\n\t"a": 1\r\n}')
    do(quiet, "install")
    text = settings_of(quiet).read_bytes().decode()
    assert re.fullmatch(
        r'{\r\n\t"a": 1,\r\n\t"statusLine": {\r\n\t\t"type": "command",\r\n\t\t"command": ".*",\r\n'
        r'\t\t"padding": 0,\r\n\t\t"refreshInterval": 60\r\n\t}\r\n}',
        text,
    )


def test_without_settings_they_are_made_and_gone_again(quiet: Machine) -> None:
    do(quiet, "install")
    assert stat.S_IMODE(settings_of(quiet).stat().st_mode) == 0o600
    do(quiet, "uninstall")
    assert [*quiet.claude.iterdir()] == []


def test_an_empty_file_is_taken_for_no_settings(quiet: Machine) -> None:
    put(quiet, "")
    do(quiet, "install")
    do(quiet, "uninstall")
    assert settings_of(quiet).read_bytes() == b""


def test_what_was_changed_in_between_stays(quiet: Machine) -> None:
    put(quiet, f'{{\n  "a": 1,\n  "statusLine": {OTHER}\n}}\n')
    do(quiet, "install", "--replace")
    path = settings_of(quiet)
    path.write_text(path.read_text().replace('"a": 1', '"a": 2'))
    said = do(quiet, "uninstall")
    assert path.read_text() == f'{{\n  "a": 2,\n  "statusLine": {OTHER}\n}}\n'
    assert "stays in" in said


def test_without_its_backup_a_wrapped_line_still_comes_back(quiet: Machine) -> None:
    put(quiet, f'{{"statusLine": {OTHER}}}')
    do(quiet, "install", "--wrap")
    (quiet.claude / "settings.json.tokentide-backup").unlink()
    do(quiet, "uninstall")
    assert entry(quiet) == json.loads(OTHER)


def test_a_backup_of_long_ago_is_not_taken_for_the_former_state(quiet: Machine) -> None:
    put(quiet, f'{{"statusLine": {OTHER}}}')
    do(quiet, "install", "--replace")
    newer = put(quiet, '{"statusLine": {"type": "command", "command": "newer"}}')
    do(quiet, "install", "--replace")
    do(quiet, "uninstall")
    assert settings_of(quiet).read_bytes() == newer


def test_another_status_line_is_in_the_way_unless_it_is_said_what_to_do(quiet: Machine) -> None:
    before = put(quiet, WITH_ANOTHER[0])
    said = do_failing(quiet, UsageError, "install")
    assert "--wrap" in said
    assert "--replace" in said
    assert settings_of(quiet).read_bytes() == before


@pytest.mark.parametrize(
    "value",
    ["3", '"text"', "{}", '{"type": "command"}', '{"command": 3}', '{"command": " "}', r'{"command": "echo \ud83d"}'],
)
def test_what_is_no_command_can_only_be_replaced(quiet: Machine, value: str) -> None:
    before = put(quiet, f'{{"statusLine": {value}}}')
    assert "--replace" in do_failing(quiet, UsageError, "install", "--wrap")
    do(quiet, "install", "--replace")
    do(quiet, "uninstall")
    assert settings_of(quiet).read_bytes() == before


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"a": 1, // why\n}', "holds comments"),
        ('/* why */ {"a": 1}', "holds comments"),
        ('{"a": 1,}', "line 1, column 9: no valid JSON"),
        ("[]", "no JSON object"),
        ("nonsense", "no valid JSON"),
        (b"\xff\xfe{}", "no valid UTF-8"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_what_cannot_be_edited_safely_is_refused_and_left(quiet: Machine, content: str | bytes, message: str) -> None:
    before = put(quiet, content)
    for action in ("install", "uninstall", "status"):
        said = do_failing(quiet, SettingsError, action)
        assert message in said
        assert str(settings_of(quiet)) in said
    assert settings_of(quiet).read_bytes() == before
    assert len([*quiet.claude.iterdir()]) == 1


def do_failing(machine: Machine, kind: type[TokentideError], *words: str) -> str:
    """The error of an action, as the command line says it."""
    with pytest.raises(kind) as caught:
        machine.call("statusline", *words, now=NOW)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_folder_in_place_of_the_file_is_an_error(quiet: Machine) -> None:
    settings_of(quiet).mkdir(parents=True)
    assert "cannot be read" in do_failing(quiet, SettingsError, "install")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_an_error(quiet: Machine) -> None:
    before = put(quiet, '{"a": 1}')
    quiet.claude.chmod(0o500)
    try:
        assert "cannot be written" in do_failing(quiet, SettingsError, "install")
        assert settings_of(quiet).read_bytes() == before
    finally:
        quiet.claude.chmod(0o700)


def test_the_mode_stays_and_a_link_is_followed(quiet: Machine) -> None:
    target = quiet.root / "dotfiles" / "claude.json"
    target.parent.mkdir()
    target.write_text('{"a": 1}')
    target.chmod(0o640)
    quiet.claude.mkdir()
    settings_of(quiet).symlink_to(target)
    do(quiet, "install")
    assert settings_of(quiet).is_symlink()
    assert "statusLine" in target.read_text()
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert [path.name for path in target.parent.iterdir()] == ["claude.json"]
    do(quiet, "uninstall")
    assert settings_of(quiet).is_symlink()
    assert target.read_text() == '{"a": 1}'


def test_a_backup_that_cannot_be_made_stops_the_install(quiet: Machine) -> None:
    before = put(quiet, '{"a": 1}')
    (quiet.claude / "settings.json.tokentide-backup").mkdir()
    assert "nothing was changed" in do_failing(quiet, SettingsError, "install")
    assert settings_of(quiet).read_bytes() == before


def test_a_file_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    read = read_client_settings(str(tmp_path / ("x" * 250)))  # no room for a temporary name beside it
    with pytest.raises(SettingsError, match="cannot be written"):
        write_client_settings(read, b"{}")
    with pytest.raises(SettingsError, match="cannot be read"):
        read_client_settings("a\0b")


def test_settings_that_change_meanwhile_are_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text("{}")
    read = read_client_settings(str(path))
    path.write_text('{"a": 1}')
    with pytest.raises(SettingsError, match="changed just now"):
        write_client_settings(read, b"{}")
    assert path.read_text() == '{"a": 1}'


@pytest.mark.parametrize("name", ["CLAUDE_CONFIG_DIR", "--dir"])
def test_another_folder_can_be_named(quiet: Machine, name: str) -> None:
    folder = quiet.home / "other claude"
    if name == "--dir":
        do(quiet, "install", "--dir", str(folder))
    else:
        assert quiet.call("statusline", "install", CLAUDE_CONFIG_DIR=str(folder))[0] == 0
    assert "statusLine" in (folder / "settings.json").read_text()
    assert not quiet.claude.exists()


def test_the_status_tells_what_is_there(quiet: Machine) -> None:
    assert "not installed (no status line)" in do(quiet, "status", code=1)
    put(quiet, WITH_ANOTHER[0])
    assert "not installed (another status line: echo 'it is'" in do(quiet, "status", code=1)
    do(quiet, "install", "--wrap")
    said = do(quiet, "status")
    assert "it shows this one above: echo 'it is'" in said
    assert "settings.json.tokentide-backup" in said
    assert "has told nothing yet" in said
    call(quiet, "{}")
    assert "has told nothing yet" in do(quiet, "status")
    call(quiet, pushed())
    assert "last told something new 30 min ago" in quiet.call("statusline", "status", now="2026-03-12T12:30:00Z")[1]


def test_a_program_that_has_gone_is_said_and_mended_by_install(quiet: Machine) -> None:
    put(quiet, f'{{"statusLine": {OTHER}}}')
    do(quiet, "install", "--wrap")
    path = settings_of(quiet)
    here = shlex.split(str(entry(quiet)["command"]))[0]
    path.write_text(path.read_text().replace(here, "/gone/tokentide"))
    assert "is not there any more" in do(quiet, "status", code=1)
    do(quiet, "install")
    assert "is not there" not in do(quiet, "status")
    do(quiet, "uninstall")
    assert path.read_text() == f'{{"statusLine": {OTHER}}}'


def test_a_line_that_wraps_can_be_made_plain(quiet: Machine) -> None:
    before = put(quiet, WITH_ANOTHER[1])
    do(quiet, "install", "--wrap")
    do(quiet, "install", "--replace")
    assert "above" not in do(quiet, "status")
    do(quiet, "uninstall")
    assert settings_of(quiet).read_bytes() == before


def test_a_command_put_in_by_hand_is_known_as_ours(quiet: Machine) -> None:
    put(
        quiet, json.dumps({"statusLine": {"type": "command", "command": f"A=b {CONSOLE_SCRIPT} statusline --no-color"}})
    )
    assert "installed already" in do(quiet, "install")
    do(quiet, "uninstall")
    assert not settings_of(quiet).exists()


def test_hooks_that_are_disabled_are_said(quiet: Machine) -> None:
    put(quiet, '{"disableAllHooks": true}')
    assert "disableAllHooks" in do(quiet, "install")
    assert "disableAllHooks" in do(quiet, "status", code=1)


@pytest.mark.parametrize(
    "command", ["tokentide", "echo tokentide statusline-x", "statusline", "echo 'open", "tokentides statusline", ""]
)
def test_other_commands_are_not_taken_for_ours(quiet: Machine, command: str) -> None:
    put(quiet, json.dumps({"statusLine": {"type": "command", "command": command}}))
    assert "not installed (another status line" in do(quiet, "status", code=1)


def test_a_wrapped_command_may_stand_apart_from_its_option(quiet: Machine) -> None:
    command = f"{CONSOLE_SCRIPT} statusline --no-color --wrap 'echo hi'"
    put(quiet, json.dumps({"statusLine": {"type": "command", "command": command}}))
    assert "it shows this one above: echo hi" in do(quiet, "status")
    do(quiet, "uninstall")
    assert entry(quiet)["command"] == "echo hi"


def test_a_damaged_ledger_and_wrong_settings_do_not_hinder(quiet: Machine) -> None:
    quiet.ledger.parent.mkdir()
    quiet.ledger.write_bytes(b"nonsense" * 1_000)
    quiet.settings("colour = 1")
    assert "unknown key" in do(quiet, "install")
    assert "is damaged" in do(quiet, "status")


def test_our_entry_goes_from_the_first_place_too(quiet: Machine) -> None:
    put(quiet, f'{{\n  "statusLine": {{"command": "{CONSOLE_SCRIPT} statusline"}},\n  "a": 1\n}}\n')
    do(quiet, "uninstall")
    assert settings_of(quiet).read_text() == '{\n  "a": 1\n}\n'


def test_uninstall_of_nothing_says_so(quiet: Machine) -> None:
    assert "not installed, nothing was changed" in do(quiet, "uninstall")
    before = put(quiet, WITH_ANOTHER[0])
    do(quiet, "uninstall")
    assert settings_of(quiet).read_bytes() == before


@pytest.mark.parametrize("as_module", [True, False])
def test_what_was_installed_runs_from_any_folder(quiet: Machine, as_module: bool) -> None:
    start = [sys.executable, "-m", "tokentide"] if as_module else [str(CONSOLE_SCRIPT)]
    environ = {**quiet._environ(), "NO_COLOR": "1", "COLUMNS": "300"}
    put(quiet, f'{{"statusLine": {OTHER}}}')
    done = subprocess.run([*start, "statusline", "install", "--wrap"], env=environ, capture_output=True, check=True)
    assert b"sample figures:\nOpus | high | 5h " in done.stdout
    command = str(entry(quiet)["command"])
    assert command.startswith(f"{sys.executable} -P -m tokentide" if as_module else f"{CONSOLE_SCRIPT} statusline")
    trap = quiet.root / "project" / "tokentide"
    trap.mkdir(parents=True)
    (trap / "__init__.py").write_text("raise SystemExit('a project has been run')")
    (trap / "__main__.py").write_text("raise SystemExit('a project has been run')")
    shown = subprocess.run(
        ["/bin/sh", "-c", command],
        env=environ,
        input=b'{"model":{"id":"m"}}',
        capture_output=True,
        cwd=trap.parent,
        check=True,
    )
    assert shown.stdout == b"it is 2 q\nm\n"
    assert shown.stderr == b""


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(st.text() | st.just("statusLine"), JSON, max_size=5),
    st.sampled_from([None, 1, 2, 4, "\t"]),
    st.booleans(),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["", "\n", " \n\t"]),
)
def test_an_entry_put_in_and_taken_out_leaves_every_other_byte(
    members: dict[str, object], indent: int | str | None, is_ascii: bool, newline: str, end: str
) -> None:
    members.pop("statusLine", None)
    text = json.dumps(members, indent=indent, ensure_ascii=is_ascii).replace("\n", newline) + end
    settings = ClientSettings("settings.json", text, text.encode("utf-8", "surrogatepass"))
    value: dict[str, object] = {"type": "command", "command": 'a "b" é', "padding": 0}
    put_in = settings.with_status_line(value)
    assert json.loads(put_in.text) == {**members, "statusLine": value}
    assert [*json.loads(put_in.text)] == [*members, "statusLine"]
    assert put_in.with_status_line(value).text == put_in.text
    assert put_in.without_status_line().text == text
