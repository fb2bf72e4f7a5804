"""`orch up` and `orch down`: bring everything up, leave nothing behind."""

from __future__ import annotations

import time
from collections.abc import Sequence

from supervisor.cli import calling, output
from supervisor.cli.output import one_line
from supervisor.cli.progress import Progress
from supervisor.errors import OrchError, SupervisorDown
from supervisor.runtime.workspace import Workspace
from supervisor.shell.control_client import ControlClient

READY_WITHIN = 30.0  # seconds for all servers to get ready
STOP_WITHIN = 30.0  # seconds for all servers to stop; each is killed long before
LAST_WORDS = 5.0  # seconds from the closed connection to the end of the supervisor's process


def up(workspace: Workspace, children: Sequence[str], started: bool | None = None) -> int:
    """Have a supervisor, and the servers of these children (none named: of all); say what comes next. Codes, errors and
    `started` as for `bring_up`."""
    code = bring_up(workspace, children, started)
    if code == 0:
        output.say("next: edit plan.md while it runs; `orch status` shows what happens")
    return code


def bring_up(workspace: Workspace, children: Sequence[str], started: bool | None = None) -> int:
    """Have a supervisor, and the servers of these children (none named: of all). 0 if each is ready, else 1.

    `started`: what `ensure_supervisor` said, if it was asked before this was loaded.

    Raises OrchError if the supervisor does not start, UsageError for a child that is not configured.
    """
    from supervisor.runtime.daemon import launch

    named = list(dict.fromkeys(children))
    known = _configured(workspace) if named else []
    for name in named:
        calling.checked(name, known, "child")
    # The supervisor reads the config itself: to read it here as well would only cost the time.
    if started is None:
        started = launch.ensure_supervisor(workspace, named)
    if not started and launch.reload(workspace):
        output.say("the supervisor took in the changed config")
    deadline = time.monotonic() + READY_WITHIN
    progress = Progress()
    try:
        if not started:
            with ControlClient(workspace.control_socket) as client:
                client.call("up", children=named)
        for picture in calling.follow(workspace, deadline):
            chosen = [child for child in picture["children"] if not named or child["name"] in named]
            progress.show({child["name"]: _said(child) for child in chosen})
            if all(child["state"] in ("ready", "failed") for child in chosen):
                break
    except SupervisorDown as error:
        raise OrchError(f"while the servers started, {error.what}", "see `orch logs`, then run `orch up`") from error
    finally:
        progress.end()
    ready = sum(child["state"] == "ready" for child in chosen)
    output.emit(f"{ready} of {len(chosen)} {'child' if len(chosen) == 1 else 'children'} ready")
    for child in chosen:
        if child["state"] == "failed":
            output.say(f"orch: {child['name']} failed: {_with_remedy(child)}")
        elif child["state"] != "ready":
            output.say(f"orch: {child['name']} is still {child['state']} after {READY_WITHIN:g} s: {_problem(child)}")
    return 0 if ready == len(chosen) else 1


def up_in_foreground(workspace: Workspace, children: Sequence[str]) -> int:
    """Be the supervisor, with the servers of these children (none named: of all), until it is over."""
    from supervisor.runtime.daemon import launch

    known = _configured(workspace)
    for name in children:
        calling.checked(name, known, "child")
    if launch.supervisor_process(workspace) is not None:
        raise OrchError("a supervisor is up already", "run `orch down` first, or leave out --foreground")
    return launch.run_foreground(workspace, children)


def down(workspace: Workspace, *, now: bool) -> int:
    """Stop everything, in whatever state; 0 when no process is left. Raises OrchError naming what will not die."""
    from supervisor.runtime.daemon import launch

    supervisor = launch.supervisor_process(workspace)  # asked first: it lets go of its lock before it is gone
    try:
        answered = _ask_to_end(workspace, now=now)
    except SupervisorDown as error:
        answered = False
        if supervisor is not None:
            output.say(f"{error.what}: ending its process")
    ended = launch.end_supervisor(supervisor, LAST_WORDS if answered else 0)
    left = launch.stop_leftovers(workspace, output.say)
    if left:
        output.emit(f"stopped what was left: {', '.join(left)}")
    elif answered or ended:
        output.emit("everything has stopped")
    else:
        output.emit("nothing was running")
    return 0


def _configured(workspace: Workspace) -> list[str]:
    from supervisor.runtime.config import load as config

    return [child.name for child in config.load(workspace).children]


def _said(child: calling.Picture) -> str:
    match child["state"]:
        case "ready":
            return f"ready (pid {child['pid']}, codex {one_line(child['codex'] or 'of an unknown version')})"
        case "failed" | "backoff" | "unhealthy":
            return f"{child['state']}: {_problem(child)}"
        case other:
            return str(other)


def _problem(child: calling.Picture) -> str:
    return one_line(child.get("problem") or "see `orch logs`")


def _with_remedy(child: calling.Picture) -> str:
    problem, remedy = _problem(child), f"`orch restart {child['name']}`"
    return problem if remedy in problem or "then `orch down`" in problem else f"{problem}: mend it, then run {remedy}"


def _ask_to_end(workspace: Workspace, *, now: bool) -> bool:
    """Ask the supervisor to end and see it go; True once its connection is closed, False if it takes too long.

    Raises SupervisorDown if none answers.
    """
    with ControlClient(workspace.control_socket) as client:
        calling.picture(client)
        deadline = time.monotonic() + STOP_WITHIN
        client.call("down", now=now)
        progress = Progress()
        version = -1
        try:
            while (left := deadline - time.monotonic()) > 0:
                seen = client.watch(version, min(left, calling.LOOK_AGAIN))
                version = seen["version"]
                progress.show({child["name"]: child["state"] for child in seen["status"]["children"]})
        except SupervisorDown:
            return True  # it went away, as it should; if it hangs instead, its process is still there
        finally:
            progress.end()
    return False
