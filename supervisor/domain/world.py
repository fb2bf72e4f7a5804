"""The world: everything the supervisor knows, as the fold of its ledger."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct, field

from supervisor.domain.ask import Ask, AskState, NoticeKind, Request, RequestKey
from supervisor.domain.link import Drift, Link
from supervisor.domain.plan import Budget, Plan, Problem
from supervisor.domain.rule import Rule, Ruled
from supervisor.domain.server import Outage, Server
from supervisor.domain.task import TaskState
from supervisor.domain.thread import Thread, ThreadKey


class Learning(Struct, frozen=True):
    at: datetime
    source: str
    text: str


class Noticed(Struct, frozen=True):
    """A shared thing that changed, and the task that was at work then."""

    at: datetime
    task: str | None
    drift: Drift


class Planning(Struct, frozen=True):
    """What the human wants the orchestrator to plan. `revision` was in force when it was asked for; `told`: the
    orchestrator knows of it; `tries` counts the turns that were to mend a plan that is none; `read` is the revision
    that it was told of, or wrote, last."""

    number: int
    problem: str
    at: datetime
    revision: int
    review: bool = False
    yolo: bool = False
    told: bool = False
    tries: int = 0
    read: int = 0


class News(Struct, frozen=True):
    """Something that the orchestrator has not heard of yet (Markdown; words of others are quoted). `loud`: it is worth
    a turn by itself; the rest is told on occasion."""

    number: int
    at: datetime
    text: str
    loud: bool


class Stopping(Struct, frozen=True):
    """`orch down` was asked for at `since`; `now`: without waiting for turns to be interrupted."""

    since: datetime
    now: bool


class World(Struct, frozen=True):
    """The fold of the ledger. Mappings keep the order in which things came up.

    `links` are the best of the map as it was drawn last, `known` what is known of each child in short, `noticed` what
    changed of the map since the beginning. `unsurveyed` are the children that may have changed since, each with the
    task that was at work. `answering` are requests whose answer is on its way, `ruled` what rules settled last,
    `notified` the keys of the latest notices that went out. `asks` are those that are open and the latest of those that
    were, of `asked` in all. `lead` is the work of the orchestrator, which is on no task of the
    plan, `news` what it has not heard of, `rejected_by` who wrote the version of plan.md that is wrong,
    `author` who wrote the one that is in force. `plan_budget` and `task_budget` are the config's, `grants` what the
    human gave on top of a budget. `outages` are by provider; they stay until a turn gets through. `leaving` are the
    children that the config names no more and whose servers were found, each with whether it is being stopped.
    """

    pid: int | None = None
    version: str = ""
    since: datetime | None = None
    retry_seconds: tuple[float, ...] = ()
    stopping: Stopping | None = None
    exiting: bool = False
    hold: bool = False
    plan: Plan | None = None
    revision: int = 0
    digest: str = ""
    missing: str | None = "there is no plan.md yet"
    problems: tuple[Problem, ...] = ()
    servers: Mapping[str, Server] = field(default_factory=dict)
    leaving: Mapping[str, bool] = field(default_factory=dict)
    threads: Mapping[ThreadKey, Thread] = field(default_factory=dict)
    tasks: Mapping[str, TaskState] = field(default_factory=dict)
    requests: Mapping[RequestKey, Request] = field(default_factory=dict)
    asks: Mapping[str, Ask] = field(default_factory=dict)
    asked: int = 0
    answering: frozenset[RequestKey] = frozenset()
    rules: tuple[Rule, ...] = ()
    ruled: tuple[Ruled, ...] = ()
    notices: tuple[NoticeKind, ...] = ()
    notified: Mapping[str, datetime] = field(default_factory=dict)
    learnings: tuple[Learning, ...] = ()
    map_digest: str = ""
    links: tuple[Link, ...] = ()
    known: Mapping[str, str] = field(default_factory=dict)
    noticed: tuple[Noticed, ...] = ()
    unsurveyed: Mapping[str, str | None] = field(default_factory=dict)
    surveying: bool = False
    planning: Planning | None = None
    lead: TaskState | None = None
    news: tuple[News, ...] = ()
    newest: int = 0
    rejected_by: str = ""
    author: str = ""
    plan_budget: Budget | None = None
    task_budget: Budget | None = None
    grants: Mapping[str, Budget] = field(default_factory=dict)
    outages: Mapping[str, Outage] = field(default_factory=dict)
    pause_seconds: tuple[float, ...] = ()
    stall_minutes: float = 10.0

    @property
    def open_asks(self) -> tuple[Ask, ...]:
        """What waits on a human, oldest first."""
        return tuple(ask for ask in self.asks.values() if ask.state is AskState.OPEN)

    @property
    def all_tasks(self) -> tuple[TaskState, ...]:
        """The works on the tasks of the plan, and the orchestrator's."""
        return (*self.tasks.values(), self.lead) if self.lead is not None else tuple(self.tasks.values())

    def thread_by_id(self, thread: str) -> Thread | None:
        """The thread of ours with this Codex id, or None."""
        return next((one for one in self.threads.values() if one.id == thread), None)
