"""Return the world with one part replaced."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeVar

from msgspec.structs import replace

from supervisor.domain.ask import Request
from supervisor.domain.plan import HUMAN, ORCHESTRATOR
from supervisor.domain.server import Server
from supervisor.domain.task import Pulse, TaskState, Tries
from supervisor.domain.thread import Thread
from supervisor.domain.world import Learning, World

LEARNINGS_KEPT = 200  # from children, and as many from people; the ledger has all of them

Key = TypeVar("Key")
Value = TypeVar("Value")


def put(mapping: Mapping[Key, Value], key: Key, value: Value) -> Mapping[Key, Value]:
    """Return a copy of the mapping in which the key has this value."""
    return {**mapping, key: value}


def with_supervisor(world: World, **changes: object) -> World:
    """Return the world with these fields of `world.supervisor`."""
    return replace(world, supervisor=replace(world.supervisor, **changes))


def with_plan(world: World, **changes: object) -> World:
    """Return the world with these fields of `world.plan`."""
    return replace(world, plan=replace(world.plan, **changes))


def with_map(world: World, **changes: object) -> World:
    """Return the world with these fields of `world.map`."""
    return replace(world, map=replace(world.map, **changes))


def with_orchestrator(world: World, **changes: object) -> World:
    """Return the world with these fields of `world.orchestrator`."""
    return replace(world, orchestrator=replace(world.orchestrator, **changes))


_NOTHING_TRIED = Tries()


def put_task(world: World, state: TaskState) -> World:
    """Put the state of a task, or the orchestrator's, into the world."""
    if state.task == ORCHESTRATOR:
        return with_orchestrator(world, state=state)
    if state.tries == _NOTHING_TRIED:
        state = replace(state, tries=_NOTHING_TRIED)  # one object for all tasks of a long plan
    return replace(world, tasks=put(world.tasks, state.task, state))


def with_task(world: World, task: str, change: Callable[[TaskState], TaskState]) -> World:
    """Change the state of a task, or the orchestrator's. An unknown task changes nothing."""
    state = world.orchestrator.state if task == ORCHESTRATOR else world.tasks.get(task)
    return world if state is None else put_task(world, change(state))


def with_server(world: World, child: str, change: Callable[[Server], Server]) -> World:
    """Change the server of a child. An unknown child changes nothing."""
    server = world.servers.get(child)
    return world if server is None else replace(world, servers=put(world.servers, child, change(server)))


def closed(thread: Thread) -> Thread:
    """The notifications of a thread do not reach us any more."""
    return replace(thread, open=False, opening=False, not_before=None) if thread.open or thread.opening else thread


def close_threads(world: World, child: str) -> World:
    """The notifications of a child's threads do not reach us any more."""
    threads = {key: closed(thread) if key[0] == child else thread for key, thread in world.threads.items()}
    return replace(world, threads=threads)


def forget_requests(world: World, which: Callable[[Request], bool], at: datetime) -> World:
    """Drop requests that nobody waits for any more. The time that they took does not count against their turns."""
    gone = [request for request in world.requests.values() if which(request)]
    if not gone:
        return world
    keys = {request.key for request in gone}
    world = replace(
        world,
        requests={key: request for key, request in world.requests.items() if key not in keys},
        answering=world.answering - keys,
    )
    for request in gone:
        ask = next((ask for ask in world.asks.values() if ask.request == request.key), None)
        for state in world.all_tasks:
            if state.leftovers is not None and request.within(state.last_turn):
                world = put_task(world, replace(state, leftovers=replace(state.leftovers, since=at)))
            elif state.turn is not None and request.within(state.turn.id):
                paused = state.turn.paused + ((at - ask.since).total_seconds() if ask is not None else 0.0)
                turn = replace(state.turn, paused=paused, pulse=Pulse.LIVELY, pulse_since=at)
                world = put_task(world, replace(state, turn=turn))
    return world


def learn(world: World, at: datetime, source: str, facts: tuple[str, ...]) -> World:
    """Add new learnings; keep the latest LEARNINGS_KEPT from children and as many from people."""
    if not facts:
        return world
    known = {learning.text for learning in world.learnings if learning.source == source}
    new = tuple(Learning(at, source, fact) for fact in facts if fact not in known)
    if not new:
        return world
    every = (*world.learnings, *new)
    noted = [learning for learning in every if learning.source in (HUMAN, ORCHESTRATOR)]
    reported = [learning for learning in every if learning.source not in (HUMAN, ORCHESTRATOR)]
    if max(len(noted), len(reported)) > LEARNINGS_KEPT:
        kept = {id(learning) for learning in (*noted[-LEARNINGS_KEPT:], *reported[-LEARNINGS_KEPT:])}
        every = tuple(learning for learning in every if id(learning) in kept)
    return replace(world, learnings=every)
