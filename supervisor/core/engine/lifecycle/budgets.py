"""Budgets: what the tasks of the plan in force may spend: each, all tasks of a child, and all together.

A budget has a name: `task T1`, `child backend` or `plan`. When it is used up, the tasks that it covers pause until the
human grants more (`World.grants`), or the plan does.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from supervisor.core.engine.agenda import Sign, agenda_of
from supervisor.core.engine.lifecycle import turns
from supervisor.core.plan.amounts import format_tokens
from supervisor.domain.memo import remember_last
from supervisor.domain.plan import HUMAN, Budget, Task
from supervisor.domain.task import Phase, TaskState
from supervisor.domain.world import World

PLAN = "plan"
ROUNDING = timedelta(milliseconds=1)  # added to the moment when minutes run out, so that they are over by then


def names(task: Task) -> Iterator[str]:
    """Yield the names of the budgets that a task draws on, whether they exist or not."""
    if task.child != HUMAN:
        yield from (f"task {task.id}", f"child {task.child}", PLAN)


def any_budget(world: World) -> bool:
    """Return whether there is any budget at all."""
    plan = world.plan.current
    given = [
        world.config.plan_budget,
        *(server.child.budget for server in world.servers.values()),
    ]
    if plan is not None:
        given.append(plan.budget)
    return any(budget is not None for budget in given) or any_task_budget(world)


def any_task_budget(world: World) -> bool:
    """Return whether any task has a budget of its own."""
    plan = world.plan.current
    return world.config.task_budget is not None or (plan is not None and _task_has_one(plan.tasks))


@remember_last
def _task_has_one(tasks: tuple[Task, ...]) -> bool:
    return any(task.budget is not None for task in tasks)


def limit_of(world: World, name: str) -> Budget | None:
    """Return what may be spent under this budget in total, grants included; None if it does not exist."""
    base, granted = base_of(world, name), world.grants.get(name, Budget())
    if base is None:
        return None
    return Budget(
        None if base.tokens is None else base.tokens + (granted.tokens or 0),
        None if base.minutes is None else base.minutes + (granted.minutes or 0.0),
    )


def used_of(world: World, name: str, at: datetime) -> Budget:
    """Return what has been spent under this budget."""
    kind, _, who = name.partition(" ")
    if kind == "task":
        state = world.tasks.get(who) if world.plan.task(who) is not None else None
        return Budget(state.tokens.total, minutes_of(world, state, at)) if state is not None else Budget(0, 0.0)
    agenda = agenda_of(world)
    sums = [spent for child, spent in agenda.spent.items() if child == who or (kind == PLAN and child != HUMAN)]
    running = sum(
        running_seconds(world, state, at)
        for state in agenda.bearing(Sign.TURN)
        if (task := world.plan.task(state.task)) is not None and name in names(task)
    )
    seconds = sum(spent.nanoseconds for spent in sums) / 1e9 + running
    return Budget(sum(spent.tokens for spent in sums), seconds / 60)


def minutes_of(world: World, state: TaskState, at: datetime) -> float:
    """Return how long turns of this task ran, without the time that they waited on the human."""
    return (state.usage.seconds + running_seconds(world, state, at)) / 60


def running_seconds(world: World, state: TaskState, at: datetime) -> float:
    """Return how long the running turn of this task has run, without the time that it waited on the human."""
    return turns.running_seconds(state, _waiting_since(world, state) or at)


def is_used_up(world: World, name: str, at: datetime) -> bool:
    """Return whether this budget exists and nothing of it is left."""
    limit = limit_of(world, name)
    if limit is None:
        return False
    used = used_of(world, name, at)
    return _reached(used.tokens, limit.tokens) or _reached(used.minutes, limit.minutes)


def blocking_budget(world: World, task: Task, at: datetime) -> str | None:
    """Return the name of a used-up budget that keeps this task from taking turns, or None."""
    return next((name for name in names(task) if is_used_up(world, name, at)), None)


def obstacle(world: World, name: str) -> str:
    """Say in one line that a budget is used up."""
    open_ask = next((ask.id for ask in world.open_asks if ask.budget == name), None)
    return f"the budget of {whose(name)} is used up" + (f": answer {open_ask}" if open_ask else "")


def moments(world: World, at: datetime) -> Iterator[datetime]:
    """Yield the moments when minutes will be used up, if nothing else happens."""
    running = [
        (task, state)
        for state in agenda_of(world).bearing(Sign.TURN)
        if (task := world.plan.task(state.task)) is not None
        and state.phase is Phase.WORKING
        and state.turn is not None
        and state.turn.away is None
        and _waiting_since(world, state) is None
    ]
    for name in dict.fromkeys(name for task, _ in running for name in names(task)):
        limit = limit_of(world, name)
        if limit is None or limit.minutes is None:
            continue
        left = limit.minutes - (used_of(world, name, at).minutes or 0.0)
        if left <= 0:  # this has been acted on already, or will be as soon as possible
            continue
        count = sum(name in names(task) for task, _ in running)
        yield at + timedelta(minutes=left / count) + ROUNDING


def base_of(world: World, name: str) -> Budget | None:
    """Return the budget of this name in plan.md, or else in the config; None without one."""
    kind, _, who = name.partition(" ")
    if kind == "plan":
        return (world.plan.current.budget if world.plan.current else None) or world.config.plan_budget
    if kind == "child":
        server = world.servers.get(who)
        return server.child.budget if server else None
    task = world.plan.task(who)
    return (task.budget if task else None) or world.config.task_budget


def covered(world: World, name: str) -> Iterator[tuple[Task, TaskState]]:
    """Yield the tasks that draw on this budget, with their states."""
    kind, _, who = name.partition(" ")
    one = world.plan.task(who) if kind == "task" else None
    found = world.plan.tasks if kind != "task" else (one,) if one is not None else ()
    return ((task, world.tasks[task.id]) for task in found if name in names(task))


def _waiting_since(world: World, state: TaskState) -> datetime | None:
    """Return since when the turn waits on the human; None if it does not."""
    keys = {request.key for request in world.requests.values() if request.turn == state.turn_id}
    return min((ask.since for ask in world.asks.values() if ask.request in keys), default=None) if keys else None


def _reached(used: float | None, limit: float | None) -> bool:
    return limit is not None and (used or 0) >= limit


def whose(name: str) -> str:
    """Return who has this budget: "the plan", or the id of a task or child."""
    return "the plan" if name == PLAN else name.partition(" ")[2]


def figures(used: Budget, limit: Budget) -> str:
    """Say how much was spent, of how much."""
    parts = []
    if limit.tokens is not None:
        parts.append(f"{format_tokens(used.tokens or 0)} of {format_tokens(limit.tokens)}")
    if limit.minutes is not None:
        parts.append(f"{used.minutes or 0:.1f} of {limit.minutes:.4g} min")
    return " and ".join(parts)
