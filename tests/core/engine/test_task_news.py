"""What the log tells of tasks: each state that matters once, when it comes."""

from __future__ import annotations

from msgspec.structs import replace

from supervisor.core.engine.state import task_news
from supervisor.domain.task import Phase, TaskState
from supervisor.domain.world import World
from tests.core.view.worlds import NOON, PLAN, T1, world_at_work


def of(world: World, **states: TaskState) -> World:
    return replace(world, tasks={**world.tasks, **states})


def told(before: World, after: World) -> list[tuple[str, str | None]]:
    return [(one.event, one.task) for one in task_news(before, after, NOON)]


def test_nothing_is_told_twice_or_without_a_change() -> None:
    world = world_at_work()
    assert told(world, world) == []
    again = of(world, T1=replace(world.tasks["T1"], note="other"))
    assert told(world, again) == []


def test_done_blocked_failed_and_settled_are_told_when_they_come() -> None:
    world = world_at_work()
    before = of(world, T1=replace(world.tasks["T1"], phase=Phase.CHECKING))
    before = replace(before, plan=replace(before.plan, current=replace(PLAN, tasks=(T1,))), asks={}, requests={})
    for phase in (Phase.DONE, Phase.BLOCKED, Phase.FAILED):
        after = of(before, T1=replace(before.tasks["T1"], phase=phase, why="so"))
        assert told(before, after) == [(f"task_{phase}", "T1"), ("tasks_settled", None)]
        assert told(after, before) == []


def test_a_task_that_the_plan_holds_or_no_longer_has_is_told() -> None:
    before = world_at_work()
    held = replace(PLAN, tasks=tuple(replace(task, hold=task.id == "H1") for task in PLAN.tasks))
    assert ("task_held", "H1") in told(before, replace(before, plan=replace(before.plan, current=held)))
    gone = replace(PLAN, tasks=PLAN.tasks[1:])
    assert ("task_retired", "T1") in told(before, replace(before, plan=replace(before.plan, current=gone)))
