"""The tools' client for the supervisor: blocking calls, each over its own connection."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TypeVar

import anyio
import anyio.to_thread

from supervisor.domain.json_value import JsonObject
from supervisor.domain.status import Status
from supervisor.runtime import calling
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.control_client import ControlClient
from supervisor.wire.status import read_status

WAITING = 500  # calls that wait at the same time; each has a thread

Result = TypeVar("Result")


class SupervisorClient:
    """Calls the supervisor of a workspace. Each method raises SupervisorDown, which says what to run."""

    def __init__(self, workspace: WorkspacePaths) -> None:
        self.workspace = workspace
        self._threads = anyio.CapacityLimiter(WAITING)  # not those of the other tools, which never wait for these

    def status(self) -> Status:
        """Read the status."""
        return read_status(calling.live(self.workspace))

    def call(self, method: str, **params: object) -> JsonObject:
        """Send a request that is answered at once, and return the answer.

        Raises RequestRefused or UsageError if the supervisor refuses.
        """
        calling.live(self.workspace)  # comes once a new supervisor knows the plan, and soon what the orchestrator does
        return calling.request(self.workspace, method, **params)

    async def ask(self, child: str, question: str, seconds: float) -> JsonObject:
        """Ask a child and return `{answer, seconds}`. Raises the same errors as `call`."""
        return await self._in_thread(
            lambda client: client.call_long("ask_child", seconds, child=child, question=question)
        )

    async def watch(self, version: int, seconds: float) -> tuple[int, Status]:
        """Wait until the status has another version, or `seconds`; return its version and the status."""
        seen, status = await self._in_thread(lambda client: client.watch(version, seconds))
        return seen, read_status(status)

    async def _in_thread(self, call: Callable[[ControlClient], Result]) -> Result:
        """Run a call in a thread. If this task is cancelled, the connection is closed, which ends the call."""
        client = await anyio.to_thread.run_sync(ControlClient, self.workspace.control_socket, limiter=self._threads)
        try:
            plain = functools.partial(call, client)
            return await anyio.to_thread.run_sync(plain, abandon_on_cancel=True, limiter=self._threads)
        finally:
            client.close()
