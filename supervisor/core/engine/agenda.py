"""The agenda: the tasks of a world by what may have to be done about them, so that a step visits only those.

It follows from the plan in force and the states of its tasks, and from nothing else. `agenda_of` derives it from one
that it returned lately, by the states that differ: `changed` is the one place that says what has changed. The result is
the same as from scratch.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from enum import Enum, auto
from itertools import compress
from operator import is_not
from typing import NamedTuple, TypeVar

from supervisor.core.engine.prompts import brief_of
from supervisor.domain.memo import remember_last
from supervisor.domain.plan import HUMAN, Plan, Task
from supervisor.domain.task import Due, Phase, TaskState
from supervisor.domain.thread import ThreadKey
from supervisor.domain.world import World

KEPT = 4  # agendas: a step needs those of the world before it, of the world after it, and of some in between

Key = TypeVar("Key")
Value = TypeVar("Value")


class Sign(Enum):
    """Why somebody may have to visit a task."""

    LIVE = auto()  # it occupies its child's working tree
    TURN = auto()  # it has a turn that runs
    STEERED = auto()  # a steer is on its way
    LEFT = auto()  # its latest turn may have left something running
    ASKING = auto()  # it waits on a human
    HALTED = auto()  # it is blocked, or has failed
    DELAYED = auto()  # its next step waits until some moment
    MAKING = auto()  # a work tree of its own is being made
    APART = auto()  # its run, or the next one, works in a work tree of its own
    UNLISTED = auto()  # its changes are not listed yet
    SPENT = auto()  # it has used tokens or time
    UNSETTLED = auto()  # it is not done, blocked or failed


_BEARS: Mapping[Sign, Callable[[TaskState], bool]] = {
    Sign.LIVE: lambda state: state.phase.live,
    Sign.TURN: lambda state: state.turn is not None,
    Sign.STEERED: lambda state: state.steer is not None,
    Sign.LEFT: lambda state: state.leftovers is not None,
    Sign.ASKING: lambda state: state.phase is Phase.ASKING,
    Sign.HALTED: lambda state: state.phase in (Phase.BLOCKED, Phase.FAILED),
    Sign.DELAYED: lambda state: state.not_before is not None,
    Sign.MAKING: lambda state: state.own_tree is not None and state.own_tree.busy,
    Sign.APART: lambda state: state.apart,
    Sign.UNLISTED: lambda state: state.result.base is not None,
    Sign.SPENT: lambda state: state.turn is not None or state.usage.seconds > 0 or state.usage.tokens.total > 0,
    Sign.UNSETTLED: lambda state: state.phase not in (Phase.DONE, Phase.BLOCKED, Phase.FAILED),
}


class Queue(NamedTuple):
    """The tasks that may take the next turn on one thread, as their places in the plan, in its order."""

    begun: list[int]  # a run of theirs is under way
    new: list[int]  # all tasks before them are done


class Spent(NamedTuple):
    """What tasks have used, without the time of running turns. Whole numbers: a sum does not depend on its order."""

    tokens: int = 0
    nanoseconds: int = 0


class Layout(NamedTuple):
    """What follows from the tasks of a plan alone."""

    places: Mapping[str, int]  # of its tasks, by id
    first: Mapping[str, int]  # the place of the first task of each child
    followers: Mapping[str, tuple[str, ...]]  # by id, the tasks that come directly after it


# ── of one task ──────────────────────────────────────────────────────────────────────────────────


def due_under(plan: Plan | None, state: TaskState) -> Due | None:
    """Return why a turn (or an ask) of this task is to be started; None if nothing is due, or a turn is under way."""
    task = plan.task(state.task) if plan is not None else None
    if plan is None or task is None or (state.phase.live and (state.phase is not Phase.CHECKING or state.checking)):
        return None
    if state.brief.delivered is None or state.child != task.child:
        return Due.BRIEF
    if state.steer is not None:
        return None  # it is not known yet whether the child knows the change
    if state.brief.delivered.key != brief_of(task, plan).key:
        return Due.REDIRECT
    return state.due if state.phase is Phase.IDLE else None


def under_way(task: Task, state: TaskState) -> bool:
    """Return whether a run of the task has begun, and goes on with its next turn."""
    return not state.new_run and state.runs > 0 and state.child == task.child


def thread_key(task: Task, state: TaskState) -> ThreadKey:
    """Return the thread for the task's next turn: the one that it has, else the one that the plan names."""
    if state.own_tree is not None and state.apart and state.own_tree.child == task.child:
        return (task.child, task.id)
    if state.thread is not None and state.child == task.child and state.brief.delivered is not None:
        return state.thread
    return (task.child, task.id if task.thread == "fresh" else None)


# ── of all tasks ─────────────────────────────────────────────────────────────────────────────────


def changed(before: Mapping[Key, Value], after: Mapping[Key, Value]) -> list[Key] | None:
    """Return the keys whose values are other objects than before; None if the keys, or their order, differ.

    Values are immutable, so the same object has not changed. This takes 20 ns a key, for it runs outside of Python.
    """
    if before is after:
        return []
    if list(before) != list(after):
        return None
    return [*compress(after, map(is_not, before.values(), after.values()))]


class Agenda:
    """The tasks of one plan and one moment by what may have to be done about them. Immutable."""

    def __init__(self, plan: Plan | None, tasks: Mapping[str, TaskState]) -> None:
        self.plan = plan
        self.tasks = tasks
        self.order: Mapping[str, int] = {name: number for number, name in enumerate(tasks)}
        self.layout = _layout(plan.tasks if plan is not None else ())
        self.dues: dict[str, Due] = {}  # of tasks with a due
        self.queues: dict[ThreadKey, Queue] = {}
        self.spent: dict[str, Spent] = {}  # by child, by the tasks that the plan gives it
        self._bearers: dict[Sign, dict[str, None]] = {sign: {} for sign in Sign}
        self._done: set[str] = set()
        self._unmet: dict[str, int] = {}  # tasks before it that are not done, how many
        self._queued: dict[str, tuple[ThreadKey, bool]] = {}  # whose turn may be next, where, and whether it has begun
        self._seen: dict[Sign, tuple[TaskState, ...]] = {}
        self._seen_in: dict[Sign, dict[str, list[TaskState]]] = {}
        for state in tasks.values():
            self._note(state)
        for task in plan.tasks if plan is not None else ():
            if count := len(set(task.after) - self._done):
                self._unmet[task.id] = count
            self._queue(task.id)

    def after(self, tasks: Mapping[str, TaskState], names: list[str]) -> Agenda:
        """Return the agenda of the same plan with these tasks, of which those named differ."""
        new = object.__new__(Agenda)
        new.plan, new.tasks, new.order, new.layout = self.plan, tasks, self.order, self.layout
        new.dues, new.queues, new.spent = self.dues.copy(), self.queues.copy(), self.spent.copy()
        new._bearers = {sign: names.copy() for sign, names in self._bearers.items()}
        new._done, new._unmet, new._queued = self._done.copy(), self._unmet.copy(), self._queued.copy()
        new._seen, new._seen_in = {}, {}
        moved = dict.fromkeys(names)
        for name in names:
            was = name in new._done
            new._forget(self.tasks[name])
            new._note(tasks[name])
            if (name in new._done) is not was:
                for follower in new.layout.followers.get(name, ()):
                    new._unmet[follower] = new._unmet.get(follower, 0) + (1 if was else -1)
                    moved[follower] = None
        for name in moved:
            if not new._unmet.get(name, 1):
                del new._unmet[name]
            new._queue(name)
        return new

    def bearing(self, sign: Sign) -> tuple[TaskState, ...]:
        """Return the tasks with this sign, in the order of the world."""
        if (known := self._seen.get(sign)) is None:
            names = sorted(self._bearers[sign], key=self.order.__getitem__)
            known = self._seen[sign] = tuple(self.tasks[name] for name in names)
        return known

    def bearing_in(self, sign: Sign, child: str) -> Sequence[TaskState]:
        """Return those of them that work on this child."""
        if (known := self._seen_in.get(sign)) is None:
            known = self._seen_in[sign] = {}
            for state in self.bearing(sign):
                known.setdefault(state.child, []).append(state)
        return known.get(child, ())

    def names(self, sign: Sign) -> Set[str]:
        """Return the ids of the tasks with this sign."""
        return self._bearers[sign].keys()

    def is_done(self, name: str) -> bool:
        """Return whether a task is done under the plan."""
        return name in self._done

    def queued(self, key: ThreadKey, *, begun: bool) -> Iterator[tuple[Task, TaskState]]:
        """Yield the tasks that may take the next turn on a thread, in the order of the plan. `begun`: no new ones."""
        queue = self.queues.get(key)
        if queue is not None and self.plan is not None:
            for place in queue.begun if begun else sorted((*queue.begun, *queue.new)):
                task = self.plan.tasks[place]
                yield task, self.tasks[task.id]

    def _note(self, state: TaskState) -> None:
        name = state.task
        for sign, bears in _BEARS.items():
            if bears(state):
                self._bearers[sign][name] = None
        if (due := due_under(self.plan, state)) is not None:
            self.dues[name] = due
        elif state.phase is Phase.DONE:
            self._done.add(name)
        self._count(state, 1)

    def _forget(self, state: TaskState) -> None:
        name = state.task
        for names in self._bearers.values():
            names.pop(name, None)
        self.dues.pop(name, None)
        self._done.discard(name)
        self._count(state, -1)

    def _count(self, state: TaskState, times: int) -> None:
        task = self.plan.task(state.task) if self.plan is not None else None
        tokens, nanoseconds = state.tokens.total, round(state.usage.seconds * 1e9)
        if task is not None and (tokens or nanoseconds):
            known = self.spent.get(task.child, Spent())
            sums = Spent(known.tokens + times * tokens, known.nanoseconds + times * nanoseconds)
            self.spent[task.child] = sums
            if not any(sums):
                del self.spent[task.child]

    def _queue(self, name: str) -> None:
        """Put a task into the queue where it belongs now."""
        wanted, known = self._wanted(name), self._queued.get(name)
        if wanted == known:
            return
        place = self.layout.places[name]
        if known is not None:
            queue = self._own(known[0])
            places = queue[not known[1]]
            del places[bisect_left(places, place)]
            del self._queued[name]
            if not queue.begun and not queue.new:
                del self.queues[known[0]]
        if wanted is not None:
            insort(self._own(wanted[0])[not wanted[1]], place)
            self._queued[name] = wanted

    def _wanted(self, name: str) -> tuple[ThreadKey, bool] | None:
        task = self.plan.task(name) if self.plan is not None else None
        if task is None or task.hold or name not in self.dues:
            return None
        state = self.tasks[name]
        begun = task.child != HUMAN and under_way(task, state)
        key = thread_key(task, state) if task.child != HUMAN else (HUMAN, None)
        return (key, begun) if begun or not self._unmet.get(name) else None

    def _own(self, key: ThreadKey) -> Queue:
        known = self.queues.get(key, Queue([], []))
        self.queues[key] = own = Queue(known.begun.copy(), known.new.copy())
        return own


def agenda_of(world: World) -> Agenda:
    """Return the agenda of a world."""
    plan, tasks = world.plan.current, world.tasks
    for known in latest:
        if known.tasks is tasks and known.plan is plan:
            return known
    found = next((known.after(tasks, names) for known, names in _related(plan, tasks)), None)
    found = found if found is not None else Agenda(plan, tasks)
    latest[:] = [found, *latest[: KEPT - 1]]  # one assignment: other threads may be here at the same time
    return found


latest: list[Agenda] = []


def _related(plan: Plan | None, tasks: Mapping[str, TaskState]) -> Iterator[tuple[Agenda, list[str]]]:
    """Yield agendas of this plan, and what differs."""
    for known in latest:
        if known.plan is plan and (names := changed(known.tasks, tasks)) is not None:
            yield known, names


@remember_last
def _layout(tasks: tuple[Task, ...]) -> Layout:
    followers: dict[str, list[str]] = {}
    for task in tasks:
        for before in dict.fromkeys(task.after):
            followers.setdefault(before, []).append(task.id)
    reverse = [*enumerate(tasks)][::-1]
    places = {task.id: place for place, task in reverse}
    first = {task.child: place for place, task in reverse}
    return Layout(places, first, {name: tuple(names) for name, names in followers.items()})


def bearing(world: World, sign: Sign) -> tuple[TaskState, ...]:
    """Return the tasks with this sign, in the order of the world; the orchestrator's too, which comes last."""
    own, found = world.orchestrator.state, agenda_of(world).bearing(sign)
    return (*found, own) if own is not None and _BEARS[sign](own) else found


def bearing_in(world: World, sign: Sign, child: str) -> Sequence[TaskState]:
    """Return those of them that work on this child."""
    own, found = world.orchestrator.state, agenda_of(world).bearing_in(sign, child)
    return (*found, own) if own is not None and own.child == child and _BEARS[sign](own) else found
