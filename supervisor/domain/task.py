"""Task execution: how far a task of the plan is."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from supervisor.domain.change.diff import RunDiff
from supervisor.domain.report import Check, Question, Report
from supervisor.domain.thread import ThreadKey, Tokens


class Phase(StrEnum):
    """How far the execution of a task is. What people see (`TaskStatus`) is derived from it and from the plan."""

    IDLE = "idle"  # nothing runs; it starts or continues when it is ready
    STARTING = "starting"  # a turn was requested and is not confirmed yet
    WORKING = "working"  # a turn runs
    STOPPING = "stopping"  # its turn is being interrupted
    CHECKING = "checking"  # the verify commands run, or come next
    MERGING = "merging"  # its changes go from a work tree of its own into the child's, or come next
    ASKING = "asking"  # it waits on a human
    DONE = "done"
    BLOCKED = "blocked"  # it cannot continue: the child says so, or the verify commands fail
    FAILED = "failed"  # something outside the task broke

    @property
    def live(self) -> bool:
        """Whether it occupies a working tree: the child's, or its own."""
        return self in LIVE


LIVE = frozenset({Phase.STARTING, Phase.WORKING, Phase.STOPPING, Phase.CHECKING, Phase.MERGING})


class Pulse(StrEnum):
    """What the looks at a running turn have shown. They go from top to bottom while it gives no sign of life."""

    LIVELY = "lively"  # there was a sign of life, or its commands use the CPU
    QUIET = "quiet"  # no sign for `stall_minutes`; a second look will show whether its commands use the CPU
    STALLED = "stalled"  # they do not: it is to be asked for a sign
    NUDGED = "nudged"  # it was asked for a sign
    DEAF = "deaf"  # it gave none for another `stall_minutes`; a second look will show, as above
    STUCK = "stuck"  # its commands do not use the CPU: it is to be interrupted


class TurnLook(Struct, frozen=True):
    """What a look at a running turn showed."""

    at: datetime
    sign: datetime | None  # its latest known sign of life
    state: str  # of its thread, in Codex's word
    commands: tuple[str, ...] = ()  # that run in it
    cpu: float | None = None  # CPU seconds used so far by everything that its server started; None: not known


class LeftoverLook(Struct, frozen=True):
    """What a look at the leftovers of a turn showed."""

    at: datetime
    commands: tuple[str, ...] = ()  # that still run
    agents: tuple[str, ...] = ()  # sub-agents with a turn that still runs: the beginnings of their first messages
    sign: datetime | None = None  # the latest known sign of life of such a turn
    cpu: float | None = None  # CPU seconds used so far by everything that the server started; None: not known

    @property
    def names(self) -> tuple[str, ...]:
        """Name what still runs."""
        return (*self.commands, *(f"sub-agent: {agent}" for agent in self.agents))


class Leftovers(Struct, frozen=True):
    """Commands and sub-agents that may have outlived the latest turn of a task."""

    began: datetime  # when the turn ended
    since: datetime  # since when they do not compute, as far as is known
    looking: bool = False  # a look at them is under way
    looked: LeftoverLook | None = None  # the latest look
    ending: bool = False  # they are being ended
    failures: int = 0  # tries to end them that failed


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


class InnerRepo(Struct, frozen=True):
    """A repo inside a working tree, at one moment: a submodule, or a repo that lies in it."""

    path: str  # in the working tree
    head: str | None = None  # None: no commit yet
    readable: bool = True  # False: git could not read it


class Tree(Struct, frozen=True):
    """A working tree at one moment, with the repos inside it."""

    head: str | None  # None: no commit yet
    branch: str | None  # None: detached
    entries: tuple[tuple[str, str], ...]  # what differs from HEAD: (path, token), sorted; equal tokens, equal contents
    truncated: bool = False  # there were more entries than are kept: untracked files are left out first
    tracked_cut: bool = False  # and entries that git tracks too
    newest: int | None = None  # when the entries that are left out last changed (ns); None: not known, or none is
    inner: tuple[InnerRepo, ...] | None = None  # sorted by path; None: not looked for
    inner_cut: bool = False  # there are more repos inside


class ChangeList(Struct, frozen=True):
    """The changed files of a task, from when it began to now."""

    files: tuple[str, ...] = ()  # paths in the repo, those that git tracks first
    more: int = 0  # changed files that are not listed
    open_ended: bool = False  # there may be still more: the working tree was too large to know
    reverted: tuple[str, ...] = ()  # listed before, and now as they were when the task began


class Brief(Struct, frozen=True, gc=False):
    """What a child receives for a task. `key` changes when, and only when, the meaning of `text` (Markdown) does."""

    key: str
    text: str


class Due(StrEnum):
    """Why the next turn of a task is to be started."""

    BRIEF = "brief"  # the child does not know the task yet
    REDIRECT = "redirect"  # the plan changed the brief
    FIX = "fix"  # a verify command failed, or its changes do not fit those of others
    ANSWER = "answer"  # a human answered
    RESUME = "resume"  # the turn was cut off: continue
    RETRY = "retry"  # the provider failed: continue
    OUTAGE = "outage"  # the provider accepted no work: continue
    NEWS = "news"  # for the orchestrator only: something happened that may change the plan


class Turn(Struct, frozen=True):
    """A turn of a task that runs, or ran when its server was last connected."""

    id: str  # Codex's
    since: datetime  # when it was confirmed
    pulse_since: datetime  # when the pulse last changed
    pulse: Pulse = Pulse.LIVELY
    looking: bool = False  # a look at it is under way
    looked: TurnLook | None = None  # the latest look
    paused: float = 0.0  # seconds that it waited on a human or had no server
    away: datetime | None = None  # since when its server is gone
    spent: Tokens = Tokens()  # that it is known to have used so far
    timed_out: bool = False  # it is being interrupted because it took longer than the task's timeout
    stalled: bool = False  # it is being interrupted because it gave no sign of life
    denied: str = ""  # why the task will be blocked once this turn is over


class Delivery(Struct, frozen=True):
    """A turn that was requested and is not confirmed yet."""

    message: str  # its client message id
    brief: Brief  # what the child knows once the turn is confirmed
    before: TaskState  # the task before: it is restored if the turn never reached the thread
    digest: str = ""  # SHA-256 of its text


class Steer(Struct, frozen=True):
    """A steer that was sent and is not confirmed yet."""

    message: str  # its client message id
    brief: Brief  # what the child knows once the steer is confirmed
    at: datetime | None = None  # when it was sent
    digest: str = ""  # SHA-256 of its text


class Briefing(Struct, frozen=True, gc=False):
    """What the child knows about the task."""

    delivered: Brief | None = None  # the latest brief that was confirmed
    thread: str | None = None  # Codex's id of the thread that holds it
    seen_up_to: datetime | None = None  # the child knows what other repos changed up to here


class Tries(Struct, frozen=True):
    """How often something was tried again, in a row."""

    fixes: int = 0  # follow-up turns after failing checks
    retries: int = 0  # turns after a failure of the provider
    resumes: int = 0  # turns after one that was cut off
    refusals: int = 0  # by the server, of the next turn
    stalls: int = 0  # turns that were interrupted because they gave no sign of life
    lost_checks: int = 0  # runs of the verify commands that were not completed


class Usage(Struct, frozen=True, gc=False):
    """What the turns that have ended used."""

    tokens: Tokens = Tokens()
    seconds: float = 0.0  # without the time that they waited on a human


class RunResult(Struct, frozen=True, gc=False):
    """The result of the run so far."""

    base: Tree | None = None  # the working tree when the first turn began whose changes are not listed yet
    report: Report | None = None  # of the latest turn; None: it left no valid one
    change: str = ""  # the summary of the latest turn that changed files
    words: str = ""  # the child's last message in place of a report, or the human's answer
    question: Question | None = None  # what it waits on a human for
    checks: tuple[Check, ...] = ()  # the latest run of the verify commands
    changed_files: tuple[str, ...] = ()  # by all runs in this child: paths in the repo, those that git tracks first
    more_files: int = 0  # changed files that are not listed
    open_ended: bool = False  # there may be still more: the working tree was too large to know
    left: tuple[str, ...] = ()  # commands and sub-agents that outlived their turn and were ended


class KeptRun(Struct, frozen=True):
    """The working tree of a child before and after a run, as commits of ours in its repo.

    A run during which others changed the tree, between two of its turns, has several of these.
    """

    run: int
    child: str
    before: str
    after: str | None = None  # None: no turn of it has ended
    left_out: tuple[str, ...] = ()  # paths that could not be kept, each with the reason
    diff: RunDiff | None = None  # from `before` to `after`; None: not known


class OwnTree(Struct, frozen=True):
    """A linked work tree in which the runs of a task work (`isolation: worktree`)."""

    child: str
    run: int  # the attempt for which it is made, or was made last
    path: str = ""  # its root; "": there is none yet
    base: str = ""  # a kept tree: what differs from it is not in the child's work tree yet
    busy: bool = False  # it is being made, or its changes are being merged
    work: str = ""  # a kept tree: what it holds, once its changes are about to be merged; "": not yet
    main: str = ""  # a kept tree: what the child's work tree held then
    conflicts: tuple[str, ...] = ()  # files that both changed, each in another way
    follow_ups: int = 0  # turns after conflicts, in this run


class TaskState(Struct, frozen=True, gc=False):
    """The execution of one task so far."""

    task: str  # its id in the plan
    title: str
    child: str  # who works on it; plan.md may have given it to another child since
    phase: Phase = Phase.IDLE
    since: datetime | None = None  # when it entered the phase
    why: str = ""  # why it is in the phase
    note: str = ""  # what delays it at the moment
    runs: int = 0  # attempts so far
    turns: int = 0  # confirmed turns of all attempts
    sent: int = 0  # turns and steers that were sent: numbers the client message ids
    new_run: bool = True  # the next turn begins another attempt
    thread: ThreadKey | None = None
    turn: Turn | None = None  # None between two turns
    last_turn: str | None = None  # Codex's id of the latest turn that ended
    leftovers: Leftovers | None = None  # what that turn may have left running; None: nothing, or it was ended
    delivery: Delivery | None = None  # only while starting
    steer: Steer | None = None  # it may outlast its turn by a moment
    brief: Briefing = Briefing()
    due: Due | None = Due.BRIEF  # why the next turn is to be started
    due_text: str = ""  # the reason in detail, for the child
    not_before: datetime | None = None  # the next step waits until then
    checking: bool = False  # the verify commands run
    tries: Tries = Tries()
    usage: Usage = Usage()
    result: RunResult = RunResult()
    start: Tree | None = None  # the working tree when the first run in this child began
    taken_back: bool = False  # it was done, and its changes were taken out of the files
    kept: tuple[KeptRun, ...] = ()  # of the runs so far, in their order; the oldest ones may be joined
    own_tree: OwnTree | None = None  # None: its runs work in the child's work tree, or none has begun
    tree_gone: str = ""  # where its own work tree was, in which its thread still is: it was removed once it was merged

    @property
    def tokens(self) -> Tokens:
        """The tokens of all turns, the running one included."""
        return self.usage.tokens + self.turn.spent if self.turn is not None else self.usage.tokens

    @property
    def apart(self) -> bool:
        """Whether its run, or the next one, works in a work tree of its own, which is ready."""
        tree = self.own_tree
        if tree is None or not tree.path:
            return False
        if tree.run == self.runs + 1:
            return not tree.busy  # it is being made
        return tree.run == self.runs and not self.new_run and tree.child == self.child

    @property
    def turn_id(self) -> str | None:
        """Codex's id of the running turn, or None."""
        return self.turn.id if self.turn is not None else None
