"""The ledger written anew: its file, or the folder around it, was removed or replaced while we append to it.

What the open file held is still there behind our descriptor. Closed segments that are gone are lost. The checkpoint
then stands for them, and a segment without a line keeps their numbers, so nobody takes the rest for a new ledger.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

from supervisor.shell.ledger import checkpoint
from supervisor.shell.ledger.checkpoint import Checkpoint
from supervisor.shell.ledger.segments import FOLDER, Segment, closed_name, segments, sync_folder


class Renewed(NamedTuple):
    """The new file of a ledger, open for appending."""

    handle: int
    first: int  # the number of the first event in it, or of the next one
    size: int


def lost(path: Path, handle: int, size: int, first: int) -> str | None:
    """Say what became of the ledger at `path`, which is open as `handle` and of which we wrote `size` bytes, from the
    event `first` on; None if it is as we left it."""
    ours = os.fstat(handle)
    if ours.st_size != size:
        return "was cut off" if ours.st_size < size else "was changed"
    try:
        found = path.stat()
    except FileNotFoundError:
        return "was removed"
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    if not os.path.samestat(ours, found):
        return "was replaced"
    return "lost its closed segments" if first > 1 and not (path.parent / FOLDER).is_dir() else None


def is_whole(closed: Sequence[Segment], first: int) -> bool:
    """Whether these segments hold the events 1 to `first` - 1."""
    ends = [0, *(one.last for one in closed)]
    return ends[-1] == first - 1 and all(one.first == last + 1 for one, last in zip(closed, ends, strict=False))


def write_anew(path: Path, handle: int, size: int, running: int, first: int, now: Checkpoint) -> Renewed:
    """Write the ledger at `path` anew. What is there in its place is kept beside it, as `*.found`.

    `handle`, `size`, `first` and `running`, the checksum, are those of the file that was open; `now` is the world after
    all events. Wherever this is interrupted, what is there is either the foreign ledger or ours. Raises OSError.
    """
    path.parent.mkdir(mode=0o700, exist_ok=True)
    content = os.pread(handle, size, 0)
    if crc32(content) != running:
        content, first = b"", now.seq + 1
    if not is_whole(segments(path), first):
        with suppress(FileNotFoundError):
            (path.parent / FOLDER).rename(_free(path.parent / FOLDER))
        (path.parent / FOLDER).mkdir(mode=0o700, exist_ok=True)
        checkpoint.write(path, now)
        (path.parent / FOLDER / closed_name(1, first - 1)).touch(mode=0o600)
        sync_folder(path.parent / FOLDER)
    fresh = path.with_suffix(".next")
    new = os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        written = 0
        while written < len(content):
            written += os.pwrite(new, content[written:], written)
        os.fsync(new)
        _keep(path, os.fstat(handle), size)
        fresh.replace(path)
        sync_folder(path.parent)
    except BaseException:
        os.close(new)
        raise
    return Renewed(new, first, len(content))


def _keep(path: Path, ours: os.stat_result, size: int) -> None:
    """Keep what somebody put in the ledger's place, if anything, under another name. A file stays there, too,
    until ours replaces it."""
    if path.is_dir() and not path.is_symlink():
        path.rename(_free(path))
    else:
        with suppress(FileNotFoundError):
            if os.path.samestat(ours, path.lstat()) and ours.st_size == size:
                return
            os.link(path, _free(path), follow_symlinks=False)


def _free(path: Path) -> Path:
    """Return a name beside `path` that nothing has."""
    number, name = 1, path.with_name(f"{path.name}.found")
    while os.path.lexists(name):
        number += 1
        name = path.with_name(f"{path.name}.found-{number}")
    return name
