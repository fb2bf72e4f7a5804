"""The control socket: accepts connections, admits their peers, and hands the requests to `Control`."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Awaitable, Mapping
from contextlib import suppress
from typing import Protocol

from supervisor.core.guard.standing import Refusal, Standing
from supervisor.runtime.daemon.control import Control
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.control_client import LINE_LIMIT, socket_name
from supervisor.wire.jsonrpc import INVALID_REQUEST, REFUSED, Call, Garbage, Peer

REFUSED_WITHIN = 2.0  # seconds in which a refused client is told the reason
REFUSED_AT_ONCE = 64  # refused clients that are waited for; more are cut off
REFUSED_LIMIT = 2**16  # bytes of a refused client's request, of which the reason repeats only the id
ACCEPTED_AT_ONCE = 8  # connections in one turn of the event loop (0.4 ms each): a flood leaves turns to everybody else
WAITING_AT_ONCE = 32  # connections that are not accepted yet; who comes next waits for a place in the kernel
AT_A_TIME = 4  # requests of one connection that are answered without a pause
PAUSE = 0.002  # seconds, for each open connection: so many that ask on and on take half of our time at most
OPEN_AT_ONCE = 256  # callers that are served; for more, whoever asked nothing for longest is cut off


class Doorkeeper(Protocol):
    """What the socket needs of `guard.Guard`."""

    def admit(self, connection: socket.socket) -> Standing | Refusal:
        """Judge who connects, once for all that the connection asks."""

    def refusal(self, who: Standing, method: str, params: Mapping[str, object]) -> Awaitable[Refusal | None]:
        """Return why this caller may not ask for this; None if it may."""


class ControlSocket:
    """Serves `control` on the workspace's control socket, to whom `guard` admits."""

    def __init__(
        self, workspace: WorkspacePaths, control: Control, guard: Doorkeeper, group: asyncio.TaskGroup
    ) -> None:
        self._workspace = workspace
        self._path = workspace.control_socket
        self._bound: os.stat_result | None = None  # the socket at the path, as we made it
        self._anew = asyncio.Event()
        self._control = control
        self._guard = guard
        self._group = group
        self._refusing = 0  # refused clients that have not sent their request yet
        self._open: dict[asyncio.StreamWriter, None] = {}  # served callers; first who asked nothing for longest

    async def serve(self, ready: asyncio.Event) -> None:
        """Listen until cancelled. Only this user can connect: mode 0600, in a folder of 0700."""
        listener = self._bind()
        try:
            while True:
                server = await asyncio.start_unix_server(
                    self._accept, sock=listener, limit=LINE_LIMIT, backlog=ACCEPTED_AT_ONCE
                )
                listener.listen(WAITING_AT_ONCE)  # asyncio takes one figure for both
                try:
                    ready.set()
                    listener = await self._bound_anew()
                finally:
                    server.close()  # connections that are open stay open
        finally:
            if self.is_there():
                self._path.unlink(missing_ok=True)

    def is_there(self) -> bool:
        """Whether a client finds this socket, at the place that the workspace names."""
        if self._bound is None or self._path != self._workspace.control_socket:
            return False
        try:
            return os.path.samestat(self._bound, self._path.lstat())
        except OSError:
            return False

    def listen_anew(self) -> None:
        """Listen at the place that the workspace names, whose folder has been made."""
        self._anew.set()

    async def _bound_anew(self) -> socket.socket:
        while True:
            self._anew.clear()
            await self._anew.wait()
            with suppress(OSError):  # the folder has gone again: the next call of `listen_anew` tries once more
                return self._bind()

    def _bind(self) -> socket.socket:
        self._path = self._workspace.control_socket
        self._path.unlink(missing_ok=True)  # we hold the lock, so whoever left it is gone
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        before = os.umask(0o177)
        try:
            with socket_name(self._path) as name:
                listener.bind(name)
            self._bound = self._path.lstat()
        except OSError:
            listener.close()
            raise
        finally:
            os.umask(before)
        return listener

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client = self._client(reader, writer)
        try:
            task = self._group.create_task(client, name="control client")
            task.add_done_callback(lambda _: writer.close())  # also if it is cancelled before it has begun
        except RuntimeError:  # the group ends with the supervisor, and asyncio still hands on what it has accepted
            client.close()
            writer.transport.abort()

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            who = self._guard.admit(writer.get_extra_info("socket"))
            if isinstance(who, Refusal):
                await self._refuse(reader, writer, who)
                return
            await self._serve(reader, writer, who)
        except ValueError:  # asyncio's error for a line that is longer than LINE_LIMIT
            writer.write(_no_request(f"its line has more than {LINE_LIMIT} bytes").encode() + b"\n")
        except (ConnectionError, TimeoutError):
            pass  # the client went away, or was refused and sent nothing
        finally:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, who: Standing) -> None:
        """Answer a caller. No number of connections takes all descriptors: the supervisor needs some of its own."""
        if len(self._open) >= OPEN_AT_ONCE:
            longest = next(iter(self._open))
            del self._open[longest]
            longest.transport.abort()
        self._open[writer] = None
        asked = 0
        try:
            while line := await reader.readline():
                self._open.pop(writer, None)
                self._open[writer] = None
                await self._tell(writer, line, who)
                asked += 1
                await asyncio.sleep(PAUSE * len(self._open) if asked > AT_A_TIME else 0)
        finally:
            self._open.pop(writer, None)

    async def _refuse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, why: Refusal) -> None:
        """Answer requests with the reason. Refused clients may not hold a descriptor for long, or many of them."""
        if self._refusing >= REFUSED_AT_ONCE:
            return
        self._refusing += 1
        try:
            async with asyncio.timeout(REFUSED_WITHIN):
                told = b""
                while (piece := await reader.read(REFUSED_LIMIT)) and len(told) <= REFUSED_LIMIT:
                    *lines, told = (told + piece).split(b"\n")
                    for line in lines:
                        await self._tell(writer, line, why)
                        await asyncio.sleep(0)
        finally:
            self._refusing -= 1

    async def _tell(self, writer: asyncio.StreamWriter, line: bytes, who: Standing | Refusal) -> None:
        writer.write((await self.answer(line, who)).encode("utf-8", "surrogatepass") + b"\n")
        await writer.drain()

    async def answer(self, line: bytes, who: Standing | Refusal) -> str:
        """Answer one line of a client with one line; refuse what is no request, or not for this client to ask."""
        call = Peer().receive(line)
        if not isinstance(call, Call):
            return _no_request(call.reason if isinstance(call, Garbage) else "it has no id")
        refused = who if isinstance(who, Refusal) else await self._guard.refusal(who, call.method, call.params)
        if refused is not None:
            return Peer.refuse(call.id, REFUSED, refused.what, {**refused._asdict(), "usage": False})
        return await self._control.answer(call)


def _no_request(why: str) -> str:
    remedy = "send one JSON object a line, with `id`, `method` and `params`"
    return Peer.refuse(None, INVALID_REQUEST, f"this is not a request: {why}; {remedy}")
