"""Measure children on other machines: a call over the line, many logins, a hundred servers, a thousand children."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import psutil

from supervisor import api
from supervisor.runtime.codex.handshake import Handshake, perform_handshake
from supervisor.runtime.daemon import ending
from supervisor.shell.prefix.process import PrefixProcess
from tests import CHECKOUT
from tests.bench.rows import Row, median, timed
from tests.e2e.elsewhere import LabElsewhere
from tests.e2e.lab import Lab
from tests.e2e.stdio import codex_binary
from tests.peers import codex_like, crowd
from tests.sshd import serving

CALLS = 200  # in a round, over each way
LOGINS = 32
SETTLE, REST = 12.0, 30.0  # seconds until a supervisor is at rest, and for which it is looked at
EVENTS = 40
WITHIN = 1800.0  # seconds until a thousand children are ready
PREFIX = ("env", "-C", "/", "--")


def line(folder: Path, rounds: int) -> Iterator[Row]:
    """A call of a real server, over its socket and over OpenSSH, in turns."""
    with LabElsewhere(here=False) as lab:
        lab.up()
        (socket,) = (lab.there / ".local/state/orch/servers").rglob("sock")
        words = [*lab.sshd.words, codex_binary(), "app-server", "proxy", "--sock", str(socket)]
        process = PrefixProcess(words, mark="bench", cwd=folder, errors=folder / "errors")
        try:
            here, there = asyncio.run(_in_turns(str(socket), process, rounds))
        finally:
            process.end()
    note = f"p50 of {CALLS * rounds} calls each; p95 {_p95(there):.2f} ms beside {_p95(here):.2f} ms"
    yield Row("a call over ssh", median(there), median(here), "floor + 0.3 ms", note)


async def _in_turns(socket: str, process: PrefixProcess, rounds: int) -> tuple[list[float], list[float]]:
    process.stream.setblocking(False)
    ways = [await perform_handshake(socket), await perform_handshake(socket, process.stream)]
    reading = [asyncio.create_task(one.read()) for one in ways]
    took: tuple[list[float], list[float]] = ([], [])
    for number in range(CALLS * rounds):
        for side in (0, 1) if number % 2 else (1, 0):
            took[side].append(await _asked(ways[side]))
    for one in ways:
        one.connection.close()
    await asyncio.gather(*reading, return_exceptions=True)
    return took


async def _asked(way: Handshake) -> float:
    began = time.perf_counter()
    await way.connection.request("server/diagnostics", {}, 30.0)
    return (time.perf_counter() - began) * 1000


def _p95(values: list[float]) -> float:
    return sorted(values)[len(values) * 95 // 100]


def logins(folder: Path, rounds: int) -> Iterator[Row]:
    """32 children whose servers are stand-ins, over OpenSSH and here, in turns."""
    with serving(folder) as ssh:
        program = crowd.with_proxy(folder, codex_like(folder))
        near, far = _Crowd(LOGINS, None, program), _Crowd(LOGINS, (*ssh, "--"), program)
        with near.lab, far.lab:
            here, there, one = [], [], []
            for _ in range(rounds):
                one.append(timed(lambda: subprocess.run([*ssh, "--", "true"], check=True)))
                here.append(timed(near.up))
                near.lab.orch("down", timeout=WITHIN)
                there.append(timed(far.up))
                far.lab.orch("down", timeout=WITHIN)
    note = f"one login takes {median(one):.0f} ms, and the same servers here take {median(here):.0f} ms"
    what = f"`orch up`, {LOGINS} small servers over ssh, to all ready"
    yield Row(what, median(there), median(one) + median(here), "1.5", note)


def hundred(folder: Path, rounds: int) -> Iterator[Row]:
    """A hundred real servers behind a prefix, beside ten."""
    few, many = (_measured(folder / str(number), number, codex_binary()) for number in (10, 100))
    yield from _rows("real servers behind a prefix", few, many)


def thousand(folder: Path, rounds: int) -> Iterator[Row]:
    """A thousand children behind a prefix, beside a hundred. One process serves as all of their servers."""
    found = []
    for number in (100, 1000):
        place = folder / str(number)
        place.mkdir()
        program = crowd.program(place)
        words = [sys.executable, "-m", "tests.peers.crowd", str(place / "fifo")]
        with subprocess.Popen(words, cwd=CHECKOUT) as host:
            try:
                found.append(_measured(place, number, program))
            finally:
                host.kill()
    yield from _rows("simulated children behind a prefix", *found)


class _Measured(NamedTuple):
    number: int
    up: float  # seconds
    memory: float  # MB of the supervisor
    rest: float  # ms of CPU a second at rest
    event: float  # ms of CPU for one event
    servers: float  # MB of all that is there


def _rows(what: str, few: _Measured, many: _Measured) -> Iterator[Row]:
    more = many.number - few.number

    def slope(one: float, other: float) -> str:
        return f"{one:.3g} with {few.number}; {(other - one) / more:.3g} for each more"

    yield Row(
        f"`orch up`, {many.number:,} {what}, seconds", many.up, None, "-", f"{slope(few.up, many.up)}; without a survey"
    )
    yield Row(f"the supervisor of {many.number:,} {what}, MB", many.memory, None, "-", slope(few.memory, many.memory))
    yield Row("the same at rest, ms of CPU a second", many.rest, None, "-", slope(few.rest, many.rest))
    yield Row("the same, ms of CPU for an event", many.event, None, "-", slope(few.event, many.event))
    yield Row("the servers and lines there, PSS in MB", many.servers, None, "-", slope(few.servers, many.servers))


def _measured(folder: Path, number: int, codex: str) -> _Measured:
    folder.mkdir(exist_ok=True)
    made = _Crowd(number, PREFIX, codex)
    with made.lab as lab:
        took = timed(made.up) / 1000
        found = ending.supervisor_process(lab.workspace)
        assert found is not None, "a supervisor is up"
        itself = psutil.Process(found.pid)
        time.sleep(SETTLE)
        before = _cpu(itself)
        time.sleep(REST)
        rest = (_cpu(itself) - before) / REST
        workspace = api.Workspace(lab.workspace.root)
        before = _cpu(itself)
        began = time.perf_counter()
        for _ in range(EVENTS // 2):
            workspace.hold()
            workspace.go()
        spent = _cpu(itself) - before - rest * (time.perf_counter() - began)
        pids = _below(itself, made.there)
        shown = _Measured(number, took, itself.memory_info().rss / 2**20, rest, spent / EVENTS, _pss(pids))
        lab.orch("down", timeout=WITHIN)
    return shown


class _Crowd:
    """A lab with many children behind a prefix (None: here)."""

    def __init__(self, number: int, prefix: tuple[str, ...] | None, codex: str) -> None:
        self.lab = lab = Lab()
        self.number = number
        self.there = lab.folder / "h"
        self.there.mkdir()
        runner = {"runner": "box"} if prefix is not None else {}
        children = {}
        for one in range(number):
            name = f"c{one}"
            if one == 0:
                lab.repos["c0"] = lab.repo("c0")
            else:
                shutil.copytree(lab.repos["c0"], lab.folder / name)
            children[name] = {"path": str(lab.folder / name), **runner}
        env = {"HOME": str(self.there), "CODEX_HOME": str(lab.home)}
        env["GIT_CONFIG_GLOBAL"] = str(lab.folder / "gitconfig")
        runners = {"box": {"connect": list(prefix), "codex": codex, "env": env}} if prefix is not None else {}
        if prefix is None:
            lab.environ["ORCH_CODEX_BIN"] = codex
        config = {"children": children, "runners": runners, "limits": {"ready_seconds": WITHIN}}
        lab.workspace.config.write_text(json.dumps(config), encoding="utf-8")

    def up(self) -> None:
        """Run `orch up`, and return once all are ready."""
        self.lab.orch("up", check=False, timeout=WITHIN)
        self.lab.until(lambda seen: all(one["state"] == "ready" for one in seen["children"]), WITHIN)


def _cpu(process: psutil.Process) -> float:
    """Milliseconds of CPU time."""
    return float(sum(process.cpu_times()[:2])) * 1000


def _below(supervisor: psutil.Process, home: Path) -> set[int]:
    """The lines, and all that runs in that HOME."""
    found = {one.pid for one in supervisor.children(recursive=True)}
    for one in psutil.process_iter():
        try:
            if one.environ().get("HOME") == str(home):
                found.add(one.pid)
        except psutil.Error:
            continue
    return found


def _pss(pids: set[int]) -> float:
    total = 0
    for pid in pids:
        try:
            text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
        except OSError:
            continue
        total += next((int(row.split()[1]) for row in text.splitlines() if row.startswith("Pss:")), 0)
    return total / 1024
