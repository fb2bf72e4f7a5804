"""Connect to a server and exchange the first requests: `initialize`, `server/diagnostics`, `account/read`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from socket import socket as Stream
from typing import Any, TypeVar

from supervisor import __version__
from supervisor.errors import NotReady, RpcError
from supervisor.shell.connection import Connection, connect, connect_over
from supervisor.wire.codex.answers import (
    DIAGNOSTICS,
    INITIALIZE,
    READ_ACCOUNT,
    READ_CONFIG,
    Account,
    CodexMethod,
    Diagnostics,
    Initialized,
    login_problem,
    read_answer,
)
from supervisor.wire.codex.decode import NotUnderstood
from supervisor.wire.codex.params import Params, initialize
from supervisor.wire.jsonrpc import Call, Garbage, Notice

CONFIG_PREFIX = "failed to read configuration layers: "  # of Codex's reason, before file and line
HELLO_TIMEOUT = 10.0  # seconds for the connection, and for each of the first requests

POLL, POLL_MOST = 0.002, 0.02  # seconds between two tries, for each starting server; it takes 0.1 to 0.4 s

A = TypeVar("A")
Message = Call | Notice | Garbage


class Handshake:
    """A server that answered: the connection to it, its answers to the first requests, and the messages that it has
    sent since, which are queued until `deliver_to`."""

    def __init__(self) -> None:
        self.hello: Initialized
        self.diagnostics: Diagnostics
        self.account: Account
        self.connection: Connection
        self._reading: asyncio.Task[None]
        self._early: list[Message] = []
        self._receive: Callable[[Message], None] = self._early.append

    async def perform(self, socket: str, stream: Stream | None = None) -> None:
        """Connect and send the first requests. Raises as `perform_handshake` does."""
        if stream is None:
            self.connection = await connect(socket, lambda message: self._receive(message), HELLO_TIMEOUT)
        else:
            self.connection = await connect_over(stream, socket, lambda message: self._receive(message), HELLO_TIMEOUT)
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
        """Return an answer. Raises NotReady if it does not fit the method."""
        answer = read_answer(method, await self.connection.request(method.name, params or {}, HELLO_TIMEOUT))
        if isinstance(answer, NotUnderstood):
            raise NotReady(answer.reason, "see `orch logs`")
        return answer

    async def config_problem(self) -> str | None:
        """Why Codex cannot load its configuration, with file and line; None if it can.

        Then it runs with its defaults, as if nobody were logged in, and opens no thread (tried with 0.163).
        """
        warned = any(isinstance(one, Notice) and warns_of_config(one) for one in self._early)
        if not warned and login_problem(self.account) is None:
            return None
        try:
            await self.connection.request(READ_CONFIG.name, {}, HELLO_TIMEOUT)
        except RpcError as error:
            return why_not_loaded(error, self._early)
        return None

    def deliver_to(self, receive: Callable[[Message], None]) -> None:
        """Pass every message to `receive` in order: those queued so far, then each new one."""
        self._receive = receive
        for message in self._early:
            receive(message)

    async def read(self) -> None:
        """Return once the connection is gone. Raises what `receive` raised."""
        await self._reading


def warns_of_config(notice: Notice) -> bool:
    """Whether Codex says that it could not load its configuration."""
    return notice.method == "configWarning" and str(notice.params.get("summary")).startswith("Invalid configuration")


def why_not_loaded(refusal: RpcError, messages: Sequence[Message]) -> str:
    """Say in one line why Codex could not load its configuration: file and line are in its warning, if there is one,
    and the part that is wrong is in its refusal of `config/read`."""
    reason = " ".join(refusal.message.removeprefix(CONFIG_PREFIX).split())
    details = (one.params.get("details") for one in messages if isinstance(one, Notice) and warns_of_config(one))
    where = next((str(one) for one in details if one), reason)
    return where if where in reason or reason in where else f"{where} ({reason})"


async def perform_handshake(socket: str, stream: Stream | None = None) -> Handshake:
    """Connect to the server behind this socket, and ask who it is. `stream`: the line to it, if it is elsewhere.

    Raises ConnectionLost while nothing answers, NotReady if what answers is not a codex app-server.
    """
    handshake = Handshake()
    await handshake.perform(socket, stream)
    return handshake


class Starts:
    """What all starting servers share.

    `turn` serializes the process starts, which block for a few ms each: other tasks run in between. `pause` spaces out
    the connection attempts, the more servers start at once.
    """

    def __init__(self) -> None:
        self.turn = asyncio.Lock()
        self._shared: dict[object, Any] = {}
        self._count = 0

    @contextmanager
    def one(self) -> Iterator[None]:
        """Count one more starting server while the block runs."""
        self._count += 1
        try:
            yield
        finally:
            self._count -= 1

    def shared(self, key: object, make: Callable[[], A]) -> A:
        """Return what all servers with this key share. The first makes it."""
        if key not in self._shared:
            self._shared[key] = make()
        found: A = self._shared[key]
        return found

    @property
    def pause(self) -> float:
        """Return the seconds between two connection attempts to one server."""
        return min(POLL * self._count, POLL_MOST)
