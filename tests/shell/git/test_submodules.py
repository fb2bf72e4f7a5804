"""The submodules of a work tree are found, nested ones too, and nothing else is taken for one."""

from __future__ import annotations

from pathlib import Path

import pytest

from supervisor.errors import WorkspaceError
from supervisor.shell.git.submodules import submodules_of
from tests.gitrepo import commit, git, new_repo


def add(outer: Path, inner: Path, name: str) -> Path:
    git(outer, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner), name)
    commit(outer)
    return outer / name


def test_a_repo_without_submodules_has_none(repo: Path) -> None:
    assert submodules_of(repo) == ()


def test_submodules_are_found_where_they_are_checked_out_nested_ones_too(repo: Path, tmp_path: Path) -> None:
    library = new_repo(tmp_path / "library")
    one, other = add(repo, library, "one"), add(repo, library, "other")
    nested = add(one, library, "deep/nested")
    assert set(submodules_of(repo)) == {one, other, nested}


def test_what_is_not_checked_out_or_is_a_link_is_left_out(repo: Path, tmp_path: Path) -> None:
    library = new_repo(tmp_path / "library")
    gone, linked = add(repo, library, "gone"), add(repo, library, "linked")
    (gone / ".git").unlink()
    linked.rename(tmp_path / "elsewhere")
    linked.symlink_to(tmp_path / "elsewhere")
    assert submodules_of(repo) == ()


def test_a_repo_that_git_cannot_read_is_an_error(repo: Path, tmp_path: Path) -> None:
    add(repo, new_repo(tmp_path / "library"), "one")
    (repo / ".git" / "index").write_bytes(b"no index")
    with pytest.raises(WorkspaceError, match="list the submodules"):
        submodules_of(repo)
