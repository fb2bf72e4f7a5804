"""evolve: fold one event into the world. Defined for every event: a stale or late one leaves the world as it is."""

from __future__ import annotations

from supervisor.core.engine import leftovers, stalls
from supervisor.core.engine.fold import asks, turns
from supervisor.core.engine.fold.intents import intended
from supervisor.core.engine.fold.own_trees import own_tree_changed
from supervisor.core.engine.fold.repair import in_doubt, ledger_repaired
from supervisor.core.engine.fold.servers import server_changed, server_probed
from supervisor.core.engine.fold.supervisor import (
    down_requested,
    machine_woke,
    plan_changed,
    supervisor_started,
    up_requested,
)
from supervisor.core.engine.fold.undone import repos_reserved, runs_taken_back, tasks_reopened
from supervisor.core.engine.lifecycle import outages, servers
from supervisor.core.engine.lifecycle.tasks import retried
from supervisor.core.engine.lifecycle.updates import learn, with_map, with_plan, with_server, with_supervisor, with_task
from supervisor.core.engine.orchestrator import session
from supervisor.core.engine.orchestrator.news import with_news
from supervisor.domain import event as ev
from supervisor.domain.plan import ORCHESTRATOR
from supervisor.domain.world import DriftRecord, World

DRIFTS_KEPT = 50


def evolve(world: World, event: ev.Event) -> World:
    """Return the world after `event`. Pure. If the event changes nothing, the result is the same object."""
    return with_news(world, _evolve(world, event), event)


def _evolve(world: World, event: ev.Event) -> World:
    match event:
        case ev.Intended():
            return intended(world, event.action, event.at)
        case ev.SupervisorStarted():
            return supervisor_started(world, event)
        case ev.UpRequested():
            return up_requested(world, event)
        case ev.ReloadRequested():
            return world if world.supervisor.stopping else with_supervisor(world, exiting=True)
        case ev.DownRequested():
            return down_requested(world, event)
        case ev.HoldSet():
            return with_plan(world, hold=True)
        case ev.HoldLifted():
            return with_plan(outages.cleared(world), hold=False, lost=0)
        case ev.MachineWoke():
            return machine_woke(world)
        case ev.LedgerRepaired():
            return ledger_repaired(world, event)
        case ev.FreshThreadRequested():
            return turns.fresh_thread_requested(world, event)
        case ev.ReposReserved():
            return repos_reserved(world, event)
        case ev.RunsTakenBack():
            return runs_taken_back(world, event)
        case ev.TasksReopened():
            return tasks_reopened(world, event)
        case ev.RetryRequested():
            return with_task(outages.cleared(world), event.task, lambda state: retried(state, event.at))
        case ev.RestartRequested():
            return with_server(world, event.child, servers.restarted)
        case ev.LearningNoted():
            return learn(world, event.at, event.source, (event.text,))
        case ev.PlanningRequested():
            return with_server(session.requested(world, event), ORCHESTRATOR, servers.reset)
        case ev.PlanningStopped():
            return session.stop(world, event)
        case ev.AskAnswered():
            return asks.ask_answered(world, event)
        case ev.PlanAccepted() if world.plan.doubts:
            return in_doubt(plan_changed(world, event), world.plan.doubts, event.at)
        case ev.PlanAccepted() | ev.PlanPostponed() | ev.PlanRejected() | ev.PlanMissing():
            return plan_changed(world, event)
        case ev.ServerReady() | ev.ServerStartFailed() | ev.ServerExited() | ev.ServerStopped() | ev.ServerStopFailed():
            return server_changed(world, event)
        case ev.ServerUnresponsive() | ev.ServerResponded():
            return server_probed(world, event)
        case ev.ThreadOpened() | ev.ThreadFailed():
            return turns.thread_changed(world, event)
        case ev.TurnBegan() | ev.TurnEnded():
            return turns.turn_changed(world, event)
        case ev.TurnLooked():
            return stalls.looked(world, event)
        case ev.LeftoversLooked():
            return leftovers.looked(world, event)
        case ev.LeftoverReported():
            return leftovers.reported(world, event)
        case ev.LeftoversEnded():
            return leftovers.ended(world, event)
        case ev.LimitsRead():
            return outages.limits_read(world, event)
        case ev.TokensSpent():
            return turns.tokens_spent(world, event)
        case ev.TurnRetried():
            return turns.turn_retried(world, event)
        case ev.TurnRefused():
            return turns.turn_refused(world, event)
        case ev.SteerArrived() | ev.SteerMissed():
            return turns.steer_settled(world, event)
        case ev.InterruptFailed():
            return turns.interrupt_failed(world, event)
        case ev.TreeKept():
            return turns.tree_kept(world, event)
        case ev.TreeRead():
            return turns.tree_read(world, event)
        case ev.OwnTreeMade() | ev.OwnTreeFailed() | ev.MergeTried() | ev.OwnTreeMerged():
            return own_tree_changed(world, event)
        case ev.ChangesListed():
            return turns.changes_listed(world, event)
        case ev.ChecksFinished() | ev.ChecksLost():
            return turns.checks_ended(world, event)
        case ev.RequestReceived():
            return asks.request_received(world, event)
        case ev.RequestResolved():
            return asks.request_resolved(world, event)
        case ev.SharedChanged():
            return _drifted(world, event)
        case ev.MapDrawn():
            summaries = {**world.map.summaries, **dict(event.summaries)}
            return with_map(world, surveying=False, digest=event.digest, links=event.links, summaries=summaries)
        case ev.MapFailed():
            return with_map(world, surveying=False)
        case ev.EventLost() | ev.RequestDeclined() | ev.ChildAsked() | ev.ChildAnswered() | ev.Ticked():
            return world
        case ev.SaidElsewhere() | ev.ThreadSettingsChanged() | ev.NoticeFailed():
            return world


def _drifted(world: World, event: ev.SharedChanged) -> World:
    """Record a drift. It comes twice if a supervisor dies between the survey and `MapDrawn`, but counts once."""
    if any(record.drift == event.drift for record in world.map.drifts[-DRIFTS_KEPT:]):
        return world
    drifts = (*world.map.drifts, DriftRecord(event.at, event.task, event.drift))
    return with_map(world, drifts=drifts[-DRIFTS_KEPT:])
