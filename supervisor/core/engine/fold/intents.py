"""What an intent does to the world: the action counts as under way, so it is not decided again."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from supervisor.core.engine import leftovers, stalls
from supervisor.core.engine.fold import asks, own_trees
from supervisor.core.engine.lifecycle import outages, servers, turns
from supervisor.core.engine.lifecycle.transitions import ServerTrigger, TaskTrigger, after_server, after_task
from supervisor.core.engine.lifecycle.updates import put, with_map, with_server, with_supervisor, with_task
from supervisor.domain import action as act
from supervisor.domain.server import Server
from supervisor.domain.task import Steer, TaskState
from supervisor.domain.thread import Thread
from supervisor.domain.world import World
from supervisor.sha256 import hex_digest


def intended(world: World, action: act.Action, at: datetime) -> World:
    """Return the world in which this action is under way."""
    match action:
        case act.EnsureServer():
            return with_server(world, action.child, lambda server: _ensuring(server, at))
        case act.StopServer():
            if action.child in world.leaving:
                return replace(world, leaving={**world.leaving, action.child: True})
            return with_server(world, action.child, lambda server: servers.stopping(server, action, at))
        case act.OpenThread():
            key = (action.child, action.task)
            thread = world.threads.get(key, Thread(action.child, action.task))
            return replace(world, threads=put(world.threads, key, replace(thread, opening=True, open=False)))
        case act.StartTurn():
            thread_key = next(key for key, thread in world.threads.items() if thread.id == action.thread)
            return with_task(world, action.task, lambda state: turns.requested(state, action, thread_key, at))
        case act.SteerTurn():
            return with_task(world, action.task, lambda state: _steering(state, action, at))
        case act.LookAtTurn():
            return with_task(world, action.task, lambda state: turns.with_turn(state, looking=True))
        case act.InterruptTurn():
            return with_task(world, action.task, lambda state: _interrupting(state, action, at))
        case act.LookForLeftovers() | act.EndLeftovers():
            return with_task(world, action.task, lambda state: leftovers.intended(state, action))
        case act.ReadLimits():
            return outages.limits_requested(world, action)
        case act.MakeTree():
            return with_task(world, action.task, lambda state: own_trees.making(state, action))
        case act.MergeTree():
            return with_task(world, action.task, own_trees.merging)
        case act.RunChecks():
            return with_task(world, action.task, _checking)
        case act.RaiseAsk():
            return asks.ask_raised(world, action, at)
        case act.WithdrawAsk():
            return asks.ask_withdrawn(world, action)
        case act.SendAnswer():
            return asks.answer_sent(world, action, at)
        case act.Notify():
            return asks.notified(world, action, at)
        case act.SurveyRepos():
            return with_map(world, surveying=True, unsurveyed={})
        case act.Exit():
            return with_supervisor(world, exiting=True)


def _ensuring(server: Server, at: datetime) -> Server:
    return replace(server, state=after_server(server.state, ServerTrigger.ENSURE), since=at, ended=None)


def _checking(state: TaskState) -> TaskState:
    return replace(state, checking=True, not_before=None, leftovers=None)


def _steering(state: TaskState, action: act.SteerTurn, at: datetime) -> TaskState:
    # A nudge says nothing of other repos, so what the child knows of them stays as it is.
    seen_up_to = state.brief.seen_up_to if action.nudge else at
    steer = Steer(action.message, action.brief, seen_up_to, hex_digest(action.text.encode()))
    state = replace(state, steer=steer, sent=state.sent + 1, why=action.why)
    return stalls.nudged(state, at) if action.nudge else state


def _interrupting(state: TaskState, action: act.InterruptTurn, at: datetime) -> TaskState:
    return replace(
        turns.with_turn(state, timed_out=action.timed_out, stalled=action.stalled),
        phase=after_task(state.phase, TaskTrigger.INTERRUPT),
        since=at,
        not_before=None,
        why=action.why,
    )
