"""The state of the plan and of its tasks, as shown to people. Derived from the world, stored nowhere."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from supervisor.core.engine import leftovers
from supervisor.core.engine.agenda import changed
from supervisor.core.engine.lifecycle import budgets
from supervisor.core.engine.readiness import (
    clearance,
    due_of,
    needs_thread,
    next_thread,
    overtaken,
    readiness,
    server_trouble,
)
from supervisor.domain.task import Due, Phase, TaskState, TaskStatus
from supervisor.domain.world import World


def plan_state(world: World) -> str:
    """Return `in_force`, `held`, `rejected`, `waiting` (for `orch go`) or `missing`."""
    if world.plan.problems:
        return "rejected"
    if world.plan.missing is not None:
        return "missing"
    if world.plan.postponed is not None:
        return "waiting"
    held = world.plan.hold or (world.plan.current is not None and world.plan.current.hold)
    return "held" if held else "in_force"


def task_status(world: World, state: TaskState, at: datetime) -> tuple[TaskStatus, str]:
    """Return the status of a task, and why it has this status."""
    task = world.plan.task(state.task)
    if task is None:
        return TaskStatus.RETIRED, "the plan no longer has it" + ("; its changes stay" if state.turns else "")
    if needs_thread(world, state) and any(ask.thread == next_thread(world, state) for ask in world.open_asks):
        return TaskStatus.NEEDS_HUMAN, "its thread cannot be opened (`orch asks`)"
    match state.phase:
        case Phase.STARTING | Phase.WORKING:
            open_requests = [request for key, request in world.requests.items() if key not in world.answering]
            if state.turn and any(request.within(state.turn_id) for request in open_requests):
                return TaskStatus.NEEDS_HUMAN, "its turn waits for an answer (`orch asks`)"
            return TaskStatus.RUNNING, server_trouble(world, state.child) or state.note or state.why
        case Phase.STOPPING:
            why = server_trouble(world, state.child) or f"being interrupted: {state.why}"
            return (TaskStatus.HELD if task.hold else TaskStatus.RUNNING), why
        case Phase.MERGING:
            return TaskStatus.VERIFYING, state.note or f"{state.why}; its changes go into {state.child} next"
    if task.hold:
        return TaskStatus.HELD, "the plan holds it"
    due = due_of(world, state)
    if state.phase is Phase.ASKING and overtaken(world, state):
        return TaskStatus.WAITING, clearance(world, state, at) or state.why
    if due is None and state.phase is not Phase.CHECKING:
        states = {
            Phase.ASKING: TaskStatus.NEEDS_HUMAN,
            Phase.DONE: TaskStatus.DONE,
            Phase.BLOCKED: TaskStatus.BLOCKED,
            Phase.FAILED: TaskStatus.FAILED,
        }
        return states.get(state.phase, TaskStatus.WAITING), state.why
    if state.phase is Phase.CHECKING and due is None:
        if leftovers.waits_for_answer(world, state):
            return TaskStatus.NEEDS_HUMAN, "a sub-agent that its turn left running waits for an answer (`orch asks`)"
        if running := leftovers.describe(state):
            return TaskStatus.RUNNING, server_trouble(world, state.child) or running
        return TaskStatus.VERIFYING, server_trouble(world, state.child) or state.note or state.why
    if any(ask.budget and ask.budget in budgets.names(task) for ask in world.open_asks):
        budget = budgets.blocking_budget(world, task, at)
        if budget is not None and readiness(world, state, at) == budgets.obstacle(world, budget):
            return TaskStatus.NEEDS_HUMAN, budgets.obstacle(world, budget)
    obstacle = readiness(world, state, at)
    if due is Due.REDIRECT:
        return TaskStatus.WAITING, f"the plan changed its brief: {obstacle or 'about to be redirected'}"
    if obstacle is None:
        return TaskStatus.WAITING, state.note or ("about to start" if not state.runs else "about to continue")
    under_way = state.runs > 0 and not state.new_run
    return (TaskStatus.RUNNING if under_way and due is Due.RETRY else TaskStatus.WAITING), obstacle


def settled(world: World, state: TaskState, at: datetime) -> bool:
    """Return whether nothing more happens to this task until a human or the plan changes something."""
    return task_status(world, state, at)[0] in (
        TaskStatus.DONE,
        TaskStatus.BLOCKED,
        TaskStatus.FAILED,
        TaskStatus.RETIRED,
    )


def summary(state: TaskState) -> str | None:
    """Return the result of the task in the words of the child or the human, or None."""
    if state.result.report is not None:
        return state.result.report.summary
    return state.result.words or None


class TaskNews(NamedTuple):
    """A line of the log that is no event of its own: what events have done to a task, or to all of them."""

    event: str  # `task_done`, `task_blocked`, ...; `tasks_settled`
    child: str | None
    task: str | None
    why: str
    summary: str | None
    warns: bool = False


def task_news(before: World, after: World, at: datetime) -> list[TaskNews]:
    """Return what happened to tasks between two worlds: done, blocked, failed, held, asking or retired; all settled."""
    news = []
    names = changed(before.tasks, after.tasks) if after.plan.current is before.plan.current else None
    # One world after the other, because what is remembered of a plan is only that of the last one.
    found = {name: task_status(after, after.tasks[name], at) for name in (names if names is not None else after.tasks)}
    told = {name: one for name, one in found.items() if one[0] in _TOLD}
    was = {name: task_status(before, before.tasks[name], at)[0] for name in told if name in before.tasks}
    for name, (word, why) in told.items():
        state = after.tasks[name]
        if word is was.get(name) or (word is TaskStatus.RETIRED and not state.runs):
            continue
        words = summary(state) if word is TaskStatus.DONE else None
        warns = word in (TaskStatus.BLOCKED, TaskStatus.FAILED)
        news.append(TaskNews(f"task_{word}", state.child, name, why, words, warns))
    if news and not _over(before, at) and _over(after, at):
        states = [task_status(after, after.tasks[task.id], at)[0] for task in after.plan.tasks]
        counts = ", ".join(f"{states.count(word)} {word}" for word in dict.fromkeys(states))
        news.append(TaskNews("tasks_settled", None, None, counts, None, TaskStatus.DONE not in states))
    return news


_TOLD = frozenset(
    {
        TaskStatus.DONE,
        TaskStatus.BLOCKED,
        TaskStatus.FAILED,
        TaskStatus.HELD,
        TaskStatus.NEEDS_HUMAN,
        TaskStatus.RETIRED,
    }
)


def _over(world: World, at: datetime) -> bool:
    """Return whether there are tasks, and all are settled."""
    tasks = [world.tasks[task.id] for task in world.plan.tasks if task.id in world.tasks]
    quick = (Phase.DONE, Phase.BLOCKED, Phase.FAILED)
    return bool(tasks) and all(one.phase in quick for one in tasks) and all(settled(world, one, at) for one in tasks)
