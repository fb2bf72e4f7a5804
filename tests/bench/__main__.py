"""How fast it is: `scripts/bench`. Each figure stands beside a floor measured in the same run, as the machine's own
speed says nothing about orch."""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from supervisor.runtime import snapshots
from supervisor.runtime.gitfacts import state_key
from tests.bench import repos

ROUNDS = 7
CHECKOUT = Path(__file__).parent.parent.parent
ORCH = Path(sys.executable).parent / "orch"
HOMES = Path.home() / ".cache" / "orch-bench"
PLAIN = (
    ("status", "--porcelain=v2", "--branch", "--show-stash", "-z"),
    ("log", "-200", "-z", "--numstat", "--format=%H%x00%an%x00%ct%x00%s"),
    ("log", "-5000", "-z", "--name-only", "--format=%H%x00%an%x00%ct%x00%s"),
    ("for-each-ref", "--format=%(refname)%00%(objectname)%00%(committerdate:unix)"),
    ("ls-files", "-s", "-z"),
    ("config", "--list", "-z"),
    ("rev-list", "--count", "HEAD"),
)
"""What plain git is asked for the facts of a snapshot: all of them side by side, as nothing is faster."""


@dataclass(frozen=True)
class Row:
    """One figure. `took` and `floor` are medians in milliseconds; `limit` is the ratio (or the time) to stay below."""

    what: str
    took: float
    floor: float | None
    limit: str
    note: str = ""

    @property
    def ratio(self) -> float | None:
        return None if not self.floor else self.took / self.floor


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--only", choices=sorted(BENCHES), action="append", help="only this one; may be given again")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"rounds of each measurement ({ROUNDS})")
    parser.add_argument("--json", action="store_true", help="as JSON, on standard output")
    options = parser.parse_args()
    HOMES.mkdir(parents=True, exist_ok=True)
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(dir=HOMES) as folder:
        for name in options.only or sorted(BENCHES):
            print(f"{name} ...", file=sys.stderr, flush=True)
            rows += BENCHES[name](Path(folder) / name, options.rounds)
    if options.json:
        print(json.dumps([{**asdict(row), "ratio": row.ratio} for row in rows], indent=1))
    else:
        print(
            f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {sys.version.split()[0]}, {ROUNDS} rounds\n"
        )
        print("| what | median | floor | ratio | to reach | note |\n|---|---|---|---|---|---|")
        for row in rows:
            floor = f"{row.floor:.0f} ms" if row.floor else "-"
            ratio = f"{row.ratio:.2f}" if row.ratio else "-"
            print(f"| {row.what} | {row.took:.0f} ms | {floor} | {ratio} | {row.limit} | {row.note} |")
    return 0


def snapshot(folder: Path, rounds: int) -> Iterator[Row]:
    """A repo of 5,000 commits and 2,000 files."""
    repo = folder / "repo"
    repos.with_history(repo, commits=5000, files=2000)
    root = repos.workspace(folder, ["repo"])
    floor, took, key = [], [], []
    for _ in range(rounds):  # in turn, so that both meet the same machine
        floor.append(_timed(lambda: _plain_git(repo)))
        took.append(_timed(lambda: snapshots.read("repo", repo, state_key(repo))))
        key.append(_timed(lambda: state_key(repo)))
    yield Row(
        "snapshot, read anew", _median(took), _median(floor), "1.5", "5,000 commits, 2,000 files; in a running Python"
    )
    status = [_timed(lambda: repos.git(repo, *PLAIN[0])) for _ in range(rounds)]
    yield Row("snapshot, nothing changed", _median(key), _median(status), "one git status", "the key that decides it")
    _orch(root, "snapshot", "--json")
    with _counted(folder) as (calls, environ):
        warm = [_timed(lambda: _orch(root, "snapshot", "--json", **environ)) for _ in range(rounds)]
        asked = calls()
    yield Row("`orch snapshot`, nothing changed", _median(warm), None, "-", f"{asked / rounds:.1f} git processes each")


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
        cold.append(_timed(lambda: _orch(root, "map", "--json")))
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    note = f"10,002 files, {size / 1e6:.0f} MB; largest process {memory:.0f} MB"
    yield Row("`orch map`, read anew", _median(cold), None, "10 s, 500 MB", note)
    bare = [_timed(lambda: subprocess.run([sys.executable, "-c", "pass"], check=True)) for _ in range(rounds)]
    edited, same = [], []
    file = next((folder / "a").glob("*/*.py"))
    for number in range(rounds):
        with file.open("a", encoding="utf-8") as stream:
            stream.write(f"\nEDIT_NUMBER = {number}\n")
        edited.append(_timed(lambda: _orch(root, "map", "--json")))
        same.append(_timed(lambda: _orch(root, "map", "--json")))
    yield Row(
        "`orch map`, one file edited", _median(edited), _median(bare), "500 ms", "the floor is Python's own start"
    )
    yield Row("`orch map`, nothing changed", _median(same), _median(bare), "-", "the floor is Python's own start")


BENCHES: dict[str, Callable[[Path, int], Iterator[Row]]] = {"map": map_of_three, "snapshot": snapshot}


def _plain_git(repo: Path) -> None:
    with ThreadPoolExecutor(len(PLAIN)) as pool:
        list(pool.map(lambda words: repos.git(repo, *words), PLAIN))


def _orch(root: Path, *words: str, **environ: str) -> None:
    subprocess.run([ORCH, "-C", root, *words], check=True, capture_output=True, env={**repos.ENVIRON, **environ})


@contextmanager
def _counted(folder: Path) -> Iterator[tuple[Callable[[], int], dict[str, str]]]:
    """A `git` that counts how often it is asked, and the environment in which it is found."""
    log, shim = folder / "calls", folder / "bin" / "git"
    shim.parent.mkdir()
    shim.write_text(f'#!/bin/sh\necho >> {log}\nexec {shutil.which("git")} "$@"\n', encoding="utf-8")
    shim.chmod(0o755)
    log.touch()
    yield lambda: len(log.read_text().splitlines()), {"PATH": f"{shim.parent}:{os.environ['PATH']}"}


def _timed(act: Callable[[], object]) -> float:
    """Milliseconds."""
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1000


def _median(values: list[float]) -> float:
    return statistics.median(values)


if __name__ == "__main__":
    sys.exit(main())
