"""Events: what happened, in the past tense. One event is one ledger line and one log line, with the same names."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from supervisor.domain.action import Action
from supervisor.domain.ask import Answer, NoticeKind, Request, RequestKey
from supervisor.domain.child import Child, TurnSeen
from supervisor.domain.plan import HUMAN, Budget, Plan, Problem
from supervisor.domain.rule import Rule
from supervisor.domain.run import Check, Look, Tree
from supervisor.domain.seam import Drift, Seam

# ── the supervisor and its human ─────────────────────────────────────────────────────────────────


class SupervisorStarted(Struct, frozen=True):
    """A supervisor took over. `running` names the children whose servers were found alive, `notices` what the config
    wants told. The budgets are the config's, for what plan.md gives none; `last` is the
    moment of the last event before.
    """

    at: datetime
    pid: int
    version: str
    children: tuple[Child, ...]
    running: tuple[str, ...]
    retry_seconds: tuple[float, ...]
    rules: tuple[Rule, ...] = ()
    notices: tuple[NoticeKind, ...] = ()
    plan_budget: Budget | None = None
    task_budget: Budget | None = None
    last: datetime | None = None
    pause_seconds: tuple[float, ...] = (5.0, 20.0, 60.0, 300.0, 900.0)
    stall_minutes: float = 10.0


class UpRequested(Struct, frozen=True):
    at: datetime
    children: tuple[str, ...]


class ReloadRequested(Struct, frozen=True):
    """The config reads differently: this supervisor ends, its servers go on, and it starts over with the new one."""

    at: datetime


class DownRequested(Struct, frozen=True):
    at: datetime
    now: bool


class HoldSet(Struct, frozen=True):
    at: datetime


class HoldLifted(Struct, frozen=True):
    at: datetime


class RetryRequested(Struct, frozen=True):
    """The human wants a blocked or failed task tried again."""

    at: datetime
    task: str


class RestartRequested(Struct, frozen=True):
    at: datetime
    child: str


class LearningNoted(Struct, frozen=True):
    """Something worth knowing for the other repos. `source` is a child, "human" or "orchestrator"."""

    at: datetime
    source: str
    text: str


class PlanningRequested(Struct, frozen=True):
    """The human wants the orchestrator to understand the repos and to write plan.md.

    `review`: nothing of it starts before `orch go`; `yolo`: the orchestrator runs without sandbox and approvals.
    """

    at: datetime
    problem: str
    review: bool = False
    yolo: bool = False


class AskAnswered(Struct, frozen=True):
    at: datetime
    ask: str
    answer: Answer


# ── the plan ─────────────────────────────────────────────────────────────────────────────────────


class PlanAccepted(Struct, frozen=True):
    """A version of plan.md is in force. Its words are kept under `.orchestrator/plans/NNNN.md`.

    `author` is who wrote it: "human" or "orchestrator".
    """

    at: datetime
    revision: int
    digest: str
    summary: str
    plan: Plan
    author: str = HUMAN


class PlanRejected(Struct, frozen=True):
    at: datetime
    digest: str
    problems: tuple[Problem, ...]
    author: str = HUMAN


class PlanMissing(Struct, frozen=True):
    at: datetime
    reason: str


# ── servers ──────────────────────────────────────────────────────────────────────────────────────


class ServerReady(Struct, frozen=True):
    """The server answers: `initialize` and the login are fine. `adopted`: it ran already."""

    at: datetime
    child: str
    pid: int
    socket: str
    codex: str
    adopted: bool


class ServerStartFailed(Struct, frozen=True):
    """It did not get ready. `fatal`: trying again cannot help before a human did something."""

    at: datetime
    child: str
    reason: str
    fatal: bool
    stderr: str


class ServerExited(Struct, frozen=True):
    """A server that was ready is gone, or its connection is. `stderr` holds its last lines."""

    at: datetime
    child: str
    pid: int
    reason: str
    stderr: str


class ServerUnresponsive(Struct, frozen=True):
    """A health probe got no answer in time; `misses` counts them in a row."""

    at: datetime
    child: str
    pid: int
    reason: str
    misses: int


class ServerResponded(Struct, frozen=True):
    at: datetime
    child: str
    pid: int


class ServerStopped(Struct, frozen=True):
    at: datetime
    child: str


class ServerStopFailed(Struct, frozen=True):
    """Processes of ours are left that would not die."""

    at: datetime
    child: str
    reason: str


# ── threads and turns ────────────────────────────────────────────────────────────────────────────


class ThreadOpened(Struct, frozen=True):
    """A thread is loaded and heard. `turns` are its latest, oldest first; `waiting`: a turn waits on a human;
    `provider` is the one of models."""

    at: datetime
    child: str
    pid: int
    thread: str
    task: str | None
    waiting: bool
    turns: tuple[TurnSeen, ...]
    provider: str = ""


class ThreadFailed(Struct, frozen=True):
    """It could not be opened. `gone`: the server has no record of it."""

    at: datetime
    child: str
    thread: str | None
    task: str | None
    gone: bool
    reason: str


class TurnBegan(Struct, frozen=True):
    """A turn runs. `message` is our client message id when it is known to be in it."""

    at: datetime
    child: str
    thread: str
    turn: str
    message: str | None


class TurnEnded(Struct, frozen=True):
    at: datetime
    child: str
    thread: str
    seen: TurnSeen


class TokensSpent(Struct, frozen=True):
    """A running turn has taken so many tokens more since this was last told; not told for each answer of the model."""

    at: datetime
    child: str
    thread: str
    turn: str
    input_tokens: int
    output_tokens: int


class LimitsRead(Struct, frozen=True):
    """What Codex knows of a provider that refuses work: when it takes some again (None: it does not know)."""

    at: datetime
    child: str
    provider: str
    resets: datetime | None
    reason: str = ""


class TurnRetried(Struct, frozen=True):
    """Codex tries to reach the provider again."""

    at: datetime
    child: str
    thread: str
    turn: str
    reason: str


class TurnRefused(Struct, frozen=True):
    """A turn could not be started: nothing of it reached the thread."""

    at: datetime
    child: str
    task: str
    message: str
    reason: str


class SteerArrived(Struct, frozen=True):
    at: datetime
    child: str
    task: str
    turn: str
    message: str


class SteerMissed(Struct, frozen=True):
    """The turn had ended before the steer arrived, or would not take it."""

    at: datetime
    child: str
    task: str
    turn: str
    message: str
    reason: str


class TurnLooked(Struct, frozen=True):
    """A running turn was looked at."""

    at: datetime
    child: str
    task: str
    turn: str
    look: Look


class InterruptFailed(Struct, frozen=True):
    """The server would not interrupt the turn (it ended, or the server did not answer)."""

    at: datetime
    child: str
    task: str
    turn: str
    reason: str


class TreeRead(Struct, frozen=True):
    """The working tree as a run found it."""

    at: datetime
    child: str
    task: str
    run: int
    tree: Tree


class ChecksFinished(Struct, frozen=True):
    at: datetime
    child: str
    task: str
    run: int
    checks: tuple[Check, ...]
    changed_files: tuple[str, ...]


class ChecksLost(Struct, frozen=True):
    """The verify commands could not be run to their end (the server went away, or refused)."""

    at: datetime
    child: str
    task: str
    run: int
    reason: str


# ── asks ─────────────────────────────────────────────────────────────────────────────────────────


class RequestReceived(Struct, frozen=True):
    """A server waits for an answer in the middle of a turn."""

    at: datetime
    request: Request


class RequestResolved(Struct, frozen=True):
    """The server has its answer, from us or from elsewhere, or the turn is over."""

    at: datetime
    key: RequestKey


class RequestDeclined(Struct, frozen=True):
    """A server asked something that we do not know; it was declined."""

    at: datetime
    child: str
    method: str


class ChildAsked(Struct, frozen=True):
    """A child was asked something by whoever plans: a turn that only reads, beside its work. Long texts are cut."""

    at: datetime
    child: str
    question: str


class ChildAnswered(Struct, frozen=True):
    """What became of it: the answer, or the problem that there is none."""

    at: datetime
    child: str
    answer: str
    seconds: float
    problem: str


# ── what others do ───────────────────────────────────────────────────────────────────────────────


class SaidElsewhere(Struct, frozen=True):
    """Somebody else wrote on a thread of ours, in another window; `text` is the beginning of it."""

    at: datetime
    child: str
    thread: str
    turn: str
    text: str


class ThreadSettingsChanged(Struct, frozen=True):
    """A thread of ours goes on with other settings than we gave it; `changes` are (name, before, after)."""

    at: datetime
    child: str
    thread: str
    changes: tuple[tuple[str, str, str], ...]


class NoticeFailed(Struct, frozen=True):
    """What the config names to tell the human did not work; it is not told again."""

    at: datetime
    key: str
    reason: str


# ── what ties the repos together ─────────────────────────────────────────────────────────────────


class SharedChanged(Struct, frozen=True):
    """A child changed something that others rely on; noticed after a turn of `task`, if one of ours made it."""

    at: datetime
    child: str
    task: str | None
    drift: Drift


class MapDrawn(Struct, frozen=True):
    """The map of the repos is up to date. `seams` are its best; all of them are in map.json. `digest` names it.

    `known` has for each child what its snapshot tells in short, as Markdown.
    """

    at: datetime
    digest: str
    seams: tuple[Seam, ...]
    known: tuple[tuple[str, str], ...] = ()


class MapFailed(Struct, frozen=True):
    """The map could not be brought up to date; it is tried again after the next change."""

    at: datetime
    reason: str


# ── our own acts ─────────────────────────────────────────────────────────────────────────────────


class Intended(Struct, frozen=True):
    """An action was decided; recorded before it is carried out."""

    at: datetime
    action: Action


class Ticked(Struct, frozen=True):
    """A moment that something waited for has come. Never in the ledger: it changes nothing by itself."""

    at: datetime


Event = (
    SupervisorStarted
    | UpRequested
    | ReloadRequested
    | DownRequested
    | HoldSet
    | HoldLifted
    | RetryRequested
    | RestartRequested
    | LearningNoted
    | PlanningRequested
    | AskAnswered
    | PlanAccepted
    | PlanRejected
    | PlanMissing
    | ServerReady
    | ServerStartFailed
    | ServerExited
    | ServerUnresponsive
    | ServerResponded
    | ServerStopped
    | ServerStopFailed
    | ThreadOpened
    | ThreadFailed
    | TurnBegan
    | TurnEnded
    | TokensSpent
    | LimitsRead
    | TurnRetried
    | TurnRefused
    | SteerArrived
    | SteerMissed
    | TurnLooked
    | InterruptFailed
    | TreeRead
    | ChecksFinished
    | ChecksLost
    | RequestReceived
    | RequestResolved
    | RequestDeclined
    | ChildAsked
    | ChildAnswered
    | SaidElsewhere
    | ThreadSettingsChanged
    | NoticeFailed
    | SharedChanged
    | MapDrawn
    | MapFailed
    | Intended
    | Ticked
)
