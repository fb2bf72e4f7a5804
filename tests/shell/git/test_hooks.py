"""Hooks are the programs in the folder that git takes them from."""

from __future__ import annotations

from pathlib import Path

import pytest

from supervisor.shell.git.config import read_config
from supervisor.shell.git.hooks import hooks_of
from tests.gitrepo import git


def hooks(repo: Path) -> tuple[str, ...]:
    return hooks_of(repo, read_config(repo))


def make(folder: Path, *names: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_text("#!/bin/sh\n", encoding="utf-8")
        (folder / name).chmod(0o755)


def test_only_programs_count_and_no_samples(repo: Path) -> None:
    assert hooks(repo) == ()
    make(repo / ".git" / "hooks", "pre-push", "pre-commit", "update.sample")
    (repo / ".git" / "hooks" / "README").write_text("no program", encoding="utf-8")
    assert hooks(repo) == ("pre-commit", "pre-push")


def test_the_folder_that_the_repo_names_counts(repo: Path, tmp_path: Path) -> None:
    make(repo / ".husky", "commit-msg")
    make(tmp_path / "far", "post-merge")
    git(repo, "config", "core.hooksPath", ".husky")
    assert hooks(repo) == ("commit-msg",)
    git(repo, "config", "core.hooksPath", str(tmp_path / "far"))
    assert hooks(repo) == ("post-merge",)
    git(repo, "config", "core.hooksPath", "/no/such/folder")
    assert hooks(repo) == ()


def test_a_linked_work_tree_has_those_of_its_repo(repo: Path, tmp_path: Path) -> None:
    make(repo / ".git" / "hooks", "pre-commit")
    git(repo, "worktree", "add", "-q", str(tmp_path / "linked"))
    assert hooks(tmp_path / "linked") == ("pre-commit",)


@pytest.mark.parametrize("name", ["core.hooksPath"])
def test_a_folder_of_the_user_is_not_the_repos(repo: Path, home: Path, name: str) -> None:
    make(repo / ".git" / "hooks", "pre-commit")
    git(repo, "config", "--global", name, str(home / "hooks"))
    assert hooks(repo) == ()
