"""Measure what a plan of 2,000 tasks costs beside one of 20: an event, and a look at the status."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from supervisor.runtime.daemon.loop import SHOW_AFTER
from tests import CHECKOUT
from tests.bench.rows import Row, median, timed
from tests.cli.terminal import Terminal
from tests.e2e.lab import Lab, task

SIZES = (20, 2000)
NOTES = 10  # for each round; CPU time is counted in steps of 10 ms
WAITS = 120.0  # seconds for the first map, and for the plan to be in force, at most
ON_TERMINAL = "`orch status` on a terminal"
STATUS = {"`orch status`": ("status",), "`orch status --json`": ("status", "--json")}


def long_plans(folder: Path, rounds: int) -> Iterator[Row]:
    """Of one real child, whose plan is held: the floors are the same with 20 tasks."""
    events: dict[int, float] = {}
    looks: dict[tuple[str, int], float] = {}
    for size in SIZES:
        with Lab("c0") as lab:
            lab.up()
            lab.until(lambda _: lab.ledger("map_drawn"), WAITS)
            tasks = (task(f"T{at}", "c0", fields=(f"after: T{at - 1}",) if at % 8 else ()) for at in range(size))
            lab.plan("".join(tasks), head="- hold: yes\n")
            seen = lab.until(lambda seen: len(seen["tasks"]) == size, WAITS)  # noqa: B023
            supervisor = psutil.Process(seen["supervisor"]["pid"])
            spent = []
            for _ in range(rounds):
                before = sum(supervisor.cpu_times()[:2])
                for number in range(NOTES):
                    with lab.client() as client:
                        client.call("note", text=f"fact {number}", source="human")
                    time.sleep(2 * SHOW_AFTER)  # a burst would be shown once
                spent.append((sum(supervisor.cpu_times()[:2]) - before) * 1000 / NOTES)
            events[size] = median(spent)
            for what, words in STATUS.items():
                looks[what, size] = median([timed(lambda: lab.cold(*words)) for _ in range(rounds)])  # noqa: B023
            looks[ON_TERMINAL, size] = median([timed(lambda: _look(lab)) for _ in range(rounds)])
    few, many = SIZES
    yield Row(
        f"CPU time of a note, {many:,} tasks beside {few}", events[many], events[few], "1.3", "recorded and shown"
    )
    for what in (ON_TERMINAL, *STATUS):
        ratio = "1.5" if what == ON_TERMINAL else ""
        where = "" if what == ON_TERMINAL else f"into a pipe: all rows, {many // few} times as many"
        yield Row(f"{what}, {many:,} tasks beside {few}", looks[what, many], looks[what, few], ratio, where)


def _look(lab: Lab) -> None:
    """Have `orch status` fill a terminal."""
    words = (sys.executable, "-m", "supervisor.cli.main", "status")
    with Terminal(words, cwd=lab.workspace.root, environ={**lab.environ, "PYTHONPATH": str(CHECKOUT)}) as terminal:
        terminal.end()
