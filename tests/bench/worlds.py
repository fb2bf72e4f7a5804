"""Measure the world of a long run in memory, beside another commit of this repo."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests import CHECKOUT
from tests.bench import beside
from tests.bench.rows import ORCH, Row, median

BEFORE = "3549d7226"  # the commit before steps, maps and shown text became proportional to what changed
TASKS, EVENTS = 2000, 100_000
PROGRAM = Path(__file__).parent / "fold.py"


def world(folder: Path, rounds: int) -> Iterator[Row]:
    """2,000 tasks that are done after 100,000 events: megabytes of the world, and CPU time of the run."""
    sides = ((ORCH, CHECKOUT), (beside.built(BEFORE), beside.folder_of(BEFORE)))
    found: tuple[list[dict[str, Any]], ...] = ([], [])
    for _ in range(min(rounds, 2)):
        for side, (program, root) in enumerate(sides):
            words = [program.parent / "python", PROGRAM, str(TASKS), str(EVENTS)]
            done = subprocess.run(words, env={"PYTHONPATH": str(root)}, check=True, capture_output=True)
            found[side].append(json.loads(done.stdout))
    own, other = ({name: median([one[name] for one in side]) for name in side[0]} for side in found)
    assert own["done"] == other["done"] == TASKS
    what = f"a world of {TASKS:,} tasks after {EVENTS:,} events"
    texts = (
        f"of which its texts are {own['texts']:.1f} MB; in memory {own['resident']:.1f} MB and {other['resident']:.1f}"
    )
    yield Row(f"{what}, megabytes of objects", own["objects"], other["objects"], "0.5", f"beside {BEFORE}; {texts}")
    note = f"beside {BEFORE}; nothing is decided about the tokens, 9 of 10 events"
    yield Row(f"{what}, CPU time", own["ms"], other["ms"], "", note)
