"""What the journal of a workspace holds: what is written down of each operation that a person starts."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from supervisor.domain.change.operation import Move, OperationKind


class OperationBegan(Struct, frozen=True, tag_field="entry", tag="began"):
    """A person started an operation. Written down before anything is touched."""

    number: int
    at: datetime
    kind: OperationKind
    what: str
    moves: tuple[Move, ...] = ()
    taken: tuple[str, ...] = ()
    brought: tuple[str, ...] = ()
    target: str | None = None


class RefChange(Struct, frozen=True):
    """A ref that a landing makes or moves."""

    child: str
    repo: str  # the root of the work tree
    name: str  # in full: refs/heads/...
    old: str | None  # None: it must not exist
    new: str
    lock: str  # the lock file that the transaction holds until then
    held: str = ""  # which file that is, once it is decided: see `HeldRef.held`


class LandedRepo(Struct, frozen=True):
    """What a landing makes in one repo."""

    child: str
    branch: str
    base: str | None  # the commit below; None: there is none
    commits: tuple[str, ...]  # ids, the oldest first
    keep: str  # the ref of ours that leads to what was landed
    here: bool = False  # the branch is checked out, and the index follows it


class LandingPrepared(Struct, frozen=True, tag_field="entry", tag="prepared"):
    """A landing is about to take the locks of its refs. Until it is decided, no ref is moved."""

    number: int
    at: datetime
    refs: tuple[RefChange, ...]
    repos: tuple[LandedRepo, ...]
    push: bool = False  # afterwards it is pushed
    requests: bool = False  # and pull requests are opened
    reverts: int | None = None  # the number of the landing that it takes back
    checks: tuple[str, ...] = ()  # the commands that passed with all repos together


class LandingDecided(Struct, frozen=True, tag_field="entry", tag="decided"):
    """A landing holds the locks of all its refs: from here on it is finished, whatever happens."""

    number: int
    at: datetime
    refs: tuple[RefChange, ...]


class PushBegan(Struct, frozen=True, tag_field="entry", tag="pushing"):
    """A landing is about to be pushed to the remotes of its repos."""

    number: int  # of the landing
    at: datetime
    requests: bool = False  # pull requests are opened too


class Pushed(Struct, frozen=True, tag_field="entry", tag="pushed"):
    """What became of the push of one repo."""

    number: int  # of the landing
    at: datetime
    child: str
    remote: str
    ref: str  # in full
    old: str | None  # what the remote had there; None: nothing
    new: str
    why: str = ""  # it was not pushed; "": it was


class RequestOpened(Struct, frozen=True, tag_field="entry", tag="requested"):
    """What became of the pull request of one repo."""

    number: int  # of the landing
    at: datetime
    child: str
    url: str  # "": there is none
    why: str = ""


class PushEnded(Struct, frozen=True, tag_field="entry", tag="push_ended"):
    """Nothing of this landing waits to be pushed any more."""

    number: int  # of the landing
    at: datetime
    done: bool  # False: the person gave it up
    why: str = ""


class OperationEnded(Struct, frozen=True, tag_field="entry", tag="ended"):
    """The command is through with an operation; without this entry it was killed on the way."""

    number: int
    at: datetime
    done: bool  # False: nothing was changed, or all was put back
    why: str = ""
    moves: tuple[Move, ...] = ()  # as they turned out


Entry = (
    OperationBegan | LandingPrepared | LandingDecided | OperationEnded | PushBegan | Pushed | RequestOpened | PushEnded
)
