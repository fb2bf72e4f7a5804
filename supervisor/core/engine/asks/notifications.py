"""Rule about notices: notify the human of what `notify:` in the config lists. Each notice has a key, used once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from supervisor.core.engine.agenda import Sign, agenda_of
from supervisor.core.engine.asks.replies import forms
from supervisor.core.engine.lifecycle import outages
from supervisor.core.engine.orchestrator import session
from supervisor.core.engine.state import settled, summary, task_status
from supervisor.core.text.answer_forms import in_command
from supervisor.domain.action import Action, Notify
from supervisor.domain.task import TaskStatus
from supervisor.domain.world import World

TEXT = 2000  # characters of a notice's text; `orch asks` and runs.md have the whole text
TITLE = 200


def notices(world: World, at: datetime) -> Iterator[Action]:
    """Send the notices that are due and were not sent yet: about asks, blocked or failed tasks, outages, the end."""
    if not world.config.notices:
        return
    for notice in (*_asks(world), *_postponed(world), *_blocked(world, at), *_paused(world, at), *_end(world, at)):
        if notice.kind in world.config.notices and notice.key not in world.notified:
            yield notice


def _asks(world: World) -> Iterator[Notify]:
    for ask in world.open_asks:
        whose = " ".join(dict.fromkeys(name for name in (ask.child, ask.task) if name))
        text = "\n\n".join(part for part in (ask.text, ask.steps, ask.expect) if part)
        title = f"{ask.id} ({ask.kind}{': ' + whose if whose else ''}) waits on you"
        answer = f"orch answer {ask.id} {'|'.join(map(in_command, forms(ask)))}"
        yield Notify(
            key=f"ask {ask.id}",
            kind="asks",
            title=title,
            text=text[:TEXT],
            next_step=answer if len(answer) <= TITLE else "orch asks",
            child=ask.child,
            task=ask.task,
            ask=ask.id,
            why="something waits on a human",
        )


def _postponed(world: World) -> Iterator[Notify]:
    if (postponed := world.plan.postponed) is not None:
        yield Notify(
            key=f"postponed {postponed.digest[:16]} {postponed.at.isoformat()}",
            kind="asks",
            title="plan.md waits for `orch go`",
            text=f"{postponed.summary}: {postponed.why}"[:TEXT],
            next_step="orch plan check",
            child=None,
            task=None,
            ask=None,
            why="something waits on a human",
        )


def _blocked(world: World, at: datetime) -> Iterator[Notify]:
    """Yield notices of blocked and failed tasks. The moment is part of the key: a retry that fails is a new notice."""
    for state in agenda_of(world).bearing(Sign.HALTED):
        status, why = task_status(world, state, at)
        if status in (TaskStatus.BLOCKED, TaskStatus.FAILED):
            yield Notify(
                key=f"{status} {state.task} {state.since.isoformat() if state.since else ''}",
                kind="blocked",
                title=f"{state.task} is {status}: {state.title}"[:TITLE],
                text="\n\n".join(part for part in (why, summary(state)) if part)[:TEXT],
                next_step=f"orch go {state.task}",
                child=state.child,
                task=state.task,
                ask=None,
                why=f"it is {status}",
            )


def _paused(world: World, at: datetime) -> Iterator[Notify]:
    """Yield one notice per outage, however often its pause is prolonged, once it is known when the first one ends."""
    for provider, outage in world.outages.items():
        if at < outage.until and outage.asking is None and (outage.asked or not outage.limited):
            yield Notify(
                key=f"paused {provider} {outage.since.isoformat()}",
                kind="paused",
                title=f"everything that uses {provider or 'the provider'} pauses, and continues by itself",
                text=outages.describe(outage)[:TEXT],
                next_step="orch status",
                child=None,
                task=None,
                ask=None,
                why="the provider accepts no work",
            )


def _end(world: World, at: datetime) -> Iterator[Notify]:
    """Yield a notice when all tasks are settled. It is sent again if tasks ran and settled since."""
    if session.busy(world):  # it may still change the plan
        return
    planned = world.plan.tasks
    unsettled = agenda_of(world).names(Sign.UNSETTLED)
    if not planned or world.open_asks or any(world.plan.task(name) is not None for name in unsettled):
        return
    tasks = [world.tasks[task.id] for task in planned]
    if not all(settled(world, state, at) for state in tasks):
        return
    states = [task_status(world, state, at)[0] for state in tasks]
    done = states.count(TaskStatus.DONE)
    others = f", {len(tasks) - done} blocked or failed" if done < len(tasks) else ""
    last = max((state.since for state in tasks if state.since), default=None)
    yield Notify(
        key=f"end {last.isoformat() if last else ''}",
        kind="end",
        title=f"all tasks are settled: {done} done{others}",
        text="\n".join(f"{state.task} {status}: {state.title}" for state, status in zip(tasks, states, strict=True))[
            :TEXT
        ],
        next_step="orch status",
        child=None,
        task=None,
        ask=None,
        why="all tasks are settled",
    )
