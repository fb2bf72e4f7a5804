"""What is shown of each task, kept from one rendering to the next: only what may look different is rendered anew."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import cached_property
from operator import attrgetter

from msgspec import Struct

from supervisor.core.engine.agenda import Sign, agenda_of, changed
from supervisor.core.engine.lifecycle import budgets
from supervisor.core.engine.readiness import external_turn, first_map, occupants, room, server_trouble
from supervisor.core.view.run_entry import run_entry
from supervisor.core.view.task_info import task_info, task_row
from supervisor.domain.ask import Ask
from supervisor.domain.memo import remember_last
from supervisor.domain.plan import HUMAN, Task
from supervisor.domain.status import TaskInfo
from supervisor.domain.task import TaskState
from supervisor.domain.thread import ThreadKey
from supervisor.domain.world import World

_ALWAYS = (Sign.LIVE, Sign.TURN, Sign.STEERED, Sign.ASKING, Sign.DELAYED)  # few, and time changes what is shown of them
_NO_MATTER = frozenset({"orchestrator", "leaving", "requests", "answering", "ruled", "asked", "notified", "learnings"})
_FOLLOWED = frozenset({"map", "servers", "threads", "tasks", "asks"})
"""Parts of the world that change nothing in what is shown of a task that is not always rendered anew, and parts of
which it is known what they change. If any other part changes, all is rendered anew."""


class Shown(Struct, frozen=True):
    """What is shown of one task."""

    info: TaskInfo
    row: str  # of the table in runs.md
    entry: str  # of its run log; "": it has not started


class Sheet:
    """What is shown of all tasks of a world at a moment. Immutable."""

    def __init__(
        self,
        world: World,
        at: datetime,
        shown: dict[str, Shown],
        used_up: frozenset[str],
        rendered: dict[str, Shown],
    ) -> None:
        self.world = world
        self.at = at
        self.shown = shown
        self.rendered = rendered  # the same before it was cleaned
        self.used_up = used_up  # the budgets of the plan and of children of which nothing is left

    @cached_property
    def infos(self) -> tuple[TaskInfo, ...]:
        """The tasks for `orch status`: those of the plan, then those that ran and that the plan no longer has."""
        return tuple(map(attrgetter("info"), self._listed))

    @cached_property
    def rows(self) -> str:
        """The rows of the table in runs.md."""
        return "\n".join(map(attrgetter("row"), self._listed))

    @cached_property
    def entries(self) -> str:
        """The run log in runs.md; "" if nothing has started."""
        return "\n\n".join(filter(None, map(attrgetter("entry"), self._listed)))

    @property
    def _listed(self) -> Iterator[Shown]:
        return map(self.shown.__getitem__, listed(self.world))  # all this without a call in Python for each task


def listed(world: World) -> tuple[str, ...]:
    """Return the ids of the tasks in the order of the plan, then of those that ran and that the plan no longer has."""
    planned = _planned(world.plan.tasks)
    if not (others := world.tasks.keys() - planned.keys()):
        return tuple(planned)
    return (*planned, *(name for name, state in world.tasks.items() if name in others and state.runs))


@remember_last
def _planned(tasks: tuple[Task, ...]) -> dict[str, None]:
    return {task.id: None for task in tasks}


def shown_state(world: World, name: str) -> TaskState:
    """Return the state of a listed task, also of one that the world has not met yet."""
    if (state := world.tasks.get(name)) is not None:
        return state
    task = world.plan.task(name)
    return TaskState(name, task.title if task is not None else "", task.child if task is not None else "")


def sheet_of(
    world: World, at: datetime, last: Sheet | None = None, clean: Callable[[Shown], Shown] = lambda shown: shown
) -> Sheet:
    """Return what is shown of the tasks of a world. `last`: an earlier sheet, which saves work and changes nothing.

    What is shown of each task has passed `clean`, which cuts out secrets: one that goes on in what is shown of another
    task would stay, and there is none, because each begins anew with a heading or a row. `clean` must be the same
    function for all sheets that follow each other.
    """
    used_up = frozenset(_used_up(world, at))
    names = _doubtful(last, world, at, used_up) if last is not None else None
    if names is None or last is None:
        rendered = {name: _shown(world, name, at) for name in listed(world)}
        before = last.rendered if last is not None else {}
        same = {name for name, one in rendered.items() if before.get(name) == one}
        shown = {name: last.shown[name] if last and name in same else clean(one) for name, one in rendered.items()}
        return Sheet(world, at, shown, used_up, rendered)
    known = [name for name in names if name in last.shown or world.tasks[name].runs]
    new = {name: one for name in known if (one := _shown(world, name, at)) != last.rendered.get(name)}
    if new:
        cleaned = {name: clean(one) for name, one in new.items()}
        return Sheet(world, at, {**last.shown, **cleaned}, used_up, {**last.rendered, **new})
    sheet = Sheet(world, at, last.shown, used_up, last.rendered)
    sheet.__dict__.update(  # the texts are the same, too
        {name: last.__dict__[name] for name in ("infos", "rows", "entries") if name in vars(last)}
    )
    return sheet


def _shown(world: World, name: str, at: datetime) -> Shown:
    state = shown_state(world, name)
    return Shown(
        task_info(world, state, at), task_row(world, state, at), run_entry(world, state, at) if state.runs else ""
    )


def _used_up(world: World, at: datetime) -> Iterator[str]:
    if budgets.any_budget(world):
        for name in (budgets.PLAN, *(f"child {child}" for child in agenda_of(world).layout.first if child != HUMAN)):
            if budgets.is_used_up(world, name, at):
                yield name


# ── what may look different ──────────────────────────────────────────────────────────────────────


def _doubtful(last: Sheet, world: World, at: datetime, used_up: frozenset[str]) -> set[str] | None:
    """Return the tasks of which something else may be shown than in the last sheet; None if it may be any."""
    before = last.world
    for part in World.__struct_fields__:
        if part not in _NO_MATTER | _FOLLOWED and getattr(world, part) is not getattr(before, part):
            return None
    moved, servers = changed(before.tasks, world.tasks), changed(before.servers, world.servers)
    asks = _different_asks(before, world)
    if moved is None or servers is None or used_up != last.used_up or any(ask.budget or ask.thread for ask in asks):
        return None
    if _of_all(before, last.at) != _of_all(world, at):
        return None
    agenda, old = agenda_of(world), agenda_of(before)
    found = {name for sign in _ALWAYS for name in (*agenda.names(sign), *old.names(sign))}
    found |= {*moved, *(ask.task for ask in asks if ask.task is not None)}
    for name in moved:
        task = world.plan.task(name)
        found.update(agenda.layout.followers.get(name, ()), task.after if task is not None else ())
    both = [state for name in moved for state in (before.tasks[name], world.tasks[name])]
    touched = {state.child for state in both} | {one.own_tree.child for one in both if one.own_tree is not None}
    crowded = {child for child in touched if _is_occupied(before, child) != _is_occupied(world, child)}
    found |= {name for name in _of_children(world, crowded) if name in agenda.dues}
    found |= _of_threads(before, world, touched)
    found |= _of_children(
        world, [name for name in servers if server_trouble(before, name) != server_trouble(world, name)]
    )
    return found & world.tasks.keys()


def _of_all(world: World, at: datetime) -> tuple[object, ...]:
    """Return what concerns every task, and may change with time or with the turns that run."""
    drawn = first_map(world)
    paused = [at < outage.until for outage in world.outages.values()]
    return (drawn is not None and at < drawn, paused, room(world) == 0)


def _different_asks(before: World, world: World) -> list[Ask]:
    if before.asks is world.asks:
        return []
    both = {*before.asks, *world.asks}
    pairs = [(before.asks.get(name), world.asks.get(name)) for name in both]
    return [ask for one, other in pairs if one is not other for ask in (one, other) if ask is not None]


def _is_occupied(world: World, child: str) -> bool:
    return next(occupants(world, child), None) is not None


def _of_threads(before: World, world: World, touched: Iterable[str]) -> set[str]:
    """Return the tasks that wait for threads of which something else is known than before, or whose id is shown."""
    keys = () if before.threads is world.threads else (*before.threads.keys() | world.threads.keys(),)
    different = [key for key in keys if before.threads.get(key) is not world.threads.get(key)]
    children = {*touched, *(child for child, _ in different)}
    used = {child for child in children if external_turn(before, child) != external_turn(world, child)}
    known = [key for key in different if _thread_facts(before, key) != _thread_facts(world, key)]
    used |= {child for child, task in known if task is None}
    return _of_children(world, used) | {task for _, task in known if task is not None}


def _thread_facts(world: World, key: ThreadKey) -> tuple[object, ...]:
    thread = world.threads.get(key)
    return () if thread is None else (thread.id, thread.open, thread.failures, thread.problem, thread.provider)


def _of_children(world: World, children: Iterable[str]) -> set[str]:
    """Return the tasks of these children: by the plan, by their run, or by its thread."""
    wanted = {*children}
    if not wanted:
        return set()
    planned = {task.id for task in world.plan.tasks if task.child in wanted}
    ran = {name for name, state in world.tasks.items() if state.child in wanted or (state.thread or ("",))[0] in wanted}
    return planned | ran
