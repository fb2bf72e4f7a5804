"""The ledger as the supervisor has it open: one fsync for each step."""

from __future__ import annotations

import contextlib
import json
import os
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from msgspec import Struct

from supervisor.domain.event import Event
from supervisor.domain.world import World
from supervisor.errors import StoreError
from supervisor.shell.ledger import checkpoint
from supervisor.shell.ledger.checkpoint import Checkpoint
from supervisor.shell.ledger.lines import decode, encode, labelled
from supervisor.shell.ledger.segments import FOLDER, Segment, closed_name, pack, segments, sync_folder

SEGMENT = 1 << 20
"""Bytes after which the open file is closed and another one begun: at most 5,000 events, read in 0.1 s."""


class Opened(Struct, frozen=True):
    """A ledger as it was found: the world that was kept (None: the empty one), the events since, oldest first, and the
    moment of the last event of all; `cut`: the bytes of a torn last line that were cut off."""

    world: World | None
    events: tuple[Event, ...]
    last: datetime | None
    cut: int


class Ledger:
    """The append-only record of all events. One line is one event, with a sequence number."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._first = 1  # the number of the first event in the open file, or that it will have
        self._seq = 0
        self._size = 0
        self._due = False  # the checkpoint lacks events that are closed away
        self._limit = SEGMENT  # bytes
        self._file: int | None = None

    def open(self) -> Opened:
        """Read what has to be read, and get ready to append. A torn last line is cut off.

        Raises StoreError if a file cannot be read or written, or holds a line that no version of ours wrote.
        """
        closed, kept = segments(self._path), checkpoint.read(self._path)
        try:
            self._path.parent.mkdir(mode=0o700, exist_ok=True)
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            data = self._path.read_bytes()
        except OSError as error:
            raise StoreError(
                f"the ledger {self._path} cannot be opened ({error.strerror})",
                "make the workspace writable, then run `orch up`",
            ) from error
        whole = data.rfind(b"\n") + 1
        open_lines = _fields(data[:whole].splitlines(), self._path)
        before = _followed(closed, open_lines[0][1]["seq"] if open_lines else None, self._path)
        self._first, self._seq = before + 1, open_lines[-1][1]["seq"] if open_lines else before
        if kept is not None and kept.seq > self._seq:  # the ledger was put back to what it once was
            kept = None
        after = kept.seq if kept is not None else 0
        events: list[Event] = []
        for segment in closed:
            if segment.last > after:
                events += _decoded(_read(segment), segment.path, after)
        events += _decoded(open_lines, self._path, after)
        if whole < len(data):
            os.ftruncate(self._file, whole)
        self._size, self._due = whole, after < before
        last = events[-1].at if events else kept.at if kept is not None else None
        return Opened(kept.world if kept is not None else None, tuple(events), last, len(data) - whole)

    def append(self, events: Sequence[Event], label: Callable[[Event], dict[str, Any]]) -> list[dict[str, Any]]:
        """Record events with one fsync; gives their lines. Either all of them are recorded or none.

        `label` gives what a reader wants to find an event by and the event itself does not say (its task, say).

        Raises StoreError if the disk will not take them (full, read-only, gone).
        """
        if self._file is None:
            raise AssertionError("open() comes before append()")
        lines = [labelled(encode(event, self._seq + number), label(event)) for number, event in enumerate(events, 1)]
        data = b"".join(json.dumps(line, ensure_ascii=True, separators=(",", ":")).encode() + b"\n" for line in lines)
        try:
            written = 0
            while written < len(data):
                written += os.pwrite(self._file, data[written:], self._size + written)
            os.fdatasync(self._file)
        except OSError as error:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, self._size)
            raise StoreError(
                f"the ledger {self._path} takes no more ({error.strerror})", "make room on the disk"
            ) from error
        self._size += len(data)
        self._seq += len(lines)
        return lines

    @property
    def due(self) -> bool:
        """Whether it is time to `compact`."""
        return self._due or self._size >= self._limit

    def compact(self, world: World, at: datetime) -> None:
        """Keep `world`, the fold of all events, the last of which happened `at`; close the open file if it is large.

        No event is lost, and none is doubled, wherever this is cut off. Raises StoreError; then all goes on as it was.
        """
        self._due, self._limit = False, self._size + SEGMENT  # if it fails, not at every step again
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
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _close_segment(self) -> None:
        """The next file is there before the full one gets its other name: there is no moment without room for it."""
        fresh = self._path.with_suffix(".next")
        handle = os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            self._path.rename(self._path.parent / FOLDER / closed_name(self._first, self._seq))
        except OSError:
            os.close(handle)
            raise
        self.close()
        self._file, self._size, self._first = handle, 0, self._seq + 1
        fresh.rename(self._path)
        for folder in (self._path.parent, self._path.parent / FOLDER):
            sync_folder(folder)
        threading.Thread(target=_packed, args=(self._path,), name="pack the ledger", daemon=True).start()


def _followed(closed: Sequence[Segment], first: int | None, path: Path) -> int:
    """The number of the last event in the closed parts; `first` is that of the first one in the open file.

    Raises StoreError if events between them are missing.
    """
    last = 0
    for begins, ends in (*((one.first, one.last) for one in closed), *([(first, first)] if first is not None else [])):
        if begins != last + 1:
            raise StoreError(
                f"of the ledger {path} the events {last + 1} to {begins - 1} are missing",
                f"put the files back into {path.parent / FOLDER}, or move the `.orchestrator` folder away and start "
                "afresh",
            )
        last = ends
    return closed[-1].last if closed else 0


def _read(segment: Segment) -> list[tuple[int, dict[str, Any]]]:
    try:
        return _fields(list(segment.lines()), segment.path)
    except OSError as error:
        raise StoreError(
            f"the ledger's {segment.path} cannot be read ({error.strerror})",
            "put it back from a backup, or move the `.orchestrator` folder away and start afresh",
        ) from error


def _fields(lines: Sequence[bytes], path: Path) -> list[tuple[int, dict[str, Any]]]:
    """Each line with its number in the file. Raises StoreError for one that has no sequence number."""
    found = []
    for number, line in enumerate(lines, start=1):
        try:
            fields = json.loads(line)
            if not isinstance(fields["seq"], int):
                raise TypeError("a sequence number is a number")
        except Exception as error:
            raise _foreign(path, number, error) from error
        found.append((number, fields))
    return found


def _decoded(lines: Sequence[tuple[int, dict[str, Any]]], path: Path, after: int) -> list[Event]:
    """The events with a sequence number beyond `after`. Raises StoreError for what is none."""
    events = []
    for number, fields in lines:
        if fields["seq"] > after:
            try:
                events.append(decode(fields))
            except Exception as error:
                raise _foreign(path, number, error) from error
    return events


def _foreign(path: Path, number: int, error: Exception) -> StoreError:
    return StoreError(
        f"{path}:{number}: this is not an event of this version ({type(error).__name__})",
        "run the version that wrote it, or move the `.orchestrator` folder away and start afresh",
    )


_packing = threading.Lock()


def _packed(path: Path) -> None:
    with _packing, contextlib.suppress(OSError):  # the next closed part tries it again
        pack(path)
