"""End a supervisor, and stop the processes that a dead one left behind."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING

from supervisor.errors import OrchError
from supervisor.late import Late
from supervisor.runtime.codex.registry import Record, Registry
from supervisor.runtime.presence import roster
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell import process
from supervisor.shell.process import Identity, identity_of
from supervisor.shell.process.handle import open_handle

if TYPE_CHECKING:
    from supervisor.runtime.remote import ending as remote
else:
    remote = Late("supervisor.runtime.remote.ending")  # 40 ms: hardly ever needed

TERM_GRACE = 3.0  # seconds that a process has to end after each signal
STOP_GRACE = 3.0  # seconds for a server without a supervisor to exit after SIGTERM


def supervisor_process(workspace: WorkspacePaths) -> Identity | None:
    """Return the process that holds the workspace's lock (even if it hangs); None if none does."""
    pid = roster.holder(workspace)
    return identity_of(pid) if pid is not None else None


def end_supervisor(supervisor: Identity | None, patience: float, busy: Callable[[], bool] = lambda: False) -> bool:
    """Wait `patience` seconds for the supervisor's process to exit, and again while it is `busy`, then kill it; True if
    it had to be killed.

    Raises OrchError if it survives SIGKILL.
    """
    handle = open_handle(supervisor) if supervisor is not None else None
    if handle is None:
        return False
    with contextlib.closing(handle):
        while not handle.wait_blocking(patience):
            if not busy():
                break
        else:
            return False
        end_process(handle.identity)
    return True


def end_process(identity: Identity) -> None:
    """End one process of ours that is not a server: SIGTERM, then SIGKILL. Raises OrchError if it survives that."""
    handle = open_handle(identity)
    if handle is None:
        return
    with contextlib.closing(handle):
        for send in (handle.terminate, lambda: handle.send(signal.SIGKILL)):
            send()
            if handle.wait_blocking(TERM_GRACE):
                return
    pid = identity.pid
    raise OrchError(f"process {pid} survives SIGKILL", f"see what blocks it: `ps -o pid,stat,wchan:32 -p {pid}`")


def nothing_left(workspace: WorkspacePaths, supervisor: Identity) -> bool:
    """Return whether no process of this workspace is left but a supervisor that exits: it starts none any more."""
    table = process.read_table()
    return not (table.children.get(supervisor.pid) or table.kept(workspace.id) or table.marked(workspace.mark()))


def stop_leftovers(workspace: WorkspacePaths, report: Callable[[str], None], *, looked: bool = False) -> list[str]:
    """End every server of this workspace and all that they started, in whatever session and environment it runs; return
    the names of the children that had one.

    Call this only when no supervisor is up. `looked`: there was `nothing_left` while it exited. Raises OrchError naming
    what survives.
    """
    registry = Registry(workspace.registry)
    running = registry.alive()
    table = None if looked and not running else process.read_table()
    orphans = table.kept(workspace.id) if table is not None else []
    if running or orphans or (table is not None and table.marked(workspace.mark())):
        _stop_all(workspace, running, orphans, report)
        for child in running:
            registry.drop(child)
        registry.save()
    return [*running, *_elsewhere(workspace, registry, report)]


def _elsewhere(
    workspace: WorkspacePaths, registry: Registry, report: Callable[[str], None], only: str | None = None
) -> list[str]:
    """End servers on other machines. Raises OrchError naming those that may still run."""
    if not registry.elsewhere() or only not in (None, *registry.elsewhere()):
        return []
    return remote.end_elsewhere(workspace, report, only)


def stop_server(workspace: WorkspacePaths, child: str) -> bool:
    """End the server of one child, and all that it started, while no supervisor is up. Returns whether there was any.

    Raises OrchError naming what survives.
    """
    registry = Registry(workspace.registry)
    running = {name: record for name, record in registry.alive().items() if name == child}
    if running or process.marked(workspace.mark(child)):
        _stop_all(workspace, running, (), lambda _: None, child)
        registry.drop(child)
        registry.save()
        return True
    return bool(_elsewhere(workspace, registry, lambda _: None, child))


def _stop_all(
    workspace: WorkspacePaths,
    running: Mapping[str, Record],
    orphans: Collection[Identity],
    report: Callable[[str], None],
    only: str = "",
) -> None:
    """Stop these servers, then kill whatever else has the mark of the workspace, or of `only` that child."""
    import asyncio  # import late (40 ms): an orderly end does not need it

    async def stop_all() -> None:
        async with asyncio.TaskGroup() as group:
            for child, record in running.items():
                report(f"stopping {child} (process {record.identity.pid})")
                mark = workspace.mark(child)
                group.create_task(process.stop_tree(record.identity, mark, grace=STOP_GRACE), name=f"stop {child}")
        await process.kill_tree(None, workspace.mark(only), orphans)

    asyncio.run(stop_all())
