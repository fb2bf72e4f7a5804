"""Measure what a start loads, by package, in the checkout and in another commit: `scripts/bench --imports COMMIT`."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from tests import CHECKOUT
from tests.bench.beside import built, short
from tests.bench.rows import median

WAYS = {
    "`orch status`": (("cli.main", "cli.look.status"), ("cli.main", "cli.show")),
    "`orch down`": (("cli.main", "cli.steer.down"), ("cli.main", "cli.lifecycle")),
    "`orch up`, until it starts the supervisor": (("cli.main", "cli.steer.up"), ("cli.main", "cli.lifecycle")),
    "the supervisor, until its first server": (("runtime.daemon.main",), ("runtime.daemon",)),
}
"""What is imported on each way: by the checkout, and by a commit in which all rooms are flat, as in 3549d72."""

START = "Python's own start"
REST = "the rest of the standard library"
ALONE = ("asyncio", "logging", "typing", "re", "enum", "inspect", "ast", "json")
WITHIN = 120.0  # seconds for one start on a busy machine

# `python -X importtime` counts what passes, which says little on a busy machine. This counts what the processor works.
HOOK = """
import importlib._bootstrap as loader, sys, time
inner, took, load = [0], [], loader._find_and_load
def timed(name, how):
    began = time.process_time_ns()
    inner.append(0)
    try:
        return load(name, how)
    finally:
        cost = time.process_time_ns() - began
        took.append((name, cost - inner.pop()))
        inner[-1] += cost
loader._find_and_load = timed
{program}
loader._find_and_load = load
print(*(f"{{name}} {{cost}}" for name, cost in took if name in sys.modules), sep="\\n")
"""


class Loaded(NamedTuple):
    """The modules of one start by group, and the milliseconds of CPU time that importing each group took."""

    modules: Counter[str]
    took: dict[str, float]


def table(commit: str, rounds: int) -> Iterator[str]:
    """Yield the lines of a Markdown table for each way, the dearest group first. Times are medians of `rounds`."""
    other = built(short(commit)).parent
    for way, ways in WAYS.items():
        sides = list(zip(((Path(sys.executable).parent, CHECKOUT), (other, other.parents[1])), ways, strict=True))
        runs = [[_loaded(*side, modules) for side, modules in sides] for _ in range(rounds)]
        own, before = (_middle([run[at] for run in runs]) for at in (0, 1))
        groups = sorted(own.took.keys() | before.took.keys(), key=lambda one: -own.took.get(one, 0.0))
        yield f"\n| {way} | modules | CPU ms | {commit}: modules | CPU ms |\n|---|---|---|---|---|"
        for group in groups:
            yield f"| {group} | {_cells(own, group)} | {_cells(before, group)} |"
        sums = (f"{sum(one.modules.values())} | {sum(one.took.values()):.0f}" for one in (own, before))
        yield f"| together | {' | '.join(sums)} |"


def _cells(side: Loaded, group: str) -> str:
    return f"{side.modules[group] or ''} | {side.took[group]:.1f}" if group in side.took else " | "


def _middle(runs: Sequence[Loaded]) -> Loaded:
    return Loaded(runs[0].modules, {group: median([run.took[group] for run in runs]) for group in runs[0].took})


def _loaded(python: Path, root: Path, modules: Sequence[str]) -> Loaded:
    """Load these modules of ours in a Python of its own."""
    program = "import " + ", ".join(f"supervisor.{name}" for name in modules)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    _run(python, root, "pass")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    counts: Counter[str] = Counter()
    took = {START: (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000}
    for line in _run(python, root, HOOK.format(program=program)).splitlines():
        name, _, cost = line.partition(" ")
        counts[_group(name)] += 1
        took[_group(name)] = took.get(_group(name), 0.0) + int(cost) / 1e6
    return Loaded(counts, took)


def _run(python: Path, root: Path, program: str) -> str:
    words = [python / "python", "-c", program]
    return subprocess.run(words, cwd=root, check=True, capture_output=True, text=True, timeout=WITHIN).stdout


def _group(module: str) -> str:
    first = module.partition(".")[0]
    if first == "supervisor":
        return "orch"
    known = first in sys.stdlib_module_names or first.startswith("_")
    return first if not known or first in ALONE else REST
