"""Measure servers: up, adopted, shown, at rest, down. The floor is `floor.py`, the peers are those of `peers.py`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import psutil

from supervisor.runtime.codex.registry import Registry
from supervisor.runtime.daemon import ending
from supervisor.shell.control_client import ControlClient
from tests.bench import peers, repos
from tests.bench.rows import ORCH, Row, bare_python, in_turns, loading, median, spent, timed
from tests.e2e.lab import Lab
from tests.e2e.stdio import codex_binary
from tests.peers import codex_like

FLOOR = Path(__file__).parent / "floor.py"
REST = 30.0  # seconds at which a supervisor at rest is looked at
PINGS = 30  # in a round
SERVERS = (1, 3, 8, 24)
BESIDE_PEERS = (8, 24)
MANY = 32
COMMAND = ("cli.main", "cli.steer.down")  # what `orch down` loads
FIRST = ("cli.main", "cli.steer.up", "runtime.daemon.main")  # what `orch up` loads before it starts a server
HUNDRED = 100


def commands(folder: Path, rounds: int) -> Iterator[Row]:
    """The commands that a person types most, and the one that Codex starts."""
    helped = {name: peers.help_of(name) for name in peers.NAMES}
    known = {name: words for name, words in helped.items() if not isinstance(words, str)}
    missing = {name: words for name, words in helped.items() if isinstance(words, str)}

    def measured(words: Sequence[str | Path]) -> float:
        return timed(lambda: subprocess.run(words, check=False, capture_output=True))

    lines = ((sys.executable, "-c", "pass"), (ORCH, "--help"), *known.values())
    bare, took, *others = in_turns(3 * rounds, *(partial(measured, words) for words in lines))
    beside = {**dict(zip(known, others, strict=True)), **missing}
    yield Row("`orch --help`", took, bare, "ahead", "the floor is Python's own start", beside)
    floor, took, *others = in_turns(rounds, *(partial(spent, *words) for words in lines))
    beside = {**dict(zip(known, others, strict=True)), **missing}
    yield Row("CPU time of `orch --help`", took, floor, "ahead", "the floor is Python's own start", beside)
    root = repos.workspace(folder, [])
    loaded, ready = in_turns(
        rounds,
        partial(spent, sys.executable, "-c", "import mcp"),
        partial(spent, ORCH, "-C", root, "mcp", sent=f"{json.dumps(INITIALIZE)}\n"),
    )
    yield Row("CPU time of `orch mcp`, to its first answer", ready, loaded, "1.1", "the floor is `import mcp`")


INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "bench", "version": "0"},
    },
}


def control(folder: Path, rounds: int) -> Iterator[Row]:
    """A connection to the control socket and a ping over it, with the look at who calls. The floor is a bare asyncio
    server that answers the same line."""
    with Lab("c0") as lab:
        lab.up()
        echo = lab.folder / "echo"
        with subprocess.Popen([sys.executable, "-c", ECHO, echo], stdout=subprocess.PIPE) as bare:
            assert bare.stdout is not None
            bare.stdout.readline()
            took, floor = [], []
            for _ in range(rounds * PINGS):
                floor.append(timed(lambda: _ping(echo)))
                took.append(timed(lambda: _ping(lab.workspace.control_socket)))
            bare.kill()
    yield Row("a connection and a ping on the control socket", median(took), median(floor), "floor + 0.5 ms")


ECHO = """
import asyncio, sys
async def answer(reader, writer):
    await reader.readline()
    writer.write(b'{"id":1,"result":{}}\\n')
    await writer.drain()
    writer.close()
async def main():
    async with await asyncio.start_unix_server(answer, sys.argv[1]) as server:
        print("listens", flush=True)
        await server.serve_forever()
asyncio.run(main())
"""


def _ping(path: Path) -> None:
    with ControlClient(path) as client:
        client.call("ping")


def up(folder: Path, rounds: int) -> Iterator[Row]:
    """`orch up` with real app-servers, until all are ready."""
    load = loading(rounds, *FIRST)
    for number in SERVERS:
        with Lab(*(f"c{one}" for one in range(number))) as lab:
            took, floor, down = [], [], []
            for _ in range(rounds + 1):
                floor.append(_until_ready(lab))
                took.append(timed(lambda: lab.cold("up")))
                down.append(timed(lambda: lab.cold("down")))
            beside: dict[str, float | str] = {}
            if number in BESIDE_PEERS:
                with peers.programs(codex_binary(), list(lab.repos.values()), lab.environ) as todo:
                    beside = {name: peers.up_of(name, todo, min(rounds, 3)) for name in peers.NAMES}
        what = f"{number} real server{'s' * (number > 1)}"
        note = f"a bare asyncio script; {load:.0f} ms are loaded before the first server is started, the rest meanwhile"
        yield Row(f"`orch up`, {what}, to all ready", median(took[1:]), median(floor[1:]), "1.25", note, beside)
        yield Row(f"`orch down`, {what}", median(down[1:]), None, "-")


def hundred(folder: Path, rounds: int) -> Iterator[Row]:
    """The same with a hundred real servers, and the supervisor's memory for each."""
    memory = {}
    for number in (8, HUNDRED):
        with Lab(*(f"c{one}" for one in range(number))) as lab:
            took, floor = [], []
            for _ in range(min(rounds, 3)):
                floor.append(_until_ready(lab))
                took.append(timed(lambda: lab.cold("up")))
                memory[number] = _supervisor(lab).memory_info().rss / 2**20
                lab.orch("down")
    each = (memory[HUNDRED] - memory[8]) / (HUNDRED - 8)
    note = f"medians of {len(took)}; the supervisor has {memory[HUNDRED]:.0f} MB, {each:.2f} MB a child (0.3 wanted)"
    yield Row(f"`orch up`, {HUNDRED} real servers, to all ready", median(took), median(floor), "1.25", note)


def adopt(folder: Path, rounds: int) -> Iterator[Row]:
    """A supervisor that is killed, and another one that takes its place."""
    with Lab(*(f"c{one}" for one in range(8))) as lab:
        lab.orch("up")
        took, floor = [], []
        for _ in range(rounds):
            os.kill(_supervisor(lab).pid, signal.SIGKILL)
            took.append(timed(lambda: lab.cold("up")))
            sockets = [one.socket for one in Registry(lab.workspace.registry).alive().values()]
            words = [sys.executable, str(FLOOR), "greet", *sockets]
            floor.append(timed(lambda: subprocess.run(words, check=True, capture_output=True)))  # noqa: B023
        note = "a bare Python that connects to each"
        yield Row("killed supervisor, `orch up`, 8 servers adopted", median(took), median(floor), "1.5", note)


def many(folder: Path, rounds: int) -> Iterator[Row]:
    """32 children whose servers are stand-ins, to measure the supervisor."""
    with Lab(*(f"c{number}" for number in range(MANY))) as lab:
        program = lab.environ["ORCH_CODEX_BIN"] = codex_like(lab.folder)
        took, floor, down, terms = [], [], [], []
        for _ in range(rounds):
            floor.append(_until_ready(lab, program))
            took.append(timed(lambda: lab.cold("up")))
            _at_rest(lab)
            down.append(timed(lambda: lab.cold("down")))
            terms.append(_terminated(lab, program))
        with peers.programs(program, list(lab.repos.values()), lab.environ) as todo:
            beside = {name: peers.figures_of(name, todo, rounds, REST) for name in peers.NAMES}
        known = {name: one for name, one in beside.items() if isinstance(one, peers.Figures)}
        missing = {name: one for name, one in beside.items() if isinstance(one, str)}
        starts = {**{name: one.up for name, one in known.items()}, **missing}
        note = "small Pythons in place of codex"
        yield Row(f"`orch up`, {MANY} small servers", median(took), median(floor), "1.25", note, starts)
        note = f"TERM to all, by a bare Python; the command takes {loading(rounds, *COMMAND):.0f} ms to load"
        yield Row(f"`orch down`, {MANY} small servers", median(down), median(terms), "1.5", note)
        lab.orch("up")
        _at_rest(lab)
        bare = bare_python(rounds)
        asked = {**{name: one.status for name, one in known.items() if one.status is not None}, **missing}
        for words in (("status",), ("status", "--json")):
            times = [timed(lambda: lab.cold(*words)) for _ in range(rounds)]  # noqa: B023
            what = f"`orch {' '.join(words)}`, {MANY} children"
            yield Row(what, median(times), bare, "ahead", "the floor is Python's own start", asked)
        itself = _supervisor(lab)
        time.sleep(peers.SETTLE)
        before, switches = sum(itself.cpu_times()[:2]), sum(itself.num_ctx_switches())
        time.sleep(REST)
        spent = (sum(itself.cpu_times()[:2]) - before) / REST * 1000
        woken = (sum(itself.num_ctx_switches()) - switches) / REST
        memory = itself.memory_info().rss / 2**20
        note = f"of CPU a second; {memory:.0f} MB, {woken:.1f} switches a second (all servers are asked every 5 s)"
        rest = {
            name: f"{one.cpu:.2f} ms, {one.memory:.0f} MB, {one.switches:.1f} switches" for name, one in known.items()
        }
        yield Row(f"at rest, {MANY} children", spent, None, "1 ms, 45 MB", note, {**rest, **missing})


def _at_rest(lab: Lab) -> None:
    """Wait until the repos are surveyed, which follows a start."""
    lab.until(lambda seen: any(line["ts"] >= seen["supervisor"]["since"] for line in lab.ledger("map_drawn")), 60)


def _supervisor(lab: Lab) -> psutil.Process:
    found = ending.supervisor_process(lab.workspace)
    assert found is not None, "a supervisor is up"
    return psutil.Process(found.pid)


def _until_ready(lab: Lab, program: str | None = None) -> float:
    """Milliseconds from the start of the bare script until it prints that all servers answered."""
    words = [sys.executable, str(FLOOR), "up", program or codex_binary(), *map(str, lab.repos.values())]
    began = time.perf_counter()
    script = subprocess.Popen(words, env=lab.environ, stdout=subprocess.PIPE)
    assert script.stdout is not None
    script.stdout.readline()
    took = (time.perf_counter() - began) * 1000
    script.communicate()
    return took


def _terminated(lab: Lab, program: str) -> float:
    """Milliseconds in which a bare script stops the same servers."""
    words = [sys.executable, str(FLOOR), "down", program, *map(str, lab.repos.values())]
    return float(subprocess.run(words, env=lab.environ, check=True, capture_output=True).stdout)
