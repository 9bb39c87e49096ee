"""Completion in real shells."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from tests.conftest import Machine


def complete(machine: Machine, shell: str, script: str) -> str:
    if shutil.which(shell) is None:
        if os.environ.get("CI"):
            pytest.fail(f"{shell} is not installed, and CI has to have it")
        pytest.skip(f"{shell} is not installed")
    done = machine.run("completion", shell)
    assert done.returncode == 0
    (machine.root / "script").write_text(done.stdout)
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(machine.home),
        "S": str(machine.root / "script"),
        "LC_ALL": "C.UTF-8",
    }
    ran = subprocess.run([shell, "-c", script], env=environ, capture_output=True, text=True, timeout=60, check=False)
    assert ran.stderr == ""
    return ran.stdout


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["tokentide", "da"], ["daily"]),
        (["tokentide", "daily", "--sin"], ["--since"]),
        (["tokentide", "daily", "--by", "age"], ["agent"]),
        (["tokentide", "blocks", "--tok"], ["--token-limit"]),
        (["tokentide", "completion", "f"], ["fish"]),
        (["tokentide", "breakdown", "--by", "mcp"], ["mcp-server", "mcp-tool"]),
        (["tokentide", "advise", "--without", "ba"], ["batch"]),
        (["tokentide", "demo", "con"], ["context"]),
        (["tokentide", "demo", "breakdown", "--by", "sk"], ["skill"]),
    ],
)
def test_bash_completes(machine: Machine, words: list[str], expected: list[str]) -> None:
    line = " ".join(words)
    script = (
        f'source "$S"; COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; _tokentide; printf "%s\\n" "${{COMPREPLY[@]}}"'
    )
    assert complete(machine, "bash", script).split() == expected


def test_zsh_takes_the_script(machine: Machine) -> None:
    script = 'autoload -U compinit && compinit -u -d "$HOME/.zcompdump"; source "$S"; print -r -- $_comps[tokentide]'
    assert "_tokentide" in complete(machine, "zsh", script)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("tokentide da", "daily"),
        ("tokentide daily --sin", "--since"),
        ("tokentide daily --by age", "agent"),
        ("tokentide completion f", "fish"),
        ("tokentide breakdown --by mcp", "mcp-tool"),
        ("tokentide advise --rule ba", "batch"),
        ("tokentide demo con", "context"),
    ],
)
def test_fish_completes(machine: Machine, line: str, expected: str) -> None:
    found = complete(machine, "fish", f'source "$S"; complete -C "{line}"')
    assert expected in [row.split("\t")[0] for row in found.splitlines()]
