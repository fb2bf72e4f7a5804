"""The tools' line to the supervisor: blocking calls, each over a connection of its own, off the loop."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import anyio.to_thread

from supervisor.runtime.workspace import Workspace
from supervisor.shell.control_client import ControlClient

Picture = dict[str, Any]
Result = TypeVar("Result")


class SupervisorClient:
    """Calls the supervisor of a workspace. Each method raises SupervisorDown, which says what to run."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace

    def picture(self) -> Picture:
        """The object of `orch status --json`."""
        with ControlClient(self.workspace.control_socket) as client:
            found: Picture = client.call("status")
            return found

    def call(self, method: str, **params: Any) -> Any:
        """The answer to a request that is answered at once. Raises RequestRefused or UsageError if it will not."""
        with ControlClient(self.workspace.control_socket) as client:
            client.call("status")
            return client.call(method, **params)

    async def ask(self, child: str, question: str, seconds: float) -> Any:
        """A child's answer. Raises as `call` does."""
        return await self._apart(lambda client: client.call_long("ask_child", seconds, child=child, question=question))

    async def watch(self, version: int, seconds: float) -> Any:
        """`{version, status}` once the version is another one, or the time is up."""
        return await self._apart(lambda client: client.watch(version, seconds))

    async def _apart(self, call: Callable[[ControlClient], Result]) -> Result:
        """A call in a thread; when nobody waits for it any more, its connection is closed, which ends it."""
        client = await anyio.to_thread.run_sync(ControlClient, self.workspace.control_socket)
        try:
            return await anyio.to_thread.run_sync(functools.partial(call, client), abandon_on_cancel=True)
        finally:
            client.close()
