"""The real control socket behind the real guard, and real processes that call: who they are, and what they send.

An input is a byte that chooses the caller, one that says how it sends, and then what it sends.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from supervisor.domain.child import Child
from supervisor.domain.event import Ticked
from supervisor.domain.plan import ORCHESTRATOR
from supervisor.domain.world import World
from supervisor.errors import OrchError
from supervisor.runtime.codex.progress import Activity
from supervisor.runtime.codex.registry import Record, Registry
from supervisor.runtime.config.model import Config, Limits
from supervisor.runtime.daemon.control import Control
from supervisor.runtime.daemon.control_socket import ControlSocket
from supervisor.runtime.daemon.guard import Guard
from supervisor.runtime.daemon.loop import Loop
from supervisor.runtime.daemon.recorder import Recorder
from supervisor.runtime.logs import Logs
from supervisor.runtime.plan.authors import Authors
from supervisor.runtime.workspace import WorkspacePaths, make_private
from supervisor.shell.ledger.store import Ledger
from supervisor.shell.process import identity_of
from supervisor.wire.jsonrpc import INTERNAL_ERROR, INVALID_PARAMS, INVALID_REQUEST, REFUSED

SECONDS = 10.0  # for one call: what takes longer hangs
PIECES = 8  # in which a caller sends, at most
NOBODY = 65534

CALLER = """
import os, socket, struct, subprocess, sys
if sys.argv[1:] == ["below"]:  # what a server started, in a session of its own
    sys.exit(subprocess.call([sys.executable, "-c", os.environ["CALLER"]], start_new_session=True))
folder, name = os.environ["SOCKET_FOLDER"], os.environ["SOCKET_NAME"]
os.chdir(folder)
if os.environ.get("CALL_AS"):
    os.setgroups([]); os.setgid(int(os.environ["CALL_AS"])); os.setuid(int(os.environ["CALL_AS"]))
read, write = sys.stdin.buffer, sys.stdout.buffer
while len(head := read.read(6)) == 6:
    size, pieces, leaves = struct.unpack(">IBB", head)
    data, got = read.read(size), b""
    step = max(1, -(-size // pieces))
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(float(os.environ["SECONDS"]))
            connection.connect(name)
            for at in range(0, size, step):
                connection.sendall(data[at : at + step])
            if not leaves:
                connection.shutdown(socket.SHUT_WR)
                while piece := connection.recv(65536):
                    got += piece
    except TimeoutError:
        got = b"HANGS"
    except OSError as error:
        got += b"" if got else type(error).__name__.encode()
    write.write(struct.pack(">I", len(got)) + got)
    write.flush()
"""
"""What a caller runs: it calls for each order on its input, and passes on what came back."""


class Caller:
    """A process that calls. `below`: it is started by a process that stands for a server."""

    def __init__(self, path: Path, *before: str, below: bool = False, uid: int | None = None) -> None:
        environ = {
            "PATH": os.environ["PATH"],
            "CALLER": CALLER,
            "SECONDS": str(SECONDS),
            "SOCKET_FOLDER": str(path.parent),
            "SOCKET_NAME": path.name,
            "CALL_AS": "" if uid is None else str(uid),
        }
        words = [*before, sys.executable, "-c", CALLER, *(["below"] if below else [])]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(words, env=environ, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL)

    def send(self, data: bytes, pieces: int = 1, *, leaves: bool = False) -> bytes:
        """Return what came back until the end; nothing if it `leaves` without reading."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(len(data).to_bytes(4) + bytes((pieces, leaves)) + data)
        self.process.stdin.flush()
        got = self.process.stdout.read(int.from_bytes(self.process.stdout.read(4)))
        assert got != b"HANGS", "no end within the time"
        return got

    def close(self) -> None:
        """End the process."""
        with self.process:  # it ends with its input
            pass


class Door:
    """A supervisor without servers, its control socket, and callers of every kind that this machine can show.

    Its sockets have to lie in a folder of its own (`$XDG_RUNTIME_DIR`): strangers are let through to the socket.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.workspace = WorkspacePaths(folder)
        make_private(self.workspace.runtime_dir)
        self._path = self.workspace.control_socket
        self._registry = Registry(folder / "children.json")
        self._listens, self._failure = threading.Event(), ""
        self._thread = threading.Thread(target=lambda: asyncio.run(self._supervise()), name="supervisor", daemon=True)
        self.callers: dict[str, Caller] = {}
        self._start()
        self._call()

    def _call(self) -> None:
        """Start the callers."""
        self.callers["person"] = Caller(self._path)
        for name in ("api", ORCHESTRATOR):
            caller = self.callers[name] = Caller(self._path, below=True)
            server = identity_of(caller.process.pid)
            assert server is not None
            self._registry.put(name, Record(server, ""))
        if shutil.which("unshare") is not None:
            self.callers["elsewhere"] = Caller(self._path, "unshare", "--user", "--map-current-user")
        if os.getuid() == 0:  # only root can be somebody else: the modes keep others out before the guard does
            self.callers["stranger"] = Caller(self._path, uid=NOBODY)
            for place in (*list(self._path.parents)[:3], self._path):
                place.chmod(0o755 if place != self._path else 0o666)

    def call(self, data: bytes) -> None:
        """Have one of the callers send this. Raises AssertionError if it may do what it may not, or the door breaks."""
        if len(data) < 2 or b"ask_child" in data or b"reload" in data or b"down" in data:
            return  # these need a whole supervisor, or end it
        who = sorted(self.callers)[data[0] % len(self.callers)]
        leaves, pieces = data[1] >= 128, 1 + data[1] % PIECES
        before = self.loop.world
        got = self.callers[who].send(data[2:].replace(b"watch", b"status"), pieces, leaves=leaves)
        answers = [json.loads(line) for line in got.splitlines()] if got.startswith(b"{") else []
        codes = {one["error"]["code"] for one in answers if "error" in one}
        assert INTERNAL_ERROR not in codes, got  # an unexpected error of ours
        if who not in ("person", ORCHESTRATOR):
            assert codes <= {REFUSED, INVALID_PARAMS, INVALID_REQUEST}, (who, got)
            assert not any("result" in one for one in answers), (who, got)
        assert who == "person" or self.loop.world == before, (who, got)
        pong = self.callers["person"].send(b'{"id":1,"method":"ping","params":{}}\n')
        assert pong == b'{"id":1,"result":{}}\n', (who, pong)
        taken = self.loop.submit(Ticked(self.loop.clock.now()))  # whatever one who left asked for is recorded by then
        asyncio.run_coroutine_threadsafe(taken, self._loop).result(SECONDS)
        assert not self._failure, self._failure

    def close(self) -> None:
        """End the supervisor and the callers."""
        for one in self.callers.values():
            one.close()
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(SECONDS)
        assert not self._thread.is_alive()
        assert not self._failure, self._failure

    def _start(self) -> None:
        self._thread.start()
        assert self._listens.wait(SECONDS), "it does not listen"

    async def _supervise(self) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        self._loop.set_exception_handler(lambda _, context: self._note(repr(context)))
        ledger = Ledger(self.workspace.ledger)
        opened = ledger.open()
        with closing(ledger), closing(Logs(self.workspace.logs, megabytes=1)) as logs:
            self.loop = Loop(self.workspace, Recorder(ledger, opened, logs), logs)
            config = Config((), Child(ORCHESTRATOR, str(self.workspace.root)), None, Limits())
            orchestrator: Any = SimpleNamespace(session=None, catch_up=lambda: asyncio.sleep(0))
            guard = Guard(self.workspace, config, self._registry, orchestrator, self.loop, logs)
            try:
                async with asyncio.TaskGroup() as group:
                    control = Control(self.workspace, self.loop, logs, group, Authors("plan.md", World), Activity())
                    door = ControlSocket(self.workspace, control, guard, group)
                    listens = asyncio.Event()
                    tasks = [
                        group.create_task(self.loop.run(lambda action: None)),
                        group.create_task(door.serve(listens)),
                    ]
                    await listens.wait()
                    self._listens.set()
                    await self._over.wait()
                    for task in tasks:
                        task.cancel()
            except* (OrchError, AssertionError, OSError, ValueError) as broken:
                self._note(repr(broken.exceptions))

    def _note(self, failure: str) -> None:
        self._failure = self._failure or failure
