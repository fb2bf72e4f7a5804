"""The repos in a folder and beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from supervisor.shell.git import nearby as module
from supervisor.shell.git.nearby import nearby
from tests.gitrepo import git, new_repo


def found(folder: Path, below: Path) -> list[str]:
    return [str(one.relative_to(below)) for one in nearby(folder)]


def test_the_nearest_come_first_and_what_others_wrote_is_skipped(tmp_path: Path) -> None:
    here = tmp_path / "work" / "here"
    for name in ("work/here/app", "work/here/libs/deep/one", "work/server", "work/group/edge"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        new_repo(tmp_path / name)
    for name in ("work/here/node_modules/left", "work/here/.cache/kept", "work/here/app/inner", "work/a/b/c/far"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        new_repo(tmp_path / name)
    (here / "link").symlink_to(tmp_path / "work" / "server")
    assert found(here, tmp_path / "work") == ["here/app", "server", "group/edge", "here/libs/deep/one"]


def test_a_repo_around_the_folder_is_none_of_them(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    around = new_repo(tmp_path / "work" / "around")
    (around / "docs").mkdir()
    assert found(around / "docs", tmp_path) == []


def test_of_the_work_trees_of_a_repo_its_own_counts_and_a_submodule_does_not(tmp_path: Path) -> None:
    (work := tmp_path / "work").mkdir()
    app, server = new_repo(work / "zapp"), new_repo(work / "server")
    git(app, "worktree", "add", "-q", str(work / "branch"))
    git(server, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(app), "lib")
    git(work, "clone", "-q", "--bare", str(app), str(work / "bare.git"))
    (work / "broken").mkdir()
    (work / "broken" / ".git").write_text("gitdir: nowhere\n", encoding="utf-8")
    assert found(work, work) == ["server", "zapp"]


def test_it_looks_into_a_bounded_number_of_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (work := tmp_path / "work").mkdir()
    (work / "a" / "b").mkdir(parents=True)
    new_repo(work / "a" / "b" / "deep")
    assert found(work, work) == ["a/b/deep"]
    monkeypatch.setattr(module, "MOST", 1)
    assert found(work, work) == []
