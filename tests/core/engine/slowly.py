"""What the agenda answers at once, found out by visiting every task: both have to say the same."""

from __future__ import annotations

from datetime import datetime

from supervisor.core.engine.agenda import Agenda, agenda_of, thread_key
from supervisor.core.engine.asks.asks import checkpoints
from supervisor.core.engine.lifecycle import budgets
from supervisor.core.engine.readiness import candidates, clearance, due_of, needs_tree, own_path, readiness, room
from supervisor.core.engine.rules.turns import next_turns, threads
from supervisor.domain.plan import HUMAN
from supervisor.domain.server import ServerState
from supervisor.domain.task import Phase
from supervisor.domain.thread import ThreadKey
from supervisor.domain.world import World


def lawful(world: World, at: datetime) -> None:
    """Assert that the agenda of this world is the one from scratch, and leaves out no task that may do something."""
    assert contents(agenda_of(world)) == contents(Agenda(world.plan.current, world.tasks))
    assert [task.id for task, _, _ in next_turns(world, at)] == turns(world, at)
    assert [(action.child, action.task) for action in threads(world, at)] == opened(world, at)  # type: ignore[attr-defined]
    asked = [task.id for task, _ in checkpoints(world, at)]
    due = [task.id for task, state in candidates(world) if task.child == HUMAN and due_of(world, state) is not None]
    assert [name for name in due if readiness(world, world.tasks[name], at) is None] == [
        name for name in asked if name in due
    ]
    for name in {name for task, _ in candidates(world) for name in budgets.names(task)}:
        spent = [state for _, state in budgets.covered(world, name)]
        used = budgets.used_of(world, name, at)
        assert used.tokens == sum(state.tokens.total for state in spent)
        assert abs((used.minutes or 0) - sum(budgets.minutes_of(world, state, at) for state in spent)) < 1e-6


def contents(agenda: Agenda) -> dict[str, object]:
    """Return all that an agenda says."""
    return {name: value for name, value in vars(agenda).items() if not name.startswith("_seen")}


def turns(world: World, at: datetime) -> list[str]:
    """Return the tasks that take the next turns."""
    first: dict[tuple[str, str], str] = {}
    for task, state in candidates(world):
        ready = task.child != HUMAN and due_of(world, state) is not None and readiness(world, state, at) is None
        if ready:
            first.setdefault((task.child, own_path(task, state)), task.id)
    return [*first.values()][: room(world)]


def opened(world: World, at: datetime) -> list[ThreadKey]:
    """Return the threads that tasks need, and that are to be opened now."""
    needed: dict[ThreadKey, None] = {}
    for state in world.tasks.values():
        task = world.plan.task(state.task)
        starting = task is not None and due_of(world, state) is not None and clearance(world, state, at) is None
        unsettled = state.phase in (Phase.STARTING, Phase.WORKING, Phase.STOPPING) or state.steer is not None
        if task is not None and starting and needs_tree(world, task, state):
            continue
        if task is not None and starting and task.child != HUMAN:
            needed[thread_key(task, state)] = None
        elif unsettled and state.thread is not None:
            needed[state.thread] = None
    found = []
    for key in needed:
        server, thread = world.servers.get(key[0]), world.threads.get(key)
        if server is None or server.state is not ServerState.READY:
            continue
        if thread is None or not (thread.open or thread.opening or (thread.not_before or at) > at):
            found.append(key)
    return found
