"""What all benchmarks share: a figure beside its floor, and how both are measured."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.bench import repos

ORCH = Path(sys.executable).parent / "orch"


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


def orch(root: Path, *words: str, **environ: str) -> None:
    subprocess.run([ORCH, "-C", root, *words], check=True, capture_output=True, env={**repos.ENVIRON, **environ})


def timed(act: Callable[[], object]) -> float:
    """Milliseconds."""
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1000


def median(values: list[float]) -> float:
    return statistics.median(values)


def bare_python(rounds: int) -> float:
    """Milliseconds for Python to start and end."""
    return median([timed(lambda: subprocess.run([sys.executable, "-c", "pass"], check=True)) for _ in range(rounds)])
