"""Starting the supervisor from the command line, and ending what a dead one left behind."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TextIO

from supervisor.errors import OrchError, SupervisorDown, SupervisorHangs, WorkspaceError
from supervisor.runtime.daemon import lock as locks
from supervisor.runtime.daemon.command import READY, command
from supervisor.runtime.workspace import Workspace
from supervisor.shell.process.handle import open_handle
from supervisor.shell.process.table import MARK, Identity

TERM_GRACE = 3.0  # seconds that a process has to end of one signal
LOOK = 0.05  # seconds between two looks at a supervisor that starts
STOP_GRACE = 3.0  # seconds for a server without a supervisor to end by itself
LISTENS_WITHIN = 20.0  # seconds from the start of a supervisor to its control socket; a long ledger takes one or two


def ensure_supervisor(workspace: Workspace, up: Sequence[str] | None = None) -> bool:
    """Have a supervisor that answers; True if it had to be started, and then it starts the servers of `up` by itself
    (empty: all; None: none).

    Any number of callers at once get one supervisor. Raises OrchError saying why it does not start.
    """
    if _answers(workspace):
        return False
    while not comes_up(workspace):
        if _start(workspace, up):
            return True
    return False


def _start(workspace: Workspace, up: Sequence[str] | None) -> bool:
    """Start a supervisor, and return once it answers; False if another one was faster, which may not answer yet."""
    lock = locks.take(workspace)
    if lock is None:
        return False
    errors = _error_file(workspace)
    how = ("idle",) if up is None else ("up", *up)
    start = errors.stat().st_size
    told, tell = os.pipe()
    with lock, errors.open("ab") as log, open(tell, "wb"):
        pid = _spawn(workspace, lock, how, tell, log.fileno())
        locks.sign(lock, pid)
    with open(told, "rb") as reader:
        words = reader.read().decode()
    if words == READY:
        return True
    with contextlib.suppress(ValueError):
        reason = json.loads(words)
        raise OrchError(reason["what"], reason["next_step"])
    os.waitpid(pid, 0)
    with errors.open("rb") as log:
        log.seek(start)
        last = log.read().decode("utf-8", "replace").strip().splitlines()[-1:] or ["it said nothing"]
    raise OrchError(f"the supervisor did not start: {last[0]}", f"see {errors}")


def _spawn(workspace: Workspace, lock: TextIO, how: Sequence[str], tell: int, log: int) -> int:
    """Have a new process be the supervisor; its pid."""
    return subprocess.Popen(
        command(workspace, lock, *how),
        stdin=subprocess.DEVNULL,
        stdout=tell,
        stderr=log,
        cwd="/",
        env={name: value for name, value in os.environ.items() if name != MARK},
        start_new_session=True,
        pass_fds=(lock.fileno(),),
    ).pid


def reload(workspace: Workspace) -> bool:
    """Have the supervisor take in the config, if it reads differently; True once it is up with the new one.

    Raises RequestRefused for a config that is none (then all stays as it is), SupervisorDown if it does not come back.
    """
    from supervisor.shell.control_client import ControlClient
    from supervisor.wire.glance import glance

    with ControlClient(workspace.control_socket) as client:
        since = glance(client.call("status")).supervisor.since
        if not client.call("reload")["changed"]:
            return False
    if not comes_up(workspace, since):
        raise SupervisorDown("the supervisor ended when it took in the config", "see `orch logs`, then run `orch up`")
    return True


def run_foreground(workspace: Workspace, up: Sequence[str]) -> int:
    """Be the supervisor in this process until it is over; events go to standard error as they happen."""
    from supervisor.runtime.daemon import main as daemon

    daemon.run(workspace, ready=lambda: None, up=up, mirror=sys.stderr)
    return 0


def supervisor_process(workspace: Workspace) -> Identity | None:
    """The process that holds the workspace's lock (even one that hangs); None if nobody does."""
    return locks.holder(workspace)


def end_supervisor(supervisor: Identity | None, patience: float) -> bool:
    """See the supervisor's process (if any) end within `patience` seconds, or end it; True if it had to be ended.

    Raises OrchError if it survives SIGKILL.
    """
    handle = open_handle(supervisor) if supervisor is not None else None
    if handle is None:
        return False
    with contextlib.closing(handle):
        if handle.wait_blocking(patience):
            return False
        end_process(handle.identity)
    return True


def end_process(identity: Identity) -> None:
    """End one process of ours that is no server: SIGTERM, then SIGKILL. Raises OrchError if it survives that."""
    handle = open_handle(identity)
    if handle is None:
        return
    with contextlib.closing(handle):
        for send in (handle.terminate, lambda: handle.send(signal.SIGKILL)):
            send()
            if handle.wait_blocking(TERM_GRACE):
                return
    pid = identity.pid
    raise OrchError(f"process {pid} survives SIGKILL", f"see what it waits for: `ps -o pid,stat,wchan:32 -p {pid}`")


def stop_leftovers(workspace: Workspace, report: Callable[[str], None]) -> list[str]:
    """End every server of this workspace, and all that they started; the names of the children that had one.

    For when no supervisor is up. Raises OrchError naming what survives.
    """
    from supervisor.runtime.codex.registry import Registry
    from supervisor.shell import process

    registry = Registry(workspace.registry)
    running = registry.alive()
    if not running and not process.marked(workspace.mark()):
        return []

    import asyncio  # 15 ms, which an orderly end need not wait for

    async def stop_all() -> None:
        async with asyncio.TaskGroup() as group:
            for child, record in running.items():
                report(f"stopping {child} (process {record.identity.pid})")
                mark = workspace.mark(child)
                group.create_task(process.stop_tree(record.identity, mark, grace=STOP_GRACE), name=f"stop {child}")
        await process.kill_tree(None, workspace.mark())

    asyncio.run(stop_all())
    for child in running:
        registry.drop(child)
    registry.save()
    return list(running)


def _answers(workspace: Workspace, unlike: str | None = None) -> bool:
    """Whether a supervisor answers that did not start at the moment `unlike`. Raises SupervisorHangs if one hangs."""
    if not workspace.control_socket.exists():
        return False
    from supervisor.shell.control_client import ControlClient  # 4 ms, in which a supervisor could be started
    from supervisor.wire.glance import glance

    try:
        with ControlClient(workspace.control_socket) as client:
            since = glance(client.call("status")).supervisor.since
    except SupervisorHangs as error:
        there = supervisor_process(workspace)
        who = f"the supervisor (process {there.pid})" if there else "the supervisor"
        raise SupervisorHangs(f"{who} does not answer", "run `orch down`, then `orch up`") from error
    except SupervisorDown:
        return False
    return unlike is None or since != unlike


def comes_up(workspace: Workspace, unlike: str | None = None) -> bool:
    """Whether one that starts (or starts over) answers in the end; False once no process holds the lock."""
    deadline = time.monotonic() + LISTENS_WITHIN
    while (there := supervisor_process(workspace)) is not None:
        if _answers(workspace, unlike):
            return True
        if time.monotonic() >= deadline:
            raise SupervisorHangs(
                f"the supervisor (process {there.pid}) does not listen", "run `orch down`, then `orch up`"
            )
        time.sleep(LOOK)
    return False


def _error_file(workspace: Workspace) -> Path:
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
