"""What requests of servers, asks and their answers do to the world, and which of them it keeps."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from msgspec.structs import replace

from supervisor.core.engine.asks import budget_asks, thread_asks
from supervisor.core.engine.asks.approvals import subject_of
from supervisor.core.engine.lifecycle import servers, tasks
from supervisor.core.engine.lifecycle.updates import forget_requests, put, with_server, with_task
from supervisor.core.engine.orchestrator import session
from supervisor.domain import action as act
from supervisor.domain import event as ev
from supervisor.domain.ask import Ask, AskState, Ruled
from supervisor.domain.plan import HUMAN, ORCHESTRATOR
from supervisor.domain.server import ServerState
from supervisor.domain.task import Phase
from supervisor.domain.world import World

RULED_KEPT = 50  # requests that rules settled; the ledger has all of them
ASKS_KEPT = 200  # settled asks
NOTIFIED_KEPT = 1000  # keys of notices; those of open asks are kept, however old


def request_received(world: World, event: ev.RequestReceived) -> World:
    """A server waits for an answer. If it repeats a request over a new connection, its ask is reopened."""
    request = event.request
    reopened = {
        ask.id: replace(ask, state=AskState.OPEN, since=event.at, external=False)
        for ask in world.asks.values()
        if ask.request == request.key and ask.state in (AskState.WITHDRAWN, AskState.EXTERNAL)
    }
    return replace(world, requests=put(world.requests, request.key, request), asks={**world.asks, **reopened})


def request_resolved(world: World, event: ev.RequestResolved) -> World:
    """A server got an answer. If we gave none and do not interrupt its turn, somebody answered in another window."""
    request = world.requests.get(event.key)
    ours = event.key in world.answering or any(
        ask.request == event.key and ask.state is AskState.ANSWERED for ask in world.asks.values()
    )
    stopping = request is not None and any(
        request.within(state.turn_id) and state.phase is Phase.STOPPING for state in world.all_tasks
    )
    world = forget_requests(world, lambda known: known.key == event.key, event.at)
    if request is None or ours or stopping:
        return world
    asks = {
        ask.id: replace(ask, external=True)
        for ask in world.asks.values()
        if ask.request == event.key and ask.state is AskState.OPEN
    }
    return replace(world, asks={**world.asks, **asks})


def ask_answered(world: World, event: ev.AskAnswered) -> World:
    """The human answered an open ask. An answer to a budget ask that cannot be parsed changes nothing."""
    ask = world.asks.get(event.ask)
    if ask is None or ask.state is not AskState.OPEN:
        return world
    before = world
    world = replace(world, asks=put(world.asks, ask.id, replace(ask, state=AskState.ANSWERED, answer=event.answer)))
    if ask.budget:
        return budget_asks.answered(world, ask, event.answer, event.at) or before
    if ask.thread is not None:
        return thread_asks.answered(world, ask.thread) if event.answer.decision != "decline" else world
    if ask.request is not None:
        return world
    if ask.task == ORCHESTRATOR:
        return session.answered(world, event.answer, event.at)
    if ask.task is not None:
        human = (task := world.plan.task(ask.task)) is not None and task.child == HUMAN
        return with_task(world, ask.task, lambda state: tasks.answered(state, event.answer, event.at, human=human))
    if ask.child is not None and event.answer.decision != "decline":
        return _started_again(world, ask.child)
    return world


def _started_again(world: World, child: str) -> World:
    """Start the server of this child, and all that were given up for the same cause."""
    known = world.servers.get(child)
    cause = (known.problem, known.stderr) if known is not None else None
    for name, server in world.servers.items():
        if name == child or (server.state is ServerState.FAILED and (server.problem, server.stderr) == cause):
            world = with_server(world, name, servers.reset)
    return world


def ask_raised(world: World, action: act.RaiseAsk, at: datetime) -> World:
    """An ask is being raised."""
    ask = Ask(
        id=action.ask,
        kind=action.kind,
        since=at,
        text=action.text,
        steps=action.steps,
        expect=action.expect,
        choices=action.choices,
        child=action.child,
        task=action.task,
        request=action.request,
        budget=action.budget,
        thread=action.thread,
        parts=action.parts,
    )
    world = replace(world, asks=put(_recent_asks(world), ask.id, ask), asked=world.asked + 1)
    if action.thread is not None:
        return world
    if action.task == ORCHESTRATOR and action.request is None:
        return with_task(world, action.task, lambda own: session.ask_raised(own, action, at))
    if action.brief is None or action.task is None:
        return world
    return with_task(world, action.task, lambda state: tasks.checkpoint_raised(state, action, at))


def _recent_asks(world: World) -> Mapping[str, Ask]:
    """Return the asks without the oldest settled ones that no request waits for."""
    over = [
        ask.id for ask in world.asks.values() if ask.state is not AskState.OPEN and ask.request not in world.requests
    ]
    gone = set(over[: max(0, len(over) - ASKS_KEPT)])
    return {name: ask for name, ask in world.asks.items() if name not in gone} if gone else world.asks


def ask_withdrawn(world: World, action: act.WithdrawAsk) -> World:
    """An ask is being withdrawn."""
    state = AskState.EXTERNAL if action.external else AskState.WITHDRAWN
    ask = replace(world.asks[action.ask], state=state)
    return replace(world, asks=put(world.asks, ask.id, ask))


def answer_sent(world: World, action: act.SendAnswer, at: datetime) -> World:
    """A server is being answered, with the human's answer or a rule's."""
    world = replace(world, answering=world.answering | {action.key})
    request = world.requests.get(action.key)
    if action.ask or request is None:
        return world
    ruled = (*world.ruled, Ruled(at, action.child, action.task, subject_of(request), action.why))
    return replace(world, ruled=ruled[-RULED_KEPT:])


def notified(world: World, action: act.Notify, at: datetime) -> World:
    """A notice is being sent: its key is not used again."""
    open_asks = {f"ask {ask.id}" for ask in world.open_asks}
    over = [key for key in world.notified if key not in open_asks]
    gone = set(over[: max(0, len(over) - NOTIFIED_KEPT)])
    kept = {key: when for key, when in world.notified.items() if key not in gone}
    return replace(world, notified={**kept, action.key: at})
