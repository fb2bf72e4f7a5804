"""The repos inside a work tree: submodules that are checked out, and other repos that lie in it, nested ones too.

Each is read as the outermost one is: no program of it runs, and what it says of its own place does not count.
"""

from __future__ import annotations

import os
import stat
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from supervisor.domain.repo.pathname import shown
from supervisor.errors import WorkspaceError
from supervisor.regex import regex
from supervisor.shell.git.config import filters_of, read_config
from supervisor.shell.git.folder import GitDir, names_no_filter, place_of
from supervisor.shell.git.reach.output import GitOutput
from supervisor.shell.git.reach.there import PathThere
from supervisor.shell.git.root import toplevel
from supervisor.shell.git.run import failed, run_git

MOST = 200  # repos read inside one work tree
DEEPEST = 5  # repos in each other, without the outermost one
PATIENCE = 10.0  # seconds for all of them together: reading one takes a few hundredths of a second

STATUS = (
    *("--porcelain=v2", "--branch", "-z", "--untracked-files=all", "--no-renames"),
    # Otherwise git would run in each submodule under the submodule's own configuration.
    "--ignore-submodules=dirty",
)

_GITLINK = regex(rb"(?:^|\0)160000 [0-9a-f]+ [0-3]\t([^\0]+)")
_GITLINK_MODE = b"\x00\x00\xe0\x00"  # as the index holds it, in every version of its format
_CHUNK = 1 << 20  # bytes of the index in memory at a time


class InsideStatus(Struct, frozen=True):
    """A repo inside a work tree, and its status."""

    raw: bytes  # its path in the outermost work tree
    path: Path
    place: GitDir
    tracked: bool  # the repo around it knows it, as a submodule
    status: GitOutput | None  # None: it could not be read
    problem: str = ""  # why not

    @property
    def name(self) -> str:
        """Its path in the outermost work tree, for people."""
        return shown(self.raw)


class Inside(Struct, frozen=True):
    """The repos inside a work tree."""

    repos: tuple[InsideStatus, ...] = ()  # sorted by path
    cut: bool = False  # there are more, which were not read


def read_inside(path: Path, status: bytes) -> Inside:
    """Read the repos inside the work tree whose root is `path`. `status` is its own. Runs no git if there are none.

    A repo that git cannot read is one of the results. Raises WorkspaceError when git cannot list the submodules of the
    outermost one. Those on another machine are not looked into.
    """
    if isinstance(path, PathThere):
        return Inside()
    deadline = time.monotonic() + PATIENCE
    found: list[InsideStatus] = []
    waiting = deque([(b"", path, place_of(path), status, 0)])
    cut = False
    while waiting:
        prefix, around, place, seen, depth = waiting.popleft()
        for name, tracked in _names(around, place, seen, outermost=depth == 0, deadline=deadline):
            inner = _inner(around, name)
            if inner is None:
                continue
            if depth == DEEPEST or len(found) == MOST or time.monotonic() >= deadline:
                cut = True
                break
            raw = prefix + name
            one = _read(raw, *inner, tracked, deadline)
            found.append(one)
            if one.status is not None:
                waiting.append((raw + b"/", one.path, one.place, one.status.out, depth + 1))
    return Inside(tuple(sorted(found, key=lambda one: one.raw)), cut)


def _names(
    around: Path, place: GitDir | None, status: bytes, *, outermost: bool, deadline: float
) -> Iterator[tuple[bytes, bool]]:
    """The paths at which repos may lie directly inside a repo, and whether it tracks them."""
    if place is not None and _may_have_submodules(place):
        seconds = None if outermost else max(0.1, deadline - time.monotonic())
        git_dir = None if outermost else place.git
        try:
            listed = run_git(around, "ls-files", "-s", "-z", git_dir=git_dir, seconds=seconds)
            if listed.code != 0 and not listed.cut:
                raise failed(around, "list the submodules", listed)
            yield from ((name, True) for name in dict.fromkeys(_GITLINK.findall(listed.out)))
        except WorkspaceError:
            if outermost:
                raise
    for record in status.split(b"\0"):
        if record.startswith(b"? ") and record.endswith(b"/"):  # with all untracked files listed, only repos end so
            yield record[2:-1], False


def _may_have_submodules(place: GitDir) -> bool:
    """Whether the index may hold a submodule. That takes 5 ms for 50,000 files; git takes much longer to list them."""
    try:
        fd = os.open(place.git / "index", os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    with os.fdopen(fd, "rb", buffering=0) as file:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            return True
        end = b""
        while chunk := file.read(_CHUNK):
            if _GITLINK_MODE in end + chunk:
                return True
            end = chunk[-3:]
    return any(place.git.glob("sharedindex.*"))  # part of the index may be in there


def _inner(around: Path, name: bytes) -> tuple[Path, GitDir] | None:
    """The root and the git folders of the repo at a path. None unless there is one, and it is inside `around`."""
    inner = around / os.fsdecode(name)
    expected = os.path.join(os.path.realpath(around), os.fsdecode(name))
    if os.path.realpath(inner) != expected or not os.path.lexists(inner / ".git"):
        return None
    place = place_of(inner)
    return None if place is None or place.git == inner else (inner, place)


def _read(raw: bytes, path: Path, place: GitDir, tracked: bool, deadline: float) -> InsideStatus:
    try:
        _trust(path, place)
        seconds = max(0.1, deadline - time.monotonic())
        status = git_inside(path, place, "status", *STATUS, "--no-ahead-behind", seconds=seconds)
        if status.code != 0 and not status.cut:
            raise failed(path, "read the state of the files", status)
    except WorkspaceError as error:
        return InsideStatus(raw, path, place, tracked, None, error.what)
    return InsideStatus(raw, path, place, tracked, status)


def git_inside(path: Path, place: GitDir, *args: str, seconds: float | None = None) -> GitOutput:
    """Run one read-only git command in a repo inside a work tree, with every filter of its configuration off.

    Git is told where the repo is: a broken one would make it read the repo around it, and a setting could name a
    folder elsewhere. Raises WorkspaceError.
    """
    filters = frozenset[str]()
    if not names_no_filter(place):
        filters = filters_of(read_config(path, git_dir=place.git, seconds=seconds))
    return run_git(path, *args, filters=filters, git_dir=place.git, seconds=seconds)


def _trust(path: Path, place: GitDir) -> None:
    """Raise WorkspaceError if git would not trust the repo: told where a repo is, it does not ask whose it is."""
    user = os.geteuid()
    try:
        ours = all(os.stat(one).st_uid == user for one in (path, path / ".git", place.git))
    except OSError:
        ours = False
    if not ours and toplevel(path) != path.resolve():
        raise WorkspaceError(f"{path} is not the root of its work tree", "look at its `.git`")
