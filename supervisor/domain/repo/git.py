"""What git knows about a repo: its current state and its history.

Times are in UTC. Texts contain no control characters. `cut` lists, in words, what is incomplete.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct


class GitOperation(StrEnum):
    """An operation that git can have in progress."""

    MERGE = "merge"
    REBASE = "rebase"
    CHERRY_PICK = "cherry-pick"
    REVERT = "revert"
    BISECT = "bisect"
    AM = "am"


class SubmoduleState(StrEnum):
    """The state of a submodule compared with the index. Changes inside it are in `GitState.inside`."""

    CURRENT = "current"
    CHANGED = "changed"  # another commit is checked out
    MISSING = "missing"  # it was never cloned, or was removed
    CONFLICTED = "conflicted"


class Convention(StrEnum):
    """How commit messages begin."""

    CONVENTIONAL = "conventional commits"  # feat(scope): subject
    TICKET = "ticket prefix"  # ABC-123 subject
    AREA = "area: subject"
    GITMOJI = "gitmoji"
    NONE = "none"


class Head(Struct, frozen=True):
    """A commit in one line."""

    oid: str
    subject: str
    author: str
    at: datetime


class Upstream(Struct, frozen=True):
    """The upstream branch of the current one. The counts are None if it no longer exists."""

    name: str
    ahead: int | None
    behind: int | None


class Paths(Struct, frozen=True):
    """The number of paths, and the first of them by name."""

    count: int = 0
    names: tuple[str, ...] = ()


NO_PATHS = Paths()


class Stash(Struct, frozen=True):
    """An entry of `git stash`."""

    subject: str
    at: datetime


class InProgress(Struct, frozen=True):
    """An operation that was begun and not finished."""

    operation: GitOperation
    step: int | None = None  # None, here and below: git does not count them
    steps: int | None = None
    branch: str | None = None  # that a rebase moves


class Worktree(Struct, frozen=True):
    """Another work tree of the same repo."""

    path: str
    oid: str | None
    branch: str | None  # None: detached
    locked: bool
    gone: bool  # its folder no longer exists


class Submodule(Struct, frozen=True):
    """A repo inside the repo."""

    path: str
    url: str | None
    oid: str  # the commit that the index names
    state: SubmoduleState


class RepoInside(Struct, frozen=True):
    """A repo inside the work tree: a submodule that is checked out, or another repo that lies in it."""

    path: str
    submodule: bool
    oid: str | None = None  # HEAD; None: no commit yet
    branch: str | None = None  # None: detached
    changed: Paths = NO_PATHS  # files that its git tracks; paths in it
    untracked: Paths = NO_PATHS
    problem: str | None = None  # why git could not read it

    @property
    def clean(self) -> bool:
        """Whether git has read it and found no change."""
        return self.problem is None and not self.changed.count and not self.untracked.count


class Tag(Struct, frozen=True):
    """A tag on HEAD or one of its ancestors. `distance` is the number of commits since."""

    name: str
    distance: int
    at: datetime


class Remote(Struct, frozen=True):
    """A remote. Its URLs contain no credentials."""

    name: str
    url: str
    push_url: str | None = None  # None: the same


class GitState(Struct, frozen=True):
    """The current state of the repo."""

    key: str  # changes when HEAD, the index, the work tree or an operation does
    branch: str | None  # None: detached
    head: Head | None  # None: no commit on the branch
    upstream: Upstream | None = None  # None: the branch follows none
    staged: Paths = NO_PATHS  # changed in the index
    unstaged: Paths = NO_PATHS  # changed in the work tree, not in the index
    untracked: Paths = NO_PATHS  # neither tracked nor ignored
    conflicted: Paths = NO_PATHS  # of a merge that is not resolved
    stashes: tuple[Stash, ...] = ()  # the newest
    stash_count: int = 0  # all of them
    in_progress: InProgress | None = None  # a merge, rebase or the like; None: none
    worktrees: tuple[Worktree, ...] = ()  # the other ones of the repo
    submodules: tuple[Submodule, ...] = ()  # that .gitmodules names
    inside: tuple[RepoInside, ...] = ()  # nested ones too
    tags: tuple[Tag, ...] = ()  # the nearest to HEAD
    remotes: tuple[Remote, ...] = ()  # addresses without secrets
    tracked: int = 0  # files that git tracks
    shallow: bool = False  # the history is cut off
    partial: bool = False  # a partial clone
    bare: bool = False  # it has no work tree
    empty: bool = False  # no commit at all
    detached: bool = False  # HEAD is at no branch
    unborn: bool = False  # no commit on the current branch
    sparse: tuple[str, ...] | None = None  # patterns of a sparse checkout; None: everything is checked out
    lfs: tuple[str, ...] = ()  # patterns of files that LFS stores
    cut: tuple[str, ...] = ()  # what is missing here, each with the reason


class Commit(Struct, frozen=True):
    """A recent commit and its size."""

    oid: str
    subject: str
    author: str
    at: datetime
    files: int  # changed files
    names: tuple[str, ...]  # the first of them
    insertions: int | None  # lines, binary files not counted; None: not known
    deletions: int | None
    merge: bool = False
    tickets: tuple[str, ...] = ()  # ids that the message names: `ABC-123`, `#12`


ANYWHERE = ""
"""Stands for all files of a repo: that any of them has a text."""

Spot = tuple[str, bytes]
"""A file, or `ANYWHERE`, and a text in it."""


class Revision(NamedTuple):
    """A commit that brought texts into the repo, or into a file."""

    oid: str
    at: datetime
    author: str
    subject: str
    initial: bool = False  # it has no parent: the history begins here


class Week(Struct, frozen=True):
    """The number of commits in the week that began on this Monday."""

    start: datetime
    commits: int


class Author(Struct, frozen=True):
    """Somebody who commits, under the name that the repo's mailmap gives."""

    name: str
    commits: int
    first: datetime
    last: datetime


class HotFile(Struct, frozen=True):
    """A file that changes often."""

    path: str
    commits: int
    weight: float  # the sum over its commits of 1 at HEAD's date, halved for every `HALF_LIFE_DAYS` before
    last: datetime


class Together(Struct, frozen=True):
    """Two files that change in the same commits."""

    first: str
    second: str
    support: int  # the number of those commits
    confidence: float  # their share of the commits of the file that changes less often


class Messages(Struct, frozen=True):
    """The convention that the commit messages follow."""

    convention: Convention
    share: float  # of the messages that follow it, from 0 to 1
    example: str  # the newest one


class Repair(Struct, frozen=True):
    """A commit that undoes or fixes another one. `kind` is "revert" or "fix-up"."""

    kind: str
    oid: str
    subject: str
    at: datetime


class InFlight(Struct, frozen=True):
    """A branch that is not merged into the default branch."""

    name: str
    oid: str
    ahead: int  # commits of its own
    started: datetime  # the date of the first of them
    last: datetime
    author: str
    subject: str


class History(Struct, frozen=True):
    """What the commits show."""

    commits: int | None = 0  # None: too many to count
    read: int = 0  # the statistics below are over this many of the newest commits
    recent: tuple[Commit, ...] = ()  # the newest first
    weeks: tuple[Week, ...] = ()  # up to HEAD's, the oldest first
    authors: tuple[Author, ...] = ()  # with the most commits
    author_count: int = 0  # all of them
    hot: tuple[HotFile, ...] = ()  # by weight, the highest first
    together: tuple[Together, ...] = ()  # the strongest first
    messages: Messages | None = None  # None: they follow none
    repairs: tuple[Repair, ...] = ()  # the newest first
    revert_count: int = 0  # all of them
    fixup_count: int = 0  # all of them
    default_branch: str | None = None  # None: not known
    in_flight: tuple[InFlight, ...] = ()  # the newest first
    in_flight_count: int = 0  # all of them
    cut: tuple[str, ...] = ()  # what is missing here, each with the reason
