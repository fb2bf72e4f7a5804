"""A landing: what finished tasks changed becomes commits on one branch per repo, in all repos or in none."""

from __future__ import annotations

from msgspec import Struct

from supervisor.domain.change.diff import FileDiff


class NewCommit(Struct, frozen=True):
    """A commit that a landing makes: what one task changed in one repo."""

    task: str
    child: str
    id: str
    tree: str
    message: str
    files: tuple[FileDiff, ...]

    @property
    def subject(self) -> str:
        """The first line of its message."""
        return self.message.partition("\n")[0]


class RepoPlan(Struct, frozen=True):
    """What a landing does in one repo."""

    child: str
    root: str
    common: str  # the git folder that all its work trees share
    branch: str  # a short name
    base: str | None  # the commit that was checked out; None: there was none yet
    old: str | None  # where the branch is; None: it is new
    lock: str  # the file that locks the branch
    commits: tuple[NewCommit, ...]
    here: bool = False  # the branch is checked out, and the index follows it
    on_head: bool = True  # the base is what is checked out, and has to stay so until the branch is moved

    @property
    def ref(self) -> str:
        """The full name of the branch."""
        return f"refs/heads/{self.branch}"

    @property
    def tip(self) -> str:
        """The id of the last commit, to which the branch is to lead."""
        return self.commits[-1].id


class LandingPlan(Struct, frozen=True):
    """A landing that is ready: its commits are written, and no ref leads to them."""

    title: str
    branch: str  # "": what is checked out in each repo
    tasks: tuple[str, ...]
    repos: tuple[RepoPlan, ...]
    notes: tuple[str, ...] = ()  # what the reader should know
    push: bool = False  # afterwards it is pushed
    requests: bool = False  # and pull requests are opened
    reverts: int | None = None  # the number of the landing that it takes back
    checks: tuple[str, ...] = ()  # the commands that passed with all repos together
