"""The tools' line to the supervisor: blocking calls, each over a connection of its own, off the loop."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TypeVar

import anyio.to_thread

from supervisor.domain.json_value import JsonObject
from supervisor.domain.status import Status
from supervisor.runtime.workspace import Workspace
from supervisor.shell.control_client import ControlClient
from supervisor.wire.status import read_status

Result = TypeVar("Result")


class SupervisorClient:
    """Calls the supervisor of a workspace. Each method raises SupervisorDown, which says what to run."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace

    def status(self) -> Status:
        """How everything stands."""
        with ControlClient(self.workspace.control_socket) as client:
            return read_status(client.call("status"))

    def call(self, method: str, **params: object) -> JsonObject:
        """The answer to a request that is answered at once. Raises RequestRefused or UsageError if it will not."""
        with ControlClient(self.workspace.control_socket) as client:
            client.call("status")
            return client.call(method, **params)

    async def ask(self, child: str, question: str, seconds: float) -> JsonObject:
        """A child's answer: `{answer, seconds}`. Raises as `call` does."""
        return await self._apart(lambda client: client.call_long("ask_child", seconds, child=child, question=question))

    async def watch(self, version: int, seconds: float) -> tuple[int, Status]:
        """The version and the status, once the version is another one, or the time is up."""
        seen, status = await self._apart(lambda client: client.watch(version, seconds))
        return seen, read_status(status)

    async def _apart(self, call: Callable[[ControlClient], Result]) -> Result:
        """A call in a thread; when nobody waits for it any more, its connection is closed, which ends it."""
        client = await anyio.to_thread.run_sync(ControlClient, self.workspace.control_socket)
        try:
            return await anyio.to_thread.run_sync(functools.partial(call, client), abandon_on_cancel=True)
        finally:
            client.close()
