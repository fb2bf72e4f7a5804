"""The readers, each as a function of bytes that raises only for a bug."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path

from supervisor.core.engine.evolve import evolve
from supervisor.core.plan.parse import parse
from supervisor.domain.world import World
from supervisor.errors import OrchError
from supervisor.runtime.config.load import load
from supervisor.runtime.plan.read import check
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.ledger.store import Ledger
from supervisor.wire.jsonrpc import Peer
from tests.fuzz.door import Door

_FOLDER = Path(tempfile.mkdtemp(prefix="orch-fuzz-"))


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
    """Call the control socket as the first byte says, in the way that the second says, with the rest."""
    _door().call(data)


@cache
def _door() -> Door:
    folder = Path(tempfile.mkdtemp(prefix="fuzz-", dir=_private()))
    os.environ["XDG_RUNTIME_DIR"] = str(folder)
    return Door(folder / "workspace")


def _private() -> Path:
    """A place outside of those for temporary files, where no socket of orch may be."""
    homes = Path.home() / ".cache" / "orch-tests"
    homes.mkdir(parents=True, exist_ok=True)
    return homes


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
        b'\0\0{"id":1,"method":"status","params":{}}\n',
        b'\1\3{"id":1,"method":"answer","params":{"ask":"A1","decision":"text","text":"x","for_session":true}}\n',
        b'\2\x81{"id":1,"method":"note","params":{"text":"x"}}\n',
        b'\3\1{"id":1,"method":"go","params":{"task":"T1"}}\n{"id":2,"method":"hold"',
        b'\4\7{"id":1,"method":"watch","params":{"version":-1,"timeout":3600}}\n',
    ),
}
