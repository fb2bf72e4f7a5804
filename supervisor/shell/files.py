"""Read the files of a repo that may be hostile.

Reads are bounded, follow no links, never block, and never leave the work tree.
"""

from __future__ import annotations

import os
import stat
from io import FileIO
from pathlib import Path


def read_file(root: Path, raw: bytes, limit: int) -> bytes | None:
    """Read the first `limit` bytes of the file at `raw` (a path as git has it) below `root`.

    None if there is no such regular file. No part of the path may be a link: a repo may replace a folder by a link
    while we read.
    """
    *folders, name = raw.split(b"/")
    if b".." in folders or name in (b"", b".", b".."):
        return None
    fds: list[int] = []
    try:
        fds.append(os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
        for folder in folders:
            flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
            fds.append(os.open(folder, flags, dir_fd=fds[-1]))
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        fds.append(os.open(name, flags, dir_fd=fds[-1]))
        if not stat.S_ISREG(os.fstat(fds[-1]).st_mode):
            return None
        with os.fdopen(fds.pop(), "rb", buffering=0) as file:
            return _read_up_to(file, limit)
    except OSError:
        return None
    finally:
        for fd in fds:
            os.close(fd)


def read_end(path: Path, limit: int) -> bytes:
    """Read the last `limit` bytes of a file; nothing if it cannot be read or is no regular file."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(fd, "rb", buffering=0) as file:
            about = os.fstat(fd)
            if not stat.S_ISREG(about.st_mode):
                return b""
            file.seek(max(0, about.st_size - limit))
            return _read_up_to(file, limit)
    except OSError:
        return b""


def _read_up_to(file: FileIO, limit: int) -> bytes:
    parts, left = [], limit
    while left > 0 and (part := file.read(left)):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)
