"""Stalls: a silent turn is spared while its commands work, then nudged, then interrupted, then given to the human."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from supervisor.core.engine.lifecycle.transitions import PULSE_TRANSITIONS, PulseTrigger
from supervisor.core.engine.reconcile import wakeup
from supervisor.core.engine.rules.servers import UNENDED
from supervisor.domain import action as act
from supervisor.domain import event as ev
from supervisor.domain.action import Action
from supervisor.domain.task import Due, Pulse, TurnLook
from supervisor.domain.thread import TurnSeen, TurnStatus
from tests.core.engine.scene import T1, Scene, kinds, only


def looked(
    scene: Scene, sign: datetime | None = None, *, state: str = "active", cpu: float | None = 0.0
) -> tuple[Action, ...]:
    """Post the result of a look at the turn."""
    turn = scene.state("T1").turn_id
    return scene.post(ev.TurnLooked, "backend", "T1", turn, TurnLook(scene.now, sign, state, ("make",), cpu))


def silent(scene: Scene) -> tuple[Action, ...]:
    """Post two looks in a row that find nothing."""
    assert kinds(scene.tick()) == [act.LookAtTurn]
    assert looked(scene) == ()
    assert kinds(scene.tick()) == [act.LookAtTurn]
    return looked(scene)


def arrived(scene: Scene) -> None:
    steer = scene.state("T1").steer
    assert steer is not None
    scene.post(ev.SteerArrived, "backend", "T1", scene.state("T1").turn_id, steer.message)


def test_a_turn_is_looked_at_after_the_set_time_and_again_after_its_last_sign_of_life() -> None:
    scene = Scene(T1).running("T1")
    before = scene.now
    assert kinds(scene.tick()) == [act.LookAtTurn]
    assert (scene.now - before).total_seconds() == 600
    sign = scene.now

    assert looked(scene, sign) == ()
    assert kinds(scene.tick()) == [act.LookAtTurn]
    assert (scene.now - sign).total_seconds() == 600


def test_a_turn_whose_commands_are_at_work_is_spared_and_the_status_says_so() -> None:
    scene = Scene(T1).running("T1")
    for round in range(5):
        scene.tick()
        looked(scene, cpu=100.0 * round)
        scene.tick()
        assert looked(scene, cpu=100.0 * round + 15.0) == ()

    assert scene.state("T1").turn.pulse is Pulse.LIVELY
    assert scene.why("T1") == "no sign of life for 10 min, but its commands use the CPU"


def test_a_stalled_turn_is_nudged_then_interrupted_and_resumed_and_at_last_given_to_the_human() -> None:
    scene = Scene(T1).running("T1")
    (nudge,) = silent(scene)
    assert isinstance(nudge, act.SteerTurn)
    assert nudge.nudge
    assert "no sign of life on T1 for 10 min" in nudge.text
    arrived(scene)

    (interrupt,) = silent(scene)
    assert isinstance(interrupt, act.InterruptTurn)
    assert interrupt.stalled
    again = only(scene.ended("T1", TurnStatus.INTERRUPTED))
    assert again.due is Due.RESUME
    assert "no sign of life" in again.text
    scene.began("T1", "turn-2")

    assert kinds(silent(scene)) == [act.SteerTurn]
    arrived(scene)
    assert kinds(silent(scene)) == [act.InterruptTurn]
    (ask,) = scene.ended("T1", TurnStatus.INTERRUPTED)
    assert isinstance(ask, act.RaiseAsk)
    assert "gives no sign of life" in ask.text
    assert "Codex reported its thread as active" in ask.text
    assert "these ran: `make`" in ask.text
    assert scene.status("T1") == "needs_human"
    assert only(scene.answer("A1", "text", "Skip that test.")).due is Due.ANSWER
    scene.began("T1", "turn-3")
    assert scene.state("T1").tries.stalls == 0


def test_a_sign_of_life_after_the_nudge_is_enough() -> None:
    scene = Scene(T1).running("T1")
    silent(scene)
    arrived(scene)
    scene.tick()

    assert looked(scene, scene.now) == ()
    assert scene.state("T1").turn.pulse is Pulse.LIVELY


def test_a_turn_that_waits_on_the_human_owes_no_sign() -> None:
    scene = Scene(T1).running("T1")
    scene.asked("T1")
    assert wakeup(scene.world, scene.now) is None
    scene.answer("A1", "accept")
    scene.post(ev.RequestResolved, scene.world.asks["A1"].request, after=3600)
    before = scene.now

    assert kinds(scene.tick()) == [act.LookAtTurn]
    assert (scene.now - before).total_seconds() == 600


def test_a_turn_that_is_over_for_codex_is_read_from_its_thread() -> None:
    scene = Scene(T1).running("T1")
    scene.tick()

    assert kinds(looked(scene, state="idle")) == [act.OpenThread]
    scene.opened("backend", TurnSeen("turn-1", TurnStatus.COMPLETED, text='{"outcome": "done", "summary": "x"}'))
    assert scene.status("T1") == "verifying"


def test_a_look_at_a_turn_that_is_over_meanwhile_changes_nothing() -> None:
    scene = Scene(T1).running("T1")
    scene.tick()
    scene.ended("T1")

    before = scene.world.tasks["T1"].phase
    scene.post(ev.TurnLooked, "backend", "T1", "turn-1", TurnLook(scene.now, None, "active"))
    assert scene.world.tasks["T1"].phase is before


def test_a_server_on_which_an_interrupted_turn_does_not_end_is_replaced() -> None:
    scene = Scene(T1).running("T1")
    scene.plan()  # the plan does not have it any more
    before = scene.now

    assert kinds(scene.tick()) == [act.StopServer]
    assert scene.now == before + UNENDED


def test_every_pulse_has_a_row_for_what_can_happen_to_it() -> None:
    rows: Mapping[PulseTrigger, Mapping[Pulse, Pulse]] = PULSE_TRANSITIONS
    assert set(rows) == set(PulseTrigger)
    assert set(rows[PulseTrigger.SIGN]) == set(rows[PulseTrigger.BUSY]) == set(Pulse)
    assert set(Pulse) - set(rows[PulseTrigger.SILENT]) == {Pulse.STALLED, Pulse.STUCK}, (
        "these are acted on, not looked at"
    )
