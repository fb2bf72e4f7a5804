"""The world: everything the supervisor knows, as the fold of its ledger."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct, field

from supervisor.domain.ask import Ask, AskState, NoticeKind, Request, RequestKey
from supervisor.domain.child import Child, ServerState, TurnSeen
from supervisor.domain.plan import Budget, Plan, Problem
from supervisor.domain.rule import Rule, Ruled
from supervisor.domain.run import Brief, Check, Due, Look, Phase, Pulse, Question, Report, Tree
from supervisor.domain.seam import Drift, Seam


class Server(Struct, frozen=True):
    """A child's server. `crashes` are the moments of its latest deaths; `wanted` says that it should run, `restart` why
    it is to be replaced although it is well, `ended` when we last stopped it, or tried to, if it was not started since.
    """

    child: Child
    state: ServerState = ServerState.STOPPED
    wanted: bool = False
    pid: int | None = None
    socket: str | None = None
    codex: str | None = None
    since: datetime | None = None
    restarts: int = 0
    problem: str | None = None
    stderr: str = ""
    crashes: tuple[datetime, ...] = ()
    not_before: datetime | None = None
    misses: int = 0
    restart: str = ""
    ended: datetime | None = None


class Outage(Struct, frozen=True):
    """A provider that takes no work, since `since`: nothing is asked of it before `until`. `pauses` counts the pauses
    that did not help yet; `limited`: it is a limit of use, which Codex may know the end of; `asked`: it was asked for
    that, and `asking` is the child whose server has not answered yet."""

    since: datetime
    until: datetime
    why: str
    child: str
    limited: bool = False
    pauses: int = 1
    asked: bool = False
    asking: str | None = None


ThreadKey = tuple[str, str | None]  # child, and the task that owns the thread (None: the child's one long thread)


class Thread(Struct, frozen=True):
    """A Codex thread of ours. `open`: loaded, and we hear of it; `problem`: why it
    could not be opened the last `failures` times; `turns`: the latest, oldest first, by turn id; `provider` is the one
    of models that it uses ("": not known)."""

    child: str
    task: str | None
    id: str | None = None
    open: bool = False
    opening: bool = False
    turns: Mapping[str, TurnSeen] = field(default_factory=dict)
    failures: int = 0
    problem: str = ""
    not_before: datetime | None = None
    provider: str = ""

    @property
    def running(self) -> TurnSeen | None:
        """The turn in progress, if there is one."""
        return next((seen for seen in self.turns.values() if not seen.status.ended), None)


class Steer(Struct, frozen=True):
    """A steer on its way: the client message id, the brief that the child has once it arrived, and when it was sent."""

    message: str
    brief: Brief
    at: datetime | None = None


class Work(Struct, frozen=True):
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
    before: Work | None = None
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
    looked: Look | None = None
    stalled: bool = False
    stalls: int = 0
    denied: str = ""
    away: datetime | None = None
    why: str = ""
    note: str = ""


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

    `seams` are the best of the map as it was drawn last, `known` what is known of each child in short, `noticed` what
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
    works: Mapping[str, Work] = field(default_factory=dict)
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
    seams: tuple[Seam, ...] = ()
    known: Mapping[str, str] = field(default_factory=dict)
    noticed: tuple[Noticed, ...] = ()
    unsurveyed: Mapping[str, str | None] = field(default_factory=dict)
    surveying: bool = False
    planning: Planning | None = None
    lead: Work | None = None
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
    def all_works(self) -> tuple[Work, ...]:
        """The works on the tasks of the plan, and the orchestrator's."""
        return (*self.works.values(), self.lead) if self.lead is not None else tuple(self.works.values())

    def thread_by_id(self, thread: str) -> Thread | None:
        """The thread of ours with this Codex id, or None."""
        return next((one for one in self.threads.values() if one.id == thread), None)
