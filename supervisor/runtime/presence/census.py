"""How each supervisor on the roster stands: asks each of them, and looks for what those that were killed left."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NamedTuple

from supervisor.errors import OrchError, SupervisorDown
from supervisor.runtime.presence import roster
from supervisor.runtime.presence.roster import Rostered
from supervisor.shell.control_client import ControlClient
from supervisor.shell.process.table import ProcessTable, read_table
from supervisor.wire.glance import glance


class Running(NamedTuple):
    """One workspace of which something runs. `problem` continues no sentence: it stands by itself."""

    workspace: str
    state: str  # up, busy or down
    pid: int | None
    since: str | None = None
    version: str | None = None
    title: str | None = None  # of the plan in force
    asks: int | None = None
    problem: str | None = None


def census() -> Iterator[Running]:
    """Yield how each workspace stands of which something runs. Strikes off the others."""
    table: ProcessTable | None = None
    for entry in roster.entries():
        if entry.runs:
            yield _asked(entry)
            continue
        table = table or read_table()
        mark = entry.workspace.mark()
        left = [pid for pid in table.marked(mark) if not table.rows[pid].dead]
        left += [one.pid for one in table.kept(entry.workspace.id) if one.pid not in left]
        if left:
            yield Running(
                str(entry.root), "down", None, problem=f"its supervisor was killed; {len(left)} processes run on"
            )
        else:
            roster.leave(entry.workspace)


def _asked(entry: Rostered) -> Running:
    gone = None if os.path.isdir(entry.root) else "the folder is gone, or was moved"
    try:
        with ControlClient(entry.control_socket) as client:
            status = glance(client.status())
    except SupervisorDown:
        return Running(str(entry.root), "busy", entry.pid, problem=gone or "it gives no answer at the moment")
    except OrchError as error:
        return Running(str(entry.root), "up", entry.pid, problem=gone or str(error))
    own = status.supervisor
    asks, title = len(status.asks or ()), status.plan.title
    return Running(str(entry.root), "up", entry.pid, own.since, own.version, title, asks, gone or own.problem)
