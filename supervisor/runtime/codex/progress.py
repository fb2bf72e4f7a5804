"""Track what the threads are doing right now, for the status. Nothing of it is stored."""

from __future__ import annotations

from msgspec.structs import replace

from supervisor.domain.status import Status
from supervisor.runtime.secrets import clean
from supervisor.wire.codex.activity import doing
from supervisor.wire.codex.notifications import Notification

KEPT = 1000  # threads of which we know what they are doing


class Activity:
    """The last message of one or several threads, or the tool or command that they run; "" between two turns."""

    def __init__(self) -> None:
        self.text = ""  # of whichever thread said something last
        self._by_thread: dict[str, str] = {}

    def observe(self, notification: Notification) -> None:
        """Update this from a notification of a thread."""
        text = doing(notification)
        if text is None:
            return
        self.text = clean(text)
        thread = notification.params.get("threadId")
        if isinstance(thread, str):
            self._by_thread.pop(thread, None)
            if text:
                self._by_thread[thread] = self.text
            if len(self._by_thread) > KEPT:
                del self._by_thread[next(iter(self._by_thread))]

    def shown(self, status: Status) -> Status:
        """Return the status with what the turns of running tasks, and of the orchestrator, are doing."""
        known, own = self._by_thread, status.orchestrator
        tasks = (
            replace(task, doing=known[task.thread]) if task.state == "running" and task.thread in known else task
            for task in status.tasks
        )
        orchestrator = own and replace(own, doing=known.get(own.thread or ""))
        return replace(status, tasks=tuple(tasks), orchestrator=orchestrator)
