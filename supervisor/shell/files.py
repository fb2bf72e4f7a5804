"""Reading the files of a repo: bounded, following no link, blocking on nothing, never outside of the work tree."""

from __future__ import annotations

import os
import stat
from io import FileIO
from pathlib import Path


def read_file(root: Path, raw: bytes, limit: int) -> bytes | None:
    """The first `limit` bytes of the file at `raw` (as git has it) below `root`; None if there is no such plain file.

    No part of the way is a link that is followed: a repo may replace a folder by one while it is read.
    """
    *folders, name = raw.split(b"/")
    if b".." in folders or name in (b"", b".", b".."):
        return None
    opened = [-1]
    try:
        opened.append(os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
        for folder in folders:
            flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
            opened.append(os.open(folder, flags, dir_fd=opened[-1]))
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        opened.append(os.open(name, flags, dir_fd=opened[-1]))
        if not stat.S_ISREG(os.fstat(opened[-1]).st_mode):
            return None
        with os.fdopen(opened.pop(), "rb", buffering=0) as file:
            return _whole(file, limit)
    except OSError:
        return None
    finally:
        for fd in opened[1:]:
            os.close(fd)


def _whole(file: FileIO, limit: int) -> bytes:
    parts, left = [], limit
    while left > 0 and (part := file.read(left)):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)
