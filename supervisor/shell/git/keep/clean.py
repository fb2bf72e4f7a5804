"""The files that git calls clean: what its tree does not hold of them, be it bytes that it converts or permissions.

A run may change or delete any of them, so both are looked for before it does.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import msgspec
from msgspec import Struct

from supervisor.errors import WorkspaceError
from supervisor.shell.git.config import Setting, read_config, read_git
from supervisor.shell.git.keep.conversion import Conversion, Rules, conversions, converted, folders_of, rules_of
from supervisor.shell.git.keep.files import EXACT_LIMIT, INDEX_LIMIT, LocalFiles, blob_id, usual_modes
from supervisor.shell.git.keep.form import quoted
from supervisor.shell.git.keep.noting import NotingIndex
from supervisor.shell.git.reach.files import Stamp
from supervisor.shell.git.run import failed
from supervisor.shell.git.tree import TreeNow, read_now

CONVERTED_LIMIT = 5_000
"""Files that git may convert, of which we look at the bytes: each is read once."""

_SECONDS = 600.0
_NEVER = float("inf")


class Beside(Struct, frozen=True):
    """What git's tree does not hold of clean files, by path."""

    exact: Mapping[bytes, str] = {}  # the ids of the exact bytes, where a checkout might write others
    permissions: Mapping[bytes, int] = {}  # where a checkout would give others


class _Sweep(Struct, frozen=True):
    """What a look at all files found."""

    permissions: Mapping[bytes, int]  # where a checkout would give others
    young: tuple[bytes, ...] = ()  # touched in the second of the look, so that git may miss it if they are once more
    folders: frozenset[bytes] = frozenset()  # in which they are


class CleanFiles:
    """Looks at the clean files of one work tree, time and again. What it has read once, it does not read again.

    `name` tells it from others that look at the same work tree.
    """

    def __init__(self, root: Path, name: str) -> None:
        self._root = root
        self._files = LocalFiles(root)
        self._known: dict[bytes, tuple[Stamp, Conversion, str, str]] = {}  # by path; what git has of it, exact bytes
        self._noting = NotingIndex(root, name)
        self._swept: tuple[frozenset[int], _Sweep] | None = None  # what holds as long as git notes nothing
        self._listed: tuple[Rules, dict[bytes, str]] | None = None  # the files that may be converted

    def read(self) -> tuple[TreeNow, Future[Beside]]:
        """Read the work tree, and look at all its tracked files: only at those touched since the last time, if git can
        tell. Raises WorkspaceError when git fails on the work tree; the future does when it fails on the files."""
        settings = read_config(self._root)
        usual, by_time = _modes(settings)
        copy, renewed = self._noting.renewed() if by_time else (None, True)
        known = None if renewed or self._swept is None or self._swept[0] != usual else self._swept[1]
        second = self._noting.second() if copy is not None else _NEVER
        with ThreadPoolExecutor(2, "clean files") as pool:
            exact = pool.submit(self._converted, settings, None if known is None else known.folders)
            every = pool.submit(self._every, usual, second) if known is None else None
            self._swept = None  # until this look is done
            now = read_now(self._root, noting=copy)
        untouched = copy is not None and not now.cut and self._noting.untouched()
        found = Future[Beside]()
        try:
            if every is not None:  # it says nothing of what git noted meanwhile
                seen, lasts = every.result(), untouched
            elif known is not None and untouched:
                seen, lasts = self._since(known, usual, second), True
            else:
                seen, lasts = self._every(usual, second), not now.cut
            self._swept = (usual, seen) if lasts else None
            found.set_result(Beside(exact.result(), seen.permissions))
        except WorkspaceError as error:
            found.set_exception(error)
        return now, found

    def every(self) -> Beside:
        """Look at all tracked files, clean or not. Raises WorkspaceError when git fails."""
        usual = _modes(read_config(self._root))[0]
        return Beside(self._exact(converted(self._root)), self._every(usual, _NEVER).permissions)

    def some(self, paths: Collection[bytes]) -> Beside:
        """Look at these files. Raises WorkspaceError when git fails."""
        if not paths:
            return Beside()
        usual, exact = _modes(read_config(self._root))[0], dict[bytes, str]()
        if maybe := conversions(self._root, list(paths)):
            exact = self._exact({path: oid for path, oid in converted(self._root).items() if path in maybe})
        return Beside(exact, self._look(paths, usual, _NEVER).permissions)

    def _converted(self, settings: tuple[Setting, ...], folders: frozenset[bytes] | None) -> dict[bytes, str]:
        """The exact bytes of all files. Those that may be converted are listed anew unless neither the index (then no
        `folders` are given) nor what says so changed."""
        rules = None if folders is None else rules_of(self._root, settings, folders)
        if rules is None or self._listed is None or self._listed[0] != rules:
            listed = converted(self._root)
            self._listed = None if rules is None else (rules, listed)
            return self._exact(listed)
        return self._exact(self._listed[1])

    def _every(self, usual: frozenset[int], second: float) -> _Sweep:
        answer = read_git(self._root, "ls-files", "-z", limit=INDEX_LIMIT)
        if answer.code != 0 and not answer.cut:
            raise failed(self._root, "list its files", answer)
        paths = answer.out.split(b"\0")[:-1]
        seen = self._look(paths, usual, second)
        return msgspec.structs.replace(seen, folders=folders_of(paths))

    def _since(self, known: _Sweep, usual: frozenset[int], second: float) -> _Sweep:
        """What is known, and what a look at the young ones finds."""
        if not known.young:
            return known
        seen = self._look(known.young, usual, second)
        young = frozenset(known.young)
        older = {path: mode for path, mode in known.permissions.items() if path not in young}
        return _Sweep({**older, **seen.permissions}, seen.young, known.folders)

    def _look(self, paths: Iterable[bytes], usual: frozenset[int], second: float) -> _Sweep:
        top = os.fsencode(self._root) + b"/"
        permissions, young = dict[bytes, int](), list[bytes]()
        for path in paths:
            try:
                found = os.lstat(top + path)
            except OSError:
                continue
            if found.st_ctime >= second:
                young.append(path)
            if found.st_mode not in usual and stat.S_ISREG(found.st_mode):
                permissions[path] = stat.S_IMODE(found.st_mode)
        return _Sweep(permissions, tuple(young))

    def _exact(self, recorded: Mapping[bytes, str]) -> dict[bytes, str]:
        """The ids of the exact bytes of these files, of which we are given what the index has."""
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


def _modes(settings: tuple[Setting, ...]) -> tuple[frozenset[int], bool]:
    """The modes of files of which git's tree says enough: if it does not record the x bit, only those without it. And
    whether git goes by all that the system says of a file."""
    said = {one.key: one.value.lower() for one in settings}
    usual = usual_modes() if said.get("core.filemode", b"true") == b"true" else usual_modes()[:1]
    by_time = said.get("core.trustctime", b"true") == b"true" and said.get("core.checkstat", b"default") == b"default"
    return frozenset(stat.S_IFREG | mode for mode in usual), by_time
