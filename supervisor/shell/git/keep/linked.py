"""Linked work trees: make one, bring its HEAD up to that of the repo, remove one that holds nothing of its own."""

from __future__ import annotations

import os
import re
from pathlib import Path

from supervisor.regex import regex
from supervisor.shell.git.config import read_git
from supervisor.shell.git.folder import place_of
from supervisor.shell.git.keep.form import WORK
from supervisor.shell.git.run import failed

_SECONDS = 600.0
"""50,000 files take about ten; a filter for large files may have to copy gigabytes."""

_SETTINGS = ("core.logAllRefUpdates=false", "gc.auto=0", "maintenance.auto=false")

_MARKS = regex(rb"^<<<<<<< [0-9a-f]{40,64}\r?$.*^>>>>>>> [0-9a-f]{40,64}\r?$", re.MULTILINE | re.DOTALL)


def add(root: Path, path: Path, head: str) -> None:
    """Make a linked work tree of the repo at `root`, detached at the commit `head`. Runs no hook and no filter of the
    repo's own configuration. Raises WorkspaceError."""
    words = ("worktree", "add", "--quiet", "--detach", str(path), head)
    made = read_git(root, *words, seconds=_SECONDS, settings=_SETTINGS)
    if made.code != 0:
        raise failed(root, "make a work tree", made)


def catch_up(path: Path, head: str) -> None:
    """Move the detached HEAD of a linked work tree, and its index. No file changes. Raises WorkspaceError."""
    for words in (
        ("update-ref", "--no-deref", "HEAD", head),
        ("read-tree", head),
        ("update-index", "-q", "--refresh"),
    ):
        done = read_git(path, *words, seconds=_SECONDS, settings=_SETTINGS)
        if done.code != 0 and words[0] != "update-index":  # that says 1 where files differ from HEAD
            raise failed(path, "bring a work tree up to date", done)


def is_linked(path: Path, root: Path) -> bool:
    """Return whether `path` is a linked work tree of the repo at `root`."""
    own, main = place_of(path), place_of(root)
    if own is None or main is None or own.git == path:
        return False
    return os.path.realpath(own.common) == os.path.realpath(main.common) and (path / ".git").is_file()


def has_marks(root: Path, commit: str, name: str) -> bool:
    """Return whether a file of a kept tree holds the marks of a conflict, as `merged` writes them."""
    answer = read_git(root, "cat-file", "blob", f"{commit}:{WORK}/{name}")
    return answer.code == 0 and _MARKS.search(answer.out) is not None


def remove(root: Path, path: Path) -> bool:
    """Remove a linked work tree, unless it holds files that git ignores. Returns whether it is gone.

    The caller has seen that all other files of it are kept. Raises WorkspaceError.
    """
    answer = read_git(path, "status", "--porcelain", "-z", "--ignored", "--untracked-files=all")
    if answer.code != 0 or answer.cut:
        raise failed(path, "read the state of the files", answer)
    if any(entry.startswith(b"!! ") for entry in answer.out.split(b"\0")):
        return False
    return read_git(root, "worktree", "remove", "--force", str(path), seconds=_SECONDS).code == 0
