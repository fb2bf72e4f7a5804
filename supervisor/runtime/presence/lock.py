"""The lock of a workspace, `supervisor.lock`: the process that holds it is the supervisor, and the file has its pid.

The system releases it when the holder dies, however it dies. A child process can inherit it, and it survives an exec,
because it belongs to the open file and not to the process that opened it. Where the file was removed or replaced, the
roster tells the holder, until that has locked the new file.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TextIO

from supervisor.errors import WorkspaceError
from supervisor.regular_file import OTHERWISE, descriptor
from supervisor.runtime.presence import roster
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.file_lock import try_lock


def take(workspace: WorkspacePaths) -> TextIO | None:
    """Take the lock, with no pid in it yet; None while another process holds it, or supervises this workspace under a
    file that is gone. Closing the file releases it."""
    file = _opened(workspace)
    known = roster.entry_of(workspace)
    if (known is not None and known.pid != os.getpid()) or not try_lock(file.fileno()):
        file.close()
        return None
    file.truncate(0)
    return file


def retake(workspace: WorkspacePaths, held: TextIO) -> bool:
    """Lock the file that now has the name of the lock, if that is not the one which we hold. `held` becomes that file.
    Sign it if somebody wrote into it. Returns False while another process holds it. Raises WorkspaceError."""
    file = _opened(workspace)
    with file:
        if os.path.samestat(os.fstat(file.fileno()), os.fstat(held.fileno())):
            if file.read() != _signature(os.getpid()):
                sign(held, os.getpid())
            return True
        if not try_lock(file.fileno()):
            return False
        os.dup2(file.fileno(), held.fileno(), inheritable=False)
    os.ftruncate(held.fileno(), 0)
    sign(held, os.getpid())
    return True


def _opened(workspace: WorkspacePaths) -> TextIO:
    try:
        workspace.state.mkdir(mode=0o700, exist_ok=True)
        return open(descriptor(workspace.lock, os.O_RDWR | os.O_CREAT), "r+", encoding="utf-8")
    except OSError as error:
        raise unwritable(workspace, workspace.lock, error) from error


def unwritable(workspace: WorkspacePaths, path: Path, error: OSError) -> WorkspaceError:
    """Say why a file in `.orchestrator` cannot be written, and what to do."""
    if error.strerror == OTHERWISE:
        return WorkspaceError(f"{path} is not a regular file", "remove it, then run `orch up`")
    return WorkspaceError(
        f"{workspace.state} cannot be written ({error.strerror})", "make the workspace writable, then run `orch up`"
    )


def taken_over(descriptor: int) -> TextIO:
    """Return the lock that this process inherited, as a file."""
    os.set_inheritable(descriptor, False)
    return os.fdopen(descriptor, "r+", encoding="utf-8")


def sign(file: TextIO, pid: int) -> None:
    """Write the holder's pid into the lock. Signing again replaces it, and no reader ever sees an empty file."""
    text = _signature(pid).encode()
    os.pwrite(file.fileno(), text, 0)
    os.ftruncate(file.fileno(), len(text))


def _signature(pid: int) -> str:
    return f"{pid}\n"
