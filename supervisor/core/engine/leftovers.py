"""Leftovers: commands and sub-agents that outlive their turn. They are waited for while they compute, then ended.

They belong to the task of the turn, which is verified only once none is left.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from msgspec.structs import replace

from supervisor.core.engine.agenda import Sign, agenda_of
from supervisor.core.engine.lifecycle.updates import put_task, with_map, with_task
from supervisor.domain import action as act
from supervisor.domain import event as ev
from supervisor.domain.action import Action
from supervisor.domain.server import ServerState
from supervisor.domain.task import LeftoverLook, Leftovers, Phase, TaskState
from supervisor.domain.thread import Thread
from supervisor.domain.world import World

LOOK_AGAIN = timedelta(seconds=5)  # between the first looks, or a quarter of `leftover_seconds` if that is less
SELDOM = 10  # later on, looks are this part of the time apart that has passed since the turn ended
BUSY = 0.05  # of one processor, as for stalls
MAX_ENDS = 3  # tries to end them; then the task is verified all the same
LEFT_KEPT = 20  # names of ended leftovers per run
SHOWN = 80  # characters of a name in the status


def leftovers(world: World, at: datetime) -> Iterator[Action]:
    """Rule: look at what the latest turn of each task left running. End it once it does not compute any more.

    A task that failed is not verified, and one that moved is verified elsewhere: nothing is waited for there.
    """
    for state in agenda_of(world).bearing(Sign.LEFT):
        thread, left = _thread(world, state), state.leftovers
        if thread is None or thread.id is None or left is None or left.looking or left.ending:
            continue
        where = (state.child, state.task, thread.id, state.last_turn or "")
        if state.phase is Phase.CHECKING and not _moved(world, state):
            if waits_for_answer(world, state):
                continue
            if left.looked is None:
                yield act.LookForLeftovers(*where, why="its turn ended")
            elif left.looked.at >= _end(world, state, left):
                yield act.EndLeftovers(*where, why=_why(world, left))
            elif at >= _next_look(world, state, left, left.looked):
                yield act.LookForLeftovers(*where, why=f"do they still compute? {_names(left)}")
        elif state.phase in (Phase.CHECKING, Phase.FAILED, Phase.ASKING, Phase.BLOCKED):
            yield act.EndLeftovers(*where, why=f"it is not verified: {state.why}")


def moments(world: World) -> Iterator[datetime]:
    """Yield the moments when leftovers are to be looked at, if nothing happens."""
    for state in agenda_of(world).bearing(Sign.LEFT):
        left = state.leftovers
        if left is None or left.looked is None or left.looking or left.ending or state.phase is not Phase.CHECKING:
            continue
        if _thread(world, state) is not None and not waits_for_answer(world, state):
            yield _next_look(world, state, left, left.looked)


def pending(world: World, state: TaskState) -> bool:
    """Return whether the turn that ended may have left something running that is still to be looked at or ended."""
    thread = world.threads.get(state.thread) if state.thread else None
    return state.leftovers is not None and thread is not None and thread.id is not None


def waits_for_answer(world: World, state: TaskState) -> bool:
    """Return whether a sub-agent of the turn that ended waits for an answer: then no time runs."""
    return any(request.within(state.last_turn) for request in world.requests.values())


def describe(state: TaskState) -> str:
    """Say what the latest turn left running; "" if nothing is known to run."""
    names = _names(state.leftovers) if state.leftovers is not None else ""
    return f"its turn ended and left running: {names}" if names else ""


# ── what events do ───────────────────────────────────────────────────────────────────────────────


def forgotten(state: TaskState) -> TaskState:
    """The connection to the server was lost: it is not known what became of a look, or of ending the leftovers."""
    if state.leftovers is None:
        return state
    if state.phase is not Phase.CHECKING:
        return replace(state, leftovers=None)
    return replace(state, leftovers=replace(state.leftovers, looking=False, ending=False))


def lost(state: TaskState) -> TaskState:
    """Another server process runs now: what was left on the one before has ended with it."""
    if state.leftovers is None or state.leftovers.looked is None:
        return state
    return replace(_with_left(state, state.leftovers.looked.names), leftovers=replace(state.leftovers, looked=None))


def intended(state: TaskState, action: act.LookForLeftovers | act.EndLeftovers) -> TaskState:
    """Leftovers are about to be looked at, or to be ended."""
    if state.leftovers is None:
        return state
    ending = isinstance(action, act.EndLeftovers)
    return replace(state, leftovers=replace(state.leftovers, looking=not ending, ending=ending))


def looked(world: World, event: ev.LeftoversLooked) -> World:
    """Fold the result of a look. What computes, or works on an answer, has all its time again."""

    def change(state: TaskState) -> TaskState:
        left, look = state.leftovers, event.look
        if left is None or state.last_turn != event.turn or not left.looking:
            return state
        if not look.names:
            return replace(state, leftovers=None)
        since = left.since
        if left.looked is not None and look.commands and _cpu_share(left.looked, look) >= BUSY:
            since = event.at
        if look.agents and look.sign is not None:
            since = max(since, look.sign)
        return replace(state, leftovers=replace(left, since=since, looking=False, looked=look))

    return with_task(world, event.task, change)


def reported(world: World, event: ev.LeftoverReported) -> World:
    """A leftover ended or changed files, which count to its task. What is left is to be looked at again."""
    for state in world.tasks.values():
        if state.last_turn != event.turn or state.child != event.child:
            continue
        files = tuple(dict.fromkeys((*state.result.changed_files, *sorted(event.files))))
        changed = replace(state, result=replace(state.result, changed_files=files))
        if state.leftovers is not None and not state.leftovers.looking:
            changed = replace(changed, leftovers=replace(state.leftovers, looked=None))
        if event.files:
            world = with_map(world, unsurveyed={**world.map.unsurveyed, event.child: state.task})
        return put_task(world, changed)
    return world


def ended(world: World, event: ev.LeftoversEnded) -> World:
    """Leftovers were ended: the result of the task names them. If some could not be, they have their time again."""

    def change(state: TaskState) -> TaskState:
        if state.last_turn != event.turn:
            return state
        state, left = _with_left(state, event.ended), state.leftovers
        if left is None or not event.problem or state.phase is not Phase.CHECKING or left.failures + 1 >= MAX_ENDS:
            return replace(state, leftovers=None)
        again = replace(left, since=event.at, looked=None, ending=False, failures=left.failures + 1)
        return replace(state, leftovers=again)

    return with_task(world, event.task, change)


def _with_left(state: TaskState, names: tuple[str, ...]) -> TaskState:
    left = tuple(dict.fromkeys((*state.result.left, *names)))[-LEFT_KEPT:]
    return replace(state, result=replace(state.result, left=left))


# ── how long ─────────────────────────────────────────────────────────────────────────────────────


def _thread(world: World, state: TaskState) -> Thread | None:
    """Return the thread whose leftovers can be looked at now. None if a turn runs there, or the server is not ready."""
    thread, server = world.threads.get(state.thread) if state.thread else None, world.servers.get(state.child)
    if thread is None or server is None or server.state is not ServerState.READY:
        return None
    busy = thread.open and thread.running is not None
    return None if busy or world.supervisor.stopping is not None else thread


def _moved(world: World, state: TaskState) -> bool:
    task = world.plan.task(state.task)
    return task is None or task.child != state.child


def _end(world: World, state: TaskState, left: Leftovers) -> datetime:
    """Return when the leftovers are to be ended if they do not compute: never later than the task's timeout allows."""
    end = left.since + _patience(world)
    task = world.plan.task(state.task)
    if task is None or task.timeout is None:
        return end
    return min(end, left.began + timedelta(minutes=task.timeout))


def _next_look(world: World, state: TaskState, left: Leftovers, look: LeftoverLook) -> datetime:
    pause = max(min(LOOK_AGAIN, _patience(world) / 4), (look.at - left.began) / SELDOM)
    return min(look.at + pause, max(look.at, _end(world, state, left)))


def _patience(world: World) -> timedelta:
    return timedelta(seconds=world.config.leftover_seconds)


def _cpu_share(before: LeftoverLook, now: LeftoverLook) -> float:
    """Return how many processors the commands kept busy between two looks; 0 if that is not known."""
    seconds = (now.at - before.at).total_seconds()
    if before.cpu is None or now.cpu is None or seconds <= 0:
        return 0.0
    return (now.cpu - before.cpu) / seconds


def _names(left: Leftovers) -> str:
    return ", ".join(f"`{name[:SHOWN]}`" for name in left.looked.names) if left.looked is not None else ""


def _why(world: World, left: Leftovers) -> str:
    return f"its turn ended, and after {world.config.leftover_seconds:g} s this does not compute: {_names(left)}"
