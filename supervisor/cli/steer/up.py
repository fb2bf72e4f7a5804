"""`orch up`: bring everything up."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from supervisor.cli.command.parameters import Argument, Option
from supervisor.cli.display import output
from supervisor.cli.display.blocks import one_line
from supervisor.cli.display.progress import Progress
from supervisor.errors import OrchError, SupervisorDown
from supervisor.runtime import calling
from supervisor.runtime.daemon import launch
from supervisor.runtime.naming import checked
from supervisor.runtime.workspace import Workspace
from supervisor.shell.control_client import ControlClient
from supervisor.wire.glance import glance

if TYPE_CHECKING:
    from supervisor.domain.status import ChildInfo

READY_WITHIN = 30.0  # seconds for all servers to get ready


def up(
    workspace: Workspace,
    children: Annotated[list[str] | None, Argument("CHILD", "Start only these servers (default: all).")] = None,
    *,
    foreground: Annotated[bool, Option("--foreground", "Run the supervisor in the foreground.")] = False,
) -> int:
    """Have a supervisor, and the servers of these children (none named: of all); say what comes next. Codes and errors
    as for `bring_up`."""
    if foreground:
        return _in_foreground(workspace, children or [])
    code = bring_up(workspace, children or [])
    if code == 0:
        output.say("next: edit plan.md while it runs; `orch status` shows what happens")
    return code


def bring_up(workspace: Workspace, children: Sequence[str]) -> int:
    """Have a supervisor, and the servers of these children (none named: of all). 0 if each is ready, else 1.

    Raises OrchError if the supervisor does not start, UsageError for a child that is not configured.
    """
    named = list(dict.fromkeys(children))
    known = _configured(workspace) if named else []
    for name in named:
        checked(name, known, "child")
    # The supervisor reads the config itself: to read it here as well would only cost the time.
    started = launch.ensure_supervisor(workspace, named)
    if not started and launch.reload(workspace):
        output.say("the supervisor reloaded the config")
    deadline = time.monotonic() + READY_WITHIN
    progress = Progress()
    try:
        if not started:
            with ControlClient(workspace.control_socket) as client:
                client.call("up", children=named)
        for picture in map(glance, calling.follow(workspace, deadline)):
            chosen = [child for child in picture.children if not named or child.name in named]
            progress.show({child.name: _said(child) for child in chosen})
            if all(child.state in ("ready", "failed") for child in chosen):
                break
    except SupervisorDown as error:
        raise OrchError(f"while the servers started, {error.what}", "see `orch logs`, then run `orch up`") from error
    finally:
        progress.end()
    ready = sum(child.state == "ready" for child in chosen)
    output.emit(f"{ready} of {len(chosen)} {'child' if len(chosen) == 1 else 'children'} ready")
    for child in chosen:
        if child.state == "failed":
            output.say(f"orch: {child.name} failed: {_with_remedy(child)}")
        elif child.state != "ready":
            output.say(f"orch: {child.name} is still {child.state} after {READY_WITHIN:g} s: {_problem(child)}")
    return 0 if ready == len(chosen) else 1


def _in_foreground(workspace: Workspace, children: Sequence[str]) -> int:
    """Run the supervisor in this process, with the servers of these children (none named: of all)."""
    known = _configured(workspace)
    for name in children:
        checked(name, known, "child")
    if launch.supervisor_process(workspace) is not None:
        raise OrchError("a supervisor is up already", "run `orch down` first, or leave out --foreground")
    return launch.run_foreground(workspace, children)


def _configured(workspace: Workspace) -> list[str]:
    from supervisor.runtime.config import load as config

    return [child.name for child in config.load(workspace).children]


def _said(child: ChildInfo) -> str:
    match child.state:
        case "ready":
            return f"ready (pid {child.pid}, codex {one_line(child.codex or 'of an unknown version')})"
        case "failed" | "backoff" | "unhealthy":
            return f"{child.state}: {_problem(child)}"
        case other:
            return other


def _problem(child: ChildInfo) -> str:
    return one_line(child.problem or "see `orch logs`")


def _with_remedy(child: ChildInfo) -> str:
    problem, remedy = _problem(child), f"`orch restart {child.name}`"
    return problem if remedy in problem or "then `orch down`" in problem else f"{problem}: fix it, then run {remedy}"
