"""The documentation says what the program does."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from tokentide.cli.commands import COMMANDS, OF_TWO_WORDS, find_command
from tokentide.cli.main import parser_of
from tokentide.settings import Settings

ROOT = Path(__file__).parent.parent
PAGES = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "src").rglob("*.md"), *(ROOT / "bench").glob("*.md")]
)
ALL = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)


def test_the_generated_pages_are_fresh() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/generate-reference", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), target


@pytest.mark.parametrize("command", [command.name for command in (*COMMANDS, *OF_TWO_WORDS)])
def test_every_command_is_in_the_docs(command: str) -> None:
    assert f"tokentide {command}" in ALL


def test_every_setting_is_in_the_docs() -> None:
    page = (ROOT / "docs" / "reference" / "settings.md").read_text()
    assert all(f"`{item.name}`" in page for item in fields(Settings))


def test_commands_that_the_docs_show_are_understood() -> None:
    shown = re.findall(r"`tokentide ([a-z][a-z-]*)([^`\n]*)`", ALL)
    assert shown
    for name, rest in shown:
        command = find_command(name, *rest.split()[:1])
        assert command, name
        known = {option for action in parser_of(command)._actions for option in action.option_strings}
        assert set(re.findall(r"--[a-z0-9-]+", rest)) <= known | {"--by", "--help"}, (name, rest)


def test_no_page_names_a_folder_of_this_machine() -> None:
    assert "/work/" not in ALL
    assert "/tmp/" not in ALL
