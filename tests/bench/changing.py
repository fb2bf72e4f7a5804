"""Measure what is done about changes: keeping a work tree, `orch diff`, undo and landing, against git by hand."""

from __future__ import annotations

import os
import shutil
import subprocess
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
from tests.bench.rows import Cost, Row, cost, median, timed
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
    yield from _landing(made, rounds + 1)
    yield from _undoing(made, (rounds + 1) // 2 + 1)


def _landing(made: Landscape, rounds: int) -> Iterator[Row]:
    workspace = made.workspace

    def land(branch: str) -> None:
        hooks = CommitHooks(workspace, say=print, trusts=lambda _, __: False)
        with opened(workspace.operations) as book:
            plan = worked_out(made.status(), made.repos, LandOptions(branch), (), {}, hooks)
            assert refs.carry_out(book, workspace, plan, lambda _: None).state == "landed"

    took, floor = list[Cost](), list[Cost]()
    for number in range(rounds):
        took.append(cost(lambda number=number: land(f"own{number}")))
        floor.append(cost(lambda number=number: _land_by_hand(made, f"hand{number}")))
    yield from _rows(f"a task is landed in {REPOS} repos", took, floor, "the same plumbing by hand, repo by repo")


def _land_by_hand(made: Landscape, branch: str) -> None:
    """The calls without which nobody lands all or nothing: look, compare, write, sync, lock everywhere, say so, move
    everywhere, and keep what was landed."""
    held = list[tuple[Path, str, subprocess.Popen[bytes]]]()
    for run in made.tasks[0].kept:
        repo = made.repos[run.child]
        repos.git(repo, "config", "--list", "--show-scope", "-z")
        head = repos.git(repo, "log", "-100", "--format=%H %T %s", "HEAD").split()[0].decode()
        repos.git(repo, "for-each-ref", f"refs/heads/{branch}")
        ends = [repos.git(repo, "rev-parse", f"{one}:work").decode().strip() for one in (run.before, run.after or "")]
        repos.git(repo, "diff", "--raw", "--numstat", *ends)
        commit = repos.git(repo, "commit-tree", ends[1], "-p", head, "-m", "Land").decode().strip()
        _sync(repo, repos.git(repo, "rev-list", "--objects", "--no-object-names", commit, f"^{head}").decode().split())
        words = ["git", "-C", str(repo), "update-ref", "--stdin"]
        git = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=repos.ENVIRON)
        assert git.stdin is not None, "a pipe was asked for"
        assert git.stdout is not None, "a pipe was asked for"
        git.stdin.write(f"start\ncreate refs/heads/{branch} {commit}\nprepare\n".encode())
        git.stdin.flush()
        assert git.stdout.readline() + git.stdout.readline() == b"start: ok\nprepare: ok\n"
        assert repos.git(repo, "rev-parse", "HEAD").decode().strip() == head
        held.append((repo, commit, git))
    with (made.workspace.state / "by-hand").open("ab") as book:
        book.write(b"decided\n")
        book.flush()
        os.fsync(book.fileno())
    for repo, commit, git in held:
        out, _ = git.communicate(b"commit\n")
        assert out == b"commit: ok\n"
        repos.git(repo, "update-ref", f"refs/by-hand/{branch}", commit)


def _sync(repo: Path, oids: Sequence[str]) -> None:
    objects = repo / ".git" / "objects"
    loose = [file for oid in oids if (file := objects / oid[:2] / oid[2:]).exists()]
    for path in dict.fromkeys([*loose, *(file.parent for file in loose), objects]):
        descriptor = os.open(path, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)


def _undoing(made: Landscape, rounds: int) -> Iterator[Row]:
    events = [
        TreeKept(AT, run.child, "T1", 1, commit, after)
        for run in made.tasks[0].kept
        for commit, after in ((run.before, False), (run.after or "", True))
    ]
    kept = {run.child: (run.before, run.after or "") for run in made.tasks[0].kept}

    def act(*, back: bool) -> None:
        with opened(made.workspace.operations) as book:
            found = operations(events, read_journal(made.workspace.operations))
            change = undo(found, "T1") if back else redo(found)
            assert change is not None, "there is something to take back"
            rewrite = taking_back.planned(made.workspace, made.repos, change.steps)
            assert not [why for one in rewrite for why in one.refused], "nothing is in the way"
            taking_back.carry_out(book, made.workspace, change, rewrite)

    took, floor = list[Cost](), list[Cost]()
    for _ in range(rounds):
        took += [cost(lambda back=back: act(back=back)) for back in (True, False)]
        floor += [cost(lambda back=back: _undo_by_hand(made, kept, back=back)) for back in (True, False)]
    note = f"{FILES:,} files each, {CHANGED} changed; keep, dry run, write with git by hand, repo by repo"
    yield from _rows(f"undo in {REPOS} repos", took, floor, note)


def _undo_by_hand(made: Landscape, kept: dict[str, tuple[str, str]], *, back: bool) -> None:
    """Keep what is there, try, keep what will be there, and write."""
    for child, (before, after) in kept.items():
        repo = made.repos[child]
        index = repo / ".git" / "by-hand"
        if not index.exists():
            shutil.copy2(repo / ".git" / "index", index)
        own = {**repos.ENVIRON, "GIT_INDEX_FILE": str(index)}
        now, then = (after, before) if back else (before, after)
        repos.git(repo, "add", "-A", environ=own)
        tree = repos.git(repo, "write-tree", environ=own).decode().strip()
        repos.git(repo, "diff", "--raw", "--numstat", tree, f"{then}:work")
        repos.git(repo, "read-tree", "-n", "-m", "-u", f"{now}:work", f"{then}:work", environ=own)
        parents = repos.git(repo, "for-each-ref", "--format=%(objectname)", "refs/by-hand/undo").split()
        for what in (tree, f"{then}:work"):
            words = [word for one in parents for word in ("-p", one)]
            parents = repos.git(repo, "commit-tree", what, *words, "-m", "Kept").split()
        repos.git(repo, "update-ref", "refs/by-hand/undo", parents[0])
        repos.git(repo, "read-tree", "-m", "-u", f"{now}:work", f"{then}:work", environ=own)


def _rows(what: str, took: Sequence[Cost], floor: Sequence[Cost], note: str) -> Iterator[Row]:
    for kind, at in (("", 0), (", CPU time", 1)):
        yield Row(f"{what}{kind}", *(median([one[at] for one in each[1:]]) for each in (took, floor)), "1.3", note)


def _grown(repo: Path) -> None:
    repos.with_history(repo, commits=8, files=FILES)
    repos.git(repo, "status")  # refreshes the index


def _change(repo: Path, text: str) -> None:
    for number in range(CHANGED):
        file = repo / f"src/m{number}/f{number}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{text} {number}\n" * 30, encoding="utf-8")
