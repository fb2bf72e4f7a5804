"""The rule about checks: run the verify commands after a turn."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from supervisor.core.engine.readiness import due_of, sandbox_of, wanted
from supervisor.domain import action as act
from supervisor.domain.action import Action
from supervisor.domain.report import Outcome
from supervisor.domain.server import ServerState
from supervisor.domain.task import Phase
from supervisor.domain.world import World


def checks(world: World, at: datetime) -> Iterator[Action]:
    """Check each task whose turn ended, unless the plan has changed its brief since. A child that reports anything but
    `done` has its changed files listed only."""
    for state in world.tasks.values():
        if (
            state.phase is not Phase.CHECKING
            or state.checking
            or state.steer is not None
            or (state.not_before or at) > at
        ):
            continue
        server = world.servers.get(state.child)
        if world.supervisor.stopping is not None or server is None or server.state is not ServerState.READY:
            continue
        if wanted(world, state) and due_of(world, state) is not None:
            continue
        task = world.plan.task(state.task)
        claims_done = state.result.report is None or state.result.report.outcome is Outcome.DONE
        commands = task.verify if task is not None and claims_done else ()
        yield act.RunChecks(
            child=state.child,
            task=state.task,
            run=state.runs,
            commands=commands,
            base=state.result.base,
            sandbox=sandbox_of(world, task, state.child),
            why="its turn ended",
        )
