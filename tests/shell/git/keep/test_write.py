"""A work tree becomes what was kept of it, and what stands in the way is named."""

from __future__ import annotations

import shutil
from pathlib import Path

from supervisor.shell.git.keep.merge import merged
from supervisor.shell.git.keep.target import rewrites, state_of
from supervisor.shell.git.keep.write import Look, look, write_changes
from supervisor.shell.git.tree import read_now
from tests.shell.git.keep.keeping import keep, on_disk


def go_back(repo: Path, commit: str) -> Look:
    changes = rewrites(repo, state_of(repo, keep(repo).commit), state_of(repo, commit))
    seen = look(repo, changes)
    if not seen.in_the_way:
        write_changes(repo, changes, seen)
    return seen


def test_a_file_that_became_a_folder_is_one_again_and_empty_folders_are_nothing(repo: Path) -> None:
    before, was = keep(repo).commit, on_disk(repo)
    (repo / "a").unlink()
    (repo / "a" / "of the" / "person").mkdir(parents=True)
    (repo / "a" / "in").write_text("in\n", encoding="utf-8")
    after = keep(repo)
    assert after.left_out == ()

    assert go_back(repo, before).in_the_way == ()
    assert on_disk(repo) == was
    assert go_back(repo, after.commit).in_the_way == ()
    assert on_disk(repo) == {b"a/in": ("100644", b"in\n"), b"b": was[b"b"]}


def test_a_file_that_became_a_folder_of_ignored_files_is_gone_and_they_stay(repo: Path) -> None:
    (repo / ".git" / "info" / "exclude").write_text("*.o\n", encoding="utf-8")
    before = keep(repo).commit
    (repo / "a").unlink()
    (repo / "a").mkdir()
    (repo / "a" / "made.o").write_text("o\n", encoding="utf-8")

    assert keep(repo).left_out == ()
    assert go_back(repo, before).in_the_way == ("a is there, and git ignores it",)
    assert (repo / "a" / "made.o").exists()
    shutil.rmtree(repo / "a")
    assert [*read_now(repo).dirty] == ["a"]


def test_a_conflict_between_a_file_and_a_folder_has_the_name_of_the_file(repo: Path) -> None:
    base = keep(repo).state.tree
    (repo / "a").write_text("theirs\n", encoding="utf-8")
    theirs = keep(repo).state.tree
    (repo / "a").unlink()
    (repo / "a").mkdir()
    (repo / "a" / "in").write_text("in\n", encoding="utf-8")

    assert merged(repo, base, keep(repo).state.tree, theirs).conflicts == ("a",)
