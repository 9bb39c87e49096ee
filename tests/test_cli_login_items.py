"""What starts the runner at login, read by each system's own rules."""

from __future__ import annotations

import configparser
import plistlib
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tokentide.cli.login_items.item import LoginItem
from tokentide.cli.login_items.launchd import LABEL, agent_plist
from tokentide.cli.login_items.systemd import unit_text
from tokentide.cli.login_items.task_scheduler import task_xml

PLAIN = LoginItem(("/usr/bin/tokentide", "watch"))
ODD = LoginItem(
    ('/opt/my tools/100% "odd" $HOME é\\n/tokentide', "watch", "--quiet", "a b"),
    {"CLAUDE_CONFIG_DIR": '/home/ada/<claude> & 50% $x "q"', "TOKENTIDE_DATA_DIR": "/srv/a b"},
    "/home/ada/watch.log",
)
TASKS = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"


@pytest.mark.parametrize("item", [PLAIN, ODD], ids=["plain", "odd"])
def test_a_unit_says_each_word_as_it_is(item: LoginItem) -> None:
    parser = configparser.RawConfigParser(strict=False, delimiters="=")
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(unit_text(item))
    assert parser["Install"]["WantedBy"] == "default.target"
    assert parser["Service"]["Restart"] == "on-failure"
    assert _words(parser["Service"]["ExecStart"].replace("$$", "$")) == list(item.command)
    lines = [line.partition("=")[2] for line in unit_text(item).splitlines() if line.startswith("Environment=")]
    assert [_words(line)[0] for line in lines] == [
        f"{name}={item.environment[name]}" for name in sorted(item.environment)
    ]


def _words(line: str) -> list[str]:
    """The words of a line in quotes, as systemd.syntax(7) has it."""
    found, word, inside, escaped = [], "", False, False
    for sign in line:
        if escaped:
            word, escaped = word + sign, False
        elif sign == "\\":
            escaped = True
        elif sign == '"':
            if inside:
                found.append(word.replace("%%", "%"))
                word = ""
            inside = not inside
        elif inside:
            word += sign
    return found


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
@pytest.mark.parametrize("item", [PLAIN, ODD], ids=["plain", "odd"])
def test_systemd_finds_no_fault_in_the_unit(item: LoginItem, tmp_path: Path) -> None:
    program = tmp_path / Path(item.command[0]).name
    program.symlink_to(sys.executable)
    unit = tmp_path / "tokentide.service"
    unit.write_text(unit_text(LoginItem((str(program), *item.command[1:]), item.environment)))
    assert _verified(unit, tmp_path) == ""
    unit.write_text(unit.read_text().replace("NoNewPrivileges=yes", "NoSuchKey=yes"))
    assert "Unknown key" in _verified(unit, tmp_path)


def _verified(unit: Path, runtime: Path) -> str:
    """What `systemd-analyze verify` complains of."""
    environ = {"PATH": "/usr/bin:/bin", "XDG_RUNTIME_DIR": str(runtime), "HOME": str(runtime)}
    done = subprocess.run(
        ["systemd-analyze", "verify", "--user", str(unit)], env=environ, capture_output=True, text=True, check=False
    )
    return done.stderr


@pytest.mark.parametrize("item", [PLAIN, ODD], ids=["plain", "odd"])
def test_an_agent_is_a_property_list(item: LoginItem) -> None:
    agent = plistlib.loads(agent_plist(item).encode())
    assert agent["Label"] == LABEL
    assert agent["ProgramArguments"] == list(item.command)
    assert agent.get("EnvironmentVariables", {}) == item.environment
    assert agent["RunAtLoad"] is True
    assert agent["KeepAlive"] == {"SuccessfulExit": False}


@pytest.mark.parametrize("item", [PLAIN, ODD], ids=["plain", "odd"])
def test_a_task_is_xml_with_its_words_quoted_for_windows(item: LoginItem) -> None:
    root = ET.fromstring(task_xml(item).encode("utf-16"))
    execute = root.find(f"{TASKS}Actions/{TASKS}Exec")
    assert execute is not None
    assert execute.findtext(f"{TASKS}Command") == item.command[0]
    variables = [f"--env={name}={item.environment[name]}" for name in sorted(item.environment)]
    assert execute.findtext(f"{TASKS}Arguments") == subprocess.list2cmdline([*item.command[1:], *variables])
    assert root.find(f"{TASKS}Triggers/{TASKS}LogonTrigger") is not None
    assert root.findtext(f"{TASKS}Settings/{TASKS}ExecutionTimeLimit") == "PT0S"
