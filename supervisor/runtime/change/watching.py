"""Tell the supervisor's world which runs are taken back, once a command that changes files has ended."""

from __future__ import annotations

from supervisor.core.change.operations import half_written, runs_taken_back
from supervisor.domain.event import ReposReserved, RunsTakenBack
from supervisor.runtime.change.journal import is_open, read_journal
from supervisor.runtime.plan.inbox import WorldInbox
from supervisor.runtime.workspace import WorkspacePaths


class OperationsWatch:
    """Looks at the journal on request, and posts an event if it says something new."""

    def __init__(self, workspace: WorkspacePaths, loop: WorldInbox) -> None:
        self._path = workspace.operations
        self._loop = loop
        self._seen: tuple[int, int] | None = None  # time and size of what was read

    def look(self) -> None:
        """Look once. Does nothing while a command has the journal open. Raises StoreError, and OSError."""
        world = self._loop.world
        now = None
        if self._path.exists():
            found = self._path.stat()
            now = found.st_mtime_ns, found.st_size
        if (now == self._seen and not world.reserved) or (now is not None and is_open(self._path)):
            return
        entries = read_journal(self._path)
        self._seen = now
        if left := half_written(entries):  # nothing starts there before that is finished
            children = {move.child for one in left for move in one.moves}.union(world.reserved)
            if children != set(world.reserved):
                self._loop.post(ReposReserved(self._loop.clock.now(), tuple(sorted(children))))
            return
        runs = runs_taken_back(entries)
        if world.reserved or world.taken_back != frozenset(runs):
            self._loop.post(RunsTakenBack(self._loop.clock.now(), runs))
