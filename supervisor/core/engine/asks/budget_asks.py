"""Ask the human when a budget is used up, and apply the answer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from msgspec.structs import replace

from supervisor.core.engine.agenda import Sign, agenda_of
from supervisor.core.engine.lifecycle.budgets import (
    PLAN,
    any_budget,
    any_task_budget,
    base_of,
    covered,
    figures,
    is_used_up,
    limit_of,
    used_of,
    whose,
)
from supervisor.core.engine.lifecycle.tasks import settle
from supervisor.core.engine.lifecycle.transitions import TaskTrigger
from supervisor.core.engine.lifecycle.turns import with_turn
from supervisor.core.engine.lifecycle.updates import put, put_task
from supervisor.core.engine.readiness import desired, due_of, is_done
from supervisor.core.plan.amounts import AmountError, format_amount, read_amount
from supervisor.domain.ask import Answer, Ask
from supervisor.domain.plan import HUMAN, Budget
from supervisor.domain.report import Question
from supervisor.domain.task import Due, Phase, TaskState
from supervisor.domain.world import World


def questions(world: World, at: datetime) -> Iterator[tuple[str, Question]]:
    """Yield the names of used-up budgets that stop a task, each with the question for the human."""
    if not any_budget(world):
        return
    for name in _spent_under(world):
        limit = limit_of(world, name)
        if limit is None or not is_used_up(world, name, at):
            continue
        waiting = [task.id for task, state in covered(world, name) if _needs_more(world, state)]
        if waiting:
            used, again = used_of(world, name, at), base_of(world, name) or Budget()
            yield (
                name,
                Question(
                    f"The budget of {whose(name)} is used up: {figures(used, limit)}. Paused: {', '.join(waiting)}.",
                    "Look at the results so far (`runs.md`, the work trees), then decide.",
                    f"`accept` grants the same amount again ({format_amount(again)}); with an amount, as in "
                    "`accept +100k` or `accept 30 min`, that; `decline` blocks the paused tasks.",
                ),
            )


def _spent_under(world: World) -> list[str]:
    """Return the names of the budgets from which something was spent, in the order of the plan.

    The own budget of a task that needs no more of it is left out.
    """
    agenda = agenda_of(world)
    layout, running = agenda.layout, {state.task for state in agenda.bearing(Sign.TURN)}
    spenders = agenda.names(Sign.SPENT) & agenda.dues.keys() | running if any_task_budget(world) else running
    tasks = [task for name in spenders if (task := world.plan.task(name)) is not None and task.child != HUMAN]
    children = {*agenda.spent, *(task.child for task in tasks)} - {HUMAN}
    found = {f"task {task.id}": (layout.places[task.id], 0) for task in tasks}
    found |= {f"child {child}": (layout.first[child], 1) for child in children}
    if children:
        found[PLAN] = (min(place for child, place in layout.first.items() if child != HUMAN), 2)
    return sorted(found, key=found.__getitem__)


def granted(answer: Answer, again: Budget) -> Budget | AmountError:
    """Parse what an answer grants. `again`: the amount for a plain `accept`."""
    if answer.decision == "accept" and not answer.text:
        return again
    return read_amount(answer.text, short=True)


def answered(world: World, ask: Ask, answer: Answer, at: datetime) -> World | None:
    """The human decided about a budget. Return None if the answer is neither a decision nor an amount."""
    if answer.decision == "decline":
        return _declined(world, ask.budget, at)
    more, base = granted(answer, base_of(world, ask.budget) or Budget()), base_of(world, ask.budget)
    if isinstance(more, AmountError):
        return None
    limit = limit_of(world, ask.budget)
    if base is None or limit is None:
        return world
    used, before = used_of(world, ask.budget, at), world.grants.get(ask.budget, Budget())
    tokens, minutes = before.tokens, before.minutes
    if more.tokens and base.tokens is not None:
        tokens = max(used.tokens or 0, limit.tokens or 0) + more.tokens - base.tokens
    if more.minutes and base.minutes is not None:
        minutes = max(used.minutes or 0.0, limit.minutes or 0.0) + more.minutes - base.minutes
    return replace(world, grants=put(world.grants, ask.budget, Budget(tokens, minutes)))


def _declined(world: World, name: str, at: datetime) -> World:
    """The human grants no more: block all tasks that the budget pauses, whether they have started or not."""
    for task, state in list(covered(world, name)):
        why = f"the budget of {whose(name)} is used up, and you granted no more: `orch go {state.task}` asks again"
        if state.phase in (Phase.WORKING, Phase.STOPPING):
            world = put_task(world, with_turn(state, denied=why))
        if due_of(world, state) is None or state.phase.live:
            continue
        known = state.brief.delivered is not None and state.child == task.child
        briefing = replace(state.brief, delivered=desired(world, state), thread=state.brief.thread if known else None)
        own = state if known else replace(state, child=task.child, thread=None, new_run=True)
        due = state.due if known and state.phase is Phase.IDLE else Due.BRIEF
        blocked = settle(replace(own, brief=briefing), TaskTrigger.BLOCK, why, at)
        world = put_task(world, replace(blocked, new_run=own.new_run, due=due, due_text=state.due_text))
    return world


def _needs_more(world: World, state: TaskState) -> bool:
    if state.phase in (Phase.STARTING, Phase.WORKING, Phase.STOPPING):
        return state.turn is None or not state.turn.denied
    task = world.plan.task(state.task)
    if task is None or task.hold or due_of(world, state) is None:
        return False
    return all(is_done(world, before) for before in task.after) or (state.runs > 0 and not state.new_run)
