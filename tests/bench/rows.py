"""What all benchmarks share: a figure with its floor, and how both are measured."""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests import CHECKOUT
from tests.bench import repos

ORCH = Path(sys.executable).parent / "orch"
HOMES = Path.home() / ".cache" / "orch-bench"


@dataclass(frozen=True)
class Row:
    """One figure. `took` and `floor` are medians in milliseconds; `limit` is the ratio (or the time) to stay below.
    `peers` has the medians of others by name, or why there is none. `curve` is the growth: sizes and milliseconds."""

    what: str
    took: float
    floor: float | None
    limit: str
    note: str = ""
    peers: dict[str, float | str] = field(default_factory=dict)
    curve: tuple[tuple[float, float], ...] = ()

    @property
    def ratio(self) -> float | None:
        return None if not self.floor else self.took / self.floor


def orch(root: Path, *words: str, **environ: str) -> None:
    subprocess.run([ORCH, "-C", root, *words], check=True, capture_output=True, env={**repos.ENVIRON, **environ})


def megabytes(root: Path, *words: str) -> float:
    """The peak memory of the largest process of a command. A small Python starts it, because a process that a large one
    starts counts as having been as large."""
    look = "import resource, subprocess, sys; subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL); "
    look += "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    command = [sys.executable, "-c", look, str(ORCH), "-C", str(root), *words]
    return int(subprocess.run(command, check=True, capture_output=True, env=repos.ENVIRON).stdout) / 1024


def timed(act: Callable[[], object]) -> float:
    """Time something, in milliseconds."""
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1000


Cost = tuple[float, float]
"""Milliseconds that passed, and those that the processor worked: here, and in what was started and has ended."""


def cost(act: Callable[[], object]) -> Cost:
    """Measure what something costs."""
    before, passed = _worked(), timed(act)
    return passed, (_worked() - before) * 1000


def _worked() -> float:
    found = [resource.getrusage(one) for one in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in found)


def spent(*words: str | Path, sent: str = "", **environ: str) -> float:
    """The CPU time of a command and of all that it waits for, in milliseconds: it hardly depends on who else works."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environ = {**repos.ENVIRON, **environ}
    subprocess.run(words, check=True, capture_output=True, input=sent.encode(), env=environ, cwd=CHECKOUT)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000


def in_turns(rounds: int, *acts: Callable[[], float]) -> tuple[float, ...]:
    """Return the medians of so many rounds of each measurement, in turns: a load that comes and goes hits all."""
    taken = [[act() for act in acts] for _ in range(rounds + 1)][1:]
    return tuple(median([one[at] for one in taken]) for at in range(len(acts)))


def median(values: list[float]) -> float:
    return statistics.median(values)


def bare_python(rounds: int) -> float:
    """Milliseconds for Python to start and exit."""
    return _python("pass", rounds)


def loading(rounds: int, *modules: str) -> float:
    """Milliseconds for Python to start, import these modules of ours, and exit. Nothing can be faster."""
    return _python(f"import {', '.join(f'supervisor.{name}' for name in modules)}", rounds)


def _python(program: str, rounds: int) -> float:
    words = [sys.executable, "-c", program]
    return median([timed(lambda: subprocess.run(words, cwd=CHECKOUT, check=True)) for _ in range(rounds)])
