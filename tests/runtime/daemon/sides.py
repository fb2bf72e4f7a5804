"""The two sides that must keep the contract of the effects: the real ones with a real codex, and the simulated ones."""

from __future__ import annotations

import asyncio
import os
import queue
import signal
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import Protocol

import pytest

from supervisor.domain import action as act
from supervisor.domain import event as ev
from supervisor.domain.child import Child
from supervisor.runtime.codex.handshake import Starts
from supervisor.runtime.codex.registry import Registry
from supervisor.runtime.codex.server import ServerClient
from supervisor.runtime.codex.version import Versions
from supervisor.runtime.config.model import Config, Limits
from supervisor.runtime.daemon.effects import Effects
from supervisor.runtime.logs import Logs
from supervisor.runtime.remote.choose import tree_of
from supervisor.runtime.workspace import WorkspacePaths, make_private
from supervisor.shell import process
from supervisor.shell.process import Spawned
from tests.core.engine.executors import Executors
from tests.core.engine.peers import Dice
from tests.e2e.lab import Lab
from tests.peers import codex_like

CHILD = "api"
GATE = "go"  # that the scripted model waits at
PATIENCE = 20.0  # seconds for any event: a bound, never the expected time


class Side(Protocol):
    """What the contract needs of each side. Events come one after the other, each once."""

    def __enter__(self) -> Side: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def carry_out(self, action: act.Action) -> None: ...

    def event(self) -> ev.Event:
        """Wait for the next event. Fails if none comes."""

    def let_turn_end(self) -> None:
        """Let the model go on to the end of its turn."""

    def let_turn_ask(self) -> None:
        """Let the model go on to a command that needs an approval."""

    def refuse_to_start(self) -> None:
        """Let the next server exit before it answers."""

    def begin_start(self) -> None:
        """Carry out EnsureServer until a server has been started that does not answer yet."""

    def lose_server(self) -> None:
        """Kill the server from outside."""

    def begin_again(self) -> None:
        """Let the supervisor die. The next one knows what was stored."""


class Pretended(Executors):
    """The simulated effects of the stories, with servers that work unless a test says otherwise."""

    def __init__(self) -> None:
        super().__init__((), [CHILD])
        self.repo = self.repos[CHILD]

    def __enter__(self) -> Side:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Do nothing: it is all simulated."""

    def event(self) -> ev.Event:
        while not self.inbox:
            assert self._go_on(), "nothing continues by itself any more"
        return self.inbox.popleft()

    def let_turn_end(self) -> None:
        ((rollout, turn),) = self.repo.turns
        self.state(self.repo, rollout, turn)

    def let_turn_ask(self) -> None:
        ((rollout, turn),) = self.repo.turns
        self.ask_human(self.repo, rollout, turn)

    def refuse_to_start(self) -> None:
        self.dice = Dice([5])

    def begin_start(self) -> None:
        self.carry_out(act.EnsureServer(CHILD, "w"))
        while self.repo.process is None:
            self.execute(self.repo)

    def lose_server(self) -> None:
        self.kill(self.repo)

    def begin_again(self) -> None:
        for link in (self.repo.link, self.repo.reading):
            if link is not None:
                self.cut(link)
        self.repo.drop()
        self.inbox.clear()

    def _go_on(self) -> bool:
        """Take one more step. False if there is none."""
        repo, link = self.repo, self.repo.reading
        if link is not None and not link.broken and link.ingress:
            self.serve(link)
        elif link is not None and link.wire:
            self.read(link, repo)
        elif self.can_execute(repo):
            self.execute(repo)
        elif repo.link is not None and repo.link.broken:
            self.notice_exit(repo)
        elif repo.checks:
            self.check(repo, 0)
        else:
            return False
        return True


class Real:
    """The supervisor's effects in a separate event loop, and a real codex that a scripted model drives."""

    def __init__(self, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
        self._lab = lab
        self._environ = monkeypatch
        for name, value in lab.environ.items():
            monkeypatch.setenv(name, value)
        self._child = Child(CHILD, str(lab.repo(CHILD)))
        self._workspace = lab.workspace
        make_private(self._workspace.runtime_dir)
        orchestrator = Child("orchestrator", str(self._workspace.root))
        self._config = Config((self._child,), orchestrator, None, Limits())
        self._arrived: queue.SimpleQueue[ev.Event] = queue.SimpleQueue()
        self._supervisor = _Supervisor(self._config, self._workspace, self._arrived.put)
        self._left: list[Spawned] = []  # servers that outlived a supervisor

    def __enter__(self) -> Side:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.carry_out(act.StopServer(CHILD, True, "w"))
        while not isinstance(self.event(), ev.ServerStopped):
            pass
        self._supervisor.die()
        for one in self._left:
            one.popen.wait(PATIENCE)

    def carry_out(self, action: act.Action) -> None:
        self._supervisor.carry_out(action)

    def event(self) -> ev.Event:
        return self._arrived.get(timeout=PATIENCE)

    def let_turn_end(self) -> None:
        self._lab.model.gate(GATE).open()

    def let_turn_ask(self) -> None:
        self._lab.model.gate(GATE).open()

    def refuse_to_start(self) -> None:
        self._environ.setenv("ORCH_CODEX_BIN", codex_like(self._lab.folder, manner="ends"))

    def begin_start(self) -> None:
        """Start a program that reports that it runs and then stays silent."""
        fifo, program = self._lab.folder / "runs", self._lab.folder / "silent"
        os.mkfifo(fifo)
        program.write_text(f"#!/bin/sh\necho > {fifo}\nexec sleep 3600\n", encoding="utf-8")
        program.chmod(0o755)
        self._environ.setenv("ORCH_CODEX_BIN", str(program))
        self.carry_out(act.EnsureServer(CHILD, "w"))
        fifo.read_bytes()

    def lose_server(self) -> None:
        for one in process.marked(self._workspace.mark(CHILD)):
            os.kill(one.pid, signal.SIGKILL)

    def begin_again(self) -> None:
        self._left += self._supervisor.die()
        self._arrived = queue.SimpleQueue()
        self._supervisor = _Supervisor(self._config, self._workspace, self._arrived.put)


class _Supervisor:
    """Effects that run in a thread until they are killed."""

    def __init__(self, config: Config, workspace: WorkspacePaths, post: Callable[[ev.Event], None]) -> None:
        self._config, self._workspace, self._post = config, workspace, post
        self._effects: Effects
        self._left: list[Spawned] = []
        self._loop: asyncio.AbstractEventLoop
        self._over: asyncio.Event
        ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._work(ready)), name="effects", daemon=True)
        self._thread.start()
        assert ready.wait(PATIENCE)

    def carry_out(self, action: act.Action) -> None:
        self._loop.call_soon_threadsafe(self._effects.carry_out, action)

    def die(self) -> list[Spawned]:
        """Die, and return the server that lives on, if one does. Its connection ends with the supervisor."""
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()
        return self._left

    async def _work(self, ready: threading.Event) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        logs = Logs(self._workspace.logs, megabytes=1)
        try:
            async with asyncio.TaskGroup() as group:
                wiring = {"workspace": self._workspace, "logs": logs, "group": group, "post": self._post, "now": _now}
                client = ServerClient(
                    self._config.children[0],
                    config=self._config,
                    registry=Registry(self._workspace.registry),
                    versions=Versions(),
                    starts=Starts(),
                    task_of=lambda turn: None,
                    **wiring,
                )
                self._effects = Effects(
                    {CHILD: client},
                    children=self._config.children,
                    limits=self._config.limits,
                    tree_of=lambda child: tree_of(self._workspace, child),
                    **wiring,
                )
                ready.set()
                await self._over.wait()
                if client.session is not None:
                    self._left = [one for one in [client.session.process] if isinstance(one, Spawned)]
                    client.session.connection.close()
                watches = [one for one in asyncio.all_tasks() if one.get_name().startswith("watch ")]
                await asyncio.gather(*watches)  # they reap a server that has exited
                raise _Over
        except* _Over:
            logs.close()


class _Over(Exception):
    """Ends the task group."""


def _now() -> datetime:
    return datetime.now(UTC)
