"""The object of `orch status --json`.

Fields are only added, never renamed. Those that were added later have a default, so that the status of an older
supervisor can still be read. Moments are RFC 3339 in UTC; None means absent. States are words, and there may be new
ones: a reader must accept words that it does not know.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from supervisor.domain.ask import AskPart
from supervisor.domain.plan import Integration, Problem
from supervisor.domain.thread import Tokens

Moment = Annotated[str, Meta(examples=["2026-11-23T10:00:00.000Z"])]


class SupervisorInfo(Struct, frozen=True):
    """The supervisor's process."""

    state: Annotated[str, Meta(examples=["up", "busy", "down"])]
    pid: int | None = None
    since: Moment | None = None
    version: str | None = None
    problem: str | None = None  # why it cannot record events


class PlanInfo(Struct, frozen=True):
    """The plan in force, and what is wrong with plan.md."""

    state: Annotated[str, Meta(examples=["in_force", "held", "rejected", "waiting", "missing", "not_followed"])]
    revision: int | None = None
    title: str | None = None
    author: str | None = None  # of the revision in force: "human" or "orchestrator"
    why: str | None = None  # why there is none, or it is held after a repair, or waits for `orch go`; or what changed
    problems: tuple[Problem, ...] = ()  # of the file on disk
    read: str | None = None  # sha256 of the file on disk when the supervisor last read it
    integration: tuple[Integration, ...] = ()  # of the plan in force


class PauseInfo(Struct, frozen=True):
    """A provider that accepts no work."""

    provider: str
    since: Moment | None
    until: Moment | None  # nothing that uses the provider starts before
    why: str


class OrchestratorInfo(Struct, frozen=True):
    """The orchestrator that `orch plan` asked for a plan."""

    state: Annotated[
        str, Meta(examples=["waiting", "working", "needs_human", "idle", "blocked", "failed", "stopped", "resting"])
    ]
    why: str | None  # why it is in its state
    busy: bool  # it may still change the plan
    planned: bool  # it wrote a plan, and that is in force
    summary: str | None  # its latest answer
    turns: int
    tokens: Tokens
    thread: str | None
    server: str  # the state of its server
    socket: str | None
    pid: int | None
    doing: str | None = None  # what its turn is doing at the moment


class ChildInfo(Struct, frozen=True):
    """A child and its server."""

    name: str  # as in the config
    path: str  # the root of its repo
    state: Annotated[
        str,
        Meta(
            examples=[
                *("stopped", "starting", "ready", "unhealthy", "backoff", "failed", "stopping"),
                *("connecting", "unreachable", "refused"),
            ]
        ),
    ]
    pid: int | None = None  # None, here and below: it does not run
    socket: str | None = None  # of the server
    codex: str | None = None  # its version
    since: Moment | None = None  # when it got into this state
    restarts: int = 0  # how often it was started again
    rss_bytes: int | None = None  # resident memory of the server's process
    thread: str | None = None  # its shared one
    task: str | None = None  # that it works on
    problem: str | None = None  # what is wrong, and what to do
    runner: str | None = None  # where it lives; None: on this machine
    next_try: Moment | None = None  # to reach that, while it is out of reach


class CheckInfo(Struct, frozen=True):
    """A verify command, and the result of its latest run."""

    command: str
    exit_code: int


class BudgetInfo(Struct, frozen=True):
    """What may be spent, grants included. None: no limit."""

    tokens: int | None
    minutes: float | None


class KeptRunInfo(Struct, frozen=True):
    """The working tree of a child before and after a run, as commits of ours in its repo."""

    run: int
    child: str
    before: str
    after: str | None  # None: no turn of the run has ended
    left_out: tuple[str, ...] = ()  # paths that could not be kept, each with the reason


class OwnTreeInfo(Struct, frozen=True):
    """The linked work tree of a task."""

    path: str  # nothing is there if it was removed once it was merged
    child: str
    merged: bool  # what it holds is in the child's work tree
    kept: tuple[str, ...]  # commits of ours in the child's repo that its next merge needs


class TaskInfo(Struct, frozen=True):
    """A task of the plan, or one that ran and that the plan no longer has."""

    id: str
    title: str
    child: str  # a child, or `human`
    after: tuple[str, ...]  # ids of tasks that have to be done first
    state: Annotated[
        str,
        Meta(
            examples=[
                *("waiting", "running", "verifying", "needs_human", "done"),
                *("blocked", "failed", "held", "retired"),
            ]
        ),
    ]
    why: str | None  # why it is in its state
    runs: int  # attempts so far
    summary: str | None  # its result
    tokens: Tokens  # of all its turns
    verify: tuple[CheckInfo, ...]  # in the order of the plan
    changed_files: tuple[str, ...]  # relative to the repo
    turns: int = 0  # confirmed ones of all runs
    since: Moment | None = None  # when it got into this state
    thread: str | None = None  # None: it has not started
    minutes: float = 0.0  # in which its turns ran
    budget: BudgetInfo | None = None  # its own
    left: tuple[str, ...] = ()  # commands and sub-agents that outlived their turn and were ended
    changed_files_more: int = 0  # changed files that are not listed
    changed_files_at_least: bool = False  # there may be still more: the working tree was too large to know
    change: str | None = None  # the summary of the latest turn that changed files
    kept: tuple[KeptRunInfo, ...] = ()  # of its runs, in their order: what `orch diff` compares
    work_tree: OwnTreeInfo | None = None  # of its own, in which its thread is; None: it has none
    doing: str | None = None  # what its turn is doing at the moment
    cost: float | None = None  # in dollars, at most; None: nothing was spent, or no price of its model is known


class LimitInfo(Struct, frozen=True):
    """How much of a limit of the account is used, as its provider said last."""

    name: str  # "" for the one that counts for everything
    minutes: float | None  # for which it counts
    used_percent: float
    resets_at: Moment | None


class AskInfo(Struct, frozen=True):
    """Something that waits on a human."""

    id: str
    kind: Annotated[str, Meta(examples=["approval", "question", "checkpoint"])]
    child: str | None
    task: str | None
    since: Moment | None
    text: str
    steps: str  # what to do, Markdown
    expect: str  # what has to come back, Markdown
    choices: tuple[str, ...]  # the words that answer it
    answers: tuple[str, ...] = ()  # what `orch answer ID` takes: such words, with TEXT or AMOUNT for the human's own
    parts: tuple[AskPart, ...] = ()  # several questions that are answered together, each in a line NAME=ANSWER


class Status(Struct, frozen=True):
    """The status of a workspace."""

    workspace: str
    supervisor: SupervisorInfo
    plan: PlanInfo
    children: tuple[ChildInfo, ...]
    tasks: tuple[TaskInfo, ...]
    asks: tuple[AskInfo, ...]
    pauses: tuple[PauseInfo, ...] = ()
    orchestrator: OrchestratorInfo | None = None
    cost: float | None = None  # of all tasks and the orchestrator, in dollars; None: no price is known
    cost_at_least: bool = False  # something was spent that has no price
    limits: tuple[LimitInfo, ...] = ()  # of the account
    warnings: tuple[str, ...] = ()  # why the plan may not fit into what is left
    as_of: Moment | None = None  # of the last known status, if no supervisor is up
