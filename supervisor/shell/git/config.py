"""The configuration of a repo: which filters it names, so that they can be switched off, and what else it says."""

from __future__ import annotations

import os
from pathlib import Path

from msgspec import Struct

from supervisor.shell.git.folder import GitDir, place_of, read_small
from supervisor.shell.git.run import GitOutput, failed, run_git

CONFIG_LIMIT = 64 << 10
"""Bytes of a configuration that is searched for filters without git; git reads what is longer."""

_USERS = (b"system", b"global", b"command")


class Setting(Struct, frozen=True):
    """One value of the configuration; `of_repo` says that it is not the user's own. Git keeps keys in lower case."""

    key: str
    value: bytes
    of_repo: bool


def read_config(path: Path) -> tuple[Setting, ...]:
    """All settings that hold in the repo at `path`, in the order in which later ones win. Raises WorkspaceError."""
    answer = run_git(path, "config", "--list", "--show-scope", "-z")
    if answer.code != 0 or answer.cut:
        raise failed(path, "read the configuration", answer)
    words = answer.out.split(b"\0")
    settings = []
    for scope, entry in zip(words[0::2], words[1::2], strict=False):
        key, given, value = entry.partition(b"\n")
        # A key without "=" is a yes.
        settings.append(Setting(os.fsdecode(key), value if given else b"true", scope not in _USERS))
    return tuple(settings)


def filters_of(settings: tuple[Setting, ...]) -> frozenset[str]:
    """The filters named in the repo's own configuration; the user's own are theirs, and stay."""
    names = set()
    for setting in settings:
        section, _, rest = setting.key.partition(".")
        name, dot, _ = rest.rpartition(".")
        if not setting.of_repo:
            continue
        if section == "filter" and dot:  # The name may be "", and still be chosen by an attribute.
            names.add(name)
        elif section == "lfs" and rest.startswith("extension."):
            names.add("lfs")  # An extension is a program of the repo that the user's own lfs filter would run.
    return frozenset(names)


def names_no_filter(place: GitDir) -> bool:
    """Whether the repo's own configuration can be seen, without asking git, to name no filter."""
    for folder, name in ((place.common, "config"), (place.git, "config.worktree")):
        text = read_small(folder, name, limit=CONFIG_LIMIT)
        if text is None:
            if os.path.lexists(folder / name):
                return False
        elif len(text) == CONFIG_LIMIT or any(word in text.lower() for word in (b"filter", b"lfs", b"include")):
            return False
    return True


def read_git(path: Path, *args: str) -> GitOutput:
    """Run one reading git command in `path`, with every filter that the repo's own configuration names switched off.

    A diff also needs `--no-ext-diff --no-textconv`. Raises WorkspaceError when git is missing or too slow.
    """
    place = place_of(path)
    named = frozenset[str]() if place and names_no_filter(place) else filters_of(read_config(path))
    return run_git(path, *args, filters=named)
