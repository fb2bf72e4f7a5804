"""What happens to one task's turns, steers and checks, as changes of the world."""

from __future__ import annotations

from msgspec.structs import replace

from supervisor.core.engine.lifecycle import tasks, turns
from supervisor.core.engine.lifecycle.transitions import TaskTrigger, after_task
from supervisor.core.engine.lifecycle.updates import close_threads, put_task, with_map, with_task
from supervisor.domain import event as ev
from supervisor.domain.task import Phase, TaskState, Tokens, Tree
from supervisor.domain.world import World


def tokens_spent(world: World, event: ev.TokensSpent) -> World:
    """A running turn used more tokens."""
    for state in world.all_tasks:
        if state.turn is not None and state.turn.id == event.turn:
            spent = state.turn.spent + Tokens(event.input_tokens, event.output_tokens)
            return put_task(world, turns.with_turn(state, spent=spent))
    return world


def turn_retried(world: World, event: ev.TurnRetried) -> World:
    """Codex retries a request to the provider: the status shows why."""
    for state in world.all_tasks:
        if state.turn_id == event.turn:
            return put_task(world, replace(state, note=event.reason))
    return world


def turn_refused(world: World, event: ev.TurnRefused) -> World:
    """The server refused to start a turn. Its threads are read again before the next try."""

    def change(state: TaskState) -> TaskState:
        if state.delivery is None or state.delivery.message != event.message:
            return state
        return turns.refused(state, event.reason, event.at)

    return with_task(close_threads(world, event.child), event.task, change)


def steer_settled(world: World, event: ev.SteerArrived | ev.SteerMissed) -> World:
    """The turn took the steer, or did not."""

    def change(state: TaskState) -> TaskState:
        if state.steer is None or state.steer.message != event.message:
            return state
        if isinstance(event, ev.SteerArrived):
            return turns.steer_confirmed(state)
        return replace(state, steer=None, not_before=event.at + tasks.AFTER_REFUSAL)

    return with_task(world, event.task, change)


def interrupt_failed(world: World, event: ev.InterruptFailed) -> World:
    """The turn goes on, and will be interrupted again."""

    def change(state: TaskState) -> TaskState:
        if state.phase is not Phase.STOPPING or state.turn_id != event.turn:
            return state
        phase = after_task(state.phase, TaskTrigger.INTERRUPT_FAILED)
        return replace(state, phase=phase, not_before=event.at + tasks.AFTER_REFUSAL, note=event.reason)

    return with_task(world, event.task, change)


def tree_read(world: World, event: ev.TreeRead) -> World:
    """The working tree was read at the beginning of a run."""
    return with_task(
        world, event.task, lambda state: _with_base(state, event.tree) if state.runs == event.run else state
    )


def _with_base(state: TaskState, tree: Tree) -> TaskState:
    """The first tree that is read in a run is the base of its changes."""
    return replace(state, result=replace(state.result, base=state.result.base or tree))


def checks_ended(world: World, event: ev.ChecksFinished | ev.ChecksLost) -> World:
    """The verify commands ran, or could not be completed. Changed files call for a survey."""
    state = world.tasks.get(event.task)
    if state is None or state.phase is not Phase.CHECKING or state.runs != event.run or not state.checking:
        return world
    if isinstance(event, ev.ChecksLost):
        return put_task(world, tasks.checks_lost(state, event.reason, event.at))
    if event.changed_files:
        world = with_map(world, unsurveyed={**world.map.unsurveyed, event.child: event.task})
    return put_task(world, tasks.checks_finished(replace(state, not_before=None, note=""), event))
