"""Convert the world to what `orch status` shows (`domain/status.py`), with what it costs and whether the plan fits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from msgspec.structs import replace

from supervisor.core.engine.agenda import Sign, agenda_of
from supervisor.core.engine.asks.replies import forms
from supervisor.core.engine.lifecycle import budgets, outages
from supervisor.core.engine.lifecycle.servers import word
from supervisor.core.engine.orchestrator import session
from supervisor.core.engine.readiness import external_turn, lost_events, server_trouble
from supervisor.core.engine.state import plan_state, summary
from supervisor.core.text.figures import amount, span
from supervisor.core.view.layout import rfc3339
from supervisor.core.view.sheet import Sheet, sheet_of
from supervisor.domain.plan import HUMAN, ORCHESTRATOR, Price
from supervisor.domain.server import Server
from supervisor.domain.status import (
    AskInfo,
    ChildInfo,
    LimitInfo,
    OrchestratorInfo,
    PauseInfo,
    PlanInfo,
    Status,
    SupervisorInfo,
)
from supervisor.domain.task import Phase, TaskState
from supervisor.domain.thread import Thread, Tokens
from supervisor.domain.world import World

DEFAULT = "default"  # names the price of models without one
NEARLY_USED = 90.0  # percent of a limit from which the rest may not do
_OPEN = ("waiting", "held", "running", "verifying", "needs_human")
STOPPED = '`orch plan stop` ended its effort; `orch plan "PROBLEM"` begins anew'


def status(world: World, at: datetime, workspace: str, sheet: Sheet | None = None) -> Status:
    """Return the status of all that the world knows. It does not know the memory of servers: `rss_bytes` is None.

    `sheet`: what is shown of the tasks of this world at this moment, if it is known.
    """
    return Status(
        workspace=workspace,
        supervisor=SupervisorInfo(
            "up", world.supervisor.pid, rfc3339(world.supervisor.since), world.supervisor.version
        ),
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
            PauseInfo(name, rfc3339(outage.since), rfc3339(outage.until), outage.why)
            for name, outage in world.outages.items()
            if at < outage.until
        ),
        orchestrator=_orchestrator(world, at),
        children=tuple(_child(world, server) for name, server in world.servers.items() if name != ORCHESTRATOR),
        tasks=(sheet or sheet_of(world, at)).infos,
        asks=tuple(
            AskInfo(
                id=ask.id,
                kind=str(ask.kind),
                child=ask.child,
                task=ask.task if ask.task != ORCHESTRATOR else None,
                since=rfc3339(ask.since),
                text=ask.text,
                steps=ask.steps,
                expect=ask.expect,
                choices=ask.choices,
                answers=forms(ask),
                parts=ask.parts,
            )
            for ask in world.open_asks
        ),
    )


def _child(world: World, server: Server) -> ChildInfo:
    name = server.child.name
    thread = world.threads.get((name, None))
    return ChildInfo(
        name=name,
        path=server.child.where,
        state=word(server),
        pid=server.pid,
        socket=server.socket,
        codex=server.codex,
        since=rfc3339(server.away if server.reach == "unreachable" else server.since),
        restarts=server.restarts,
        thread=thread.id if thread else None,
        task=next((state.task for state in agenda_of(world).bearing(Sign.LIVE) if state.child == name), None),
        problem=server.problem or external_turn(world, name),
        runner=server.child.runner.name if server.child.runner is not None else None,
        next_try=rfc3339(server.not_before) if server.reach == "unreachable" else None,
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


def accounted(status: Status, world: World, prices: Mapping[str, Price]) -> Status:
    """Return the status with what everything costs, and with warnings if the plan does not fit."""
    warned = replace(status, warnings=(*_over_budget(status, world), *_limits(status)))
    return _priced(warned, world, prices) if prices else warned


def _priced(status: Status, world: World, prices: Mapping[str, Price]) -> Status:
    servers = world.servers
    tasks, known, unknown = [], list[float](), False
    for info in status.tasks:
        task = world.plan.task(info.id)
        child = servers[info.child].child if info.child in servers else None
        cost = _cost(info.tokens, (task.model if task else None) or (child.model if child else None), prices)
        known += [cost] if cost is not None else []
        unknown = unknown or (cost is None and info.tokens.total > 0)
        tasks.append(replace(info, cost=cost if info.tokens.total else None))
    if (own := status.orchestrator) is not None and own.tokens.total:
        model = servers[ORCHESTRATOR].child.model if ORCHESTRATOR in servers else None
        cost = _cost(own.tokens, model, prices)
        known += [cost] if cost is not None else []
        unknown = unknown or cost is None
    return replace(
        status,
        tasks=tuple(tasks),
        cost=round(sum(known), 4) if known or not unknown else None,
        cost_at_least=bool(known) and unknown,
    )


def _cost(tokens: Tokens, model: str | None, prices: Mapping[str, Price]) -> float | None:
    price = prices.get(model or DEFAULT) or prices.get(DEFAULT)
    if price is None:
        return None
    return round((tokens.input * price.input + tokens.output * price.output) / 1e6, 4)


def _over_budget(status: Status, world: World) -> Iterator[str]:
    """Warn if the tasks that are left need more than the plan has left, going by those that are done."""
    limit = budgets.limit_of(world, "plan")
    if limit is None or limit.tokens is None:
        return
    spent = sum(info.tokens.total for info in status.tasks)
    done = [info.tokens.total for info in status.tasks if info.state == "done" and info.tokens.total]
    left = [info for info in status.tasks if info.state in ("waiting", "held") and info.child != HUMAN]
    if not left or spent >= limit.tokens:  # if it is used up, there is an ask
        return
    each = sum(done) / len(done) if done else 0.0
    needs = [(info.budget.tokens if info.budget and info.budget.tokens else 0) or each for info in left]
    if (need := sum(needs)) > limit.tokens - spent:
        by = "by their own budgets" if not done else "going by those that are done"
        yield (
            f"the plan may not fit: {_need(sum(map(bool, needs)))} about {amount(need)} tokens {by}, and "
            f"{amount(limit.tokens - spent)} are left of its budget"
        )


def _limits(status: Status) -> Iterator[str]:
    left = sum(info.state in _OPEN and info.child != HUMAN for info in status.tasks)
    for one in status.limits:
        if left and one.used_percent >= NEARLY_USED:
            until = f" until {one.resets_at[:16].replace('T', ' ')} UTC" if one.resets_at else ""
            yield f"the plan may not fit: {named(one)} is {one.used_percent:.0f}% used{until}, and {_count(left)} left"


def named(limit: LimitInfo) -> str:
    """Return what to call a limit: the account's limit of 5 h."""
    name = f" {limit.name}" if limit.name else ""
    return f"the account's limit{name}{f' of {span(limit.minutes)}' if limit.minutes else ''}"


def _need(number: int) -> str:
    return f"{_count(number)} need{'s' * (number == 1)}"


def _count(number: int) -> str:
    return f"{number} task{'s' * (number != 1)}"
