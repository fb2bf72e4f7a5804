"""The world: everything the supervisor knows, as the fold of its ledger."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct, field

from supervisor.domain.ask import Ask, AskState, NoticeKind, Request, RequestKey
from supervisor.domain.link import Drift, Link
from supervisor.domain.plan import Budget, Plan, Problem, Task
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


class SupervisorState(Struct, frozen=True):
    """The supervisor itself: the process, and whether it is ending."""

    pid: int | None = None
    version: str = ""  # of orch
    since: datetime | None = None  # when it started
    stopping: Stopping | None = None  # `orch down` was asked for
    exiting: bool = False  # it ends now: whoever comes next decides


class Settings(Struct, frozen=True):
    """What the config says, as far as decisions go by it."""

    retry_seconds: tuple[float, ...] = ()  # pauses before a turn that failed at the provider is tried again
    pause_seconds: tuple[float, ...] = ()  # pauses of everything while the provider takes no work; the last one repeats
    stall_minutes: float = 10.0  # that a running turn may give no sign of life
    rules: tuple[Rule, ...] = ()  # approvals that are settled without a human
    notices: tuple[NoticeKind, ...] = ()  # what the human is notified of
    plan_budget: Budget | None = None  # for all tasks together, if plan.md gives none
    task_budget: Budget | None = None  # for each task that plan.md gives none


class PlanState(Struct, frozen=True):
    """plan.md: the version in force, and what is wrong with the file as it is."""

    current: Plan | None = None  # the version in force: the last good one
    revision: int = 0  # its number
    digest: str = ""  # sha256 of its bytes, in hex
    author: str = ""  # who wrote it: "human" or "orchestrator"
    missing: str | None = "there is no plan.md yet"  # why nothing new starts; None if there is a plan.md
    problems: tuple[Problem, ...] = ()  # why the file as it is was rejected
    rejected_by: str = ""  # who wrote the rejected version
    hold: bool = False  # `orch hold`

    @property
    def tasks(self) -> tuple[Task, ...]:
        """The tasks of the version in force."""
        return self.current.tasks if self.current is not None else ()

    def task(self, task_id: str) -> Task | None:
        """The task with this id in the version in force, or None."""
        return self.current.task(task_id) if self.current is not None else None


class MapState(Struct, frozen=True):
    """What ties the repos together, as of the last survey."""

    digest: str = ""  # of the map in map.json ("": none was drawn yet)
    links: tuple[Link, ...] = ()  # the best of it
    known: Mapping[str, str] = field(default_factory=dict)  # by child, what its snapshot says in short (Markdown)
    noticed: tuple[Noticed, ...] = ()  # what changed since, the latest
    unsurveyed: Mapping[str, str | None] = field(default_factory=dict)  # children that may have changed, and the task
    surveying: bool = False  # a survey is under way


class OrchestratorState(Struct, frozen=True):
    """The orchestrator: what it was asked for, its turns, and what it has not been told yet."""

    planning: Planning | None = None  # None: nobody asked it for a plan
    state: TaskState | None = None  # its execution; it is on no task of the plan
    news: tuple[News, ...] = ()  # what it has not been told
    newest: int = 0  # the number of the latest news


class World(Struct, frozen=True):
    """The fold of the ledger. Mappings keep the order in which things came up."""

    supervisor: SupervisorState = SupervisorState()
    config: Settings = Settings()
    plan: PlanState = PlanState()
    map: MapState = MapState()
    orchestrator: OrchestratorState = OrchestratorState()
    servers: Mapping[str, Server] = field(default_factory=dict)  # by child; the orchestrator's too
    leaving: Mapping[str, bool] = field(default_factory=dict)  # servers of children that left: being stopped?
    threads: Mapping[ThreadKey, Thread] = field(default_factory=dict)
    tasks: Mapping[str, TaskState] = field(default_factory=dict)  # by id; also of tasks that the plan no longer has
    requests: Mapping[RequestKey, Request] = field(default_factory=dict)  # of servers, that wait for an answer
    answering: frozenset[RequestKey] = frozenset()  # those whose answer is on its way
    ruled: tuple[Ruled, ...] = ()  # what rules settled, the latest
    asks: Mapping[str, Ask] = field(default_factory=dict)  # those that are open, and the latest of the others
    asked: int = 0  # asks so far
    notified: Mapping[str, datetime] = field(default_factory=dict)  # keys of the latest notices that went out
    learnings: tuple[Learning, ...] = ()
    grants: Mapping[str, Budget] = field(default_factory=dict)  # by budget, what the human gave on top of it
    outages: Mapping[str, Outage] = field(default_factory=dict)  # by provider, until a turn gets through

    @property
    def open_asks(self) -> tuple[Ask, ...]:
        """What waits on a human, oldest first."""
        return tuple(ask for ask in self.asks.values() if ask.state is AskState.OPEN)

    @property
    def all_tasks(self) -> tuple[TaskState, ...]:
        """The execution of every task, and the orchestrator's."""
        own = self.orchestrator.state
        return (*self.tasks.values(), own) if own is not None else tuple(self.tasks.values())

    def thread_by_id(self, thread: str) -> Thread | None:
        """The thread of ours with this Codex id, or None."""
        return next((one for one in self.threads.values() if one.id == thread), None)
