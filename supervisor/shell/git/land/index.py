"""Have the index follow a branch that is checked out and was moved: only where it was as the branch was before."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

from supervisor.shell.git.config import read_git
from supervisor.shell.git.folder import place_of
from supervisor.shell.git.keep.objects import empty_tree
from supervisor.shell.git.land.build import entries_between, tree_of
from supervisor.shell.git.land.look import SETTINGS
from supervisor.shell.git.reach.there import PathThere
from supervisor.shell.git.run import failed

_OWN = "orch-landing-index"


def staged_among(root: Path, base: str | None, tip: str) -> tuple[bytes, ...]:
    """Return the paths that a commit changes and of which something else is staged. Raises WorkspaceError."""
    before, changed = _changed(root, base, tip)
    staged = _staged(root, before)
    return tuple(path for path in changed if path in staged and staged[path] != changed[path][1])


def follow(root: Path, base: str | None, tip: str) -> str:
    """Put what a commit changes into the index, unless something else is staged there. Returns what is in the way.

    Doing it again does no harm. Raises WorkspaceError.
    """
    before, changed = _changed(root, base, tip)
    staged = _staged(root, before)
    wanted = sorted((path, new) for path, (_, new) in changed.items() if path not in staged)
    if not wanted:
        return ""
    # What is removed comes first: a folder may be in the place of a file.
    wanted.sort(key=lambda one: not one[1].startswith(b"000000"))
    rows = (b"%s\t%s\0" % (new.replace(b"000000 ", b"0 ", 1), path) for path, new in wanted)
    place = None if isinstance(root, PathThere) else place_of(root)
    why = _updated(root, b"".join(rows), None) if place is None else _replaced(root, place.git, b"".join(rows))
    return f"git cannot update the index of {root}: {why}" if why else ""


def _updated(root: Path, rows: bytes, index: Path | None) -> str:
    answer = read_git(root, "update-index", "-z", "--index-info", settings=SETTINGS, stdin=rows, index=index)
    return "" if answer.code == 0 else answer.complaint


def _replaced(root: Path, git: Path, rows: bytes) -> str:
    """Write the new index beside the old one, and put it in place under git's own lock.

    The lock is a link to it, so whoever comes after a stop knows it for ours.
    """
    index, lock, own = git / "index", git / "index.lock", git / _OWN
    try:
        with suppress(FileNotFoundError):
            if os.path.samestat(os.lstat(lock), os.lstat(own)):
                lock.unlink()
        for left in (own, own.with_name(f"{_OWN}.lock")):
            left.unlink(missing_ok=True)
        before = _seen(index)
        if before is not None:
            shutil.copy2(index, own)  # with its time: git compares it with those of files
        if why := _updated(root, rows, own):
            return why
        os.link(own, lock)
        if _seen(index) != before:
            lock.unlink()
            return "somebody else changed it at the same time"
        os.replace(lock, index)
        own.unlink()
    except OSError as error:
        return f"{lock}: {error.strerror}"
    return ""


def _seen(index: Path) -> tuple[int, ...] | None:
    try:
        found = os.lstat(index)
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _changed(root: Path, base: str | None, tip: str) -> tuple[str, dict[bytes, tuple[bytes, bytes]]]:
    before = tree_of(root, base)[0] if base is not None else empty_tree(root)
    return before, entries_between(root, before, tree_of(root, tip)[0])


def _staged(root: Path, tree: str) -> dict[bytes, bytes]:
    """What the index has where it differs from a tree: mode and id, by path."""
    answer = read_git(
        root, "diff-index", "--cached", "-z", "--no-renames", "--no-abbrev", "--raw", tree, settings=SETTINGS
    )
    if answer.code != 0 or answer.cut:
        raise failed(root, "read the index", answer)
    words = answer.out.split(b"\0")[:-1]
    found = {}
    for fields, path in zip(words[0::2], words[1::2], strict=True):
        _, mode, _, oid, _ = fields.removeprefix(b":").split(b" ")
        found[path] = mode + b" " + oid
    return found
