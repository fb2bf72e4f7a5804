"""Measure how repos are read: snapshots and the map."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from supervisor.domain.child import Child, Runner
from supervisor.runtime.remote.roots import root_of
from supervisor.runtime.snapshot import snapshots
from supervisor.runtime.snapshot.git_calls import look
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.git.reach.there import reaching
from tests.bench import repos
from tests.bench.rows import Row, bare_python, median, megabytes, orch, timed
from tests.sshd import serving

MANY = 32
PLAIN = (
    ("status", "--porcelain=v2", "--branch", "--show-stash", "-z"),
    ("log", "-200", "-z", "--numstat", "--format=%H%x00%an%x00%ct%x00%s"),
    ("log", "-5000", "-z", "--name-only", "--format=%H%x00%an%x00%ct%x00%s"),
    ("for-each-ref", "--format=%(refname)%00%(objectname)%00%(committerdate:unix)"),
    ("ls-files", "-s", "-z"),
    ("config", "--list", "-z"),
    ("rev-list", "--count", "HEAD"),
)
"""The calls of plain git for the facts of a snapshot, all in parallel, because nothing is faster."""


def snapshot(folder: Path, rounds: int) -> Iterator[Row]:
    """A repo of 5,000 commits and 2,000 files."""
    repo = folder / "repo"
    repos.with_history(repo, commits=5000, files=2000)
    root = repos.workspace(folder, ["repo"])
    floor, took, key = [], [], []
    for _ in range(rounds):  # alternately, so that both run under the same load
        floor.append(timed(lambda: _plain_git(repo)))
        took.append(timed(lambda: snapshots.read("repo", repo, look(repo))))
        key.append(timed(lambda: look(repo).key))
    yield Row(
        "snapshot, read anew", median(took), median(floor), "1.5", "5,000 commits, 2,000 files; in a running Python"
    )
    status = [timed(lambda: repos.git(repo, *PLAIN[0])) for _ in range(rounds)]
    yield Row("snapshot, nothing changed", median(key), median(status), "one git status", "the key that decides it")
    orch(root, "snapshot", "--json")
    with _counted(folder) as (calls, environ):
        warm = [timed(lambda: orch(root, "snapshot", "--json", **environ)) for _ in range(rounds)]
        asked = calls()
    yield Row("`orch snapshot`, nothing changed", median(warm), None, "-", f"{asked / rounds:.1f} git processes each")


def snapshot_elsewhere(folder: Path, rounds: int) -> Iterator[Row]:
    """The same repo, behind a real sshd: one login for all, and no file is copied but those that are wanted."""
    repo = folder / "repo"
    repos.with_history(repo, commits=5000, files=2000)
    workspace = WorkspacePaths(repos.workspace(folder, ["repo"]))
    (folder / "sshd").mkdir()
    with serving(folder / "sshd") as ssh:
        root = root_of(workspace, Child("repo", str(repo), runner=Runner("lab", (*ssh, "--"))))
        calls = "; ".join(f"git -C {shlex.quote(str(repo))} {shlex.join(words)}" for words in PLAIN)
        floor, took = [], []

        def read() -> None:
            with reaching(root, once=True):
                snapshots.read("repo", root, look(root))

        for _ in range(rounds):
            words = [*ssh, "--", calls]
            floor.append(timed(lambda words=words: subprocess.run(words, check=True, capture_output=True, timeout=300)))
            took.append(timed(read))
    note = f"the floor is one login with the {len(PLAIN)} calls of git one after the other"
    yield Row("snapshot over ssh, read anew", median(took), median(floor), "1.3", note)


def snapshots_of_many(folder: Path, rounds: int) -> Iterator[Row]:
    """32 repos of 5,000 commits and 2,000 files: `orch snapshot` of all, read again, against its git calls."""
    names = [f"r{number}" for number in range(MANY)]
    repos.with_history(folder / names[0], commits=5000, files=2000)
    for name in names[1:]:
        shutil.copytree(folder / names[0], folder / name)
        repos.git(folder / name, *PLAIN[0][:1])  # refreshes the index, which is then right for the copies too
    root = repos.workspace(folder, names)
    folders = [folder / name for name in names]
    floor, took = [], []
    for _ in range(rounds):
        floor.append(timed(lambda: _side_by_side(folders, PLAIN)))
        shutil.rmtree(root / ".orchestrator", ignore_errors=True)
        took.append(timed(lambda: orch(root, "snapshot", "--json")))
    snapshots.read(names[0], folders[0], look(folders[0]))  # loads what is loaded late
    began = time.process_time()
    snapshots.read(names[0], folders[0], look(folders[0]))
    own = (time.process_time() - began) * 1000 * MANY
    note = (
        f"5,000 commits, 2,000 files each; the floor is the {len(PLAIN)} calls of git that a snapshot needs, of four "
        f"repos at once; Python has {own:.0f} ms of CPU to do, on one core at a time"
    )
    yield Row(f"`orch snapshot` of {MANY} repos, read anew", median(took), median(floor), "1.15", note)


def _side_by_side(folders: list[Path], calls: tuple[tuple[str, ...], ...]) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda one: [repos.git(one, *words) for words in calls], folders))


def map_of_three(folder: Path, rounds: int) -> Iterator[Row]:
    """Three repos with 10,000 source files in all."""
    size = 0
    for number, name in enumerate(("a", "b", "c")):
        size += repos.write_files(folder / name, 3334, seed=3 * number)
        repos.commit_all(folder / name)
    root = repos.workspace(folder, ["a", "b", "c"])
    cold = []
    for _ in range(min(rounds, 3)):
        shutil.rmtree(root / ".orchestrator", ignore_errors=True)
        cold.append(timed(lambda: orch(root, "map", "--json")))
    shutil.rmtree(root / ".orchestrator")
    memory = megabytes(root, "map", "--json")
    note = f"10,002 files, {size / 1e6:.0f} MB; largest process {memory:.0f} MB"
    yield Row("`orch map`, read anew", median(cold), None, "10 s, 500 MB", note)
    bare = bare_python(rounds)
    edited, same = [], []
    file = next((folder / "a").glob("*/*.py"))
    for number in range(rounds):
        with file.open("a", encoding="utf-8") as stream:
            stream.write(f"\nEDIT_NUMBER = {number}\n")
        edited.append(timed(lambda: orch(root, "map", "--json")))
        same.append(timed(lambda: orch(root, "map", "--json")))
    yield Row("`orch map`, one file edited", median(edited), bare, "500 ms", "the floor is Python's own start")
    yield Row("`orch map`, nothing changed", median(same), bare, "-", "the floor is Python's own start")


def _plain_git(repo: Path) -> None:
    with ThreadPoolExecutor(len(PLAIN)) as pool:
        list(pool.map(lambda words: repos.git(repo, *words), PLAIN))


@contextmanager
def _counted(folder: Path) -> Iterator[tuple[Callable[[], int], dict[str, str]]]:
    """A `git` that counts how often it runs, and the environment in which it is found."""
    log, shim = folder / "calls", folder / "bin" / "git"
    shim.parent.mkdir()
    shim.write_text(f'#!/bin/sh\necho >> {log}\nexec {shutil.which("git")} "$@"\n', encoding="utf-8")
    shim.chmod(0o755)
    log.touch()
    yield lambda: len(log.read_text().splitlines()), {"PATH": f"{shim.parent}:{os.environ['PATH']}"}
