"""Gather what a page shows: the status, the story, and what the tasks changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from supervisor.core.view.page.changes import TaskPatch
from supervisor.core.view.page.pen import Pen
from supervisor.domain.status import Status, TaskInfo
from supervisor.runtime.change.diffs import diffs_of
from supervisor.runtime.secrets import known
from supervisor.runtime.workspace import WorkspacePaths


def pen() -> Pen:
    """Return a pen that cuts out the secrets of our environment, and writes moments in local time."""
    return Pen(known(), datetime.astimezone)


def patches_of(workspace: WorkspacePaths, status: Status, tasks: Sequence[TaskInfo]) -> list[TaskPatch]:
    """Return what these tasks changed, line by line. A repo that cannot be read has a note instead."""
    found = diffs_of(workspace, status, [one for one in tasks if one.kept], patches=True)
    return [
        TaskPatch(
            one.task,
            one.child,
            one.files,
            "".join(patch.decode("utf-8", "replace") for patch in one.patches),
            one.notes,
        )
        for one in found
    ]
