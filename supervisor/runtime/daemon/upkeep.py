"""Keep the supervisor reachable, and its record whole, whatever is removed or replaced while it runs.

Every LOOK seconds it looks at the workspace, the sockets and what says where they are. What is gone is made anew. If it
is the workspace itself that is gone, the supervisor ends as by `orch down`; if it comes back before that, and somebody
says `orch up`, everything goes on.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, TextIO

from supervisor.core.engine.agenda import Sign, bearing
from supervisor.core.engine.readiness import external_turn
from supervisor.domain.event import DownRequested, MachineWoke, RestartRequested
from supervisor.domain.server import Server, ServerState
from supervisor.errors import OrchError
from supervisor.runtime.change.watching import OperationsWatch
from supervisor.runtime.codex.registry import Registry
from supervisor.runtime.daemon.control_socket import ControlSocket
from supervisor.runtime.daemon.loop import Loop
from supervisor.runtime.daemon.recorder import Recorder
from supervisor.runtime.logs import Logs
from supervisor.runtime.presence import lock as locks
from supervisor.runtime.presence import roster
from supervisor.runtime.workspace import CONFIG_NAME, WorkspacePaths, make_runtime_dir, shorten

LOOK = 2.0  # seconds between two looks
SLEPT = 1.0  # seconds of sleep that count
GONE_FOR = 2  # looks in a row at which the workspace is gone: an editor may replace the config


def slept() -> float:
    """Return the seconds for which this machine has slept since it booted."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) - time.monotonic()


class Keepings(NamedTuple):
    """What the supervisor has of its workspace, besides what its world says."""

    lock: TextIO
    recorder: Recorder
    registry: Registry
    door: ControlSocket


class Upkeep:
    """Looks after the workspace of one supervisor."""

    def __init__(
        self, workspace: WorkspacePaths, kept: Keepings, operations: OperationsWatch, loop: Loop, logs: Logs
    ) -> None:
        self._workspace = workspace
        self._kept = kept
        self._operations = operations
        self._loop = loop
        self._logs = logs
        self._root = _id(workspace.root)
        self._state = _id(workspace.state)
        self._sockets = workspace.runtime_dir
        self._missing = 0
        self._slept = slept()
        self._told: dict[str, str] = {}  # what was logged of each kind of trouble, so that it is logged once
        self._restarted: set[int] = set()  # servers, by pid, that were asked to restart

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            self.look()
            await asyncio.sleep(LOOK)

    def look(self) -> None:
        """Look once, and restore what is gone; where the workspace is gone for good, tell the supervisor to end."""
        gone = self._gone()
        self._missing = self._missing + 1 if gone else 0
        if gone is not None:
            if self._missing >= GONE_FOR and self._loop.world.supervisor.stopping is None:
                self._logs.say("workspace_gone", level="error", reason=f"{gone}: everything stops")
                self._loop.post(DownRequested(self._loop.clock.now(), now=False))
            return
        for kind, restore in (
            ("state", self._restore_state),
            ("ledger", self._kept.recorder.renew),
            ("lock", self._restore_lock),
            ("sockets", self._restore_sockets),
            ("operations", self._operations.look),
            ("sleep", self._look_at_sleep),
            ("errors", self._shorten_errors),
        ):
            self._try(kind, restore)
        if "sockets" not in self._told:  # else a server that restarts cannot listen
            self._look_at_servers()

    def _look_at_sleep(self) -> None:
        """Tell if this machine slept since the last look: no timer ran meanwhile."""
        before, self._slept = self._slept, slept()
        if self._slept - before >= SLEPT:
            self._loop.post(MachineWoke(self._loop.clock.now(), round(self._slept - before, 1)))

    def _shorten_errors(self) -> None:
        for name, server in self._loop.world.servers.items():
            if server.child.runner is not None:
                shorten(self._workspace.runner_errors(name))

    def _gone(self) -> str | None:
        root = self._workspace.root
        if _id(root) != self._root:
            return f"{root} was removed, or moved"
        return None if self._workspace.config.exists() else f"{root / CONFIG_NAME} was removed"

    def _try(self, kind: str, restore: Callable[[], object]) -> None:
        try:
            restore()
        except (OSError, OrchError) as error:
            if self._told.get(kind) != str(error):
                self._told[kind] = str(error)
                self._logs.say("not_restored", level="error", what=kind, reason=str(error))
        else:
            self._told.pop(kind, None)

    def _restore_state(self) -> None:
        """Make the folder `.orchestrator` and the files in it anew that only we know."""
        workspace = self._workspace
        workspace.state.mkdir(mode=0o700, exist_ok=True)
        if (now := _id(workspace.state)) != self._state:
            self._state = now
            self._logs.say("state_renewed", level="warning", reason=f"{workspace.state} was removed or replaced")
            self._kept.registry.save()
            self._loop.show_anew()
        if not workspace.registry.exists() and self._kept.registry.all():
            self._kept.registry.save()

    def _restore_lock(self) -> None:
        if not locks.retake(self._workspace, self._kept.lock):
            raise OrchError(f"another process holds {self._workspace.lock}", "end it")

    def _restore_sockets(self) -> None:
        workspace = self._workspace
        before = self._sockets
        if not before.is_dir() or not workspace.runtime_link.is_symlink() or workspace.runtime_dir != before:
            if before.is_file() or before.is_symlink():  # what is in its place is in a folder of ours
                before.unlink()
            self._sockets = self._at_the_old_place() or make_runtime_dir(workspace)
        if (mode := self._sockets.stat().st_mode) & 0o077:  # made anew by another: Codex listens in no such folder
            self._sockets.chmod(mode & 0o700)
        known = roster.entry_of(workspace)
        if known is None or known.pid != os.getpid() or known.sockets != self._sockets:
            self._try("roster", lambda: roster.enter(workspace, self._sockets))
        if not self._kept.door.is_there():
            self._logs.say("listens_anew", level="warning", reason=f"the socket in {before} was removed")
            self._kept.door.listen_anew()

    def _at_the_old_place(self) -> Path | None:
        """Record the folder of the sockets again, if it is still there; the record of it was removed."""
        if not self._sockets.is_dir():
            return None
        link = self._workspace.runtime_link
        link.unlink(missing_ok=True)
        link.symlink_to(self._sockets)
        return self._sockets

    def _look_at_servers(self) -> None:
        """Restart idle servers whose socket is gone. They answer us, but nobody else, nor the next supervisor."""
        unreachable = dict[str, str]()
        for name, server in self._loop.world.servers.items():
            if server.state is not ServerState.READY or not _unreachable(server) or server.pid in self._restarted:
                continue
            if self._busy(name):
                unreachable[name] = "its socket was removed: it restarts once it is idle"
                continue
            assert server.pid is not None, "a server that is ready has a process"
            self._restarted.add(server.pid)
            self._logs.say("socket_gone", level="warning", child=name, reason="its socket was removed: it restarts")
            self._loop.post(RestartRequested(self._loop.clock.now(), name))
        self._loop.unreachable = unreachable

    def _busy(self, child: str) -> bool:
        world = self._loop.world
        live = any(state.child == child for state in bearing(world, Sign.LIVE))
        return live or external_turn(world, child) is not None


def _unreachable(server: Server) -> bool:
    here = server.child.runner is None
    return here and server.socket is not None and not os.path.exists(server.socket)


def _id(folder: Path) -> tuple[int, int] | None:
    with suppress(OSError):
        found = folder.stat()
        return found.st_dev, found.st_ino
    return None
