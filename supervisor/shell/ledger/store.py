"""The ledger that the supervisor appends to, with one fsync for each step."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import TypedDict
from zlib import crc32

from msgspec import Struct

from supervisor.domain.event import Event
from supervisor.domain.world import World
from supervisor.errors import StoreError
from supervisor.regular_file import descriptor, open_regular
from supervisor.shell.ledger import checkpoint
from supervisor.shell.ledger.checkpoint import Checkpoint
from supervisor.shell.ledger.damage import examine, line_end_is_damaged
from supervisor.shell.ledger.lines import decode, encode, labelled
from supervisor.shell.ledger.renewal import lost, write_anew
from supervisor.shell.ledger.segments import (
    FOLDER,
    Segment,
    closed_name,
    pack,
    segments,
    sync_folder,
)
from supervisor.shell.ledger.sums import sealed, undamaged

SEGMENT = 1 << 20
"""Bytes after which a new segment begins: at most 5,000 events, which are read in 0.1 s."""


class Numbered(TypedDict):
    """A line of the ledger, by the only one of its fields that is read before it is decoded."""

    seq: int


class Opened(Struct, frozen=True):
    """What `Ledger.open` found."""

    world: World | None  # from the checkpoint; None: start from the empty world
    events: tuple[Event, ...]  # those after the checkpoint, oldest first
    last: datetime | None  # when the last event of all happened; None: there is none
    cut: int  # bytes of a torn last line that were cut off


Line = dict[str, object]
"""A line of the ledger: the fields of an event, its number and its labels."""


class Ledger:
    """The append-only record of all events: one line for each, with a sequence number."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._first = 1  # the number of the first event in the open file, or of the next one if it is empty
        self._seq = 0
        self._size = 0
        self._running = 0  # the checksum of the open file
        self._torn = False  # somebody cut the file off while we wrote to it
        self._due = False  # some events of closed segments are not in the checkpoint
        self._limit = SEGMENT  # bytes of the open file at which `compact` is due
        self._file: int | None = None
        self._root: os.stat_result | None = None  # the workspace's folder

    def open(self) -> Opened:
        """Read the checkpoint and the events after it, and prepare to append. A torn last line is cut off.

        Raises StoreError if a file cannot be read or written, or holds a line that is not an event of this version.
        """
        try:
            self._path.parent.mkdir(mode=0o700, exist_ok=True)
            self._file = descriptor(self._path, os.O_RDWR | os.O_CREAT)
            with open_regular(self._path) as file:
                data = file.read()
            opened, whole = self._read(data)
            self._root = self._path.parent.parent.stat()
        except OSError as error:
            raise StoreError(
                f"the ledger {self._path} cannot be opened ({error.strerror})",
                "make the workspace writable, then run `orch up`",
            ) from error
        if opened.cut:
            os.ftruncate(self._file, whole)
        self._size, self._running = whole, crc32(memoryview(data)[:whole])
        return opened

    def peek(self) -> Opened:
        """Read what `open` reads, and change nothing. Raises StoreError, also if it grows or is compacted meanwhile."""
        try:
            with open_regular(self._path) if self._path.exists() else BytesIO() as file:
                return self._read(file.read())[0]
        except OSError as error:
            raise StoreError(
                f"the ledger {self._path} cannot be read ({error.strerror})", "see its permissions"
            ) from error

    def _read(self, data: bytes) -> tuple[Opened, int]:
        """Read the checkpoint and the events after it. `data`: the open file; return also how much of it is whole."""
        closed, kept = segments(self._path), checkpoint.read(self._path)
        whole = data.rfind(b"\n") + 1
        before = self._last_closed(closed)
        open_lines = self._lines(data[:whole], before + 1)
        if line_end_is_damaged(data[whole:]):
            raise self._damaged()
        self._first, self._seq = before + 1, before + len(open_lines)
        if kept is not None and kept.seq > self._seq:  # somebody restored an older ledger
            kept = None
        if kept is None and closed and not self._unpacked(closed[0]):
            kept = checkpoint.read(self._path, by_other_code=True)
            if kept is None or not closed[0].last <= kept.seq <= self._seq:
                raise StoreError(
                    f"the ledger {self._path} lacks the events 1 to {closed[0].last}, and its checkpoint is gone, too",
                    f"restore the files in {self._path.parent / FOLDER}, or move the `.orchestrator` folder away",
                )
        after = kept.seq if kept is not None else 0
        events: list[Event] = []
        for segment in closed:
            if segment.last > after:
                lines = self._lines(self._unpacked(segment), segment.first)
                if len(lines) != segment.last - segment.first + 1:
                    raise self._damaged()
                events += self._decoded(lines, after)
        events += self._decoded(open_lines, after)
        self._due = after < before
        last = events[-1].at if events else kept.at if kept is not None else None
        return Opened(kept.world if kept is not None else None, tuple(events), last, len(data) - whole), whole

    def _last_closed(self, closed: Sequence[Segment]) -> int:
        """Return the number of the last event in the closed segments (0: there are none). Raises StoreError if events
        are missing in between."""
        last = 0
        for segment in closed:
            if segment.first != last + 1:
                raise self._damaged()
            last = segment.last
        return last

    def _unpacked(self, segment: Segment) -> bytes:
        try:
            return b"".join(segment.lines())
        except OSError as error:
            if error.errno == errno.EIO and error.filename is not None:  # it cannot be unpacked
                raise self._damaged() from error
            raise StoreError(
                f"the ledger's {segment.path} cannot be read ({error.strerror})",
                "restore it from a backup, or move the `.orchestrator` folder away to start over",
            ) from error

    def _lines(self, data: bytes, first: int) -> list[Numbered]:
        """Parse the lines of a file, the first of which has this number. Raises StoreError if any is damaged."""
        found: list[Numbered] = []
        try:
            for expected, line in enumerate(data.split(b"\n")[:-1], first):
                fields = json.loads(line)
                if fields["seq"] != expected:
                    raise self._damaged()
                found.append(fields)
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise self._damaged() from error
        if not undamaged(data):
            raise self._damaged()
        return found

    def _decoded(self, lines: Sequence[Numbered], after: int) -> list[Event]:
        """Decode the events with a sequence number above `after`. Raises StoreError for a line that holds none."""
        try:
            return [decode(fields) for fields in lines if fields["seq"] > after]
        except Exception as error:
            raise self._damaged() from error

    def _damaged(self) -> StoreError:
        """Return the error for damage: it names the first place."""
        found = examine(self._path)
        if found.spots:
            return StoreError(
                f"{found.spots[0]}",
                "run `orch doctor --repair`, which shows what is lost and goes on from the rest, or restore a backup",
            )
        if found.foreign:
            return StoreError(
                f"{found.foreign[0]}",
                "run the version that wrote it, or move the `.orchestrator` folder away to start over",
            )
        return StoreError(f"the ledger {self._path} was just being written", "try again")

    def append(self, events: Sequence[Event], label: Callable[[Event], dict[str, object]]) -> list[Line]:
        """Record events with one fsync and return their lines. Either all of them are recorded or none.

        Raises StoreError if the disk is full, read-only or gone.
        """
        self.commit(lines := self.lines(events, label))
        return lines

    def lines(self, events: Sequence[Event], label: Callable[[Event], dict[str, object]]) -> list[Line]:
        """Return the lines of events that `commit` is to record next.

        `label` returns fields by which a reader can find the event and which it does not have itself, such as its task.
        """
        return [labelled(encode(event, self._seq + number), label(event)) for number, event in enumerate(events, 1)]

    def commit(self, lines: Sequence[Line]) -> None:
        """Do what `append` does, with its lines."""
        if self._file is None:
            raise AssertionError("open() comes before commit()")
        if (what := self.lost()) is not None:
            raise StoreError(f"the ledger {self._path} {what}", "orch writes it anew")
        running, pieces = self._running, list[bytes]()
        for line in lines:
            piece, running = sealed(json.dumps(line, ensure_ascii=True, separators=(",", ":")).encode(), running)
            pieces.append(piece)
        data = b"".join(pieces)
        try:
            written = 0
            while written < len(data):
                written += os.pwrite(self._file, data[written:], self._size + written)
            os.fdatasync(self._file)
            self._torn = self._size > 0 and os.pread(self._file, 1, self._size - 1) != b"\n"
        except OSError as error:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, self._size)
            raise StoreError(
                f"the ledger {self._path} cannot be written ({error.strerror})", "make room on the disk"
            ) from error
        self._size += len(data)
        self._running = running
        self._seq += len(lines)

    def lost(self) -> str | None:
        """Say what became of the file while we append to it: removed, replaced, or cut off; None if it is as it was.

        Where the workspace itself is gone, or another folder has its name, the open file is all that there is. It is
        not written anew in a folder that is not ours.
        """
        if self._file is None or self._root is None:
            return None
        try:
            if not os.path.samestat(self._root, self._path.parent.parent.stat()):
                return None
        except OSError:
            return None
        if self._torn:
            return "was cut off"
        return lost(self._path, self._file, self._size, self._first)

    def renew(self, world: World, at: datetime) -> None:
        """Write the ledger anew. `world` is the fold of all events. What is in its place is kept as `*.found`.

        Raises StoreError.
        """
        if self._file is None:
            raise AssertionError("open() comes before renew()")
        try:
            renewed = write_anew(
                self._path, self._file, self._size, self._running, self._first, Checkpoint(self._seq, at, world)
            )
        except OSError as error:
            raise StoreError(
                f"the ledger {self._path} {self.lost() or 'is gone'}, and cannot be written anew ({error.strerror})",
                "make the workspace writable",
            ) from error
        os.close(self._file)
        self._file, self._first, self._size = renewed
        self._running = self._running if self._size else 0
        self._torn = False

    @property
    def due(self) -> bool:
        """Whether it is time to `compact`."""
        return self._due or self._size >= self._limit

    def compact(self, world: World, at: datetime) -> None:
        """Write a checkpoint, and begin a new segment if the open file is large.

        `world` is the fold of all events, the last of which happened `at`. Wherever this is interrupted, no event is
        lost or doubled. Raises StoreError; the ledger can then still be appended to.
        """
        self._due, self._limit = False, self._size + SEGMENT  # if it fails, do not try again at every step
        try:
            checkpoint.write(self._path, Checkpoint(self._seq, at, world))
            if self._size >= SEGMENT:
                self._close_segment()
        except OSError as error:
            raise StoreError(
                f"the ledger {self._path} cannot be compacted ({error.strerror})", "make room on the disk"
            ) from error
        self._limit = SEGMENT

    def close(self) -> None:
        """Close the file and let nothing be appended; `open` opens it again. It may be called again."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _close_segment(self) -> None:
        """Begin a new segment. The new file is made before the full one is renamed, so a full disk stops us in time."""
        fresh = self._path.with_suffix(".next")
        handle = os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            self._path.rename(self._path.parent / FOLDER / closed_name(self._first, self._seq))
        except OSError:
            os.close(handle)
            raise
        self.close()
        self._file, self._size, self._running, self._first = handle, 0, 0, self._seq + 1
        fresh.rename(self._path)
        for folder in (self._path.parent, self._path.parent / FOLDER):
            sync_folder(folder)
        threading.Thread(target=_pack_closed, args=(self._path,), name="pack the ledger", daemon=True).start()


_packing = threading.Lock()


def _pack_closed(path: Path) -> None:
    with _packing, contextlib.suppress(OSError):  # closing the next segment tries again
        pack(path)
