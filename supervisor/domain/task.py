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


class Tokens(Struct, frozen=True):
    """Tokens that went into a model, and that came out of it."""

    input: int = 0
    output: int = 0

    @property
    def total(self) -> int:
        return self.input + self.output

    def __add__(self, other: Tokens) -> Tokens:
        return Tokens(self.input + other.input, self.output + other.output)


class Turn(Struct, frozen=True):
    """The turn of a task that runs, or ran when its server was last connected."""

    id: str  # Codex's
    since: datetime  # when it was first known to run
    pulse_since: datetime  # since when its pulse is what it is
    pulse: Pulse = Pulse.LIVELY
    looking: bool = False  # a look at it is under way
    looked: TurnLook | None = None  # the last look
    paused: float = 0.0  # seconds that it waited on a human, or had no server
    away: datetime | None = None  # since when its server is gone
    spent: Tokens = Tokens()  # that it is known to have taken so far
    timed_out: bool = False  # it is interrupted because its time is up
    stalled: bool = False  # it is interrupted because it gave no sign of life
    denied: str = ""  # why the task is blocked once this turn is over


class Delivery(Struct, frozen=True):
    """A turn that was asked for and is not known to run yet."""

    message: str  # the client message id under which it was sent
    brief: Brief  # what the child has been told once it arrived
    before: TaskState  # the task as it was: it is so again if the turn never reached the thread


class Steer(Struct, frozen=True):
    """A steer on its way: the client message id, the brief that the child has once it arrived, and when it was sent."""

    message: str
    brief: Brief
    at: datetime | None = None


class Briefing(Struct, frozen=True):
    """What the child has been told of the task."""

    delivered: Brief | None = None  # the brief that it has
    thread: str | None = None  # Codex's id of the thread that knows it
    seen_up_to: datetime | None = None  # up to when it was told what other repos changed


class Tries(Struct, frozen=True):
    """How often something was tried again, in a row."""

    fixes: int = 0  # follow-up turns after failing checks
    retries: int = 0  # turns after a failure of the provider
    resumes: int = 0  # turns after one that was cut off
    refusals: int = 0  # by the server, of the next turn
    stalls: int = 0  # turns that were interrupted because they gave no sign of life
    lost_checks: int = 0  # runs of the checks that did not come to their end


class Usage(Struct, frozen=True):
    """What the turns that have ended took."""

    tokens: Tokens = Tokens()
    seconds: float = 0.0  # without the time that they waited on a human


class RunResult(Struct, frozen=True):
    """What came of the run so far."""

    base: Tree | None = None  # the working tree when the run began
    report: Report | None = None  # of the last turn; None: it left no valid one
    words: str = ""  # what it said in place of a report, or what the human said
    question: Question | None = None  # what it waits on a human for
    checks: tuple[Check, ...] = ()  # the verify commands as they ran last
    changed_files: tuple[str, ...] = ()  # paths in the repo, sorted


class TaskState(Struct, frozen=True):
    """The execution of one task: what has become of it so far."""

    task: str  # its id in the plan
    title: str
    child: str  # who is at it; plan.md may have given it to another one since
    phase: Phase = Phase.IDLE
    since: datetime | None = None  # when it entered the phase
    why: str = ""  # why it is in the phase
    note: str = ""  # what hinders it at the moment
    runs: int = 0  # attempts so far
    turns: int = 0  # that were known to run, in all attempts
    sent: int = 0  # turns and steers that were sent: numbers the client message ids
    new_run: bool = True  # the next turn begins another attempt
    thread: ThreadKey | None = None
    turn: Turn | None = None  # None between two turns
    delivery: Delivery | None = None  # only while starting
    steer: Steer | None = None  # it may outlast its turn by a moment
    brief: Briefing = Briefing()
    due: Due | None = Due.BRIEF  # why the next turn is to be started
    due_text: str = ""  # its detail, for the child
    not_before: datetime | None = None  # of whatever comes next
    checking: bool = False  # the verify commands run
    tries: Tries = Tries()
    usage: Usage = Usage()
    result: RunResult = RunResult()

    @property
    def tokens(self) -> Tokens:
        """Those of all turns, the running one included."""
        return self.usage.tokens + self.turn.spent if self.turn is not None else self.usage.tokens

    @property
    def turn_id(self) -> str | None:
        """Codex's id of the running turn."""
        return self.turn.id if self.turn is not None else None
