"""The hooks of a repo: the programs in its folder of hooks, unless the user's own configuration names another."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from supervisor.domain.repo.pathname import shown
from supervisor.shell.git.config import Setting
from supervisor.shell.git.folder import place_of

OURS = b"/dev/null"  # what `run_git` sets
LOOKED_AT = 1000  # entries of a folder


def hooks_of(path: Path, settings: tuple[Setting, ...]) -> tuple[str, ...]:
    """The names of the programs that git takes as hooks of the repo whose root is `path`, sorted."""
    chosen = _chosen(settings)
    if chosen is not None and not chosen.of_repo:
        return ()
    folder = hooks_folder(path, settings)
    if folder is None:
        return ()
    found = []
    with suppress(OSError, ValueError), os.scandir(os.fsencode(folder)) as entries:
        for _, entry in zip(range(LOOKED_AT), entries, strict=False):
            if entry.is_file() and not entry.name.endswith(b".sample") and os.access(entry.path, os.X_OK):
                found.append(shown(entry.name))
    return tuple(sorted(found))


def hooks_folder(path: Path, settings: tuple[Setting, ...]) -> Path | None:
    """The folder in which git looks for the hooks of the repo whose root is `path`: its own, or one that is named."""
    chosen = _chosen(settings)
    if chosen is not None:
        return path / os.path.expanduser(os.fsdecode(chosen.value))
    place = place_of(path)
    return place.common / "hooks" if place is not None else None


def _chosen(settings: tuple[Setting, ...]) -> Setting | None:
    """The setting that names the folder; None if there is none, but for the one that `run_git` makes: the last one."""
    named = [one for one in settings if one.key == "core.hookspath"]
    if named and not named[-1].of_repo and named[-1].value == OURS:
        named.pop()
    return named[-1] if named else None
