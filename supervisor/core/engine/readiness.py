"""Whether a task is ready for its next turn, and what is missing. Used by the rules and by the views."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from supervisor.core.engine.agenda import Sign, agenda_of, bearing, due_under, thread_key, under_way
from supervisor.core.engine.lifecycle import budgets, outages
from supervisor.core.engine.lifecycle.servers import word
from supervisor.core.engine.prompts import brief_of
from supervisor.core.map.drift import concerning
from supervisor.domain.link import Drift
from supervisor.domain.plan import HUMAN, SandboxMode, Task
from supervisor.domain.server import ServerState
from supervisor.domain.task import LIVE, Brief, Due, Phase, TaskState
from supervisor.domain.thread import OUR_MESSAGES, ThreadKey
from supervisor.domain.world import World

LIVE_BUT_STOPPING = tuple(LIVE - {Phase.STOPPING})

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
    return due_under(world.plan.current, state)


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
    if not under_way(task, state) and (drawn := first_map(world)) is not None and at < drawn:
        return "the first map of the repos is being drawn"
    if (external := external_turn(world, task.child)) is not None:
        return external
    thread = world.threads.get(thread_key(task, state)) if not needs_tree(world, task, state) else None
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
    live = agenda_of(world).bearing(Sign.LIVE)
    running = sum(state.phase in (Phase.STARTING, Phase.WORKING, Phase.STOPPING) for state in live)
    return max(0, world.config.parallel - running)


def external_turn(world: World, child: str) -> str | None:
    """Say in one line that another client's turn runs on a thread of the child; None if there is none."""
    for thread in world.threads.values():
        running = thread.running if thread.child == child and thread.open else None
        if running is None or any(message.startswith(OUR_MESSAGES) for message in running.messages):
            continue
        known = (*bearing(world, Sign.LIVE), *bearing(world, Sign.TURN))
        tasks = [state for state in known if state.thread == (thread.child, thread.task)]
        if not any(state.turn_id == running.turn or state.phase is Phase.STARTING for state in tasks):
            return f"a turn from another window runs in {child}: `orch attach {child}` shows it"
    return None


def in_use(world: World, child: str) -> tuple[str, str] | None:
    """Say why no command may change files of the child now, and what to do about it; None if it may."""
    busy = next((one.task for one in bearing(world, Sign.LIVE) if one.child == child), None)
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
    if (reason := nothing_new(world)) is not None and not under_way(task, state):
        return f"nothing new starts: {reason}"
    # What a human confirms is what the tasks before it made.
    waits_for = unmet(world, task) if task.child == HUMAN or not under_way(task, state) else ()
    if waits_for:
        return "after " + ", ".join(_with_phase(world, before) for before in waits_for)
    if (state.not_before or at) > at:
        return state.note or state.why or "it waits a moment before the next try"
    if task.child == HUMAN:
        return None
    if (trouble := child_trouble(world, task.child)) is not None:
        return trouble
    others = (other for other in occupants(world, task.child) if other.task != task.id)
    if not own_path(task, state) and next(others, None) is not None:
        return f"another task works in {task.child}"  # which one is not said of each that waits: it would change often
    budget = budgets.blocking_budget(world, task, at)
    return budgets.obstacle(world, budget) if budget is not None else None


def nothing_new(world: World) -> str | None:
    """Say in one line why no new run of any task starts; None if runs may start."""
    if world.plan.missing is not None:
        return world.plan.missing
    if world.plan.current and world.plan.current.hold:
        return "plan.md says `hold: yes`"
    if world.plan.lost:
        return lost_events(world.plan.lost)
    return "`orch hold` (`orch go` lifts it)" if world.plan.hold else None


def child_trouble(world: World, child: str) -> str | None:
    """Say in one line why a child takes no turns, whichever the task is; None if it does."""
    if (trouble := server_trouble(world, child)) is not None:
        return trouble
    if child in world.reserved:
        return f"a command changes files in {child} (if it was interrupted, `orch ops` finishes it)"
    return None


def occupants(world: World, child: str) -> Iterator[TaskState]:
    """Yield the tasks that need the child's working tree for themselves."""
    agenda = agenda_of(world)
    yield from (state for state in agenda.bearing_in(Sign.LIVE, child) if _occupies(world, state, child))
    for state in agenda.bearing(Sign.MAKING):
        if not state.phase.live and state.own_tree is not None and state.own_tree.child == child:
            yield state


def isolates(world: World, task: Task) -> bool:
    """Return whether new runs of a task work in a work tree of their own."""
    server = world.servers.get(task.child)
    wish = task.isolation or (server.child.isolation if server is not None else "none")
    return task.child != HUMAN and wish == "worktree"


def own_path(task: Task, state: TaskState) -> str:
    """Return the work tree of its own in which the task's next turn works; "" if it works in the child's."""
    tree = state.own_tree
    return tree.path if tree is not None and state.apart and tree.child == task.child else ""


def needs_tree(world: World, task: Task, state: TaskState) -> bool:
    """Return whether a work tree has to be made before the task's next turn. A run goes on where it began."""
    return not under_way(task, state) and isolates(world, task) and not own_path(task, state)


def merges_next(world: World, child: str) -> TaskState | None:
    """Return the task whose changes go into the child's work tree next; None if none do, or another is to come first.

    They come in the order of the plan, as far as they run at the same time.
    """
    agenda = agenda_of(world)
    runs = [
        one for one in agenda.bearing(Sign.APART) if one.child == child and not one.new_run and _on_its_way(world, one)
    ]
    first = min(runs, key=lambda one: agenda.layout.places.get(one.task, len(world.tasks)), default=None)
    return first if first is not None and first.phase is Phase.MERGING else None


def _on_its_way(world: World, state: TaskState) -> bool:
    """Whether a run goes on without a human."""
    return state.phase.live or (state.phase is Phase.IDLE and wanted(world, state))


def shut(world: World, child: str) -> bool:
    """Return whether no task of the child, whichever it is, may take its next turn now.

    It is a quick answer for all of them at once. If it is False, `clearance` tells of each.
    """
    if child == HUMAN:
        return world.supervisor.stopping is not None
    if world.supervisor.stopping is not None or child_trouble(world, child) is not None:
        return True
    if any(one.own_tree is not None and one.own_tree.child == child for one in agenda_of(world).bearing(Sign.APART)):
        return False
    busy = [*occupants(world, child)]
    return len(busy) > 1 or any(due_of(world, state) is None for state in busy)


def queue(world: World, key: ThreadKey) -> Iterator[tuple[Task, TaskState]]:
    """Yield the tasks that may take the next turn on this thread, in the order of the plan.

    `clearance` and `readiness` still have to be asked about each of them, but about no other one.
    """
    if shut(world, key[0]):
        return iter(())
    return agenda_of(world).queued(key, begun=key[0] != HUMAN and nothing_new(world) is not None)


def server_trouble(world: World, child: str) -> str | None:
    """Say in one line why the server of a child takes no turns; None if it does."""
    server = world.servers.get(child)
    if server is None:
        return f"{child} is not in the config of the running supervisor: `orch down`, then `orch up`"
    if server.state is ServerState.READY:
        return None
    return f"the server of {child} is {word(server)}" + (f": {server.problem}" if server.problem else "")


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


def _occupies(world: World, state: TaskState, child: str) -> bool:
    """Return whether a live task of the child needs its working tree for itself: it runs there, or will be checked."""
    if state.apart:
        return state.phase is Phase.MERGING and merges_next(world, child) is state
    own = world.plan.task(state.task)
    moved = own is not None and own.child != state.child  # a task that moved to another child is not checked here
    return not (moved and state.phase is Phase.CHECKING and not state.checking)


def _with_phase(world: World, task: str) -> str:
    """Return the task's id, with its phase if that keeps others waiting."""
    state = world.tasks.get(task)
    if state is None or state.phase in (Phase.IDLE, Phase.DONE, *LIVE_BUT_STOPPING):
        return task
    return f"{task} ({state.phase})"
