"""What files of a work tree hold, here or on another machine."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from supervisor.shell.files import read_file
from supervisor.shell.git.reach.sources import Source, Sources
from supervisor.shell.git.reach.there import PathThere


class LocalSources:
    """The files of a work tree on this machine, as they are on disk."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def sizes(self, files: Iterable[Source]) -> dict[bytes, int]:
        found, top = {}, os.fsencode(self._root) + b"/"
        for one in files:
            with suppress(OSError):
                found[one.raw] = os.lstat(top + one.raw).st_size
        return found

    def contents(self, files: Iterable[tuple[Source, int]]) -> dict[bytes, bytes]:
        found = ((one.raw, read_file(self._root, one.raw, limit)) for one, limit in files)
        return {raw: content for raw, content in found if content is not None}


def sources_of(root: Path) -> Sources:
    """Return what reads the files of the work tree whose root is `root`."""
    return root.repo.sources() if isinstance(root, PathThere) else LocalSources(root)
