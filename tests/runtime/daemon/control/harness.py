"""A loop and its control socket in a thread, and requests to it."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from supervisor.core.guard.standing import Refusal, Standing, standing
from supervisor.core.guard.standing import Supervisor as Supervised
from supervisor.domain import event as ev
from supervisor.domain.action import Action
from supervisor.domain.child import Child
from supervisor.domain.world import World
from supervisor.errors import RequestRefused, StoreError, UsageError
from supervisor.runtime.codex.progress import Activity
from supervisor.runtime.daemon.control import Control
from supervisor.runtime.daemon.control_socket import ControlSocket
from supervisor.runtime.daemon.loop import Loop
from supervisor.runtime.daemon.recorder import Recorder
from supervisor.runtime.logs import Logs
from supervisor.runtime.plan.authors import Authors
from supervisor.runtime.workspace import WorkspacePaths, make_private
from supervisor.shell.control_client import ControlClient
from supervisor.shell.ledger.store import Ledger
from supervisor.shell.process.caller import caller_of
from supervisor.wire.codex.notifications import Notification

LIMIT = 5.0  # seconds


class Supervisor:
    """A loop and its control socket in a separate thread. Nothing carries out its actions."""

    def __init__(self, root: Path, *children: Child) -> None:
        self.workspace = WorkspacePaths(root)
        self.refuses = False  # every caller
        self.socket = self.workspace.control_socket
        self.actions: list[Action] = []
        self.failure: BaseException | None = None
        self._children = children
        self.asked, self.plan_known = threading.Event(), threading.Event()
        self.plan_known.set()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="supervisor")

    def __enter__(self) -> Supervisor:
        make_private(self.workspace.runtime_dir)
        self._thread.start()
        assert self._ready.wait(LIMIT)
        return self

    def __exit__(self, *error: object) -> None:
        with suppress(RuntimeError):  # its event loop is closed: it is down already
            self.post(ev.DownRequested(self.loop.clock.now(), True))
            for child in self._children:
                self.post(ev.ServerStopped(self.loop.clock.now(), child.name))
        self.wait()
        assert self.failure is None
        assert not self.socket.exists()

    def wait(self) -> None:
        """Wait until it has ended."""
        self._thread.join(LIMIT)
        assert not self._thread.is_alive()

    def post(self, event: ev.Event) -> None:
        self._loop.call_soon_threadsafe(self.loop.post, event)

    def observe(self, notification: Notification) -> None:
        """Take in what a server said."""
        self._loop.call_soon_threadsafe(self.activity.observe, notification)

    def client(self) -> ControlClient:
        return ControlClient(self.socket)

    def recorded(self) -> list[ev.Event]:
        """The events in the ledger, without the intents."""
        ledger = Ledger(self.workspace.ledger)
        try:
            return [event for event in ledger.open().events if not isinstance(event, ev.Intended)]
        finally:
            ledger.close()

    @contextmanager
    def raw(self) -> Iterator[socket.socket]:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(self.socket))  # waits for a place in the queue
            connection.settimeout(LIMIT)
            yield connection

    def _run(self) -> None:
        try:
            asyncio.run(self._supervise())
        except* Over:
            pass
        except* BaseException as error:
            self.failure = error

    async def _supervise(self) -> None:
        self._loop = asyncio.get_running_loop()
        ledger = Ledger(self.workspace.ledger)
        found = ledger.open()
        logs = self.logs = Logs(self.workspace.logs, megabytes=1)
        recorder = Recorder(ledger, found, logs)
        started = ev.SupervisorStarted(recorder.clock.now(), os.getpid(), "0.1.0", self._children, (), (1.0,))
        recorder.record(first := recorder.decide([started]))
        self.actions += first.actions
        self.loop = Loop(self.workspace, recorder, logs)
        try:
            async with asyncio.TaskGroup() as group:
                listening = asyncio.Event()
                authors = Authors("plan.md", World)
                self.activity = Activity(changed=self.loop.stir)
                control = Control(
                    self.workspace, self.loop, logs, group, authors, self.activity, plan_known=self._until_plan_known
                )
                door = ControlSocket(self.workspace, control, Doorkeeper(self), group)
                group.create_task(door.serve(listening), name="control")
                await listening.wait()
                self._ready.set()
                await self.loop.run(self.actions.append)
                raise Over
        finally:
            ledger.close()
            logs.close()

    async def _until_plan_known(self) -> None:
        self.asked.set()
        await asyncio.to_thread(self.plan_known.wait, LIMIT)


class Doorkeeper:
    """Judges callers as the supervisor does, with no server, and no orchestrator; or refuses all."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor

    def admit(self, connection: socket.socket) -> Standing | Refusal:
        if self._supervisor.refuses:
            return Refusal("not now", "later")
        caller = caller_of(connection)
        assert caller is not None
        return standing(caller, Supervised(os.getuid(), "ada", os.getpid(), "w", {}))

    async def refusal(self, who: Standing, method: str, params: Mapping[str, object]) -> None:
        return None


class Over(Exception):
    """Ends the task group: the loop has returned."""


def ask(connection: socket.socket, line: bytes) -> Any:
    connection.sendall(line + b"\n")
    return json.loads(answer(connection))


def answer(connection: socket.socket) -> bytes:
    data = b""
    while not data.endswith(b"\n"):
        piece = connection.recv(65536)
        assert piece, f"the connection was closed after {data!r}"
        data += piece
    return data


def refused(client: ControlClient, method: str, **params: Any) -> str:
    """The error that the client receives."""
    with pytest.raises((RequestRefused, StoreError, UsageError)) as error:
        client.call(method, **params)
    return str(error.value)
