"""What the human is told by what the config names under `notify:`. Each notice has a key, and no key is used twice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from supervisor.core.engine.lifecycle import outages
from supervisor.core.engine.orchestrator import session
from supervisor.core.engine.state import settled, summary, task_status
from supervisor.domain.action import Action, Notify
from supervisor.domain.task import Phase, TaskStatus
from supervisor.domain.world import World

TEXT = 2000  # characters of a notice's text; `orch asks` and runs.md have all of it
TITLE = 200


def notices(world: World, at: datetime) -> Iterator[Action]:
    """What is worth a notice and was not told yet: asks, blocked or failed work, an outage, the end."""
    if not world.config.notices:
        return
    for notice in (*_asks(world), *_blocked(world, at), *_paused(world, at), *_end(world, at)):
        if notice.kind in world.config.notices and notice.key not in world.notified:
            yield notice


def _asks(world: World) -> Iterator[Notify]:
    for ask in world.open_asks:
        whose = " ".join(dict.fromkeys(one for one in (ask.child, ask.task) if one))
        text = "\n\n".join(part for part in (ask.text, ask.steps, ask.expect) if part)
        title = f"{ask.id} ({ask.kind}{': ' + whose if whose else ''}) waits on you"
        choices = "|".join((*ask.choices, *(() if ask.request and ask.choices else ("TEXT",))))
        yield Notify(
            key=f"ask {ask.id}",
            kind="asks",
            title=title,
            text=text[:TEXT],
            next_step=f"orch answer {ask.id} {choices}",
            child=ask.child,
            task=ask.task,
            ask=ask.id,
            why="something waits on a human",
        )


def _blocked(world: World, at: datetime) -> Iterator[Notify]:
    """The moment in the key makes it a new one when the work was tried again and is blocked again."""
    for state in world.tasks.values():
        if state.phase not in (Phase.BLOCKED, Phase.FAILED):
            continue
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
    """Once for an outage, however long it lasts, and not before it is known for how long it pauses."""
    for provider, outage in world.outages.items():
        if at < outage.until and outage.asking is None and (outage.asked or not outage.limited):
            yield Notify(
                key=f"paused {provider} {outage.since.isoformat()}",
                kind="paused",
                title=f"everything that uses {provider or 'the provider'} pauses: it goes on by itself",
                text=outages.said(outage)[:TEXT],
                next_step="orch status",
                child=None,
                task=None,
                ask=None,
                why="the provider takes no work",
            )


def _end(world: World, at: datetime) -> Iterator[Notify]:
    """Told again when anything was done since and all has come to an end again."""
    tasks = [world.tasks[task.id] for task in world.plan.tasks] if world.plan.current else []
    over = all(state.phase in (Phase.DONE, Phase.BLOCKED, Phase.FAILED) for state in tasks)
    if session.busy(world):  # it may still change the plan
        return
    if not tasks or not over or world.open_asks or not all(settled(world, state, at) for state in tasks):
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
