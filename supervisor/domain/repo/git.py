"""What git knows of a repo: its state now, and its history. Times are UTC; texts hold no control character."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class Operation(StrEnum):
    """What somebody began in the repo and did not end."""

    MERGE = "merge"
    REBASE = "rebase"
    CHERRY_PICK = "cherry-pick"
    REVERT = "revert"
    BISECT = "bisect"
    AM = "am"


class SubmoduleState(StrEnum):
    """How a submodule stands to what the index wants. Changes inside of it are not looked at."""

    CURRENT = "current"
    CHANGED = "changed"  # another commit is checked out
    MISSING = "missing"  # it was never cloned, or was removed
    CONFLICTED = "conflicted"


class Convention(StrEnum):
    """How most commit messages begin."""

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
    """The branch that the current one follows. The counts are None when it is gone."""

    name: str
    ahead: int | None
    behind: int | None


class Paths(Struct, frozen=True):
    """How many paths there are, and the first of them by name."""

    count: int = 0
    names: tuple[str, ...] = ()


NO_PATHS = Paths()


class Stash(Struct, frozen=True):
    """Work put aside."""

    subject: str
    at: datetime


class InProgress(Struct, frozen=True):
    """An operation that was begun; `step` of `steps` where git counts them, and the `branch` that a rebase moves."""

    operation: Operation
    step: int | None = None
    steps: int | None = None
    branch: str | None = None


class Worktree(Struct, frozen=True):
    """Another work tree of the same repo. `gone` says that its folder no longer is there."""

    path: str
    oid: str | None
    branch: str | None
    locked: bool
    gone: bool


class Submodule(Struct, frozen=True):
    """A repo inside the repo: the commit that the index wants, and what is there."""

    path: str
    url: str | None
    oid: str
    state: SubmoduleState


class Tag(Struct, frozen=True):
    """A tag that HEAD contains; `distance` is the number of commits since."""

    name: str
    distance: int
    at: datetime


class Remote(Struct, frozen=True):
    """Where the repo is fetched from, and pushed to if that is elsewhere; without credentials."""

    name: str
    url: str
    push_url: str | None = None


class GitState(Struct, frozen=True):
    """The repo as it stands. `key` changes when HEAD, the index, the work tree or an operation does.

    `empty`: no commit at all; `unborn`: none on the current branch. `sparse` holds the patterns of a sparse checkout,
    None when everything is checked out; `lfs` the patterns that LFS stores. `cut` says in words what is not complete.
    """

    key: str
    branch: str | None
    head: Head | None
    upstream: Upstream | None = None
    staged: Paths = NO_PATHS
    unstaged: Paths = NO_PATHS
    untracked: Paths = NO_PATHS
    conflicted: Paths = NO_PATHS
    stashes: tuple[Stash, ...] = ()
    stash_count: int = 0
    in_progress: InProgress | None = None
    worktrees: tuple[Worktree, ...] = ()
    submodules: tuple[Submodule, ...] = ()
    tags: tuple[Tag, ...] = ()
    remotes: tuple[Remote, ...] = ()
    tracked: int = 0
    shallow: bool = False
    partial: bool = False
    bare: bool = False
    empty: bool = False
    detached: bool = False
    unborn: bool = False
    sparse: tuple[str, ...] | None = None
    lfs: tuple[str, ...] = ()
    cut: tuple[str, ...] = ()


class Commit(Struct, frozen=True):
    """A recent commit and its size. `files` is their number, `names` the first of them.

    `insertions` and `deletions` are lines, None when git could not tell; a binary file counts none. `tickets` are the
    ids that its message names (`ABC-123`, `#12`).
    """

    oid: str
    subject: str
    author: str
    at: datetime
    files: int
    names: tuple[str, ...]
    insertions: int | None
    deletions: int | None
    merge: bool = False
    tickets: tuple[str, ...] = ()


class Week(Struct, frozen=True):
    """The commits of the week that began on this Monday."""

    start: datetime
    commits: int


class Author(Struct, frozen=True):
    """Somebody who commits, as the repo's mailmap names them."""

    name: str
    commits: int
    first: datetime
    last: datetime


class HotFile(Struct, frozen=True):
    """A file that changes often: `weight` counts a commit as 1 at HEAD, and half for every `HALF_LIFE_DAYS` before."""

    path: str
    commits: int
    weight: float
    last: datetime


class Together(Struct, frozen=True):
    """Two files that change in the same commits.

    `support` is the number of those commits, `confidence` their share of the commits of the one that changes less.
    """

    first: str
    second: str
    support: int
    confidence: float


class Messages(Struct, frozen=True):
    """The convention that the messages follow, the share of them that does (0 to 1), and the newest example."""

    convention: Convention
    share: float
    example: str


class Repair(Struct, frozen=True):
    """A commit that takes back or mends another: `kind` is `revert` or `fix-up`."""

    kind: str
    oid: str
    subject: str
    at: datetime


class InFlight(Struct, frozen=True):
    """A branch that is not merged into the default branch: its own commits are `ahead`, from `started` to `last`."""

    name: str
    oid: str
    ahead: int
    started: datetime
    last: datetime
    author: str
    subject: str


class History(Struct, frozen=True):
    """What the commits tell. The statistics are over the newest `read` commits; `commits` is None when uncounted."""

    commits: int | None = 0
    read: int = 0
    recent: tuple[Commit, ...] = ()
    weeks: tuple[Week, ...] = ()
    authors: tuple[Author, ...] = ()
    author_count: int = 0
    hot: tuple[HotFile, ...] = ()
    together: tuple[Together, ...] = ()
    messages: Messages | None = None
    repairs: tuple[Repair, ...] = ()
    revert_count: int = 0
    fixup_count: int = 0
    default_branch: str | None = None
    in_flight: tuple[InFlight, ...] = ()
    in_flight_count: int = 0
    cut: tuple[str, ...] = ()
