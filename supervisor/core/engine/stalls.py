"""Handle a turn without a sign of life: look at it, ask it for one, then interrupt it. In the end a human decides.

Two looks, a moment apart, distinguish a long compile from a stall: the server's commands used CPU time in between.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from msgspec.structs import replace

from supervisor.core.engine import prompts
from supervisor.core.engine.agenda import Sign, bearing
from supervisor.core.engine.lifecycle.transitions import PulseTrigger, after_pulse
from supervisor.core.engine.lifecycle.turns import with_turn
from supervisor.core.engine.lifecycle.updates import closed, put, put_task
from supervisor.domain import action as act
from supervisor.domain import event as ev
from supervisor.domain.action import Action
from supervisor.domain.server import ServerState
from supervisor.domain.task import Phase, Pulse, TaskState, Turn, TurnLook
from supervisor.domain.thread import Thread
from supervisor.domain.world import World

LOOK_AGAIN = timedelta(seconds=15)  # between the two looks, or a quarter of `stall_minutes` if that is less
BUSY = 0.05  # of one processor: commands that wait for input, a lock or the network use less
AT_REST = ("idle", "notLoaded", "systemError")  # states of a thread whose turn is over: we missed its end


def stalls(world: World, at: datetime) -> Iterator[Action]:
    """Rule: take the next step with each turn that gives no sign of life."""
    for state in bearing(world, Sign.LIVE):
        thread, turn = _watched(world, state), state.turn
        if thread is None or thread.id is None or turn is None or turn.looking or (state.not_before or at) > at:
            continue
        where = (state.child, state.task, thread.id, turn.id)
        silence = f"no sign of life for {_minutes(world)} min"
        if turn.pulse is Pulse.STALLED:
            if state.steer is None and state.brief.delivered is not None:
                message, text = f"orch-{state.task}-{state.sent + 1}", prompts.nudge(state.task, _minutes(world))
                yield act.SteerTurn(*where, message, state.brief.delivered, text, why=silence, nudge=True)
        elif turn.pulse is Pulse.STUCK:
            yield act.InterruptTurn(*where, timed_out=False, why=f"{silence} after it was asked for one", stalled=True)
        elif at >= turn.pulse_since + _patience(world, turn):
            why = silence if turn.pulse in (Pulse.LIVELY, Pulse.NUDGED) else f"{silence}: do its commands use the CPU?"
            yield act.LookAtTurn(*where, turn.pulse_since, why)


def moments(world: World) -> Iterator[datetime]:
    """Yield the moments when turns are to be looked at, if nothing happens."""
    for state in bearing(world, Sign.LIVE):
        turn = state.turn
        if turn is not None and not turn.looking and _watched(world, state) is not None:
            yield turn.pulse_since + _patience(world, turn)


def looked(world: World, event: ev.TurnLooked) -> World:
    """Fold the result of a look at a turn into the world."""
    state = next((state for state in world.all_tasks if state.task == event.task), None)
    if state is None or (turn := state.turn) is None or turn.id != event.turn or not turn.looking:
        return world
    look, before = event.look, turn.looked
    state = with_turn(state, looking=False, looked=look)
    if state.phase is not Phase.WORKING:
        return put_task(world, state)
    if look.sign is not None and look.sign > turn.pulse_since:
        return put_task(world, _with_pulse(state, PulseTrigger.SIGN, look.sign))
    if look.state in AT_REST and state.thread in world.threads and state.thread is not None:
        world = replace(world, threads=put(world.threads, state.thread, closed(world.threads[state.thread])))
        return put_task(world, _with_pulse(state, PulseTrigger.SIGN, event.at))
    if turn.pulse in (Pulse.QUIET, Pulse.DEAF) and before is not None and _cpu_share(before, look) >= BUSY:
        state = replace(state, note=f"no sign of life for {_minutes(world)} min, but its commands use the CPU")
        return put_task(world, _with_pulse(state, PulseTrigger.BUSY, event.at))
    return put_task(world, _with_pulse(state, PulseTrigger.SILENT, event.at))


def nudged(state: TaskState, at: datetime) -> TaskState:
    """The turn is being asked for a sign of life."""
    return _with_pulse(state, PulseTrigger.NUDGE, at)


def _with_pulse(state: TaskState, trigger: PulseTrigger, since: datetime) -> TaskState:
    if state.turn is None:
        raise AssertionError(f"no turn of {state.task} runs: it is {state.phase}")
    return with_turn(state, pulse=after_pulse(state.turn.pulse, trigger), pulse_since=since)


def _watched(world: World, state: TaskState) -> Thread | None:
    """Return the thread of a running turn that should give signs of life; None if none runs, or it waits on a human."""
    thread, server = world.threads.get(state.thread) if state.thread else None, world.servers.get(state.child)
    if state.phase is not Phase.WORKING or thread is None or not thread.open or world.supervisor.stopping is not None:
        return None
    if server is None or server.state is not ServerState.READY:
        return None
    return None if any(request.within(state.turn_id) for request in world.requests.values()) else thread


def _patience(world: World, turn: Turn) -> timedelta:
    whole = timedelta(minutes=world.config.stall_minutes)
    return whole if turn.pulse in (Pulse.LIVELY, Pulse.NUDGED) else min(LOOK_AGAIN, whole / 4)


def _cpu_share(before: TurnLook, now: TurnLook) -> float:
    """Return how many processors the commands kept busy between two looks; 0 if that is not known."""
    seconds = (now.at - before.at).total_seconds()
    if before.cpu is None or now.cpu is None or seconds <= 0:
        return 0.0
    return (now.cpu - before.cpu) / seconds


def _minutes(world: World) -> str:
    return f"{world.config.stall_minutes:g}"
