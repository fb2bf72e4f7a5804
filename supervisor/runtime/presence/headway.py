"""Whether a supervisor that does not answer is busy or hangs: a busy one uses CPU time, or its ledger grows."""

from __future__ import annotations

from contextlib import suppress
from time import monotonic

from supervisor.runtime.presence.vital_signs import vital_signs
from supervisor.runtime.workspace import WorkspacePaths

HANGS_AFTER = 15.0  # seconds without progress after which a supervisor that does not answer hangs
LOOK = 0.25  # seconds between two looks at one that does not answer


class Headway:
    """What a supervisor does while it does not answer. Look every now and then."""

    def __init__(self, workspace: WorkspacePaths, pid: int) -> None:
        self._workspace = workspace
        self._pid = pid
        self._cpu, self._ledger = self._signs()
        self._since = monotonic()
        self.doing = ""
        """What it was last seen to do, for people; "" if it made no progress so far."""

    def hangs(self) -> bool:
        """Look: whether it has made no progress for HANGS_AFTER seconds."""
        cpu, ledger = self._signs()
        if (cpu, ledger) != (self._cpu, self._ledger):
            self.doing = "it computes" if ledger == self._ledger else "its ledger grows"
            self._cpu, self._ledger, self._since = cpu, ledger, monotonic()
        return monotonic() - self._since >= HANGS_AFTER

    def _signs(self) -> tuple[int, tuple[int, int]]:
        signs, ledger = vital_signs(self._pid), (0, 0)
        with suppress(OSError):
            found = self._workspace.ledger.stat()
            ledger = found.st_size, found.st_mtime_ns
        return signs.used if signs is not None else 0, ledger
