"""The rule about threads: open those that tasks need."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from supervisor.core.engine.readiness import clearance, due_of, sandbox_of, thread_key
from supervisor.domain import action as act
from supervisor.domain.action import Action
from supervisor.domain.plan import HUMAN
from supervisor.domain.server import ServerState
from supervisor.domain.task import Phase
from supervisor.domain.world import World


def threads(world: World, at: datetime) -> Iterator[Action]:
    """Open the threads of tasks that are about to start a turn, and of those whose turn or steer is not settled."""
    opening = set()
    for state in world.tasks.values():
        # A turn that may still run, or a steer on its way: only the thread shows what became of it.
        unsettled = state.phase in (Phase.STARTING, Phase.WORKING, Phase.STOPPING) or state.steer is not None
        task = world.plan.task(state.task)
        starting = task is not None and due_of(world, state) is not None and clearance(world, state, at) is None
        if task is not None and starting and task.child != HUMAN:
            key = thread_key(task, state)
        elif unsettled and state.thread is not None:
            key = state.thread
        else:
            continue
        server, thread = world.servers.get(key[0]), world.threads.get(key)
        if server is None or server.state is not ServerState.READY or key in opening:
            continue
        if thread is not None and (thread.open or thread.opening or (thread.not_before or at) > at):
            continue
        opening.add(key)
        yield act.OpenThread(
            child=key[0],
            thread=thread.id if thread else None,
            task=key[1],
            model=(task.model if task else None) or server.child.model,
            effort=(task.effort if task else None) or server.child.effort,
            sandbox=sandbox_of(world, task, key[0]),
            why=f"{state.task} needs it",
        )
