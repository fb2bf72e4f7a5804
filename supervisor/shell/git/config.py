"""The git configuration of a repo: its settings, and the filters that have to be switched off."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from supervisor.shell.git.folder import names_no_filter, place_of
from supervisor.shell.git.reach.output import GitOutput
from supervisor.shell.git.reach.there import PathThere
from supervisor.shell.git.run import failed, run_git

_USER_SCOPES = (b"system", b"global", b"command")


class Setting(Struct, frozen=True):
    """One setting of the configuration."""

    key: str  # git gives section and name in lower case
    value: bytes
    of_repo: bool  # set by the repo, not by the user


def read_config(path: Path, git_dir: Path | None = None, seconds: float | None = None) -> tuple[Setting, ...]:
    """List all settings that apply in the repo at `path`; later ones win. Raises WorkspaceError.

    `git_dir` and `seconds` are those of `run_git`.
    """
    answer = run_git(path, "config", "--list", "--show-scope", "-z", git_dir=git_dir, seconds=seconds)
    if answer.code != 0 or answer.cut:
        raise failed(path, "read the configuration", answer)
    words = answer.out.split(b"\0")
    settings = []
    for scope, entry in zip(words[0::2], words[1::2], strict=False):
        key, given, value = entry.partition(b"\n")
        # A key without "=" means true.
        settings.append(Setting(os.fsdecode(key), value if given else b"true", scope not in _USER_SCOPES))
    return tuple(settings)


def filters_of(settings: tuple[Setting, ...]) -> frozenset[str]:
    """Name the filters that the repo's own configuration sets. Filters that the user set stay on."""
    names = set()
    for setting in settings:
        section, _, rest = setting.key.partition(".")
        name, dot, _ = rest.rpartition(".")
        if not setting.of_repo:
            continue
        if section == "filter" and dot:  # The name may be "": an attribute can still choose it.
            names.add(name)
        elif section == "lfs" and rest.startswith("extension."):
            names.add("lfs")  # The user's own lfs filter would run the extension, which is a program of the repo.
    return frozenset(names)


def read_git(
    path: Path,
    *args: str,
    seconds: float | None = None,
    settings: tuple[str, ...] = (),
    stdin: bytes = b"",
    index: Path | None = None,
    limit: int | None = None,
    environ: Mapping[str, str] | None = None,
) -> GitOutput:
    """Run one git command in `path` with every filter of the repo's own configuration switched off.

    A diff also needs `--no-ext-diff --no-textconv`. The rest is as in `run_git`. Raises WorkspaceError when git is
    missing or too slow.
    """
    return run_git(
        path,
        *args,
        filters=_filters_off(path),
        seconds=seconds,
        settings=settings,
        stdin=stdin,
        index=index,
        limit=limit,
        environ=environ,
    )


def _filters_off(path: Path) -> frozenset[str]:
    if isinstance(path, PathThere):
        return frozenset()  # they are off there
    place = place_of(path)
    return frozenset() if place and names_no_filter(place) else filters_of(read_config(path))
