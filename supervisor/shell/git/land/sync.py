"""Bring the objects of a landing to the disk, so that a loss of power cannot take what a ref leads to."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from supervisor.shell.git.config import read_git
from supervisor.shell.git.land.look import SETTINGS
from supervisor.shell.git.reach.there import PathThere
from supervisor.shell.git.run import failed

ALL_AT_ONCE = 300
"""Objects from which on the whole disk is synced: that is then faster than one file after the other."""


def sync_objects(root: Path, common: Path, tip: str, base: str | None) -> None:
    """Sync what leads from `base` to `tip`. Git itself syncs its packs, but no loose objects. Raises WorkspaceError.

    On another machine the whole disk is synced, with one command.
    """
    if isinstance(root, PathThere):
        root.repo.moves().sync()
        return
    without = [f"^{base}"] if base is not None else []
    answer = read_git(
        root,
        "rev-list",
        "--objects",
        "--no-object-names",
        "--missing=allow-promisor",
        tip,
        *without,
        settings=SETTINGS,
        seconds=120.0,
    )
    if answer.code != 0:
        raise failed(root, "list what is to be landed", answer)
    names = answer.out.decode("ascii").split()
    if answer.cut or len(names) > ALL_AT_ONCE:
        os.sync()
        return
    folders = set()
    for name in names:
        with suppress(FileNotFoundError):  # it is in a pack
            _sync(common / "objects" / name[:2] / name[2:])
            folders.add(name[:2])
    for folder in sorted(folders):
        _sync(common / "objects" / folder)
    _sync(common / "objects")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
