"""The first words with a server: a connection to it, and what it says of itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, NamedTuple

from supervisor import __version__
from supervisor.errors import ConnectionLost, OrchError, RpcError
from supervisor.shell.connection import Connection, connect
from supervisor.shell.process import Spawned
from supervisor.wire import codex
from supervisor.wire.jsonrpc import Call, Garbage, Notice

HELLO_TIMEOUT = 10.0  # seconds for each of the first words
LOOK = 0.005  # seconds between two tries to connect to a server that was just started

Message = Call | Notice | Garbage


class NotReady(OrchError):
    """The server did not get ready this time; another try may help."""


class Handshake:
    """A server that answered: the connection to it, its answers to `initialize`, `server/diagnostics` and
    `account/read`, and what it sent since, which waits for somebody to listen."""

    def __init__(self) -> None:
        self.hello: Any = None
        self.diagnostics: Any = None
        self.account: Any = None
        self.connection: Connection
        self._reading: asyncio.Task[None]
        self._early: list[Message] = []
        self._hear: Callable[[Message], None] = self._early.append

    async def exchange(self, socket: str) -> None:
        """See `greet`."""
        self.connection = await connect(socket, lambda message: self._hear(message), HELLO_TIMEOUT)
        self._reading = asyncio.create_task(self.connection.read(), name=f"read {socket}")
        ask = self.connection.request
        try:
            self.hello = await ask("initialize", codex.initialize(__version__), HELLO_TIMEOUT)
            await self.connection.notify("initialized")
            self.diagnostics, self.account = await asyncio.gather(
                ask("server/diagnostics", {}, HELLO_TIMEOUT), ask("account/read", {}, HELLO_TIMEOUT)
            )
        except (RpcError, TimeoutError) as error:
            self.connection.close()
            raise NotReady(f"what answers at {socket} is no codex app-server ({error})", "see `orch logs`") from error
        except BaseException:
            self.connection.close()
            raise

    def listen(self, hear: Callable[[Message], None]) -> None:
        """Have all that the server sent so far, and all that it will send, told to `hear`, in order."""
        self._hear = hear
        for message in self._early:
            hear(message)

    async def read(self) -> None:
        """Return once the connection is gone. Raises what `hear` raised."""
        await self._reading


async def greet(socket: str) -> Handshake:
    """Connect to the server behind this socket, and have it introduce itself.

    Raises ConnectionLost while nobody answers, NotReady if it is somebody else.
    """
    greeting = Handshake()
    await greeting.exchange(socket)
    return greeting


class Starting(NamedTuple):
    """A server that was just started, and its greeting, which is tried until somebody answers."""

    spawned: Spawned
    greeting: asyncio.Task[Handshake]


def greet_begun(spawned: Spawned, socket: str) -> Starting:
    """Begin to greet a server that was just started."""
    task = asyncio.create_task(_greet_soon(socket), name=f"greet {socket}")
    task.add_done_callback(lambda one: None if one.cancelled() else one.exception())  # told by who waits for it
    return Starting(spawned, task)


async def _greet_soon(socket: str) -> Handshake:
    while True:
        try:
            return await greet(socket)
        except ConnectionLost:
            await asyncio.sleep(LOOK)
