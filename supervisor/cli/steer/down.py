"""`orch down`: stop the supervisor and every server, and leave no process behind."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Annotated

from supervisor.cli.command.everywhere import NamedFolder, checked, located
from supervisor.cli.command.parameters import Json, Option
from supervisor.cli.display import output
from supervisor.cli.display.interrupt import on_interrupt
from supervisor.cli.display.progress import Progress
from supervisor.errors import OrchError, StoreError, SupervisorDown, SupervisorHangs, WorkspaceError
from supervisor.runtime import calling
from supervisor.runtime.daemon import ending
from supervisor.runtime.presence import roster
from supervisor.runtime.presence.headway import HANGS_AFTER, LOOK, Headway
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.control_client import ControlClient
from supervisor.shell.process import Identity, alive
from supervisor.wire.glance import glance

STOP_WITHIN = 30.0  # seconds for all servers to stop; each is killed long before
BUSY_FOR = 600.0  # seconds after which a supervisor that is busy all the time is ended all the same
EXIT_PATIENCE = 5.0  # seconds for the supervisor to exit after it closed the connection


Now = Annotated[bool, Option("--now", "Kill at once, without waiting for an orderly end.")]


def down_at(named: NamedFolder, *, now: Now = False, as_json: Json = False) -> int:
    """Stop everything of the workspace that is there, or was when its supervisor started. Raises as `down` does, and
    WorkspaceError if there is neither."""
    return down(_workspace_at(named.folder), now=now, as_json=as_json)


def _workspace_at(folder: Path) -> WorkspacePaths:
    try:
        named = Path(os.path.abspath(folder))
    except FileNotFoundError:  # the current folder was removed: this is how the shell knows it
        named = Path(os.path.normpath(os.path.join(os.environ.get("PWD", "/"), folder)))
    known = roster.known_at(named)
    try:
        found = located(checked(folder))
        nearer = known is not None and found.root in known.root.parents
        return known if known is not None and nearer else found
    except (OrchError, FileNotFoundError) as error:
        if known is not None:
            return known
        running = [str(entry.root) for entry in roster.entries() if entry.runs]
        if not isinstance(error, WorkspaceError) or not running:
            raise
        next_step = f"name a workspace with -C; these are up: {', '.join(running)}"
        raise WorkspaceError(error.what, next_step) from error


def down(workspace: WorkspacePaths, *, now: bool = False, as_json: bool = False) -> int:
    """Stop everything, whatever its state; 0 once no process is left. Raises OrchError naming what survives."""
    with on_interrupt(
        lambda: "what was told to stop goes on stopping: run `orch down` again to wait for it, or `orch down --now`"
    ):
        return _down(workspace, now=now, as_json=as_json)


def _down(workspace: WorkspacePaths, *, now: bool, as_json: bool) -> int:
    supervisor = ending.supervisor_process(workspace)  # look first: it releases its lock before it exits
    known = roster.entry_with(supervisor.pid) if supervisor is not None else None
    started_in = known.workspace if known is not None else workspace  # another folder, if it was moved since
    headway = Headway(workspace, supervisor.pid) if supervisor is not None else None
    answered = _asked_to_end(started_in, supervisor, headway, now=now)
    # Look while it exits: that takes both of them 10 to 20 ms.
    clear = answered and supervisor is not None and ending.nothing_left(workspace, supervisor)
    killed = ending.end_supervisor(
        supervisor,
        EXIT_PATIENCE if answered else 0,
        lambda: answered and not now and headway is not None and not headway.hangs(),
    )
    left = ending.stop_leftovers(workspace, output.say, looked=clear and not killed)
    if started_in != workspace:
        left += ending.stop_leftovers(started_in, output.say)
    if as_json:
        output.emit_json({"was_up": answered or supervisor is not None, "leftovers": list(left)})
    elif left:
        output.emit(f"stopped what was left: {', '.join(left)}")
    elif answered or supervisor is not None:
        output.emit("everything has stopped")
    else:
        output.emit("nothing was running")
    return 0


def _asked_to_end(
    workspace: WorkspacePaths, supervisor: Identity | None, headway: Headway | None, *, now: bool
) -> bool:
    """Ask the supervisor to end, once it answers: True once it has stopped everything, False if it does not.

    One that makes progress is busy, and is waited for, except with `now`.
    """
    said, until = None, time.monotonic() + BUSY_FOR
    while True:
        try:
            return _ask_to_end(workspace, now=now)
        except StoreError as error:  # it cannot record that it ends; the next `orch up` goes on as after a crash
            output.say(f"{error.what}: stopping its process")
            return False
        except SupervisorDown as error:
            if supervisor is None or headway is None or not alive(supervisor):
                return False
            if now or headway.hangs() or time.monotonic() >= until:
                why = error.what if now else f"the supervisor makes no progress for {HANGS_AFTER:g} s"
                output.say(f"{why}: stopping its process")
                return False
        if said != headway.doing:
            said = headway.doing
            output.say(f"{busy_line(supervisor, said)}: waiting for it (`orch down --now` does not wait)")
        time.sleep(LOOK)


def _socket_of(workspace: WorkspacePaths) -> Path:
    """Where its supervisor listens, also if the workspace does not tell any more."""
    known = roster.entry_of(workspace)
    return workspace.control_socket if known is None or workspace.runtime_link.is_symlink() else known.control_socket


def busy_line(supervisor: Identity, doing: str) -> str:
    """Say why a supervisor that lives does not answer; `doing` is "" if nobody knows."""
    who = f"the supervisor (process {supervisor.pid})"
    return f"{who} is busy ({doing})" if doing else f"{who} gives no answer"


def _ask_to_end(workspace: WorkspacePaths, *, now: bool) -> bool:
    """Ask the supervisor to end; True once its connection is closed, False after STOP_WITHIN seconds.

    Raises SupervisorDown if none answers, SupervisorHangs if it stops answering.
    """
    with ControlClient(_socket_of(workspace)) as client:
        client.ping("down")
        deadline = time.monotonic() + STOP_WITHIN
        client.call("down", now=now)
        progress = Progress()
        version = -1
        try:
            while (left := deadline - time.monotonic()) > 0:
                version, status = client.watch(version, min(left, calling.LOOK_AGAIN))
                progress.show({child.name: child.state for child in glance(status).children})
        except SupervisorHangs:
            raise
        except SupervisorDown:
            return True  # it closed the connection, as it should; `down` kills a process that hangs
        finally:
            progress.end()
    return False
