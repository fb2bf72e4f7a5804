"""The git configuration of a repo: its settings, and the filters that have to be switched off."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from supervisor.regex import regex
from supervisor.shell.git.folder import names_no_filter, place_of
from supervisor.shell.git.reach.output import GitOutput
from supervisor.shell.git.reach.there import PathThere
from supervisor.shell.git.run import failed, run_git

_USER_SCOPES = (b"system", b"global", b"command")
_NO = regex(r"(?i:false|no|off|[-+]?0+(?:x0+)?[kmg]?)?")

FRESH = 2.0
"""Seconds for which what was read of a configuration counts while its files stay as they are.

One command asks for it up to fifty times. The system's own file, whose place only git knows, counts after that time."""


class Setting(Struct, frozen=True):
    """One setting of the configuration."""

    key: str  # git gives section and name in lower case
    value: bytes
    of_repo: bool  # set by the repo, not by the user


Mark = tuple[int, ...] | None
"""Of a file: what changes if somebody changes it. None: it is not there."""


class _Read(Struct, frozen=True):
    """What was read of a configuration, and from what."""

    at: float  # when it was read, as time.monotonic() says
    files: dict[Path, Mark]  # those in which a setting may stand
    settings: tuple[Setting, ...]


_read: dict[Path, _Read] = {}


def read_config(path: Path, git_dir: Path | None = None, seconds: float | None = None) -> tuple[Setting, ...]:
    """List all settings that apply in the repo at `path`; later ones win. Raises WorkspaceError.

    `git_dir` and `seconds` are those of `run_git`.
    """
    place = None if git_dir is not None or isinstance(path, PathThere) else place_of(path)
    if place is None:
        return _list(path, git_dir, seconds)
    now, root = time.monotonic(), path.absolute()
    files = {file: mark(file) for file in (*_of_user(), place.common / "config", place.git / "config.worktree")}
    known = _read.get(root)
    if known is not None and now < known.at + FRESH and known.files == files:
        return known.settings
    for old in [one for one, read in list(_read.items()) if now >= read.at + FRESH]:
        _read.pop(old, None)
    settings = _list(path, None, seconds)
    if not any(one.key.startswith(("include.", "includeif.")) for one in settings):
        _read[root] = _Read(now, files, settings)
    return settings


def _of_user() -> list[Path]:
    """The files in which the user's own configuration may stand."""
    if "GIT_CONFIG_GLOBAL" in os.environ:
        return [Path(os.environ["GIT_CONFIG_GLOBAL"])]
    home = Path(os.environ.get("HOME", ""))
    return [home / ".gitconfig", Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config") / "git" / "config"]


def mark(file: Path | bytes) -> Mark:
    """Look at a file, which need not be there."""
    try:
        found = os.stat(file)
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _list(path: Path, git_dir: Path | None, seconds: float | None) -> tuple[Setting, ...]:
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


def means_no(value: str) -> bool:
    """Whether a setting that is a yes or a no says no. What git does not understand counts as a yes."""
    return _NO.fullmatch(value) is not None


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
