"""Open regular files, and nothing else: for a pipe one would wait, and a device has no end. Links are followed."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from supervisor.errors import StoreError

OTHERWISE = "it is not a regular file"


def descriptor(path: str | os.PathLike[str], flags: int, mode: int = 0o600) -> int:
    """Open a file as `os.open` does. Raises OSError, also for what is no regular file, and waits for nothing."""
    try:
        found = os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC, mode)
    except OSError as error:
        if error.errno in (errno.ENXIO, errno.ENODEV):  # a pipe without a reader, a socket, a device without a driver
            raise _otherwise(path) from error
        raise
    kind = os.fstat(found).st_mode
    if stat.S_ISREG(kind):
        return found
    os.close(found)
    if stat.S_ISDIR(kind):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), os.fspath(path))
    raise _otherwise(path)


def open_regular(path: str | os.PathLike[str]) -> BinaryIO:
    """Open a file for reading. Raises OSError."""
    return open(path, "rb", opener=descriptor)


def read_regular(path: str | os.PathLike[str]) -> bytes:
    """Read a file. Raises OSError."""
    with open_regular(path) as file:
        return file.read()


@contextmanager
def appending(path: Path) -> Iterator[int]:
    """Yield a descriptor for whoever appends to a file (mode 0600), and make the file. Raises StoreError."""
    try:
        found = descriptor(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    except OSError as error:
        remedy = "remove it" if error.strerror == OTHERWISE else "make the folder writable"
        raise StoreError(f"cannot open {path}: {error.strerror}", f"{remedy} and try again") from error
    try:
        yield found
    finally:
        os.close(found)


def _otherwise(path: str | os.PathLike[str]) -> OSError:
    return OSError(errno.EINVAL, OTHERWISE, os.fspath(path))
