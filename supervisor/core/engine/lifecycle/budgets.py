"""Budgets: what the tasks of the plan in force may spend, each, all of a child's, and all together.

A budget has a name: `task T1`, `child backend` or `plan`. What is used up pauses what it covers until the human grants
more (`World.grants`), or the plan does.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from supervisor.core.engine.lifecycle import tasks as do
from supervisor.core.plan.amounts import format_tokens
from supervisor.domain.plan import HUMAN, Budget, Task
from supervisor.domain.task import Phase, TaskState
from supervisor.domain.world import World

PLAN = "plan"
ROUNDING = timedelta(milliseconds=1)  # so that the minutes are surely over when their moment has come


def names(task: Task) -> Iterator[str]:
    """The budgets that a task draws on, if there are such."""
    if task.child != HUMAN:
        yield from (f"task {task.id}", f"child {task.child}", PLAN)


def any_budget(world: World) -> bool:
    """Whether there is any budget at all."""
    plan = world.plan.current
    given = [
        world.config.plan_budget,
        world.config.task_budget,
        *(server.child.budget for server in world.servers.values()),
    ]
    if plan is not None:
        given += [plan.budget, *(task.budget for task in plan.tasks)]
    return any(one is not None for one in given)


def limit_of(world: World, name: str) -> Budget | None:
    """What may be spent in all under this budget, grants included; None without one."""
    base, granted = base_of(world, name), world.grants.get(name, Budget())
    if base is None:
        return None
    return Budget(
        None if base.tokens is None else base.tokens + (granted.tokens or 0),
        None if base.minutes is None else base.minutes + (granted.minutes or 0.0),
    )


def used_of(world: World, name: str, at: datetime) -> Budget:
    """What has been spent under this budget."""
    tasks = [state for _, state in covered(world, name)]
    tokens = sum(state.tokens.total for state in tasks)
    return Budget(tokens, sum(minutes_of(world, state, at) for state in tasks))


def minutes_of(world: World, state: TaskState, at: datetime) -> float:
    """How long turns of this work ran, without the time that they waited on the human."""
    return (state.usage.seconds + do.running_seconds(state, _stands(world, state) or at)) / 60


def is_used_up(world: World, name: str, at: datetime) -> bool:
    """Whether there is such a budget, and nothing left of it."""
    limit = limit_of(world, name)
    if limit is None:
        return False
    used = used_of(world, name, at)
    return _reached(used.tokens, limit.tokens) or _reached(used.minutes, limit.minutes)


def in_the_way(world: World, task: Task, at: datetime) -> str | None:
    """The budget that keeps this task from taking turns; None if none does."""
    return next((name for name in names(task) if is_used_up(world, name, at)), None)


def obstacle(world: World, name: str) -> str:
    """That a budget is used up, in one line."""
    ask = next((one.id for one in world.open_asks if one.budget == name), None)
    return f"the budget of {whose(name)} is used up" + (f": answer {ask}" if ask else "")


def moments(world: World, at: datetime) -> Iterator[datetime]:
    """When minutes will be used up, if nothing else happens."""
    running = [
        (task, state)
        for task, state in _tasks(world)
        if state.phase is Phase.WORKING
        and state.turn is not None
        and state.turn.away is None
        and _stands(world, state) is None
    ]
    for name in dict.fromkeys(one for task, _ in running for one in names(task)):
        limit = limit_of(world, name)
        if limit is None or limit.minutes is None:
            continue
        left = limit.minutes - (used_of(world, name, at).minutes or 0.0)
        if left <= 0:  # it is acted on by now, or as soon as that is possible
            continue
        turns = sum(name in names(task) for task, _ in running)
        yield at + timedelta(minutes=left / turns) + ROUNDING


def base_of(world: World, name: str) -> Budget | None:
    """What plan.md, or else the config, gives under this name."""
    kind, _, who = name.partition(" ")
    if kind == "plan":
        return (world.plan.current.budget if world.plan.current else None) or world.config.plan_budget
    if kind == "child":
        server = world.servers.get(who)
        return server.child.budget if server else None
    task = world.plan.task(who)
    return (task.budget if task else None) or world.config.task_budget


def covered(world: World, name: str) -> Iterator[tuple[Task, TaskState]]:
    """The tasks that draw on this budget, with what has become of them."""
    return ((task, state) for task, state in _tasks(world) if name in names(task))


def _tasks(world: World) -> Iterator[tuple[Task, TaskState]]:
    return ((task, world.tasks[task.id]) for task in world.plan.tasks)


def _stands(world: World, state: TaskState) -> datetime | None:
    """Since when the turn waits on the human; None if it does not."""
    keys = {request.key for request in world.requests.values() if request.turn == state.turn_id}
    return min((ask.since for ask in world.asks.values() if ask.request in keys), default=None) if keys else None


def _reached(used: float | None, limit: float | None) -> bool:
    return limit is not None and (used or 0) >= limit


def whose(name: str) -> str:
    """Who has this budget."""
    return "the plan" if name == PLAN else name.partition(" ")[2]


def figures(used: Budget, limit: Budget) -> str:
    """What was spent, of how much."""
    parts = []
    if limit.tokens is not None:
        parts.append(f"{format_tokens(used.tokens or 0)} of {format_tokens(limit.tokens)}")
    if limit.minutes is not None:
        parts.append(f"{used.minutes or 0:.1f} of {limit.minutes:.4g} min")
    return " and ".join(parts)
