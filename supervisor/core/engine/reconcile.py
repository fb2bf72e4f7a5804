"""decide: what to do about the world as it is. Level-triggered: it compares what should be with what is, and forgets.

Each rule yields actions for the world as the rules before it left it. An action that is under way shows in the world
(its intent was recorded), so deciding twice gives nothing the second time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from msgspec import Struct

from supervisor.core.engine import prompts as words
from supervisor.core.engine import stalls
from supervisor.core.engine.asks import asks
from supervisor.core.engine.asks.approvals import settled_by_rule
from supervisor.core.engine.asks.notifications import notices
from supervisor.core.engine.evolve import evolve
from supervisor.core.engine.lifecycle import budgets, outages
from supervisor.core.engine.orchestrator import session
from supervisor.core.engine.readiness import (
    candidates,
    clearance,
    deadline,
    desired,
    due_of,
    first_map,
    readiness,
    sandbox_of,
    thread_key,
    wanted,
)
from supervisor.core.map.drift import concerning, touching
from supervisor.domain import action as act
from supervisor.domain.action import Action
from supervisor.domain.event import AskAnswered, Event, Intended, Ticked, TurnBegan
from supervisor.domain.link import Drift
from supervisor.domain.plan import HUMAN
from supervisor.domain.report import Outcome
from supervisor.domain.server import ServerState
from supervisor.domain.task import Due, Phase, TaskState
from supervisor.domain.world import World

STOP_PATIENCE = timedelta(seconds=5)  # for interrupted turns to end on `orch down`; Codex answers within 0.1 s
UNENDED = timedelta(seconds=60)  # for an interrupted turn to end by itself; then its server is replaced
QUIET = timedelta(seconds=3)  # for servers to start before the repos are surveyed, which keeps a processor busy
MISSES = 2  # health probes in a row without an answer; then the server is replaced


class Step(Struct, frozen=True):
    """What one event leads to: the new world, the events to record (it and the intents), and the actions to take."""

    world: World
    events: tuple[Event, ...]
    actions: tuple[Action, ...]


def advance(world: World, event: Event) -> Step:
    """Take in one event, and decide. Intents are recorded before any act."""
    evolved = evolve(world, event)
    told_again = isinstance(event, Ticked | TurnBegan | AskAnswered) and evolved is world
    world, actions = _decide(evolved, event.at)
    intents = tuple(Intended(event.at, action) for action in actions)
    return Step(world, (*(() if told_again else (event,)), *intents), actions)


def decide(world: World, at: datetime) -> tuple[Action, ...]:
    """What to do now. Pure: the same world and moment give the same actions."""
    return _decide(world, at)[1]


def wakeup(world: World, at: datetime) -> datetime | None:
    """When to decide again even if nothing happens; None if there is nothing to wait for.

    `at` is the moment of the last decision: what was due by then was done then.
    """
    moments = [server.not_before for server in world.servers.values() if server.state is ServerState.BACKOFF]
    moments += [thread.not_before for thread in world.threads.values() if not thread.open and not thread.opening]
    moments += [state.not_before for state in world.all_tasks]
    moments += session.moments(world)
    moments += [deadline(world, state) for state in world.tasks.values() if state.phase is Phase.WORKING]
    moments += budgets.moments(world, at)
    moments += stalls.moments(world)
    moments += [one.since + UNENDED for one in world.all_tasks if one.phase is Phase.STOPPING and one.since]
    moments += [outage.until for outage in world.outages.values()]
    moments.append(first_map(world))
    moments.append(_quiet(world) if world.map.unsurveyed and not world.map.surveying else None)
    if world.supervisor.stopping is not None and not world.supervisor.exiting:
        moments.append(world.supervisor.stopping.since + STOP_PATIENCE)
    return min((moment for moment in moments if moment is not None and moment > at), default=None)


def _decide(world: World, at: datetime) -> tuple[World, tuple[Action, ...]]:
    decided: list[Action] = []
    if world.supervisor.exiting:  # whoever comes next decides
        return world, ()
    for rule in RULES:
        actions = tuple(rule(world, at))
        for action in actions:
            world = evolve(world, Intended(at, action))
        decided += actions
    return world, tuple(decided)


# ── servers ──────────────────────────────────────────────────────────────────────────────────────


def _stop(world: World, at: datetime) -> Iterator[Action]:
    """`orch down`: turns are interrupted (by another rule), then servers stop, then the supervisor."""
    if world.supervisor.stopping is None or world.supervisor.exiting:
        return
    busy = any(state.phase in (Phase.STARTING, Phase.WORKING, Phase.STOPPING) for state in world.all_tasks)
    if busy and not world.supervisor.stopping.now and at < world.supervisor.stopping.since + STOP_PATIENCE:
        return
    since, servers = world.supervisor.stopping.since, world.servers
    left = [name for name, server in servers.items() if server.ended is None or server.ended < since]
    for name in left:  # also those not known to run: something of them may
        if servers[name].state is not ServerState.STOPPING:
            yield act.StopServer(name, kill=False, why="`orch down`")
    if not left and not world.leaving:
        yield act.Exit(why="`orch down`")


def _servers(world: World, at: datetime) -> Iterator[Action]:
    """Every wanted server runs, and none of a child that left; one that does not answer is replaced."""
    for name, stopping in world.leaving.items():
        if not stopping:
            yield act.StopServer(name, kill=False, why="the config names it no more")
    if world.supervisor.stopping is not None:
        return
    for name, server in world.servers.items():
        if server.state is ServerState.UNHEALTHY and server.misses >= MISSES:
            yield act.StopServer(name, kill=True, why=f"it does not answer: {server.problem}")
        elif server.state is ServerState.READY and (task := _unended(world, name, at)) is not None:
            yield act.StopServer(name, kill=False, why=f"the turn of {task} was interrupted and does not end")
        elif server.restart and server.state in (ServerState.READY, ServerState.UNHEALTHY):
            yield act.StopServer(name, kill=False, why=server.restart)
        elif server.wanted and server.state is ServerState.STOPPED:
            yield act.EnsureServer(name, why="it is wanted and not known to run")
        elif server.wanted and server.state is ServerState.BACKOFF and (server.not_before or at) <= at:
            yield act.EnsureServer(name, why=f"it is gone: {server.problem}")


def _unended(world: World, child: str, at: datetime) -> str | None:
    """The task whose turn was interrupted long ago and still runs, on a server that answers; None without one."""
    for state in world.all_tasks:
        thread = world.threads.get(state.thread) if state.thread else None
        if state.child != child or state.phase is not Phase.STOPPING or thread is None or not thread.open:
            continue
        if state.since is not None and at >= state.since + UNENDED:
            return state.task
    return None


# ── threads and turns ────────────────────────────────────────────────────────────────────────────


def _threads(world: World, at: datetime) -> Iterator[Action]:
    """The threads that work needs are open."""
    opening = set()
    for state in world.tasks.values():
        # A turn that is not known to have ended, or words on their way: its thread has to be looked at.
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


def _redirects(world: World, at: datetime) -> Iterator[Action]:
    """Running turns follow the plan: steered, or interrupted."""
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
            why = "`orch down`: it goes on with the next `orch up`"
        elif task is None:
            why = "the plan no longer has it"
        elif task.hold:
            why = "the plan holds it"
        elif task.child != state.child:
            why = f"the plan gives it to {task.child}"
        elif limit is not None and limit <= at:
            why = "its time is up"
        elif (budget := budgets.in_the_way(world, task, at)) is not None:
            why = budgets.obstacle(world, budget)
        if why is not None:
            timed_out = limit is not None and limit <= at and world.supervisor.stopping is None
            yield act.InterruptTurn(*where, timed_out, why=why)
        elif known is None or state.steer is not None:
            continue
        elif known.key != (new := desired(world, state)).key:
            message = f"orch-{state.task}-{state.sent + 1}"
            text = words.redirect(known, new)
            why = f"revision {world.plan.revision} of the plan changed what it was told"
            yield act.SteerTurn(*where, message, new, text, why=why)
        elif drifts := _unseen(world, state):
            message = f"orch-{state.task}-{state.sent + 1}"
            why = f"{', '.join(sorted({drift.child for drift in drifts}))} changed what {state.child} relies on"
            text = words.drifted(state.task, drifts)
            yield act.SteerTurn(*where, message, known, text, why=why)


def _checks(world: World, at: datetime) -> Iterator[Action]:
    """A turn that ended is checked, unless the plan has changed what it was to do."""
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
        claimed = state.result.report is None or state.result.report.outcome is Outcome.DONE
        commands = task.verify if task is not None and claimed else ()
        yield act.RunChecks(
            child=state.child,
            task=state.task,
            run=state.runs,
            commands=commands,
            base=state.result.base,
            sandbox=sandbox_of(world, task, state.child),
            why="its turn ended",
        )


def _starts(world: World, at: datetime) -> Iterator[Action]:
    """Turns start when nothing stands in their way."""
    taken: set[str] = set()
    for task, state in candidates(world):
        due = due_of(world, state)
        if task.child == HUMAN or due is None or task.child in taken or readiness(world, state, at) is not None:
            continue
        taken.add(task.child)
        thread = world.threads.get(thread_key(task, state))
        if thread is None or thread.id is None or not thread.open or thread.running is not None:
            continue
        new = desired(world, state)
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
            brief=new,
            text=_text(world, state, due, thread.id),
            model=task.model or server.child.model,
            effort=task.effort or server.child.effort,
            sandbox=sandbox_of(world, task, task.child),
            why=_why(world, state, due),
        )


def _text(world: World, state: TaskState, due: Due, thread: str) -> str:
    text = _due_text(world, state, due, thread)
    unseen = () if due is Due.BRIEF else _unseen(world, state)
    return f"{text}\n\n{words.drifted(state.task, unseen)}" if unseen else text


def _due_text(world: World, state: TaskState, due: Due, thread: str) -> str:
    new = desired(world, state)
    known = "" if state.brief.thread == thread else f"{new.text}\n\n"  # another thread than the one that knows the task
    question = next(
        (ask.text for ask in reversed(list(world.asks.values())) if ask.task == state.task and not ask.budget), ""
    )
    answer = words.answer(state.task, question, state.due_text)
    match due:
        case Due.REDIRECT if state.brief.delivered is not None and state.brief.delivered.key != new.key:
            redirect = words.redirect(state.brief.delivered, new)
            return f"{answer}\n\n{redirect}" if state.due is Due.ANSWER else redirect
        case Due.FIX:
            return known + words.fix(state.task, state.due_text)
        case Due.ANSWER:
            return known + answer
        case Due.RESUME | Due.RETRY | Due.OUTAGE:
            return words.resume(new, state.due_text or state.why or "it was interrupted")
    task = world.plan.task(state.task)
    upstream = [world.tasks[one] for one in task.after if one in world.tasks] if task else []
    learnings = [one for one in world.learnings if one.source != (task and task.child)]
    contracts = (
        [one for one in world.plan.current.contracts if task and one.id in task.contracts] if world.plan.current else []
    )
    links = touching(world.map.links, task, contracts) if task else ()
    child = task.child if task else state.child
    drifts = concerning((one.drift for one in world.map.drifts), child)
    return words.opening(
        new, upstream, learnings, words.Known(child, world.map.summaries.get(child, ""), links, drifts)
    )


def _unseen(world: World, state: TaskState) -> tuple[Drift, ...]:
    """What others changed that this child relies on, and what it has not been told of."""
    since = state.brief.seen_up_to
    return concerning((one.drift for one in world.map.drifts if since is None or one.at > since), state.child)


def _why(world: World, state: TaskState, due: Due) -> str:
    match due:
        case Due.REDIRECT:
            return f"revision {world.plan.revision} of the plan changed what it was told"
        case Due.BRIEF:
            return "nothing stands in its way"
        case Due.FIX:
            return f"its verification failed: {state.why}"
        case Due.ANSWER:
            return "a human answered"
    return f"goes on: {state.due_text or state.why}"


# ── what ties the repos together ─────────────────────────────────────────────────────────────────


def _survey(world: World, at: datetime) -> Iterator[Action]:
    """The map follows what the children change."""
    if not world.map.unsurveyed or world.map.surveying or world.supervisor.stopping is not None:
        return
    if (quiet := _quiet(world)) is not None and at < quiet:
        return
    tasks = [task for task in world.map.unsurveyed.values() if task is not None]
    why = f"{', '.join(tasks)} changed files" if tasks else "the supervisor started"
    yield act.SurveyRepos(tuple(world.map.unsurveyed.items()), world.map.digest, why=why)


def _quiet(world: World) -> datetime | None:
    """Until when servers that start have the machine to themselves; None once each is up, or cannot be."""
    states = [server.state for server in world.servers.values() if server.wanted]
    starting = ServerState.STOPPED in states or ServerState.STARTING in states
    return world.supervisor.since + QUIET if world.supervisor.since is not None and (starting or not states) else None


RULES: tuple[Callable[[World, datetime], Iterator[Action]], ...] = (
    _servers,
    _redirects,
    _stop,
    asks.withdraw,
    settled_by_rule,
    asks.ask,
    asks.answer,
    stalls.stalls,
    outages.inquiries,
    _checks,
    _threads,
    _starts,
    session.orchestrate,
    _survey,
    notices,
)
