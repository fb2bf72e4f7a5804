"""What differs between two moments of a work tree."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class DiffStatus(StrEnum):
    """What happened to a file."""

    ADDED = "added"
    MODIFIED = "modified"
    DELETED = "deleted"
    RENAMED = "renamed"
    MODE = "mode"  # only its permissions or its type


class FileDiff(Struct, frozen=True):
    """A file that differs."""

    path: str  # in the repo
    status: DiffStatus
    source: str | None  # the path before, of a renamed file
    additions: int | None  # lines; None: a binary file
    deletions: int | None


class FilePatch(Struct, frozen=True):
    """What changed in one file, as a patch without its head; long ones are cut."""

    path: str
    text: str


class RunDiff(Struct, frozen=True):
    """What a run changed, in short."""

    files: tuple[FileDiff, ...]
    more: int = 0  # files that are not listed
    patches: tuple[FilePatch, ...] = ()  # of some of the files, those first that other repos rely on
