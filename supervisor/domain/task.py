"""Task execution: what has become of a task of the plan so far."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from supervisor.domain.report import Check, Question, Report
from supervisor.domain.thread import ThreadKey


class Phase(StrEnum):
    """Where the work on a task is. What people see (`TaskStatus`) is derived from it and from the plan."""

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


class TurnLook(Struct, frozen=True):
    """What was seen of a running turn: its last sign of life that is known of, the state of its thread in Codex's
    word, the commands that run in it, and the seconds of CPU that all that its server started has taken so far
    (None: not known)."""

    at: datetime
    sign: datetime | None
    state: str
    commands: tuple[str, ...] = ()
    cpu: float | None = None


class TaskStatus(StrEnum):
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


class Steer(Struct, frozen=True):
    """A steer on its way: the client message id, the brief that the child has once it arrived, and when it was sent."""

    message: str
    brief: Brief
    at: datetime | None = None


class TaskState(Struct, frozen=True):
    """What has become of a task so far.

    `told` is the brief that the child has, in the thread with the id `told_in`; `heard` the moment up to which it
    was told what others changed; `sending` the one on its way under
    `message`. `due` says why the next turn is to be started (`due_text`: its detail). `fixes`, `retries` and `resumes`
    count such turns since the last brief, `refusals` the server's of the next one,
    `lost` the tries to check it.
    `before` is the work as it was when the turn on its way was asked for: if that never reached the thread, it is so
    again. `paused` is how long (seconds) the current turn waited on a human, `spent` the tokens (input, output) that it
    is known to have taken so far, `seconds` how long the turns before it ran. `pulse` is how the turn was found at
    `looked`, and so it is since `pulse_since`; `looking`: it is looked at; `stalled`: it is interrupted because it gave
    no sign of life, as `stalls` turns in a row were before. `denied` says why it is blocked once its turn is over,
    `away` since when the server of its turn is gone.
    """

    task: str
    title: str
    child: str
    phase: Phase = Phase.IDLE
    since: datetime | None = None
    runs: int = 0
    turns: int = 0
    sent: int = 0
    new_run: bool = True
    thread: ThreadKey | None = None
    turn: str | None = None
    message: str | None = None
    before: TaskState | None = None
    sending: Brief | None = None
    steer: Steer | None = None
    told: Brief | None = None
    told_in: str | None = None
    heard: datetime | None = None
    due: Due | None = Due.BRIEF
    due_text: str = ""
    fixes: int = 0
    retries: int = 0
    resumes: int = 0
    refusals: int = 0
    not_before: datetime | None = None
    turn_since: datetime | None = None
    paused: float = 0.0
    timed_out: bool = False
    checking: bool = False
    lost: int = 0
    base: Tree | None = None
    report: Report | None = None
    words: str = ""
    question: Question | None = None
    checks: tuple[Check, ...] = ()
    changed_files: tuple[str, ...] = ()
    input_tokens: int = 0
    output_tokens: int = 0
    spent: tuple[int, int] = (0, 0)
    seconds: float = 0.0
    pulse: Pulse = Pulse.LIVELY
    pulse_since: datetime | None = None
    looking: bool = False
    looked: TurnLook | None = None
    stalled: bool = False
    stalls: int = 0
    denied: str = ""
    away: datetime | None = None
    why: str = ""
    note: str = ""
