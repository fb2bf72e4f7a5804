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
    kind: str = ""  # the type of the file system


def read_mounts(table: str = MOUNTS) -> tuple[Mount, ...]:
    """Read the table of mounts. Empty where the system has none: then inodes and paths have to do."""
    with suppress(OSError), open(table, encoding="utf-8", errors="surrogateescape") as lines:
        words = [line.split(" ", 5) for line in lines]
        return tuple(
            Mount(_plain(word[4]), word[2], _plain(word[3]), _kind(word[5])) for word in words if len(word) == 6
        )
    return ()


def look_at(path: str, mounts: tuple[Mount, ...] = ()) -> Location:
    """Look at a folder or file, which need not exist yet."""
    real = os.path.realpath(path)
    return Location(real, _ids(real), _spots(real, mounts))


def kind_at(path: str, mounts: tuple[Mount, ...]) -> str:
    """The type of the file system that a path without links is on; "" if the table does not tell."""
    on = _mount_of(path, mounts)
    return "" if on is None else on.kind


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
    on = _mount_of(path, mounts)
    if on is None:
        return ()
    inside = path.rstrip("/") + "/"
    below = {
        one.point: Spot(one.device, one.root) for one in mounts if one.point.startswith(inside) and one.point != path
    }
    rest = path[len(on.point.rstrip("/")) :]
    return (Spot(on.device, on.root.rstrip("/") + rest or "/"), *below.values())


def _mount_of(path: str, mounts: tuple[Mount, ...]) -> Mount | None:
    above = [one for one in mounts if path == one.point or path.startswith(one.point.rstrip("/") + "/")]
    return max(reversed(above), key=lambda one: len(one.point), default=None)  # a later mount hides an earlier one


def _kind(rest: str) -> str:
    return rest.partition(" - ")[2].partition(" ")[0]


def _plain(text: str) -> str:
    """A path as it is: the table writes white space and backslashes in octal."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), text)
