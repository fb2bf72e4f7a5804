"""Where folders and files lie, and what the commands of a child may write."""

from __future__ import annotations

from msgspec import Struct

FileId = tuple[int, int]
"""Device and inode: the same for every name of a folder, in whatever case, and through a bind mount."""

UNKNOWN: FileId = (0, 0)
"""Of what does not exist, or lies on a file system without inodes."""


class Spot(Struct, frozen=True):
    """A folder or file by the file system that holds it, so without regard to where that is mounted."""

    device: str
    path: str  # from the root of the file system


class Location(Struct, frozen=True):
    """One folder or file."""

    path: str  # without links
    ids: tuple[FileId, ...] = ()  # of it and of each folder above it, itself first
    spots: tuple[Spot, ...] = ()  # its own first, then those of what is mounted below it


class Root(Struct, frozen=True):
    """A folder that commands may write besides the work tree."""

    name: str  # as people know it, such as `/tmp`
    location: Location
    temporary: bool = False  # /tmp or $TMPDIR, which `sandbox.exclude_tmp` takes away
    source: str = ""  # the file that names it


class Territory(Struct, frozen=True):
    """What the commands of one child may write, once they may write at all."""

    child: str
    tree: Location
    roots: tuple[Root, ...] = ()
    reads_only: bool = False  # the config says so


class Kept(Struct, frozen=True):
    """A part of the workspace, or of what orch keeps or runs beside it, that no command of a child may write."""

    name: str  # as people know it
    location: Location
    moved_by: str = ""  # the variable that says where it lies; "": the person does
    program: bool = False  # it is no part of the workspace, but the config has it run as the person
