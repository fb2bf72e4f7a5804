"""Steps: what each records, and when the next one is due."""

from __future__ import annotations

from supervisor.core.engine.reconcile import advance, decide, wakeup
from supervisor.domain import event as ev
from supervisor.domain.world import World
from tests.core.engine.scene import H1, T1, T2, Scene


def test_a_step_records_the_event_and_then_what_is_intended() -> None:
    scene = Scene(T1)
    scene.opened("backend")

    event, intended = scene.step.events
    assert isinstance(event, ev.ThreadOpened)
    assert intended == ev.Intended(scene.now, scene.step.actions[0])


def test_a_tick_and_a_repeated_turn_event_leave_no_trace() -> None:
    scene = Scene(T1).running("T1")
    scene.post(ev.TurnBegan, "backend", "backend-thread", "turn-1", "orch-T1-1")
    assert scene.step.events == ()
    scene.post(ev.Ticked)
    assert scene.step.events == ()


def test_deciding_again_gives_nothing_new() -> None:
    scene = Scene(T1, T2, H1)
    scene.opened("backend")

    assert decide(scene.world, scene.now) == ()


def test_an_empty_world_has_nothing_to_do() -> None:
    scene = Scene(up=False)

    assert advance(World(), ev.Ticked(scene.now)).actions == ()
    assert wakeup(World(), scene.now) is None


def test_a_moment_that_passes_between_a_decision_and_the_next_look_at_the_clock_still_counts() -> None:
    scene = Scene()
    scene.exited("backend", after=0.1)
    scene.ready("backend", pid=12)
    scene.exited("backend", after=0.1)
    due = scene.world.servers["backend"].not_before

    assert due is not None
    assert wakeup(scene.world, scene.now) == due
    assert wakeup(scene.world, due) is None
