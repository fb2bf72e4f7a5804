"""The state of the plan and of its tasks as people name it: derived from the world, stored nowhere."""

from __future__ import annotations

from datetime import datetime

from supervisor.core.engine.lifecycle import budgets
from supervisor.core.engine.readiness import due_of, readiness, server_trouble
from supervisor.domain.run import Due, Phase, TaskState
from supervisor.domain.world import Work, World


def plan_state(world: World) -> str:
    """`in_force`, `held`, `rejected` or `missing`."""
    if world.problems:
        return "rejected"
    if world.missing is not None:
        return "missing"
    held = world.hold or (world.plan is not None and world.plan.hold)
    return "held" if held else "in_force"


def ordered(world: World) -> list[Work]:
    """The works in the order of the plan, then those that the plan no longer has."""
    planned = [task.id for task in world.plan.tasks] if world.plan else []
    started = [task for task, work in world.works.items() if task not in planned and work.runs]
    return [world.works[task] for task in (*planned, *started)]


def task_state(world: World, work: Work, at: datetime) -> tuple[TaskState, str]:
    """The state of a task in the words of the command line, and why it is in it."""
    task = world.plan.task(work.task) if world.plan else None
    if task is None:
        return TaskState.RETIRED, "the plan no longer has it" + ("; its changes stay" if work.turns else "")
    match work.phase:
        case Phase.STARTING | Phase.WORKING:
            open_requests = [one for key, one in world.requests.items() if key not in world.answering]
            if work.turn and any(one.turn == work.turn for one in open_requests):
                return TaskState.NEEDS_HUMAN, "its turn waits for an answer (`orch asks`)"
            return TaskState.RUNNING, server_trouble(world, work.child) or work.note or work.why
        case Phase.STOPPING:
            why = server_trouble(world, work.child) or f"being interrupted: {work.why}"
            return (TaskState.HELD if task.hold else TaskState.RUNNING), why
    if task.hold:
        return TaskState.HELD, "the plan holds it"
    due = due_of(world, work)
    if due is None and work.phase is not Phase.CHECKING:
        states = {
            Phase.ASKING: TaskState.NEEDS_HUMAN,
            Phase.DONE: TaskState.DONE,
            Phase.BLOCKED: TaskState.BLOCKED,
            Phase.FAILED: TaskState.FAILED,
        }
        return states.get(work.phase, TaskState.WAITING), work.why
    if work.phase is Phase.CHECKING and due is None:
        return TaskState.VERIFYING, server_trouble(world, work.child) or work.note or work.why
    if any(ask.budget and ask.budget in budgets.names(task) for ask in world.open_asks):
        budget = budgets.in_the_way(world, task, at)
        if budget is not None and readiness(world, work, at) == budgets.obstacle(world, budget):
            return TaskState.NEEDS_HUMAN, budgets.obstacle(world, budget)
    obstacle = readiness(world, work, at)
    if due is Due.REDIRECT:
        return TaskState.WAITING, f"the plan changed what it was told: {obstacle or 'about to follow'}"
    if obstacle is None:
        return TaskState.WAITING, work.note or ("about to start" if not work.runs else "about to go on")
    under_way = work.runs > 0 and not work.new_run
    return (TaskState.RUNNING if under_way and due is Due.RETRY else TaskState.WAITING), obstacle


def settled(world: World, work: Work, at: datetime) -> bool:
    """Whether nothing more will happen to this task before a human or the plan says so."""
    return task_state(world, work, at)[0] in (
        TaskState.DONE,
        TaskState.BLOCKED,
        TaskState.FAILED,
        TaskState.RETIRED,
    )


def summary(work: Work) -> str | None:
    """What came of the task, in the child's (or the human's) words."""
    if work.report is not None:
        return work.report.summary
    return work.words or None
