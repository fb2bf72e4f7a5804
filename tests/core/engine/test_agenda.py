"""The agenda follows from the plan and its tasks, whichever way they came about. Stories check it too, at each step."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from msgspec.structs import replace

from supervisor.core.engine import agenda
from supervisor.core.engine.agenda import Agenda, Sign, agenda_of, changed
from supervisor.core.engine.prompts import brief_of
from supervisor.core.engine.reconcile import advance
from supervisor.domain import event as ev
from supervisor.domain.child import Child
from supervisor.domain.plan import HUMAN, Budget, Plan, Task
from supervisor.domain.server import Server, ServerState
from supervisor.domain.task import (
    Brief,
    Briefing,
    Due,
    Leftovers,
    Phase,
    RunResult,
    Steer,
    TaskState,
    Tree,
    Turn,
    Usage,
)
from supervisor.domain.thread import Thread, Tokens, TurnSeen, TurnStatus
from supervisor.domain.world import PlanState, World
from tests.bench.growth import LATER, at_work
from tests.core.engine.slowly import contents, lawful

AT = datetime(2026, 1, 1, tzinfo=UTC)
CHILDREN = ("c0", "c1", "c2", HUMAN)


def plan_of(dice: Random, size: int) -> Plan:
    tasks = tuple(
        Task(
            f"T{number}",
            f"Do {number}",
            dice.choice(CHILDREN),
            after=tuple(f"T{dice.randrange(number)}" for _ in range(dice.randrange(4))) if number else (),
            hold=dice.random() < 0.1,
            thread=dice.choice(("shared", "fresh")),
        )
        for number in range(size)
    )
    return Plan("Grow", hold=False, objective="", success="", contracts=(), tasks=tasks)


def state_of(dice: Random, plan: Plan, state: TaskState) -> TaskState:
    """Return any state of this task, whether or not the rules could lead to it."""
    task, child = plan.task(state.task), dice.choice((state.child, *CHILDREN))
    known = brief_of(task, plan) if task is not None and dice.random() < 0.8 else Brief("other", "")
    return replace(
        state,
        phase=dice.choice((*Phase, Phase.DONE, Phase.DONE, Phase.IDLE)),
        child=child,
        runs=dice.randrange(3),
        new_run=dice.random() < 0.5,
        thread=dice.choice((None, (child, None), (child, state.task))),
        turn=dice.choice((None, None, Turn(f"turn {state.task}", AT, AT, spent=Tokens(7, 1)))),
        leftovers=dice.choice((None, Leftovers(AT, AT))),
        steer=dice.choice((None, None, None, Steer("m", known))),
        brief=Briefing(dice.choice((None, known, known, known))),
        due=dice.choice((None, *Due)),
        not_before=dice.choice((None, AT + timedelta(seconds=5))),
        checking=dice.random() < 0.5,
        usage=dice.choice((Usage(), Usage(Tokens(dice.randrange(99), 1), dice.random()))),
        result=dice.choice((RunResult(), RunResult(base=Tree(None, None, ())))),
    )


def world_of(plan: Plan) -> World:
    """A world in which the plan has just come into force, and all servers are ready."""
    return World(
        plan=PlanState(plan, missing=None),
        tasks={one.id: TaskState(one.id, one.title, one.child) for one in plan.tasks},
        servers={name: Server(Child(name, f"/{name}"), state=ServerState.READY) for name in CHILDREN[:3]},
    )


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
