"""What the repair of a damaged ledger does to the world: nothing new starts, and what is in doubt is asked."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from supervisor.core.engine.lifecycle.tasks import ask
from supervisor.core.engine.lifecycle.updates import put_task, with_orchestrator, with_plan
from supervisor.core.engine.readiness import desired
from supervisor.domain.event import Doubt, LedgerRepaired
from supervisor.domain.plan import HUMAN
from supervisor.domain.report import Question
from supervisor.domain.task import Phase, TaskState
from supervisor.domain.world import World


def ledger_repaired(world: World, event: LedgerRepaired) -> World:
    """Events are lost: nothing new starts before `orch go`, and no message id is used again."""
    if not event.lost:
        return world
    for state in world.tasks.values():
        world = put_task(world, replace(state, sent=state.sent + event.lost))
    own = world.orchestrator.state
    if own is not None:
        world = with_orchestrator(world, state=replace(own, sent=own.sent + event.lost))
    for doubt in event.doubts:
        found = world.tasks.get(doubt.task)
        task = world.plan.task(doubt.task)
        if found is not None and found.phase is Phase.IDLE and task is not None and task.child != HUMAN:
            world = put_task(world, _asked(world, found, doubt, event.at))
    return with_plan(world, hold=True, lost=world.plan.lost + event.lost)


def _asked(world: World, state: TaskState, doubt: Doubt, at: datetime) -> TaskState:
    """The human has to say whether the task is done: by the rest of the ledger it would begin again."""
    known = replace(
        state,
        runs=max(state.runs, 1),
        brief=replace(state.brief, delivered=state.brief.delivered or desired(world, state)),
        result=replace(state.result, words=doubt.words),
    )
    question = Question(
        f"The ledger lost events, and with them how far {state.task} got. What is still known of it: {doubt.words}",
        f"Look at the changes in {state.child}, then decide.",
        "`accept` to count the task as done, or an instruction for the child, such as `reply do it again`.",
    )
    return ask(known, question, "the ledger lost how far it got", at)
