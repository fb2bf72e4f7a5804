"""Watch one file by its name, and read it safely whatever is there."""

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

if TYPE_CHECKING:
    from watchdog.events import FileSystemEvent

POLL = 0.5
"""Seconds between two polls where events may be missing. A change counts once two polls agree."""

JOIN = 1.0
"""Seconds for the watching threads to exit. We wake them, so it takes a few ms."""

NETWORK = frozenset({"9p", "afs", "ceph", "cifs", "drvfs", "fuse.sshfs", "glusterfs", "nfs", "nfs4", "smb3", "smbfs"})
"""File systems on which other machines change files without an event on ours."""


class Unreadable(Struct, frozen=True):
    """There is something at the path, but we cannot read it as a file."""

    reason: str  # continues a sentence that begins with the path: "is a folder: ..."


_A_FOLDER = "is a folder: put a file in its place"
_NO_FILE = "is not a regular file: put one in its place"


def read_bytes(path: Path, limit: int) -> bytes | Unreadable | None:
    """Read a regular file, or one that `path` links to; None if there is nothing at `path`.

    Returns Unreadable for anything else, and for a file of more than `limit` bytes. Never raises, and never blocks on a
    pipe or a device.
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
    """Call `on_change` on this loop after `path` is saved, replaced, removed or restored, while the body runs.

    Several saves in quick succession cause one call: after `quiet` seconds without a save, at the latest `cap` seconds
    after the first. A writer that has not closed the file is waited for. The file is also polled every `recheck`
    seconds, in case a change causes no event. Read the file after you enter, not before. Its folder may be gone: it is
    watched once it is back.
    """
    watch = FileWatch(path, on_change, quiet=quiet, cap=cap, recheck=recheck)
    watch.start()
    try:
        yield watch
    finally:
        watch.stop()


class FileWatch:
    """One watched file. `degraded` says why changes may be noticed late (None: they are not)."""

    def __init__(self, path: Path, on_change: Callable[[], None], *, quiet: float, cap: float, recheck: float) -> None:
        self.degraded: str | None = None
        self._path = path
        self._on_change = on_change
        self._quiet, self._cap, self._recheck = quiet, cap, recheck
        self._loop = asyncio.get_running_loop()
        self._observer: Any = None
        self._target = ""
        self._folder: object = None
        # "born": created by a writer, or moved here complete. "opened": born, and then opened by a reader or a writer.
        # "written": a writer has not closed it yet. In the last two states we wait for the next close.
        self._state: Literal["whole", "born", "opened", "written"] = "whole"
        self._since: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._next_poll: asyncio.TimerHandle | None = None
        self._notified = self._polled = _stamp(path)

    def start(self) -> None:
        """Start watching."""
        self._subscribe()
        self._notified = self._polled = _stamp(self._path)
        self._schedule_poll()

    def stop(self) -> None:
        """Stop watching; `on_change` is not called any more."""
        for handle in (self._timer, self._next_poll):
            if handle is not None:
                handle.cancel()
        self._unsubscribe()

    def dispatch(self, event: FileSystemEvent) -> None:
        """Receive an event. Watchdog calls this, on a thread of its own."""
        if self._target in (os.fsdecode(event.src_path), os.fsdecode(event.dest_path)):
            with contextlib.suppress(RuntimeError):  # The loop is closed: there is nobody to notify.
                self._loop.call_soon_threadsafe(self._on_event, event.event_type)

    def _on_event(self, kind: str) -> None:
        match kind:
            case "opened":
                if self._state == "born":
                    self._state = "opened"
            case "modified" if sys.platform == "linux":
                self._state = "written"
            case "closed_no_write":
                if self._state == "opened":  # A reader had opened it, so it was moved here complete.
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
            self._notify(_stamp(self._path))

    def _notify(self, stamp: object) -> None:
        self._notified = stamp
        self._on_change()

    def _poll(self) -> None:
        """Check the file itself: events can be lost in an overflow, and the target of a link causes none."""
        stamp = _stamp(self._path)
        settled, self._polled = stamp == self._polled, stamp
        dead = self._observer is None or not all(emitter.is_alive() for emitter in self._observer.emitters)
        if dead or _folder_id(self._path.parent) != self._folder:
            self._subscribe()
        self._schedule_poll()
        if stamp != self._notified and settled and self._timer is None:
            self._state = "whole"
            self._notify(stamp)

    def _schedule_poll(self) -> None:
        period = self._recheck if self.degraded is None else min(self._recheck, POLL)
        self._next_poll = self._loop.call_later(period, self._poll)

    def _subscribe(self) -> None:
        """Subscribe to events. Sets `degraded` if not all changes will cause one."""
        from watchdog import events, observers

        self._unsubscribe()
        folder = os.path.realpath(self._path.parent)
        self._target = os.path.join(folder, self._path.name)
        self._folder = _folder_id(self._path.parent)
        kinds = ("Created", "Modified", "Closed", "ClosedNoWrite", "Opened", "Moved", "Deleted")
        wanted = [getattr(events, f"File{kind}Event") for kind in kinds]
        wanted += [events.DirCreatedEvent, events.DirMovedEvent, events.DirDeletedEvent]
        try:
            self._observer = observers.Observer()
            self._observer.schedule(self, folder, recursive=False, event_filter=wanted)
            self._observer.start()
        except OSError as error:
            self._unsubscribe()
            self.degraded = f"no events for {folder} ({_advice(error)}): it is polled every {POLL:g} s"
            return
        kind = file_system(folder)
        self.degraded = None
        if kind in NETWORK:
            self.degraded = f"{folder} is on {kind}, which hides others' changes: it is polled every {POLL:g} s"
        elif self._path.is_symlink():
            self.degraded = f"{self._path} is a link: its target is polled every {POLL:g} s"

    def _unsubscribe(self) -> None:
        observer, self._observer = self._observer, None
        if observer is not None:
            observer.stop()
            if observer.is_alive():
                observer.join(JOIN)


def _stamp(path: Path) -> object:
    """A value that changes when the file does; None if there is no file or it cannot be read."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_mode, found.st_size, found.st_mtime_ns


def _folder_id(folder: Path) -> object:
    """Identify the folder that has this name now; None if there is none."""
    try:
        found = folder.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _refused(error: OSError) -> Unreadable:
    match error.errno:
        case errno.EACCES | errno.EPERM:
            return Unreadable("is not readable for this user: run `chmod u+r` on it")
        case errno.ELOOP:
            return Unreadable("is a link that leads back to itself: put a file in its place")
        case errno.ENXIO | errno.ENODEV:
            return Unreadable(_NO_FILE)
        case errno.ENOTDIR:
            return Unreadable("is in a folder that is a file now: make it a folder again")
    return Unreadable(f"cannot be read ({os.strerror(error.errno or errno.EIO)}): put a file in its place")


def _advice(error: OSError) -> str:
    match error.errno:
        case errno.ENOSPC:
            return "too many watched files: raise fs.inotify.max_user_watches"
        case errno.EMFILE:
            return "too many watchers: raise fs.inotify.max_user_instances, or the limit of open files"
    return os.strerror(error.errno) if error.errno else str(error)


def file_system(folder: str) -> str:
    """The kind of file system that a folder is on; "" if the system does not say."""
    kind, longest = "", -1
    with contextlib.suppress(OSError), open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
        for line in file:
            fields = line.split()
            point = re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), fields[4])
            inside = folder == point or folder.startswith(point.rstrip("/") + "/")
            if inside and len(point) >= longest:  # Of several mounts on one folder, the last one is visible.
                kind, longest = fields[fields.index("-") + 1], len(point)
    return kind
