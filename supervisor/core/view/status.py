"""What `orch status` shows: the world in the words of the command line, as plain JSON values.

The shape is the contract of `orch status --json`; absent values are None, times are RFC 3339 in UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from supervisor.core.engine.lifecycle import budgets, outages
from supervisor.core.engine.orchestrator import session
from supervisor.core.engine.readiness import server_trouble, turn_elsewhere
from supervisor.core.engine.state import ordered, plan_state, summary, task_status
from supervisor.domain.plan import HUMAN, ORCHESTRATOR, Task
from supervisor.domain.server import Server
from supervisor.domain.task import Phase, TaskState
from supervisor.domain.thread import Thread
from supervisor.domain.world import World


def status(world: World, at: datetime, workspace: str) -> dict[str, Any]:
    """The whole picture (without what only the process itself knows, such as memory: `rss_bytes` is None)."""
    return {
        "workspace": workspace,
        "supervisor": {
            "state": "up",
            "pid": world.supervisor.pid,
            "since": _time(world.supervisor.since),
            "version": world.supervisor.version,
        },
        "plan": {
            "state": plan_state(world),
            "revision": world.plan.revision,
            "title": world.plan.current.title if world.plan.current else None,
            "author": world.plan.author if world.plan.current else None,
            "why": world.plan.missing,
            "problems": [{"line": one.line, "message": one.message} for one in world.plan.problems],
        },
        "pauses": [
            {"provider": name, "since": _time(one.since), "until": _time(one.until), "why": one.why}
            for name, one in world.outages.items()
            if at < one.until
        ],
        "orchestrator": _orchestrator(world, at),
        "children": [_child(world, server) for name, server in world.servers.items() if name != ORCHESTRATOR],
        "tasks": [_task(world, state, at) for state in ordered(world)],
        "asks": [
            {
                "id": ask.id,
                "kind": str(ask.kind),
                "child": ask.child,
                "task": ask.task if ask.task != ORCHESTRATOR else None,
                "since": _time(ask.since),
                "text": ask.text,
                "steps": ask.steps,
                "expect": ask.expect,
                "choices": list(ask.choices),
            }
            for ask in world.open_asks
        ],
    }


def _child(world: World, server: Server) -> Mapping[str, Any]:
    name = server.child.name
    thread = world.threads.get((name, None))
    return {
        "name": name,
        "path": server.child.path,
        "state": str(server.state),
        "pid": server.pid,
        "socket": server.socket,
        "codex": server.codex,
        "since": _time(server.since),
        "restarts": server.restarts,
        "rss_bytes": None,
        "thread": thread.id if thread else None,
        "task": next((state.task for state in world.tasks.values() if state.child == name and state.phase.live), None),
        "problem": server.problem or turn_elsewhere(world, name),
    }


def _orchestrator(world: World, at: datetime) -> Mapping[str, Any] | None:
    """What the orchestrator is at; None if nobody asked it for a plan."""
    lead, server = world.orchestrator.state, world.servers.get(ORCHESTRATOR)
    if lead is None or world.orchestrator.planning is None or server is None:
        return None
    thread = world.threads.get((ORCHESTRATOR, None))
    return {
        "state": _LEAD_STATES.get(lead.phase, "working" if lead.phase.live else "waiting"),
        "why": server_trouble(world, ORCHESTRATOR)
        or _pause(world, lead, thread, at)
        or lead.note
        or _opening(thread)
        or lead.why
        or None,
        "busy": session.busy(world),
        "planned": session.planned(world),
        "summary": summary(lead),
        "turns": lead.turns,
        "tokens": {"input": lead.tokens.input, "output": lead.tokens.output},
        "thread": thread.id if thread else None,
        "server": str(server.state),
        "socket": server.socket,
        "pid": server.pid,
    }


def _pause(world: World, lead: TaskState, thread: Thread | None, at: datetime) -> str:
    outage = outages.pause(world, thread, at) if lead.phase is Phase.IDLE else None
    return outages.said(outage) if outage is not None else ""


def _opening(thread: Thread | None) -> str:
    """What a turn waits for when its server is ready: Codex loads the thread once its tools have started."""
    return "its thread and its tools are being started" if thread is None or thread.opening else ""


_LEAD_STATES = {Phase.ASKING: "needs_human", Phase.DONE: "idle", Phase.BLOCKED: "blocked", Phase.FAILED: "failed"}


def _task(world: World, state: TaskState, at: datetime) -> Mapping[str, Any]:
    task = world.plan.task(state.task)
    word, why = task_status(world, state, at)
    thread = world.threads.get(state.thread) if state.thread else None
    return {
        "id": state.task,
        "title": state.title,
        "child": task.child if task else state.child,
        "after": list(task.after) if task else [],
        "state": str(word),
        "why": why or None,
        "runs": state.runs,
        "turns": state.turns,
        "since": _time(state.since),
        "thread": thread.id if thread and state.child != HUMAN else None,
        "summary": summary(state),
        "tokens": {"input": state.tokens.input, "output": state.tokens.output},
        "minutes": round(budgets.minutes_of(world, state, at), 1),
        "budget": _budget(world, task),
        "verify": [{"command": check.command, "exit_code": check.exit_code} for check in state.result.checks],
        "changed_files": list(state.result.changed_files),
    }


def _budget(world: World, task: Task | None) -> Mapping[str, Any] | None:
    """What the task may spend by itself, grants included; None if nothing bounds it but what it shares."""
    limit = budgets.limit_of(world, f"task {task.id}") if task is not None and task.child != HUMAN else None
    return {"tokens": limit.tokens, "minutes": limit.minutes} if limit is not None else None


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z") if moment else None
