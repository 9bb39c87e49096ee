"""Folders roll up to their repository; worktrees fold into theirs."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tokentide.repositories import project_of


def git(folder: Path, *arguments: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    identity = {
        "GIT_AUTHOR_NAME": "a",
        "GIT_AUTHOR_EMAIL": "a@b",
        "GIT_COMMITTER_NAME": "a",
        "GIT_COMMITTER_EMAIL": "a@b",
    }
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, env={**os.environ, **identity})


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[Path]:
    project_of.cache_clear()
    root = tmp_path / "app"
    git(root, "init", "-q")
    git(root, "commit", "-q", "--allow-empty", "-m", "x")
    yield root
    project_of.cache_clear()


def test_a_folder_inside_rolls_up(repository: Path) -> None:
    (repository / "src" / "deep").mkdir(parents=True)
    assert project_of(str(repository / "src" / "deep")) == str(repository)


def test_a_folder_that_is_gone_rolls_up_to_what_is_left(repository: Path) -> None:
    assert project_of(str(repository / "was" / "here")) == str(repository)


def test_a_worktree_folds_into_its_repository(repository: Path, tmp_path: Path) -> None:
    git(repository, "worktree", "add", "-q", str(tmp_path / "feature"))
    assert project_of(str(tmp_path / "feature")) == str(repository)


def test_a_worktree_of_a_bare_repository(repository: Path, tmp_path: Path) -> None:
    bare = tmp_path / "app.git"
    git(tmp_path, "clone", "-q", "--bare", str(repository), str(bare))
    git(bare, "worktree", "add", "-q", str(tmp_path / "wt"))
    assert project_of(str(tmp_path / "wt")) == str(bare)


def test_a_submodule_is_a_repository_of_its_own(repository: Path) -> None:
    inner = repository / "lib"
    inner.mkdir()
    (inner / ".git").write_text("gitdir: ../.git/modules/lib\n")
    assert project_of(str(inner / "src")) == str(inner)


@pytest.mark.parametrize("broken", ["", "nonsense", "gitdir:"])
def test_a_broken_git_file_still_marks_a_repository(tmp_path: Path, broken: str) -> None:
    project_of.cache_clear()
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / ".git").write_text(broken)
    assert project_of(str(tmp_path / "r" / "x")) == str(tmp_path / "r")


def test_a_repository_at_home_swallows_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project_of.cache_clear()
    git(tmp_path, "init", "-q")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert project_of(str(tmp_path / "notes")) == str(tmp_path / "notes")


@pytest.mark.parametrize(
    ("cwd", "slug", "project"),
    [
        ("/gone/app/.claude/worktrees/fix-1", "", "/gone/app"),
        ("/gone/app/.worktrees/fix/src", "", "/gone/app"),
        ("/gone/app/src/deep", "-gone-app", "/gone/app"),
        ("/gone/app/src", "-elsewhere", "/gone/app/src"),
        ("D:\\work\\my-app\\src", "D--work-my-app", "D:\\work\\my-app"),
        ("D:\\oh-my-posh", "D--oh-my-posh", "D:\\oh-my-posh"),
        ("//server/share/x", "", "//server/share/x"),
        ("relative/folder", "", "relative/folder"),
        ("", "-some-slug", "-some-slug"),
        ("", "", ""),
    ],
)
def test_where_the_folder_is_not_on_this_machine(cwd: str, slug: str, project: str) -> None:
    assert project_of(cwd, slug) == project
