"""Decide whether a wait is over: all tasks are settled, or something waits on a human."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from supervisor.domain.status import AskInfo, Status, TaskInfo


class WaitOutcome(StrEnum):
    """Why a wait ended."""

    DONE = "done"
    RETIRED = "retired"  # the plan no longer has the task
    NEEDS_HUMAN = "needs_human"
    BLOCKED = "blocked"
    TIMED_OUT = "timed_out"


class WaitResult(Struct, frozen=True):
    """How a wait ended, and on account of what."""

    outcome: WaitOutcome
    status: Status  # that ended it
    tasks: tuple[TaskInfo, ...]  # that were waited for
    blocked: tuple[TaskInfo, ...]  # of these and of the tasks before them, those that are blocked or failed
    asks: tuple[AskInfo, ...]  # that wait on a human


def verdict(status: Status, task: str | None = None) -> WaitResult | None:
    """Return the result of a wait for all tasks (or that one); None as long as something can still happen by itself.

    Asks come first, then blocked or failed tasks once nothing else can continue, then "all done".
    """
    if asks_about(status, task):
        return result(WaitOutcome.NEEDS_HUMAN, status, task)
    if task is None and status.plan.state == "waiting":  # for `orch go`
        return result(WaitOutcome.NEEDS_HUMAN, status, task)
    tasks = _with_upstream(status, task)
    if not tasks or (status.orchestrator is not None and status.orchestrator.busy):  # it may still change the plan
        return None
    if any(found.state in ("blocked", "failed") for found in tasks):
        stuck = _stuck(status)
        over = ("done", "retired", "blocked", "failed", "held")
        ended = all(found.state in over or found.id in stuck for found in tasks)
        return result(WaitOutcome.BLOCKED, status, task) if ended else None
    waited_for = chosen(status, task)
    if waited_for and all(found.state in ("done", "retired") for found in waited_for):
        return result(WaitOutcome.DONE, status, task)
    return None


def result(outcome: WaitOutcome, status: Status, task: str | None) -> WaitResult:
    """Return the result of a wait for all tasks (or that one) that ended with this outcome."""
    blocked = tuple(found for found in _with_upstream(status, task) if found.state in ("blocked", "failed"))
    return WaitResult(outcome, status, chosen(status, task), blocked, asks_about(status, task))


def chosen(status: Status, task: str | None) -> tuple[TaskInfo, ...]:
    """Return the tasks that are waited for: all, or that one."""
    return tuple(found for found in status.tasks if task in (None, found.id))


def asks_about(status: Status, task: str | None) -> tuple[AskInfo, ...]:
    """Return the asks that end a wait. For one task: its own, those of tasks before it, and those without a task."""
    about = {None, task, *(found.id for found in _with_upstream(status, task))}
    return tuple(ask for ask in status.asks if task is None or ask.task in about)


def _stuck(status: Status) -> set[str]:
    """Return the waiting tasks that will not start by themselves: after a halted one, or all of a held plan."""
    tasks = {task.id: task for task in status.tasks}
    waiting = {name for name, task in tasks.items() if task.state == "waiting"}
    if status.plan.state in ("held", "missing"):
        return waiting
    halted = {name for name, task in tasks.items() if task.state in ("blocked", "failed", "held")}
    stuck: set[str] = set()
    while more := {name for name in waiting - stuck if not {*tasks[name].after}.isdisjoint(halted | stuck)}:
        stuck |= more
    return stuck


def _with_upstream(status: Status, task: str | None) -> list[TaskInfo]:
    """Return the tasks that are waited for, and those before them."""
    if task is None:
        return list(status.tasks)
    tasks = {known.id: known for known in status.tasks}
    found: dict[str, TaskInfo] = {}
    queue = [task]
    while queue:
        name = queue.pop()
        if name in tasks and name not in found:
            found[name] = tasks[name]
            if tasks[name].state == "waiting":
                queue += tasks[name].after
    return list(found.values())
