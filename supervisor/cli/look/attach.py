"""`orch attach`: open Codex's own terminal UI on a live thread."""

from __future__ import annotations

import os
import shlex
import sys
from typing import Annotated

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
from supervisor.runtime.workspace import WorkspacePaths


class NotAttachable(OrchError):
    """There is no thread to open, or no terminal to show it in."""


def attach(
    workspace: WorkspacePaths,
    name: Annotated[
        str | None, Argument("CHILD or TASK", "Whose thread to open (default: the orchestrator's).")
    ] = None,
    *,
    only_print: Annotated[bool, Option("--print", "Print the command instead of running it.")] = False,
    as_json: Json = False,
) -> int:
    """Replace this process by `codex resume THREAD --remote unix://SOCKET`; with `only_print`, print that command, with
    `as_json` its parts.

    Raises SupervisorDown; UsageError for an unknown name; NotAttachable if there is no thread yet.
    """
    thread, socket = found(api.Workspace(workspace.root).status(), name)
    binary = locate(configured_codex(workspace))
    arguments = [str(binary), "resume", thread, "--remote", f"unix://{socket}"]
    if as_json:
        output.emit_json({"thread": thread, "socket": socket, "command": arguments})
        return 0
    if only_print:
        output.emit(shlex.join(arguments))
        return 0
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise NotAttachable("this is not a terminal", "run it in one, or see the command with `orch attach --print`")
    try:
        os.execv(binary, arguments)
    except OSError as error:
        raise WorkspaceError(
            f"{binary} cannot be run ({error.strerror})", "see ORCH_CODEX_BIN in the README"
        ) from error


def found(status: Status, name: str | None) -> tuple[str, str]:
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
    if child.runner is not None:
        raise NotAttachable(
            f"{child.name} lives at {one_line(child.runner)}, where orch opens no terminal yet",
            f"log in there and run `codex resume {one_line((task or child).thread or 'THREAD')} "
            f"--remote unix://{one_line(child.socket or 'SOCKET')}`",
        )
    if not child.socket or child.state not in ("ready", "unhealthy"):
        raise NotAttachable(f"the server of {child.name} is {child.state}", "see `orch status`")
    thread = (task or child).thread or (child.thread if name in children else None)
    if not thread:
        when = f"{name} gets one when its first turn starts" if task is not None else "it gets one with its first task"
        why = f" ({task.why})" if task is not None and task.why else ""
        raise NotAttachable(f"{name} has no thread yet", f"{when}{why}; see `orch status`")
    return thread, child.socket


def _orchestrator(info: OrchestratorInfo | None) -> tuple[str, str]:
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
    return info.thread, info.socket
