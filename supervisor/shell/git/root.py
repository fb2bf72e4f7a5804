"""The root of a work tree. A module of its own, because a start needs no more of git than this."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from supervisor.errors import WorkspaceError
from supervisor.shell.git.folder import is_plain_root
from supervisor.shell.git.reach.there import PathThere
from supervisor.shell.git.run import failed, quoted, run_git


def toplevel(path: Path) -> Path:
    """Find the root of the work tree that `path` is in. Raises WorkspaceError that says what is there instead.

    One on another machine is the root itself: whatever reaches it checks that.
    """
    if isinstance(path, PathThere):
        return path
    try:
        mode = path.stat().st_mode
    except FileNotFoundError as error:
        raise WorkspaceError(f"{path} does not exist", "correct the child's path") from error
    except OSError as error:
        raise WorkspaceError(f"{path} cannot be read: {error.strerror}", "correct the child's path") from error
    if not stat.S_ISDIR(mode):
        raise WorkspaceError(f"{path} is not a folder", "give the folder of a git repository as the child's path")
    if is_plain_root(path):
        return path.resolve()
    answer = run_git(path, "rev-parse", "--is-bare-repository", "--is-inside-work-tree", "--show-toplevel")
    bare, _, rest = answer.out.partition(b"\n")
    inside, _, root = rest.partition(b"\n")
    if bare == b"true":
        raise WorkspaceError(f"{path} is a bare repository without a work tree", "clone it, and give the clone's path")
    if "not a git repository" in answer.complaint:
        raise WorkspaceError(f"{path} is not in a git repository", f"run `git init {quoted(path)}` or correct the path")
    found = Path(os.fsdecode(root.removesuffix(b"\n")))
    if answer.code == 0 and inside == b"true" and found in (resolved := path.resolve(), *resolved.parents):
        return found
    if answer.code == 0 or bare:
        raise WorkspaceError(
            f"{path} is not in the work tree of its repository",
            "give the folder that holds the files",
        )
    raise failed(path, "read the repository", answer)
