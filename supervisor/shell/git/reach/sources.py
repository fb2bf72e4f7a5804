"""What files of a work tree hold, as a snapshot and the map need it: many at once, bounded, without following links."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Protocol


class Source(NamedTuple):
    """A file, named by its path relative to the root of the work tree."""

    raw: bytes
    oid: str  # its blob; "": the file on disk differs from it, or git does not track it


class Sources(Protocol):
    """The files of one work tree. Its methods raise OrchError if nothing can be asked."""

    def sizes(self, files: Iterable[Source]) -> dict[bytes, int]:
        """Return the bytes of those that are there."""

    def contents(self, files: Iterable[tuple[Source, int]]) -> dict[bytes, bytes]:
        """Read the first bytes, so many, of those that are regular files and can be read."""
