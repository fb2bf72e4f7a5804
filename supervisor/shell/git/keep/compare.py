"""Compare two kept work trees: the changed files with their sizes, and the patch."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from supervisor.domain.change.diff import DiffStatus, FileDiff, FilePatch, RunDiff
from supervisor.domain.repo.pathname import shown
from supervisor.errors import WorkspaceError
from supervisor.regex import regex
from supervisor.shell.git.config import read_git
from supervisor.shell.git.keep.form import WORK
from supervisor.shell.git.keep.objects import empty_tree
from supervisor.shell.git.reach.output import GitOutput
from supervisor.shell.git.run import failed

_DIFF = (
    *("diff", "--no-ext-diff", "--no-textconv", "--submodule=short", "--ignore-submodules=none"),
    *("--src-prefix=a/", "--dst-prefix=b/", "--find-renames"),
)
_SETTINGS = ("core.quotePath=false",)
_ID = regex(r"[0-9a-f]{40}|[0-9a-f]{64}")
_KINDS = {"A": DiffStatus.ADDED, "D": DiffStatus.DELETED, "R": DiffStatus.RENAMED, "C": DiffStatus.ADDED}


def changes_between(root: Path, before: str, after: str, *, folder: str = WORK) -> tuple[FileDiff, ...]:
    """List the files that differ between two kept trees of the repo at `root`. Raises WorkspaceError when git fails.

    With "" as the folder, these are trees of files themselves.
    """
    answer = _diff(root, before, after, "--raw", "--numstat", "-z", "--abbrev=40", folder=folder)
    raws, counts = _records(answer.out)
    return tuple(_change(raw, counts.get(raw[-1], (None, None))) for raw in raws)


def patch_between(root: Path, before: str, after: str) -> bytes:
    """Return the patch from one kept tree to another, which `git apply` takes; at most `run.OUTPUT_LIMIT` bytes.

    Raises WorkspaceError when git fails.
    """
    return _diff(root, before, after, "--patch", "--binary", "--full-index", "--no-color").out


def short_between(root: Path, before: str, after: str, shared: Collection[str]) -> RunDiff:
    """Return what differs between two kept trees in short, the files in `shared` first. Raises WorkspaceError."""
    files = changes_between(root, before, after)
    first = sorted(
        files, key=lambda one: (one.path not in shared, (one.additions or 0) + (one.deletions or 0), one.path)
    )
    text = _diff(root, before, after, "--patch", "--full-index", "--no-color").out.decode("utf-8", "replace")
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


def _diff(root: Path, before: str, after: str, *options: str, folder: str = WORK) -> GitOutput:
    if not all(_ID.fullmatch(one) for one in (before, after)):
        raise WorkspaceError(f"the record names no kept work tree of {root}", "see `orch doctor`")
    ends = [f"{before}:{folder}", f"{after}:{folder}"]
    answer = read_git(root, *_DIFF, *options, *ends, "--")
    if answer.code != 0 and not answer.cut and folder:
        answer = read_git(root, *_DIFF, *options, *(_existing(root, one) for one in ends), "--")
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


def _records(out: bytes) -> tuple[list[tuple[str, str, str, bytes, bytes]], dict[bytes, tuple[int | None, int | None]]]:
    """Split raw records (old mode, new mode, status, old path, new path) from the counts of lines, by new path."""
    raws: list[tuple[str, str, str, bytes, bytes]] = []
    counts: dict[bytes, tuple[int | None, int | None]] = {}
    fields = iter(out.split(b"\0")[:-1])
    for field in fields:
        if field.startswith(b":"):
            old, new, _, _, status = field[1:].decode("ascii").split(" ")
            path = next(fields)
            raws.append((old, new, status[0], path, next(fields) if status[0] in "RC" else path))
        else:
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
