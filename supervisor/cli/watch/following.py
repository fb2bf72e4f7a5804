"""Follow a workspace in a thread of its own, whether or not its supervisor is up."""

from __future__ import annotations

import threading
from collections.abc import Callable

from supervisor.domain.json_value import JsonObject
from supervisor.domain.status import Status
from supervisor.runtime.last_status import follow_always
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.wire.status import read_status, without_memory

AGAIN = 0.5  # seconds between two looks for a supervisor that is down


class Following:
    """Has the latest status, and calls `changed`, from its thread, when that differs from the one before."""

    def __init__(self, workspace: WorkspacePaths) -> None:
        self._workspace = workspace
        self._over = threading.Event()
        self._last: JsonObject | None = None
        self._first = threading.Event()
        self._status: Status | None = None
        self.changed: Callable[[], None] = lambda: None
        self.problem = ""

    def start(self) -> None:
        """Follow in a thread of its own, until `stop`."""
        words = (self._workspace, self._over, self._take, AGAIN)
        threading.Thread(target=follow_always, args=words, name="follow the supervisor", daemon=True).start()

    def stop(self) -> None:
        """Have the thread end after the answer that it waits for; returns at once."""
        self._over.set()

    @property
    def status(self) -> Status:
        """The latest status. Waits for the first one."""
        self._first.wait()
        assert self._status is not None, "the first status was taken"
        return self._status

    def _take(self, status: JsonObject, problem: str) -> None:
        shown = without_memory(status)
        if (shown, problem) != (self._last, self.problem):
            self._last, self.problem = shown, problem
            self._status = read_status(shown)
            self._first.set()
            self.changed()
