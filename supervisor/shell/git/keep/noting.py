"""A copy of a repo's index, in which git notes what it saw of each file: if it had nothing to note, no clean file was
touched, and not even its permissions are others.

It lies in the `.git` folder, where a child's sandbox writes nothing. Git looks at whole seconds.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from contextlib import suppress
from pathlib import Path

from supervisor.shell.git.folder import place_of
from supervisor.shell.git.keep.form import REFS

_FOLDER = Path(REFS).name
_ROOM = 1 << 20  # bytes, beyond the size of the copy


class NotingIndex:
    """The copy for one work tree. Not for two threads at once."""

    def __init__(self, root: Path, name: str) -> None:
        self._root = root
        self._key = hashlib.blake2b(name.encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()
        self._seed: tuple[int, ...] | None = None  # of the index that was copied
        self._noted: tuple[int, ...] | None = None  # of the copy, when it was looked at last
        self._copy = root  # before the first copy

    def renewed(self) -> tuple[Path | None, bool]:
        """Return the copy, and whether it is a new one: of an index that changed. None: it cannot be copied."""
        place = place_of(self._root)
        index = None if place is None else place.git / "index"
        seed = None if index is None else _stamp(index)
        if seed is not None and seed == self._seed and self._noted == _stamp(self._copy):
            return self._copy, False
        self._seed = None
        if place is None or index is None or seed is None:
            return None, True
        with suppress(OSError):
            folder = place.git / _FOLDER
            folder.mkdir(mode=0o700, exist_ok=True)
            for older in folder.glob(f"{self._key}.*"):  # of a process that was killed
                older.unlink()
            self._copy = folder / f"{self._key}.{os.getpid()}"
            shutil.copy2(index, self._copy)  # with its time: git compares it with those of files
            if _stamp(index) == seed:
                self._seed, self._noted = seed, _stamp(self._copy)
                return self._copy, True
        return None, True

    def untouched(self) -> bool:
        """Whether git noted nothing since the last call, though it could have."""
        before, self._noted = self._noted, _stamp(self._copy)
        return before is not None and before == self._noted and self._writable()

    def second(self) -> int:
        """The time on the disk that holds the copy: what is touched from now on has this one or a later one."""
        os.chmod(self._copy, 0o600)
        return int(os.lstat(self._copy).st_ctime)

    def _writable(self) -> bool:
        """Git says nothing when it cannot write what it saw: when the disk is full, or it finds a lock."""
        lock = self._copy.with_name(self._copy.name + ".lock")
        try:
            file = os.open(lock, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except OSError:
            return False
        try:
            os.posix_fallocate(file, 0, os.lstat(self._copy).st_size + _ROOM)
        except OSError:
            return False
        finally:
            os.close(file)
            lock.unlink()
        return True


def _stamp(path: Path) -> tuple[int, ...] | None:
    try:
        found = os.lstat(path)
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
