"""Rules about servers: run those that are wanted, replace those that do not answer, stop all on `orch down`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from supervisor.core.engine.agenda import Sign, bearing, bearing_in
from supervisor.domain import action as act
from supervisor.domain.action import Action
from supervisor.domain.server import ServerState
from supervisor.domain.task import Phase
from supervisor.domain.world import World

STOP_PATIENCE = timedelta(seconds=5)  # for interrupted turns to end on `orch down`; Codex answers within 0.1 s
UNENDED = timedelta(seconds=60)  # for an interrupted turn to end by itself; then its server is replaced
MISSES = 2  # health probes in a row without an answer; then the server is replaced


def servers(world: World, at: datetime) -> Iterator[Action]:
    """Run every wanted server, stop those of children that left, and replace those that do not answer."""
    for name, stopping in world.leaving.items():
        if not stopping:
            yield act.StopServer(name, kill=False, why="it is not in the config any more")
    if world.supervisor.stopping is not None:
        return
    for name, server in world.servers.items():
        if server.state is ServerState.UNHEALTHY and server.misses >= MISSES:
            yield act.StopServer(name, kill=True, why=f"it does not answer: {server.problem}")
        elif server.state is ServerState.READY and (task := _stuck_task(world, name, at)) is not None:
            yield act.StopServer(name, kill=False, why=f"the turn of {task} was interrupted and does not end")
        elif server.restart and server.state in (ServerState.READY, ServerState.UNHEALTHY):
            yield act.StopServer(name, kill=False, why=server.restart)
        elif server.wanted and server.state is ServerState.STOPPED:
            yield act.EnsureServer(name, why="it should run, and is not known to")
        elif server.wanted and server.state is ServerState.BACKOFF and (server.not_before or at) <= at:
            yield act.EnsureServer(name, why=f"it is gone: {server.problem}")


def stop(world: World, at: datetime) -> Iterator[Action]:
    """On `orch down`, wait until turns are interrupted (by other rules), then stop the servers, then exit."""
    if world.supervisor.stopping is None or world.supervisor.exiting:
        return
    live = bearing(world, Sign.LIVE)
    busy = any(state.phase in (Phase.STARTING, Phase.WORKING, Phase.STOPPING) for state in live)
    if busy and not world.supervisor.stopping.now and at < world.supervisor.stopping.since + STOP_PATIENCE:
        return
    since, servers = world.supervisor.stopping.since, world.servers
    left = [name for name, server in servers.items() if server.ended is None or server.ended < since]
    for name in left:  # including those that are not known to run: some of their processes may
        if servers[name].state is not ServerState.STOPPING:
            yield act.StopServer(name, kill=False, why="`orch down`")
    if not left and not world.leaving:
        yield act.Exit(why="`orch down`")


def moments(world: World) -> Iterator[datetime | None]:
    """Yield the moments when these rules have to run even if nothing happens."""
    yield from (server.not_before for server in world.servers.values() if server.state is ServerState.BACKOFF)
    yield from (
        state.since + UNENDED
        for state in bearing(world, Sign.LIVE)
        if state.phase is Phase.STOPPING and state.since is not None
    )
    if world.supervisor.stopping is not None and not world.supervisor.exiting:
        yield world.supervisor.stopping.since + STOP_PATIENCE


def _stuck_task(world: World, child: str, at: datetime) -> str | None:
    """Return the task whose turn was interrupted long ago and still runs, although its server answers; or None."""
    for state in bearing_in(world, Sign.LIVE, child):
        thread = world.threads.get(state.thread) if state.thread else None
        if state.phase is not Phase.STOPPING or thread is None or not thread.open:
            continue
        if state.since is not None and at >= state.since + UNENDED:
            return state.task
    return None
