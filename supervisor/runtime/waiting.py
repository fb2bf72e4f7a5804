"""Wait for the tasks, even while the supervisor starts over."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import suppress

from supervisor.core.view.waiting import WaitOutcome, WaitResult, result, verdict
from supervisor.domain.status import Status
from supervisor.errors import SupervisorHangs
from supervisor.regular_file import read_regular
from supervisor.runtime.calling import LOOK_AGAIN, Watch
from supervisor.runtime.naming import checked
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.wire.status import read_status

UNSEEN_FOR = 1.5  # seconds after a save by which the supervisor has surely read plan.md
LOOK_BACK = 0.2  # seconds between two polls while it may not have


def wait(
    workspace: WorkspacePaths, task: str | None, timeout: float | None, on_status: Callable[[Status, bool], None]
) -> WaitResult:
    """Wait until the tasks (or that one) are settled or something waits on a human, for at most `timeout` seconds.

    Calls `on_status` with each status on the way, and with whether it ends the wait.

    Raises SupervisorDown if no supervisor answers or it ends meanwhile; UsageError if there is no such task.
    """
    until = math.inf if timeout is None else time.monotonic() + timeout
    known, pause, status = False, 0.0, None
    with Watch(workspace) as watch:
        while True:
            try:
                status = read_status(watch.next(pause))
            except SupervisorHangs:
                if status is None or time.monotonic() < until:
                    raise
                return result(WaitOutcome.TIMED_OUT, status, task)
            found = verdict(status, task)
            missing = task is not None and task not in [one.id for one in status.tasks]
            unseen = (missing or found is not None) and unseen_edit(workspace, status)
            if task is not None and missing and not unseen:
                if not known:
                    checked(task, [one.id for one in status.tasks], "task")
                found = result(WaitOutcome.RETIRED, status, task)
            known = known or not missing
            settled = found is not None and not unseen
            on_status(status, settled)
            if found is not None and settled:
                return found
            left = until - time.monotonic()
            if left <= 0:
                return result(WaitOutcome.TIMED_OUT, status, task)
            pause = min(LOOK_BACK if unseen else LOOK_AGAIN, left)


def unseen_edit(workspace: WorkspacePaths, status: Status) -> bool:
    """Whether plan.md was saved so recently that this status may not reflect it yet."""
    try:
        found = workspace.plan.stat()
        if time.time() - max(found.st_mtime, found.st_ctime) > UNSEEN_FOR:
            return False
        text = read_regular(workspace.plan).decode("utf-8-sig", "replace")
    except OSError:
        return False
    with suppress(OSError):
        kept = workspace.plans / f"{status.plan.revision or 0:04d}.md"
        return text != read_regular(kept).decode("utf-8", "replace")
    return True
