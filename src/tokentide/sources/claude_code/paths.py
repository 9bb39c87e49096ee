"""Finds the transcripts: every root, every `*.jsonl` below its `projects/`, no folder or file twice."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from tokentide.model.files import FileStamp
from tokentide.model.problems import Problem

CLAUDE_CODE = "claude_code"
CLAUDE_DESKTOP = "claude_desktop"
DESKTOP_SESSIONS = "local-agent-mode-sessions"
"""Folder of the desktop app whose sessions each hold a `.claude/projects/` of their own."""

DESKTOP_DEPTH = 4
"""Levels from there down to a `.claude` folder: organisation, account, session, `.claude`."""


class Root(NamedTuple):
    """A folder that may hold transcripts."""

    path: str
    """The configuration folder, the parent of `projects/`."""
    origin: str
    """Why it is looked at: `CLAUDE_CONFIG_DIR`, `default`, `desktop app` or `settings`."""
    source: str
    """`claude_code` or `claude_desktop`."""

    @property
    def asked_for(self) -> bool:
        """True where a person named the folder, so that its absence is a problem."""
        return self.origin in ("CLAUDE_CONFIG_DIR", "settings")


class FoundFile(NamedTuple):
    """A transcript on disk with what one `stat` tells of it."""

    path: str
    key: str
    """The path as text that can be stored and shown: bytes that are no UTF-8 are written as `\\xNN`."""
    root: str
    source: str
    slug: str
    """The first folder below `projects/`; empty for a file right in it."""
    stamp: FileStamp


class Discovery(NamedTuple):
    """All that was found, and what could not be looked at."""

    roots: tuple[Root, ...]
    """The roots that exist."""
    files: list[FoundFile]
    """Sorted by path."""
    problems: list[Problem]


def home_of(environ: Mapping[str, str]) -> str:
    """The home folder."""
    return environ.get("HOME") or os.path.expanduser("~")


def find_roots(environ: Mapping[str, str], extra: Sequence[str] = ()) -> list[Root]:
    """Every root to look at, whether it exists or not, each path once.

    `CLAUDE_CONFIG_DIR` is a list separated by commas; an entry may name the `projects` folder itself.
    Source: research on ccusage, section 2.1; the desktop app's folders as its users report them.
    """
    home = home_of(environ)
    config_home = environ.get("XDG_CONFIG_HOME") or os.path.join(home, ".config")
    named = [part.strip() for part in environ.get("CLAUDE_CONFIG_DIR", "").split(",")]
    found = [Root(_config_folder(part, home), "CLAUDE_CONFIG_DIR", CLAUDE_CODE) for part in named if part]
    found += [Root(_config_folder(part, home), "settings", CLAUDE_CODE) for part in extra]
    found += [
        Root(os.path.join(base, name), "default", CLAUDE_CODE)
        for base, name in ((home, ".claude"), (config_home, "claude"))
    ]
    found += [
        Root(os.path.join(base, DESKTOP_SESSIONS), "desktop app", CLAUDE_DESKTOP)
        for base in _desktop_folders(environ, home, config_home)
    ]
    unique: dict[str, Root] = {}
    for root in found:
        unique.setdefault(root.path, root)
    return list(unique.values())


def discover(roots: Sequence[Root]) -> Discovery:
    """Walk the roots. Symbolic links are followed; loops and second ways to one file are cut by inode."""
    walk = _Walk()
    existing = tuple(root for root in roots if walk.enter(root))
    return Discovery(existing, sorted(walk.files), walk.problems)


def transcript_folders(root: Root) -> Iterator[str]:
    """The `projects` folders of a root, which need not exist; the desktop app keeps one in each of its sessions."""
    if root.source == CLAUDE_CODE:
        yield os.path.join(root.path, "projects")
        return
    for folder, names, _ in os.walk(root.path):
        if os.path.basename(folder) == ".claude" and "projects" in names:
            yield os.path.join(folder, "projects")
        if folder.count(os.sep) - root.path.count(os.sep) >= DESKTOP_DEPTH:
            names.clear()


class _Walk:
    """State of one walk: what was seen already, what was found."""

    def __init__(self) -> None:
        self.files: list[FoundFile] = []
        self.problems: list[Problem] = []
        self._folders: set[tuple[int, int]] = set()
        self._inodes: set[tuple[int, int]] = set()

    def enter(self, root: Root) -> bool:
        """Walk one root; False where there is nothing of that name."""
        if not os.path.isdir(root.path):
            if root.asked_for:
                self.problems.append(
                    Problem(printable(root.path), 0, f"{root.origin} names this folder, but it does not exist")
                )
            return False
        for base in filter(self._is_new, transcript_folders(root)):
            for entry in self._entries(base):
                self._visit(entry, root, entry.name if not entry.name.endswith(".jsonl") else "")
        return True

    def _entries(self, folder: str) -> list[os.DirEntry[str]]:
        """What a folder holds, links last; one that refuses is a problem, absence is not."""
        try:
            with os.scandir(folder) as entries:
                return sorted(entries, key=_links_last)
        except FileNotFoundError:
            return []
        except OSError as error:
            self.problems.append(Problem(printable(folder), 0, f"folder cannot be read: {error.strerror}"))
            return []

    def _is_new(self, folder: str) -> bool:
        """False for a folder that a link leads to again; only links can, so only they are asked."""
        try:
            status = os.stat(folder)
        except OSError:
            return True
        key = (status.st_dev, status.st_ino)
        if key in self._folders:
            return False
        self._folders.add(key)
        return True

    def _visit(self, entry: os.DirEntry[str], root: Root, slug: str) -> None:
        """Take a transcript, or go down into a folder."""
        if entry.name.endswith(".jsonl") and not _is_folder(entry):
            self._take(entry, root, slug)
        elif _is_folder(entry) and (not entry.is_symlink() or self._is_new(entry.path)):
            for inner in self._entries(entry.path):
                self._visit(inner, root, slug)

    def _take(self, entry: os.DirEntry[str], root: Root, slug: str) -> None:
        """Note a regular file once, whatever the number of ways that lead to it."""
        try:
            status = entry.stat()
        except OSError as error:
            self.problems.append(Problem(printable(entry.path), 0, f"file cannot be read: {error.strerror}"))
            return
        key = (status.st_dev, status.st_ino)
        if key in self._inodes or not _is_regular(status.st_mode):
            return
        self._inodes.add(key)
        stamp = FileStamp(status.st_size, status.st_mtime_ns, status.st_ino, status.st_dev)
        self.files.append(FoundFile(entry.path, printable(entry.path), root.path, root.source, printable(slug), stamp))


def printable(path: str) -> str:
    """A path as valid text, whatever its bytes are."""
    return path if path.isascii() else path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _links_last(entry: os.DirEntry[str]) -> bool:
    """A folder's own files come before those that a link leads to, so that a file keeps its name."""
    return entry.is_symlink()


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """True for a folder or a link to one; a link that leads nowhere is not."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def _is_regular(mode: int) -> bool:
    """True for a plain file: a pipe or a device named *.jsonl would block the reader."""
    return (mode & 0o170000) == 0o100000


def _config_folder(text: str, home: str) -> str:
    """An entry as a folder: `~` expanded, `…/projects` taken for its parent, absolute."""
    path = home + text[1:] if text == "~" or text.startswith("~/") else os.path.expanduser(text)
    path = os.path.abspath(path)
    return os.path.dirname(path) if os.path.basename(path) == "projects" else path


def _desktop_folders(environ: Mapping[str, str], home: str, config_home: str) -> list[str]:
    """The desktop app's data folders on this platform."""
    if sys.platform == "darwin":
        return [os.path.join(home, "Library", "Application Support", "Claude")]
    if sys.platform == "win32":
        return [os.path.join(environ[name], "Claude") for name in ("APPDATA", "LOCALAPPDATA") if name in environ]
    return [os.path.join(config_home, "Claude")]
