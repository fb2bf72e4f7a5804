"""The first words with a server: a connection to it, and what it says of itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from supervisor import __version__
from supervisor.errors import OrchError, RpcError
from supervisor.shell.connection import Connection, connect
from supervisor.wire import codex
from supervisor.wire.jsonrpc import Call, Garbage, Notice

HELLO_TIMEOUT = 10.0  # seconds for each of the first words

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
