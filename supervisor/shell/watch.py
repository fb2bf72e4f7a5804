"""Watching one file by its name, and reading it whatever somebody put in its place."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import re
import stat
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

from supervisor.errors import WorkspaceError

if TYPE_CHECKING:
    from watchdog.events import FileSystemEvent

POLL = 0.5
"""Seconds between two looks where events do not come, or not all of them. A change is taken when two looks agree."""

JOIN = 1.0
"""Seconds for the watching threads to end; they are woken, so it takes a few ms."""

NETWORK = frozenset({"9p", "afs", "ceph", "cifs", "drvfs", "fuse.sshfs", "glusterfs", "nfs", "nfs4", "smb3", "smbfs"})
"""File systems on which others change files without an event for us."""


class Unreadable(Struct, frozen=True):
    """There is something at the path, and it is no file to read; `reason` goes on from its name: "is a folder: ..."."""

    reason: str


_A_FOLDER = "is a folder: put a file in its place"
_NO_FILE = "is not a regular file: put one in its place"


def read_bytes(path: Path, limit: int) -> bytes | Unreadable | None:
    """The content of a regular file, or of one that `path` links to; None when there is nothing at `path`.

    Reads at most `limit` bytes, never blocks on a pipe or a device, and never raises: what else is there is Unreadable.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except FileNotFoundError:
        return (
            Unreadable("is a link to a file that does not exist: put a file in its place")
            if path.is_symlink()
            else None
        )
    except OSError as error:
        return _refused(error)
    try:
        mode = os.fstat(fd).st_mode
        if not stat.S_ISREG(mode):
            return Unreadable(_A_FOLDER if stat.S_ISDIR(mode) else _NO_FILE)
        content = bytearray()
        while len(content) <= limit and (chunk := os.read(fd, limit + 1 - len(content))):
            content += chunk
    except OSError as error:
        return _refused(error)
    finally:
        os.close(fd)
    return bytes(content) if len(content) <= limit else Unreadable(f"is larger than {limit:,} bytes: shorten it")


@contextlib.asynccontextmanager
async def watch_file(
    path: Path, on_change: Callable[[], None], *, quiet: float = 0.03, cap: float = 0.2, recheck: float = 2.0
) -> AsyncIterator[FileWatch]:
    """Call `on_change` on this loop after each save, replacement, removal or return of `path`, while the body runs.

    Saves in quick succession are told once: when nothing happened for `quiet` seconds, at the latest `cap` seconds
    after the first. A writer that is still at it is waited for. Every `recheck` seconds the file is looked at, for what
    sent no event. Read the file after entering. Raises WorkspaceError when the folder of `path` does not exist.
    """
    watch = FileWatch(path, on_change, quiet=quiet, cap=cap, recheck=recheck)
    watch.start()
    try:
        yield watch
    finally:
        watch.stop()


class FileWatch:
    """One watched file; `degraded` says why changes may be told late (None: they are not), and is for the reader."""

    def __init__(self, path: Path, on_change: Callable[[], None], *, quiet: float, cap: float, recheck: float) -> None:
        self.degraded: str | None = None
        self._path = path
        self._on_change = on_change
        self._quiet, self._cap, self._recheck = quiet, cap, recheck
        self._loop = asyncio.get_running_loop()
        self._observer: Any = None
        self._target = ""
        self._folder: object = None
        # "born" was created by a writer or moved here whole, "opened" is born and opened by we do not know whom,
        # "written" has a writer who has not closed it. On the last two, the next close is waited for.
        self._state: Literal["whole", "born", "opened", "written"] = "whole"
        self._since: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._ticker: asyncio.TimerHandle | None = None
        self._told = self._looked = _stamp(path)

    def start(self) -> None:
        """Begin. Raises WorkspaceError when the folder does not exist."""
        folder = self._path.parent
        if not folder.is_dir():
            raise WorkspaceError(f"{folder} is not a folder", "create it, or name another workspace")
        self._arm()
        self._told = self._looked = _stamp(self._path)
        self._wind()

    def stop(self) -> None:
        """End; `on_change` is not called any more."""
        for handle in (self._timer, self._ticker):
            if handle is not None:
                handle.cancel()
        self._disarm()

    def dispatch(self, event: FileSystemEvent) -> None:
        """Take an event from watchdog, on its thread."""
        if self._target in (os.fsdecode(event.src_path), os.fsdecode(event.dest_path)):
            with contextlib.suppress(RuntimeError):  # The loop is closed: nobody is left to tell.
                self._loop.call_soon_threadsafe(self._on_event, event.event_type)

    def _on_event(self, kind: str) -> None:
        match kind:
            case "opened":
                if self._state == "born":
                    self._state = "opened"
            case "modified" if sys.platform == "linux":
                self._state = "written"
            case "closed_no_write":
                if self._state == "opened":  # It was moved here, and what opened it was a reader.
                    self._touched()
            case "created":
                self._touched()
                self._state = "born"
            case _:
                self._touched()

    def _touched(self) -> None:
        self._state = "whole"
        now = self._loop.time()
        self._since = now if self._since is None else self._since
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(min(now + self._quiet, self._since + self._cap), self._settled)

    def _settled(self) -> None:
        self._since = self._timer = None
        if self._state in ("whole", "born"):
            self._state = "whole"
            self._tell(_stamp(self._path))

    def _tell(self, stamp: object) -> None:
        self._told = stamp
        self._on_change()

    def _tick(self) -> None:
        """Look at the file itself: events can overflow, and a link's target sends none."""
        stamp = _stamp(self._path)
        settled, self._looked = stamp == self._looked, stamp
        deaf = self._observer is None or not all(emitter.is_alive() for emitter in self._observer.emitters)
        if deaf or _place(self._path.parent) != self._folder:
            self._arm()
        self._wind()
        if stamp != self._told and settled and self._timer is None:
            self._state = "whole"
            self._tell(stamp)

    def _wind(self) -> None:
        period = self._recheck if self.degraded is None else min(self._recheck, POLL)
        self._ticker = self._loop.call_later(period, self._tick)

    def _arm(self) -> None:
        """Ask for events, and note in `degraded` what stands in the way."""
        from watchdog import events
        from watchdog.observers import Observer

        self._disarm()
        folder = os.path.realpath(self._path.parent)
        self._target = os.path.join(folder, self._path.name)
        self._folder = _place(self._path.parent)
        kinds = ("Created", "Modified", "Closed", "ClosedNoWrite", "Opened", "Moved", "Deleted")
        wanted = [getattr(events, f"File{kind}Event") for kind in kinds]
        wanted += [events.DirCreatedEvent, events.DirMovedEvent, events.DirDeletedEvent]
        try:
            self._observer = Observer()
            self._observer.schedule(self, folder, recursive=False, event_filter=wanted)
            self._observer.start()
        except OSError as error:
            self._disarm()
            self.degraded = f"no events for {folder} ({_advice(error)}): it is looked at every {POLL:g} s"
            return
        file_system = _file_system(folder)
        self.degraded = None
        if file_system in NETWORK:
            self.degraded = f"{folder} is on {file_system}, which hides others' changes: looked at every {POLL:g} s"
        elif self._path.is_symlink():
            self.degraded = f"{self._path} is a link, and its target is looked at every {POLL:g} s"

    def _disarm(self) -> None:
        observer, self._observer = self._observer, None
        if observer is not None:
            observer.stop()
            if observer.is_alive():
                observer.join(JOIN)


def _stamp(path: Path) -> object:
    """What changes when the file does; None when there is none, or it cannot be asked."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_mode, found.st_size, found.st_mtime_ns


def _place(folder: Path) -> object:
    """Which folder has this name now."""
    try:
        found = folder.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _refused(error: OSError) -> Unreadable:
    match error.errno:
        case errno.EACCES | errno.EPERM:
            return Unreadable("may not be read by this user: run `chmod u+r` on it")
        case errno.ELOOP:
            return Unreadable("is a link that leads back to itself: put a file in its place")
        case errno.ENXIO | errno.ENODEV:
            return Unreadable(_NO_FILE)
        case errno.ENOTDIR:
            return Unreadable("is in a folder that is a file now: make the folder anew")
    return Unreadable(f"cannot be read ({os.strerror(error.errno or errno.EIO)}): put a file in its place")


def _advice(error: OSError) -> str:
    match error.errno:
        case errno.ENOSPC:
            return "too many watched files: raise fs.inotify.max_user_watches"
        case errno.EMFILE:
            return "too many watchers: raise fs.inotify.max_user_instances, or the limit of open files"
    return os.strerror(error.errno) if error.errno else str(error)


def _file_system(folder: str) -> str:
    """The kind of file system a folder is on; "" when the system does not tell."""
    kind, longest = "", -1
    with contextlib.suppress(OSError), open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
        for line in file:
            fields = line.split()
            point = re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), fields[4])
            inside = folder == point or folder.startswith(point.rstrip("/") + "/")
            if inside and len(point) >= longest:  # The last one mounted on the same folder is the one seen.
                kind, longest = fields[fields.index("-") + 1], len(point)
    return kind
