"""Find out who wrote plan.md. The orchestrator announces it (`write_plan`), or we see it write with Codex's own tools.

Every other version counts as the human's. If the orchestrator overwrites a version of the human's that it has not read,
its own version is stale and does not come into force.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from enum import Enum, auto
from time import monotonic

from supervisor.domain.plan import HUMAN, ORCHESTRATOR
from supervisor.domain.world import World
from supervisor.wire.codex.items import CommandExecution, FileChange, Item
from supervisor.wire.codex.notifications import Notification, OfItem

CLAIMS = 64  # announced contents that have not been seen on disk yet; each is seen within a moment
SEEN_WITHIN = 2.0  # seconds from the end of a write until the watch notices it; it takes 0.1
READERS = frozenset({"read", "search", "listFiles"})  # kinds of Codex's `commandActions` that change nothing


class _Touch(Enum):
    """What a Codex item does to plan.md."""

    READ = auto()
    PATCH = auto()  # Codex checks the lines around a patch, so a patch overwrites nothing that was not read
    WRITE = auto()


class Authors:
    """Finds the author of each version of plan.md. `world` returns the current world."""

    def __init__(self, plan: str, world: Callable[[], World]) -> None:
        self._plan = plan
        self._world = world
        self._claims: deque[str] = deque(maxlen=CLAIMS)
        self._read = 0  # the revision that the orchestrator last read by itself
        self._touch: _Touch | None = None  # what it does to plan.md now or did last
        self._until: float | None = None  # until when a new version is taken for that; None: it is still at it

    def claim(self, digest: str) -> None:
        """Note that the orchestrator is about to write this content, and has read the current one."""
        self._claims.append(digest)

    def observe(self, notification: Notification) -> None:
        """Note what a notification of the orchestrator's thread says about plan.md."""
        touch = _touch(notification.body.item, self._plan) if isinstance(notification.body, OfItem) else None
        if touch is None:
            return
        if notification.method == "item/started" and touch is not _Touch.READ:
            self._touch, self._until = touch, None
        elif notification.method == "item/completed":
            if touch is _Touch.READ:
                self._read = self._world().plan.revision
            else:
                self._until = monotonic() + SEEN_WITHIN

    def author_of(self, digest: str) -> str:
        """Return who wrote the new content of plan.md."""
        return ORCHESTRATOR if digest in self._claims or self.orchestrator_writes() else HUMAN

    def is_stale(self, digest: str) -> bool:
        """Whether the orchestrator wrote this content over a revision that it had not read."""
        world = self._world()
        overwritten = digest not in self._claims and self.orchestrator_writes() and self._touch is _Touch.WRITE
        known = max(self._read, world.orchestrator.planning.seen_revision if world.orchestrator.planning else 0)
        return overwritten and known < world.plan.revision

    def orchestrator_writes(self) -> bool:
        """Whether the orchestrator is writing plan.md, or did a moment ago."""
        return self._touch is not None and (self._until is None or monotonic() < self._until)


def _touch(item: Item, plan: str) -> _Touch | None:
    """Return what an item does to the file `plan` (an absolute path); None if it does not concern that file."""
    name = plan.rpartition("/")[2]
    if isinstance(item, FileChange):
        kinds = {one.kind.type for one in item.changes if one.path in (plan, name, f"./{name}")}
        return None if not kinds else _Touch.PATCH if kinds == {"update"} else _Touch.WRITE
    if isinstance(item, CommandExecution) and name in item.command:
        actions = {one.type for one in item.command_actions}
        return _Touch.READ if actions and actions <= READERS else _Touch.WRITE
    return None
