"""The lock of a workspace, `supervisor.lock`: whoever holds it is its supervisor, and its pid stands in it.

The system lets go of it when the holder dies, however it dies. It can be handed on to a child process, or over an exec:
it belongs to the open file, and not to the process that opened it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from typing import TextIO

from supervisor.errors import WorkspaceError
from supervisor.runtime.workspace import WorkspacePaths

TRIES, PAUSE = 5, 0.02  # seconds; who only asks for the holder's pid holds the lock for some microseconds


def take(workspace: WorkspacePaths) -> TextIO | None:
    """The lock, with nobody's pid in it; None while somebody else holds it. Closing the file lets go of it."""
    try:
        workspace.state.mkdir(mode=0o700, exist_ok=True)
        file = os.fdopen(os.open(workspace.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+", encoding="utf-8")
    except OSError as error:
        raise WorkspaceError(
            f"{workspace.state} cannot be written ({error.strerror})", "make the workspace writable, then run `orch up`"
        ) from error
    for attempt in range(TRIES):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if attempt + 1 < TRIES:
                time.sleep(PAUSE)
            continue
        file.truncate(0)
        return file
    file.close()
    return None


def taken_over(descriptor: int) -> TextIO:
    """The lock that this process was handed."""
    os.set_inheritable(descriptor, False)
    return os.fdopen(descriptor, "r+", encoding="utf-8")


def sign(file: TextIO, pid: int) -> None:
    """Say who the holder is. Who has signed before may sign again, and is not lost from sight meanwhile."""
    text = f"{pid}\n".encode()
    os.pwrite(file.fileno(), text, 0)
    os.ftruncate(file.fileno(), len(text))


def holder(workspace: WorkspacePaths) -> int | None:
    """The pid of the process that holds the lock, even of one that hangs; None if nobody does, or has signed yet."""
    with contextlib.suppress(OSError), workspace.lock.open("r", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            text = file.read().strip()
            return int(text) if text.isdigit() else None
    return None
