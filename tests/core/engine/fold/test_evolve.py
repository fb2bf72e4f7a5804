"""The fold as a whole: stale and foreign events do not change the world, and it does not grow."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from supervisor.core.engine.evolve import evolve
from supervisor.core.engine.lifecycle.transitions import TASK_TRANSITIONS, TaskTrigger, after_task
from supervisor.core.engine.lifecycle.updates import with_map
from supervisor.domain import action as act
from supervisor.domain import event as ev
from supervisor.domain.ask import Answer, RequestKey
from supervisor.domain.event import Event
from supervisor.domain.task import Phase
from supervisor.domain.thread import TurnSeen, TurnStatus
from tests.core.engine.scene import NOON, T1, T2, TREE, Scene, report


@pytest.mark.parametrize(
    "event",
    [
        ev.ServerExited(NOON, "backend", 99, "an older one ended", ""),
        ev.ServerReady(NOON, "backend", 99, "/run/s", "0.169.0", adopted=False),
        ev.ServerUnresponsive(NOON, "backend", 99, "no answer", 2),
        ev.ServerResponded(NOON, "backend", 99),
        ev.ServerExited(NOON, "nobody", 1, "it ended", ""),
        ev.ServerStopped(NOON, "nobody"),
        ev.ThreadOpened(NOON, "backend", 11, "backend-thread", None, False, ()),
        ev.ThreadOpened(NOON, "nobody", 11, "a-thread", None, False, ()),
        ev.ThreadFailed(NOON, "backend", "backend-thread", None, True, "no rollout found"),
        ev.TurnBegan(NOON, "backend", "backend-thread", "turn-1", "orch-T1-1"),
        ev.TurnBegan(NOON, "backend", "another-thread", "turn-9", None),
        ev.TurnEnded(NOON, "backend", "another-thread", TurnSeen("turn-1", TurnStatus.COMPLETED)),
        ev.TurnRetried(NOON, "backend", "another-thread", "turn-9", "reconnecting"),
        ev.RequestResolved(NOON, RequestKey("backend", 11, "7")),
        ev.RequestDeclined(NOON, "backend", "item/unknown"),
        ev.AskAnswered(NOON, "A9", Answer("accept", "")),
        ev.RetryRequested(NOON, "T9"),
        ev.RestartRequested(NOON, "nobody"),
        ev.ChecksFinished(NOON, "backend", "T1", 1, (), ()),
        ev.ChecksLost(NOON, "backend", "T9", 1, "gone"),
        ev.Ticked(NOON),
    ],
    ids=lambda event: type(event).__name__,
)
def test_a_stale_or_foreign_event_gives_the_very_same_world(event: Event) -> None:
    world = Scene(T1).running("T1").world

    assert evolve(world, event) is world


@pytest.mark.parametrize(
    "event",
    [
        ev.TurnRefused(NOON, "mobile", "T1", "orch-T1-9", "draining"),
        ev.SteerArrived(NOON, "backend", "T1", "turn-1", "orch-T1-9"),
        ev.SteerMissed(NOON, "backend", "T1", "turn-1", "orch-T1-9", "no active turn"),
        ev.InterruptFailed(NOON, "backend", "T1", "turn-9", "no active turn"),
        ev.TreeRead(NOON, "backend", "T1", 9, replace(TREE, head="def")),
        ev.TreeRead(NOON, "backend", "T1", 1, replace(TREE, head="def")),
        ev.ChecksFinished(NOON, "backend", "T1", 9, (), ()),
        ev.RetryRequested(NOON, "T1"),
        ev.LearningNoted(NOON, "human", "known"),
    ],
    ids=lambda event: type(event).__name__,
)
def test_a_late_event_of_an_older_try_changes_nothing(event: Event) -> None:
    scene = Scene(T1).running("T1")
    scene.post(ev.LearningNoted, "human", "known")

    assert evolve(scene.world, event) == scene.world


def test_an_answer_that_comes_twice_counts_once() -> None:
    scene = Scene(T1).running("T1")
    scene.asked("T1")
    scene.answer("A1", "accept")
    scene.answer("A1", "decline")

    assert scene.world.asks["A1"].answer == Answer("accept", "")


@pytest.mark.parametrize("trigger", TaskTrigger)
def test_an_absent_row_is_a_bug_and_says_so(trigger: TaskTrigger) -> None:
    absent = next(phase for phase in Phase if phase not in TASK_TRANSITIONS[trigger])

    with pytest.raises(AssertionError, match=f"no row for '{trigger}' in state '{absent}'"):
        after_task(absent, trigger)


def test_the_world_is_the_fold_of_what_was_recorded() -> None:
    scene = Scene(T1, T2)
    scene.draws, scene.leaves = False, True
    world, recorded, post = scene.world, list[Event](), scene.post

    def recording(*args: object, **fields: object) -> tuple[act.Action, ...]:
        actions = post(*args, **fields)  # type: ignore[arg-type]
        recorded.extend(scene.step.events)
        return actions

    scene.post = recording  # type: ignore[method-assign]
    scene.running("T1")
    (look,) = scene.ended("T1")
    assert isinstance(look, act.LookForLeftovers)
    scene.nothing_left(look)
    scene.checked("T1")
    scene.exited("backend")
    scene.ready("backend", pid=12)
    for event in recorded:
        world = evolve(world, event)

    assert world == scene.world


@pytest.mark.promise("no growth")
def test_what_is_known_does_not_grow_with_the_turns() -> None:
    scene, sizes = Scene(T1), {}
    for number in range(500):
        if number:
            scene.plan(replace(T1, instructions=f"Answer {number:03}."))
        scene.running("T1", f"turn-{number:03}")
        scene.asked("T1", str(number))
        scene.answer(f"A{number + 1}", "accept")
        scene.ended("T1", text=report(learned=[f"fact {number:03}"]))
        scene.checked("T1")
        scene.world = with_map(scene.world, digest="")
        if number in (250, 499):
            sizes[number] = len(str(scene.world))

    assert scene.status("T1") == "done"
    assert [*scene.world.asks][-1] == "A500"
    assert sizes[499] < 1.02 * sizes[250]


def test_the_keys_of_old_notices_go_but_for_those_of_open_asks() -> None:
    scene = Scene(T1).running("T1")
    scene.asked("T1")
    for key in ("ask A1", *(f"paused {number}" for number in range(1100))):
        notice = act.Notify(key, "asks", "", "", "", None, None, None, why="")
        scene.world = evolve(scene.world, ev.Intended(scene.now, notice))
    assert [*scene.world.notified] == ["ask A1", *(f"paused {number}" for number in range(99, 1100))]
