"""Whether other users of the machine could write what steers a workspace."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.location import kind_at, read_mounts

WITHOUT_MODES = frozenset({"9p", "cifs", "drvfs", "exfat", "fuseblk", "msdos", "ntfs", "ntfs3", "vboxsf", "vfat"})
"""File systems that show one mode for all files, so that it says nothing."""


def open_to_others(workspace: WorkspacePaths) -> tuple[str, str] | None:
    """Return what every user of this machine could change, and what to do about it; None if there is nothing.

    Groups count as trusted: somebody chose who is in them.
    """
    root = Path(os.path.realpath(workspace.root))
    if kind_at(str(root), read_mounts()) in WITHOUT_MODES:
        return None
    for path in (root, workspace.config, workspace.plan, workspace.root / ".codex", workspace.state):
        if _mode(path) & stat.S_IWOTH:
            return (
                f"every user of this machine may write {path}, and so steer the supervisor",
                f"run `chmod o-w {path}`",
            )
    for above in root.parents:
        mode = _mode(above)
        if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            return (
                f"every user of this machine can replace what is in {above}, and so the workspace ({root})",
                f"run `chmod o-w {above}`, or move the workspace",
            )
    return None


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode
    except OSError:  # it is not there
        return 0
