"""What the repair of a damaged ledger does to the world: nothing new starts, and what is in doubt is asked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from msgspec.structs import replace

from supervisor.core.engine.lifecycle.tasks import ask
from supervisor.core.engine.lifecycle.updates import put_task, with_orchestrator, with_plan
from supervisor.core.engine.readiness import desired
from supervisor.domain.event import LedgerRepaired
from supervisor.domain.plan import HUMAN
from supervisor.domain.report import Question
from supervisor.domain.task import Phase, TaskState
from supervisor.domain.world import World

SENT_BEFORE = 1000  # messages that a task had at most, if it is not known how many


def ledger_repaired(world: World, event: LedgerRepaired) -> World:
    """Events are lost: nothing new starts before `orch go`, and no id of a message or an ask is used again."""
    if not event.lost:
        return world
    world = replace(world, asked=world.asked + event.lost)
    for state in world.tasks.values():
        world = put_task(world, replace(state, sent=state.sent + event.lost))
    own = world.orchestrator.state
    if own is not None:
        world = with_orchestrator(world, state=replace(own, sent=own.sent + event.lost))
    doubts = {doubt.task: doubt.words for doubt in event.doubts}
    return with_plan(in_doubt(world, doubts, event.at), hold=True, lost=world.plan.lost + event.lost)


def in_doubt(world: World, doubts: Mapping[str, str], at: datetime) -> World:
    """Ask about these tasks in place of beginning them. Those that no version of the plan has yet wait for one."""
    for name, words in doubts.items():
        state, task = world.tasks.get(name), world.plan.task(name)
        if state is not None and state.phase is Phase.IDLE and task is not None and task.child != HUMAN:
            world = put_task(world, _asked(world, state, words, at))
    later = {name: words for name, words in doubts.items() if name not in world.tasks}
    return world if later == world.plan.doubts else with_plan(world, doubts=later)


def _asked(world: World, state: TaskState, words: str, at: datetime) -> TaskState:
    """The human has to say whether the task is done: by the rest of the ledger it would begin again."""
    known = replace(
        state,
        runs=max(state.runs, 1),
        sent=state.sent or SENT_BEFORE,
        brief=replace(state.brief, delivered=state.brief.delivered or desired(world, state)),
        result=replace(state.result, words=words),
    )
    question = Question(
        f"The ledger lost events, and with them how far {state.task} got. What is still known of it: {words}",
        f"Look at the changes in {state.child}, then decide.",
        "`accept` to count the task as done, or an instruction for the child, such as `reply do it again`.",
    )
    return ask(known, question, "the ledger lost how far it got", at)
