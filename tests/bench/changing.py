"""Measure what is done about changes: keeping a work tree, `orch diff`, undo and landing, against git by hand."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from supervisor.core.change.operations import operations
from supervisor.core.change.taking_back import redo, undo
from supervisor.domain.event import TreeKept
from supervisor.runtime.change import taking_back
from supervisor.runtime.change.journal import opened, read_journal
from supervisor.runtime.change.land import refs
from supervisor.runtime.change.land.commits import LandOptions, worked_out
from supervisor.runtime.change.land.hooks import CommitHooks
from supervisor.shell.git.keep.capture import KeptTrees
from supervisor.shell.git.keep.compare import changes_between, patch_between
from supervisor.shell.git.keep.form import ref_of
from supervisor.shell.git.tree import read_now
from tests.bench import repos
from tests.bench.rows import Row, median, timed
from tests.change.histories import AT
from tests.landscape import Landscape

FILES = 50_000
REPOS = 8
CHANGED = 20
STATUS = ("status", "--porcelain=v2", "-z", "--branch", "--untracked-files=all")


def keeping(folder: Path, rounds: int) -> Iterator[Row]:
    """Keep a work tree of 50,000 files, and compare two that were kept."""
    repo = folder / "repo"
    _grown(repo)
    trees = KeptTrees(repo, ref_of("bench", "repo"))
    before = trees.keep(read_now(repo), "before").commit
    for number, what, limit in ((0, "nothing changed", "1.3"), (1, "one file changed", "1.5")):
        floor, took = list[float](), list[float]()
        for one in range(rounds):
            if number:
                (repo / "src/m1/f1.py").write_text(f"round {one}\n", encoding="utf-8")
            floor.append(timed(lambda: repos.git(repo, *STATUS)))
            took.append(timed(lambda: trees.keep(trees.read(), "now")))
        yield Row(f"a work tree is kept, {what}", median(took), median(floor), limit, f"{FILES:,} files; git status")
    _change(repo, "diff")
    after = trees.keep(read_now(repo), "after").commit
    ends = (f"{before}:work", f"{after}:work")
    floor, took = [], []
    for _ in range(rounds):
        floor.append(timed(lambda: [repos.git(repo, "diff", *one, *ends) for one in (("--numstat", "--raw"), ("-p",))]))
        took.append(timed(lambda: (changes_between(repo, before, after), patch_between(repo, before, after))))
    yield Row("`orch diff`, in a running Python", median(took), median(floor), "1.2", f"{CHANGED} files; git diff")


def changing(folder: Path, rounds: int) -> Iterator[Row]:
    """Land and undo what one task changed in 8 repos of 50,000 files."""
    names = [f"r{number}" for number in range(REPOS)]
    os.environ.update(repos.ENVIRON)
    made = Landscape(folder, *names)
    for name in names:
        shutil.rmtree(made.repos[name])
        _grown(made.repos[name])
        repos.git(made.repos[name], "config", "user.name", "Bench")
        repos.git(made.repos[name], "config", "user.email", "bench@example.invalid")
    made.ran("T1", {name: {} for name in names}, change=lambda repo: _change(repo, "task"))
    yield _landing(made, rounds)
    yield _undoing(made, rounds)


def _landing(made: Landscape, rounds: int) -> Row:
    workspace = made.workspace
    floor, took = list[float](), list[float]()

    def land(branch: str) -> None:
        hooks = CommitHooks(workspace, say=print, trusts=lambda _, __: False)
        with opened(workspace.operations) as book:
            plan = worked_out(made.status(), made.repos, LandOptions(branch), (), {}, hooks)
            assert refs.carry_out(book, workspace, plan, lambda _: None).state == "landed"

    for number in range(rounds):
        took.append(timed(lambda number=number: land(f"own{number}")))
        floor.append(timed(lambda number=number: _land_by_hand(made, f"hand{number}")))
    return Row(f"a task is landed in {REPOS} repos", median(took), median(floor), "1.3", "the plumbing by hand")


def _land_by_hand(made: Landscape, branch: str) -> None:
    """The calls without which nobody lands: look, merge, list, write, sync, lock and move, repo by repo."""
    for run in made.tasks[0].kept:
        repo = made.repos[run.child]
        repos.git(repo, "config", "--list", "-z")
        repos.git(repo, "log", "-100", "--format=%H %T %s", "HEAD")
        repos.git(repo, "for-each-ref", f"refs/heads/{branch}")
        repos.git(repo, "worktree", "list", "--porcelain")
        ends = [repos.git(repo, "rev-parse", f"{one}:work").decode().strip() for one in (run.before, run.after or "")]
        repos.git(repo, "diff", "--raw", "--numstat", *ends)
        commit = repos.git(repo, "commit-tree", ends[1], "-p", "HEAD", "-m", "Land").decode().strip()
        repos.git(repo, "rev-list", "--objects", commit, "^HEAD")
        repos.git(repo, "update-ref", f"refs/heads/{branch}", commit, "")


def _undoing(made: Landscape, rounds: int) -> Row:
    events = [
        TreeKept(AT, run.child, "T1", 1, commit, after)
        for run in made.tasks[0].kept
        for commit, after in ((run.before, False), (run.after or "", True))
    ]
    floor, took = list[float](), list[float]()

    def act(number: int) -> None:
        with opened(made.workspace.operations) as book:
            found = operations(events, read_journal(made.workspace.operations))
            change = redo(found) if number % 2 else undo(found, "T1")
            assert change is not None, "there is something to take back"
            rewrite = taking_back.planned(made.workspace, made.repos, change.steps)
            assert not [why for one in rewrite for why in one.refused], "nothing is in the way"
            taking_back.carry_out(book, made.workspace, change, rewrite)

    for number in range(2 * ((rounds + 1) // 2)):
        took.append(timed(lambda number=number: act(number)))
    kept = {run.child: (run.before, run.after or "") for run in made.tasks[0].kept}
    for number in range(2 * ((rounds + 1) // 2)):
        floor.append(timed(lambda number=number: _undo_by_hand(made, kept, back=number % 2 == 0)))
    note = f"{FILES:,} files each, {CHANGED} changed; keep, dry run and write with git by hand"
    return Row(f"undo in {REPOS} repos", median(took), median(floor), "1.3", note)


def _undo_by_hand(made: Landscape, kept: dict[str, tuple[str, str]], *, back: bool) -> None:
    for child, (before, after) in kept.items():
        repo = made.repos[child]
        index = repo / ".git" / "by-hand"
        if not index.exists():
            shutil.copy2(repo / ".git" / "index", index)
        own = {**repos.ENVIRON, "GIT_INDEX_FILE": str(index)}
        now, then = (after, before) if back else (before, after)
        calls: Sequence[Sequence[str]] = (
            ("add", "-A"),
            ("write-tree",),
            ("read-tree", "-n", "-m", "-u", f"{now}:work", f"{then}:work"),
            ("read-tree", "-m", "-u", f"{now}:work", f"{then}:work"),
        )
        for words in calls:
            repos.git(repo, *words, environ=own)


def _grown(repo: Path) -> None:
    repos.with_history(repo, commits=8, files=FILES)
    repos.git(repo, "status")  # refreshes the index


def _change(repo: Path, text: str) -> None:
    for number in range(CHANGED):
        file = repo / f"src/m{number}/f{number}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{text} {number}\n" * 30, encoding="utf-8")
