"""The journal of the operations that people start: an append-only file. One process at a time may write it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from supervisor import regular_file
from supervisor.domain.change.entry import Entry
from supervisor.errors import RequestRefused, StoreError
from supervisor.regular_file import read_regular
from supervisor.shell.file_lock import try_lock

_decoder = msgspec.json.Decoder(Entry)


def read_journal(path: Path) -> tuple[Entry, ...]:
    """Read all whole lines; a last one that was torn by a stop is left out. Raises StoreError."""
    try:
        lines = read_regular(path).splitlines(keepends=True)
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise StoreError(f"{path} cannot be read ({error.strerror})", "make it readable, then try again") from error
    entries = []
    for number, line in enumerate(lines, 1):
        if not line.endswith(b"\n"):
            break
        try:
            entries.append(_decoder.decode(line))
        except msgspec.MsgspecError as error:
            raise StoreError(
                f"line {number} of {path} is damaged ({error})", "move the file away: `orch ops` then begins anew"
            ) from error
    return tuple(entries)


class Journal:
    """The journal while this process may write it."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path = path
        self._descriptor = descriptor
        self.entries = read_journal(path)

    def append(self, entry: Entry) -> None:
        """Write an entry down. It survives a stop and a loss of power once this returns. Raises StoreError."""
        line = msgspec.json.encode(entry) + b"\n"
        size = os.fstat(self._descriptor).st_size
        try:
            written = os.write(self._descriptor, line)
            if written < len(line):
                raise OSError(28, "the disk is full")
            os.fsync(self._descriptor)
        except OSError as error:
            with suppress(OSError):
                os.ftruncate(self._descriptor, size)  # it was not written down, so nobody may read it
            raise StoreError(
                f"{self._path} cannot be written ({error.strerror})", "make room, then try again"
            ) from error
        self.entries = (*self.entries, entry)

    @property
    def folder(self) -> Path:
        """The folder of the journal, which no child may write."""
        return self._path.parent

    def fileno(self) -> int:
        """The descriptor that holds the lock: a process that keeps it open keeps the lock."""
        return self._descriptor

    @property
    def next_number(self) -> int:
        """The number of the next operation: one above the highest, so `@3` after `@2`."""
        return max((one.number for one in self.entries), default=0) + 1


@contextmanager
def opened(path: Path) -> Iterator[Journal]:
    """Open the journal for writing. Raises RequestRefused while another process has it, and StoreError."""
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        descriptor = regular_file.descriptor(path, os.O_RDWR | os.O_CREAT | os.O_APPEND)
    except OSError as error:
        raise StoreError(f"{path} cannot be opened ({error.strerror})", "make it writable, then try again") from error
    try:
        if not try_lock(descriptor):
            raise RequestRefused("another operation goes on in this workspace", "wait for it to end: see `orch ops`")
        _cut_torn(descriptor)
        yield Journal(path, descriptor)
    finally:
        os.close(descriptor)


def is_open(path: Path) -> bool:
    """Return whether a process has the journal open for writing: an operation goes on."""
    try:
        descriptor = regular_file.descriptor(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        return not try_lock(descriptor, shared=True)
    finally:
        os.close(descriptor)


def _cut_torn(descriptor: int) -> None:
    """Cut off a last line that a stop has torn."""
    size = os.fstat(descriptor).st_size
    text = os.pread(descriptor, size, 0)
    if not text.endswith(b"\n"):
        os.ftruncate(descriptor, text.rfind(b"\n") + 1)
