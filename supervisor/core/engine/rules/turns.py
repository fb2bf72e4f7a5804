"""Rules about turns: open threads that tasks need, redirect running turns, check those that ended, start the next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice

from supervisor.core.engine import leftovers, prompts
from supervisor.core.engine.agenda import Sign, agenda_of, thread_key
from supervisor.core.engine.lifecycle import budgets
from supervisor.core.engine.lifecycle.tasks import changes_listed
from supervisor.core.engine.lifecycle.turns import unconfirmed
from supervisor.core.engine.readiness import (
    clearance,
    deadline,
    desired,
    due_of,
    needs_tree,
    own_path,
    queue,
    readiness,
    room,
    sandbox_of,
    unseen_drifts,
    wanted,
)
from supervisor.core.map.drift import concerning, touching
from supervisor.domain import action as act
from supervisor.domain.action import Action
from supervisor.domain.plan import HUMAN, Task
from supervisor.domain.report import Outcome
from supervisor.domain.server import ServerState
from supervisor.domain.task import Due, Phase, TaskState
from supervisor.domain.thread import ThreadKey
from supervisor.domain.world import World

SHARED_FILES = 50
"""Files of a repo, at most, that come first in the short form of what a run changed."""


def threads(world: World, at: datetime) -> Iterator[Action]:
    """Open the threads of tasks that are about to start a turn, and of those whose turn or steer is not settled."""
    opening = set()
    for state in _on_threads(world, at):
        # A turn that may still run, or a steer on its way: only the thread shows what became of it.
        unsettled = state.phase in (Phase.STARTING, Phase.WORKING, Phase.STOPPING) or state.steer is not None
        task = world.plan.task(state.task)
        starting = task is not None and due_of(world, state) is not None and clearance(world, state, at) is None
        if task is not None and starting and needs_tree(world, task, state):
            continue
        if task is not None and starting and task.child != HUMAN:
            key = thread_key(task, state)
        elif unsettled and state.thread is not None:
            key = state.thread
        else:
            continue
        server, thread = world.servers.get(key[0]), world.threads.get(key)
        if server is None or key in opening or not _can_open(world, key, at):
            continue
        opening.add(key)
        yield act.OpenThread(
            child=key[0],
            thread=thread.id if thread else None,
            task=key[1],
            model=(task.model if task else None) or server.child.model,
            effort=(task.effort if task else None) or server.child.effort,
            sandbox=sandbox_of(world, task, key[0]),
            recount=unsettled and thread is not None,
            unconfirmed=unconfirmed(world.all_tasks, key),
            path=_path_on(key, state),
            why=f"{state.task} needs it",
        )


def _path_on(key: ThreadKey | None, state: TaskState) -> str:
    """Return the work tree of its own in which a task works on this thread; "" if it works in the child's."""
    own = state.own_tree
    return own.path if own is not None and state.apart and key is not None and own.child == key[0] else ""


def _on_threads(world: World, at: datetime) -> list[TaskState]:
    """Return the tasks that may need a thread opened, in the order of the world."""
    agenda = agenda_of(world)
    found = {state.task: state for sign in (Sign.LIVE, Sign.STEERED) for state in agenda.bearing(sign)}
    for key in agenda.queues:
        if _can_open(world, key, at):
            found.update((task.id, state) for task, state in queue(world, key))
    return sorted(found.values(), key=lambda state: agenda.order[state.task])


def _can_open(world: World, key: ThreadKey, at: datetime) -> bool:
    """Return whether this thread is to be opened now if a task needs it."""
    server, thread = world.servers.get(key[0]), world.threads.get(key)
    if server is None or server.state is not ServerState.READY:
        return False
    return thread is None or not (thread.open or thread.opening or (thread.not_before or at) > at)


def redirects(world: World, at: datetime) -> Iterator[Action]:
    """Interrupt turns that must not continue; steer those whose brief, or something that they rely on, has changed."""
    for state in agenda_of(world).bearing(Sign.LIVE):
        thread = world.threads.get(state.thread) if state.thread else None
        if state.phase is not Phase.WORKING or state.turn is None or thread is None or not thread.open or not thread.id:
            continue
        if (state.not_before or at) > at:
            continue
        where, known = (state.child, state.task, thread.id, state.turn.id), state.brief.delivered
        why = must_end(world, state, at)
        message = f"orch-{state.task}-{state.sent + 1}"
        if why is not None:
            limit = deadline(world, state)
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


def must_end(world: World, state: TaskState, at: datetime) -> str | None:
    """Say in one line why the running turn of a task must be interrupted; None if it may go on."""
    task = world.plan.task(state.task)
    limit = deadline(world, state)
    if world.supervisor.stopping is not None:
        return "`orch down`: it continues with the next `orch up`"
    if task is None:
        return "the plan no longer has it"
    if task.hold:
        return "the plan holds it"
    if task.child != state.child:
        return f"the plan gives it to {task.child}"
    if limit is not None and limit <= at:
        return "it took longer than its timeout"
    budget = budgets.blocking_budget(world, task, at)
    return budgets.obstacle(world, budget) if budget is not None else None


def checks(world: World, at: datetime) -> Iterator[Action]:
    """Check each task whose turn ended, unless the plan has changed its brief since. A child that reports anything but
    `done` has its changed files listed only."""
    for state in agenda_of(world).bearing(Sign.LIVE):
        if (
            state.phase is not Phase.CHECKING
            or state.checking
            or state.steer is not None
            or leftovers.pending(world, state)
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
            start=state.start if state.result.changed_files else None,
            listed=changes_listed(state.result),
            before=_kept_before(state) if not state.apart else "",
            shared=tuple(shared_files(world, state.child)) if state.kept and not state.apart else (),
            path=_path_on(state.thread, state),
        )


def _kept_before(state: TaskState) -> str:
    last = state.kept[-1] if state.kept else None
    return last.before if last is not None and (last.child, last.run) == (state.child, state.runs) else ""


def shared_files(world: World, child: str) -> Iterable[str]:
    """Return the files of a repo that the best links name."""
    places = (place for link in world.map.links for place in link.places if place.child == child and place.line)
    return islice(dict.fromkeys(place.file for place in places), SHARED_FILES)


def next_turns(world: World, at: datetime) -> Iterator[tuple[Task, TaskState, Due]]:
    """Yield the tasks that are due and ready for a turn, with the reason: at most one per child, and those in work
    trees of their own, as long as there is room."""
    agenda, first = agenda_of(world), dict[tuple[str, str], tuple[int, Task]]()
    for key in agenda.queues:
        child = key[0]
        ready = (task for task, state in queue(world, key) if child != HUMAN and readiness(world, state, at) is None)
        if (task := next(ready, None)) is not None:
            place, where = agenda.layout.places[task.id], (child, own_path(task, world.tasks[task.id]))
            first[where] = min(first.get(where, (place, task)), (place, task), key=lambda one: one[0])
    for _, task in sorted(first.values(), key=lambda one: one[0])[: room(world)]:
        yield task, world.tasks[task.id], agenda.dues[task.id]


def starts(world: World, at: datetime) -> Iterator[Action]:
    """Start a turn of each task that is due and ready, at most one per work tree, once its thread is open."""
    for task, state, due in next_turns(world, at):
        thread = world.threads.get(thread_key(task, state))
        if thread is None or thread.id is None or not thread.open or thread.running is not None:
            continue
        if needs_tree(world, task, state):
            continue
        server, path = world.servers[task.child], own_path(task, state)
        moved = state.child != task.child
        fresh = state.new_run or moved or state.result.base is None
        yield act.StartTurn(
            child=task.child,
            task=task.id,
            run=state.runs + 1 if state.new_run or moved else state.runs,
            fresh=fresh,
            thread=thread.id,
            message=f"orch-{task.id}-{state.sent + 1}",
            due=due,
            brief=desired(world, state),
            text=_text(world, state, due, thread.id),
            model=task.model or server.child.model,
            effort=task.effort or server.child.effort,
            sandbox=sandbox_of(world, task, task.child),
            why=_why(world, state, due),
            unlisted=tuple(_unlisted(world, task.child)) if fresh and not path else (),
            path=path,
        )


def _unlisted(world: World, child: str) -> Iterator[act.Unlisted]:
    """The tasks with changes in a child that are not listed yet: their turns were cut off, and no check followed."""
    for state in agenda_of(world).bearing(Sign.UNLISTED):
        base = state.result.base
        if state.child == child and base is not None and not state.phase.live and state.own_tree is None:
            start = state.start if state.result.changed_files else None
            yield act.Unlisted(state.task, base, start, changes_listed(state.result))


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
        case Due.FIX if not state.due_text and state.own_tree is not None and state.own_tree.conflicts:
            return brief + prompts.conflicted(state, world.servers[state.child].child.path)
        case Due.FIX:
            return brief + prompts.fix(state)
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
    opening = prompts.opening(desired(world, state), upstream, learnings, context)
    return f"{prompts.OWN_TREE}\n\n{opening}" if task is not None and own_path(task, state) else opening


def _why(world: World, state: TaskState, due: Due) -> str:
    match due:
        case Due.REDIRECT:
            return f"revision {world.plan.revision} of the plan changed its brief"
        case Due.BRIEF:
            return "its turn in the plan has come"
        case Due.FIX if not state.due_text:
            return state.why
        case Due.FIX:
            return f"its verification failed: {state.why}"
        case Due.ANSWER:
            return "a human answered"
    return f"continues: {state.due_text or state.why}"
