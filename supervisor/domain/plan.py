"""A plan as parsed from plan.md: what should happen."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from msgspec import Struct

from supervisor.domain import process
from supervisor.domain.memo import remember_last

HUMAN = "human"
ORCHESTRATOR = process.ORCHESTRATOR
FILE_LIMIT = 1 << 20  # bytes of a plan.md; a plan of 2,000 tasks takes about 0.5 MB

ThreadChoice = Literal["shared", "fresh"]
SandboxMode = Literal["read-only", "workspace-write"]
Approvals = Literal["on-request", "never"]
Isolation = Literal["none", "worktree"]
"""Where the runs of a task work: in the child's work tree, or each in a linked one of its own."""

Sandbox = Literal["read-only", "workspace-write", "danger-full-access"]
"""What a turn may do. "danger-full-access", no sandbox and no approvals, is for the orchestrator only, on request."""


class Price(Struct, frozen=True):
    """What a model costs, in dollars per million tokens."""

    input: float
    output: float


class Budget(Struct, frozen=True):
    """What may be spent. None: no limit."""

    tokens: int | None = None  # input and output
    minutes: float | None = None  # in which turns run


class Contract(Struct, frozen=True):
    """What two or more repos must agree on (`### ID — title` under `## Contracts`)."""

    id: str
    title: str
    between: tuple[str, ...]
    text: str
    line: int


class Task(Struct, frozen=True, gc=False):
    """One unit of work for one child, or for the human (`child: human`)."""

    id: str
    title: str
    child: str
    after: tuple[str, ...] = ()  # ids of tasks that have to be done first
    contracts: tuple[str, ...] = ()  # ids
    verify: tuple[str, ...] = ()  # commands that must exit with 0
    hold: bool = False
    thread: ThreadChoice = "shared"
    model: str | None = None  # None, here and below: the child's
    effort: str | None = None
    sandbox: SandboxMode | None = None
    timeout: float | None = None  # minutes; None: no limit
    budget: Budget | None = None
    isolation: Isolation | None = None
    instructions: str = ""  # Markdown
    expect: str = ""  # what follows `**Expect:**` in the instructions of a human's task, Markdown
    line: int = 0  # of its heading in plan.md, from 1


class Integration(Struct, frozen=True):
    """A command that has to pass with the work of all repos together before it lands (`## Integration`)."""

    command: str
    reopens: tuple[str, ...] = ()  # ids of tasks that get another turn if it fails
    line: int = 0  # in plan.md, from 1


class Problem(Struct, frozen=True):
    """One thing wrong in plan.md."""

    line: int  # from 1
    message: str  # a sentence; it suggests the nearest right word


class Plan(Struct, frozen=True):
    """One version of plan.md."""

    title: str
    hold: bool  # no new task starts
    objective: str  # Markdown
    success: str  # the success criteria, Markdown
    contracts: tuple[Contract, ...]  # in the order of the file
    tasks: tuple[Task, ...]  # in the order of the file
    budget: Budget | None = None  # for all tasks together
    integration: tuple[Integration, ...] = ()  # in the order of the file
    warnings: tuple[Problem, ...] = ()  # what may not mean what its author thinks, ordered by line

    def task(self, task_id: str) -> Task | None:
        """The task with this id, or None."""
        return _by_id(self.tasks).get(task_id)

    def contract(self, contract_id: str) -> Contract | None:
        """The contract with this id, or None."""
        return next((contract for contract in self.contracts if contract.id == contract_id), None)


class Effect(StrEnum):
    """What a version of plan.md does to a task when it comes into force."""

    STARTS = "starts"  # its first turn of a run is next
    CONTINUES = "continues"  # the next turn of its run is next
    ASKS = "asks"  # a task of the human: they are asked to do it
    WAITS = "waits"  # something is missing for its next turn
    REDIRECTED = "redirected"  # the child is told the change, in the running turn or in a follow-up turn
    INTERRUPTED = "interrupted"  # its running turn is interrupted
    MOVED = "moved"  # its run ends, and another child starts it
    RETIRED = "retired"  # the plan no longer has it; a running turn is interrupted
    REOPENED = "reopened"  # it was over, and gets another turn
    HELD = "held"  # it gets no more turns; none is interrupted
    UNCHANGED = "unchanged"


class Foreseen(Struct, frozen=True, gc=False):
    """What a version of plan.md does to one task. These of all tasks are the *picture* of the version."""

    task: str
    child: str
    effect: Effect
    why: str = ""  # one line
    running: bool = False  # its run is under way at this moment

    @property
    def stops(self) -> bool:
        """Whether a run that is under way ends by this."""
        return self.running and self.effect in (Effect.INTERRUPTED, Effect.MOVED, Effect.RETIRED)


class Rejection(Struct, frozen=True):
    """Why a version of plan.md is not accepted: at least one problem, ordered by line."""

    problems: tuple[Problem, ...]


@remember_last
def _by_id(tasks: tuple[Task, ...]) -> dict[str, Task]:
    return {task.id: task for task in reversed(tasks)}  # reversed: if two tasks have one id, the first one counts
