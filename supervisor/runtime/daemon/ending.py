"""Ending a supervisor, and what a dead one left behind."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable

from supervisor.errors import OrchError
from supervisor.runtime.codex.registry import Registry
from supervisor.runtime.daemon import lock as locks
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell import process
from supervisor.shell.process import Identity, identity_of
from supervisor.shell.process.handle import open_handle

TERM_GRACE = 3.0  # seconds that a process has to end of one signal
STOP_GRACE = 3.0  # seconds for a server without a supervisor to end by itself


def supervisor_process(workspace: WorkspacePaths) -> Identity | None:
    """The process that holds the workspace's lock (even one that hangs); None if nobody does."""
    pid = locks.holder(workspace)
    return identity_of(pid) if pid is not None else None


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


def stop_leftovers(workspace: WorkspacePaths, report: Callable[[str], None]) -> list[str]:
    """End every server of this workspace, and all that they started; the names of the children that had one.

    For when no supervisor is up. Raises OrchError naming what survives.
    """

    registry = Registry(workspace.registry)
    running = registry.alive()
    if not running and not process.marked(workspace.mark()):
        return []

    import asyncio  # 40 ms, for which an orderly end need not wait

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
