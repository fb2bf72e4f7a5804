"""`orch attach`: open Codex's own terminal UI on a live thread."""

from __future__ import annotations

import os
import shlex
import sys
from typing import Annotated, NamedTuple

from supervisor import api
from supervisor.cli.command.parameters import Argument, Json, Option
from supervisor.cli.display import output
from supervisor.cli.display.blocks import one_line
from supervisor.domain.plan import HUMAN, ORCHESTRATOR
from supervisor.domain.status import OrchestratorInfo, Status
from supervisor.errors import OrchError, WorkspaceError
from supervisor.runtime.codex.binary import locate
from supervisor.runtime.config.load import configured_codex
from supervisor.runtime.naming import checked
from supervisor.runtime.remote.terminal import terminal_command
from supervisor.runtime.workspace import WorkspacePaths


class NotAttachable(OrchError):
    """There is no thread to open, or no terminal to show it in."""


class Found(NamedTuple):
    """A thread that can be opened, and the server that has it."""

    thread: str
    socket: str
    away: str | None  # the child, if its server is on another machine


def attach(
    workspace: WorkspacePaths,
    name: Annotated[
        str | None, Argument("CHILD or TASK", "Whose thread to open (default: the orchestrator's).")
    ] = None,
    *,
    only_print: Annotated[bool, Option("--print", "Print the command instead of running it.")] = False,
    as_json: Json = False,
) -> int:
    """Replace this process by `codex resume THREAD --remote unix://SOCKET`, on the machine of the server; with
    `only_print`, print that command, with `as_json` its parts.

    Raises SupervisorDown; UsageError for an unknown name; NotAttachable if there is no thread yet; OrchError if the
    other machine cannot be asked.
    """
    thread, socket, away = found(api.Workspace(workspace.root).status(), name)
    if away is not None:
        arguments = terminal_command(workspace, away, thread)
    else:
        arguments = [str(locate(configured_codex(workspace))), "resume", thread, "--remote", f"unix://{socket}"]
    if as_json:
        output.emit_json({"thread": thread, "socket": socket, "command": arguments})
        return 0
    if only_print:
        output.emit(shlex.join(arguments))
        return 0
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise NotAttachable("this is not a terminal", "run it in one, or see the command with `orch attach --print`")
    _become(arguments)
    return 0


def found(status: Status, name: str | None) -> Found:
    """Return the thread and the socket of its server. A child's is its current task's thread, else its shared one."""
    children = {child.name: child for child in status.children}
    tasks = {task.id: task for task in status.tasks}
    if name is None or (name == ORCHESTRATOR and name not in tasks):
        return _orchestrator(status.orchestrator)
    checked(name, [*children, *(task for task in tasks if task not in children)], "child or task")
    task = tasks.get(str(children[name].task)) if name in children else tasks[name]
    child = children.get(name) or children.get(str(task.child if task else ""))
    if task is not None and task.child == HUMAN:
        raise NotAttachable(f"{name} is your own task, so it has no thread", "see `orch asks`")
    if child is None:
        raise NotAttachable(f"the child of {name} is not in the config any more", "`orch down`, then `orch up`")
    if not child.socket or child.state not in ("ready", "unhealthy"):
        raise NotAttachable(f"the server of {child.name} is {child.state}", "see `orch status`")
    thread = (task or child).thread or (child.thread if name in children else None)
    if not thread:
        when = f"{name} gets one when its first turn starts" if task is not None else "it gets one with its first task"
        why = f" ({task.why})" if task is not None and task.why else ""
        raise NotAttachable(f"{name} has no thread yet", f"{when}{why}; see `orch status`")
    if task is not None and (own := task.work_tree) is not None and not os.path.isdir(own.path):
        merged = f", as its changes are in {own.child}" if own.merged else ""
        raise NotAttachable(
            f"the thread of {task.id} is in a work tree of its own that is gone{merged} ({one_line(own.path)})",
            f"see `orch logs --task {task.id}`",
        )
    return Found(thread, child.socket, child.name if child.runner is not None else None)


def _orchestrator(info: OrchestratorInfo | None) -> Found:
    if not info:
        raise NotAttachable(
            "the orchestrator has not been asked for a plan yet", 'run `orch plan "PROBLEM"`, or name a child or a task'
        )
    if not info.thread or not info.socket:
        why = f" ({one_line(info.why, 120)})" if info.why else ""
        raise NotAttachable(
            f"the orchestrator has no thread yet{why}", "it gets one when its first turn starts; see `orch status`"
        )
    if info.server not in ("ready", "unhealthy"):
        why = f" ({one_line(info.why, 120)})" if info.why else ""
        raise NotAttachable(f"the server of the orchestrator is {info.server}{why}", "see `orch status`")
    return Found(info.thread, info.socket, None)


def _become(arguments: list[str]) -> None:
    """Replace this process. Raises WorkspaceError."""
    program = arguments[0]
    try:
        os.execvp(program, arguments)
    except OSError as error:
        raise WorkspaceError(
            f"{program} cannot be run ({error.strerror})", "see ORCH_CODEX_BIN in the README"
        ) from error
