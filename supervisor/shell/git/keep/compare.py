"""Compare two kept work trees: the changed files with their sizes, and the patch."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from pathlib import Path

from supervisor.domain.change.diff import DiffStatus, FileDiff, FilePatch, RunDiff
from supervisor.domain.repo.pathname import shown
from supervisor.errors import WorkspaceError
from supervisor.regex import regex
from supervisor.shell.git.config import read_git
from supervisor.shell.git.keep.form import WORK
from supervisor.shell.git.keep.objects import empty_tree, objects_named
from supervisor.shell.git.reach.output import GitOutput
from supervisor.shell.git.run import failed

_DIFF = (
    *("diff", "--no-ext-diff", "--no-textconv", "--submodule=short", "--ignore-submodules=none"),
    *("--src-prefix=a/", "--dst-prefix=b/", "--find-renames"),
)
_LIST = ("--raw", "--numstat", "-z", "--abbrev=40")
_SETTINGS = ("core.quotePath=false", "core.bigFileThreshold=16m")
LARGE = 16 << 20
"""Bytes. A larger file is compared by its id, and never read into memory: two of 1 GB would take it all."""

_ID = regex(r"[0-9a-f]{40}|[0-9a-f]{64}")
_KINDS = {"A": DiffStatus.ADDED, "D": DiffStatus.DELETED, "R": DiffStatus.RENAMED, "C": DiffStatus.ADDED}


def changes_between(root: Path, before: str, after: str, *, folder: str = WORK) -> tuple[FileDiff, ...]:
    """List the files that differ between two kept trees of the repo at `root`. Raises WorkspaceError when git fails.

    With "" as the folder, these are trees of files themselves.
    """
    return _changes(_diff(root, before, after, *_LIST, folder=folder).out)


def patch_between(root: Path, before: str, after: str, *, binary: bool = True) -> bytes:
    """Return the patch from one kept tree to another, which `git apply` takes; at most `run.OUTPUT_LIMIT` bytes.

    `binary`: there may be files in it that are no text. Those of more than LARGE bytes are only said to differ.
    Raises WorkspaceError.
    """
    large = _large(root, before, after) if binary else {}
    others = [f":(exclude,top,literal){path}" for path in large]
    patch = _diff(root, before, after, "--patch", "--binary", "--full-index", "--no-color", paths=others).out
    return patch + b"".join(large.values())


def _large(root: Path, before: str, after: str) -> dict[str, bytes]:
    """What a patch says of the files of more than LARGE bytes, by path. To say it, git would read all of a new one."""
    answer = _diff(root, before, after, "--raw", "-z", "--no-renames", "--no-abbrev")
    fields = [os.fsdecode(one) for one in answer.out.split(b"\0")[:-1]]
    rows = {path: row.split(" ")[2:4] for row, path in zip(fields[0::2], fields[1::2], strict=True)}
    ids = [oid for pair in rows.values() for oid in pair]
    sizes = {oid: size for oid, _, size in objects_named(root, ids)}
    found = {}
    for path, pair in rows.items():
        if max(sizes.get(oid, 0) for oid in pair) > LARGE:
            name = shown(os.fsencode(path))
            sides = [f"{side}/{name}" if oid in sizes else "/dev/null" for side, oid in zip("ab", pair, strict=True)]
            head = f"diff --git a/{name} b/{name}\nindex {pair[0]}..{pair[1]}\n"
            found[path] = f"{head}Binary files {sides[0]} and {sides[1]} differ\n".encode()
    return found


def short_between(root: Path, before: str, after: str, shared: Collection[str]) -> RunDiff:
    """Return what differs between two kept trees in short, the files in `shared` first. Raises WorkspaceError."""
    if before == after:
        return RunDiff(())
    out = _diff(root, before, after, *_LIST, "--patch", "--full-index", "--no-color").out
    listed, _, patch = out.partition(b"\0\0")  # no name is empty, so this stands only before the patch
    files, text = _changes(listed), patch.decode("utf-8", "replace")
    first = sorted(
        files, key=lambda one: (one.path not in shared, (one.additions or 0) + (one.deletions or 0), one.path)
    )
    bodies = {name: body for name, body in map(_body, text.split("\ndiff --git ")) if body}
    patches, left = [], PATCHES
    for one in first:
        body = bodies.get(one.path, "")
        if not body or left <= 0:
            continue
        cut = body if len(body) <= min(PATCH, left) else f"{body[: min(PATCH, left)]}\n[... cut]"
        patches.append(FilePatch(one.path, cut))
        left -= len(cut)
    return RunDiff(tuple(first[:FILES]), max(0, len(first) - FILES), tuple(patches))


FILES = 100
"""Files that the short form of a difference lists."""

PATCH, PATCHES = 2_000, 6_000
"""Characters of the patch of one file, and of all patches, in the short form."""


def _body(part: str) -> tuple[str, str]:
    """Return the path of a file and its patch from the first hunk on; "" if there is none: a binary file."""
    head, mark, body = part.partition("\n@@ ")
    names = {line[:4]: line[6:].rstrip("\t") for line in head.split("\n") if line[4:6] in ("a/", "b/")}
    return names.get("+++ ") or names.get("--- ", ""), f"@@ {body}" if mark else ""


def _diff(
    root: Path, before: str, after: str, *options: str, folder: str = WORK, paths: Sequence[str] = ()
) -> GitOutput:
    if not all(_ID.fullmatch(one) for one in (before, after)):
        raise WorkspaceError(f"the record names no kept work tree of {root}", "see `orch doctor`")
    ends = [f"{before}:{folder}", f"{after}:{folder}"]
    answer = read_git(root, *_DIFF, *options, *ends, "--", *paths, settings=_SETTINGS)
    if answer.code != 0 and not answer.cut and folder:
        ends = [_existing(root, one) for one in ends]
        answer = read_git(root, *_DIFF, *options, *ends, "--", *paths, settings=_SETTINGS)
    if answer.code != 0 and not answer.cut:
        raise failed(root, "compare two kept work trees", answer)
    return answer


def _existing(root: Path, end: str) -> str:
    """Return the empty tree for a kept tree without files: it is not in its commit."""
    commit = end.partition(":")[0]
    there = [read_git(root, "cat-file", "-e", one).code == 0 for one in (f"{commit}^{{commit}}", end)]
    if there != [True, False]:
        return end
    return empty_tree(root)


def _changes(listed: bytes) -> tuple[FileDiff, ...]:
    raws, counts = _records(listed)
    return tuple(_change(raw, counts.get(raw[-1], (None, None))) for raw in raws)


def _records(out: bytes) -> tuple[list[tuple[str, str, str, bytes, bytes]], dict[bytes, tuple[int | None, int | None]]]:
    """Split raw records (old mode, new mode, status, old path, new path) from the counts of lines, by new path."""
    raws: list[tuple[str, str, str, bytes, bytes]] = []
    counts: dict[bytes, tuple[int | None, int | None]] = {}
    fields = iter(out.split(b"\0"))
    for field in fields:
        if field.startswith(b":"):
            old, new, _, _, status = field[1:].decode("ascii").split(" ")
            path = next(fields)
            raws.append((old, new, status[0], path, next(fields) if status[0] in "RC" else path))
        elif field:
            added, deleted, path = field.split(b"\t", 2)
            if not path:
                next(fields)
                path = next(fields)
            counts[path] = (_number(added), _number(deleted))
    return raws, counts


def _number(word: bytes) -> int | None:
    return None if word == b"-" else int(word)  # git counts no lines of a binary file


def _change(raw: tuple[str, str, str, bytes, bytes], counts: tuple[int | None, int | None]) -> FileDiff:
    old, new, status, source, path = raw
    kind = _KINDS.get(status, DiffStatus.MODIFIED)
    if kind is DiffStatus.MODIFIED and old != new and counts == (0, 0):
        kind = DiffStatus.MODE
    return FileDiff(shown(path), kind, shown(source) if kind is DiffStatus.RENAMED else None, *counts)
