"""The first words with a server: a connection to it, and what it says of itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from supervisor import __version__
from supervisor.errors import NotReady, RpcError
from supervisor.shell.connection import Connection, connect
from supervisor.wire.codex.answers import (
    DIAGNOSTICS,
    INITIALIZE,
    READ_ACCOUNT,
    Account,
    CodexMethod,
    Diagnostics,
    Initialized,
    read_answer,
)
from supervisor.wire.codex.decode import NotUnderstood
from supervisor.wire.codex.params import Params, initialize
from supervisor.wire.jsonrpc import Call, Garbage, Notice

HELLO_TIMEOUT = 10.0  # seconds for each of the first words

A = TypeVar("A")
Message = Call | Notice | Garbage


class Handshake:
    """A server that answered: the connection to it, its answers to `initialize`, `server/diagnostics` and
    `account/read`, and what it sent since, which waits for somebody to listen."""

    def __init__(self) -> None:
        self.hello: Initialized
        self.diagnostics: Diagnostics
        self.account: Account
        self.connection: Connection
        self._reading: asyncio.Task[None]
        self._early: list[Message] = []
        self._hear: Callable[[Message], None] = self._early.append

    async def exchange(self, socket: str) -> None:
        """See `greet`."""
        self.connection = await connect(socket, lambda message: self._hear(message), HELLO_TIMEOUT)
        self._reading = asyncio.create_task(self.connection.read(), name=f"read {socket}")
        try:
            self.hello = await self._asked(INITIALIZE, initialize(__version__))
            await self.connection.notify("initialized")
            self.diagnostics, self.account = await asyncio.gather(self._asked(DIAGNOSTICS), self._asked(READ_ACCOUNT))
        except (RpcError, TimeoutError) as error:
            self.connection.close()
            raise NotReady(f"what answers at {socket} is no codex app-server ({error})", "see `orch logs`") from error
        except BaseException:
            self.connection.close()
            raise

    async def _asked(self, method: CodexMethod[A], params: Params | None = None) -> A:
        """An answer. Raises NotReady for one that does not fit."""
        answer = read_answer(method, await self.connection.request(method.name, params or {}, HELLO_TIMEOUT))
        if isinstance(answer, NotUnderstood):
            raise NotReady(answer.reason, "see `orch logs`")
        return answer

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
