"""The agenda follows from the plan and its tasks, whichever way they came about. Stories check it too, at each step."""

from __future__ import annotations

from random import Random

import pytest
from msgspec.structs import replace

from supervisor.core.engine import agenda
from supervisor.core.engine.agenda import Agenda, Sign, agenda_of, changed
from supervisor.core.engine.reconcile import advance
from supervisor.domain import event as ev
from supervisor.domain.plan import Budget
from supervisor.domain.task import (
    Phase,
    TaskState,
)
from supervisor.domain.thread import Thread, TurnSeen, TurnStatus
from supervisor.domain.world import PlanState, World
from tests.bench.growth import LATER, at_work
from tests.core.engine.any_world import AT, plan_of, state_of, world_of
from tests.core.engine.slowly import contents, lawful


@pytest.mark.parametrize(("size", "steps"), [(1, 20), (12, 400), (200, 60), (2000, 8)])
def test_an_agenda_that_was_kept_up_is_the_one_from_scratch(size: int, steps: int) -> None:
    dice = Random(size)
    plan = plan_of(dice, size)
    threads = {("c0", None): Thread("c0", None, "t0", open=True), ("c1", None): Thread("c1", None, opening=True)}
    world = replace(world_of(plan), threads=threads)
    for _ in range(steps):
        names = dice.sample(sorted(world.tasks), min(size, dice.choice((1, 1, 2, 9))))
        before, world = (
            world,
            replace(world, tasks={**world.tasks, **{name: state_of(dice, plan, world.tasks[name]) for name in names}}),
        )
        if size <= 200:
            lawful(world, AT)
            lawful(replace(world, config=replace(world.config, parallel=2, task_budget=Budget(tokens=60))), AT)
            lawful(replace(world, plan=replace(world.plan, hold=True)), AT)
        assert contents(agenda_of(world)) == contents(Agenda(plan, world.tasks))
        assert contents(agenda_of(before)) == contents(Agenda(plan, before.tasks)), "one can go back, too"


def test_what_is_decided_about_2000_tasks_is_decided_from_scratch_too() -> None:
    dice = Random(7)
    world = at_work(len(BUSY), 2000)
    for number in range(12):
        child = dice.choice(BUSY)
        plan = world.plan.current
        running = next((one for one in world.tasks.values() if one.child == child and one.turn), None)
        assert plan is not None
        edited = dice.randrange(len(plan.tasks))
        task = replace(plan.tasks[edited], hold=dice.random() < 0.5, instructions=f"Another {number}.")
        tasks = (*plan.tasks[:edited], task, *plan.tasks[edited + 1 :])
        events: list[ev.Event] = [
            ev.LearningNoted(LATER, "human", f"fact {number}"),
            ev.PlanAccepted(LATER, number + 2, f"digest {number}", "an edit", replace(plan, tasks=tasks)),
            ev.Ticked(LATER),
        ]
        if running is not None and running.turn is not None and running.thread is not None:
            thread = world.threads[running.thread].id or ""
            seen = TurnSeen(running.turn.id, TurnStatus.COMPLETED, (), '{"outcome": "done", "summary": "done"}')
            events += [ev.TurnEnded(LATER, child, thread, seen)] * 2
        event = dice.choice(events)
        kept = advance(world, event)
        agenda.latest.clear()
        scratch = advance(world, event)
        assert (kept.actions, kept.world.tasks) == (scratch.actions, scratch.world.tasks)
        world = kept.world
        lawful(world, LATER)


BUSY = tuple(f"c{number}" for number in range(8))


def test_another_plan_and_other_tasks_have_an_agenda_of_their_own() -> None:
    dice = Random(1)
    one, other = plan_of(dice, 5), plan_of(dice, 7)
    states = {task.id: TaskState(task.id, task.title, task.child) for task in other.tasks}
    few = {name: states[name] for name in list(states)[:5]}
    for plan, tasks in ((one, few), (one, states), (other, states), (None, states), (None, {}), (one, few)):
        found = agenda_of(World(plan=PlanState(plan), tasks=tasks))
        assert contents(found) == contents(Agenda(plan, tasks))
        assert agenda_of(World(plan=PlanState(plan), tasks=tasks)) is found


def test_tasks_that_bear_a_sign_come_in_the_order_of_the_world() -> None:
    states = {name: TaskState(name, name, "c", phase=Phase.ASKING) for name in ("b", "c", "a")}
    world = World(tasks=states)
    agenda_of(world)
    again = replace(world, tasks={**states, "b": replace(states["b"], why="again")})
    assert [state.task for state in agenda_of(again).bearing(Sign.ASKING)] == ["b", "c", "a"]
    assert agenda_of(again).bearing(Sign.ASKING)[0].why == "again"


def test_what_has_changed_are_other_objects_under_the_same_keys() -> None:
    one, other = TaskState("T1", "", "c"), TaskState("T2", "", "c")
    before = {"T1": one, "T2": other}
    assert changed(before, before) == []
    assert changed(before, {**before}) == []
    assert changed(before, {**before, "T2": replace(other, why="x")}) == ["T2"]
    assert changed(before, {**before, "T3": one}) is None
    assert changed(before, {"T2": other, "T1": one}) is None
