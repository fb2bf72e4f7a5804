"""Read the story of a workspace from its ledger: everything that happened, whether or not a supervisor is up."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

import msgspec

from supervisor.core.view.story.fold import StoryFold
from supervisor.domain.event import Event
from supervisor.errors import StoreError
from supervisor.regular_file import open_regular
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.ledger import checkpoint
from supervisor.shell.ledger.lines import decode
from supervisor.shell.ledger.segments import segments


class StoryReader:
    """Follows the ledger. Each `read` takes in what is new."""

    def __init__(self, workspace: WorkspacePaths) -> None:
        self._ledger = workspace.ledger
        self._seq = 0
        self._fold: StoryFold | None = None
        self._open: tuple[int, int] = (0, 0)  # the open file, and how much of it was read

    def read(self) -> StoryFold:
        """Return the story up to now. Raises StoreError if the ledger cannot be read.

        Where its first segments are lost, it begins with the checkpoint that stands for them.
        """
        try:
            inode, size = _standing(self._ledger)
            if self._open[0] != inode or size < self._open[1]:
                self._open = (inode, 0)
                for segment in segments(self._ledger):
                    if segment.last > self._seq:
                        for raw in segment.lines():
                            self._take(raw)
            if size > self._open[1]:
                self._read_open(inode)
        except OSError as error:
            raise StoreError(f"{self._ledger} cannot be read ({error.strerror})", "see its permissions") from error
        self._fold = self._fold or StoryFold()
        return self._fold

    def _read_open(self, inode: int) -> None:
        with suppress(FileNotFoundError), open_regular(self._ledger) as file:
            if os.fstat(file.fileno()).st_ino != inode:
                return  # a new segment began: the next `read` begins with the one that was closed
            file.seek(self._open[1])
            for raw in file:
                if not raw.endswith(b"\n"):
                    break  # it is being written
                self._take(raw)
                self._open = (inode, self._open[1] + len(raw))

    def _take(self, raw: bytes) -> None:
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
        kept = checkpoint.read(self._ledger, by_other_code=True)
        if kept is None:
            return StoryFold()
        self._seq = kept.seq
        return StoryFold(kept.world)


def _standing(path: Path) -> tuple[int, int]:
    """Return the inode and the size of a file; zeros if there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return 0, 0
    return found.st_ino, found.st_size
