"""Who wrote plan.md: the orchestrator says so (`write_plan`), or is seen doing it with Codex's own tools.

Everybody else is the human. A version that the orchestrator wrote over one of the human's which it had not read is
stale: it does not come into force.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from enum import Enum, auto
from time import monotonic
from typing import Any

from supervisor.domain.plan import HUMAN, ORCHESTRATOR
from supervisor.domain.world import World

CLAIMS = 64  # contents that were announced and not yet seen; each is seen within a moment
SEEN_WITHIN = 2.0  # seconds from the end of a write to the news of it; it takes 0.1
READERS = frozenset({"read", "search", "listFiles"})  # kinds of Codex's `commandActions` that change nothing


class _Touch(Enum):
    """What an item of Codex's does to plan.md."""

    READ = auto()
    PATCH = auto()  # Codex has compared the lines around it: it overwrites nothing that was not read
    WRITE = auto()


class Authors:
    """`world` gives the world as it is."""

    def __init__(self, plan: str, world: Callable[[], World]) -> None:
        self._plan = plan
        self._world = world
        self._claims: deque[str] = deque(maxlen=CLAIMS)
        self._read = 0  # the revision that the orchestrator read last, of its own accord
        self._touch: _Touch | None = None  # what it does to plan.md now, or did a moment ago
        self._until: float | None = None

    def claim(self, digest: str) -> None:
        """The orchestrator is about to write these words, having read those that are there."""
        self._claims.append(digest)

    def observe(self, method: str, params: Mapping[str, Any]) -> None:
        """Take in a notification of the orchestrator's own thread."""
        item = params.get("item")
        touch = _touch(item, self._plan) if isinstance(item, dict) else None
        if touch is None:
            return
        if method == "item/started" and touch is not _Touch.READ:
            self._touch, self._until = touch, None
        elif method == "item/completed":
            if touch is _Touch.READ:
                self._read = self._world().plan.revision
            else:
                self._until = monotonic() + SEEN_WITHIN

    def author_of(self, digest: str) -> str:
        """Who wrote these words of plan.md, which are new there."""
        return ORCHESTRATOR if digest in self._claims or self._writing() else HUMAN

    def is_stale(self, digest: str) -> bool:
        """Whether the orchestrator wrote them over a revision that it had not read."""
        world = self._world()
        over = digest not in self._claims and self._writing() and self._touch is _Touch.WRITE
        known = max(self._read, world.orchestrator.planning.seen_revision if world.orchestrator.planning else 0)
        return over and known < world.plan.revision

    def _writing(self) -> bool:
        return self._touch is not None and (self._until is None or monotonic() < self._until)


def _touch(item: Mapping[str, Any], plan: str) -> _Touch | None:
    """What an item does to the file `plan` (absolute path); None for one that has to do with something else."""
    name = plan.rpartition("/")[2]
    if item.get("type") == "fileChange":
        changes = [one for one in _rows(item.get("changes")) if str(one.get("path")) in (plan, name, f"./{name}")]
        kinds = [one["kind"].get("type") if isinstance(one.get("kind"), dict) else None for one in changes]
        return None if not kinds else _Touch.PATCH if set(kinds) == {"update"} else _Touch.WRITE
    if item.get("type") == "commandExecution" and name in str(item.get("command")):
        actions = {str(one.get("type")) for one in _rows(item.get("commandActions"))}
        return _Touch.READ if actions and actions <= READERS else _Touch.WRITE
    return None


def _rows(value: Any) -> list[Mapping[str, Any]]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []
