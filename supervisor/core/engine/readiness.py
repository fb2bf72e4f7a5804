"""Whether a task is ready for its next turn, and what is missing. Used by the rules and by the views."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from supervisor.core.engine.lifecycle import budgets, outages
from supervisor.core.engine.prompts import brief_of
from supervisor.core.map.drift import concerning
from supervisor.domain.link import Drift
from supervisor.domain.memo import remember_last
from supervisor.domain.plan import HUMAN, SandboxMode, Task
from supervisor.domain.server import ServerState
from supervisor.domain.task import Brief, Due, Phase, TaskState
from supervisor.domain.thread import OUR_MESSAGES, ThreadKey
from supervisor.domain.world import World

FIRST_MAP = timedelta(seconds=10)
"""How long new tasks wait for the first map at most: ten thousand files are read by then."""


def candidates(world: World) -> Iterator[tuple[Task, TaskState]]:
    """Yield the tasks of the plan in force with their states, in the order of the plan."""
    for task in world.plan.tasks:
        yield task, world.tasks[task.id]


def wanted(world: World, state: TaskState) -> bool:
    """Return whether the plan has this task and does not hold it."""
    task = world.plan.task(state.task)
    return task is not None and not task.hold


def desired(world: World, state: TaskState) -> Brief:
    """Return the brief that the child should have. Raises AssertionError if the task is not in the plan."""
    task = world.plan.task(state.task)
    if world.plan.current is None or task is None:
        raise AssertionError(f"{state.task} is not in the plan: it has no brief")
    return brief_of(task, world.plan.current)


def lost_events(count: int) -> str:
    """Say that the ledger lost events, and what to do."""
    what = "an event" if count == 1 else f"{count} events"
    return f"the ledger lost {what}: look at what the tasks did, then `orch go`"


def due_of(world: World, state: TaskState) -> Due | None:
    """Return why a turn (or an ask) of this task is to be started; None if nothing is due, or a turn is under way."""
    task = world.plan.task(state.task)
    if task is None or (state.phase.live and (state.phase is not Phase.CHECKING or state.checking)):
        return None
    if state.brief.delivered is None or state.child != task.child:
        return Due.BRIEF
    if state.steer is not None:
        return None  # it is not known yet whether the child knows the change
    if state.brief.delivered.key != desired(world, state).key:
        return Due.REDIRECT
    return state.due if state.phase is Phase.IDLE else None


def unseen_drifts(world: World, state: TaskState) -> tuple[Drift, ...]:
    """Return what others changed that this child relies on, and does not know yet."""
    since = state.brief.seen_up_to
    drifts = (record.drift for record in world.map.drifts if since is None or record.at > since)
    return concerning(drifts, state.child)


def first_map(world: World) -> datetime | None:
    """Return until when new tasks wait for the very first map, because briefs use it; None if they do not wait."""
    waits = (world.map.surveying or world.map.unsurveyed) and not world.map.digest
    return world.supervisor.since + FIRST_MAP if waits and world.supervisor.since is not None else None


def is_done(world: World, task: str) -> bool:
    """Return whether this task is done under the plan in force. Blocked or failed never counts as done."""
    state = world.tasks.get(task)
    return state is not None and state.phase is Phase.DONE and due_of(world, state) is None


def unmet(world: World, task: Task) -> tuple[str, ...]:
    """Return which tasks before this one are not done, or not any more."""
    return tuple(before for before in task.after if not is_done(world, before))


def overtaken(world: World, state: TaskState) -> tuple[str, ...]:
    """Return which tasks before a human's own task were reopened, so that its answer would be about another result."""
    task = world.plan.task(state.task)
    return unmet(world, task) if task is not None and task.child == HUMAN else ()


def readiness(world: World, state: TaskState, at: datetime) -> str | None:
    """Say in one line what is missing for the task's next turn; None if it is ready."""
    obstacle = clearance(world, state, at)
    task = world.plan.task(state.task)
    if obstacle is not None or task is None:
        return obstacle
    if task.child == HUMAN:
        return None
    if not _under_way(task, state) and (drawn := first_map(world)) is not None and at < drawn:
        return "the first map of the repos is being drawn"
    if (external := external_turn(world, task.child)) is not None:
        return external
    thread = world.threads.get(thread_key(task, state))
    if thread is not None and thread.failures and not thread.open:
        return f"the thread of {task.child} cannot be opened: {thread.problem}"
    outage = outages.pause(world, thread, at)
    if outage is not None:
        return outages.describe(outage)
    if room(world) == 0:
        return f"no more turns run at once: `limits.parallel` is {world.config.parallel}"
    return None


def room(world: World) -> int | None:
    """Return how many further turns may run now; None: any number."""
    if world.config.parallel is None:
        return None
    running = sum(state.phase in (Phase.STARTING, Phase.WORKING, Phase.STOPPING) for state in _live(world.tasks))
    return max(0, world.config.parallel - running)


def external_turn(world: World, child: str) -> str | None:
    """Say in one line that another client's turn runs on a thread of the child; None if there is none."""
    for thread in world.threads.values():
        running = thread.running if thread.child == child and thread.open else None
        if running is None or any(message.startswith(OUR_MESSAGES) for message in running.messages):
            continue
        tasks = [state for state in world.all_tasks if state.thread == (thread.child, thread.task)]
        if not any(state.turn_id == running.turn or state.phase is Phase.STARTING for state in tasks):
            return f"a turn from another window runs in {child}: `orch attach {child}` shows it"
    return None


def in_use(world: World, child: str) -> tuple[str, str] | None:
    """Say why no command may change files of the child now, and what to do about it; None if it may."""
    busy = next((one.task for one in world.all_tasks if one.child == child and one.phase.live), None)
    if busy is not None:
        way = f"wait for it (`orch wait --task {busy}`), or write `hold: yes` below {busy} in plan.md first"
        return f"{busy} works in {child}", way
    external = external_turn(world, child)
    return (external, "wait for it to end") if external is not None else None


def clearance(world: World, state: TaskState, at: datetime) -> str | None:
    """Say in one line why the thread for the task's next turn must not be opened yet; None if it may be.

    This may be earlier than `readiness`: only the brief needs the first map.
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
        if world.plan.lost:
            return f"nothing new starts: {lost_events(world.plan.lost)}"
        if world.plan.hold:
            return "nothing new starts: `orch hold` (`orch go` lifts it)"
    # What a human confirms is what the tasks before it made.
    waits_for = unmet(world, task) if task.child == HUMAN or not _under_way(task, state) else ()
    if waits_for:
        return "after " + ", ".join(_with_phase(world, before) for before in waits_for)
    if (state.not_before or at) > at:
        return state.note or state.why or "it waits a moment before the next try"
    if task.child == HUMAN:
        return None
    if (trouble := server_trouble(world, task.child)) is not None:
        return trouble
    if task.child in world.reserved:
        return f"a command changes files in {task.child} (if it was interrupted, `orch ops` finishes it)"
    for other in _live(world.tasks):
        if other.task != task.id and _occupies(world, other, task.child):
            return f"{other.task} works in {task.child}"
    budget = budgets.blocking_budget(world, task, at)
    return budgets.obstacle(world, budget) if budget is not None else None


def _under_way(task: Task, state: TaskState) -> bool:
    return not state.new_run and state.runs > 0 and state.child == task.child


def server_trouble(world: World, child: str) -> str | None:
    """Say in one line why the server of a child takes no turns; None if it does."""
    server = world.servers.get(child)
    if server is None:
        return f"{child} is not in the config of the running supervisor: `orch down`, then `orch up`"
    if server.state is ServerState.READY:
        return None
    return f"the server of {child} is {server.state}" + (f": {server.problem}" if server.problem else "")


def thread_key(task: Task, state: TaskState) -> ThreadKey:
    """Return the thread for the task's next turn: the one that it has, else the one that the plan names."""
    if state.thread is not None and state.child == task.child and state.brief.delivered is not None:
        return state.thread
    return (task.child, task.id if task.thread == "fresh" else None)


def needs_thread(world: World, state: TaskState) -> bool:
    """Return whether a thread has to be open for the task to go on: a turn or a steer is on its way, or one is due."""
    if state.phase in (Phase.STARTING, Phase.WORKING, Phase.STOPPING) or state.steer is not None:
        return True
    task = world.plan.task(state.task)
    return task is not None and task.child != HUMAN and due_of(world, state) is not None


def next_thread(world: World, state: TaskState) -> ThreadKey | None:
    """Return the thread of a task's turn, or of its next one; None if the plan has no such task, and it had none."""
    task = world.plan.task(state.task)
    if state.phase in (Phase.STARTING, Phase.WORKING, Phase.STOPPING) or task is None:
        return state.thread
    return thread_key(task, state)


def sandbox_of(world: World, task: Task | None, child: str) -> SandboxMode:
    """Return the sandbox for a turn or a check: the task's own, else the child's."""
    if task is not None and task.sandbox is not None and child not in world.config.confined:
        return task.sandbox
    server = world.servers.get(child)
    return server.child.sandbox if server is not None else "read-only"


def deadline(world: World, state: TaskState) -> datetime | None:
    """Return when the running turn exceeds the task's timeout. Time in which it waits on a human does not count.

    None without a timeout, without a running turn, and while the turn waits on a human.
    """
    task = world.plan.task(state.task)
    if task is None or task.timeout is None or state.turn is None or state.phase is not Phase.WORKING:
        return None
    if any(request.within(state.turn_id) for request in world.requests.values()):
        return None
    return state.turn.since + timedelta(minutes=task.timeout, seconds=state.turn.paused)


@remember_last
def _live(tasks: Mapping[str, TaskState]) -> tuple[TaskState, ...]:
    """Return the tasks that occupy a working tree: a few, while a plan may have thousands of tasks."""
    return tuple(state for state in tasks.values() if state.phase.live)


def _occupies(world: World, state: TaskState, child: str) -> bool:
    """Return whether this task needs the child's working tree for itself: it runs there, or is about to be checked."""
    if state.child != child or not state.phase.live:
        return False
    own = world.plan.task(state.task)
    moved = own is not None and own.child != state.child  # a task that moved to another child is not checked here
    return not (moved and state.phase is Phase.CHECKING and not state.checking)


def _with_phase(world: World, task: str) -> str:
    """Return the task's id, with its phase if that keeps others waiting."""
    state = world.tasks.get(task)
    if state is None or state.phase in (Phase.IDLE, Phase.STARTING, Phase.WORKING, Phase.CHECKING, Phase.DONE):
        return task
    return f"{task} ({state.phase})"
