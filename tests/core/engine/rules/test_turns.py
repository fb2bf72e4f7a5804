"""Turns that fail, take too long, are cut off or never arrive: tried again, asked about, or given up."""

from __future__ import annotations

from msgspec.structs import replace

from supervisor.core.engine.lifecycle.turns import MAX_REFUSALS, MAX_RESUMES
from supervisor.core.engine.reconcile import wakeup
from supervisor.domain import action as act
from supervisor.domain import event as ev
from supervisor.domain.task import Due
from supervisor.domain.thread import Failure, TurnSeen, TurnStatus
from tests.core.engine.scene import BROKEN, T1, T2, Scene, kinds, only, report


def test_a_turn_that_the_server_refuses_is_tried_again_and_then_the_task_has_failed() -> None:
    scene = Scene(T1)
    scene.opened("backend")
    for number in range(1, MAX_REFUSALS):
        scene.post(ev.TurnRefused, "backend", "T1", f"orch-T1-{number}", "draining")
        assert kinds(scene.tick()) == [act.OpenThread]
        assert kinds(scene.opened("backend")) == [act.StartTurn]

    assert scene.post(ev.TurnRefused, "backend", "T1", f"orch-T1-{MAX_REFUSALS}", "draining") == ()
    assert scene.status("T1") == "failed"
    assert wakeup(scene.world, scene.now) is None
    assert kinds(scene.post(ev.RetryRequested, "T1")) == [act.OpenThread]


def test_a_failure_of_the_provider_is_tried_again_after_a_pause_and_then_the_task_has_failed() -> None:
    scene = Scene(T1).running("T1")
    for number, pause in enumerate((2.0, 4.0)):
        assert scene.ended("T1", TurnStatus.FAILED, failure=BROKEN) == ()
        before = scene.now
        assert only(scene.tick()).due is Due.RETRY
        assert (scene.now - before).total_seconds() == pause
        scene.began("T1", f"turn-{number + 2}")

    assert kinds(scene.ended("T1", TurnStatus.FAILED, failure=BROKEN)) == [act.EndLeftovers]
    assert scene.status("T1") == "failed"
    assert scene.why("T1").startswith("the provider failed 500: oops (3 tries)")


def test_a_failure_that_cannot_pass_by_itself_is_not_tried_again() -> None:
    scene = Scene(T1).running("T1")

    actions = scene.ended("T1", TurnStatus.FAILED, failure=Failure("unauthorized", 401, "no"))
    assert kinds(actions) == [act.EndLeftovers]
    assert scene.status("T1") == "failed"


def test_a_turn_that_takes_too_long_is_interrupted_and_the_task_is_blocked() -> None:
    scene = Scene(replace(T1, timeout=1.0)).running("T1")

    assert scene.tick() == (
        act.InterruptTurn("backend", "T1", "backend-thread", "turn-1", True, why="it took longer than its timeout"),
    )
    scene.ended("T1", TurnStatus.INTERRUPTED)
    assert scene.status("T1") == "blocked"


def test_the_time_that_a_turn_waits_on_a_human_does_not_count() -> None:
    scene = Scene(replace(T1, timeout=1.0)).running("T1")
    scene.asked("T1")
    assert wakeup(scene.world, scene.now) is None
    scene.post(ev.Ticked, after=600)
    scene.post(ev.RequestResolved, scene.request("T1").key)
    before = scene.now

    assert kinds(scene.tick()) == [act.InterruptTurn]
    assert 50 < (scene.now - before).total_seconds() < 60


def test_a_turn_interrupted_in_another_window_becomes_a_question() -> None:
    scene = Scene(T1).running("T1")

    assert kinds(scene.ended("T1", TurnStatus.INTERRUPTED)) == [act.RaiseAsk]
    again = only(scene.answer("A1", "accept"))
    assert (again.due, again.run) == (Due.ANSWER, 1)
    assert again.text.startswith(again.brief.text), "a steer just before the end may not have reached the child"


def test_a_turn_without_a_report_and_without_checks_becomes_a_question() -> None:
    scene = Scene(T2).running("T2")
    scene.ended("T2", text="I did it.")
    (asked,) = scene.checked("T2")

    assert isinstance(asked, act.RaiseAsk)
    assert "> I did it." in asked.text
    assert scene.answer("A1", "accept") == ()
    assert scene.status("T2") == "done"


def test_a_server_that_dies_is_started_again_and_its_turn_continues() -> None:
    scene = Scene(T1).running("T1")

    assert scene.exited("backend") == (act.EnsureServer("backend", why="it is gone: it ended with code 9"),)
    assert kinds(scene.ready("backend", pid=12)) == [act.OpenThread]
    again = only(scene.opened("backend", TurnSeen("turn-1", TurnStatus.INTERRUPTED, ("orch-T1-1",))))
    assert (again.due, again.run) == (Due.RESUME, 1)


def test_a_turn_that_never_arrived_is_started_again_and_one_that_did_is_not() -> None:
    for arrived in (False, True):
        scene = Scene(T1)
        scene.opened("backend")
        scene.exited("backend")
        scene.ready("backend", adopted=True)
        seen = [TurnSeen("turn-1", TurnStatus.IN_PROGRESS, ("orch-T1-1",))] if arrived else []
        actions = scene.opened("backend", *seen)

        assert kinds(actions) == ([] if arrived else [act.StartTurn])
        assert scene.state("T1").turn_id == ("turn-1" if arrived else None)


def test_a_turn_that_ended_while_no_supervisor_ran_is_not_started_again() -> None:
    scene = Scene(T1).running("T1")
    scene.start(running=("backend",))
    scene.ready("backend", adopted=True)

    actions = scene.opened("backend", TurnSeen("turn-1", TurnStatus.COMPLETED, ("orch-T1-1",), report()))

    assert kinds(actions) == [act.RunChecks]


def test_a_turn_that_left_no_trace_in_its_thread_is_cut_off() -> None:
    scene = Scene(T1).running("T1")
    scene.exited("backend")
    scene.ready("backend", pid=12)

    assert only(scene.opened("backend")).due is Due.RESUME


def test_a_turn_of_somebody_else_that_left_no_trace_blocks_nothing() -> None:
    scene = Scene(T1)
    scene.opened("backend", TurnSeen("foreign", TurnStatus.IN_PROGRESS))
    scene.exited("backend")
    scene.ready("backend", pid=12)

    assert kinds(scene.opened("backend")) == [act.StartTurn]


def test_a_turn_that_is_cut_off_again_and_again_becomes_a_question() -> None:
    scene = Scene(T1).running("T1")
    for number in range(MAX_RESUMES):
        scene.exited("backend", after=100)
        scene.ready("backend", pid=100 + number)
        scene.opened("backend", TurnSeen(f"turn-{number + 1}", TurnStatus.INTERRUPTED))
        scene.began("T1", f"turn-{number + 2}")
    scene.exited("backend", after=100)
    scene.ready("backend", pid=200)

    assert kinds(scene.opened("backend", TurnSeen(f"turn-{MAX_RESUMES + 1}", TurnStatus.INTERRUPTED))) == [act.RaiseAsk]
    assert scene.status("T1") == "needs_human"


def test_a_turn_that_is_refused_because_another_one_or_a_compaction_runs_costs_no_try() -> None:
    scene = Scene(T1)
    scene.opened("backend")
    for reason in ["ActiveTurnNotSteerable", "failed to submit turn input: ActiveTurnOutputSchemaMismatch"] * 5:
        assert scene.state("T1").delivery is not None
        scene.post(ev.TurnRefused, "backend", "T1", scene.state("T1").delivery.message, reason)
        assert scene.state("T1").tries.refusals == 0
        scene.tick()
        scene.opened("backend")
    assert scene.status("T1") == "running"
