"""Look where a folder or file lies: without links, by its inode, and on its file system."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from typing import NamedTuple

from supervisor.domain.repo.location import UNKNOWN, FileId, Location, Spot

MOUNTS = "/proc/self/mountinfo"


class Mount(NamedTuple):
    """One line of the table of mounts."""

    point: str
    device: str
    root: str  # the folder of the file system that is mounted there


def read_mounts(table: str = MOUNTS) -> tuple[Mount, ...]:
    """Read the table of mounts. Empty where the system has none: then inodes and paths have to do."""
    with suppress(OSError), open(table, encoding="utf-8", errors="surrogateescape") as lines:
        words = [line.split(" ", 5) for line in lines]
        return tuple(Mount(_plain(word[4]), word[2], _plain(word[3])) for word in words if len(word) == 6)
    return ()


def look_at(path: str, mounts: tuple[Mount, ...] = ()) -> Location:
    """Look at a folder or file, which need not exist yet."""
    real = os.path.realpath(path)
    return Location(real, _ids(real), _spots(real, mounts))


def _ids(path: str) -> tuple[FileId, ...]:
    found: list[FileId] = []
    while True:
        try:
            status = os.stat(path)
            found.append((status.st_dev, status.st_ino) if status.st_ino else UNKNOWN)
        except OSError:
            found.append(UNKNOWN)
        above = os.path.dirname(path)
        if above == path:
            return tuple(found)
        path = above


def _spots(path: str, mounts: tuple[Mount, ...]) -> tuple[Spot, ...]:
    on, below = None, dict[str, Spot]()
    for mount in mounts:  # a later mount hides an earlier one at the same place
        if path == mount.point or path.startswith(mount.point.rstrip("/") + "/"):
            if on is None or len(mount.point) >= len(on.point):
                on = mount
        elif mount.point.startswith(path.rstrip("/") + "/"):
            below[mount.point] = Spot(mount.device, mount.root)
    if on is None:
        return ()
    rest = path[len(on.point.rstrip("/")) :]
    return (Spot(on.device, on.root.rstrip("/") + rest or "/"), *below.values())


def _plain(text: str) -> str:
    """A path as it is: the table writes white space and backslashes in octal."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), text)
