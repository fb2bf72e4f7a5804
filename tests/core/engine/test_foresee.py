"""The picture of a version of plan.md is what the engine then does."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from hypothesis import given
from msgspec.structs import replace

from supervisor.core.engine.foresee import describe_picture, picture_of, surprise
from supervisor.core.engine.readiness import first_map
from supervisor.core.engine.reconcile import advance
from supervisor.core.engine.state import plan_state
from supervisor.domain import action as act
from supervisor.domain import event as ev
from supervisor.domain.plan import Budget, Effect, Foreseen, Plan, Problem, Task
from supervisor.domain.task import Phase
from supervisor.domain.world import World
from tests.core.engine.scene import CHANGED, H1, T1, T2, Scene, asking, plan_of
from tests.core.engine.story import Story
from tests.core.engine.telling import numbers, showing, story_settings

MOVED = replace(T1, child="mobile")
HELD = replace(T1, hold=True)
ON_MOBILE = replace(T2, id="T3", child="mobile")


def with_settings(world: World, **changes: object) -> World:
    return replace(world, config=replace(world.config, **changes))


def picture(scene: Scene, *tasks: Task) -> dict[str, str]:
    event = ev.PlanAccepted(scene.now + timedelta(seconds=1), 9, "new", "an edit", plan_of(*tasks))
    return {one.task: str(one.effect) for one in picture_of(scene.world, event)}


def test_a_first_plan_starts_what_is_ready_and_says_what_the_rest_waits_for() -> None:
    scene = Scene()
    tasks = (T1, T2, replace(T2, id="T3", child="mobile", after=("T1",)), H1, replace(T2, id="T4", child="mobile"))
    event = ev.PlanAccepted(scene.now, 1, "new", "an edit", plan_of(*tasks))
    assert [(one.task, str(one.effect), one.why) for one in picture_of(scene.world, event)] == [
        ("T1", "starts", ""),
        ("T2", "waits", "another task goes first in backend"),
        ("T3", "waits", "after T1"),
        ("H1", "asks", "its turn in the plan has come"),
        ("T4", "starts", ""),
    ]


@pytest.mark.parametrize(
    ("tasks", "effect"),
    [
        ((CHANGED,), "redirected"),
        ((MOVED,), "moved"),
        ((HELD,), "interrupted"),
        ((replace(T1, budget=Budget(minutes=0.001)),), "interrupted"),
        ((), "retired"),
        ((T1, T2), "unchanged"),
    ],
)
def test_what_an_edit_does_to_a_running_task(tasks: tuple[Task, ...], effect: str) -> None:
    assert picture(Scene(T1).running("T1"), *tasks)["T1"] == effect


@pytest.mark.parametrize(
    ("tasks", "effect"), [((CHANGED,), "reopened"), ((MOVED,), "reopened"), ((HELD,), "held"), ((), "retired")]
)
def test_what_an_edit_does_to_a_task_that_is_done(tasks: tuple[Task, ...], effect: str) -> None:
    assert picture(Scene(T1).done("T1"), *tasks)["T1"] == effect


@pytest.mark.parametrize(
    ("tasks", "effect"),
    [((CHANGED,), "redirected"), ((MOVED,), "moved"), ((HELD,), "held"), ((), "retired"), ((T1,), "unchanged")],
)
def test_what_an_edit_does_to_a_task_that_waits_on_a_human(tasks: tuple[Task, ...], effect: str) -> None:
    assert picture(asking(), *tasks)["T1"] == effect


def test_what_waits_for_the_first_map_only_starts_in_a_moment() -> None:
    scene = Scene(up=False)
    scene.draws = False
    scene.ready("backend")
    event = ev.PlanAccepted(scene.now, 1, "new", "an edit", plan_of(T1, T2))
    assert [(one.task, str(one.effect), one.why) for one in picture_of(scene.world, event)] == [
        ("T1", "starts", "once the first map of the repos is drawn"),
        ("T2", "waits", "another task goes first in backend"),
    ]


def test_only_the_run_of_a_running_task_is_stopped() -> None:
    scene = Scene(T1, T2).running("T1")
    event = ev.PlanAccepted(scene.now, 9, "new", "an edit", plan_of())
    assert [(one.task, one.stops) for one in picture_of(scene.world, event)] == [("T1", True), ("T2", False)]


@pytest.mark.parametrize(
    ("limit", "tasks", "waits"),
    [
        (None, (), False),
        (1.0, (), False),
        (0.5, (), True),
        (0.5, (T1,), False),  # just the half
        (0.49, (T1,), True),
        (0.0, (T1, replace(ON_MOBILE, hold=True)), True),
        (0.0, (T1, replace(ON_MOBILE, instructions="Another.")), False),  # a redirect ends no run
        (0.0, (T1, ON_MOBILE), False),  # T2 was not running
    ],
)
def test_an_edit_that_ends_too_many_runs_is_a_surprise(
    limit: float | None, tasks: tuple[Task, ...], waits: bool
) -> None:
    scene = Scene(T1, ON_MOBILE, T2).running("T1").running("T3", "turn-3")
    world = with_settings(scene.world, surprise=limit)
    found = surprise(world, ev.PlanAccepted(scene.now, 9, "new", "an edit", plan_of(*tasks)))
    assert (found is not None) is waits


def test_a_surprise_says_which_runs_and_how_many() -> None:
    scene = Scene(T1, ON_MOBILE).running("T1").running("T3", "turn-3")
    world = with_settings(scene.world, surprise=0.125)
    found = surprise(world, ev.PlanAccepted(scene.now, 9, "new", "an edit", plan_of(T1)))
    assert found == "it would stop 1 of 2 running tasks (T3), more than `limits.surprise: 12.5%`"


def test_what_waits_for_go_does_nothing_and_a_further_version_or_its_end_takes_its_place() -> None:
    scene = Scene(T1).running("T1")
    waits = partial(scene.post, ev.PlanPostponed, "d2", "T1 removed", plan_of(T2), "it would stop 1 of 1")
    assert [action for action in waits() if not isinstance(action, act.Notify)] == []
    assert (plan_state(scene.world), scene.status("T1"), scene.world.plan.revision) == ("waiting", "running", 1)
    scene.start(running=("backend", "mobile"))
    assert plan_state(scene.world) == "waiting", "a restart changes nothing"
    scene.post(ev.PlanRejected, "d3", (Problem(1, "no title"),))
    assert (plan_state(scene.world), scene.world.plan.postponed) == ("rejected", None)
    waits()
    assert plan_state(scene.world) == "waiting"
    scene.post(ev.PlanMissing, "there is no plan.md")
    assert (plan_state(scene.world), scene.world.plan.postponed) == ("missing", None)
    waits()
    scene.plan(T2)
    assert (plan_state(scene.world), scene.status("T1")) == ("in_force", "retired")


def test_what_waits_for_go_is_notified_once_for_each_save() -> None:
    scene = Scene(T1).running("T1")
    scene.world = with_settings(scene.world, notices=("asks",))
    waits = partial(scene.post, ev.PlanPostponed, "d2", "T1 removed", plan_of(T2), "it would stop 1 of 1")
    sent = [
        action for _ in range(2) for action in (*waits(), *scene.post(ev.HoldSet)) if isinstance(action, act.Notify)
    ]
    assert [(one.title, one.text, one.next_step) for one in sent] == [
        ("plan.md waits for `orch go`", "T1 removed: it would stop 1 of 1", "orch plan check")
    ] * 2


def test_the_picture_is_recorded_with_the_revision_and_kept() -> None:
    scene = Scene(T1).running("T1")
    scene.plan(T1, T2)
    (accepted,) = [one for one in scene.step.events if isinstance(one, ev.PlanAccepted)]
    assert accepted.picture == (Foreseen("T2", "backend", Effect.WAITS, "another task works in backend"),)
    assert scene.world.plan.picture == accepted.picture


def test_a_picture_in_one_line_names_the_worst_first_and_leaves_out_what_stays() -> None:
    effects = {"T1": "starts", "T2": "unchanged", "T3": "interrupted", "T4": "starts", "T5": "retired"}
    line = describe_picture(Foreseen(task, "backend", Effect(effect)) for task, effect in effects.items())
    assert line == "interrupts T3; retires T5; starts T1, T4"
    many = [Foreseen(f"T{number}", "backend", Effect.WAITS) for number in range(15)]
    assert describe_picture(many).endswith("T11 and 3 more")


class Watched(Story):
    """A story in which each version of plan.md must do what its picture says, and so must one that nobody saved."""

    def advance(self, event: ev.Event) -> None:
        world = self.world
        assert world is not None
        if isinstance(event, ev.PlanAccepted) and not world.supervisor.exiting:
            _as_foreseen(world, event)
        super().advance(event)
        after = self.world
        if after is not None and after.plan.tasks and not after.supervisor.exiting:
            number = after.plan.revision + 1
            _as_foreseen(after, ev.PlanAccepted(self.now, number, "tried", "an edit", self._tried(after)))

    def _tried(self, world: World) -> Plan:
        """Return another edit of the plan in force for each step."""
        plan = world.plan.current
        assert plan is not None
        what, at = self.steps % 5, self.steps // 5 % len(plan.tasks)
        task = plan.tasks[at]
        changed = {
            0: (replace(task, instructions=f"{task.instructions} More."),),
            1: (replace(task, child="mobile" if task.child == "backend" else "backend"),),
            2: (replace(task, hold=not task.hold),),
            3: (),
            4: (task, replace(task, id="T9")),
        }[what]
        return replace(plan, tasks=(*plan.tasks[:at], *changed, *plan.tasks[at + 1 :]))


STARTED = {Effect.STARTS, Effect.CONTINUES, Effect.REDIRECTED, Effect.REOPENED, Effect.MOVED}
ENDED = {Effect.INTERRUPTED, Effect.MOVED, Effect.RETIRED}


def _as_foreseen(world: World, event: ev.PlanAccepted) -> None:
    """Assert that what the engine does at once is in the picture, and that what is in the picture is done."""
    at, picture = event.at, picture_of(world, event)
    step = advance(world, event)
    effects = {one.task: one.effect for one in picture}
    stands = {one.task: one.why for one in picture if one.effect is Effect.UNCHANGED}
    assert {*effects} == {task.id for plan in (world.plan, step.world.plan) for task in plan.tasks}
    done: dict[str, set[type]] = {task: set() for task in effects}
    for action in step.actions:
        if isinstance(action, act.StartTurn | act.SteerTurn | act.InterruptTurn | act.RaiseAsk) and action.task in done:
            done[action.task].add(type(action))
            _in_the_picture(action, effects[action.task], stands.get(action.task, ""))
    for task, effect in effects.items():
        state = world.tasks.get(task)
        thread = world.threads.get(state.thread) if state is not None and state.thread is not None else None
        reached = thread is not None and thread.open and thread.id is not None
        free = state is not None and reached and state.phase is Phase.WORKING and (state.not_before or at) <= at
        if free and effect in ENDED:
            assert act.InterruptTurn in done[task], (task, effect)
        if free and effect is Effect.REDIRECTED and state is not None and state.steer is None:
            assert act.SteerTurn in done[task], (task, effect)
        if effect is Effect.ASKS:
            assert act.RaiseAsk in done[task], (task, effect)
        drawn = first_map(step.world)
        if effect in (Effect.STARTS, Effect.CONTINUES) and (drawn is None or drawn <= at):
            waits = _waits_for_its_thread(step.world, task) or _waits_for_its_tree(step.world, task)
            assert act.StartTurn in done[task] or waits, (task, effect)


def _in_the_picture(action: act.Action, effect: Effect, stands: str) -> None:
    match action:
        case act.StartTurn():
            assert effect in STARTED or stands.startswith(tuple(STARTED)), (action.task, effect, stands)
        case act.SteerTurn() if not action.nudge and "revision" in action.why:
            assert effect is Effect.REDIRECTED or stands.startswith("redirected"), (action.task, effect, stands)
        case act.InterruptTurn() if not action.stalled:
            assert effect in ENDED or stands.startswith(tuple(ENDED)), (action.task, effect, stands)
        case act.RaiseAsk() if action.brief is not None:
            asked = effect in (Effect.ASKS, Effect.REOPENED, Effect.MOVED) or stands.startswith("asks")
            assert asked, (action.task, effect, stands)


def _waits_for_its_tree(world: World, task: str) -> bool:
    own = world.tasks[task].own_tree
    return own is not None and own.busy


def _waits_for_its_thread(world: World, task: str) -> bool:
    child = world.tasks[task].child
    planned = world.plan.task(task)
    threads = [one for (owner, _), one in world.threads.items() if owner in (child, planned.child if planned else "")]
    return any(one.opening or not one.open or one.running is not None for one in threads)


@pytest.mark.promise("foreseen")
@story_settings
@given(numbers(400))
def test_whatever_happens_a_version_does_what_its_picture_says(row: list[int]) -> None:
    story = Watched(row)
    with showing(story):
        story.run()
