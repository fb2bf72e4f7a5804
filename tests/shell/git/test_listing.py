"""List the files of real repositories."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from supervisor.errors import WorkspaceError
from supervisor.shell.git import listing
from supervisor.shell.git.listing import Listing, TrackedFile, list_files
from tests.gitrepo import Hostile, commit, git, new_repo

pytestmark = pytest.mark.timeout(10)


def named(repo: Path) -> dict[str, TrackedFile]:
    return {file.name: file for file in list_files(repo).files}


def test_tracked_and_untracked_files_are_listed_and_ignored_ones_are_not(repo: Path) -> None:
    (repo / ".gitignore").write_text("*.log\n", encoding="utf-8")
    (repo / "noise.log").write_text("x", encoding="utf-8")
    (repo / "new").write_text("x", encoding="utf-8")
    files = named(repo)
    assert list(files) == ["a", "b", ".gitignore", "new"]
    assert files["a"] == TrackedFile("a", b"a", git(repo, "rev-parse", "HEAD:a"), "file")
    assert files["new"] == TrackedFile("new", b"new", "", "file")


def test_each_kind_of_file_is_recognised_tracked_or_not(repo: Path, tmp_path: Path) -> None:
    def make(prefix: str) -> None:
        (repo / f"{prefix}program").write_text("#!/bin/sh\n", encoding="utf-8")
        (repo / f"{prefix}program").chmod(0o755)
        (repo / f"{prefix}link").symlink_to("/etc/hostname")

    inner = new_repo(tmp_path / "inner")
    make("tracked-")
    git(repo, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner), "tracked-module")
    commit(repo)
    make("new-")
    os.mkfifo(repo / "new-pipe")
    new_repo(repo / "new-repository")
    kinds = {name: file.kind for name, file in named(repo).items() if "-" in name}
    assert kinds == {
        "tracked-program": "program",
        "tracked-link": "link",
        "tracked-module": "submodule",
        "new-program": "program",
        "new-link": "link",
        "new-repository": "submodule",
    }


def test_a_file_in_conflict_is_one_file_for_which_the_index_has_no_single_content(repo: Path) -> None:
    git(repo, "checkout", "-qb", "other")
    (repo / "a").write_text("theirs\n", encoding="utf-8")
    commit(repo)
    git(repo, "checkout", "-q", "main")
    (repo / "a").write_text("ours\n", encoding="utf-8")
    commit(repo)
    with pytest.raises(Exception, match="returned non-zero"):
        git(repo, "merge", "-q", "other")
    assert [(file.name, file.oid == "") for file in list_files(repo).files] == [("a", True), ("b", False)]


def test_names_that_are_hard_to_show_can_be_opened_by_their_raw_form(repo: Path) -> None:
    names = [b"-rf", b"new\nline", b"bad\xff", b"back\\nslash", b"tab\t", b"100644 0000 0\tx"]
    for name in names:
        Path(os.fsdecode(bytes(repo) + b"/" + name)).write_bytes(b"x")
    untracked = list_files(repo)
    git(repo, "add", "-A")
    for found in (untracked, list_files(repo)):
        assert {file.raw for file in found.files} == {b"a", b"b", *names}
        assert {"new\\nline", "bad\\xff", "back\\\\nslash", "tab\\t"} < {file.name for file in found.files}


def test_a_listing_of_more_files_than_the_limit_is_cut_and_says_so(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (repo / "c").write_text("x", encoding="utf-8")
    monkeypatch.setattr(listing, "FILE_LIMIT", 3)
    assert ([file.name for file in list_files(repo).files], list_files(repo).cut) == (["a", "b", "c"], False)
    monkeypatch.setattr(listing, "FILE_LIMIT", 2)
    assert ([file.name for file in list_files(repo).files], list_files(repo).cut) == (["a", "b"], True)
    monkeypatch.setattr(listing, "FILE_LIMIT", 1)
    assert ([file.name for file in list_files(repo).files], list_files(repo).cut) == (["a"], True)


def test_an_empty_repository_has_no_files(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "empty")
    assert list_files(tmp_path / "empty") == Listing((), cut=False)


def test_a_folder_that_is_no_repository_and_a_broken_index_are_errors(repo: Path, tmp_path: Path) -> None:
    (repo / ".git" / "index").write_bytes(b"nonsense")
    for path in (repo, tmp_path):
        with pytest.raises(WorkspaceError, match="git cannot list the files in"):
            list_files(path)


def test_listing_runs_nothing_of_a_hostile_repository(repo: Path, tmp_path: Path) -> None:
    for name in ("c", "d"):
        (repo / name).write_text("same\n", encoding="utf-8")
    commit(repo)
    hostile = Hostile(repo, tmp_path / "canaries")
    hostile.make_everything_dirty()
    assert len(list_files(repo).files) == 5
    assert hostile.ran() == set()
