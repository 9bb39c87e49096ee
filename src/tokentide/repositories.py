"""Which project a working folder belongs to: its repository, with git worktrees folded into theirs."""

from __future__ import annotations

import os
import re
from functools import lru_cache

WORKTREE_FOLDERS = ("/.claude/worktrees/", "/.worktrees/", "/.trees/")
"""Where tools put worktrees inside a repository; tells the repository when the worktree is gone."""
GIT_FILE_BYTES = 4096
MAX_LEVELS = 64
_SLUG_CHARACTER = re.compile(r"[^A-Za-z0-9]")


@lru_cache(maxsize=4096)
def project_of(cwd: str, slug: str = "") -> str:
    """The project's folder; `slug`, the transcript's own folder name, helps where the working folder is gone.

    The repository on disk wins; then a worktree's name; then the ancestor that the slug was made from; then `cwd`.
    Without any working folder it is the slug, which may be empty. A repository at the home folder is not rolled up to.
    """
    if not cwd:
        return slug
    return _repository(cwd) or _outside_worktree(cwd) or _ancestor_of_slug(cwd, slug) or cwd


def _repository(cwd: str) -> str:
    """The root of the repository around a local folder; empty if none is found on this machine."""
    if not os.path.isabs(cwd) or cwd.startswith(("//", "\\\\")) or "\0" in cwd:
        return ""
    home, folder = os.path.expanduser("~"), os.path.normpath(cwd)
    for _ in range(MAX_LEVELS):
        parent = os.path.dirname(folder)
        if folder in (parent, home):
            return ""
        root = _git_root(folder)
        if root:
            return root
        folder = parent
    return ""


def _git_root(folder: str) -> str:
    """The repository whose `.git` stands in the folder; a worktree's `.git` file leads to the main one."""
    git = os.path.join(folder, ".git")
    if os.path.isdir(git):
        return folder
    if not os.path.isfile(git):
        return ""
    try:
        with open(git, "rb") as file:
            text = file.read(GIT_FILE_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""
    target = text.partition("gitdir:")[2].strip().replace("\\", "/")
    main = os.path.normpath(os.path.join(folder, target)).replace("\\", "/").partition("/worktrees/")
    if not target or not main[1]:
        return folder
    return os.path.dirname(main[0]) if main[0].endswith("/.git") else main[0]


def _outside_worktree(cwd: str) -> str:
    """The folder above a well-known worktree folder; empty if there is none in the path."""
    path = cwd.replace("\\", "/")
    places = [path.find(name) for name in WORKTREE_FOLDERS if path.find(name) > 0]
    return cwd[: min(places)] if places else ""


def slug_of(path: str) -> str:
    """The name that Claude Code gives the folder of a project's transcripts."""
    return _SLUG_CHARACTER.sub("-", path)


def _ancestor_of_slug(cwd: str, slug: str) -> str:
    """The folder itself or above it whose name, written as a slug, is the transcript's folder."""
    path = cwd
    while slug and len(path) >= len(slug):
        if slug_of(path) == slug:
            return path
        shorter = path[: max(path.rfind("/"), path.rfind("\\"), 0)]
        if shorter == path:
            break
        path = shorter
    return ""
