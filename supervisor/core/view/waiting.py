"""Whether there is anything left to wait for: tasks that are settled, or something that waits on a human."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from supervisor.domain.status import AskInfo, Status, TaskInfo


class WaitOutcome(StrEnum):
    """What ends a wait. RETIRED: the plan no longer has the task that was waited for."""

    DONE = "done"
    RETIRED = "retired"
    NEEDS_HUMAN = "needs_human"
    BLOCKED = "blocked"
    TIMED_OUT = "timed_out"


class WaitResult(Struct, frozen=True):
    """What came of a wait, and the status that it was found in.

    `tasks` are those that were waited for, `blocked` those of them (and of what they come after) that are blocked or
    failed, `asks` what waits on a human.
    """

    outcome: WaitOutcome
    status: Status
    tasks: tuple[TaskInfo, ...]
    blocked: tuple[TaskInfo, ...]
    asks: tuple[AskInfo, ...]


def verdict(status: Status, task: str | None = None) -> WaitResult | None:
    """What came of the tasks (or of that one); None as long as something can still happen by itself.

    Asks come first, then what is blocked or failed once nothing else can go on, then all done.
    """
    if asks_about(status, task):
        return result(WaitOutcome.NEEDS_HUMAN, status, task)
    tasks = _with_upstream(status, task)
    if not tasks or (status.orchestrator is not None and status.orchestrator.busy):  # it may still change the plan
        return None
    if any(one.state in ("blocked", "failed") for one in tasks):
        stuck = _stuck(status)
        over = ("done", "retired", "blocked", "failed", "held")
        ended = all(one.state in over or one.id in stuck for one in tasks)
        return result(WaitOutcome.BLOCKED, status, task) if ended else None
    waited_for = chosen(status, task)
    if waited_for and all(one.state in ("done", "retired") for one in waited_for):
        return result(WaitOutcome.DONE, status, task)
    return None


def result(outcome: WaitOutcome, status: Status, task: str | None) -> WaitResult:
    """The result of a wait for the tasks (or for that one)."""
    blocked = tuple(one for one in _with_upstream(status, task) if one.state in ("blocked", "failed"))
    return WaitResult(outcome, status, chosen(status, task), blocked, asks_about(status, task))


def chosen(status: Status, task: str | None) -> tuple[TaskInfo, ...]:
    """The tasks that are waited for: all, or that one."""
    return tuple(one for one in status.tasks if task in (None, one.id))


def asks_about(status: Status, task: str | None) -> tuple[AskInfo, ...]:
    """The asks that end a wait: with a task, its own, those of what it comes after, and those of no task."""
    about = {None, task, *(one.id for one in _with_upstream(status, task))}
    return tuple(ask for ask in status.asks if task is None or ask.task in about)


def _stuck(status: Status) -> set[str]:
    """The waiting tasks that will not start by themselves: behind a halted one, or all of a held plan."""
    tasks = {one.id: one for one in status.tasks}
    waiting = {name for name, one in tasks.items() if one.state == "waiting"}
    if status.plan.state in ("held", "missing"):
        return waiting
    halted = {name for name, one in tasks.items() if one.state in ("blocked", "failed", "held")}
    stuck: set[str] = set()
    while more := {name for name in waiting - stuck if not {*tasks[name].after}.isdisjoint(halted | stuck)}:
        stuck |= more
    return stuck


def _with_upstream(status: Status, task: str | None) -> list[TaskInfo]:
    """The tasks that are waited for, and those that they come after."""
    if task is None:
        return list(status.tasks)
    tasks = {one.id: one for one in status.tasks}
    found: dict[str, TaskInfo] = {}
    queue = [task]
    while queue:
        name = queue.pop()
        if name in tasks and name not in found:
            found[name] = tasks[name]
            if tasks[name].state == "waiting":
                queue += tasks[name].after
    return list(found.values())
