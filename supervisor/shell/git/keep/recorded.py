"""The files of a tree, read without a work tree: what was there when it was kept, whatever has been written since."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from pathlib import Path

from supervisor.regex import regex
from supervisor.shell.git.config import read_git
from supervisor.shell.git.keep.files import INDEX_LIMIT
from supervisor.shell.git.keep.objects import read_objects
from supervisor.shell.git.reach.sources import Source
from supervisor.shell.git.run import failed

LARGE = 1 << 20
"""Bytes. No document or manifest is larger, and none of such a file is read."""

TOGETHER = 8 << 20
"""Bytes that git is asked for at once."""

_COMMITTED = regex(rb"^committer .* (\d+) [+-]\d+$", re.MULTILINE)


class RecordedFiles:
    """The files of one tree of the repo at `root`, which may be named by any revision."""

    def __init__(self, root: Path, tree: str) -> None:
        """List them. Raises WorkspaceError when git fails."""
        answer = read_git(root, "ls-tree", "-r", "-l", "-z", tree, limit=INDEX_LIMIT)
        if answer.code != 0 or answer.cut:
            raise failed(root, f"list the files of {tree}", answer)
        self._root = root
        self._sizes: dict[bytes, int] = {}
        self.files: list[Source] = []
        for record in answer.out.split(b"\0")[:-1]:
            fields, _, raw = record.partition(b"\t")
            mode, _, oid, size = fields.split()
            if mode.startswith(b"100"):
                self.files.append(Source(raw, oid.decode("ascii")))
                self._sizes[raw] = int(size)

    def sizes(self, files: Iterable[Source]) -> dict[bytes, int]:
        return {one.raw: self._sizes[one.raw] for one in files if one.raw in self._sizes}

    def contents(self, files: Iterable[tuple[Source, int]]) -> dict[bytes, bytes]:
        found: dict[bytes, bytes] = {}
        group, size = list[tuple[Source, int]](), 0
        for one, limit in files:
            if self._sizes.get(one.raw, LARGE) >= LARGE:
                continue
            if size + self._sizes[one.raw] > TOGETHER:
                found |= self._read(group)
                group, size = [], 0
            group.append((one, limit))
            size += self._sizes[one.raw]
        return found | self._read(group)

    def _read(self, group: Collection[tuple[Source, int]]) -> dict[bytes, bytes]:
        blobs = _objects(self._root, [one.oid for one, _ in group])
        return {one.raw: blobs[one.oid][:limit] for one, limit in group if one.oid in blobs}


def earliest(root: Path, commits: Collection[str]) -> str | None:
    """Return the commit that was made first, of those that the repo still has; of several, the first of these."""
    times = {oid: int(found[1]) for oid, text in _objects(root, commits).items() if (found := _COMMITTED.search(text))}
    return min((oid for oid in commits if oid in times), key=lambda oid: times[oid], default=None)


def _objects(root: Path, oids: Collection[str]) -> dict[str, bytes]:
    """Read objects, without those that the repo does not have. Raises WorkspaceError when git fails."""
    found = read_objects(root, list(dict.fromkeys(oids)))
    return {one.oid: one.content for one in found if one is not None}
