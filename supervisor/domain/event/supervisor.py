"""What the human and the supervisor do: starts, requests, and plans."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from supervisor.domain.action import Action
from supervisor.domain.ask import NoticeKind
from supervisor.domain.child import Child
from supervisor.domain.plan import HUMAN, Budget, Plan, Problem
from supervisor.domain.rule import Rule


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


class Intended(Struct, frozen=True):
    """An action was decided; recorded before it is carried out."""

    at: datetime
    action: Action


class Ticked(Struct, frozen=True):
    """A moment that something waited for has come. Never in the ledger: it changes nothing by itself."""

    at: datetime


class NoticeFailed(Struct, frozen=True):
    """What the config names to tell the human did not work; it is not told again."""

    at: datetime
    key: str
    reason: str
