"""evolve: what the world is after an event. Total: a stale or late event leaves the world as it is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from msgspec.structs import replace

from supervisor.core.engine import stalls
from supervisor.core.engine.asks import budget_asks
from supervisor.core.engine.asks.approvals import subject_of
from supervisor.core.engine.lifecycle import outages, servers
from supervisor.core.engine.lifecycle import tasks as do
from supervisor.core.engine.lifecycle.transitions import ServerTrigger, TaskTrigger, after_server, after_task
from supervisor.core.engine.lifecycle.updates import (
    forget_requests,
    learn,
    put,
    put_task,
    with_map,
    with_plan,
    with_server,
    with_supervisor,
    with_task,
)
from supervisor.core.engine.orchestrator import session
from supervisor.core.engine.orchestrator.news import gathered
from supervisor.core.engine.threads import close_threads, closed, thread_changed, turn_changed
from supervisor.domain import action as act
from supervisor.domain import event as ev
from supervisor.domain.ask import Ask, AskState, Request
from supervisor.domain.child import Child
from supervisor.domain.plan import HUMAN, ORCHESTRATOR
from supervisor.domain.rule import Ruled
from supervisor.domain.server import Server, ServerState
from supervisor.domain.task import Due, Phase, Steer, TaskState, Tokens, Tree
from supervisor.domain.thread import Thread
from supervisor.domain.world import DriftRecord, Settings, Stopping, SupervisorState, World

RULED_KEPT = 50  # requests that rules settled; the ledger has all of them
DRIFTS_KEPT = 50  # shared things that changed; what lies further back is history
ASKS_KEPT = 200  # asks that are settled
NOTIFIED_KEPT = 1000  # keys of notices: those of asks that are open stay, however old


def evolve(world: World, event: ev.Event) -> World:
    """The world after `event`. Pure; gives the same world (the very object) where the event changes nothing."""
    return gathered(world, _evolve(world, event), event)


def _evolve(world: World, event: ev.Event) -> World:
    match event:
        case ev.Intended():
            return _intended(world, event.action, event.at)
        case ev.SupervisorStarted():
            return _supervisor_started(world, event)
        case ev.UpRequested():
            return _up(world, event)
        case ev.ReloadRequested():
            return world if world.supervisor.stopping else with_supervisor(world, exiting=True)
        case ev.DownRequested():
            since = world.supervisor.stopping.since if world.supervisor.stopping else event.at
            return with_supervisor(world, stopping=Stopping(since, event.now))
        case ev.HoldSet() | ev.HoldLifted():
            world = world if isinstance(event, ev.HoldSet) else outages.lifted(world)
            return with_plan(world, hold=isinstance(event, ev.HoldSet))
        case ev.RetryRequested():
            return with_task(outages.lifted(world), event.task, lambda state: do.again(state, event.at))
        case ev.RestartRequested():
            return with_server(world, event.child, lambda server: servers.reset(server, restart="`orch restart`"))
        case ev.LearningNoted():
            return learn(world, event.at, event.source, (event.text,))
        case ev.PlanningRequested():
            world = session.requested(world, event)
            return with_server(world, ORCHESTRATOR, servers.reset)
        case ev.AskAnswered():
            return _answered(world, event)
        case ev.PlanAccepted() | ev.PlanRejected() | ev.PlanMissing():
            return _planned(world, event)
        case ev.ServerReady() | ev.ServerStartFailed() | ev.ServerExited() | ev.ServerStopped() | ev.ServerStopFailed():
            return _server_changed(world, event)
        case ev.ServerUnresponsive() | ev.ServerResponded():
            return _server_probed(world, event)
        case ev.ThreadOpened() | ev.ThreadFailed():
            return thread_changed(world, event)
        case ev.TurnBegan() | ev.TurnEnded():
            return turn_changed(world, event)
        case ev.TurnLooked():
            return stalls.looked(world, event)
        case ev.LimitsRead():
            return outages.limits_read(world, event)
        case ev.TokensSpent():
            return _spent(world, event)
        case ev.TurnRetried():
            return _note(world, event.thread, event.turn, event.reason)
        case ev.TurnRefused():
            world = close_threads(world, event.child)  # they are looked at again before the next try
            return with_task(world, event.task, lambda state: _delivered(state, event))
        case ev.SteerArrived() | ev.SteerMissed() | ev.InterruptFailed():
            return with_task(world, event.task, lambda state: _delivered(state, event))
        case ev.TreeRead():
            return with_task(
                world,
                event.task,
                lambda state: _with_base(state, event.tree) if state.runs == event.run else state,
            )
        case ev.ChecksFinished() | ev.ChecksLost():
            return _checked(world, event)
        case ev.RequestReceived():
            return _requested(world, event.request, event.at)
        case ev.RequestResolved():
            return _resolved(world, event)
        case ev.SharedChanged():
            return _drifted(world, event)
        case ev.MapDrawn():
            summaries = {**world.map.summaries, **dict(event.summaries)}
            return with_map(world, surveying=False, digest=event.digest, links=event.links, summaries=summaries)
        case ev.MapFailed():
            return with_map(world, surveying=False)
        case ev.RequestDeclined() | ev.ChildAsked() | ev.ChildAnswered() | ev.Ticked():
            return world
        case ev.SaidElsewhere() | ev.ThreadSettingsChanged() | ev.NoticeFailed():
            return world


# ── the supervisor, the plan, the human ──────────────────────────────────────────────────────────


def _supervisor_started(world: World, event: ev.SupervisorStarted) -> World:
    world = forget_requests(world, lambda _: True, event.at)  # who still waits asks again once its thread is open
    fresh = {}
    for child in event.children:
        known = world.servers.get(child.name, Server(child))
        fresh[child.name] = replace(
            known,
            child=child,
            state=after_server(known.state, ServerTrigger.RESET),
            wanted=child.name in event.running,
            pid=None,
            since=event.at,
            problem=None,
            not_before=None,
            misses=0,
            restart=_outdated(known.child, child) if child.name in event.running else "",
            ended=None,
        )
    settings = Settings(
        retry_seconds=event.retry_seconds,
        pause_seconds=event.pause_seconds,
        stall_minutes=event.stall_minutes,
        rules=event.rules,
        notices=event.notices,
        plan_budget=event.plan_budget,
        task_budget=event.task_budget,
    )
    unsurveyed = {child.name: world.map.unsurveyed.get(child.name) for child in event.children}
    unsurveyed.pop(ORCHESTRATOR, None)
    world = replace(
        world,
        supervisor=SupervisorState(event.pid, event.version, event.at),
        config=settings,
        map=replace(world.map, unsurveyed=unsurveyed, surveying=False),
        outages={name: replace(one, asking=None) for name, one in world.outages.items()},
        servers=fresh,
        leaving={name: False for name in event.running if name not in fresh},
        threads={key: closed(thread) for key, thread in world.threads.items()},
        tasks={task: _taken_over(state, event) for task, state in world.tasks.items()},
    )
    return _given_up(world, event.at)


def _outdated(old: Child, new: Child) -> str:
    """Why a server that was started for `old` is not good for `new`; "" if it is."""
    if old.path != new.path:
        return "its repo lies elsewhere now"
    return "the trust in its repo has changed" if old.trusted is not new.trusted else ""


def _taken_over(state: TaskState, event: ev.SupervisorStarted) -> TaskState:
    """A turn whose server is gone ran until the last word in the ledger at most."""
    state = replace(state, checking=False)
    served = {child.name for child in event.children} & set(event.running)
    return state if state.child in served else do.away(state, event.last or event.at)


def _given_up(world: World, at: datetime) -> World:
    """Turns on servers that left the config cannot be followed: they are given up once the plan wants none of them."""
    for state in world.tasks.values():
        task = world.plan.task(state.task)
        if state.child in world.servers or state.phase not in (Phase.STARTING, Phase.WORKING, Phase.STOPPING):
            continue
        if task is None or task.child != state.child:
            why = f"{state.child} is not in the config any more"
            world = put_task(world, do.cut(state, Due.RESUME, "", why, at))
    return world


def _up(world: World, event: ev.UpRequested) -> World:
    led = (ORCHESTRATOR,) if world.orchestrator.planning is not None else ()
    for child in (*event.children, *led):
        world = with_server(world, child, servers.wanted)
    return with_supervisor(world, stopping=None)


def _answered(world: World, event: ev.AskAnswered) -> World:
    ask = world.asks.get(event.ask)
    if ask is None or ask.state is not AskState.OPEN:
        return world
    before = world
    world = replace(world, asks=put(world.asks, ask.id, replace(ask, state=AskState.ANSWERED, answer=event.answer)))
    if ask.budget:
        return budget_asks.answered(world, ask, event.answer, event.at) or before
    if ask.request is not None:
        return world
    if ask.task == ORCHESTRATOR:
        world = with_task(world, ask.task, lambda lead: do.answered(lead, event.answer, event.at, human=False))
        return session.answered(world)
    if ask.task is not None:
        human = (task := world.plan.task(ask.task)) is not None and task.child == HUMAN
        return with_task(world, ask.task, lambda state: do.answered(state, event.answer, event.at, human=human))
    if ask.child is not None and event.answer.decision != "decline":
        return with_server(world, ask.child, servers.reset)
    return world


def _planned(world: World, event: ev.PlanAccepted | ev.PlanRejected | ev.PlanMissing) -> World:
    if isinstance(event, ev.PlanRejected):
        return with_plan(world, problems=event.problems, missing=None, rejected_by=event.author)
    if isinstance(event, ev.PlanMissing):
        return with_plan(world, missing=event.reason, problems=())
    known = world.tasks
    fresh = {task.id: TaskState(task.id, task.title, task.child) for task in event.plan.tasks if task.id not in known}
    titles = {task.id: replace(known[task.id], title=task.title) for task in event.plan.tasks if task.id in known}
    plan = replace(
        world.plan,
        current=event.plan,
        revision=event.revision,
        digest=event.digest,
        author=event.author,
        problems=(),
        missing=None,
    )
    world = replace(world, plan=plan, tasks={**known, **titles, **fresh})
    return _given_up(session.plan_saved(world, event.author), event.at)


# ── servers ──────────────────────────────────────────────────────────────────────────────────────


def _server_changed(
    world: World,
    event: ev.ServerReady | ev.ServerStartFailed | ev.ServerExited | ev.ServerStopped | ev.ServerStopFailed,
) -> World:
    if event.child in world.leaving and isinstance(event, ev.ServerStopped | ev.ServerStopFailed):
        return replace(world, leaving={name: told for name, told in world.leaving.items() if name != event.child})
    server = world.servers.get(event.child)
    if server is None or (isinstance(event, ev.ServerExited) and event.pid != server.pid):
        return world
    server = replace(server, since=event.at, misses=0)
    match event:
        case ev.ServerReady():
            if server.state is not ServerState.STARTING:
                return world
            server = replace(
                server,
                state=after_server(server.state, ServerTrigger.READY),
                pid=event.pid,
                socket=event.socket,
                codex=event.codex,
                problem=None,
            )
        case ev.ServerStartFailed():
            server = servers.crashed(server, event.at, event.reason, event.stderr, fatal=event.fatal)
        case ev.ServerExited():
            server = replace(
                servers.crashed(server, event.at, event.reason, event.stderr, fatal=False), restarts=server.restarts + 1
            )
        case ev.ServerStopped():
            gave_up = server.wanted and len(servers.recent_crashes(server, event.at)) >= servers.CRASH_BUDGET
            state = after_server(server.state, ServerTrigger.STOPPED)
            crashes = () if world.supervisor.stopping else server.crashes  # after `orch down` it begins anew
            state = ServerState.FAILED if gave_up else state
            server = replace(server, state=state, pid=None, ended=event.at, crashes=crashes)
        case ev.ServerStopFailed():
            state = after_server(server.state, ServerTrigger.STOP_FAILED)
            server = replace(server, state=state, problem=event.reason, ended=event.at)
    return _disconnected(replace(world, servers=put(world.servers, event.child, server)), event.child, event.at)


def _server_probed(world: World, event: ev.ServerUnresponsive | ev.ServerResponded) -> World:
    server = world.servers.get(event.child)
    if server is None or event.pid != server.pid:
        return world
    if isinstance(event, ev.ServerResponded):
        state = after_server(server.state, ServerTrigger.RESPONDED)
        server = replace(server, state=state, misses=0, problem=None)
    else:
        state = after_server(server.state, ServerTrigger.UNRESPONSIVE)
        server = replace(server, state=state, misses=event.misses, problem=event.reason)
    return replace(world, servers=put(world.servers, event.child, server))


def _disconnected(world: World, child: str, at: datetime) -> World:
    """Its threads are not heard any more, and what it asked is void unless it asks again."""
    world = outages.unheard(close_threads(world, child), child)
    tasks = {task: do.away(state, at) if state.child == child else state for task, state in world.tasks.items()}
    world = replace(world, tasks=tasks)
    return forget_requests(world, lambda request: request.key.child == child, at)


def _spent(world: World, event: ev.TokensSpent) -> World:
    for state in world.all_tasks:
        if state.turn is not None and state.turn.id == event.turn:
            spent = state.turn.spent + Tokens(event.input_tokens, event.output_tokens)
            return put_task(world, do.with_turn(state, spent=spent))
    return world


def _note(world: World, thread: str, turn: str, reason: str) -> World:
    for state in world.all_tasks:
        if state.turn_id == turn:
            return put_task(world, replace(state, note=reason))
    return world


def _delivered(
    state: TaskState, event: ev.TurnRefused | ev.SteerArrived | ev.SteerMissed | ev.InterruptFailed
) -> TaskState:
    match event:
        case ev.TurnRefused():
            if state.delivery is not None and state.delivery.message == event.message:
                return do.refused(state, event.reason, event.at)
        case ev.SteerArrived() | ev.SteerMissed():
            if state.steer is not None and state.steer.message == event.message:
                if isinstance(event, ev.SteerArrived):
                    return do.steered(state)
                return replace(state, steer=None, not_before=event.at + do.AFTER_REFUSAL)
        case ev.InterruptFailed():
            if state.phase is Phase.STOPPING and state.turn_id == event.turn:
                phase = after_task(state.phase, TaskTrigger.INTERRUPT_FAILED)
                return replace(state, phase=phase, not_before=event.at + do.AFTER_REFUSAL, note=event.reason)
    return state


def _checked(world: World, event: ev.ChecksFinished | ev.ChecksLost) -> World:
    state = world.tasks.get(event.task)
    if state is None or state.phase is not Phase.CHECKING or state.runs != event.run or not state.checking:
        return world
    if isinstance(event, ev.ChecksLost):
        return put_task(world, do.unchecked(state, event.reason, event.at))
    if event.changed_files:
        world = with_map(world, unsurveyed={**world.map.unsurveyed, event.child: event.task})
    return put_task(world, do.checked(replace(state, not_before=None, note=""), event))


def _with_base(state: TaskState, tree: Tree) -> TaskState:
    """The first tree that is read in a run is the one that its changes are counted from."""
    return replace(state, result=replace(state.result, base=state.result.base or tree))


def _drifted(world: World, event: ev.SharedChanged) -> World:
    """Told twice (a supervisor died before it had drawn the map), it counts once."""
    if any(one.drift == event.drift for one in world.map.drifts[-DRIFTS_KEPT:]):
        return world
    drifts = (*world.map.drifts, DriftRecord(event.at, event.task, event.drift))
    return with_map(world, drifts=drifts[-DRIFTS_KEPT:])


# ── our own acts ─────────────────────────────────────────────────────────────────────────────────


def _intended(world: World, action: act.Action, at: datetime) -> World:
    match action:
        case act.EnsureServer():
            return with_server(
                world,
                action.child,
                lambda one: replace(one, state=after_server(one.state, ServerTrigger.ENSURE), since=at, ended=None),
            )
        case act.StopServer():
            if action.child in world.leaving:
                return replace(world, leaving={**world.leaving, action.child: True})
            return with_server(world, action.child, lambda one: servers.stopping(one, action, at))
        case act.OpenThread():
            key = (action.child, action.task)
            thread = world.threads.get(key, Thread(action.child, action.task))
            return replace(world, threads=put(world.threads, key, replace(thread, opening=True, open=False)))
        case act.StartTurn():
            thread_key = next(key for key, thread in world.threads.items() if thread.id == action.thread)
            return with_task(world, action.task, lambda state: do.started(state, action, thread_key, at))
        case act.SteerTurn():
            return with_task(world, action.task, lambda state: _steering(state, action, at))
        case act.LookAtTurn():
            return with_task(world, action.task, lambda state: do.with_turn(state, looking=True))
        case act.InterruptTurn():
            return with_task(
                world,
                action.task,
                lambda state: replace(
                    do.with_turn(state, timed_out=action.timed_out, stalled=action.stalled),
                    phase=after_task(state.phase, TaskTrigger.INTERRUPT),
                    since=at,
                    not_before=None,
                    why=action.why,
                ),
            )
        case act.ReadLimits():
            return outages.asked(world, action)
        case act.RunChecks():
            return with_task(world, action.task, lambda state: replace(state, checking=True, not_before=None))
        case act.RaiseAsk():
            return _asked(world, action, at)
        case act.WithdrawAsk():
            settled = AskState.EXTERNAL if action.external else AskState.WITHDRAWN
            ask = replace(world.asks[action.ask], state=settled)
            return replace(world, asks=put(world.asks, ask.id, ask))
        case act.SendAnswer():
            return _answering(world, action, at)
        case act.Notify():
            return _notified(world, action.key, at)
        case act.SurveyRepos():
            return with_map(world, surveying=True, unsurveyed={})
        case act.Exit():
            return with_supervisor(world, exiting=True)


def _steering(state: TaskState, action: act.SteerTurn, at: datetime) -> TaskState:
    # What others changed is not heard by a nudge: it stays as told as it was.
    steer = Steer(action.message, action.brief, state.brief.seen_up_to if action.nudge else at)
    state = replace(state, steer=steer, sent=state.sent + 1, why=action.why)
    return stalls.nudged(state, at) if action.nudge else state


def _requested(world: World, request: Request, at: datetime) -> World:
    """A server waits for an answer. One that asks again, over a new connection, has its ask back."""
    back = {
        ask.id: replace(ask, state=AskState.OPEN, since=at, external=False)
        for ask in world.asks.values()
        if ask.request == request.key and ask.state in (AskState.WITHDRAWN, AskState.EXTERNAL)
    }
    return replace(world, requests=put(world.requests, request.key, request), asks={**world.asks, **back})


def _resolved(world: World, event: ev.RequestResolved) -> World:
    """A server has its answer. If we gave none, and its turn is not being interrupted by us, somebody else did."""
    request = world.requests.get(event.key)
    ours = event.key in world.answering or any(
        ask.request == event.key and ask.state is AskState.ANSWERED for ask in world.asks.values()
    )
    stopping = request is not None and any(
        state.turn_id == request.turn and state.phase is Phase.STOPPING for state in world.all_tasks
    )
    world = forget_requests(world, lambda one: one.key == event.key, event.at)
    if request is None or ours or stopping:
        return world
    asks = {
        ask.id: replace(ask, external=True)
        for ask in world.asks.values()
        if ask.request == event.key and ask.state is AskState.OPEN
    }
    return replace(world, asks={**world.asks, **asks})


def _answering(world: World, action: act.SendAnswer, at: datetime) -> World:
    world = replace(world, answering=world.answering | {action.key})
    request = world.requests.get(action.key)
    if action.ask or request is None:
        return world
    ruled = (*world.ruled, Ruled(at, action.child, action.task, subject_of(request), action.why))
    return replace(world, ruled=ruled[-RULED_KEPT:])


def _asked(world: World, action: act.RaiseAsk, at: datetime) -> World:
    ask = Ask(
        id=action.ask,
        kind=action.kind,
        since=at,
        text=action.text,
        steps=action.steps,
        expect=action.expect,
        choices=action.choices,
        child=action.child,
        task=action.task,
        request=action.request,
        budget=action.budget,
    )
    world = replace(world, asks=put(_recent_asks(world), ask.id, ask), asked=world.asked + 1)
    if action.task == ORCHESTRATOR and action.request is None:
        return with_task(world, action.task, lambda lead: session.posed(lead, action, at))
    if action.brief is None or action.task is None:
        return world
    return with_task(world, action.task, lambda state: do.posed(state, action, at))


def _recent_asks(world: World) -> Mapping[str, Ask]:
    """The asks without the oldest of those that are settled, and wait for nothing any more."""
    over = [
        ask.id for ask in world.asks.values() if ask.state is not AskState.OPEN and ask.request not in world.requests
    ]
    gone = set(over[: max(0, len(over) - ASKS_KEPT)])
    return {name: ask for name, ask in world.asks.items() if name not in gone} if gone else world.asks


def _notified(world: World, key: str, at: datetime) -> World:
    open_asks = {f"ask {ask.id}" for ask in world.open_asks}
    over = [one for one in world.notified if one not in open_asks]
    gone = set(over[: max(0, len(over) - NOTIFIED_KEPT)])
    return replace(world, notified={**{one: when for one, when in world.notified.items() if one not in gone}, key: at})
