"""Foresee what a version of plan.md does to each task when it comes into force: its picture.

Every answer comes from the functions by which the rules decide, asked about the world with the new version. Nothing is
decided here, so the picture and the act cannot differ.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from sys import intern

from msgspec.structs import replace

from supervisor.core.engine.asks.asks import checkpoints
from supervisor.core.engine.evolve import evolve
from supervisor.core.engine.lifecycle.updates import with_map
from supervisor.core.engine.readiness import desired, due_of, first_map, readiness
from supervisor.core.engine.rules.turns import must_end, next_turns
from supervisor.domain.event import PlanAccepted
from supervisor.domain.plan import HUMAN, Effect, Foreseen, Task
from supervisor.domain.task import Brief, Due, Phase, TaskState
from supervisor.domain.world import World

NAMED = 12  # tasks of one effect that are named in one line; of more, the rest is counted

_OVER = (Phase.DONE, Phase.BLOCKED, Phase.FAILED)


def foreseen(world: World, event: PlanAccepted) -> PlanAccepted:
    """Return the event with its picture: what it does to the tasks that it does not leave unchanged."""
    picture = tuple(one for one in picture_of(world, event) if one.effect is not Effect.UNCHANGED)
    return event if picture == event.picture else replace(event, picture=picture)


def surprise(world: World, event: PlanAccepted) -> str | None:
    """Say why this version has to wait for `orch go`; None if it comes into force at once.

    It waits if it would end the runs of more than `limits.surprise` of the tasks that are running.
    """
    limit = world.config.surprise
    running = [one for one in picture_of(world, event) if one.running] if limit is not None else []
    stopped = [one for one in running if one.stops]
    if limit is None or len(stopped) <= limit * len(running):
        return None
    of = f"{len(stopped)} of {len(running)} running tasks"
    return f"it would stop {of} ({_names(stopped)}), more than `limits.surprise: {limit * 100:.6g}%`"


def picture_of(world: World, event: PlanAccepted) -> tuple[Foreseen, ...]:
    """Return what the version does to each of its tasks, in its order, then to those that it retires. Pure.

    A task that it leaves unchanged has in `why` how it stands.
    """
    at, after = event.at, evolve(world, event)
    drawn = first_map(after)
    undrawn = drawn is not None and at < drawn
    if undrawn:  # it takes a moment only, and then they start
        world, after = _with_map(world), _with_map(after)
    was, will = _first(world, at), _first(after, at)
    # One world after the other, because what is remembered of a world is only that of the last one.
    before = {task.id: _effect(world, task, world.tasks[task.id], was, at) for task in world.plan.tasks}
    effects = [(task, *_effect(after, task, after.tasks[task.id], will, at)) for task in after.plan.tasks]
    wanted = {task.id: desired(world, world.tasks[task.id]).key for task in world.plan.tasks}
    found = []
    for task, effect, why in effects:
        state = after.tasks[task.id]
        same = before.get(task.id) == (effect, why) and wanted[task.id] == desired(after, state).key
        if effect is not Effect.UNCHANGED and same:
            effect, why = Effect.UNCHANGED, f"{effect}: {why}" if why else str(effect)
        if undrawn and not why and effect is Effect.STARTS:
            why = "once the first map of the repos is drawn"
        found.append(Foreseen(task.id, task.child, effect, why, is_running(state)))
    for task in world.plan.tasks:
        if after.plan.task(task.id) is None:
            state = world.tasks[task.id]
            why = "its turn is interrupted" if state.phase in (Phase.STARTING, Phase.WORKING) else ""
            why = why or ("its changes stay" if state.turns else "it has not started")
            found.append(Foreseen(task.id, state.child, Effect.RETIRED, why, is_running(state)))
    return tuple(found)


def is_running(state: TaskState) -> bool:
    """Return whether a run of this task is under way: in a turn, in its checks, or between two turns."""
    between = state.phase is Phase.IDLE and state.runs > 0 and not state.new_run
    return state.child != HUMAN and (state.phase.live or between)


def describe_picture(picture: Iterable[Foreseen]) -> str:
    """Describe a picture in one line, without what stays unchanged; "" if everything does."""
    by_effect: dict[Effect, list[Foreseen]] = {effect: [] for effect in _PHRASES}
    for one in picture:
        if one.effect is not Effect.UNCHANGED:
            by_effect[one.effect].append(one)
    return "; ".join(_PHRASES[effect](_names(some)) for effect, some in by_effect.items() if some)


_PHRASES: dict[Effect, Callable[[str], str]] = {
    Effect.INTERRUPTED: lambda names: f"interrupts {names}",
    Effect.RETIRED: lambda names: f"retires {names}",
    Effect.MOVED: lambda names: f"moves {names}",
    Effect.REDIRECTED: lambda names: f"redirects {names}",
    Effect.REOPENED: lambda names: f"reopens {names}",
    Effect.HELD: lambda names: f"holds {names}",
    Effect.STARTS: lambda names: f"starts {names}",
    Effect.CONTINUES: lambda names: f"continues {names}",
    Effect.ASKS: lambda names: f"asks you for {names}",
    Effect.WAITS: lambda names: f"leaves waiting {names}",
}


def _names(some: list[Foreseen]) -> str:
    names = ", ".join(one.task for one in some[:NAMED])
    return names if len(some) <= NAMED else f"{names} and {len(some) - NAMED} more"


def _with_map(world: World) -> World:
    return with_map(world, unsurveyed={}, surveying=False)


def _first(world: World, at: datetime) -> Collection[str]:
    """Return the tasks that get a turn, or the human's attention, next."""
    return {*(task.id for task, _, _ in next_turns(world, at)), *(task.id for task, _ in checkpoints(world, at))}


def _effect(world: World, task: Task, state: TaskState, first: Collection[str], at: datetime) -> tuple[Effect, str]:
    """Return what happens next to a task of the plan in force, and why."""
    if state.phase in (Phase.STARTING, Phase.WORKING):
        return _running_turn(world, task, state, at)
    if state.phase in (Phase.STOPPING, Phase.CHECKING, Phase.MERGING):
        return _ended_turn(world, task, state)
    if task.hold:
        return Effect.HELD, "the plan holds it"
    due = due_of(world, state)
    if due is None and task.id in first:
        return Effect.ASKS, "its turn in the plan has come"
    if due is None:
        return Effect.UNCHANGED, _STANDS.get(state.phase, "")
    obstacle = readiness(world, state, at)
    if obstacle is None and task.id not in first:
        obstacle = intern(f"another task goes first in {task.child}")  # said of nearly all tasks of a long plan
    begun = state.runs > 0
    if begun and state.phase in _OVER and due in (Due.BRIEF, Due.REDIRECT):
        return Effect.REOPENED, obstacle or _changed(task, state)
    if begun and due is Due.BRIEF and task.child != state.child:
        return Effect.MOVED, obstacle or f"the plan gives it to {task.child}"
    if due is Due.REDIRECT and task.child != HUMAN:
        return Effect.REDIRECTED, obstacle or "a follow-up turn has the change"
    if obstacle is not None:
        return Effect.WAITS, obstacle
    if task.child == HUMAN:
        return Effect.ASKS, "its turn in the plan has come"
    return (Effect.CONTINUES if begun and not state.new_run else Effect.STARTS), ""


def _running_turn(world: World, task: Task, state: TaskState, at: datetime) -> tuple[Effect, str]:
    why = must_end(world, state, at)
    if why is not None:
        return (Effect.MOVED if task.child != state.child else Effect.INTERRUPTED), why
    if _outdated(world, state):
        return Effect.REDIRECTED, "its running turn is told the change"
    gone = state.turn is not None and state.turn.away is not None
    return Effect.UNCHANGED, "it continues once its server is back" if gone else "its turn runs"


def _ended_turn(world: World, task: Task, state: TaskState) -> tuple[Effect, str]:
    stands = "its turn is being interrupted" if state.phase is Phase.STOPPING else "its turn is being checked"
    if task.child != state.child:
        return Effect.MOVED, f"the plan gives it to {task.child}"
    if task.hold:
        return Effect.HELD, f"the plan holds it; {stands}"
    if _outdated(world, state):
        return Effect.REDIRECTED, f"a follow-up turn has the change; {stands}"
    return Effect.UNCHANGED, stands


def _outdated(world: World, state: TaskState) -> bool:
    """Whether the brief that the child has, or is being sent, is not the one of the plan."""
    known = _known(state)
    return known is not None and known.key != desired(world, state).key


def _known(state: TaskState) -> Brief | None:
    if state.delivery is not None:
        return state.delivery.brief
    return state.steer.brief if state.steer is not None else state.brief.delivered


def _changed(task: Task, state: TaskState) -> str:
    return f"the plan gives it to {task.child}" if task.child != state.child else "a follow-up turn has the change"


_STANDS = {
    Phase.ASKING: "it waits on a human",
    Phase.DONE: "it is done",
    Phase.BLOCKED: "it is blocked",
    Phase.FAILED: "it has failed",
}
