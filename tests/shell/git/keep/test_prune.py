"""What nobody needs any more is let go, and the rest stays whatever `git gc` does."""

from __future__ import annotations

from pathlib import Path

from supervisor.shell.git.keep.capture import KeptTrees
from supervisor.shell.git.keep.form import ref_of
from supervisor.shell.git.keep.prune import prune
from supervisor.shell.git.tree import read_now
from tests.gitrepo import git

REF = ref_of("w", "api")


def kept(repo: Path, number: int) -> list[str]:
    trees = KeptTrees(repo, REF)
    commits = []
    for name in range(number):
        (repo / "a").write_text(f"{name}\n", encoding="utf-8")
        commits.append(trees.keep(read_now(repo), f"{name}").commit)
    return commits


def test_only_what_is_wanted_survives_a_collection_of_garbage(repo: Path) -> None:
    first, second, third = kept(repo, 3)
    assert prune(repo, REF, {first, third}) == (3, 2)
    git(repo, "gc", "-q", "--prune=now")
    assert [git(repo, "show", f"{one}:work/a") for one in (first, third)] == ["0", "2"]
    assert git(repo, "rev-list", "--all", "--objects").count(second) == 0
    (repo / "a").write_text("later\n", encoding="utf-8")
    later = KeptTrees(repo, REF).keep(read_now(repo), "later").commit
    assert set(git(repo, "rev-list", "--max-parents=0", REF).split()) == {first, third, later}


def test_a_ref_that_holds_nothing_more_is_deleted_and_one_that_is_not_there_is_left_alone(repo: Path) -> None:
    kept(repo, 2)
    assert prune(repo, REF, ()) == (2, 0)
    assert git(repo, "for-each-ref", "refs/orch-runs") == ""
    assert prune(repo, REF, ()) == (0, 0)


def test_trees_are_kept_on_after_somebody_else_let_go_of_the_others(repo: Path) -> None:
    trees = KeptTrees(repo, REF)
    first = trees.keep(read_now(repo), "first").commit
    prune(repo, REF, ())
    (repo / "a").write_text("again\n", encoding="utf-8")
    again = trees.keep(read_now(repo), "again").commit
    assert set(git(repo, "rev-list", "--max-parents=0", REF).split()) == {first, again}
