"""What the human and the supervisor do: starts, requests and plans."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from supervisor.domain.action import Action
from supervisor.domain.ask import NoticeKind, Rule
from supervisor.domain.child import Child
from supervisor.domain.plan import HUMAN, Budget, Foreseen, Plan, Problem


class SupervisorStarted(Struct, frozen=True):
    """A supervisor took over."""

    at: datetime
    pid: int
    version: str  # of orch
    children: tuple[Child, ...]  # the orchestrator's too, if it has a server
    running: tuple[str, ...]  # children whose servers were found alive
    retry_seconds: tuple[float, ...]  # see `Settings`, for this and what follows
    rules: tuple[Rule, ...] = ()
    notices: tuple[NoticeKind, ...] = ()
    plan_budget: Budget | None = None
    task_budget: Budget | None = None
    last: datetime | None = None  # the moment of the latest event before
    pause_seconds: tuple[float, ...] = (5.0, 20.0, 60.0, 300.0, 900.0)
    stall_minutes: float = 10.0
    leftover_seconds: float = 30.0
    exclude_tmp: bool = False
    confined: tuple[str, ...] = ()
    trusted_git: tuple[str, ...] = ()
    surprise: float | None = None
    ready_seconds: float = 30.0
    exclude_roots: bool = False
    parallel: int | None = None


class UpRequested(Struct, frozen=True):
    """The human asked for the servers of these children."""

    at: datetime
    children: tuple[str, ...]


class ReloadRequested(Struct, frozen=True):
    """The config changed. This supervisor exits, its servers keep running, and it starts again with the new config."""

    at: datetime


class DownRequested(Struct, frozen=True):
    """`orch down`. `now`: do not wait for turns to be interrupted."""

    at: datetime
    now: bool


class HoldSet(Struct, frozen=True):
    """The human held the plan: nothing new starts."""

    at: datetime


class HoldLifted(Struct, frozen=True):
    """The human or the orchestrator lifted the hold."""

    at: datetime


class MachineWoke(Struct, frozen=True):
    """This machine slept, and is awake again: what was out of reach may be well."""

    at: datetime
    seconds: float  # for which it slept


class EventLost(Struct, frozen=True):
    """`orch doctor --repair` put this in the place of an event whose line was damaged or missing, with what is still
    known of it."""

    at: datetime  # when the event before it happened
    was: str | None = None
    task: str | None = None
    child: str | None = None


class Doubt(Struct, frozen=True):
    """A task of which more was known than the repaired ledger says."""

    task: str
    words: str  # what it was, or what its child reported


class LedgerRepaired(Struct, frozen=True):
    """`orch doctor --repair` wrote the ledger anew without its damage."""

    at: datetime
    lost: int  # events
    kept: tuple[str, ...] = ()  # the names of the damaged files, which are kept
    doubts: tuple[Doubt, ...] = ()


class ReposReserved(Struct, frozen=True):
    """A command is about to change files of these children: nothing starts there until it has ended."""

    at: datetime
    children: tuple[str, ...]


class RunsTakenBack(Struct, frozen=True):
    """No command changes files any more. These are all runs (`T1@2`) that are taken back as of now."""

    at: datetime
    runs: tuple[str, ...]


class TasksReopened(Struct, frozen=True):
    """A landing was refused: a command of `## Integration` failed, which names these tasks."""

    at: datetime
    tasks: tuple[str, ...]
    command: str
    text: str  # for the children


class RetryRequested(Struct, frozen=True):
    """The human wants a blocked or failed task tried again."""

    at: datetime
    task: str


class FreshThreadRequested(Struct, frozen=True):
    """The human wants a task to go on with a new thread. The one that it has is left as it is."""

    at: datetime
    task: str


class RestartRequested(Struct, frozen=True):
    """The human asked for a new server of this child."""

    at: datetime
    child: str


class LearningNoted(Struct, frozen=True):
    """Somebody noted a fact that the other repos should know. `source` is a child, "human" or "orchestrator"."""

    at: datetime
    source: str
    text: str


class PlanningRequested(Struct, frozen=True):
    """The human wants the orchestrator to understand the repos and to write plan.md."""

    at: datetime
    problem: str
    review: bool = False  # no task starts before `orch go`
    yolo: bool = False  # the orchestrator runs without sandbox and approvals


class PlanningStopped(Struct, frozen=True):
    """The human ended the orchestrator's effort: it has no further turn before the next request."""

    at: datetime


class PlanAccepted(Struct, frozen=True):
    """A version of plan.md is in force. Its text is kept under `.orchestrator/plans/NNNN.md`."""

    at: datetime
    revision: int
    digest: str  # sha256 of its bytes, in hex
    summary: str  # what changed since the revision before
    plan: Plan
    author: str = HUMAN  # or "orchestrator"
    picture: tuple[Foreseen, ...] = ()  # what it does to the tasks that it does not leave unchanged


class PlanPostponed(Struct, frozen=True):
    """A version of plan.md would end the runs of more tasks than `limits.surprise` allows. It waits for `orch go`."""

    at: datetime
    digest: str
    summary: str  # what changes
    plan: Plan
    why: str  # how many runs it would end
    author: str = HUMAN
    picture: tuple[Foreseen, ...] = ()  # what it would do, as of this moment


class PlanRejected(Struct, frozen=True):
    """plan.md has errors. The version in force stays."""

    at: datetime
    digest: str
    problems: tuple[Problem, ...]
    author: str = HUMAN


class PlanMissing(Struct, frozen=True):
    """There is no plan.md, or it is empty. No new task starts."""

    at: datetime
    reason: str


class Intended(Struct, frozen=True):
    """An action was decided. Recorded before it is carried out."""

    at: datetime
    action: Action


class Ticked(Struct, frozen=True):
    """A moment that something waited for has come. Never in the ledger: it changes nothing by itself."""

    at: datetime


class NoticeFailed(Struct, frozen=True):
    """A command that the config names for notices failed. The notice is not sent again."""

    at: datetime
    key: str
    reason: str
