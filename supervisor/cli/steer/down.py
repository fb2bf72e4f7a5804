"""`orch down`: stop the supervisor and every server, and leave no process behind."""

from __future__ import annotations

import time
from typing import Annotated

from supervisor.cli.command.parameters import Option
from supervisor.cli.display import output
from supervisor.cli.display.interrupt import on_interrupt
from supervisor.cli.display.progress import Progress
from supervisor.errors import SupervisorDown
from supervisor.runtime import calling
from supervisor.runtime.daemon import ending
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.control_client import ControlClient
from supervisor.wire.glance import glance

STOP_WITHIN = 30.0  # seconds for all servers to stop; each is killed long before
EXIT_PATIENCE = 5.0  # seconds for the supervisor to exit after it closed the connection


def down(
    workspace: WorkspacePaths,
    *,
    now: Annotated[bool, Option("--now", "Kill at once, without waiting for an orderly end.")] = False,
) -> int:
    """Stop everything, whatever its state; 0 once no process is left. Raises OrchError naming what survives."""
    with on_interrupt(
        lambda: "what was told to stop goes on stopping: run `orch down` again to wait for it, or `orch down --now`"
    ):
        return _down(workspace, now=now)


def _down(workspace: WorkspacePaths, *, now: bool) -> int:
    supervisor = ending.supervisor_process(workspace)  # look first: it releases its lock before it exits
    try:
        answered = _ask_to_end(workspace, now=now)
    except SupervisorDown as error:
        answered = False
        if supervisor is not None:
            output.say(f"{error.what}: stopping its process")
    ended = ending.end_supervisor(supervisor, EXIT_PATIENCE if answered else 0)
    left = ending.stop_leftovers(workspace, output.say)
    if left:
        output.emit(f"stopped what was left: {', '.join(left)}")
    elif answered or ended:
        output.emit("everything has stopped")
    else:
        output.emit("nothing was running")
    return 0


def _ask_to_end(workspace: WorkspacePaths, *, now: bool) -> bool:
    """Ask the supervisor to end; True once its connection is closed, False after STOP_WITHIN seconds.

    Raises SupervisorDown if none answers.
    """
    with ControlClient(workspace.control_socket) as client:
        client.call("status")
        deadline = time.monotonic() + STOP_WITHIN
        client.call("down", now=now)
        progress = Progress()
        version = -1
        try:
            while (left := deadline - time.monotonic()) > 0:
                version, status = client.watch(version, min(left, calling.LOOK_AGAIN))
                progress.show({child.name: child.state for child in glance(status).children})
        except SupervisorDown:
            return True  # it closed the connection, as it should; `down` kills a process that hangs
        finally:
            progress.end()
    return False
