"""The connection to one server: a WebSocket over its unix socket.

Requests have a time limit. Messages of the server are passed on in order.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import socket
from collections.abc import Callable, Mapping

import msgspec
from websockets.asyncio.client import ClientConnection, unix_connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from supervisor.errors import ConnectionLost, RpcError
from supervisor.wire.jsonrpc import OVERLOADED, Call, Fault, Garbage, Id, Notice, Peer, Result

IN_FLIGHT = 32  # requests at once; a server refuses more when about 128 wait in its ingress queue
REQUEST_TIMEOUT = 30.0  # seconds; a server answers everything but `command/exec` within one
OVERLOAD_TRIES = 5
MAX_WAIT = 0.5  # seconds; the longest pause before a request is sent again to an overloaded server


class Connection:
    """One live connection, made by `connect`. Its owner runs `read`.

    `closed` is set once the connection is gone; `reason` then says why.
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
        """Pass the server's messages to `on_message`, in order, until the connection is gone."""
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
            self._lose("the supervisor stopped reading it")

    async def request(self, method: str, params: Mapping[str, object], timeout: float = REQUEST_TIMEOUT) -> object:
        """Send a request and return the server's result.

        Raises RpcError if the server refuses and ConnectionLost if the connection ends first. Raises TimeoutError after
        `timeout` seconds; the server may or may not have carried out the request by then.
        """
        for attempt in range(OVERLOAD_TRIES):
            async with self._slots:
                answer = await self._request_once(method, params, timeout)
            if isinstance(answer, Result):
                return answer.value
            if answer.code != OVERLOADED or attempt + 1 == OVERLOAD_TRIES:
                raise RpcError(method, answer.code, answer.message)
            # An overloaded server refuses before it does anything, so the request can be sent again.
            await asyncio.sleep(random.uniform(0.02, min(0.05 * 2**attempt, MAX_WAIT)))
        raise AssertionError("the loop above returns or raises")

    async def notify(self, method: str) -> None:
        """Send a notification without params, which no answer follows."""
        await self._send(self._peer.notify(method))

    async def answer(self, request: Id, value: object) -> None:
        """Answer a call of the server. Raises ConnectionLost."""
        await self._send(self._peer.answer(request, value))

    async def refuse(self, request: Id, code: int, message: str) -> None:
        """Refuse a call of the server. Raises ConnectionLost."""
        await self._send(self._peer.refuse(request, code, message))

    async def ping(self, timeout: float) -> None:
        """Wait until the server's WebSocket layer answers.

        Raises ConnectionLost, or TimeoutError after `timeout` seconds.
        """
        try:
            async with asyncio.timeout(timeout):
                await (await self._socket.ping())
        except ConnectionClosed as error:
            raise ConnectionLost("the server closed the connection", "the supervisor restarts it") from error

    def close(self, reason: str = "closed by the supervisor") -> None:
        """End the connection. Requests that wait for an answer raise ConnectionLost."""
        self._lose(reason)
        self._socket.transport.abort()  # skips the closing handshake, which a hung server would never finish

    async def _request_once(self, method: str, params: Mapping[str, object], timeout: float) -> Result | Fault:
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
            raise ConnectionLost(f"the connection to the server is gone ({self.reason})", "the supervisor restarts it")
        try:
            await self._socket.send(text)
        except ConnectionClosed as error:
            raise ConnectionLost("the server closed the connection", "the supervisor restarts it") from error

    def _lose(self, reason: str) -> None:
        if self.closed.is_set():
            return
        self.reason = reason
        self.closed.set()
        for future in self._answers.values():
            if not future.done():
                future.set_exception(ConnectionLost(reason, "the supervisor restarts the server"))
                future.exception()  # marks it as retrieved: the request may have been cancelled


def read_json(text: str | bytes) -> object:
    """Parse JSON with msgspec, which is three times as fast as `json`.

    Falls back to `json` for what msgspec refuses, such as half a surrogate. Raises ValueError.
    """
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return json.loads(text)


async def connect(path: str, on_message: Callable[[Call | Notice | Garbage], None], timeout: float) -> Connection:
    """Connect to the server behind the socket at `path`.

    Codex makes `path` a link to a shorter one, so it is resolved first. Raises ConnectionLost if no server answers
    there, TimeoutError after `timeout` seconds.
    """
    try:
        connected = _connect_socket(os.path.realpath(path))
    except (OSError, ValueError) as error:
        raise ConnectionLost(f"no server answers at {path} ({error})", "start it with `orch up`") from error
    return await connect_over(connected, path, on_message, timeout)


async def connect_over(
    connected: socket.socket, path: str, on_message: Callable[[Call | Notice | Garbage], None], timeout: float
) -> Connection:
    """Connect to the server at the other end of a stream, which this call takes over. `path` is for people.

    Raises as `connect` does.
    """
    try:
        async with asyncio.timeout(timeout):
            web = await unix_connect(
                sock=connected,
                uri="ws://localhost/",
                max_size=None,  # a long history comes in one message; the largest seen had 84 MB
                compression=None,
                ping_interval=None,  # the health probe pings
                open_timeout=None,
                close_timeout=0.2,
            )
    except (OSError, WebSocketException, EOFError, ValueError) as error:  # ValueError: it answered with a redirect
        if isinstance(error, TimeoutError):
            raise
        raise ConnectionLost(f"no server answers at {path} ({error})", "start it with `orch up`") from error
    return Connection(web, on_message)


def _connect_socket(path: str) -> socket.socket:
    """Connect a socket without waiting. Raises OSError at once if nobody listens.

    A starting server is tried every 2 ms, and it needs the processor more than we do.
    """
    connecting = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connecting.setblocking(False)
        connecting.connect(path)
    except BaseException:
        connecting.close()
        raise
    return connecting
