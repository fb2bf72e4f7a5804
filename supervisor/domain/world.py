"""The world: everything the supervisor knows, as the fold of its ledger."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct, field

from supervisor.domain.ask import Ask, AskState, NoticeKind, Request, RequestKey, Rule, Ruled
from supervisor.domain.link import Drift, Link
from supervisor.domain.plan import Budget, Foreseen, Plan, Problem, Task
from supervisor.domain.server import Outage, Server
from supervisor.domain.task import TaskState
from supervisor.domain.thread import Thread, ThreadKey


class Learning(Struct, frozen=True):
    """A fact that the other repos should know. `source` is a child, "human" or "orchestrator"."""

    at: datetime
    source: str
    text: str


class DriftRecord(Struct, frozen=True):
    """A drift, and the task during which it was noticed, if any."""

    at: datetime
    task: str | None
    drift: Drift


class Planning(Struct, frozen=True):
    """A request of the human to the orchestrator: to plan something."""

    number: int  # of the request, from 1
    problem: str  # in the human's words
    at: datetime
    revision: int  # that was in force then
    review: bool = False  # no task starts before `orch go`
    yolo: bool = False  # the orchestrator runs without sandbox and approvals
    delivered: bool = False  # the orchestrator knows the request
    tries: int = 0  # turns that were to fix a missing or broken plan, in a row
    seen_revision: int = 0  # the latest revision that the orchestrator knows
    rests: bool = False  # the human declined its question: it is not told again to write a plan
    stopped: datetime | None = None  # `orch plan stop`: it has no further turn before the next request


class News(Struct, frozen=True):
    """Something that the orchestrator does not know yet."""

    number: int
    at: datetime
    text: str  # Markdown; words of others are quoted
    loud: bool  # it is worth a turn of its own; the rest is delivered along with such news


class Stopping(Struct, frozen=True):
    """`orch down` was requested at `since`. `now`: do not wait for turns to be interrupted."""

    since: datetime
    now: bool


class SupervisorState(Struct, frozen=True):
    """The supervisor process itself, and whether it is exiting."""

    pid: int | None = None
    version: str = ""  # of orch
    since: datetime | None = None  # when it started
    stopping: Stopping | None = None  # `orch down` was requested
    exiting: bool = False  # it exits now: the next supervisor decides everything else


class Settings(Struct, frozen=True):
    """The part of the config that decisions depend on."""

    retry_seconds: tuple[float, ...] = ()  # pauses before a turn that failed at the provider is retried
    ready_seconds: float = 30.0  # how long a thread may not open before the human is asked
    pause_seconds: tuple[float, ...] = ()  # pauses of everything while the provider accepts no work; the last repeats
    stall_minutes: float = 10.0  # how long a running turn may give no sign of life
    leftover_seconds: float = 30.0  # how long what outlives its turn may run on without computing
    rules: tuple[Rule, ...] = ()  # approvals that are settled without a human
    notices: tuple[NoticeKind, ...] = ()  # what the human is notified of
    plan_budget: Budget | None = None  # for all tasks together, unless plan.md has one
    task_budget: Budget | None = None  # for each task that has none in plan.md
    exclude_tmp: bool = False  # commands may not write /tmp and $TMPDIR
    exclude_roots: bool = False  # nor the folders that the Codex config names
    confined: tuple[str, ...] = ()  # children that only read, whatever a task says
    surprise: float | None = None  # share of the running tasks whose runs an edit may end at once; None: any
    parallel: int | None = None  # turns that run at once over all children; None: one per child
    trusted_git: tuple[str, ...] = ()  # children whose repo's own filters may run when Codex reads git


class Postponed(Struct, frozen=True):
    """A version of plan.md that waits for `orch go`, because it would end too many runs."""

    digest: str  # sha256 of its bytes, in hex
    author: str
    summary: str  # what changes
    why: str  # how many runs it would end
    picture: tuple[Foreseen, ...]  # what it would do, as of the moment when it was saved
    at: datetime


class PlanState(Struct, frozen=True):
    """plan.md: the version in force, and what is wrong with the file on disk."""

    current: Plan | None = None  # the version in force: the last good one
    revision: int = 0  # its number
    digest: str = ""  # sha256 of its bytes, in hex
    author: str = ""  # who wrote it: "human" or "orchestrator"
    picture: tuple[Foreseen, ...] = ()  # what it did to the tasks when it came into force
    missing: str | None = "there is no plan.md yet"  # why nothing new starts; None if there is a plan.md
    problems: tuple[Problem, ...] = ()  # why the file on disk was rejected
    postponed: Postponed | None = None  # the file on disk, if it waits for `orch go`
    read: str = ""  # sha256 of the file on disk when it was last read; "": there was none that could be read
    rejected_by: str = ""  # who wrote the rejected version
    hold: bool = False  # `orch hold`, or the ledger was repaired
    lost: int = 0  # events that the ledger lost, until `orch go`
    doubts: Mapping[str, str] = field(default_factory=dict)  # tasks of a lost version, and what is known of each

    @property
    def tasks(self) -> tuple[Task, ...]:
        """The tasks of the version in force."""
        return self.current.tasks if self.current is not None else ()

    def task(self, task_id: str) -> Task | None:
        """The task with this id in the version in force, or None."""
        return self.current.task(task_id) if self.current is not None else None


class MapState(Struct, frozen=True):
    """What ties the repos together, as of the latest survey."""

    digest: str = ""  # of the whole map, which is in map.json; "": none was drawn yet
    links: tuple[Link, ...] = ()  # the best ones
    summaries: Mapping[str, str] = field(default_factory=dict)  # by child, a short form of its snapshot (Markdown)
    drifts: tuple[DriftRecord, ...] = ()  # the latest ones
    unsurveyed: Mapping[str, str | None] = field(default_factory=dict)  # children that may have changed, and the task
    surveying: bool = False  # a survey is under way


class OrchestratorState(Struct, frozen=True):
    """The orchestrator: what it was asked for, its turns, and the news that it has not received yet."""

    planning: Planning | None = None  # None: nobody asked it for a plan
    state: TaskState | None = None  # its turns, as of a task that is not in the plan
    news: tuple[News, ...] = ()  # not delivered yet, oldest first
    newest: int = 0  # the number of the latest news


class World(Struct, frozen=True):
    """The fold of the ledger. Mappings are in the order in which their keys first came up."""

    supervisor: SupervisorState = SupervisorState()
    config: Settings = Settings()
    plan: PlanState = PlanState()
    map: MapState = MapState()
    orchestrator: OrchestratorState = OrchestratorState()
    servers: Mapping[str, Server] = field(default_factory=dict)  # by child; the orchestrator's too
    leaving: Mapping[str, bool] = field(default_factory=dict)  # servers of children that left: being stopped?
    threads: Mapping[ThreadKey, Thread] = field(default_factory=dict)
    tasks: Mapping[str, TaskState] = field(default_factory=dict)  # by id; also tasks that the plan no longer has
    requests: Mapping[RequestKey, Request] = field(default_factory=dict)  # of servers that wait for an answer
    answering: frozenset[RequestKey] = frozenset()  # requests whose answer is on its way
    ruled: tuple[Ruled, ...] = ()  # the latest requests that rules settled
    asks: Mapping[str, Ask] = field(default_factory=dict)  # by id: the open ones, and the latest of the others
    asked: int = 0  # asks so far
    notified: Mapping[str, datetime] = field(
        default_factory=dict
    )  # keys of the latest notices, and when they were sent
    learnings: tuple[Learning, ...] = ()
    grants: Mapping[str, Budget] = field(default_factory=dict)  # by budget, what the human added to it
    reserved: tuple[str, ...] = ()  # children whose files a command changes at the moment
    taken_back: frozenset[str] = frozenset()  # runs (`T1@2`) whose changes `orch undo` took out of the files
    outages: Mapping[str, Outage] = field(default_factory=dict)  # by provider, until a turn succeeds

    @property
    def open_asks(self) -> tuple[Ask, ...]:
        """The asks that wait on a human, oldest first."""
        return tuple(ask for ask in self.asks.values() if ask.state is AskState.OPEN)

    @property
    def all_tasks(self) -> tuple[TaskState, ...]:
        """The state of every task, and the orchestrator's."""
        own = self.orchestrator.state
        return (*self.tasks.values(), own) if own is not None else tuple(self.tasks.values())

    def thread_by_id(self, thread: str) -> Thread | None:
        """The thread with this Codex id, or None."""
        return next((known for known in self.threads.values() if known.id == thread), None)
