"""What events of a server do to the world."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from supervisor.core.engine import leftovers
from supervisor.core.engine.lifecycle import outages, servers, turns
from supervisor.core.engine.lifecycle.transitions import ServerTrigger, after_server
from supervisor.core.engine.lifecycle.updates import close_threads, forget_requests, put
from supervisor.domain import event as ev
from supervisor.domain.server import ServerState
from supervisor.domain.world import World

ENDED = 0  # in place of the pid of a server that has ended


def server_changed(
    world: World,
    event: ev.ServerReady | ev.ServerStartFailed | ev.ServerExited | ev.ServerStopped | ev.ServerStopFailed,
) -> World:
    """A server became ready, or is gone. In both cases its threads have to be opened anew."""
    if event.child in world.leaving and isinstance(event, ev.ServerStopped | ev.ServerStopFailed):
        leaving = {name: stopping for name, stopping in world.leaving.items() if name != event.child}
        return replace(world, leaving=leaving)
    server = world.servers.get(event.child)
    if server is None or (isinstance(event, ev.ServerExited) and event.pid != server.pid):
        return world
    server = replace(server, since=event.at, misses=0)
    match event:
        case ev.ServerReady():
            if server.state is not ServerState.STARTING:
                return world
            server = replace(
                server,
                state=after_server(server.state, ServerTrigger.READY),
                pid=event.pid,
                socket=event.socket,
                codex=event.codex,
                problem=None,
            )
            server = servers.reached(server, event.at, adopted=event.adopted)
        case ev.ServerStartFailed() if event.away:
            server = servers.out_of_reach(server, event.at, event.reason)
        case ev.ServerStartFailed():
            server = servers.crashed(server, event.at, event.reason, event.stderr, fatal=event.fatal)
        case ev.ServerExited() if event.cut:
            server = servers.cut_off(server, event.at, event.reason, event.stderr)
        case ev.ServerExited():
            server = replace(
                servers.crashed(server, event.at, event.reason, event.stderr, fatal=False), restarts=server.restarts + 1
            )
        case ev.ServerStopped():
            gave_up = server.wanted and len(servers.recent_crashes(server, event.at)) >= servers.CRASH_BUDGET
            state = after_server(server.state, ServerTrigger.STOPPED)
            crashes = () if world.supervisor.stopping else server.crashes  # `orch down` clears them
            state = ServerState.FAILED if gave_up else state
            server = replace(server, state=state, pid=None, ended=event.at, crashes=crashes)
        case ev.ServerStopFailed():
            state = after_server(server.state, ServerTrigger.STOP_FAILED)
            server = replace(server, state=state, problem=event.reason, ended=event.at)
    world = _disconnected(replace(world, servers=put(world.servers, event.child, server)), event.child, event.at)
    return _replaced(world, event.child) if isinstance(event, ev.ServerReady) and not event.adopted else world


def _replaced(world: World, child: str) -> World:
    """Apply that a new process runs the server: nothing is left of the one before.

    Its requests may have the keys of an earlier one's, if it was given the same pid: no ask about one of those is about
    its own.
    """
    tasks = {task: leftovers.lost(state) if state.child == child else state for task, state in world.tasks.items()}
    asks = {
        name: replace(ask, request=replace(ask.request, pid=ENDED))
        if ask.request is not None and ask.request.child == child
        else ask
        for name, ask in world.asks.items()
    }
    return replace(world, tasks=tasks, asks=asks)


def server_probed(world: World, event: ev.ServerUnresponsive | ev.ServerResponded) -> World:
    """A server missed a health probe, or answers again."""
    server = world.servers.get(event.child)
    if server is None or event.pid != server.pid:
        return world
    if isinstance(event, ev.ServerResponded):
        state = after_server(server.state, ServerTrigger.RESPONDED)
        server = replace(server, state=state, misses=0, problem=None)
    else:
        state = after_server(server.state, ServerTrigger.UNRESPONSIVE)
        server = replace(server, state=state, misses=event.misses, problem=event.reason)
    return replace(world, servers=put(world.servers, event.child, server))


def _disconnected(world: World, child: str, at: datetime) -> World:
    """No connection to the server: its threads are closed, and its requests are void unless it repeats them."""
    world = outages.server_lost(close_threads(world, child), child)
    tasks = {
        task: leftovers.forgotten(turns.server_lost(state, at)) if state.child == child else state
        for task, state in world.tasks.items()
    }
    world = replace(world, tasks=tasks)
    return forget_requests(world, lambda request: request.key.child == child, at)
