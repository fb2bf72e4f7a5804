"""What events do to threads and their turns, and to the tasks that wait for them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec.structs import replace

from supervisor.core.engine.lifecycle import outages
from supervisor.core.engine.lifecycle import tasks as do
from supervisor.core.engine.lifecycle.transitions import TaskTrigger, after_task
from supervisor.core.engine.lifecycle.updates import forget_requests, learn, put, put_task
from supervisor.core.engine.orchestrator import session
from supervisor.domain import event as ev
from supervisor.domain.task import Due, Phase, Pulse
from supervisor.domain.thread import Thread, ThreadKey, TurnSeen, TurnStatus
from supervisor.domain.world import World

MAX_PAUSE = 30.0  # seconds between two tries to open a thread
TURNS_KEPT = 20  # of a thread; older ones are of no use when it is read after a gap


def thread_changed(world: World, event: ev.ThreadOpened | ev.ThreadFailed) -> World:
    key = (event.child, event.task)
    thread, server = world.threads.get(key), world.servers.get(event.child)
    if thread is None or server is None or not thread.opening:
        return world
    if isinstance(event, ev.ThreadOpened) and event.pid != server.pid:
        return world
    if isinstance(event, ev.ThreadOpened):
        turns = {seen.turn: _sighted(thread.turns, seen) for seen in event.turns}  # what is not listed is not there
        opened = replace(
            thread,
            id=event.thread,
            open=True,
            opening=False,
            turns=turns,
            failures=0,
            problem="",
            not_before=None,
            provider=event.provider,
        )
        world = replace(world, threads=put(world.threads, key, opened))
        if not event.waiting:
            world = forget_requests(world, lambda request: request.thread == event.thread, event.at)
        return _settle_thread(world, key, event.at, recovered=True)
    failures = thread.failures + 1
    pause = timedelta(seconds=min(2.0**failures, MAX_PAUSE))
    thread = replace(thread, opening=False, failures=failures, problem=event.reason, not_before=event.at + pause)
    if event.gone:
        thread = replace(thread, id=None, turns={}, not_before=None)
    world = replace(world, threads=put(world.threads, key, thread))
    for state in world.all_tasks:
        if state.thread != key:
            continue
        if event.gone and state.phase in (Phase.STARTING, Phase.WORKING, Phase.STOPPING):
            due = state.due or Due.RESUME  # nobody can say any more whether what was on its way arrived
            world = put_task(world, do.cut(state, due, state.due_text, "its thread is gone", event.at))
        elif state.phase in (Phase.IDLE, Phase.STARTING, Phase.WORKING):
            world = put_task(world, replace(state, note=event.reason))
    return world


def turn_changed(world: World, event: ev.TurnBegan | ev.TurnEnded) -> World:
    thread = world.thread_by_id(event.thread)
    if thread is None:
        return world
    if isinstance(event, ev.TurnBegan):
        seen = TurnSeen(event.turn, TurnStatus.IN_PROGRESS, (event.message,) if event.message else ())
    else:
        seen = event.seen
    key = (thread.child, thread.task)
    turns = _with_turn(thread.turns, seen)
    if turns == thread.turns:
        return world
    world = replace(world, threads=put(world.threads, key, replace(thread, turns=turns)))
    if seen.status.ended:
        world = forget_requests(world, lambda request: request.turn == seen.turn, event.at)
    return _settle_thread(world, key, event.at, recovered=False)


def close_threads(world: World, child: str) -> World:
    """The threads of a child are not heard any more."""
    return replace(world, threads={key: closed(one) if key[0] == child else one for key, one in world.threads.items()})


def closed(thread: Thread) -> Thread:
    return replace(thread, open=False, opening=False, not_before=None) if thread.open or thread.opening else thread


def _with_turn(turns: Mapping[str, TurnSeen], seen: TurnSeen) -> Mapping[str, TurnSeen]:
    return dict(list({**turns, seen.turn: _sighted(turns, seen)}.items())[-TURNS_KEPT:])


def _sighted(turns: Mapping[str, TurnSeen], seen: TurnSeen) -> TurnSeen:
    return turns[seen.turn].merged(seen) if seen.turn in turns else seen


def _settle_thread(world: World, key: ThreadKey, at: datetime, *, recovered: bool) -> World:
    """Match the turns of a thread with the tasks that wait for them. `recovered`: the thread was read after a gap."""
    turns = world.threads[key].turns
    for state in do.by_thread(world.all_tasks, key):
        now = do.back(state, at) if recovered else state
        if now.phase is Phase.STARTING:
            message = now.delivery.message if now.delivery is not None else None
            turn = next((seen.turn for seen in turns.values() if message in seen.messages), None)
            if turn is not None:
                world = session.told(world, now)
                now = do.begun(now, turn, world.threads[key].id, at)
            elif recovered:
                now = do.unsent(now, "", at)
        if recovered and now.phase is Phase.WORKING:  # nobody listened until now
            now = do.with_turn(now, pulse=Pulse.LIVELY, pulse_since=at, looking=False)
        if now.steer is not None:
            arrived = any(now.steer.message in seen.messages for seen in turns.values())
            if arrived or recovered:
                now = do.steered(now) if arrived else replace(now, steer=None)
        if now.turn is not None:
            gone = TurnSeen(now.turn.id, TurnStatus.INTERRUPTED) if recovered else None  # it left no trace
            seen_turn = turns.get(now.turn.id, gone)
            if seen_turn is not None and seen_turn.status.ended:
                outage = outages.met(world, now, seen_turn)
                world = outages.noted(world, now, seen_turn, outage, at)
                retries = world.config.retry_seconds
                now = do.turn_over(now, seen_turn, at, recovered=recovered, retry_seconds=retries, outage=outage)
                now = session.over(now, seen_turn, at)
            elif seen_turn is not None and recovered and now.phase is Phase.STOPPING:
                now = replace(now, phase=after_task(now.phase, TaskTrigger.INTERRUPT_FAILED))  # it never got there
        if now is not state:
            world = put_task(world, now)
            if now.result.report is not None and now.result.report is not state.result.report:
                world = learn(world, at, now.child, now.result.report.learned)
    return world
