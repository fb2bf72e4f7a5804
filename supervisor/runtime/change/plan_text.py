"""Take an edit of plan.md back, or bring it back: what you wrote since is merged and stays."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

from supervisor.errors import RequestRefused, WorkspaceError
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.atomic import write_atomic
from supervisor.shell.git.run import run_git

_MARKS = 127
"""Conflicts that `git merge-file` counts at most; above are its errors."""


def merged_plan(workspace: WorkspacePaths, base: int, theirs: int) -> str:
    """Return plan.md with what lies between two of its revisions applied. Raises RequestRefused if both it and you
    changed the same lines, and WorkspaceError if one of the texts is gone."""
    if theirs < 1:
        raise RequestRefused("there was no plan before plan@1", "write plan.md anew, or remove it")
    old, new = (_read(workspace.plans / f"{number:04}.md") for number in (base, theirs))
    now = _read(workspace.plan)
    if now == old:
        return new
    with tempfile.TemporaryDirectory(prefix="orch-", dir=workspace.state) as folder:
        names = []
        for name, text in (("now", now), ("base", old), ("theirs", new)):
            (Path(folder) / name).write_text(text, encoding="utf-8")
            names.append(str(Path(folder) / name))
        answer = run_git(workspace.root, "merge-file", "-p", *names)
    if answer.code == 0 and not answer.cut:
        return answer.out.decode("utf-8")
    if 0 < answer.code <= _MARKS:
        raise RequestRefused(
            f"plan.md was changed since in the same lines as plan@{max(base, theirs)}",
            f"change it by hand: {workspace.plans / f'{theirs:04}.md'} is how it was",
        )
    raise WorkspaceError(f"git cannot merge {workspace.plan}: {answer.complaint}", "change plan.md by hand")


def write_plan(workspace: WorkspacePaths, text: str) -> None:
    """Replace plan.md, with the permissions that it has. Raises WorkspaceError."""
    try:
        mode = stat.S_IMODE(os.stat(workspace.plan).st_mode)
        write_atomic(workspace.plan, text)
        workspace.plan.chmod(mode)
    except OSError as error:
        raise WorkspaceError(
            f"{workspace.plan} cannot be written ({error.strerror})", "make it writable, then try again"
        ) from error


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise WorkspaceError(f"{path} cannot be read ({error})", "change plan.md by hand") from error
