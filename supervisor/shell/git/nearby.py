"""Find the git repos in a folder and beside it, without running git."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from supervisor.shell.git.folder import GitDir, place_of

BELOW, BESIDE = 3, 2  # folders deep that we look, from the folder itself and from the one that it is in
MOST = 4000  # folders that we look into, the nearest first: a fraction of a second
SKIPPED = frozenset(
    (
        *("node_modules", "bower_components", "vendor", "third_party", "Pods", "Carthage", "DerivedData"),
        *("venv", "virtualenv", "site-packages", "__pycache__", "target", "build", "dist", "out", "bin", "obj"),
    )
)
"""Folders that hold what others wrote, or what was built. Hidden ones are skipped too."""


def nearby(folder: Path) -> tuple[Path, ...]:
    """Return the roots of the work trees in `folder` and beside it, the nearest first.

    Leaves out repos that `folder` lies in, what lies in another repo (so submodules too), repos of other users, and
    all but one work tree of each repo. Links are not followed.
    """
    folder = folder.resolve()
    around = {folder, *folder.parents}
    found: dict[Path, tuple[Path, GitDir]] = {}
    for path, place in _repos(folder, around):
        common = Path(os.path.realpath(place.common))
        if common not in found or _first(path, place) < _first(*found[common]):
            found.pop(common, None)  # each stands where it was found
            found[common] = (path, place)
    return tuple(path for path, _ in found.values())


def _repos(folder: Path, around: set[Path]) -> Iterator[tuple[Path, GitDir]]:
    waiting = [(folder, BELOW)]
    if folder.parent != Path(folder.anchor):
        waiting.append((folder.parent, BESIDE))
    for looked, (where, depth) in enumerate(waiting):  # grows: the nearest folders come first
        if looked == MOST:
            return
        for inner in _folders(where):
            if inner in around:
                continue
            if os.path.lexists(inner / ".git"):
                place = _place(inner)
                if place is not None:
                    yield inner, place
            elif depth > 1:
                waiting.append((inner, depth - 1))


def _folders(where: Path) -> list[Path]:
    with suppress(OSError), os.scandir(where) as entries:
        return sorted(
            Path(one.path)
            for one in entries
            if not one.name.startswith(".") and one.name not in SKIPPED and one.is_dir(follow_symlinks=False)
        )
    return []


def _place(root: Path) -> GitDir | None:
    """Find the git folders of a repo of this user; None if it is a submodule, or no repo that can be used."""
    with suppress(OSError, ValueError):
        place = place_of(root)
        if place is not None and root.stat().st_uid == os.geteuid():
            git = (root / place.git).parts
            submodule = (root / ".git").is_file() and place.git == place.common and "modules" in git
            return None if submodule else place
    return None


def _first(path: Path, place: GitDir) -> tuple[bool, bool, str]:
    """Order the work trees of one repo: its own, one that is called after the main branch, then by name."""
    return place.git != place.common, path.name not in ("main", "master"), str(path)
