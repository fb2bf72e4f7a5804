"""Check the task and the child that `orch logs` is filtered by: what no plan, config or record has is a mistake."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import closing, suppress
from typing import Literal

from supervisor.regex import regex
from supervisor.runtime.naming import checked, children_of
from supervisor.runtime.records import Records
from supervisor.runtime.workspace import WorkspacePaths

Kind = Literal["task", "child"]


def check_known(workspace: WorkspacePaths, kind: Kind, name: str | None) -> None:
    """Check a name without a supervisor. Raises UsageError with the nearest right one if it occurs nowhere.

    A task that left the plan and a child that left the config are known by what was recorded of them.
    """
    planned = _tasks(workspace) if kind == "task" else ()
    if name is None or name in planned or _recorded(workspace, kind, name):
        return
    known = planned if kind == "task" else children_of(workspace, others=True)
    if name not in known:
        checked(name, list(dict.fromkeys((*known, *_all_recorded(workspace, kind)))), kind)


def _recorded(workspace: WorkspacePaths, kind: Kind, name: str) -> bool:
    """Whether a line of the ledger or the logs is about it. Reads up to the first one."""
    with closing(Records(workspace)) as records:
        return any(line.get(kind) == name for line in records.read(holding=[name]))


def _all_recorded(workspace: WorkspacePaths, kind: Kind) -> Sequence[str]:
    with closing(Records(workspace)) as records:
        return [str(line[kind]) for line in records.read() if line.get(kind)]


def _tasks(workspace: WorkspacePaths) -> Sequence[str]:
    """Return what plan.md may name as a task, even if it has errors and was never in force."""
    with suppress(OSError):
        parts = _PART.split(workspace.plan.read_text(encoding="utf-8-sig", errors="replace"))
        return [task for part in parts if part.casefold().startswith(_PLAN) for task in _TASK.findall(part)]
    return ()


_PLAN = "working plan"
_PART = regex(r"^ {0,3}## +", re.MULTILINE)
_TASK = regex(r"^ {0,3}### +([A-Za-z0-9_-]+)", re.MULTILINE)
