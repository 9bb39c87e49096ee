"""The memory files that the client puts into the first prompt of a session: which there are now, and how large.

Managed, user and project files, those of the folders above, local ones, unconditional rules, what they import, and the
memory that the client keeps itself. They are read to be measured; nothing of their text goes further.
Source: the client's documentation, "How Claude remembers your project".
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

MANAGED, USER, PROJECT, LOCAL, IMPORTED, AUTO = "managed", "user", "project", "local", "imported", "auto"
MOST_BYTES = 1 << 20
"""So much of a file is read; no memory is longer."""
MOST_IMPORTS = 5
"""Levels of imports that the client follows."""
MOST_FILES = 200
AUTO_BYTES, AUTO_LINES = 25_000, 200
"""So much of the client's own memory is loaded at the start."""
HEAD_BYTES = 1 << 18
"""Of a transcript: the working folder stands in one of its first lines."""
_MANAGED_FOLDERS = {
    "darwin": "/Library/Application Support/ClaudeCode",
    "win32": "C:\\Program Files\\ClaudeCode",
}
_IMPORT = re.compile(rb"(?:^|\s)@((?:~/|\.{0,2}/)?[\w./-]*[\w-]\.?[\w-]+)", re.MULTILINE)
_CODE = re.compile(rb"```.*?(?:```|\Z)|`[^`\n]*`", re.DOTALL)
_PATHS_RULE = re.compile(rb"\A---\s*\n(?:(?!---).*\n)*?paths\s*:")


class MemoryFile(NamedTuple):
    """One memory file."""

    path: str
    scope: str
    """MANAGED, USER, PROJECT, LOCAL, IMPORTED or AUTO."""
    size_bytes: int


class _Line(msgspec.Struct):
    cwd: str | None = None


_decode_line = msgspec.json.Decoder(_Line).decode


def memory_files(cwd: str, config_folder: str, home: str, auto_folder: str = "") -> list[MemoryFile]:
    """The memory files of a session that began in a folder, each once; none for what cannot be read.

    `config_folder` holds the person's own; `auto_folder` is the transcripts' folder, beside which the client keeps its
    notes.
    """
    walk = _Walk(home)
    walk.take(os.path.join(managed_folder(), "CLAUDE.md"), MANAGED)
    walk.take(os.path.join(config_folder, "CLAUDE.md"), USER)
    walk.take_rules(os.path.join(config_folder, "rules"), USER)
    for folder in _from_the_top(cwd):
        walk.take(os.path.join(folder, "CLAUDE.md"), PROJECT)
        walk.take(os.path.join(folder, ".claude", "CLAUDE.md"), PROJECT)
        walk.take_rules(os.path.join(folder, ".claude", "rules"), PROJECT)
        walk.take(os.path.join(folder, "CLAUDE.local.md"), LOCAL)
    if auto_folder:
        walk.take(os.path.join(auto_folder, "memory", "MEMORY.md"), AUTO)
    return walk.found


def managed_folder(platform: str = sys.platform) -> str:
    """The folder of what an organisation sets for every user of a machine; it need not exist."""
    return _MANAGED_FOLDERS.get(platform, "/etc/claude-code")


def working_folder(transcript: str) -> str:
    """The folder that a session began in; empty where its transcript does not tell. Raises OSError."""
    with open(transcript, "rb") as file:
        lines = file.read(HEAD_BYTES).split(b"\n")
    for line in lines:
        if b'"cwd"' in line:
            try:
                cwd = _decode_line(line).cwd
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                continue
            if cwd:
                return cwd
    return ""


class _Walk:
    """State of one look for memory files."""

    def __init__(self, home: str) -> None:
        self.found: list[MemoryFile] = []
        self._home = home
        self._known: set[str] = set()

    def take(self, path: str, scope: str, depth: int = 0, *, is_rule: bool = False) -> None:
        """A file and what it imports; a rule for some paths alone is not loaded at the start."""
        try:
            real = os.path.realpath(path)
            if real in self._known or len(self.found) >= MOST_FILES or not os.path.isfile(real):
                return
            with open(real, "rb") as file:
                data = file.read(MOST_BYTES)
        except (OSError, ValueError):
            return
        if is_rule and _PATHS_RULE.match(data):
            return
        self._known.add(real)
        if scope == AUTO:
            data = b"\n".join(data[:AUTO_BYTES].split(b"\n")[:AUTO_LINES])
        if data:
            self.found.append(MemoryFile(path, scope, len(data)))
        if depth < MOST_IMPORTS and scope != AUTO:
            for name in _imports(data):
                self.take(self._resolved(name, os.path.dirname(path)), IMPORTED, depth + 1)

    def take_rules(self, folder: str, scope: str) -> None:
        """Every rule below a folder."""
        for base, folders, names in os.walk(folder):
            folders.sort()
            for name in sorted(names):
                if name.endswith(".md"):
                    self.take(os.path.join(base, name), scope, is_rule=True)

    def _resolved(self, name: str, folder: str) -> str:
        return os.path.join(self._home, name[2:]) if name.startswith("~/") else os.path.join(folder, name)


def _imports(data: bytes) -> Iterator[str]:
    """The paths that a memory file imports, `@docs/style.md`; not those in code."""
    for match in _IMPORT.finditer(_CODE.sub(b" ", data)):
        yield match[1].decode("utf-8", "replace")


def _from_the_top(cwd: str) -> list[str]:
    """The folder and those above it, the highest first; none for a folder of another machine."""
    if not os.path.isabs(cwd) or "\0" in cwd or not os.path.isdir(cwd):
        return []
    folders = [os.path.normpath(cwd)]
    while (parent := os.path.dirname(folders[-1])) != folders[-1]:
        folders.append(parent)
    return folders[::-1]
