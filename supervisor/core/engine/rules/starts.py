"""The rule about starts: start turns of tasks that are ready, with the right prompt."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from supervisor.core.engine import prompts
from supervisor.core.engine.readiness import (
    candidates,
    desired,
    due_of,
    readiness,
    sandbox_of,
    thread_key,
    unseen_drifts,
)
from supervisor.core.map.drift import concerning, touching
from supervisor.domain import action as act
from supervisor.domain.action import Action
from supervisor.domain.plan import HUMAN
from supervisor.domain.task import Due, TaskState
from supervisor.domain.world import World


def starts(world: World, at: datetime) -> Iterator[Action]:
    """Start a turn of each task that is due and ready, at most one per child."""
    taken: set[str] = set()
    for task, state in candidates(world):
        due = due_of(world, state)
        if task.child == HUMAN or due is None or task.child in taken or readiness(world, state, at) is not None:
            continue
        taken.add(task.child)
        thread = world.threads.get(thread_key(task, state))
        if thread is None or thread.id is None or not thread.open or thread.running is not None:
            continue
        server = world.servers[task.child]
        moved = state.child != task.child
        yield act.StartTurn(
            child=task.child,
            task=task.id,
            run=state.runs + 1 if state.new_run or moved else state.runs,
            fresh=state.new_run or moved or state.result.base is None,
            thread=thread.id,
            message=f"orch-{task.id}-{state.sent + 1}",
            due=due,
            brief=desired(world, state),
            text=_text(world, state, due, thread.id),
            model=task.model or server.child.model,
            effort=task.effort or server.child.effort,
            sandbox=sandbox_of(world, task, task.child),
            why=_why(world, state, due),
        )


def _text(world: World, state: TaskState, due: Due, thread: str) -> str:
    text = _due_text(world, state, due, thread)
    unseen = () if due is Due.BRIEF else unseen_drifts(world, state)
    return f"{text}\n\n{prompts.drifted(state.task, unseen)}" if unseen else text


def _due_text(world: World, state: TaskState, due: Due, thread: str) -> str:
    new = desired(world, state)
    brief = "" if state.brief.thread == thread else f"{new.text}\n\n"  # another thread does not know the task
    question = next(
        (ask.text for ask in reversed(list(world.asks.values())) if ask.task == state.task and not ask.budget), ""
    )
    answer = prompts.answer(state.task, question, state.due_text)
    match due:
        case Due.REDIRECT if state.brief.delivered is not None and state.brief.delivered.key != new.key:
            redirect = prompts.redirect(state.brief.delivered, new)
            return f"{answer}\n\n{redirect}" if state.due is Due.ANSWER else redirect
        case Due.FIX:
            return brief + prompts.fix(state.task, state.due_text)
        case Due.ANSWER:
            return brief + answer
        case Due.RESUME | Due.RETRY | Due.OUTAGE:
            return prompts.resume(new, state.due_text or state.why or "it was interrupted")
    return _opening(world, state)


def _opening(world: World, state: TaskState) -> str:
    task = world.plan.task(state.task)
    upstream = [world.tasks[before] for before in task.after if before in world.tasks] if task else []
    learnings = [learning for learning in world.learnings if learning.source != (task and task.child)]
    every = world.plan.current.contracts if world.plan.current else ()
    contracts = [contract for contract in every if task and contract.id in task.contracts]
    links = touching(world.map.links, task, contracts) if task else ()
    child = task.child if task else state.child
    drifts = concerning((record.drift for record in world.map.drifts), child)
    context = prompts.RepoContext(child, world.map.summaries.get(child, ""), links, drifts)
    return prompts.opening(desired(world, state), upstream, learnings, context)


def _why(world: World, state: TaskState, due: Due) -> str:
    match due:
        case Due.REDIRECT:
            return f"revision {world.plan.revision} of the plan changed its brief"
        case Due.BRIEF:
            return "ready to start"
        case Due.FIX:
            return f"its verification failed: {state.why}"
        case Due.ANSWER:
            return "a human answered"
    return f"continues: {state.due_text or state.why}"
