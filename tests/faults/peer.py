"""Others on the wire: another server that has a thread of ours, and an intruder between us and a server."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random

from supervisor.errors import OrchError
from supervisor.runtime.codex.registry import Registry
from supervisor.shell.connection import connect
from supervisor.wire.codex import params as codex
from tests.e2e.stdio import codex_binary
from tests.faults.world import Stage

WITHIN = 60.0  # seconds for a server to start, or to answer
BIG = 20_000_000  # bytes of one frame


def hold_thread(stage: Stage, thread: str, *, seconds: float, begin: Callable[[], None]) -> None:
    """Open a thread of ours in another app-server, set `begun`, and stop it after a while."""
    path = stage.folder / "other.sock"
    other = subprocess.Popen(
        [codex_binary(), "app-server", "--listen", f"unix://{path}"],
        cwd=stage.folder,
        env=stage.environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        asyncio.run(_resume(str(path), thread))
        begin()
        time.sleep(seconds)
    finally:
        os.killpg(other.pid, signal.SIGKILL)
        other.wait()
        path.unlink(missing_ok=True)


async def _resume(path: str, thread: str) -> None:
    async with asyncio.timeout(WITHIN), asyncio.TaskGroup() as group:
        while True:
            try:
                connection = await connect(path, lambda message: None, WITHIN)
                break
            except OrchError:
                await asyncio.sleep(0.05)
        reading = group.create_task(connection.read())
        try:
            await connection.request("initialize", codex.initialize("0"), WITHIN)
            await connection.notify("initialized")
            with suppress(OrchError):  # a thread without a turn cannot be opened
                await connection.request("thread/resume", {"threadId": thread}, WITHIN)
        finally:
            connection.close()
            reading.cancel()


class Intruder:
    """Sits on a server's socket, passes everything on, and sends invalid messages in the server's name.

    Once the server is gone, nobody listens any more: a new one finds its socket free.
    """

    def __init__(self, socket: Path, luck: Random) -> None:
        self._socket, self._luck = socket, luck
        self._real = os.path.realpath(socket)
        self._own = f"{socket}.i"
        self._listening = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._over = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="intruder", daemon=True)
        self._thread.start()
        assert self._listening.wait(5), "the intruder does not listen"
        self._point_to(self._own)

    def leave(self) -> None:
        """Restore the socket. Connections through us break."""
        with suppress(RuntimeError):  # it has left by itself
            self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(5)

    def _point_to(self, target: str) -> None:
        new = self._socket.with_suffix(".new")
        new.unlink(missing_ok=True)
        new.symlink_to(target)
        new.replace(self._socket)

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        server = await asyncio.start_unix_server(self._pass_on, self._own)
        self._listening.set()
        await self._over.wait()
        if os.path.realpath(self._socket) == self._own:  # unless the server was replaced meanwhile
            self._point_to(self._real)
        server.close()
        Path(self._own).unlink(missing_ok=True)

    async def _pass_on(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            try:
                server, to_server = await asyncio.open_unix_connection(self._real, limit=1 << 26)
            except OSError:
                self._over.set()
                to_client.close()
                raise
            up = asyncio.create_task(_copy(client, to_server))
            try:
                to_client.write(await server.readuntil(b"\r\n\r\n"))
                while True:
                    head = await server.readexactly(2)
                    size = head[1] & 127
                    more = {126: 2, 127: 8}.get(size, 0)
                    length = await server.readexactly(more)
                    payload = await server.readexactly(int.from_bytes(length, "big") if more else size)
                    to_client.write(head + length + payload)
                    if self._luck.random() < 0.3:
                        to_client.write(self._strange())
                    await to_client.drain()
            finally:
                up.cancel()
                to_server.close()
                to_client.close()

    def _strange(self) -> bytes:
        luck = self._luck
        strange = luck.choice(STRANGE) if luck.random() < 0.9 else "big"
        if strange == "big":
            words = {"method": "item/agentMessage/delta", "params": {"threadId": "t", "delta": "x" * BIG}}
            return _frame(json.dumps(words).encode())
        return _frame(strange) if isinstance(strange, bytes) else _frame(json.dumps(strange).encode())


STRANGE: tuple[object, ...] = (
    b"not json",
    b"\xff\xfe is no UTF-8",
    b"",
    [],
    7,
    None,
    {},
    {"id": 424242, "result": {}},
    {"id": "x", "error": 7},
    {"method": "no/such/thing", "params": {"a": [None] * 50}},
    {"method": "turn/completed", "params": 7},
    {"method": "turn/completed", "params": {"threadId": "t", "turn": {"id": [], "status": "done"}}},
    {"method": "item/completed", "params": {"item": None, "threadId": {}}},
    {"method": "thread/tokenUsage/updated", "params": {"tokenUsage": {"total": "many"}}},
    {"id": 909090, "method": "unknown/request", "params": {"threadId": "t"}},
    {"id": 909091, "method": "item/commandExecution/requestApproval", "params": {}},
)


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await source.read(1 << 16):
            target.write(data)
            await target.drain()
    target.close()


def _frame(payload: bytes) -> bytes:
    """A whole text frame as a server sends it (RFC 6455, section 5.2)."""
    size = len(payload)
    if size < 126:
        return bytes((0x81, size)) + payload
    more = (126, 2) if size < 1 << 16 else (127, 8)
    return bytes((0x81, more[0])) + size.to_bytes(more[1], "big") + payload


def intrude(stage: Stage, luck: Random) -> Intruder | None:
    """Put an intruder between a running server and the next client. None if none runs."""
    records = [
        record for record in Registry(stage.workspace.registry).alive().values() if os.path.exists(record.socket)
    ]
    return Intruder(Path(luck.choice(records).socket), luck) if records else None
