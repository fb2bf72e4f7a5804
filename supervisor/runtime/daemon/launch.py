"""Starting the supervisor from the command line. Light: what is loaded here delays every start."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from supervisor.domain.mark import MARK
from supervisor.errors import OrchError, SupervisorDown, SupervisorHangs, WorkspaceError
from supervisor.runtime.daemon import lock as locks
from supervisor.runtime.daemon.command import HANDED_ON, NEXT, READY, command
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.wire.glance import glance

if TYPE_CHECKING:
    from supervisor.shell.control_client import ControlClient

LOOK = 0.05  # seconds between two looks at a supervisor that starts
LISTENS_WITHIN = 20.0  # seconds from the start of a supervisor to its control socket; a long ledger takes one or two


class Starting(NamedTuple):
    """A supervisor that was started, and what it says of that."""

    pid: int
    told: int  # the descriptor at which it says how its start went
    errors: Path
    size: int  # of `errors` before it was started

    def wait(self) -> None:
        """Return once it answers. Raises OrchError saying why it does not start."""
        with open(self.told, "rb") as reader:
            words = reader.read().decode("utf-8", "replace")
        if words == READY:
            return
        what, sign, next_step = words.partition(NEXT)
        if sign:
            raise OrchError(what, next_step)
        os.waitpid(self.pid, 0)
        with self.errors.open("rb") as log:
            log.seek(self.size)
            last = log.read().decode("utf-8", "replace").strip().splitlines()[-1:] or ["it said nothing"]
        raise OrchError(f"the supervisor did not start: {last[0]}", f"see {self.errors}")


def ensure_supervisor(workspace: WorkspacePaths, up: Sequence[str] | None = None) -> bool:
    """Have a supervisor that answers; True if it had to be started. For the rest see `begin`."""
    starting = begin(workspace, up)
    if starting is not None:
        starting.wait()
    return starting is not None


def begin(workspace: WorkspacePaths, up: Sequence[str] | None = None) -> Starting | None:
    """Start a supervisor that starts the servers of `up` by itself (empty: all; None: none); None if one answers.

    Any number of callers at once get one supervisor. Raises OrchError saying why none can be started.
    """
    if _answers(workspace):
        return None
    while not comes_up(workspace):
        if (starting := _start(workspace, up)) is not None:
            return starting
    return None


def _start(workspace: WorkspacePaths, up: Sequence[str] | None) -> Starting | None:
    """Start a supervisor; None if another one was faster, which may not answer yet."""
    lock = locks.take(workspace)
    if lock is None:
        return None
    errors = _error_file(workspace)
    how = ("idle",) if up is None else ("up", *up)
    told, tell = os.pipe()
    with lock, errors.open("ab") as log, open(tell, "wb"):
        starting = Starting(_spawn(workspace, lock.fileno(), how, tell, log.fileno()), told, errors, log.tell())
        locks.sign(lock, starting.pid)
    return starting


def _spawn(workspace: WorkspacePaths, lock: int, how: Sequence[str], tell: int, log: int) -> int:
    """Start a Python that is the supervisor, in a session of its own; its pid.

    It gets nothing of ours but the standard streams and the lock: whatever else it might inherit, it closes itself.
    """
    return os.posix_spawn(
        sys.executable,
        command(workspace, HANDED_ON, *how),
        {name: value for name, value in os.environ.items() if name != MARK},
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_DUP2, tell, 1),
            (os.POSIX_SPAWN_DUP2, log, 2),
            (os.POSIX_SPAWN_DUP2, lock, HANDED_ON),
        ],
        setsid=True,
    )


def reload(workspace: WorkspacePaths) -> bool:
    """Have the supervisor take in the config, if it reads differently; True once it is up with the new one.

    Raises RequestRefused for a config that is none (then all stays as it is), SupervisorDown if it does not come back.
    """
    with _connect(workspace) as client:
        since = glance(client.call("status")).supervisor.since
        if not client.call("reload")["changed"]:
            return False
    if not comes_up(workspace, since):
        raise SupervisorDown("the supervisor ended when it took in the config", "see `orch logs`, then run `orch up`")
    return True


def _answers(workspace: WorkspacePaths, unlike: str | None = None) -> bool:
    """Whether a supervisor answers that did not start at the moment `unlike`. Raises SupervisorHangs if one hangs."""
    if not workspace.control_socket.exists():
        return False
    try:
        with _connect(workspace) as client:
            since = glance(client.call("status")).supervisor.since
    except SupervisorHangs as error:
        there = locks.holder(workspace)
        who = f"the supervisor (process {there})" if there else "the supervisor"
        raise SupervisorHangs(f"{who} does not answer", "run `orch down`, then `orch up`") from error
    except SupervisorDown:
        return False
    return unlike is None or since != unlike


def comes_up(workspace: WorkspacePaths, unlike: str | None = None) -> bool:
    """Whether one that starts (or starts over) answers in the end; False once no process holds the lock."""
    deadline = time.monotonic() + LISTENS_WITHIN
    while (there := locks.holder(workspace)) is not None:
        if _answers(workspace, unlike):
            return True
        if time.monotonic() >= deadline:
            raise SupervisorHangs(
                f"the supervisor (process {there}) does not listen", "run `orch down`, then `orch up`"
            )
        time.sleep(LOOK)
    return False


def _error_file(workspace: WorkspacePaths) -> Path:
    """Where the daemon's own error output goes: only what breaks before, or despite, its logs."""
    try:
        workspace.logs.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = workspace.logs / "supervisor.stderr.log"
        path.touch(mode=0o600)
    except OSError as error:
        raise WorkspaceError(
            f"{workspace.state} cannot be written ({error.strerror})", "make the workspace writable, then run `orch up`"
        ) from error
    return path


def _connect(workspace: WorkspacePaths) -> ControlClient:
    from supervisor.shell.control_client import ControlClient  # 4 ms, in which a supervisor could be started

    return ControlClient(workspace.control_socket)
