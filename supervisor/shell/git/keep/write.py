"""Write into a work tree what is to change in it. The index, HEAD and branches stay as they are.

First everything is looked at, and what is in the way refuses it all. Then each file is replaced atomically. Paths are
followed folder by folder, never through a link: a child may put one there at any moment.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from msgspec import Struct

from supervisor.domain.repo.pathname import shown
from supervisor.errors import WorkspaceError
from supervisor.shell.git.config import read_git
from supervisor.shell.git.folder import place_of
from supervisor.shell.git.keep.files import files_of, stamp_of
from supervisor.shell.git.keep.form import quoted
from supervisor.shell.git.reach.files import ABSENT, PathChange, Stamp
from supervisor.shell.git.reach.there import PathThere
from supervisor.shell.git.run import failed

GITLINK = "160000"
"""The mode of a submodule, which is never moved."""

LINK = "120000"
_SECONDS = 600.0
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class Look(Struct, frozen=True):
    """A look at the paths that are to change."""

    in_the_way: tuple[str, ...]  # what keeps the changes from being written, each with the reason
    stamps: Mapping[bytes, Stamp | None]  # of each path; None: nothing is there


def look(root: Path, changes: Sequence[PathChange]) -> Look:
    """Look whether the work tree still is as it was kept, where it is to change. Reads only.

    A path at which the kept tree has nothing must be free: what is there is ignored by git, and only its owner knows
    what it is worth. Raises WorkspaceError when git fails.
    """
    files = files_of(root)
    freed = {one.path for one in changes if one.mode == ABSENT}
    found = files.stamps(dict.fromkeys(path for one in changes for path in (*_folders(one.path), one.path)))
    obstacles: list[str] = []
    stamps: dict[bytes, Stamp | None] = {}
    contents: dict[bytes, str] = {}
    for one in changes:
        stamps[one.path] = None
        if GITLINK in (one.mode, one.old_mode):
            continue
        above = [(path, stamp) for path in _folders(one.path) if (stamp := found[path]) is not None]
        blocking = next((path for path, stamp in above if not stat.S_ISDIR(stamp.mode)), None)
        there = found[one.path] if blocking is None else None
        if blocking is not None and blocking not in freed:
            obstacles.append(f"{shown(blocking)} is in the way of {shown(one.path)}")
        if there is None:
            continue
        if one.old_mode == ABSENT:
            if not (stat.S_ISDIR(there.mode) and freed.issuperset(files.below(one.path))):
                obstacles.append(f"{shown(one.path)} is there, and git ignores it")
            continue
        stamps[one.path] = there
        if stat.S_ISREG(there.mode):
            contents[one.path] = one.old
        elif not stat.S_ISLNK(there.mode):
            obstacles.append(f"{shown(one.path)} is no file any more")
    obstacles += [f"{shown(path)} was changed a moment ago" for path in _changed(root, contents)]
    return Look(tuple(obstacles), stamps)


def _folders(path: bytes) -> list[bytes]:
    """The folders above a path, the outermost first."""
    parts = path.split(b"/")
    return [b"/".join(parts[:depth]) for depth in range(1, len(parts))]


def _changed(root: Path, files: Mapping[bytes, str]) -> list[bytes]:
    """Return the files whose content is not the expected one."""
    if not files:
        return []
    names = b"".join(quoted(path) + b"\n" for path in files)
    answer = read_git(
        root, "hash-object", "--stdin-paths", stdin=names, seconds=_SECONDS, settings=("core.safecrlf=false",)
    )
    if answer.code != 0 or answer.cut:
        raise failed(root, "read the changed files", answer)
    found = answer.out.decode("ascii").split()
    return [path for (path, oid), now in zip(files.items(), found, strict=True) if oid != now]


def write_changes(root: Path, changes: Sequence[PathChange], seen: Look) -> None:
    """Write the changes into a work tree that is as it was `seen`. Raises WorkspaceError when a path cannot be written,
    or was changed meanwhile: it and what follows then stay as they were. Raises OutOfReach when another machine gives
    no answer: whether they were written, nobody knows then."""
    if isinstance(root, PathThere):
        root.repo.write(changes, seen.stamps)
        return
    wanted = [one for one in changes if one.mode not in (ABSENT, GITLINK)]
    gone = [one for one in changes if one.mode == ABSENT and one.old_mode != GITLINK]
    with _made(root, wanted) as made, _opened(root) as top:
        for one in gone:
            _remove(root, top, one.path, seen.stamps[one.path])
        for one in wanted:
            try:
                with _folder_of(top, one.path, make=True) as folder:
                    name = os.path.basename(one.path)
                    _same(folder, name, seen.stamps[one.path])
                    _put(made[one.path], folder, name, one)
            except OSError as error:
                raise _not_written(root, one.path, error) from error


def _not_written(root: Path, path: bytes, error: OSError) -> WorkspaceError:
    return WorkspaceError(f"{shown(path)} in {root} cannot be written ({error.strerror})", "fix that, then try again")


@contextmanager
def _made(root: Path, wanted: Sequence[PathChange]) -> Iterator[dict[bytes, bytes]]:
    """Write the new files into a folder beside the work tree; yields where each is."""
    place = place_of(root)
    assert place is not None, "a repo that was kept has a git folder"
    with tempfile.TemporaryDirectory(prefix="orch-", dir=place.git) as folder:
        index = Path(folder) / "index"
        tree = Path(folder) / "tree"
        plain = [one for one in wanted if not one.exact]
        if plain:
            lines = b"".join(f"{one.mode} {one.oid}\t".encode() + one.path + b"\0" for one in plain)
            for words, stdin in (
                (("update-index", "-z", "--add", "--index-info"), lines),
                (("checkout-index", "--all", "--quiet", f"--prefix={tree}/"), b""),
            ):
                answer = read_git(root, *words, index=index, stdin=stdin, seconds=_SECONDS, settings=CHECKOUT)
                if answer.code != 0:
                    raise failed(root, "write files", answer)
        made = {one.path: os.fsencode(tree) + b"/" + one.path for one in plain}
        for number, one in enumerate(one for one in wanted if one.exact):
            file = Path(folder) / f"exact-{number}"
            answer = read_git(root, "cat-file", "blob", one.exact, seconds=_SECONDS, limit=_EXACT)
            if answer.code != 0 or answer.cut:
                raise failed(root, "read the exact bytes of a file", answer)
            mode = 0o777 if one.mode == "100755" else 0o666
            with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode), "wb") as new:
                new.write(answer.out)
            made[one.path] = os.fsencode(file)
        yield made


CHECKOUT = ("core.symlinks=true", "checkout.workers=1")
_EXACT = 65 << 20
"""Bytes. More than `capture.EXACT_LIMIT`."""


def _put(source: bytes, folder: int, name: bytes, one: PathChange) -> None:
    """Put a new file in its place, with the permissions that were kept."""
    if one.mode != LINK and one.permissions is not None:
        os.chmod(source, one.permissions)
    try:
        os.rename(source, name, dst_dir_fd=folder)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        beside = b".orch-" + os.urandom(6).hex().encode()
        try:
            shutil.copy2(source, b"/proc/self/fd/%d/%s" % (folder, beside), follow_symlinks=False)
            os.rename(beside, name, src_dir_fd=folder, dst_dir_fd=folder)
        finally:
            with suppress(FileNotFoundError):
                os.unlink(beside, dir_fd=folder)


def _same(folder: int, name: bytes, expected: Stamp | None) -> None:
    """Raise FileExistsError if what is at a name is not what was seen there. A folder without files is nothing."""
    found = None
    with suppress(FileNotFoundError):
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
    if found is not None and stat.S_ISDIR(found.st_mode) and expected is None:
        for _, below, _, at in os.fwalk(name, topdown=False, dir_fd=folder):
            for one in below:
                os.rmdir(one, dir_fd=at)
        os.rmdir(name, dir_fd=folder)
    elif (None if found is None else stamp_of(found)) != expected:
        raise FileExistsError(errno.EEXIST, "it was changed a moment ago")


def _remove(root: Path, top: int, path: bytes, expected: Stamp | None) -> None:
    """Remove a file, and the folders that are empty without it."""
    parts = path.split(b"/")
    try:
        with _folder_of(top, path) as folder:
            if expected is not None:
                _same(folder, parts[-1], expected)
                os.unlink(parts[-1], dir_fd=folder)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise _not_written(root, path, error) from error
    for depth in range(len(parts) - 1, 0, -1):
        try:
            with _folder_of(top, b"/".join(parts[:depth])) as folder:
                os.rmdir(parts[depth - 1], dir_fd=folder)
        except OSError:
            return  # it holds something


@contextmanager
def _opened(root: Path) -> Iterator[int]:
    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def _folder_of(top: int, path: bytes, *, make: bool = False) -> Iterator[int]:
    """Open the folder of a path below `top`. Raises OSError, for a link on the way too."""
    folder = os.dup(top)
    try:
        for part in path.split(b"/")[:-1]:
            if make:
                with suppress(FileExistsError):
                    os.mkdir(part, dir_fd=folder)
            below = os.open(part, _FOLDER, dir_fd=folder)
            os.close(folder)
            folder = below
        yield folder
    finally:
        os.close(folder)
