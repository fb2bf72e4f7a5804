"""A plan as read from plan.md: what should happen, in the human's and the orchestrator's words."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from supervisor.domain.memo import of_last

HUMAN = "human"
ORCHESTRATOR = "orchestrator"  # its server, its thread and its work; no child may have this name
FILE_LIMIT = 1 << 20  # bytes of a plan.md; one of 2,000 tasks has about 0.5 MB

ThreadChoice = Literal["shared", "fresh"]
SandboxMode = Literal["read-only", "workspace-write"]
Approvals = Literal["on-request", "never"]
Sandbox = Literal["read-only", "workspace-write", "danger-full-access"]
"""What a turn may do. Without a sandbox, and so without approvals, only the orchestrator runs, if the human says so."""


class Budget(Struct, frozen=True):
    """What may be spent: tokens (input and output) and minutes in which turns run; None: as much as it takes."""

    tokens: int | None = None
    minutes: float | None = None


class Contract(Struct, frozen=True):
    """What two or more repos must agree on (`### ID — title` under `## Contracts`)."""

    id: str
    title: str
    between: tuple[str, ...]
    text: str
    line: int


class Task(Struct, frozen=True):
    """One unit of work for one child, or for the human (`child: human`).

    `instructions` and `expect` are Markdown; `expect` is what follows `**Expect:**` in the instructions of a human's
    task, else "". `timeout` is in minutes. `line` is the heading's line in plan.md, counted from 1.
    """

    id: str
    title: str
    child: str
    after: tuple[str, ...] = ()
    contracts: tuple[str, ...] = ()
    verify: tuple[str, ...] = ()
    hold: bool = False
    thread: ThreadChoice = "shared"
    model: str | None = None
    effort: str | None = None
    sandbox: SandboxMode | None = None
    timeout: float | None = None
    budget: Budget | None = None
    instructions: str = ""
    expect: str = ""
    line: int = 0


class Plan(Struct, frozen=True):
    """One accepted version of plan.md. `tasks` and `contracts` stand in the order of the file."""

    title: str
    hold: bool
    objective: str
    success: str
    contracts: tuple[Contract, ...]
    tasks: tuple[Task, ...]
    budget: Budget | None = None

    def task(self, task_id: str) -> Task | None:
        """The task with this id, or None."""
        return _by_id(self.tasks).get(task_id)

    def contract(self, contract_id: str) -> Contract | None:
        """The contract with this id, or None."""
        return next((contract for contract in self.contracts if contract.id == contract_id), None)


class Problem(Struct, frozen=True):
    """One thing wrong in plan.md: `line` counts from 1; `message` is a sentence with the nearest right word."""

    line: int
    message: str


class Rejection(Struct, frozen=True):
    """Why a version of plan.md is not accepted: at least one problem, in order of line."""

    problems: tuple[Problem, ...]


@of_last
def _by_id(tasks: tuple[Task, ...]) -> dict[str, Task]:
    return {task.id: task for task in reversed(tasks)}  # of two with one id, the first
