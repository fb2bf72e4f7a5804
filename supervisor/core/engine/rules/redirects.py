"""The rule about running turns: steer or interrupt them when the plan changes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from supervisor.core.engine import prompts
from supervisor.core.engine.lifecycle import budgets
from supervisor.core.engine.readiness import deadline, desired, unseen_drifts
from supervisor.domain import action as act
from supervisor.domain.action import Action
from supervisor.domain.task import Phase
from supervisor.domain.world import World


def redirects(world: World, at: datetime) -> Iterator[Action]:
    """Interrupt turns that must not go on; steer those whose brief, or something that they rely on, has changed."""
    for state in world.tasks.values():
        thread = world.threads.get(state.thread) if state.thread else None
        if state.phase is not Phase.WORKING or state.turn is None or thread is None or not thread.open or not thread.id:
            continue
        if (state.not_before or at) > at:
            continue
        task = world.plan.task(state.task)
        limit = deadline(world, state)
        where, known = (state.child, state.task, thread.id, state.turn.id), state.brief.delivered
        why = None
        if world.supervisor.stopping is not None:
            why = "`orch down`: it continues with the next `orch up`"
        elif task is None:
            why = "the plan no longer has it"
        elif task.hold:
            why = "the plan holds it"
        elif task.child != state.child:
            why = f"the plan gives it to {task.child}"
        elif limit is not None and limit <= at:
            why = "it took longer than its timeout"
        elif (budget := budgets.blocking_budget(world, task, at)) is not None:
            why = budgets.obstacle(world, budget)
        message = f"orch-{state.task}-{state.sent + 1}"
        if why is not None:
            timed_out = limit is not None and limit <= at and world.supervisor.stopping is None
            yield act.InterruptTurn(*where, timed_out, why=why)
        elif known is None or state.steer is not None:
            continue
        elif known.key != (new := desired(world, state)).key:
            why = f"revision {world.plan.revision} of the plan changed its brief"
            yield act.SteerTurn(*where, message, new, prompts.redirect(known, new), why=why)
        elif drifts := unseen_drifts(world, state):
            why = f"{', '.join(sorted({drift.child for drift in drifts}))} changed what {state.child} relies on"
            yield act.SteerTurn(*where, message, known, prompts.drifted(state.task, drifts), why=why)
