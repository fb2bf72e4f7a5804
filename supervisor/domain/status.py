"""What `orch status --json` shows: the world in the words of the command line.

Fields are added, never renamed; those that were added later have a default, so that what an older supervisor says can
still be read. Moments are RFC 3339 in UTC; what is absent is None. States are words: a reader takes those it does not
know.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from supervisor.domain.plan import Problem
from supervisor.domain.task import Tokens

Moment = Annotated[str, Meta(examples=["2026-11-23T10:00:00.000Z"])]


class SupervisorInfo(Struct, frozen=True):
    """The supervisor's process. `problem`: what keeps it from recording events."""

    state: Annotated[str, Meta(examples=["up", "busy", "down"])]
    pid: int | None = None
    since: Moment | None = None
    version: str | None = None
    problem: str | None = None


class PlanInfo(Struct, frozen=True):
    """The plan in force. `author` wrote that revision; `why` says why there is none; `problems` are those of plan.md as
    it is on disk."""

    state: Annotated[str, Meta(examples=["in_force", "held", "rejected", "missing"])]
    revision: int | None = None
    title: str | None = None
    author: str | None = None
    why: str | None = None
    problems: tuple[Problem, ...] = ()


class PauseInfo(Struct, frozen=True):
    """A provider that takes no work: nothing that uses it is started `until` then."""

    provider: str
    since: Moment | None
    until: Moment | None
    why: str


class OrchestratorInfo(Struct, frozen=True):
    """The orchestrator that `orch plan` asked for a plan. `planned`: it wrote one; `busy`: it may yet change it;
    `doing`: what it is at in this moment; `server`: the state of its server."""

    state: Annotated[str, Meta(examples=["waiting", "working", "needs_human", "idle", "blocked", "failed"])]
    why: str | None
    busy: bool
    planned: bool
    summary: str | None
    turns: int
    tokens: Tokens
    thread: str | None
    server: str
    socket: str | None
    pid: int | None
    doing: str | None = None


class ChildInfo(Struct, frozen=True):
    """A child and its server. `thread` is its long one, `task` the one that it is at, `problem` what is wrong."""

    name: str
    path: str
    state: Annotated[str, Meta(examples=["stopped", "starting", "ready", "unhealthy", "backoff", "failed", "stopping"])]
    pid: int | None = None
    socket: str | None = None
    codex: str | None = None
    since: Moment | None = None
    restarts: int = 0
    rss_bytes: int | None = None
    thread: str | None = None
    task: str | None = None
    problem: str | None = None


class CheckInfo(Struct, frozen=True):
    """A verify command as the supervisor ran it last."""

    command: str
    exit_code: int


class BudgetInfo(Struct, frozen=True):
    """What may be spent, with what was granted on top; None: any amount."""

    tokens: int | None
    minutes: float | None


class TaskInfo(Struct, frozen=True):
    """A task of the plan, or one that the plan no longer has and that has run. `why` says why it is in its state;
    `minutes` how long its turns ran; `budget` what it may spend by itself."""

    id: str
    title: str
    child: str
    after: tuple[str, ...]
    state: Annotated[
        str,
        Meta(
            examples=[
                *("waiting", "running", "verifying", "needs_human", "done"),
                *("blocked", "failed", "held", "retired"),
            ]
        ),
    ]
    why: str | None
    runs: int
    summary: str | None
    tokens: Tokens
    verify: tuple[CheckInfo, ...]
    changed_files: tuple[str, ...]
    turns: int = 0
    since: Moment | None = None
    thread: str | None = None
    minutes: float = 0.0
    budget: BudgetInfo | None = None


class AskInfo(Struct, frozen=True):
    """What waits on a human: `steps` to take, and what has to come back (`expect`), both Markdown; `choices` are the
    words that settle it."""

    id: str
    kind: Annotated[str, Meta(examples=["approval", "question", "checkpoint"])]
    child: str | None
    task: str | None
    since: Moment | None
    text: str
    steps: str
    expect: str
    choices: tuple[str, ...]


class Status(Struct, frozen=True):
    """Where everything stands. `as_of`: when that was so, where no supervisor is up to say how it is now."""

    workspace: str
    supervisor: SupervisorInfo
    plan: PlanInfo
    children: tuple[ChildInfo, ...]
    tasks: tuple[TaskInfo, ...]
    asks: tuple[AskInfo, ...]
    pauses: tuple[PauseInfo, ...] = ()
    orchestrator: OrchestratorInfo | None = None
    as_of: Moment | None = None
