"""Linked work trees are made, merged and removed; each act can be done again after a stop at any point."""

from __future__ import annotations

import asyncio
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from supervisor.domain import action as act
from supervisor.domain import event as ev
from supervisor.domain.child import Child
from supervisor.errors import RequestRefused
from supervisor.runtime.change.own_trees import OwnTrees
from supervisor.runtime.remote.choose import tree_of
from supervisor.runtime.workspace import WorkspacePaths

AT = datetime(2026, 3, 1, tzinfo=UTC)


class Place:
    """A repo with one commit, and the acts on its linked work trees."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "api"
        self.root.mkdir()
        (self.root / "a.txt").write_text("1\n", encoding="utf-8")
        (self.root / ".gitignore").write_text("*.log\n", encoding="utf-8")
        for words in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "Start"]):
            self.git(*words)
        (folder / "ws").mkdir()
        workspace = WorkspacePaths(folder / "ws")
        child = Child("api", str(self.root))
        self.refused: Exception | None = None
        self.found: list[ev.Event] = []
        self.trees = OwnTrees(child, tree_of(workspace, child), workspace, self._refuse, self.found.append, lambda: AT)

    def _refuse(self, folder: Path) -> None:
        if self.refused is not None:
            raise self.refused

    def git(self, *words: str) -> str:
        identity = ("-c", "user.name=a", "-c", "user.email=a@example.invalid")
        return subprocess.run(
            ["git", *identity, *words], cwd=self.root, check=True, capture_output=True, text=True
        ).stdout

    def do(self, action: act.MakeTree | act.MergeTree) -> list[ev.Event]:
        self.found.clear()
        asyncio.run(self.trees.carry_out(action))
        return list(self.found)

    def make(self, task: str = "T1") -> ev.OwnTreeMade:
        (made,) = self.do(act.MakeTree("api", task, 1, "", "", "why"))
        assert isinstance(made, ev.OwnTreeMade)
        return made

    def tried(self, made: ev.OwnTreeMade) -> act.MergeTree:
        """Try a merge, and return the act that follows."""
        first = act.MergeTree("api", made.task, 1, made.path, made.base, "", "", (), (), "why")
        (tried,) = self.do(first)
        assert isinstance(tried, ev.MergeTried)
        return act.MergeTree(
            "api", made.task, 1, made.path, made.base, tried.work, tried.main, tried.conflicts, (), "why"
        )


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return Place(tmp_path)


def test_a_merge_that_was_stopped_anywhere_is_done_again_to_the_same_result(place: Place) -> None:
    made = place.make()
    (Path(made.path) / "b.txt").write_text("b\n", encoding="utf-8")
    (Path(made.path) / "a.txt").write_text("2\n", encoding="utf-8")
    (Path(made.path) / "a.txt").chmod(0o600)
    merge = place.tried(made)
    (place.root / "b.txt").write_text("b\n", encoding="utf-8")  # as far as it came before it was stopped
    for _ in range(2):  # and once more, after all of it was done and nobody heard of it
        before, after, merged = place.do(merge)
        assert isinstance(before, ev.TreeKept)
        assert isinstance(after, ev.TreeKept)
        assert (before.commit, before.after, after.after) == (merge.main, False, True)
        assert after.diff is not None
        assert sorted(one.path for one in after.diff.files) == ["a.txt", "b.txt"]
        assert isinstance(merged, ev.OwnTreeMerged)
        assert (merged.path, merged.conflicts) == ("", ())
        assert (place.root / "a.txt").read_text(encoding="utf-8") == "2\n"
        assert (place.root / "a.txt").stat().st_mode & 0o777 == 0o600
        assert not Path(made.path).exists()


def test_conflicts_are_written_once_also_after_a_stop_and_marks_that_stay_count_as_conflicts(place: Place) -> None:
    made = place.make()
    (Path(made.path) / "a.txt").write_text("mine\n", encoding="utf-8")
    (place.root / "a.txt").write_text("theirs\n", encoding="utf-8")
    merge = place.tried(made)
    assert merge.conflicts == ("a.txt",)
    (merged,) = place.do(merge)
    marked = (Path(made.path) / "a.txt").read_text(encoding="utf-8")
    assert (merged,) == tuple(place.do(merge))
    assert (Path(made.path) / "a.txt").read_text(encoding="utf-8") == marked
    assert marked.count("<<<<<<<") == 1
    assert isinstance(merged, ev.OwnTreeMerged)
    again = act.MergeTree("api", "T1", 1, made.path, merged.base, "", "", merged.conflicts, (), "why")
    (tried,) = place.do(again)
    assert isinstance(tried, ev.MergeTried)
    assert tried.conflicts == ("a.txt",)
    assert (place.root / "a.txt").read_text(encoding="utf-8") == "theirs\n"


def test_what_is_in_the_way_keeps_all_of_it_from_being_written(place: Place) -> None:
    made = place.make()
    (Path(made.path) / "b.txt").write_text("b\n", encoding="utf-8")
    subprocess.run(["git", "add", "-Nf", "."], cwd=made.path, check=True)
    (Path(made.path) / "x.log").write_text("new\n", encoding="utf-8")
    subprocess.run(["git", "add", "-Nf", "x.log"], cwd=made.path, check=True)
    (place.root / "x.log").write_text("precious\n", encoding="utf-8")
    (failed,) = place.do(place.tried(made))
    assert isinstance(failed, ev.OwnTreeFailed)
    assert "x.log is there, and git ignores it" in failed.reason
    assert (place.root / "x.log").read_text(encoding="utf-8") == "precious\n"
    assert not (place.root / "b.txt").exists()
    assert (Path(made.path) / "b.txt").exists()


def test_an_older_tree_is_brought_up_to_what_the_child_holds_now_and_keeps_its_own_changes(place: Place) -> None:
    made = place.make()
    (Path(made.path) / "mine.txt").write_text("mine\n", encoding="utf-8")
    (place.root / "a.txt").write_text("2\n", encoding="utf-8")
    place.git("commit", "-qam", "Two")
    (again,) = place.do(act.MakeTree("api", "T1", 2, made.path, made.base, "why"))
    assert isinstance(again, ev.OwnTreeMade)
    assert again.path == made.path
    assert (Path(made.path) / "a.txt").read_text(encoding="utf-8") == "2\n"
    left = subprocess.run(["git", "status", "--porcelain"], cwd=made.path, check=True, capture_output=True, text=True)
    assert left.stdout == "?? mine.txt\n"
    other = place.make()  # without a record of the first one, its place is not taken
    assert other.path == f"{made.path}-2"


def test_nothing_is_made_where_a_child_may_write(place: Place) -> None:
    place.refused = RequestRefused("it would lie in /tmp", "set XDG_STATE_HOME")
    (failed,) = place.do(act.MakeTree("api", "T1", 1, "", "", "why"))
    assert isinstance(failed, ev.OwnTreeFailed)
    assert "/tmp" in failed.reason
    assert place.git("worktree", "list").count("\n") == 1
