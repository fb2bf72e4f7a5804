"""The readers, each as a function of bytes that raises only for a bug."""

from __future__ import annotations

import asyncio
import socket
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from supervisor.core.engine.evolve import evolve
from supervisor.core.guard.permits import needs_tool_call
from supervisor.core.guard.standing import Refusal, Standing
from supervisor.core.plan.parse import parse
from supervisor.domain.world import World
from supervisor.errors import OrchError
from supervisor.runtime.codex.progress import Activity
from supervisor.runtime.config.load import load
from supervisor.runtime.daemon.control import Control
from supervisor.runtime.daemon.control_socket import ControlSocket
from supervisor.runtime.daemon.loop import Loop
from supervisor.runtime.daemon.recorder import Recorder
from supervisor.runtime.logs import Logs
from supervisor.runtime.plan.authors import Authors
from supervisor.runtime.plan.read import check
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.ledger.store import Ledger
from supervisor.wire.jsonrpc import INTERNAL_ERROR, Peer

_FOLDER = Path(tempfile.mkdtemp(prefix="orch-fuzz-"))
_SECONDS = 2.0  # for one input: what takes longer hangs


def plan(data: bytes) -> None:
    """Read plan.md."""
    check(data, ["backend", "mobile"])
    parse(data.decode("utf-8", "replace"), ["backend", "mobile"])


def ledger(data: bytes) -> None:
    """Read ledger.jsonl and fold its events."""
    path = _FOLDER / "ledger.jsonl"
    path.write_bytes(data)
    it = Ledger(path)
    with suppress(OrchError):
        world = World()
        for event in it.open().events:
            world = evolve(world, event)
    it.close()


def peer(data: bytes) -> None:
    """Read a message of a server."""
    it = Peer()
    it.request("thread/start", {})
    it.receive(data)
    it.receive(data.decode("utf-8", "replace"))


def config(data: bytes) -> None:
    """Read orchestrator.config.yaml."""
    workspace = WorkspacePaths(_FOLDER)
    workspace.config.write_bytes(data)
    with suppress(OrchError):
        load(workspace)


def control(data: bytes) -> None:
    """Read a line of any client on the control socket: the first byte chooses who it is."""
    asyncio.run(_answered(CALLERS[data[0] % len(CALLERS)] if data else CALLERS[0], data[1:]))


class _Guard:
    """Permits what the guard does while no tool call of the orchestrator is under way."""

    def admit(self, connection: socket.socket) -> Standing:
        raise AssertionError("nobody connects")

    async def refusal(self, who: Standing, method: str, params: Mapping[str, object]) -> Refusal | None:
        needs = needs_tool_call(who, method)
        return needs if isinstance(needs, Refusal) else Refusal("no tool call", "-") if needs else None


CALLERS: tuple[Standing | Refusal, ...] = (*Standing, Refusal("not the person", "go away"))


async def _answered(who: Standing | Refusal, data: bytes) -> None:
    it = Ledger(_FOLDER / "control.jsonl")
    opened = it.open()
    logs = Logs(_FOLDER / "logs", megabytes=1)
    workspace = WorkspacePaths(_FOLDER)
    loop = Loop(workspace, Recorder(it, opened, logs), logs)
    running = asyncio.create_task(loop.run(lambda action: None))
    try:
        async with asyncio.TaskGroup() as group:
            methods = Control(workspace, loop, logs, group, Authors("plan.md", World), Activity())
            door = ControlSocket(workspace, methods, _Guard(), group)
            before = loop.world
            if b"ask_child" not in data and b"reload" not in data:  # these two need a whole supervisor
                async with asyncio.timeout(_SECONDS):
                    answer = await door.answer(data.replace(b"watch", b"status"), who)
                assert "\n" not in answer
                assert f'"code":{INTERNAL_ERROR}' not in answer, answer  # an unexpected error of ours
                assert not isinstance(who, Refusal) or '"result"' not in answer, answer
                assert who is Standing.PERSON or b"down" in data or loop.world == before, answer
    finally:
        running.cancel()
        it.close()
        (_FOLDER / "control.jsonl").unlink(missing_ok=True)
        logs.close()


TARGETS = {"plan": plan, "ledger": ledger, "peer": peer, "config": config, "control": control}

SEEDS: dict[str, tuple[bytes, ...]] = {
    "plan": (
        b"# Plan: x\n- hold: no\n\n## Contracts\n### C1 - a\n- between: backend, mobile\n\n## Working Plan\n"
        b"### T1 - b\n- child: backend\n- contracts: C1\n- verify: `true`\n- budget: 1k tokens, 2 h\n\nText.\n"
        b"### H1 - c\n- child: human\n- after: T1\n\n**Expect:** it.\n",
    ),
    "ledger": (
        b'{"seq":1,"ts":"2026-01-01T00:00:00Z","event":"up_requested","children":["backend"]}\n',
        b'{"seq":1,"ts":"2026-01-01T00:00:00Z","event":"intended","action":{"action":"exit","why":"x"}}\n',
        b'{"seq":1,"ts":"2026-01-01T00:00:00Z","event":"supervisor_started","pid":1,"version":"1","children":'
        b'[{"name":"backend","path":"/b"}],"running":[],"retry_seconds":[1]}\n',
    ),
    "peer": (b'{"id":1,"result":{}}', b'{"id":1,"error":{"code":1,"message":"m"}}', b'{"method":"m","params":{}}'),
    "config": (
        b"children:\n  backend: ../b\n  mobile: {path: ../m, budget: 1k tokens}\nlimits: {stall_minutes: 1}\n",
        b"children: {a: x}\nrules:\n  - accept: {command: git status}\nnotify: {command: x, on: [asks]}\n",
    ),
    "control": (
        b'\0{"id":1,"method":"status","params":{}}',
        b'\1{"id":1,"method":"answer","params":{"ask":"A1","decision":"text","text":"x","for_session":true}}',
        b'\2{"id":1,"method":"note","params":{"text":"x"}}',
        b'\3{"id":1,"method":"go","params":{"task":"T1"}}',
    ),
}
