"""Whether a supervisor that does not answer is busy or hangs: a busy one uses CPU time, or its ledger grows."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress

from supervisor.errors import SupervisorHangs
from supervisor.runtime.presence import roster
from supervisor.runtime.presence.vital_signs import vital_signs
from supervisor.runtime.workspace import WorkspacePaths

POLL = 0.05  # seconds between two polls of a supervisor that starts
LISTENS_WITHIN = 20.0  # seconds for a started supervisor to open its control socket; a long ledger takes one or two
HANGS_AFTER = 15.0  # seconds without progress after which a supervisor that does not answer hangs
LOOK = 0.25  # seconds between two looks at one that does not answer


def comes_up(workspace: WorkspacePaths, answers: Callable[[], bool]) -> bool:
    """Wait for a supervisor that starts (or starts over): True once it `answers`, False once no process holds the lock.

    Raises SupervisorHangs after LISTENS_WITHIN seconds, or if it makes no progress.
    """
    deadline = time.monotonic() + LISTENS_WITHIN
    headway: Headway | None = None
    while (pid := roster.holder(workspace)) is not None:
        if answers():
            return True
        headway = headway or Headway(workspace, pid)
        if headway.hangs():
            raise SupervisorHangs(
                f"the supervisor (process {pid}) does not answer, and makes no progress",
                "run `orch down`, then `orch up`",
            )
        if time.monotonic() >= deadline:
            doing = f" ({headway.doing})" if headway.doing else ""
            raise SupervisorHangs(f"the supervisor (process {pid}) is busy{doing}", "try again, or see `orch status`")
        time.sleep(POLL)
    return False


class Headway:
    """What a supervisor does while it does not answer. Look every now and then."""

    def __init__(self, workspace: WorkspacePaths, pid: int) -> None:
        self._workspace = workspace
        self._pid = pid
        self._cpu, self._ledger = self._signs()
        self._since = time.monotonic()
        self.doing = ""
        """What it was last seen to do, for people; "" if it made no progress so far."""

    def hangs(self) -> bool:
        """Look: whether it has made no progress for HANGS_AFTER seconds."""
        cpu, ledger = self._signs()
        if (cpu, ledger) != (self._cpu, self._ledger):
            self.doing = "it computes" if ledger == self._ledger else "its ledger grows"
            self._cpu, self._ledger, self._since = cpu, ledger, time.monotonic()
        return time.monotonic() - self._since >= HANGS_AFTER

    def _signs(self) -> tuple[int, tuple[int, int]]:
        signs, ledger = vital_signs(self._pid), (0, 0)
        with suppress(OSError):
            found = self._workspace.ledger.stat()
            ledger = found.st_size, found.st_mtime_ns
        return signs.used if signs is not None else 0, ledger
