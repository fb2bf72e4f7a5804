"""What the human is told by what the config names under `notify:`. Each notice has a key, and no key is used twice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from supervisor.core.engine.lifecycle import outages
from supervisor.core.engine.orchestrator import session
from supervisor.core.engine.state import settled, summary, task_state
from supervisor.domain.action import Action, Notify
from supervisor.domain.run import Phase, TaskState
from supervisor.domain.world import World

TEXT = 2000  # characters of a notice's text; `orch asks` and runs.md have all of it
TITLE = 200


def notices(world: World, at: datetime) -> Iterator[Action]:
    """What is worth a notice and was not told yet: asks, blocked or failed work, an outage, the end."""
    if not world.notices:
        return
    for notice in (*_asks(world), *_blocked(world, at), *_paused(world, at), *_end(world, at)):
        if notice.kind in world.notices and notice.key not in world.notified:
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
    for work in world.works.values():
        if work.phase not in (Phase.BLOCKED, Phase.FAILED):
            continue
        state, why = task_state(world, work, at)
        if state in (TaskState.BLOCKED, TaskState.FAILED):
            yield Notify(
                key=f"{state} {work.task} {work.since.isoformat() if work.since else ''}",
                kind="blocked",
                title=f"{work.task} is {state}: {work.title}"[:TITLE],
                text="\n\n".join(part for part in (why, summary(work)) if part)[:TEXT],
                next_step=f"orch go {work.task}",
                child=work.child,
                task=work.task,
                ask=None,
                why=f"it is {state}",
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
    works = [world.works[task.id] for task in world.plan.tasks] if world.plan else []
    over = all(work.phase in (Phase.DONE, Phase.BLOCKED, Phase.FAILED) for work in works)
    if session.busy(world):  # it may still change the plan
        return
    if not works or not over or world.open_asks or not all(settled(world, work, at) for work in works):
        return
    states = [task_state(world, work, at)[0] for work in works]
    done = states.count(TaskState.DONE)
    others = f", {len(works) - done} blocked or failed" if done < len(works) else ""
    last = max((work.since for work in works if work.since), default=None)
    yield Notify(
        key=f"end {last.isoformat() if last else ''}",
        kind="end",
        title=f"all tasks are settled: {done} done{others}",
        text="\n".join(f"{work.task} {state}: {work.title}" for work, state in zip(works, states, strict=True))[:TEXT],
        next_step="orch status",
        child=None,
        task=None,
        ask=None,
        why="all tasks are settled",
    )
