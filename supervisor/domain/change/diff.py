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
