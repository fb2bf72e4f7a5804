"""`orch remove`: take a child out of a workspace, also while its supervisor runs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Annotated

from supervisor.cli.command.parameters import Argument, Json
from supervisor.cli.display import output
from supervisor.cli.display.blocks import one_line
from supervisor.cli.setup.reconfigure import reconfigure
from supervisor.domain.json_value import JsonObject
from supervisor.domain.plan import Plan, Rejection
from supervisor.errors import ConfigError, OrchError
from supervisor.runtime import calling
from supervisor.runtime.config.change import text_of
from supervisor.runtime.config.edit import ConfigNotEditable, line_of_rule, without_child
from supervisor.runtime.config.model import Config
from supervisor.runtime.config.read import read
from supervisor.runtime.daemon import ending, launch
from supervisor.runtime.last_status import last_known
from supervisor.runtime.naming import checked
from supervisor.runtime.plan.read import check as check_plan
from supervisor.runtime.plan.read import read as read_plan
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell import process
from supervisor.wire.glance import glance

FOLLOWS_WITHIN = 3.0  # seconds for a supervisor to take in a plan.md that was saved a moment ago
STOPS_WITHIN = 15.0  # seconds for the server to end; it is killed before
LOOK = 0.05  # seconds between two looks at its processes


def remove(
    workspace: WorkspacePaths,
    name: Annotated[str, Argument("NAME", "The child that is removed.")],
    *,
    as_json: Json = False,
) -> int:
    """Remove a child from the config and stop its server; its repo stays as it is.

    Raises UsageError for an unknown child, OrchError if it is the last one, or the plan or a rule still names it.
    """
    text = text_of(workspace)
    config = read(workspace.config, text.encode())
    children = [child.name for child in config.children]
    checked(name, children, "child")
    if len(children) == 1:
        raise OrchError(
            f"{name} is the only child, and a workspace needs one", "`orch add NAME=PATH` another one first"
        )
    _refuse_ruled(workspace, text, config, name)
    _refuse_planned(workspace, children, name)
    try:
        edited = without_child(text, name)
    except ConfigNotEditable as error:
        raise ConfigError(
            f"{workspace.config} was left alone: {error}", f"take `{name}` out of it, then run `orch up`"
        ) from error
    running = reconfigure(workspace, text, edited)
    if running:
        state = "stopped" if _stopped(workspace, name) else "stopping"
    else:
        state = "stopped" if ending.stop_server(workspace, name) else "none"
    if as_json:
        output.emit_json({"removed": name, "server": state, "supervisor": "up" if running else "down"})
    else:
        servers = {"stopped": "its server has stopped, ", "stopping": "its server is stopping, ", "none": ""}
        output.emit(f"removed {name}: {servers[state]}its repo stays")
    return 0


def _refuse_ruled(workspace: WorkspacePaths, text: str, config: Config, name: str) -> None:
    for rule in config.rules:
        if rule.child == name:
            raise ConfigError(
                f"{workspace.config}:{line_of_rule(text, rule.number)}: rule {rule.number} is for {name}",
                f"remove that rule, then run `orch remove {name}` again",
            )


def _refuse_planned(workspace: WorkspacePaths, children: Sequence[str], name: str) -> None:
    """Refuse if the plan has tasks for this child: the one in force, or plan.md as it is now."""
    content = read_plan(workspace.plan)
    plan = check_plan(content, children) if isinstance(content, bytes) else None
    written = [task.id for task in plan.tasks if task.child == name] if isinstance(plan, Plan) else []
    states = _states(workspace, name, settled=isinstance(plan, Plan) and not written)
    tasks = list(dict.fromkeys((*written, *states)))
    again = f"then run `orch remove {name}` again"
    if tasks:
        shown = ", ".join(f"{task} ({states.get(task, 'not started').replace('_', ' ')})" for task in tasks)
        raise OrchError(
            f"the plan has tasks for {name}: {shown}",
            f"take them out of plan.md (what runs is interrupted, and its changes stay), or give them to another "
            f"child; {again}",
        )
    if isinstance(plan, Plan) and isinstance(content, bytes):
        left = check_plan(content, [child for child in children if child != name])
        if isinstance(left, Rejection):
            first = left.problems[0]
            raise OrchError(f"plan.md:{first.line} names {name}: {one_line(first.message)}", f"correct it, {again}")


def _states(workspace: WorkspacePaths, name: str, *, settled: bool) -> dict[str, str]:
    """Return the tasks of this child in the plan in force, and their states.

    `settled`: plan.md, which is valid, has none. Then a running supervisor is about to follow it, and none will once it
    starts.
    """
    if not launch.locked(workspace):
        return {} if settled else _tasks(last_known(workspace), name)
    deadline = time.monotonic() + (FOLLOWS_WITHIN if settled else 0)
    found: dict[str, str] = {}
    for status in calling.follow(workspace, deadline):
        found = _tasks(status, name)
        if not found:
            break
    return found


def _tasks(status: JsonObject, name: str) -> dict[str, str]:
    tasks = glance(status).tasks
    return {task.id: str(task.state) for task in tasks if task.child == name and task.state != "retired"}


def _stopped(workspace: WorkspacePaths, name: str) -> bool:
    """Wait until no process of this child is left; False after STOPS_WITHIN seconds."""
    deadline = time.monotonic() + STOPS_WITHIN
    while process.marked(workspace.mark(name)):
        if time.monotonic() > deadline:
            return False
        time.sleep(LOOK)
    return True
