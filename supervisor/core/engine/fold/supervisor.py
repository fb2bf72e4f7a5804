"""What starts, requests of the human and versions of plan.md do to the world."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from supervisor.core.engine.fold.own_trees import interrupted
from supervisor.core.engine.lifecycle import servers, turns
from supervisor.core.engine.lifecycle.transitions import ServerTrigger, after_server
from supervisor.core.engine.lifecycle.updates import (
    closed,
    forget_requests,
    put_task,
    with_plan,
    with_server,
    with_supervisor,
)
from supervisor.core.engine.orchestrator import session
from supervisor.domain import event as ev
from supervisor.domain.child import Child
from supervisor.domain.plan import ORCHESTRATOR, Task
from supervisor.domain.server import Server
from supervisor.domain.task import Due, Phase, TaskState
from supervisor.domain.world import Postponed, Settings, Stopping, SupervisorState, World


def supervisor_started(world: World, event: ev.SupervisorStarted) -> World:
    """A supervisor took over: nothing is known to run but the servers that it found, and no thread is open."""
    world = forget_requests(world, lambda _: True, event.at)  # servers repeat open requests once their thread is open
    settings = Settings(
        retry_seconds=event.retry_seconds,
        pause_seconds=event.pause_seconds,
        stall_minutes=event.stall_minutes,
        leftover_seconds=event.leftover_seconds,
        rules=event.rules,
        notices=event.notices,
        plan_budget=event.plan_budget,
        task_budget=event.task_budget,
        exclude_tmp=event.exclude_tmp,
        exclude_roots=event.exclude_roots,
        confined=event.confined,
        trusted_git=event.trusted_git,
        surprise=event.surprise,
        parallel=event.parallel,
        ready_seconds=event.ready_seconds,
    )
    started_over = world.supervisor.exiting and world.supervisor.stopping is None
    fresh = {}
    for child in event.children:
        known = world.servers.get(child.name, Server(child))
        fresh[child.name] = replace(
            known,
            child=child,
            state=after_server(known.state, ServerTrigger.RESET),
            wanted=child.name in event.running or (started_over and known.wanted),
            pid=None,
            since=event.at,
            problem=None,
            not_before=None,
            misses=0,
            restart=_outdated(known.child, child, world.config, settings) if child.name in event.running else "",
            ended=None,
        )
    unsurveyed = {child.name: world.map.unsurveyed.get(child.name) for child in event.children}
    unsurveyed.pop(ORCHESTRATOR, None)
    world = replace(
        world,
        supervisor=SupervisorState(event.pid, event.version, event.at),
        config=settings,
        map=replace(world.map, unsurveyed=unsurveyed, surveying=False),
        outages={name: replace(outage, asking=None) for name, outage in world.outages.items()},
        servers=fresh,
        leaving={name: False for name in event.running if name not in fresh},
        threads={key: closed(thread) for key, thread in world.threads.items()},
        tasks={task: _taken_over(state, event) for task, state in world.tasks.items()},
    )
    return _without_lost_turns(world, event.at)


def _outdated(old: Child, new: Child, before: Settings, now: Settings) -> str:
    """Return why a server that was started for `old` must be replaced under the config `new`; "" if it need not.

    Its turns keep the sandbox that they began with, so it is also replaced if its commands may write less now.
    """
    if old.path != new.path:
        return "its repo is in another folder now"
    if old.runner != new.runner:
        return "it runs elsewhere now"
    if old.trusted is not new.trusted or (new.name in before.trusted_git) is not (new.name in now.trusted_git):
        return "the trust in its repo has changed"
    confined = new.name in now.confined and new.name not in before.confined
    excluded = (now.exclude_tmp and not before.exclude_tmp) or (now.exclude_roots and not before.exclude_roots)
    return "its commands may write less now" if confined or excluded else ""


def _taken_over(state: TaskState, event: ev.SupervisorStarted) -> TaskState:
    """A turn whose server is gone ran, at the longest, until the latest event in the ledger."""
    state = interrupted(replace(state, checking=False))
    served = {child.name for child in event.children} & set(event.running)
    return state if state.child in served else turns.server_lost(state, event.last or event.at)


def _without_lost_turns(world: World, at: datetime) -> World:
    """Give up turns on servers that left the config, once the plan no longer wants them: nobody can follow them."""
    for state in world.tasks.values():
        task = world.plan.task(state.task)
        if state.child in world.servers or state.phase not in (Phase.STARTING, Phase.WORKING, Phase.STOPPING):
            continue
        if task is None or task.child != state.child:
            why = f"{state.child} is not in the config any more"
            world = put_task(world, turns.cut_off(state, Due.RESUME, "", why, at))
    return world


def up_requested(world: World, event: ev.UpRequested) -> World:
    """`orch up`: the servers of these children are wanted, and the orchestrator's if it has work."""
    planning = (ORCHESTRATOR,) if session.needed(world) else ()
    for child in (*event.children, *planning):
        world = with_server(world, child, servers.wanted)
    return with_supervisor(world, stopping=None)


def machine_woke(world: World) -> World:
    """What is out of reach is tried at once, and often: its machine may be well, and the network here takes a while."""
    for name, server in world.servers.items():
        if server.reach == "unreachable":
            world = with_server(world, name, lambda server: replace(server, not_before=None, tries=0))
    return world


def down_requested(world: World, event: ev.DownRequested) -> World:
    """`orch down`. A second one may only add that it must not wait for turns."""
    since = world.supervisor.stopping.since if world.supervisor.stopping else event.at
    return with_supervisor(world, stopping=Stopping(since, event.now))


def plan_changed(world: World, event: ev.PlanAccepted | ev.PlanPostponed | ev.PlanRejected | ev.PlanMissing) -> World:
    """Somebody saved or removed plan.md. Only an accepted version replaces the one in force."""
    if isinstance(event, ev.PlanRejected):
        world = with_plan(world, postponed=None, read=event.digest)
        return with_plan(world, problems=event.problems, missing=None, rejected_by=event.author)
    if isinstance(event, ev.PlanMissing):
        return with_plan(world, missing=event.reason, problems=(), postponed=None, read="")
    if isinstance(event, ev.PlanPostponed):
        postponed = Postponed(event.digest, event.author, event.summary, event.why, event.picture, event.at)
        return with_plan(world, missing=None, problems=(), postponed=postponed, read=event.digest)
    known = {name: state for name, state in world.tasks.items() if event.plan.task(name) or not _is_untouched(state)}
    wanted = {task.id: _titled(known.get(task.id), task) for task in event.plan.tasks}
    plan = replace(
        world.plan,
        current=event.plan,
        revision=event.revision,
        digest=event.digest,
        author=event.author,
        picture=event.picture,
        problems=(),
        postponed=None,
        read=event.digest,
        missing=None,
    )
    world = replace(world, plan=plan, tasks={**known, **wanted})
    return _without_lost_turns(session.plan_saved(world, event.author), event.at)


def _titled(state: TaskState | None, task: Task) -> TaskState:
    if state is None:
        return TaskState(task.id, task.title, task.child)
    return state if state.title == task.title else replace(state, title=task.title)


def _is_untouched(state: TaskState) -> bool:
    """Whether nothing has happened to a task yet, so that nothing is lost with it."""
    return state == TaskState(state.task, state.title, state.child)
