"""Servers: up, adopted, replaced, looked at, at rest, down. The floor is `floor.py`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from supervisor.runtime import launch
from supervisor.runtime.registry import Registry
from tests.bench.rows import ORCH, Row, bare_python, median, timed
from tests.e2e.lab import Lab
from tests.e2e.stdio import codex_binary
from tests.peers import codex_like

FLOOR = Path(__file__).parent / "floor.py"
REST = 30.0  # seconds at which a supervisor at rest is looked at


def commands(folder: Path, rounds: int) -> Iterator[Row]:
    """What a person types most."""
    bare = bare_python(rounds)
    took = [timed(lambda: subprocess.run([ORCH, "--help"], check=True, capture_output=True)) for _ in range(rounds)]
    yield Row("`orch --help`", median(took), bare, "120 ms", "the floor is Python's own start; the rest is typer")


def real_servers(folder: Path, rounds: int) -> Iterator[Row]:
    """1, 3 and 8 real app-servers: up, adopted, one of them replaced, down."""
    for number in (1, 3, 8):
        names = [f"c{one}" for one in range(number)]
        with Lab(*names) as lab:
            up, floor, down, adopted, connect, replaced = [], [], [], [], [], []
            for _ in range(rounds):
                floor.append(_until_ready(lab))
                up.append(timed(lambda: lab.orch("up")))
                supervisor = launch.supervisor_process(lab.workspace)
                assert supervisor is not None
                os.kill(supervisor.pid, signal.SIGKILL)
                adopted.append(timed(lambda: lab.orch("up")))
                sockets = [one.socket for one in Registry(lab.workspace.registry).alive().values()]
                words = [sys.executable, str(FLOOR), "greet", *sockets]
                connect.append(timed(lambda: subprocess.run(words, check=True, capture_output=True)))  # noqa: B023
                replaced.append(_replaced(lab))
                down.append(timed(lambda: lab.orch("down")))
        what = f"{number} real server{'s' * (number > 1)}"
        yield Row(f"`orch up`, {what}, to all ready", median(up), median(floor), "1.25", "a bare asyncio script")
        if number == 8:
            note = "a bare Python that connects to each"
            yield Row(f"killed supervisor, `orch up`, {what} adopted", median(adopted), median(connect), "1.5", note)
            yield Row(f"kill -9 of one of {what} to its successor ready", median(replaced), None, "-")
            yield Row(f"`orch down`, {what}", median(down), None, "-")


def _until_ready(lab: Lab) -> float:
    """Milliseconds from the start of the bare script to its word that all servers answered."""
    words = [sys.executable, str(FLOOR), "up", codex_binary(), *map(str, lab.repos.values())]
    began = time.perf_counter()
    script = subprocess.Popen(words, env=lab.environ, stdout=subprocess.PIPE)
    assert script.stdout is not None
    script.stdout.readline()
    took = (time.perf_counter() - began) * 1000
    script.communicate()
    return took


def _replaced(lab: Lab) -> float:
    pid = lab.status()["children"][0]["pid"]
    began = time.perf_counter()
    os.kill(pid, signal.SIGKILL)
    lab.until(lambda seen: seen["children"][0]["state"] == "ready" and seen["children"][0]["pid"] != pid)
    return (time.perf_counter() - began) * 1000


def many(folder: Path, rounds: int) -> Iterator[Row]:
    """32 children, whose servers are stand-ins: the supervisor is what is measured."""
    with Lab(*(f"c{number}" for number in range(32))) as lab:
        lab.environ["ORCH_CODEX_BIN"] = codex_like(lab.folder)
        up, down = [], []
        for _ in range(rounds):
            up.append(timed(lambda: lab.orch("up")))
            down.append(timed(lambda: lab.orch("down")))
        yield Row("`orch up`, 32 stand-ins", median(up), None, "-", "nearly all of it is 32 Pythons that start")
        yield Row("`orch down`, 32 stand-ins", median(down), None, "-")
        lab.orch("up")
        bare = bare_python(rounds)
        for words in (("status",), ("status", "--json")):
            took = [timed(lambda: lab.orch(*words)) for _ in range(rounds)]  # noqa: B023
            yield Row(f"`orch {' '.join(words)}`, 32 children", median(took), bare, "93 ms", "supervisorctl took 93 ms")
        supervisor = launch.supervisor_process(lab.workspace)
        assert supervisor is not None
        itself = psutil.Process(supervisor.pid)
        before, switches = sum(itself.cpu_times()[:2]), sum(itself.num_ctx_switches())
        time.sleep(REST)
        spent = (sum(itself.cpu_times()[:2]) - before) / REST * 1000
        woken = (sum(itself.num_ctx_switches()) - switches) / REST
        memory = itself.memory_info().rss / 2**20
        note = f"of CPU a second; {woken:.1f} switches a second, {memory:.0f} MB"
        yield Row("at rest, 32 children", spent, None, "1 ms, 45 MB", note)
