"""`orch status`: show the status, once or as it changes; the last known one when no supervisor answers."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

from supervisor import api
from supervisor.cli.command.parameters import Json, Option
from supervisor.cli.display import output
from supervisor.cli.display.screen import View, blocks
from supervisor.errors import SupervisorDown, SupervisorHangs
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.wire.glance import glance

if TYPE_CHECKING:
    from supervisor.domain.json_value import JsonObject

DOWN = 3  # the exit code when no supervisor answers


def status(
    workspace: WorkspacePaths,
    *,
    as_json: Json = False,
    watch: Annotated[bool, Option("--watch", "Keep showing it as it changes, until Ctrl-C.")] = False,
    every: Annotated[bool, Option("--all", "Show all tasks: retired ones too, and more than fit the screen.")] = False,
    wide: Annotated[bool, Option("--wide", "Show processes, versions and memory too.")] = False,
) -> int:
    """Print the status. If no supervisor answers, print the last known one, and the reason on standard error: it ends
    with DOWN if none is up, with 0 if one is busy."""
    if watch:
        from supervisor.cli.look import status_watch  # import late (13 ms): a single status does not need it

        return status_watch.watch(workspace, as_json=as_json, every=every, wide=wide)
    orch = api.Workspace(workspace.root)
    try:
        found = orch.status_json()
    except SupervisorDown as error:
        last = orch.last_status_json()
        _print(last, as_json=as_json, every=every, wide=wide)  # a supervisor wrote it
        busy = glance(last).supervisor.state == "busy"
        if busy and not isinstance(error, SupervisorHangs):  # it began to listen, or to start over, meanwhile
            error = SupervisorHangs("the supervisor is busy", "try again")
        output.complain(error)
        return 0 if busy else DOWN
    _print(found, as_json=as_json, every=every, wide=wide)
    return 0


def _print(found: JsonObject, *, as_json: bool, every: bool, wide: bool) -> None:
    if as_json:
        output.emit_json(found, answered=True)
    else:
        columns, lines = output.room(sys.stdout)
        lines = lines - 1 if lines else None  # the prompt takes one
        view = View(columns, lines, every=every, wide=wide)
        print(output.plain(blocks(glance(found), datetime.now(UTC), view), sys.stdout))
