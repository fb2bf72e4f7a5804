"""Work out what a work tree becomes: merge kept trees step by step, with what lies beside git's trees."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

from msgspec.structs import replace

from supervisor.errors import WorkspaceError
from supervisor.regex import regex
from supervisor.shell.git.config import read_git
from supervisor.shell.git.keep.form import MODES, RAW, REFS, WORK, TreeState
from supervisor.shell.git.keep.merge import merged
from supervisor.shell.git.keep.objects import StoredObject, empty_tree, entries_of, read_objects
from supervisor.shell.git.reach.files import PathChange
from supervisor.shell.git.run import failed

PROGRAM = "100755"

_ID = regex(r"[0-9a-f]{40}|[0-9a-f]{64}")
_MODE = regex(rb"([0-7]{1,6}) (.*)", re.DOTALL)


def state_of(root: Path, commit: str) -> TreeState:
    """Read a kept commit of the repo at `root`. Raises WorkspaceError if it is none."""
    return states_of(root, [commit])[0]


def states_of(root: Path, commits: Sequence[str]) -> list[TreeState]:
    """Read kept commits of the repo at `root`. Raises WorkspaceError if one is none."""
    if not all(map(_ID.fullmatch, commits)):
        raise WorkspaceError(f"the record names no kept work tree of {root}", "see `orch doctor`")
    found = read_objects(root, [name for one in commits for name in (f"{one}^{{tree}}", f"{one}:{MODES}")])
    return [_state(root, *pair) for pair in zip(commits, found[0::2], found[1::2], strict=True)]


def _state(root: Path, commit: str, top: StoredObject | None, modes: StoredObject | None) -> TreeState:
    if top is None:
        raise WorkspaceError(
            f"a work tree that was kept in {root} is gone ({commit[:12]})", f"was `{REFS}` deleted there?"
        )
    entries = dict(entries_of(top))
    exact = {}
    if raw := entries.get(RAW.encode()):
        answer = read_git(root, "ls-tree", "-r", "-z", "--full-tree", raw)
        exact = {path: oid for _, oid, path in _entries(answer.out)}
    lines = modes.content.split(b"\0") if modes is not None else ()
    permissions = {one[2]: int(one[1], 8) & 0o7777 for one in map(_MODE.fullmatch, lines) if one is not None}
    usual = permissions.pop(b"", 0)
    return TreeState(entries.get(WORK.encode()) or empty_tree(root), exact, permissions, usual)


def stepped(root: Path, ours: TreeState, base: TreeState, theirs: TreeState) -> tuple[TreeState, tuple[str, ...]]:
    """Apply what lies between two states to a third one. Returns the result, and the paths in conflict.

    Raises WorkspaceError when git fails.
    """
    result = merged(root, base.tree, ours.tree, theirs.tree)
    if result.conflicts:
        return replace(ours, tree=result.tree), result.conflicts
    if not any((one.exact or one.permissions) for one in (ours, base, theirs)):
        return TreeState(result.tree, usual=ours.usual), ()
    exact = _exact(root, result.tree, ours, base, theirs)
    return TreeState(result.tree, exact, _permissions(ours, base, theirs), ours.usual), ()


def _exact(root: Path, tree: str, ours: TreeState, base: TreeState, theirs: TreeState) -> dict[bytes, str]:
    """Merge the exact bytes. They hold for a path only where the content is the one beside which they lay."""
    not_ours = {one.path: one for one in changes(root, ours.tree, tree)}
    not_theirs = {one.path: one for one in changes(root, theirs.tree, tree)}
    found = {}
    for path in {*ours.exact, *base.exact, *theirs.exact}:
        one, other = not_ours.get(path), not_theirs.get(path)
        if one is not None and other is not None:  # merged: if both sides have what git recorded, so has the result
            if (ours.exact.get(path), theirs.exact.get(path)) == (one.old, other.old):
                found[path] = one.oid
            continue
        takes_theirs = one is not None or (other is None and ours.exact.get(path) == base.exact.get(path))
        side = theirs if takes_theirs else ours
        if path in side.exact:
            found[path] = side.exact[path]
    return found


def _permissions(ours: TreeState, base: TreeState, theirs: TreeState) -> dict[bytes, int]:
    """Merge the permissions, whatever becomes of the contents: who changed them on one side only is followed."""
    found = {}
    for path in {*ours.permissions, *theirs.permissions}:
        changed = ours.permissions.get(path) != base.permissions.get(path)
        side = ours if changed or (path not in theirs.permissions and not theirs.usual) else theirs
        if path in side.permissions:
            found[path] = side.permissions[path]
    return found


def concerned(root: Path, base: TreeState, theirs: TreeState) -> set[bytes]:
    """List the paths at which two states differ. Raises WorkspaceError when git fails."""
    beside = ((base.exact, theirs.exact), (base.permissions, theirs.permissions))
    found = {path for one, other in beside for path in {*one, *other} if one.get(path) != other.get(path)}
    return found | {one.path for one in changes(root, base.tree, theirs.tree)}


def rewrites(root: Path, now: TreeState, target: TreeState) -> tuple[PathChange, ...]:
    """List what has to be written so that a work tree as `now` becomes `target`. Raises WorkspaceError."""
    found = {one.path: one for one in changes(root, now.tree, target.tree)}
    odd = {
        path
        for path in {*now.exact, *target.exact, *now.permissions, *target.permissions}
        if path not in found
        and (now.exact.get(path), now.permissions.get(path)) != (target.exact.get(path), target.permissions.get(path))
    }
    for mode, oid, path in _at(root, target.tree, sorted(odd)):
        found[path] = PathChange(path, mode, oid, mode, oid)
    return tuple(
        replace(one, exact=target.exact.get(path, ""), permissions=_wanted(one, target))
        for path, one in sorted(found.items())
    )


def _wanted(one: PathChange, target: TreeState) -> int | None:
    """Return the permissions of a file to be written. None: those that it has, if it is there, else the usual ones."""
    if not target.usual:
        return target.permissions.get(one.path)
    readers = target.usual & 0o444
    return target.permissions.get(one.path, target.usual | (readers >> 2 if one.mode == PROGRAM else 0))


@lru_cache(maxsize=8)
def changes(root: Path, before: str, after: str) -> tuple[PathChange, ...]:
    """List the paths that differ between two trees. Raises WorkspaceError when git fails.

    An undo asks for the same ones twice: of what it takes back, and of what it has to write.
    """
    if before == after:
        return ()
    answer = read_git(root, "diff-tree", "-r", "-z", "--no-renames", "--no-abbrev", before, after)
    if answer.code != 0 or answer.cut:
        raise failed(root, "compare two work trees", answer)
    fields = answer.out.split(b"\0")[:-1]
    found = []
    for record, path in zip(fields[0::2], fields[1::2], strict=True):
        old_mode, mode, old, oid, _ = record[1:].decode("ascii").split(" ")
        found.append(PathChange(path, old_mode, old, mode, oid))
    return tuple(found)


def _at(root: Path, tree: str, paths: Iterable[bytes]) -> Iterable[tuple[str, str, bytes]]:
    wanted = frozenset(paths)
    if not wanted:
        return
    answer = read_git(root, "ls-tree", "-r", "-z", "--full-tree", tree)
    if answer.code != 0 or answer.cut:
        raise failed(root, "list a work tree", answer)
    yield from (one for one in _entries(answer.out) if one[2] in wanted)


def _entries(out: bytes) -> Iterable[tuple[str, str, bytes]]:
    for record in out.split(b"\0")[:-1]:
        head, path = record.split(b"\t", 1)
        mode, _, oid = head.decode("ascii").split(" ")
        yield mode, oid, path
