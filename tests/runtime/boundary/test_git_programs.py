"""What git would run in a repo and its submodules, and how its filters are switched off."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from supervisor.runtime.boundary.git_filters import without_filters
from supervisor.runtime.boundary.git_programs import git_programs
from tests.gitrepo import Hostile, commit, git, home, new_repo, repo

__all__ = ["home", "repo"]


@pytest.fixture
def above(repo: Path, tmp_path: Path) -> Path:
    """A repo with a submodule `lib`, which names a filter of its own."""
    new_repo(tmp_path / "lib")
    git(repo, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(tmp_path / "lib"), "lib")
    git(repo / "lib", "config", "filter.inner.clean", "./inner")
    commit(repo)
    return repo


def test_a_repo_like_most_names_none_and_needs_no_variable(repo: Path) -> None:
    assert (git_programs(repo), without_filters(repo)) == ((), {})


def test_a_program_is_listed_without_its_secrets_and_a_long_list_is_whole(repo: Path) -> None:
    git(repo, "config", "core.pager", "curl https://ada:hunter2hunter2@example.com")
    (line,) = git_programs(repo)
    assert line.startswith("core.pager = curl https://")
    assert "hunter2" not in line
    with (repo / ".git" / "config").open("a", encoding="utf-8") as file:
        file.writelines(f'[filter "f{number:02}"]\nclean = x\n' for number in range(99))
    assert git_programs(repo) == (line, *(f"filter.f{number:02}.clean = x" for number in range(99)))


def test_those_of_a_submodule_are_named_with_it(above: Path) -> None:
    assert git_programs(above) == ("lib: filter.inner.clean = ./inner",)
    assert "filter.inner.clean" in without_filters(above).values()


def test_a_linked_work_tree_has_settings_of_its_own_and_the_hooks_of_its_repo(repo: Path, tmp_path: Path) -> None:
    linked = tmp_path / "linked"
    git(repo, "worktree", "add", "-q", str(linked))
    git(repo, "config", "extensions.worktreeConfig", "true")
    git(linked, "config", "--worktree", "filter.linked.clean", "./clean")
    hook = repo / ".git" / "hooks" / "post-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\n", encoding="utf-8")
    hook.chmod(0o755)
    (repo / ".git" / "more").write_text("[core]\n\tsshCommand = ./ssh\n", encoding="utf-8")
    git(repo, "config", f"includeIf.gitdir:{repo}/**.path", str(repo / ".git" / "more"))
    shared = (f"includeif.gitdir:{repo}/**.path = {repo}/.git/more", "core.sshcommand = ./ssh")
    assert git_programs(repo) == (*shared, "the hook post-commit")
    assert git_programs(linked) == (*shared, "filter.linked.clean = ./clean", "the hook post-commit")
    assert "filter.linked.clean" in without_filters(linked).values()


def test_no_filter_runs_under_the_variables(repo: Path, tmp_path: Path) -> None:
    hostile = Hostile(repo, tmp_path / "canaries")
    off = without_filters(repo)
    filters = {"clean", "process", "clean-of-a-name-with-an-equals-sign"}
    words = ["git", "-c", "core.fsmonitor=false", "--no-optional-locks", "diff", "--no-ext-diff", "--no-textconv"]
    for variables, ran in ((off, False), ({}, True)):
        for name in ("a", "b"):
            os.utime(repo / name, (1, 1 + ran))  # so that git has to read it to tell whether it changed
        subprocess.run([*words, "--stat"], cwd=repo, env=os.environ | variables, check=not ran, capture_output=True)
        assert bool(hostile.ran() & filters) is ran
