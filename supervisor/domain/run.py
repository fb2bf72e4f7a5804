"""A run: one attempt at a task, and what comes back from it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class Phase(StrEnum):
    """Where the work on a task is. What people see (`TaskState`) is derived from it and from the plan."""

    IDLE = "idle"  # nothing of it runs; it starts, or goes on, when it may
    STARTING = "starting"  # a turn was asked for; its answer is not in yet
    WORKING = "working"  # a turn of it runs
    STOPPING = "stopping"  # its turn is being interrupted
    CHECKING = "checking"  # the verify commands run
    ASKING = "asking"  # it waits on a human
    DONE = "done"
    BLOCKED = "blocked"  # it cannot go on: the child says so, or the verify commands do
    FAILED = "failed"  # something broke that is not the work itself

    @property
    def live(self) -> bool:
        """Whether it occupies the child's working tree."""
        return self in LIVE


LIVE = frozenset({Phase.STARTING, Phase.WORKING, Phase.STOPPING, Phase.CHECKING})


class Pulse(StrEnum):
    """How a running turn was found when it was looked at."""

    LIVELY = "lively"  # there was a sign of life, or its commands are at work
    QUIET = "quiet"  # no sign for the set time; another look in a moment tells whether its commands are at work
    STALLED = "stalled"  # they are not: it is asked for a sign
    NUDGED = "nudged"  # it was asked for a sign
    DEAF = "deaf"  # and gave none for the set time; another look in a moment
    STUCK = "stuck"  # nor are its commands at work: it is interrupted


class Look(Struct, frozen=True):
    """What was seen of a running turn: its last sign of life that is known of, the state of its thread in Codex's
    word, the commands that run in it, and the seconds of CPU that all that its server started has taken so far
    (None: not known)."""

    at: datetime
    sign: datetime | None
    state: str
    commands: tuple[str, ...] = ()
    cpu: float | None = None


class TaskState(StrEnum):
    """The state of a task in the words of `orch status`."""

    WAITING = "waiting"
    RUNNING = "running"
    VERIFYING = "verifying"
    NEEDS_HUMAN = "needs_human"
    DONE = "done"
    BLOCKED = "blocked"
    FAILED = "failed"
    HELD = "held"
    RETIRED = "retired"


class Outcome(StrEnum):
    """What a child says of its own turn."""

    DONE = "done"
    BLOCKED = "blocked"
    NEEDS_HUMAN = "needs_human"


class Change(Struct, frozen=True):
    """A file that the child says it changed, and what."""

    path: str
    what: str


class ContractNote(Struct, frozen=True):
    """What the child says of a contract: `status` is `kept` or `changed`."""

    id: str
    status: str
    note: str


class Claim(Struct, frozen=True):
    """A check that the child says it ran. Never believed: the verify commands decide."""

    command: str
    result: str


class Question(Struct, frozen=True):
    """What the child needs from a human: the question, exact steps, and the exact result expected."""

    question: str
    steps: str
    expected: str


class Report(Struct, frozen=True):
    """The structured answer that a child ends its turn with."""

    outcome: Outcome
    summary: str
    changes: tuple[Change, ...] = ()
    contracts: tuple[ContractNote, ...] = ()
    checks: tuple[Claim, ...] = ()
    ask: Question | None = None
    learned: tuple[str, ...] = ()


class Check(Struct, frozen=True):
    """One verify command as the supervisor ran it: its exit code, and the tail of its output (text)."""

    command: str
    exit_code: int
    tail: str


class Tree(Struct, frozen=True):
    """A working tree at one moment: HEAD (None: no commit yet), branch (None: detached), and what differs from HEAD.

    `entries` are (path, token), sorted; a token stands for the content of the file, so equal tokens mean "not touched".
    `truncated`: there were more than are kept.
    """

    head: str | None
    branch: str | None
    entries: tuple[tuple[str, str], ...]
    truncated: bool = False


class Brief(Struct, frozen=True):
    """What a child is told of a task. `key` changes when the meaning does; `text` is the Markdown."""

    key: str
    text: str


class Due(StrEnum):
    """Why the next turn of a task is to be started."""

    BRIEF = "brief"  # the child does not know the task yet
    REDIRECT = "redirect"  # the plan changed what the child was told
    FIX = "fix"  # a verify command failed
    ANSWER = "answer"  # a human answered
    RESUME = "resume"  # the turn was cut off: go on
    RETRY = "retry"  # the provider failed: go on
    OUTAGE = "outage"  # the provider took no work: go on
    NEWS = "news"  # of the orchestrator only: something happened that may change the plan
