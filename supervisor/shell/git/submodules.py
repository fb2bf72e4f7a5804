"""The submodules that are checked out in a work tree. A `git status` of the repo reads them too, by their settings."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from supervisor.shell.git.folder import place_of
from supervisor.shell.git.run import failed, run_git

MOST = 200  # submodules of one repo, nested ones included


def submodules_of(path: Path) -> tuple[Path, ...]:
    """The roots of the submodules of the repo whose root is `path`, nested ones too. Raises WorkspaceError."""
    found: list[Path] = []
    waiting = [path]
    while waiting and len(found) < MOST:
        inner = list(_of(waiting.pop()))
        found += inner
        waiting += inner
    return tuple(found[:MOST])


def _of(path: Path) -> Iterator[Path]:
    if not os.path.lexists(path / ".gitmodules"):  # saves a run of git
        return
    answer = run_git(path, "ls-files", "-s", "-z")
    if answer.code != 0 and not answer.cut:
        raise failed(path, "list the submodules", answer)
    for record in answer.out.split(b"\0"):
        fields, _, raw = record.partition(b"\t")
        if fields.startswith(b"160000 "):
            inner = path / os.fsdecode(raw)
            if os.path.lexists(inner / ".git") and not inner.is_symlink() and place_of(inner) is not None:
                yield inner
