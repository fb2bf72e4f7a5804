"""A real WebSocket server on a unix socket, and our connection to it."""

from __future__ import annotations

import asyncio
import functools
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from websockets.asyncio.server import ServerConnection, unix_serve
from websockets.exceptions import ConnectionClosed

from supervisor.shell.connection import Connection, connect
from supervisor.wire.jsonrpc import Call, Garbage, Notice

LIMIT = 5.0  # seconds
Message = Call | Notice | Garbage
Test = Callable[..., Coroutine[Any, Any, None]]


def looped(test: Test) -> Callable[..., None]:
    """Run an async test in an event loop, for at most LIMIT seconds."""

    @functools.wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        asyncio.run(asyncio.wait_for(test(*args, **kwargs), LIMIT))

    return run


class Server:
    """The server's side of one connection."""

    def __init__(self, connection: ServerConnection) -> None:
        self.connection = connection

    async def take(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(await self.connection.recv())
        return message

    async def say(self, message: Any) -> None:
        await self.connection.send(message if isinstance(message, str | bytes) else json.dumps(message))

    async def answer(self, request: dict[str, Any], result: Any) -> None:
        await self.say({"id": request["id"], "result": result})

    async def refuse(self, request: dict[str, Any], code: int, message: str) -> None:
        await self.say({"id": request["id"], "error": {"code": code, "message": message}})

    def die(self) -> None:
        self.connection.transport.abort()

    async def left(self) -> None:
        """Wait until the other side is gone."""
        await self.connection.wait_closed()


class Client:
    """Our side: the connection and the messages that it passed on."""

    def __init__(self, messages: asyncio.Queue[Message], connection: Connection, read: asyncio.Task[None]) -> None:
        self.messages, self.connection, self.read = messages, connection, read
        self.request = connection.request

    async def receive(self, count: int) -> list[Message]:
        return [await self.messages.get() for _ in range(count)]


@asynccontextmanager
async def served(path: Path, script: Callable[[Server], Awaitable[None]]) -> AsyncIterator[Client]:
    """Connect to a server that follows `script` and then stays until we disconnect."""
    broken: list[BaseException] = []

    async def serve(connection: ServerConnection) -> None:
        server = Server(connection)
        try:
            await script(server)
            await server.left()
        except ConnectionClosed:
            pass  # we disconnected first
        except Exception as error:
            broken.append(error)

    messages: asyncio.Queue[Message] = asyncio.Queue()
    async with unix_serve(serve, str(path), max_size=None, compression=None), asyncio.TaskGroup() as group:
        connection = await connect(str(path), messages.put_nowait, LIMIT)
        try:
            yield Client(messages, connection, group.create_task(connection.read(), name="read"))
        finally:
            connection.close()
    assert broken == []
