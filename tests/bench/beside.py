"""Measure another commit of this repo beside the checkout, in turns: `scripts/bench --beside COMMIT`."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests import CHECKOUT
from tests.bench import repos
from tests.bench.rows import HOMES, Row, median, timed
from tests.e2e.lab import Lab

SERVERS = (1, 3, 8)
FILES = 10_000
DOWN = 3  # the exit code of a command that finds no supervisor
COLD = 3  # maps from scratch of each side
SETUP_WITHIN = 600.0  # seconds for pip

Programs = tuple[Path, Path]
"""`orch` of the checkout, and `orch` of the other commit."""


def beside(commit: str, folder: Path, rounds: int) -> Iterator[Row]:
    """Yield a row for each command, with the other commit in place of a floor."""
    programs = (Path(sys.executable).parent / "orch", built(short(commit)))
    yield from _light(programs, rounds)
    for number in SERVERS:
        yield from _up(programs, number, rounds)
    yield from _map(programs, folder, rounds)


def short(commit: str) -> str:
    """Return the short id of a commit, which names its folder."""
    words = ["git", "rev-parse", "--short=9", "--verify", f"{commit}^{{commit}}"]
    return subprocess.run(words, cwd=CHECKOUT, check=True, capture_output=True, text=True).stdout.strip()


def folder_of(commit: str) -> Path:
    """The folder in which `built` puts a commit."""
    return HOMES / f"beside-{commit}"


def built(commit: str) -> Path:
    """Unpack a commit, install it with an environment of its own, and return its `orch`. The next time, it is there."""
    place = folder_of(commit)
    program = place / ".venv" / "bin" / "orch"
    if not program.exists():
        shutil.rmtree(place, ignore_errors=True)
        archive = subprocess.run(["git", "archive", commit], cwd=CHECKOUT, check=True, capture_output=True).stdout
        with tarfile.open(fileobj=io.BytesIO(archive)) as files:
            files.extractall(place, filter="data")
        print(f"setting up {commit} in {place} (once; about half a minute) ...", file=sys.stderr, flush=True)
        subprocess.run([place / "scripts" / "venv"], check=True, timeout=SETUP_WITHIN)
    return program


def _in_turns(programs: Programs, rounds: int, act: Callable[[int], float]) -> tuple[float, float]:
    """Return the medians of `rounds` measurements of both, after one that warms up. They take turns in being first."""
    took: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds + 1):
        for side in (0, 1) if number % 2 else (1, 0):
            took[side].append(act(side))
    return median(took[0][1:]), median(took[1][1:])


def _row(what: str, medians: tuple[float, float], limit: str = "1.05", note: str = "") -> Row:
    return Row(what, *medians, limit, note)


def _run(program: Path, lab: Lab, *words: str) -> float:
    environ = {name: value for name, value in lab.environ.items() if name != "PYTHONPATH"}
    began = time.perf_counter()
    done = subprocess.run([program, *words], cwd=lab.workspace.root, env=environ, check=False, capture_output=True)
    took = (time.perf_counter() - began) * 1000
    assert done.returncode in (0, DOWN), done
    return took


def _up(programs: Programs, number: int, rounds: int) -> Iterator[Row]:
    names = [f"c{one}" for one in range(number)]
    down: tuple[list[float], list[float]] = ([], [])
    with Lab(*names) as own, Lab(*names) as other:
        labs = (own, other)

        def act(side: int) -> float:
            took = _run(programs[side], labs[side], "up")
            down[side].append(_run(programs[side], labs[side], "down"))
            return took

        servers = f"{number} real server{'s' * (number > 1)}"
        yield _row(f"`orch up`, {servers}, to all ready", _in_turns(programs, rounds, act))
        yield _row(f"`orch down`, {servers}", (median(down[0][1:]), median(down[1][1:])))


def _light(programs: Programs, rounds: int) -> Iterator[Row]:
    with Lab("c0", "c1", "c2") as own, Lab("c0", "c1", "c2") as other:
        labs = (own, other)
        for words in (("--help",), ("status",)):
            medians = _in_turns(programs, rounds, lambda side, words=words: _run(programs[side], labs[side], *words))
            yield _row(f"`orch {' '.join(words)}`, down", medians)
        for side in (0, 1):
            _run(programs[side], labs[side], "up")
        for words in (("status",), ("status", "--json")):
            medians = _in_turns(programs, rounds, lambda side, words=words: _run(programs[side], labs[side], *words))
            yield _row(f"`orch {' '.join(words)}`, up", medians)
        for side in (0, 1):
            _run(programs[side], labs[side], "down")


def _map(programs: Programs, folder: Path, rounds: int) -> Iterator[Row]:
    roots = []
    for name in ("own", "other"):
        repos.write_files(folder / name / "a", FILES, seed=1)
        repos.commit_all(folder / name / "a")
        roots.append(repos.workspace(folder / name, ["a"]))

    def mapped(side: int) -> float:
        return timed(
            lambda: subprocess.run(
                [programs[side], "-C", roots[side], "map", "--json"],
                check=True,
                capture_output=True,
                env={**repos.ENVIRON, "PATH": os.environ["PATH"]},
            )
        )

    def cold(side: int) -> float:
        shutil.rmtree(roots[side] / ".orchestrator", ignore_errors=True)
        return mapped(side)

    def edited(side: int) -> float:
        with next((roots[side].parent / "a").glob("*/*.py")).open("a", encoding="utf-8") as stream:
            stream.write("\nEDIT = 1\n")
        return mapped(side)

    yield _row(f"`orch map`, {FILES:,} files, from scratch", _in_turns(programs, COLD, cold), "0.5")
    yield _row("`orch map`, one file edited", _in_turns(programs, rounds, edited))
