"""The files of a work tree, as keeping and writing it needs them: many at once, without following links.

Paths are relative to the root of the work tree. Those on another machine are looked at there.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from supervisor.regex import regex
from supervisor.shell.git.config import read_git
from supervisor.shell.git.folder import place_of
from supervisor.shell.git.reach.files import Stamp, WorkFiles
from supervisor.shell.git.reach.there import PathThere
from supervisor.shell.git.run import failed

EXACT_LIMIT = 64 << 20
"""Bytes. A larger file is kept as git records it: nobody edits the line ends of one."""

HIDDEN_LIMIT = 5_000
"""Files that git was told not to look at, which we look at. Those that a sparse checkout leaves out come last."""

INDEX_LIMIT = 256 << 20
"""Bytes of the list of all files: about three million paths."""

HIDDEN = regex(rb"(?:^|(?<=\0))([a-zS]) ([^\0]+)")
"""A line of `git ls-files -v -z`: a small letter marks assume-unchanged, and S skip-worktree."""

_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class LocalFiles:
    """The files of a work tree on this machine."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._top = os.fsencode(root) + b"/"

    def stamps(self, paths: Iterable[bytes]) -> dict[bytes, Stamp | None]:
        return {path: _stamp(self._top + path) for path in paths}

    def targets(self, links: Iterable[bytes]) -> dict[bytes, bytes]:
        found = {}
        for path in links:
            with suppress(OSError):
                found[path] = os.readlink(self._top + path)
        return found

    def unreadable(self, files: Iterable[bytes]) -> dict[bytes, str]:
        found = {}
        for path in files:
            try:
                os.close(os.open(self._top + path, _OPEN))
            except OSError as error:
                found[path] = error.strerror or str(error)
        return found

    def differing(self, recorded: Mapping[bytes, str]) -> list[bytes]:
        return [path for path, oid in recorded.items() if self._differs(path, oid)]

    def _differs(self, path: bytes, oid: str) -> bool:
        content = self.content(path)
        return content is not None and blob_id(content, oid) != oid

    def content(self, path: bytes) -> bytes | None:
        """Read a file, up to a byte beyond `EXACT_LIMIT`. None: it is gone."""
        try:  # a child may put a link or a pipe in its place meanwhile: follow none, and wait for none
            with os.fdopen(os.open(self._top + path, _OPEN), "rb") as file:
                return file.read(EXACT_LIMIT + 1)
        except OSError:
            return None

    def index(self) -> Stamp | None:
        place = place_of(self._root)
        return None if place is None else _stamp(os.fsencode(place.git / "index"))

    def hidden(self) -> tuple[tuple[bytes, bool], ...]:
        answer = read_git(self._root, "ls-files", "-v", "-z", limit=INDEX_LIMIT)
        if answer.code != 0 and not answer.cut:
            raise failed(self._root, "list the files that git does not look at", answer)
        found = [(path, mark in b"Ss") for mark, path in HIDDEN.findall(answer.out)]
        found.sort(key=lambda one: one[1] and not os.path.lexists(self._top + one[0]))  # those there come first
        return tuple(found[:HIDDEN_LIMIT])

    def staged(self) -> str:
        place = place_of(self._root)
        if place is None:
            return ""
        with suppress(OSError), tempfile.TemporaryDirectory(prefix="orch-", dir=place.git) as folder:
            copy = Path(shutil.copy2(place.git / "index", folder))  # with its time: git compares it with those of files
            answer = read_git(self._root, "write-tree", index=copy)
            return answer.out.decode("ascii").strip() if answer.code == 0 else ""
        return ""

    def below(self, folder: bytes) -> list[bytes]:
        start = len(self._top)
        return [os.path.join(found, name)[start:] for found, _, files in os.walk(self._top + folder) for name in files]


def files_of(root: Path) -> WorkFiles:
    """Return the files of the work tree whose root is `root`."""
    return root.repo.files() if isinstance(root, PathThere) else LocalFiles(root)


def blob_id(content: bytes, like: str) -> str:
    """Return the id of a blob, in the form of another id."""
    digest = (hashlib.sha1 if len(like) == 40 else hashlib.sha256)(b"blob %d\0" % len(content), usedforsecurity=False)
    digest.update(content)
    return digest.hexdigest()


def usual_modes() -> tuple[int, int]:
    """Return the permissions that a checkout gives here, to files and to programs."""
    mask = 0o022
    with suppress(OSError), open("/proc/self/status", encoding="ascii", errors="replace") as status:
        mask = next((int(line.split()[1], 8) for line in status if line.startswith("Umask:")), mask)
    return 0o666 & ~mask, 0o777 & ~mask


def stamp_of(found: os.stat_result) -> Stamp:
    """Return the stamp of what was looked at."""
    times = (found.st_mtime_ns, found.st_ctime_ns)
    return Stamp(found.st_mode, found.st_size, (*times, found.st_ino, found.st_dev))


def _stamp(file: bytes) -> Stamp | None:
    try:
        return stamp_of(os.lstat(file))
    except OSError:
        return None
