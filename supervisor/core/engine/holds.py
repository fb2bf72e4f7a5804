"""What keeps the plan from going on although `orch go` lifted the hold: each in a sentence with the next step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice

from supervisor.core.engine.agenda import thread_key
from supervisor.core.engine.lifecycle import budgets, outages
from supervisor.core.engine.lifecycle.servers import word
from supervisor.core.engine.readiness import candidates, external_turn, readiness
from supervisor.core.engine.state import settled, task_status
from supervisor.domain.plan import HUMAN, Task
from supervisor.domain.server import ServerState
from supervisor.domain.task import TaskState, TaskStatus
from supervisor.domain.world import World

SHOWN = 12  # sentences; `orch status` shows the rest
_BY_ITSELF = "it is started again by itself"


def still_held(world: World, at: datetime, task: str | None = None) -> tuple[str, ...]:
    """Return what keeps the plan (or that task) from going on, the widest first; nothing if nothing does."""
    if task is not None:
        state = world.tasks.get(task)
        obstacle = readiness(world, state, at) if state is not None and not state.phase.live else None
        return (obstacle,) if obstacle is not None else ()
    found = list(islice(_all(world, at), SHOWN + 1))
    return (*found[:SHOWN], "and more: see `orch status`") if len(found) > SHOWN else tuple(found)


def _all(world: World, at: datetime) -> Iterator[str]:
    if world.supervisor.stopping is not None:
        yield "the supervisor is stopping: `orch up` goes on"
    yield from _plan(world)
    for provider, outage in world.outages.items():
        if at < outage.until:
            yield f"what uses {provider or 'the provider'} is {outages.describe(outage)}; it continues by itself"
    left = [(task, state) for task, state in candidates(world) if not settled(world, state, at)]
    yield from _children(world, [task for task, _ in left])
    used_up = dict.fromkeys(budgets.blocking_budget(world, task, at) for task, _ in left)
    yield from (budgets.obstacle(world, name) for name in used_up if name is not None)
    if held := [task.id for task, _ in left if task.hold]:
        yield f"plan.md holds {', '.join(held)}: take `hold: yes` out"
    yield from _halted(world, at)
    if asks := [ask.id for ask in world.open_asks if not ask.budget and ask.task is not None]:
        yield f"{', '.join(asks)} {'waits' if len(asks) == 1 else 'wait'} on you: see `orch asks`"


def _plan(world: World) -> Iterator[str]:
    plan = world.plan
    if plan.missing is not None:
        yield f"nothing new starts, because {plan.missing}: write plan.md"
    if plan.problems:
        first, stays = plan.problems[0], f"revision {plan.revision} stays" if plan.current else "no plan is"
        yield f"plan.md is rejected (line {first.line}: {first.message}), and {stays} in force: see `orch plan check`"
    if plan.postponed is not None:
        yield f"plan.md waits for the human's `orch go`, because {plan.postponed.why}"
    if plan.current is not None and plan.current.hold:
        yield "nothing new starts, because plan.md says `hold: yes`: write `hold: no`"


def _children(world: World, left: Sequence[Task]) -> Iterator[str]:
    """Yield why children that have something left to do take no turns."""
    for child in dict.fromkeys(task.child for task in left if task.child != HUMAN):
        server = world.servers.get(child)
        if server is None:
            yield f"{child} is not in the config of the running supervisor: run `orch up`"
        elif server.state in _NEXT:
            problem, next_step = server.problem or "", _NEXT[server.state].format(child)
            rest = (problem,) if "`orch " in problem else (problem, next_step)  # most problems name their own remedy
            yield ": ".join((f"the server of {child} is {word(server)}", *filter(None, rest)))
        elif (external := external_turn(world, child)) is not None:
            yield external
    for key in dict.fromkeys(thread_key(task, world.tasks[task.id]) for task in left if task.child != HUMAN):
        thread = world.threads.get(key)
        if thread is not None and thread.failures and not thread.open:
            yield f"the thread of {key[0]} cannot be opened: {thread.problem}"


_NEXT = {
    ServerState.FAILED: "fix that, then run `orch restart {}`",
    ServerState.STOPPED: "run `orch up {}`",
    ServerState.BACKOFF: _BY_ITSELF,
    ServerState.UNHEALTHY: _BY_ITSELF,
}


def _halted(world: World, at: datetime) -> Iterator[str]:
    """Yield the tasks that are blocked or failed."""
    for task, state in candidates(world):
        status, why = task_status(world, state, at)
        if status in (TaskStatus.BLOCKED, TaskStatus.FAILED):
            yield f"{task.id} is {status}: {_with_retry(state, why)}"


def _with_retry(state: TaskState, why: str) -> str:
    retry = f"`orch go {state.task}`"
    return why if retry in why else f"{why}: {retry} tries it again"
