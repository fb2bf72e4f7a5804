"""What taking back and bringing back the changes of runs does to the tasks, and a landing that is refused."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from supervisor.core.engine.lifecycle.transitions import TaskTrigger, after_task
from supervisor.core.engine.lifecycle.updates import put_task
from supervisor.domain.event import ReposReserved, RunsTakenBack, TasksReopened
from supervisor.domain.task import Due, Phase, TaskState, Tries
from supervisor.domain.world import World

_GONE = "its changes were taken back"


def repos_reserved(world: World, event: ReposReserved) -> World:
    """Nothing starts in these children."""
    return replace(world, reserved=event.children)


def runs_taken_back(world: World, event: RunsTakenBack) -> World:
    """A done task of which nothing is left is blocked, so nothing is built on it; it is done once that is back."""
    world = replace(world, reserved=(), taken_back=frozenset(event.runs))
    for state in world.tasks.values():
        changed = [run for run in state.kept if run.after is not None and run.after != run.before]
        gone = bool(changed) and f"{state.task}@{changed[-1].run}" in world.taken_back
        if gone and state.phase is Phase.DONE:
            world = put_task(world, _blocked(state, event.at))
        elif not gone and state.taken_back:
            world = put_task(world, _done(state, event.at))
    return world


def tasks_reopened(world: World, event: TasksReopened) -> World:
    """Tasks that are done get another turn, with the output of the command that failed on all repos together."""
    for name in event.tasks:
        state = world.tasks.get(name)
        if state is not None and state.phase is Phase.DONE:
            world = put_task(world, _reopened(state, event))
    return world


def _reopened(state: TaskState, event: TasksReopened) -> TaskState:
    return replace(
        state,
        phase=after_task(state.phase, TaskTrigger.REOPEN),
        since=event.at,
        why=f"`{event.command}` fails with the work of all repos together",
        due=Due.FIX,
        due_text=event.text,
        tries=Tries(),
        not_before=None,
    )


def _blocked(state: TaskState, at: datetime) -> TaskState:
    return replace(
        state,
        phase=after_task(state.phase, TaskTrigger.TAKEN_BACK),
        since=at,
        why=f"{_GONE}: `orch redo` brings them back, `orch go {state.task}` has them made again",
        taken_back=True,
        due=Due.RESUME,
        due_text=f"{_GONE}: they are no longer in the files. Do the task again",
    )


def _done(state: TaskState, at: datetime) -> TaskState:
    if state.phase is not Phase.BLOCKED:
        return replace(state, taken_back=False)  # it is being done again
    phase = after_task(state.phase, TaskTrigger.BROUGHT_BACK)
    return replace(
        state, phase=phase, since=at, why="its changes were brought back", taken_back=False, due=None, due_text=""
    )
