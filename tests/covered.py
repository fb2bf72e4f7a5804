"""Measure how much of each ring its tests run, and compare it with a minimum. Called by `scripts/coverage`."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from tests import CHECKOUT

INNER = {"domain": 98.5, "core": 98.0, "wire": 95.5, "shell": 95.0}
"""The least percent of the lines of these rings that tests run in one process."""

INNER_TESTS = (*INNER, "runtime/change", "runtime/remote", "cli/change")
"""Undo, landing and the scripts for another machine are tested by who uses them: they are useful only together."""

OUTER = {"runtime": 94.5, "mcp": 95.5, "demo": 72.5, "cli": 95.0}
"""The same of these rings, by the tests of all of them, with the processes that they start."""

OUTER_TESTS = ("runtime", "mcp", "cli", "e2e")
CONFIG = """\
[run]
source = supervisor
omit = supervisor/demo/sample/*
data_file = {data}
parallel = true
{more}
[report]
exclude_also =
    if TYPE_CHECKING:
    raise AssertionError
    raise NotImplementedError
"""
# A supervisor and a command end by `os._exit`; a process that is killed leaves nothing to be read.
PROCESSES = """\
patch =
    subprocess
    _exit
sigterm = true
"""


def main(arguments: list[str]) -> int:
    outer = "--outer" in arguments
    floors, tests = (OUTER, OUTER_TESTS) if outer else (INNER, INNER_TESTS)
    with tempfile.TemporaryDirectory(prefix="orch-coverage-") as folder:
        config, report = Path(folder) / "coveragerc", Path(folder) / "report.json"
        text = CONFIG.format(data=Path(folder) / "data", more=PROCESSES if outer else "")
        config.write_text(text, encoding="utf-8")
        words = ["-n", "4", "--dist", "worksteal", "--cov=supervisor", f"--cov-config={config}"]
        words += [f"--cov-report=json:{report}", *(f"tests/{one}" for one in tests)]
        done = subprocess.run([sys.executable, "-m", "pytest", *words], cwd=CHECKOUT, check=False)
        if not report.exists():
            return done.returncode or 1
        files = json.loads(report.read_text(encoding="utf-8"))["files"]
    found = percents({path: one["summary"] for path, one in files.items()})
    for ring, floor in floors.items():
        print(f"{ring:8}{found[ring]:6.1f} % (at least {floor:g} %)")
    below = [ring for ring, floor in floors.items() if found[ring] < floor]
    if outer and done.returncode == 1:  # a tracer doubles what a process takes, and many of these tests bound that
        print("the tests that failed are judged by `scripts/test`; here only what ran counts", file=sys.stderr)
        return int(bool(below))
    if below:
        print(f"tests run less than they did of {', '.join(below)}: add tests", file=sys.stderr)
    return done.returncode or int(bool(below))


def percents(files: Mapping[str, Mapping[str, int]]) -> dict[str, float]:
    """The percentage of lines that ran, by ring."""
    rings: dict[str, list[Mapping[str, int]]] = {}
    for path, summary in files.items():
        parts = Path(path).parts
        rings.setdefault(parts[1] if len(parts) > 2 else "", []).append(summary)
    return {ring: _percent(summaries) for ring, summaries in rings.items()}


def _percent(summaries: Iterable[Mapping[str, int]]) -> float:
    counted = [(one["covered_lines"], one["num_statements"]) for one in summaries]
    return 100 * sum(run for run, _ in counted) / max(1, sum(lines for _, lines in counted))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
