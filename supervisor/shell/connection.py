"""A connection to one server: WebSocket over its unix socket, requests with a bound, messages handed on in order."""

from __future__ import annotations

import asyncio
import json
import os
import random
import socket
from collections.abc import Callable
from typing import Any

import msgspec
from websockets.asyncio.client import ClientConnection, unix_connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from supervisor.errors import ConnectionLost, RpcError
from supervisor.wire.jsonrpc import OVERLOADED, Call, Fault, Garbage, Id, Notice, Peer, Result

IN_FLIGHT = 32  # requests at once: a server refuses when more than about 128 wait (its ingress queue)
REQUEST_TIMEOUT = 30.0  # seconds; a server answers everything but `command/exec` within a second
OVERLOAD_TRIES = 5
MAX_WAIT = 0.5  # seconds between two tries after an overload, at most


class Connection:
    """One live connection, made by `connect`; its owner runs `read`.

    `closed` is set once it is gone; `reason` then says why.
    """

    def __init__(self, socket: ClientConnection, on_message: Callable[[Call | Notice | Garbage], None]) -> None:
        self.closed = asyncio.Event()
        self.reason = ""
        self._socket = socket
        self._on_message = on_message
        self._peer = Peer(read_json)
        self._answers: dict[int, asyncio.Future[Result | Fault]] = {}
        self._slots = asyncio.Semaphore(IN_FLIGHT)

    async def read(self) -> None:
        """Hand on what the server sends, in order, until the connection is gone."""
        try:
            async for text in self._socket:
                message = self._peer.receive(text)
                if isinstance(message, Result | Fault):
                    future = self._answers.get(message.id)
                    if future is not None and not future.done():
                        future.set_result(message)
                else:
                    self._on_message(message)
            self._lose("the server closed the connection")
        except ConnectionClosed as error:
            self._lose(f"the connection broke ({error})")
        finally:
            self._lose("nobody reads it any more")

    async def request(self, method: str, params: dict[str, Any], timeout: float = REQUEST_TIMEOUT) -> Any:
        """The server's result.

        Raises RpcError if it refuses, ConnectionLost if the connection ends first, and TimeoutError after `timeout`
        seconds: then it is not known whether the request was carried out.
        """
        for attempt in range(OVERLOAD_TRIES):
            async with self._slots:
                answer = await self._ask(method, params, timeout)
            if isinstance(answer, Result):
                return answer.value
            if answer.code != OVERLOADED or attempt + 1 == OVERLOAD_TRIES:
                raise RpcError(method, answer.code, answer.message)
            await asyncio.sleep(
                random.uniform(0.02, min(0.05 * 2**attempt, MAX_WAIT))
            )  # refused at the door: not carried out
        raise AssertionError("the loop above returns or raises")

    async def notify(self, method: str) -> None:
        await self._send(self._peer.notify(method))

    async def answer(self, request: Id, value: Any) -> None:
        """Answer a call of the server's. Raises ConnectionLost."""
        await self._send(self._peer.answer(request, value))

    async def refuse(self, request: Id, code: int, message: str) -> None:
        """Refuse a call of the server's. Raises ConnectionLost."""
        await self._send(self._peer.refuse(request, code, message))

    async def ping(self, timeout: float) -> None:
        """Return once the other side's WebSocket layer answers. Raises ConnectionLost or TimeoutError (seconds)."""
        try:
            async with asyncio.timeout(timeout):
                await (await self._socket.ping())
        except ConnectionClosed as error:
            raise ConnectionLost("the server closed the connection", "it is restarted by itself") from error

    def close(self, reason: str = "closed by the supervisor") -> None:
        """End the connection; whoever waits for an answer gets ConnectionLost."""
        self._lose(reason)
        self._socket.transport.abort()  # no closing handshake: a hung server would hold us up

    async def _ask(self, method: str, params: dict[str, Any], timeout: float) -> Result | Fault:
        request, text = self._peer.request(method, params)
        future: asyncio.Future[Result | Fault] = asyncio.get_running_loop().create_future()
        self._answers[request] = future
        try:
            async with asyncio.timeout(timeout):
                await self._send(text)
                return await future
        finally:
            self._answers.pop(request, None)
            self._peer.forget(request)

    async def _send(self, text: str) -> None:
        if self.closed.is_set():
            raise ConnectionLost(f"the connection to the server is gone ({self.reason})", "it is restarted by itself")
        try:
            await self._socket.send(text)
        except ConnectionClosed as error:
            raise ConnectionLost("the server closed the connection", "it is restarted by itself") from error

    def _lose(self, reason: str) -> None:
        if self.closed.is_set():
            return
        self.reason = reason
        self.closed.set()
        for future in self._answers.values():
            if not future.done():
                future.set_exception(ConnectionLost(reason, "the server is restarted by itself"))
                future.exception()  # looked at: whoever waited may be gone


def read_json(text: str | bytes) -> Any:
    """A value from JSON. By msgspec, three times as fast; what that refuses, half a surrogate say, by Python itself."""
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return json.loads(text)


async def connect(path: str, on_message: Callable[[Call | Notice | Garbage], None], timeout: float) -> Connection:
    """Connect to the server behind the socket at `path` (codex makes it a link to a short path: it is resolved first).

    Raises ConnectionLost if nobody answers there as a server would, TimeoutError after `timeout` seconds.
    """
    try:
        plain = _connected(os.path.realpath(path))
        async with asyncio.timeout(timeout):
            web = await unix_connect(
                sock=plain,
                uri="ws://localhost/",
                max_size=None,  # a long history comes in one message (84 MB were seen)
                compression=None,
                ping_interval=None,  # the health probe pings
                open_timeout=None,
                close_timeout=0.2,
            )
    except (OSError, WebSocketException, EOFError, ValueError) as error:  # ValueError: it sends us elsewhere
        if isinstance(error, TimeoutError):
            raise
        raise ConnectionLost(f"no server answers at {path} ({error})", "it is started by `orch up`") from error
    return Connection(web, on_message)


def _connected(path: str) -> socket.socket:
    """A socket that is connected, or an OSError at once: a server that starts is tried every 2 ms, and has more need of
    the processor than we."""
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        made.setblocking(False)
        made.connect(path)
    except BaseException:
        made.close()
        raise
    return made
