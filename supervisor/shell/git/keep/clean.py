"""The files that git calls clean: what its tree does not hold of them, be it bytes that it converts or permissions.

A run may change or delete any of them, so both are looked for before it does.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from msgspec import Struct

from supervisor.shell.git.config import read_config, read_git
from supervisor.shell.git.keep.conversion import Conversion, conversions, converted
from supervisor.shell.git.keep.files import EXACT_LIMIT, INDEX_LIMIT, LocalFiles, blob_id, usual_modes
from supervisor.shell.git.keep.form import quoted
from supervisor.shell.git.reach.files import Stamp
from supervisor.shell.git.run import failed

CONVERTED_LIMIT = 5_000
"""Files that git may convert, of which we look at the bytes: each is read once."""

_SECONDS = 600.0


class Beside(Struct, frozen=True):
    """What git's tree does not hold of clean files, by path."""

    exact: Mapping[bytes, str] = {}  # the ids of the exact bytes, where a checkout might write others
    permissions: Mapping[bytes, int] = {}  # where a checkout would give others


class CleanFiles:
    """Looks at the clean files of one work tree, time and again. What it has read once, it does not read again."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._files = LocalFiles(root)
        self._known: dict[bytes, tuple[Stamp, Conversion, str, str]] = {}  # by path; what git has of it, exact bytes

    def every(self) -> Beside:
        """Look at all tracked files, clean or not. Raises WorkspaceError when git fails."""
        answer = read_git(self._root, "ls-files", "-z", limit=INDEX_LIMIT)
        if answer.code != 0 and not answer.cut:
            raise failed(self._root, "list its files", answer)
        return self._look(answer.out.split(b"\0")[:-1], None)

    def some(self, paths: Collection[bytes]) -> Beside:
        """Look at these files. Raises WorkspaceError when git fails."""
        return self._look(paths, paths) if paths else Beside()

    def _look(self, paths: Iterable[bytes], only: Collection[bytes] | None) -> Beside:
        usual = {stat.S_IFREG | mode for mode in self._usual()}
        top = os.fsencode(self._root) + b"/"
        permissions = {}
        for path in paths:
            try:
                mode = os.lstat(top + path).st_mode
            except OSError:
                continue
            if mode not in usual and stat.S_ISREG(mode):
                permissions[path] = stat.S_IMODE(mode)
        return Beside(self._exact(only), permissions)

    def _usual(self) -> tuple[int, ...]:
        """The permissions by which git's tree says enough: if it does not record the x bit, only those without it."""
        records = next((one.value for one in reversed(read_config(self._root)) if one.key == "core.filemode"), b"true")
        return usual_modes() if records.lower() == b"true" else usual_modes()[:1]

    def _exact(self, only: Collection[bytes] | None) -> dict[bytes, str]:
        recorded = converted(self._root)
        if only is not None:
            recorded = {path: recorded[path] for path in only if path in recorded}
        wanted = list(recorded)[:CONVERTED_LIMIT]
        stamps = self._files.stamps(wanted)
        anew = list[bytes]()
        found: dict[bytes, tuple[Stamp, Conversion, str, str]] = {}
        for path, how in conversions(self._root, wanted).items():
            stamp, oid = stamps[path], recorded[path]
            if stamp is None or not stat.S_ISREG(stamp.mode) or stamp.size > EXACT_LIMIT:
                continue
            known = self._known.get(path)
            if known is not None and known[:3] == (stamp, how, oid):
                found[path] = known
                continue
            found[path] = (stamp, how, oid, "")
            if self._needs(path, how, oid):
                anew.append(path)
        for path, exact in zip(anew, self._written(anew), strict=True):
            found[path] = (*found[path][:3], exact)
        now = self._files.stamps(anew)
        self._known = {path: one for path, one in found.items() if now.get(path, one[0]) == one[0]}
        return {path: exact for path, (_, _, _, exact) in found.items() if exact}

    def _needs(self, path: bytes, how: Conversion, oid: str) -> bool:
        """Whether a checkout of what git recorded might write other bytes than are in a file."""
        content = self._files.content(path)
        if content is None:
            return False
        same = blob_id(content, oid) == oid
        if how is Conversion.LINE_ENDS:
            plain = content.replace(b"\r\n", b"\n")
            made_here = (
                plain.count(b"\n") == content.count(b"\r\n") and b"\r" not in plain and blob_id(plain, oid) == oid
            )
            return not made_here
        return not same or (how is Conversion.ANY and bool(content))

    def _written(self, paths: Collection[bytes]) -> list[str]:
        """Write exact bytes into the repo, and return their ids."""
        if not paths:
            return []
        names = b"".join(quoted(path) + b"\n" for path in paths)
        words = ("hash-object", "-w", "--no-filters", "--stdin-paths")
        answer = read_git(self._root, *words, seconds=_SECONDS, stdin=names, settings=("gc.auto=0",))
        if answer.code != 0 or answer.cut:
            raise failed(self._root, "read files", answer)
        return answer.out.decode("ascii").split()
