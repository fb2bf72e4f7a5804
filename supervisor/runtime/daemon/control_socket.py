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
from supervisor.shell.control_client import socket_name
from supervisor.wire.control import LINE_LIMIT
from supervisor.wire.jsonrpc import INVALID_PARAMS, REFUSED, Call, Peer

REFUSED_WITHIN = 2.0  # seconds in which a refused client is told the reason
REFUSED_AT_ONCE = 64  # refused clients that are waited for; more are cut off


class Doorkeeper(Protocol):
    """What the socket needs of `guard.Guard`."""

    def admit(self, connection: socket.socket) -> Standing | Refusal: ...
    def refusal(self, who: Standing, method: str, params: Mapping[str, object]) -> Awaitable[Refusal | None]: ...


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

    async def serve(self, ready: asyncio.Event) -> None:
        """Listen until cancelled. Only this user can connect: mode 0600, in a folder of 0700."""
        listener = self._bind()
        try:
            while True:
                server = await asyncio.start_unix_server(self._accept, sock=listener, limit=LINE_LIMIT)
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
        self._group.create_task(self._client(reader, writer), name="control client")

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            who = self._guard.admit(writer.get_extra_info("socket"))
            if isinstance(who, Refusal):
                await self._refuse(reader, writer, who)
                return
            while line := await reader.readline():
                writer.write((await self.answer(line, who)).encode("utf-8", "surrogatepass") + b"\n")
                await writer.drain()
        except (ConnectionError, ValueError, TimeoutError):
            pass  # the client went away, sent a longer line than LINE_LIMIT, or was refused and sent nothing
        finally:
            writer.close()

    async def _refuse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, why: Refusal) -> None:
        """Answer requests with the reason. Refused clients may not hold a descriptor for long, or many of them."""
        if self._refusing >= REFUSED_AT_ONCE:
            return
        self._refusing += 1
        try:
            async with asyncio.timeout(REFUSED_WITHIN):
                while line := await reader.readline():
                    writer.write((await self.answer(line, why)).encode("utf-8", "surrogatepass") + b"\n")
                    await writer.drain()
        finally:
            self._refusing -= 1

    async def answer(self, line: bytes, who: Standing | Refusal) -> str:
        """Answer one line of a client with one line; refuse what is no request, or not for this client to ask."""
        call = Peer().receive(line)
        if not isinstance(call, Call):
            return Peer.refuse(None, INVALID_PARAMS, "not a request")
        refused = who if isinstance(who, Refusal) else await self._guard.refusal(who, call.method, call.params)
        if refused is not None:
            return Peer.refuse(call.id, REFUSED, refused.what, {**refused._asdict(), "usage": False})
        return await self._control.answer(call)
