"""Read a work tree on another machine with few questions."""

from __future__ import annotations

import stat
from collections.abc import Sequence
from pathlib import Path

from supervisor.regex import regex
from supervisor.runtime.remote.shell import RemoteShell, parts
from supervisor.shell.git.config import read_git
from supervisor.shell.git.reach.output import GitOutput
from supervisor.shell.git.tree import HASH_BUDGET, HASH_LIMIT
from supervisor.wire.place.git import quoted

_STAT = regex(rb"([0-9a-f]{1,8}) ([0-9]{1,18}) ([0-9]{1,18}) (.+)")
"""Mode, size, time of change (s) and path."""


class RemoteReader:
    """Reads a work tree there once (`shell.git.reach.reader`): the facts of all changed files are fetched at once."""

    def __init__(self, shell: RemoteShell, root: Path) -> None:
        self._shell = shell
        self._root = root
        self._stats: dict[bytes, tuple[int, int, int]] = {}  # by path: mode, size, time of change (s)
        self._hashes: dict[bytes, str] = {}  # of those that are small

    def token(self, file: bytes, budget: int) -> tuple[str, int]:
        found = self._stats.get(file)
        if found is None:
            return ("unreadable" if b"\n" in file else "missing"), 0
        mode, size, changed = found
        if stat.S_ISLNK(mode):
            return f"link {size} {changed}", 0
        if not stat.S_ISREG(mode):
            return ("folder" if stat.S_ISDIR(mode) else "special"), 0
        kind = "program" if mode & stat.S_IXUSR else "file"
        if size < HASH_LIMIT and size <= budget and file in self._hashes:
            return f"{kind} {self._hashes[file]}", size
        return f"{kind} {size} {changed}", 0

    def changed_at(self, file: bytes) -> int | None:
        found = self._stats.get(file)
        return found[2] * 10**9 if found is not None else None

    def exists(self, path: Path) -> bool:
        raw = quoted(self._shell.raw + b"/" + str(path.relative_to(self._root)).encode("utf-8", "surrogateescape"))
        return self._shell.run(b"[ -e %s ] || [ -L %s ]" % (raw, raw)).code == 0

    def git(self, root: Path, *args: str) -> GitOutput:
        return read_git(root, *args)

    def expect(self, files: Sequence[bytes]) -> None:
        plain = [one for one in files if b"\n" not in one]
        for part in parts(plain):
            names = b" ".join(quoted(one) for one in part)
            out = self._shell.run(b"stat -c '%f %s %Z %n' -- " + names + b" 2> /dev/null").out
            for line in out.split(b"\n"):
                if (found := _STAT.fullmatch(line)) is not None:
                    self._stats[found[4]] = (int(found[1], 16), int(found[2]), int(found[3]))
        small, left = [], HASH_BUDGET
        for one in plain:
            mode, size, _ = self._stats.get(one, (0, 0, 0))
            if stat.S_ISREG(mode) and size < HASH_LIMIT and size <= left:
                small.append(one)
                left -= size
        for part in parts(small):
            names = b" ".join(quoted(one) for one in part)
            answer = self._shell.run(b"git hash-object --no-filters -- " + names + b" 2> /dev/null")
            ids = answer.out.split()
            if answer.code == 0 and len(ids) == len(part):
                self._hashes.update(zip(part, (one.decode("ascii", "replace") for one in ids), strict=True))
