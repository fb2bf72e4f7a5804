"""What stands between a task and its next turn; shared by those who decide and those who show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from supervisor.core.engine.lifecycle import budgets, outages
from supervisor.core.engine.prompts import brief_of
from supervisor.domain.memo import remember_last
from supervisor.domain.plan import HUMAN, SandboxMode, Task
from supervisor.domain.server import ServerState
from supervisor.domain.task import Brief, Due, Phase, TaskState
from supervisor.domain.thread import OUR_MESSAGES, ThreadKey
from supervisor.domain.world import World

FIRST_MAP = timedelta(seconds=10)
"""What new work waits for the first map at most: ten thousand files are read by then."""


def candidates(world: World) -> Iterator[tuple[Task, TaskState]]:
    """The tasks of the plan in force, in its order, with what has become of them."""
    for task in world.plan.tasks:
        yield task, world.tasks[task.id]


def wanted(world: World, state: TaskState) -> bool:
    """Whether the plan has this task, and does not hold it."""
    task = world.plan.task(state.task)
    return task is not None and not task.hold


def desired(world: World, state: TaskState) -> Brief:
    """What the child should have been told. The task must be in the plan."""
    task = world.plan.task(state.task)
    if world.plan.current is None or task is None:
        raise AssertionError(f"{state.task} is not in the plan: it has no brief")
    return brief_of(task, world.plan.current)


def due_of(world: World, state: TaskState) -> Due | None:
    """Why a next turn (or the next ask) of this task is to be started; None if none is due, or one is under way."""
    task = world.plan.task(state.task)
    if task is None or (state.phase.live and (state.phase is not Phase.CHECKING or state.checking)):
        return None
    if state.brief.delivered is None or state.child != task.child:
        return Due.BRIEF
    if state.steer is not None:
        return None  # it is not known yet whether the child heard of the change
    if state.brief.delivered.key != desired(world, state).key:
        return Due.REDIRECT
    return state.due if state.phase is Phase.IDLE else None


def first_map(world: World) -> datetime | None:
    """Until when new work waits for the very first map, which the briefs are made with; None if it need not."""
    waits = (world.map.surveying or world.map.unsurveyed) and not world.map.digest
    return world.supervisor.since + FIRST_MAP if waits and world.supervisor.since is not None else None


def is_done(world: World, task: str) -> bool:
    """Whether this task is done under the plan as it is now. Blocked or failed never counts as done."""
    state = world.tasks.get(task)
    return state is not None and state.phase is Phase.DONE and due_of(world, state) is None


def readiness(world: World, state: TaskState, at: datetime) -> str | None:
    """What stands in the way of the task's next turn, in one line; None if nothing does."""
    obstacle = clearance(world, state, at)
    task = world.plan.task(state.task)
    if obstacle is not None or task is None:
        return obstacle
    if task.child == HUMAN:
        return None
    if not _under_way(task, state) and (drawn := first_map(world)) is not None and at < drawn:
        return "the first map of the repos is being drawn"
    if (elsewhere := external_turn(world, task.child)) is not None:
        return elsewhere
    thread = world.threads.get(thread_key(task, state))
    if thread is not None and thread.failures and not thread.open:
        return f"the thread of {task.child} cannot be opened: {thread.problem}"
    outage = outages.pause(world, thread, at)
    return outages.said(outage) if outage is not None else None


def external_turn(world: World, child: str) -> str | None:
    """That a turn which is not ours runs on a thread of the child, in one line; None if there is none."""
    for thread in world.threads.values():
        running = thread.running if thread.child == child and thread.open else None
        if running is None or any(message.startswith(OUR_MESSAGES) for message in running.messages):
            continue
        tasks = [state for state in world.all_tasks if state.thread == (thread.child, thread.task)]
        if not any(state.turn_id == running.turn or state.phase is Phase.STARTING for state in tasks):
            return f"a turn from another window runs in {child}: `orch attach {child}` shows it"
    return None


def clearance(world: World, state: TaskState, at: datetime) -> str | None:
    """What stands in the way of opening the thread for the task's next turn, in one line; None if nothing does.

    It is opened while the first map is still being drawn: only the brief needs that.
    """
    task = world.plan.task(state.task)
    if task is None:
        return "the plan no longer has it"
    if world.supervisor.stopping is not None:
        return "the supervisor is stopping"
    if task.hold:
        return "the plan holds it"
    if not _under_way(task, state):
        if world.plan.missing is not None:
            return f"nothing new starts: {world.plan.missing}"
        if world.plan.current and world.plan.current.hold:
            return "nothing new starts: plan.md says `hold: yes`"
        if world.plan.hold:
            return "nothing new starts: `orch hold` (`orch go` lifts it)"
        if waits_for := [one for one in task.after if not is_done(world, one)]:
            return "after " + ", ".join(_named(world, one) for one in waits_for)
    if (state.not_before or at) > at:
        return state.note or state.why or "it waits a moment before the next try"
    if task.child == HUMAN:
        return None
    if (trouble := server_trouble(world, task.child)) is not None:
        return trouble
    for other in _live(world.tasks):
        if other.task != task.id and _occupies(world, other, task.child):
            return f"{other.task} works in {task.child}"
    budget = budgets.in_the_way(world, task, at)
    return budgets.obstacle(world, budget) if budget is not None else None


def _under_way(task: Task, state: TaskState) -> bool:
    return not state.new_run and state.runs > 0 and state.child == task.child


def server_trouble(world: World, child: str) -> str | None:
    """Why the server of a child takes no turns, in one line; None if it does."""
    server = world.servers.get(child)
    if server is None:
        return f"{child} is not in the config of the running supervisor: `orch down`, then `orch up`"
    if server.state is ServerState.READY:
        return None
    return f"the server of {child} is {server.state}" + (f": {server.problem}" if server.problem else "")


def thread_key(task: Task, state: TaskState) -> ThreadKey:
    """The thread on which the task's next turn goes: the one it has, else the one that the plan names."""
    if state.thread is not None and state.child == task.child and state.brief.delivered is not None:
        return state.thread
    return (task.child, task.id if task.thread == "fresh" else None)


def sandbox_of(world: World, task: Task | None, child: str) -> SandboxMode:
    """The sandbox for a turn or a check: the task's own, else the child's."""
    if task is not None and task.sandbox is not None:
        return task.sandbox
    server = world.servers.get(child)
    return server.child.sandbox if server is not None else "read-only"


def deadline(world: World, state: TaskState) -> datetime | None:
    """When the running turn has taken too long; the time for which it waits on a human does not count."""
    task = world.plan.task(state.task)
    if task is None or task.timeout is None or state.turn is None or state.phase is not Phase.WORKING:
        return None
    if any(request.turn == state.turn_id for request in world.requests.values()):
        return None
    return state.turn.since + timedelta(minutes=task.timeout, seconds=state.turn.paused)


@remember_last
def _live(tasks: Mapping[str, TaskState]) -> tuple[TaskState, ...]:
    """Those at work: a few, where a plan may have thousands of tasks."""
    return tuple(state for state in tasks.values() if state.phase.live)


def _occupies(world: World, state: TaskState, child: str) -> bool:
    """Whether this work needs the tree of a child for itself: it is at work there, or about to be checked."""
    if state.child != child or not state.phase.live:
        return False
    own = world.plan.task(state.task)
    moved = own is not None and own.child != state.child  # what it left behind is not checked any more
    return not (moved and state.phase is Phase.CHECKING and not state.checking)


def _named(world: World, task: str) -> str:
    state = world.tasks.get(task)
    if state is None or state.phase in (Phase.IDLE, Phase.STARTING, Phase.WORKING, Phase.CHECKING, Phase.DONE):
        return task
    return f"{task} ({state.phase})"
