"""Follow a workspace in a thread of its own, whether or not its supervisor is up."""

from __future__ import annotations

import threading
from collections.abc import Callable

from supervisor.domain.json_value import JsonObject
from supervisor.domain.status import Status
from supervisor.errors import OrchError, SupervisorDown
from supervisor.runtime import calling
from supervisor.runtime.last_status import last_known
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.wire.status import read_status

AGAIN = 0.5  # seconds between two looks for a supervisor that is down


class Following:
    """Has the latest status, and calls `changed`, from its thread, when that differs from the one before."""

    def __init__(self, workspace: WorkspacePaths) -> None:
        self._workspace = workspace
        self._over = threading.Event()
        self._last: JsonObject | None = None
        self._first = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="follow the supervisor", daemon=True)
        self._status: Status | None = None
        self.changed: Callable[[], None] = lambda: None
        self.problem = ""

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._over.set()

    @property
    def status(self) -> Status:
        """The latest status. Waits for the first one."""
        self._first.wait()
        assert self._status is not None, "the first status was taken"
        return self._status

    def _follow(self) -> None:
        while not self._over.is_set():
            try:
                for status in calling.follow(self._workspace):
                    self._take(status)
                    if self._over.is_set():
                        return
            except SupervisorDown:
                self._without("")
            except OrchError as error:  # it refuses, or is of a version that cannot be understood
                self._without(str(error))
            self._over.wait(AGAIN)

    def _without(self, problem: str) -> None:
        try:
            self._take(last_known(self._workspace), problem)
        except SupervisorDown as error:  # what the last one wrote cannot be understood
            parts: JsonObject = {"plan": {"state": "missing"}, "children": [], "tasks": [], "asks": []}
            self._take({"workspace": str(self._workspace.root), "supervisor": {"state": "down"}, **parts}, str(error))

    def _take(self, status: JsonObject, problem: str = "") -> None:
        if (status, problem) != (self._last, self.problem):
            self._last, self.problem = status, problem
            self._status = read_status(status)
            self._first.set()
            self.changed()
