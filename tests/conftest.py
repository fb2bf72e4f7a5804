"""Settings for all tests."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# Compile each source only once: the tests start hundreds of processes, and each worker imports every test.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# Tests that say when something happened say it in this time; those of another time set their own.
os.environ["TZ"] = "UTC"
time.tzset()

# Keep the tests' folders out of /tmp, where no workspace may be: the commands of each child may write there.
ROOT = Path.home() / ".cache" / "orch-tests"
ROOT.mkdir(parents=True, exist_ok=True)
os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(ROOT))

# Restore SIGINT and SIGHUP. A shell that runs a script in the background makes it and all that it starts ignore SIGINT,
# and `nohup` makes it ignore SIGHUP, but tests interrupt processes with these signals.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

# The same examples in every run, so half of the usual number: `scripts/fuzz` looks for others. No time limits, because
# a loaded machine is not a failure.
settings.register_profile(
    "orch", max_examples=50, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("orch")


# The tests that a worker left out because they take long, and how many the workers told of at most.
LEFT_OUT = pytest.StashKey[int]()


def pytest_deselected(items: list[pytest.Item]) -> None:
    """Count the long tests that are left out. A worker tells its count to the process that sums up."""
    config = items[0].config
    by_mark = config.option.markexpr == "not long"
    count = sum(item.get_closest_marker("long") is not None for item in items) if by_mark else 0
    config.stash[LEFT_OUT] = count
    if hasattr(config, "workeroutput"):
        config.workeroutput["left_out"] = count


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over the count of a worker. All workers leave out the same tests."""
    node.config.stash[LEFT_OUT] = node.workeroutput.get("left_out", 0) if hasattr(node, "workeroutput") else 0


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name what was not run, and why: nobody should take a green run for more than it is."""
    reasons: dict[str, int] = {}
    if left_out := terminalreporter.config.stash.get(LEFT_OUT, 0):
        reasons["takes long: `scripts/test --long` runs it, as CI does"] = left_out
    for one in terminalreporter.getreports("skipped"):
        why = one.longrepr[2] if isinstance(one.longrepr, tuple) else str(one.longrepr)
        reasons[why] = reasons.get(why, 0) + 1
    if reasons:
        terminalreporter.section("not run")
    for why, count in sorted(reasons.items()):
        terminalreporter.write_line(f"{count} test{'s' * (count > 1)}: {why.removeprefix('Skipped: ')}")
