"""This program as others start it: from a shell line in the client's settings, or at login."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from dataclasses import dataclass

from tokentide.cli.background import own_command

PROGRAMS = ("tokentide", "tokentide.exe")


@dataclass(frozen=True, slots=True)
class OwnCall:
    """A call of ours that somebody's settings hold."""

    program: str
    """What is run: the command's file, or the interpreter."""
    words: tuple[str, ...]
    """What stands behind the command's name."""

    @property
    def can_run(self) -> bool:
        """False where the program has gone."""
        return shutil.which(self.program) is not None


def lasting_command(*words: str) -> list[str]:
    """This program for a time after this process: by its script where it was started so, else by the interpreter."""
    script = console_script()
    return [script, *words] if script else own_command(*words)


def console_script() -> str:
    """The command that is running, by its absolute path; empty where it is `python -m tokentide`.

    A link stays a link: it is what an update of the program keeps.
    """
    path = os.path.abspath(sys.argv[0])
    if os.name == "nt" and not path.lower().endswith(".exe"):
        path += ".exe"
    return path if os.path.basename(path) in PROGRAMS and os.access(path, os.X_OK) and os.path.isfile(path) else ""


def find_own(shell_line: object, command: str) -> OwnCall | None:
    """Our call of that command in a shell line; None where it is somebody else's."""
    if not isinstance(shell_line, str):
        return None
    try:
        words = shlex.split(shell_line)
    except ValueError:
        return None
    for index, word in enumerate(words):
        before = words[:index]
        if word == command and before and os.path.basename(before[-1].replace("\\", "/")) in PROGRAMS:
            is_module = before[-2:-1] == ["-m"]
            program = next((each for each in before if "=" not in each), "") if is_module else before[-1]
            return OwnCall(program, tuple(words[index + 1 :]))
    return None
