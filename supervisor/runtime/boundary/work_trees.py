"""One lock per work tree, for all workspaces of a user: no two of them drive one work tree at the same time.

The supervisor holds the locks of its children. The system releases them when it dies, but its servers may live on:
what is written in the file then says whose they are, until they have ended.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import NamedTuple

from supervisor.core.boundary.nesting import holds
from supervisor.domain.child import Child
from supervisor.errors import WorkspaceError
from supervisor.runtime.workspace import CONFIG_NAME, WorkspacePaths, make_private, state_folder
from supervisor.shell import process
from supervisor.shell.file_lock import try_lock
from supervisor.shell.location import look_at, read_mounts

LARGEST = 1 << 16  # bytes that are read of a file


class Driver(NamedTuple):
    """Who drives a work tree. It is written in the file of the lock, as long as that one's servers may run."""

    workspace: str
    child: str
    tree: str
    mark: str  # of the server's processes
    pid: int  # of the supervisor


class WorkTrees:
    """The locks of some work trees, held by this process."""

    def __init__(self) -> None:
        self._held: dict[Path, tuple[int, bytes]] = {}  # the descriptor, and what the file said before

    def release(self, *, servers_left: bool = False) -> None:
        """Release the locks. With `servers_left`, as if this process had died: then nobody else gets them yet."""
        for path in () if servers_left else self._held:
            _remove(path)
        _close_all([descriptor for descriptor, _ in self._held.values()])
        self._held.clear()

    def give_back(self) -> None:
        """Release the locks and leave the files as they were."""
        for path, (descriptor, before) in self._held.items():
            if before:
                _write(descriptor, before)
            else:
                _remove(path)
            os.close(descriptor)
        self._held.clear()

    def claim(self, workspace: WorkspacePaths, children: Sequence[Child]) -> None:
        """Take the locks of these children, all or none. Raises WorkspaceError that names who has one."""
        folder, root = _folder(), os.path.realpath(workspace.root)
        try:
            for child in children:
                self._claim(folder, Driver(root, child.name, child.path, workspace.mark(child.name), os.getpid()))
            _refuse_nested(folder, root, children, set(self._held))
        except BaseException:
            self.give_back()
            raise

    def _claim(self, folder: Path, mine: Driver) -> None:
        try:
            found = os.stat(mine.tree)
            path = folder / f"{found.st_dev:x}-{found.st_ino:x}.lock"
            if path in self._held:
                return
            descriptor, locked = _opened(path)
        except OSError as error:
            raise WorkspaceError(
                f"the lock of {mine.tree} cannot be taken ({error.strerror})",
                "set XDG_STATE_HOME to a folder of yours",
            ) from error
        driver = _read(descriptor)
        another = driver is None or driver.workspace != mine.workspace
        if locked:
            self._held[path] = (descriptor, os.pread(descriptor, LARGEST, 0))
            if driver is not None and another and process.marked(driver.mark):
                raise _driven(mine.child, mine.tree, driver)
            _write(descriptor, json.dumps(mine._asdict()).encode())
            return
        os.close(descriptor)
        if another:  # else this supervisor has it under another name
            raise _driven(mine.child, mine.tree, driver)


def _refuse_nested(folder: Path, root: str, children: Sequence[Child], ours: set[Path]) -> None:
    """Raise WorkspaceError if another workspace drives a work tree in one of these, or around it."""
    others = [
        (path, driver)
        for path in map(Path, os.scandir(folder))
        if path not in ours and (driver := _driver_at(path)) is not None and driver.workspace != root
    ]
    if not others:
        return
    mounts = read_mounts()
    trees = [(path, driver, look_at(driver.tree, mounts)) for path, driver in others]
    for child in children:
        mine = look_at(child.path, mounts)
        for path, driver, tree in trees:
            if (holds(mine, tree) or holds(tree, mine)) and _drives(path, driver):
                raise _driven(child.name, child.path, driver)


def _driver_at(path: Path) -> Driver | None:
    with suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            return _read(descriptor)
        finally:
            os.close(descriptor)
    return None


def _drives(path: Path, driver: Driver) -> bool:
    """Whether somebody holds that lock, or a server of the one who did still runs."""
    with suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            return not try_lock(descriptor, shared=True) or bool(process.marked(driver.mark))
        finally:
            os.close(descriptor)
    return False


def _folder() -> Path:
    folder = state_folder() / "trees"
    make_private(folder)
    return folder


def _opened(path: Path) -> tuple[int, bool]:
    """Open the file of a lock and try to lock it: its descriptor, and whether that worked. Raises OSError.

    Whoever releases a lock removes the file, which somebody else may have opened before.
    """
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            locked = try_lock(descriptor)
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(descriptor), os.stat(path)):
                    return descriptor, locked
        except OSError:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _read(descriptor: int) -> Driver | None:
    """What the file says; None if it is empty, torn or of another form."""
    with suppress(ValueError, TypeError, AttributeError, RecursionError):
        driver = Driver(**json.loads(os.pread(descriptor, LARGEST, 0)))
        if all(isinstance(part, str) and "\0" not in part for part in driver[:4]):
            return driver
    return None


def _write(descriptor: int, content: bytes) -> None:
    with suppress(OSError):  # a full disk: the lock counts all the same
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, content, 0)


def _close_all(descriptors: Sequence[int]) -> None:
    """Close these at the same time. To close the last one of a removed file frees its room, which takes 3 ms where the
    disk is told so (`mount -o discard`)."""
    closing = [Thread(target=os.close, args=(one,), name="close a lock") for one in descriptors]
    for one in closing:
        one.start()
    for one in closing:
        one.join()


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()


def _driven(child: str, tree: str, driver: Driver | None) -> WorkspaceError:
    if driver is None:
        return WorkspaceError(f"another workspace drives the work tree of `{child}` ({tree})", "run `orch down` there")
    where = "" if driver.tree == tree else f", as `{driver.child}` ({driver.tree})"
    return WorkspaceError(
        f"the workspace {driver.workspace} (supervisor {driver.pid}) drives the work tree of `{child}` ({tree}){where}",
        f"run `orch -C {driver.workspace} down` first, or leave `{child}` out of {CONFIG_NAME}",
    )
