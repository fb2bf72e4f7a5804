"""Two kept trees are compared file by file, without a program of the repo."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from supervisor.domain.change.diff import DiffStatus, FileDiff, FilePatch, RunDiff
from supervisor.errors import WorkspaceError
from supervisor.shell.git.keep.capture import KeptTrees
from supervisor.shell.git.keep.compare import changes_between, patch_between, short_between
from supervisor.shell.git.keep.form import ref_of
from supervisor.shell.git.tree import read_now
from tests.gitrepo import commit, git


def test_the_files_that_changed_are_listed_with_their_kind_and_lines_and_shown_as_a_patch(repo: Path) -> None:
    (repo / "long").write_text("".join(f"line {number}\n" for number in range(30)), encoding="utf-8")
    (repo / "mode").write_text("x\n", encoding="utf-8")
    commit(repo)
    (repo / "b").write_text("mine, from before\n", encoding="utf-8")
    trees = KeptTrees(repo, ref_of("w", "api"))
    before = trees.keep(read_now(repo), "before").commit
    git(repo, "config", "diff.external", f"touch {repo}.ran")
    git(repo, "config", "diff.noprefix", "true")

    (repo / "a").write_text("one\nand more\n", encoding="utf-8")
    (repo / "long").rename(repo / "größe\t")
    (repo / "mode").chmod(0o755)
    (repo / "data").write_bytes(b"\0\1")
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "A child commits")
    (repo / "b").unlink()
    after = trees.keep(read_now(repo), "after").commit

    assert changes_between(repo, before, after) == (
        FileDiff("a", DiffStatus.MODIFIED, None, 1, 0),
        FileDiff("b", DiffStatus.DELETED, None, 0, 1),
        FileDiff("data", DiffStatus.ADDED, None, None, None),
        FileDiff("größe\\t", DiffStatus.RENAMED, "long", 0, 0),
        FileDiff("mode", DiffStatus.MODE, None, 0, 0),
    )
    short = short_between(repo, before, after, {"mode"})
    assert [one.path for one in short.files] == ["mode", "data", "größe\\t", "a", "b"]
    assert {one.path: one for one in short.files} == {one.path: one for one in changes_between(repo, before, after)}
    added, removed = "@@ -1 +1,2 @@\n one\n+and more", "@@ -1 +0,0 @@\n-mine, from before"
    assert short.patches == (FilePatch("a", added), FilePatch("b", removed))
    assert short_between(repo, after, after, {"mode"}) == RunDiff(())
    patch = patch_between(repo, before, after)
    assert b"-mine, from before\n" in patch
    there = sorted(repo.iterdir())
    subprocess.run(["git", "apply", "--reverse"], cwd=repo, input=patch, check=True, timeout=20)
    assert changes_between(repo, before, trees.keep(read_now(repo), "undone").commit) == ()
    subprocess.run(["git", "apply"], cwd=repo, input=patch, check=True, timeout=20)
    assert sorted(repo.iterdir()) == there
    assert not Path(f"{repo}.ran").exists()
    assert changes_between(repo, after, after) == ()


def test_a_work_tree_without_files_is_compared_like_any_other(repo: Path) -> None:
    trees = KeptTrees(repo, ref_of("w", "api"))
    before = trees.keep(read_now(repo), "before").commit
    names = [one for one in repo.iterdir() if one.name != ".git"]
    for one in names:
        one.unlink()
    none = trees.keep(read_now(repo), "nothing left").commit

    assert {one.status for one in changes_between(repo, before, none)} == {DiffStatus.DELETED}
    assert {one.status for one in changes_between(repo, none, before)} == {DiffStatus.ADDED}
    assert changes_between(repo, none, none) == ()
    assert b"deleted file" in patch_between(repo, before, none)
    with pytest.raises(WorkspaceError):
        changes_between(repo, none, "0" * 40)


def test_a_large_file_is_said_to_differ_and_the_small_ones_beside_it_can_be_applied(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("supervisor.shell.git.run.MEMORY_LIMIT", 100 << 20)
    trees = KeptTrees(repo, ref_of("w", "c"))
    before = trees.keep(read_now(repo), "before").commit
    with (repo / "large *").open("wb") as file:
        file.truncate(150 << 20)
    (repo / "small.bin").write_bytes(b"\0small\n")
    after = trees.keep(read_now(repo), "after").commit

    patch = patch_between(repo, before, after)

    assert {one.path: (one.additions, one.deletions) for one in changes_between(repo, before, after)} == {
        "large *": (None, None),
        "small.bin": (None, None),
    }
    assert patch.count(b"GIT binary patch") == 1
    assert b"\nBinary files /dev/null and b/large * differ\n" in patch
