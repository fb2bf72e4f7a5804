"""Convert the world to what `orch status` shows (`domain/status.py`)."""

from __future__ import annotations

from datetime import datetime

from supervisor.core.engine.agenda import Sign, agenda_of
from supervisor.core.engine.asks.replies import forms
from supervisor.core.engine.lifecycle import budgets, outages
from supervisor.core.engine.orchestrator import session
from supervisor.core.engine.readiness import external_turn, lost_events, server_trouble
from supervisor.core.engine.state import ordered, plan_state, summary, task_status
from supervisor.domain.plan import HUMAN, ORCHESTRATOR, Task
from supervisor.domain.server import Server
from supervisor.domain.status import (
    AskInfo,
    BudgetInfo,
    CheckInfo,
    ChildInfo,
    KeptRunInfo,
    OrchestratorInfo,
    PauseInfo,
    PlanInfo,
    Status,
    SupervisorInfo,
    TaskInfo,
)
from supervisor.domain.task import Phase, TaskState
from supervisor.domain.thread import Thread
from supervisor.domain.world import World

STOPPED = '`orch plan stop` ended its effort; `orch plan "PROBLEM"` begins anew'


def status(world: World, at: datetime, workspace: str) -> Status:
    """Return the status of all that the world knows. It does not know the memory of servers: `rss_bytes` is None."""
    return Status(
        workspace=workspace,
        supervisor=SupervisorInfo("up", world.supervisor.pid, _time(world.supervisor.since), world.supervisor.version),
        plan=PlanInfo(
            state=plan_state(world),
            revision=world.plan.revision,
            title=world.plan.current.title if world.plan.current else None,
            author=world.plan.author if world.plan.current else None,
            why=_why_plan(world),
            read=world.plan.read or None,
            problems=tuple(world.plan.problems),
            integration=world.plan.current.integration if world.plan.current else (),
        ),
        pauses=tuple(
            PauseInfo(name, _time(outage.since), _time(outage.until), outage.why)
            for name, outage in world.outages.items()
            if at < outage.until
        ),
        orchestrator=_orchestrator(world, at),
        children=tuple(_child(world, server) for name, server in world.servers.items() if name != ORCHESTRATOR),
        tasks=tuple(_task(world, state, at) for state in ordered(world)),
        asks=tuple(
            AskInfo(
                id=ask.id,
                kind=str(ask.kind),
                child=ask.child,
                task=ask.task if ask.task != ORCHESTRATOR else None,
                since=_time(ask.since),
                text=ask.text,
                steps=ask.steps,
                expect=ask.expect,
                choices=ask.choices,
                answers=forms(ask),
            )
            for ask in world.open_asks
        ),
    )


def _child(world: World, server: Server) -> ChildInfo:
    name = server.child.name
    thread = world.threads.get((name, None))
    return ChildInfo(
        name=name,
        path=server.child.path,
        state=str(server.state),
        pid=server.pid,
        socket=server.socket,
        codex=server.codex,
        since=_time(server.since),
        restarts=server.restarts,
        thread=thread.id if thread else None,
        task=next((state.task for state in agenda_of(world).bearing(Sign.LIVE) if state.child == name), None),
        problem=server.problem or external_turn(world, name),
    )


def _why_plan(world: World) -> str | None:
    plan = world.plan
    return plan.missing or (plan.postponed.why if plan.postponed else lost_events(plan.lost) if plan.lost else None)


def _orchestrator(world: World, at: datetime) -> OrchestratorInfo | None:
    """Return the status of the orchestrator; None if nobody asked it for a plan."""
    own, server = world.orchestrator.state, world.servers.get(ORCHESTRATOR)
    if own is None or world.orchestrator.planning is None or server is None:
        return None
    thread = world.threads.get((ORCHESTRATOR, None))
    ended = session.stopped(world) and not own.phase.live
    declined = session.rests(world) and own.phase is Phase.DONE and not session.planned(world)
    return OrchestratorInfo(
        state="stopped"
        if ended
        else "resting"
        if declined
        else _ORCHESTRATOR_STATES.get(own.phase, "working" if own.phase.live else "waiting"),
        why=(STOPPED if ended else None)
        or server_trouble(world, ORCHESTRATOR)
        or _pause(world, own, thread, at)
        or own.note
        or _opening(thread)
        or own.why
        or None,
        busy=session.busy(world),
        planned=session.planned(world),
        summary=summary(own),
        turns=own.turns,
        tokens=own.tokens,
        thread=thread.id if thread else None,
        server=str(server.state),
        socket=server.socket,
        pid=server.pid,
    )


def _pause(world: World, own: TaskState, thread: Thread | None, at: datetime) -> str:
    outage = outages.pause(world, thread, at) if own.phase is Phase.IDLE else None
    return outages.describe(outage) if outage is not None else ""


def _opening(thread: Thread | None) -> str:
    """Say what a turn waits for although its server is ready: Codex loads the thread once its tools have started."""
    return "its thread and its tools are being started" if thread is None or thread.opening else ""


_ORCHESTRATOR_STATES = {
    Phase.ASKING: "needs_human",
    Phase.DONE: "idle",
    Phase.BLOCKED: "blocked",
    Phase.FAILED: "failed",
}


def _task(world: World, state: TaskState, at: datetime) -> TaskInfo:
    task = world.plan.task(state.task)
    word, why = task_status(world, state, at)
    thread = world.threads.get(state.thread) if state.thread else None
    return TaskInfo(
        id=state.task,
        title=state.title,
        child=task.child if task else state.child,
        after=task.after if task else (),
        state=str(word),
        why=why or None,
        runs=state.runs,
        turns=state.turns,
        since=_time(state.since),
        thread=thread.id if thread and state.child != HUMAN else None,
        summary=summary(state),
        tokens=state.tokens,
        minutes=round(budgets.minutes_of(world, state, at), 1),
        budget=_budget(world, task),
        verify=tuple(CheckInfo(check.command, check.exit_code) for check in state.result.checks),
        changed_files=state.result.changed_files,
        left=state.result.left,
        changed_files_more=state.result.more_files,
        changed_files_at_least=state.result.open_ended,
        kept=tuple(KeptRunInfo(one.run, one.child, one.before, one.after, one.left_out) for one in state.kept),
    )


def _budget(world: World, task: Task | None) -> BudgetInfo | None:
    """Return the task's own budget, grants included; None without one."""
    limit = budgets.limit_of(world, f"task {task.id}") if task is not None and task.child != HUMAN else None
    return BudgetInfo(limit.tokens, limit.minutes) if limit is not None else None


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z") if moment else None
