"""Track what the threads are doing right now, and how much of the account's limits is used, for the status.

Nothing of it is stored."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from msgspec.structs import replace

from supervisor.domain.status import LimitInfo, Status
from supervisor.runtime.secrets import clean
from supervisor.wire.codex.activity import doing
from supervisor.wire.codex.notifications import LimitSnapshot, Notification, OfLimits

LIMITS_KEPT = 20  # windows of limits
KEPT = 1000  # threads of which we know what they are doing


class Activity:
    """The last message of one or several threads, or the tool or command that they run; "" between two turns."""

    def __init__(
        self, complete: Callable[[Status], Status] | None = None, changed: Callable[[], None] = lambda: None
    ) -> None:
        """`complete` adds to a status what follows from it. `changed` is called when a thread does something else."""
        self.text = ""  # of whichever thread said something last
        self._complete = complete
        self._changed = changed
        self._limits: dict[tuple[str, str], LimitInfo] = {}
        self._by_thread: dict[str, str] = {}

    def observe(self, notification: Notification) -> None:
        """Update this from a notification."""
        if isinstance(notification.body, OfLimits):
            self._limited(notification.body.rate_limits)
            return
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
            self._changed()

    def shown(self, status: Status) -> Status:
        """Return the status with what the turns of running tasks, and of the orchestrator, are doing."""
        known, own = self._by_thread, status.orchestrator
        tasks = (
            replace(task, doing=known[task.thread]) if task.state == "running" and task.thread in known else task
            for task in status.tasks
        )
        orchestrator = own and replace(own, doing=known.get(own.thread or ""))
        now = datetime.now(UTC).isoformat()
        limits = tuple(one for one in self._limits.values() if one.resets_at is None or one.resets_at > now)
        found = replace(status, tasks=tuple(tasks), orchestrator=orchestrator, limits=limits)
        return self._complete(found) if self._complete is not None else found

    def _limited(self, seen: LimitSnapshot) -> None:
        """Take in what changed of a limit."""
        known = clean(seen.limit_id or "")
        for kind, window in (("primary", seen.primary), ("secondary", seen.secondary)):
            if window is None or (len(self._limits) >= LIMITS_KEPT and (known, kind) not in self._limits):
                continue
            before = self._limits.get((known, kind), LimitInfo("", None, 0.0, None))
            self._limits[known, kind] = LimitInfo(
                clean(seen.limit_name or "")[:60] or before.name,
                window.window_duration_mins if window.window_duration_mins is not None else before.minutes,
                window.used_percent if window.used_percent is not None else before.used_percent,
                _moment(window.resets_at) or before.resets_at,
            )


def _moment(seconds: float | None) -> str | None:
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat() if seconds is not None else None
    except (OverflowError, OSError, ValueError):
        return None
