"""What changed in a work tree since an earlier moment, in real repositories."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from supervisor.domain.task import ChangeList, Tree
from supervisor.errors import WorkspaceError
from supervisor.shell.git import changes, tree
from supervisor.shell.git.changes import changes_of
from supervisor.shell.git.tree import read_tree
from tests.gitrepo import commit, git

pytestmark = pytest.mark.timeout(10)


def test_what_changed_between_two_moments_is_what_was_touched_between_them(repo: Path) -> None:
    for name in ("left-alone", "edited", "deleted", "staged", "committed", "reverted-later"):
        (repo / name).write_text("dirty\n", encoding="utf-8")
    (repo / "b").write_text("dirty\n", encoding="utf-8")
    before = read_tree(repo)
    (repo / "edited").write_text("again\n", encoding="utf-8")
    (repo / "deleted").unlink()
    git(repo, "add", "committed")
    git(repo, "commit", "-qm", "one file")
    git(repo, "add", "staged")
    (repo / "a").unlink()
    (repo / "b").write_text("two\n", encoding="utf-8")
    (repo / "left-alone").touch()
    (repo / "sub").mkdir()
    (repo / "sub" / "new").write_text("new\n", encoding="utf-8")
    (repo / "reverted-later").chmod(0o755)
    changed = changes_of(repo, before)[0]
    assert changed == ("a", "b", "committed", "deleted", "edited", "reverted-later", "sub/new")


def test_nothing_changed_between_a_tree_and_itself(repo: Path) -> None:
    (repo / "big").write_bytes(b"x" * (tree.HASH_LIMIT + 1))
    (repo / "link").symlink_to("/etc/hostname")
    os.mkfifo(repo / "pipe")
    git(repo, "init", "-q", "nested")
    first = read_tree(repo)
    assert changes_of(repo, first)[0] == ()
    assert [name for name, _ in first.entries] == ["big", "link", "nested/"]


def test_the_first_commit_changes_every_file_of_it(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", str(tmp_path / "fresh"))
    fresh = tmp_path / "fresh"
    before = read_tree(fresh)
    (fresh / "x").write_text("x", encoding="utf-8")
    commit(fresh)
    assert changes_of(fresh, before)[0] == ("x",)


def test_a_commit_that_git_no_longer_has_is_an_error(repo: Path) -> None:
    with pytest.raises(WorkspaceError, match="git cannot compare two commits"):
        changes_of(repo, Tree("1" * 40, "main", ()))


def test_what_git_tracks_comes_first_and_the_rest_is_counted(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "CHANGED_LIMIT", 3)
    before = read_tree(repo)
    for name in ("0", "1", "2", "z"):
        (repo / name).write_text("new\n", encoding="utf-8")
    (repo / "b").write_text("edited\n", encoding="utf-8")
    git(repo, "add", "z")
    assert changes_of(repo, before) == (("b", "z", "0"), ChangeList(("b", "z", "0"), more=2))


def test_untracked_paths_that_are_not_kept_hide_no_change(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "ENTRY_LIMIT", 3)
    for number in range(9):
        (repo / f"f{number}").write_text("x", encoding="utf-8")
    (repo / "b").write_text("dirty\n", encoding="utf-8")
    before = read_tree(repo)
    assert ([name for name, _ in before.entries], before.truncated) == (["b", "f0", "f1"], True)
    assert changes_of(repo, before)[0] == ()
    later(repo)
    (repo / "b").write_text("again\n", encoding="utf-8")
    (repo / "a").unlink()
    for name in ("f0", "f7", "z-new", "e-new"):
        (repo / name).write_text("own", encoding="utf-8")
    (repo / "f1").unlink()
    files, found = changes_of(repo, before)
    assert files == ("a", "b", "e-new", "f0", "f1", "f7", "z-new")
    assert found.open_ended  # nobody knows whether one of the others was there before, and is gone


def later(repo: Path) -> None:
    """Wait until the clock of the file system has moved on."""
    first = repo / ".git" / "first"
    first.write_text("", encoding="utf-8")
    while True:
        (repo / ".git" / "second").write_text("", encoding="utf-8")
        if (repo / ".git" / "second").stat().st_ctime_ns > first.stat().st_ctime_ns:
            return


def test_a_cut_tree_of_an_earlier_version_is_compared_only_where_it_is_known(repo: Path) -> None:
    before = Tree(git(repo, "rev-parse", "HEAD"), "main", (("f0", "file 1"), ("f2", "file 2")), truncated=True)
    for name in ("f1", "f3"):
        (repo / name).write_text("x", encoding="utf-8")
    assert changes_of(repo, before)[0] == ("f0", "f1", "f2")


def test_changes_add_up_over_the_turns_of_a_task(repo: Path) -> None:
    start = read_tree(repo)
    (repo / "a").write_text("edited\n", encoding="utf-8")
    (repo / "new").write_text("new\n", encoding="utf-8")
    files, first = changes_of(repo, start)
    assert files == first.files == ("a", "new")

    (repo / "b").write_text("by somebody else\n", encoding="utf-8")
    base = read_tree(repo)
    files, second = changes_of(repo, base, start, first)
    assert (files, second) == ((), ChangeList(("a", "new")))

    (repo / "a").write_text("one\n", encoding="utf-8")
    (repo / "more").write_text("more\n", encoding="utf-8")
    files, third = changes_of(repo, base, start, second)
    assert (files, third) == (("a", "more"), ChangeList(("more", "new"), reverted=("a",)))


def test_what_was_put_back_is_no_longer_listed(repo: Path) -> None:
    (repo / "dirty").write_text("before\n", encoding="utf-8")
    start = read_tree(repo)
    for name in ("a", "b", "dirty", "new"):
        (repo / name).write_text("edited\n", encoding="utf-8")
    listed = changes_of(repo, start)[1]
    assert listed.files == ("a", "b", "dirty", "new")
    base = read_tree(repo)
    git(repo, "checkout", "-q", "HEAD", "--", "a")
    (repo / "new").unlink()
    files, found = changes_of(repo, base, start, listed)
    assert found == ChangeList(("b", "dirty"), reverted=("a", "new"))
    assert files == ("a", "new")  # they are not as they were when this turn began


def test_a_start_that_git_no_longer_has_puts_nothing_back(repo: Path) -> None:
    base = read_tree(repo)
    lost = Tree("1" * 40, "main", ())
    assert changes_of(repo, base, lost, ChangeList(("a",))) == ((), ChangeList(("a",)))


def test_what_was_counted_but_not_listed_stays_counted_until_it_is_put_back(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "CHANGED_LIMIT", 2)
    start = read_tree(repo)
    for number in range(5):
        (repo / f"f{number}").write_text("x", encoding="utf-8")
    first = changes_of(repo, start)[1]
    assert first == ChangeList(("f0", "f1"), more=3)
    second = changes_of(repo, read_tree(repo), start, first)[1]
    assert second == first
    for number in range(5):
        (repo / f"f{number}").unlink()
    last = changes_of(repo, read_tree(repo), start, second)[1]
    assert last == ChangeList(reverted=("f0", "f1"))
