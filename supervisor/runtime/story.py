"""Read the story of a workspace from its ledger: everything that happened, whether or not a supervisor is up."""

from __future__ import annotations

import json

import msgspec

from supervisor.core.view.story.fold import StoryFold
from supervisor.domain.event import Event
from supervisor.errors import StoreError
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.ledger import checkpoint
from supervisor.shell.ledger.lines import decode
from supervisor.shell.ledger.segments import raw_lines


class StoryReader:
    """Follows the ledger. Each `read` takes in what is new."""

    def __init__(self, workspace: WorkspacePaths) -> None:
        self._workspace = workspace
        self._seq = 0
        self._fold: StoryFold | None = None
        self._mark: tuple[int, int] | None = None  # the open file, and how much of it was read

    def read(self) -> StoryFold:
        """Return the story up to now. Raises StoreError if the ledger cannot be read.

        Where its first segments are lost, it begins with the checkpoint that stands for them.
        """
        try:
            for raw in raw_lines(self._workspace.ledger):
                self._take(raw)
        except OSError as error:
            raise StoreError(
                f"{self._workspace.ledger} cannot be read ({error.strerror})", "see its permissions"
            ) from error
        self._fold = self._fold or StoryFold()
        return self._fold

    def _take(self, raw: bytes) -> None:
        if not raw.endswith(b"\n"):
            return  # it is being written
        event: Event | None = None
        seq = None
        try:
            line = json.loads(raw)
            seq = int(line["seq"])
            if seq <= self._seq:
                return
            event = decode(line)
        except (ValueError, TypeError, KeyError, StoreError, msgspec.MsgspecError, RecursionError):
            pass  # a damaged line, or one of a newer version: `orch doctor --repair` tells of it
        if self._fold is None:
            self._fold = self._begin(seq)
        if seq is not None:
            if seq <= self._seq:
                return
            self._seq = seq
        if event is None:
            self._fold.unread += 1
        else:
            self._fold.add(event)

    def _begin(self, seq: int | None) -> StoryFold:
        if seq in (None, 1):
            return StoryFold()
        kept = checkpoint.read(self._workspace.ledger, by_other_code=True)
        if kept is None:
            return StoryFold()
        self._seq = kept.seq
        return StoryFold(kept.world)
