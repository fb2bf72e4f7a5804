"""The roster: one file for each supervisor of this user that runs, in the user's state folder, whatever becomes of its
workspace. Quick to import: a command looks here when the workspace does not tell."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from supervisor.regular_file import descriptor
from supervisor.runtime.presence.vital_signs import boot, vital_signs
from supervisor.runtime.workspace import WorkspacePaths, make_private, state_folder

LARGEST = 1 << 16  # bytes that are read of a file


class Rostered(NamedTuple):
    """One supervisor process, and where it listens."""

    root: Path  # of its workspace, when it started
    pid: int
    started: int  # see `VitalSigns`
    boot: str
    sockets: Path  # the folder of its sockets

    @property
    def workspace(self) -> WorkspacePaths:
        """The paths of its files, which may be gone."""
        return WorkspacePaths(self.root)

    @property
    def control_socket(self) -> Path:
        """Its control socket, found without the workspace."""
        return self.sockets / "control.sock"

    @property
    def runs(self) -> bool:
        """Whether that very process still runs."""
        signs = vital_signs(self.pid)
        return signs is not None and signs.started == self.started and boot() == self.boot


def enter(workspace: WorkspacePaths, sockets: Path) -> None:
    """Enter this process as the supervisor of the workspace. Raises OSError, or WorkspaceError."""
    signs = vital_signs(os.getpid())
    mine = Rostered(workspace.root, os.getpid(), signs.started if signs is not None else 0, boot(), sockets)
    path = _path(workspace)
    make_private(path.parent)
    half = path.with_suffix(".half")
    with open(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb") as file:
        file.write(b"\0".join(os.fsencode(str(part)) for part in mine))
    half.replace(path)


def leave(workspace: WorkspacePaths) -> None:
    """Take the supervisor of this workspace off the roster: this process, or one that has ended."""
    path = _path(workspace)
    entry = _read(path)
    with suppress(OSError):
        if entry is None or entry.pid == os.getpid() or not entry.runs:
            path.unlink()


def entries() -> Iterator[Rostered]:
    """Read the roster, in the order of the workspaces. It may have supervisors that were killed."""
    folder = _folder()
    with suppress(OSError):
        found = [entry for name in os.listdir(folder) if (entry := _read(folder / name)) is not None]
        yield from sorted(found)


def entry_of(workspace: WorkspacePaths) -> Rostered | None:
    """Return the supervisor that was started in this folder, if it still runs."""
    entry = _read(_path(workspace))
    return entry if entry is not None and entry.root == workspace.root and entry.runs else None


def holder(workspace: WorkspacePaths) -> int | None:
    """Return the pid of the supervisor, even if it hangs: of the process that holds the lock, or is on the roster; None
    if there is none, or it has not signed yet."""
    with suppress(OSError), open(workspace.lock, encoding="utf-8", opener=descriptor) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            text = file.read(_LONGEST_PID).strip()
            return int(text) if text.isdigit() else None
    known = entry_of(workspace)
    return known.pid if known is not None else None


def known_at(folder: Path) -> WorkspacePaths | None:
    """Return the workspace on the roster that was in this folder, or the nearest one above it, gone or not."""
    roots = {entry.root: entry.workspace for entry in entries()}
    place = Path(os.path.abspath(folder))
    return next((roots[one] for one in (place, *place.parents) if one in roots), None)


def entry_with(pid: int) -> Rostered | None:
    """Return the supervisor with this pid, wherever its workspace was when it started."""
    return next((entry for entry in entries() if entry.pid == pid and entry.runs), None)


_LONGEST_PID = 32


def _folder() -> Path:
    return state_folder() / "running"


def _path(workspace: WorkspacePaths) -> Path:
    return _folder() / workspace.id


def _read(path: Path) -> Rostered | None:
    """Read an entry; None if there is none, or it is torn."""
    if path.suffix:
        return None
    try:
        with path.open("rb") as file:
            root, pid, started, boot_id, sockets = map(os.fsdecode, file.read(LARGEST).split(b"\0"))
        return Rostered(Path(root), int(pid), int(started), boot_id, Path(sockets))
    except (OSError, ValueError):
        return None
