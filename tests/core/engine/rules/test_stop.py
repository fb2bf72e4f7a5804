"""`orch down`: turns are interrupted, then servers stop, then the supervisor ends."""

from __future__ import annotations

from supervisor.core.engine.lifecycle.servers import CRASH_BUDGET
from supervisor.core.engine.rules.servers import STOP_PATIENCE
from supervisor.domain import action as act
from supervisor.domain import event as ev
from supervisor.domain.task import Due
from supervisor.domain.thread import TurnSeen, TurnStatus
from tests.core.engine.scene import T1, T2, Scene, kinds, only


def test_down_interrupts_turns_then_stops_the_servers_then_exits() -> None:
    scene = Scene(T1, T2).running("T1")

    assert scene.post(ev.DownRequested, False) == (
        act.InterruptTurn(
            "backend", "T1", "backend-thread", "turn-1", False, why="`orch down`: it continues with the next `orch up`"
        ),
    )
    assert scene.ended("T1", TurnStatus.INTERRUPTED) == (
        act.StopServer("backend", kill=False, why="`orch down`"),
        act.StopServer("mobile", kill=False, why="`orch down`"),
    )
    assert scene.post(ev.ServerStopped, "backend") == ()
    assert scene.post(ev.ServerStopped, "mobile") == (act.Exit(why="`orch down`"),)
    assert scene.world.supervisor.exiting


def test_down_does_not_wait_for_long() -> None:
    scene = Scene(T1).running("T1")
    scene.post(ev.DownRequested, False)
    before = scene.now

    assert kinds(scene.tick()) == [act.StopServer, act.StopServer]
    assert scene.now - before == STOP_PATIENCE


def test_down_now_does_not_wait_at_all() -> None:
    scene = Scene(T1).running("T1")

    assert kinds(scene.post(ev.DownRequested, True)) == [act.InterruptTurn, act.StopServer, act.StopServer]


def test_an_interrupted_task_continues_with_the_next_up() -> None:
    scene = Scene(T1).running("T1")
    scene.post(ev.DownRequested, False)
    scene.ended("T1", TurnStatus.INTERRUPTED)
    scene.start()
    scene.ready("backend", pid=12)

    again = only(scene.opened("backend", TurnSeen("turn-1", TurnStatus.INTERRUPTED, ("orch-T1-1",))))

    assert (again.due, again.run) == (Due.RESUME, 1)


def test_down_ends_with_a_server_that_will_not_die_after_one_try() -> None:
    scene = Scene()
    scene.post(ev.DownRequested, False)
    scene.post(ev.ServerStopped, "backend")

    assert scene.post(ev.ServerStopFailed, "mobile", "it would not die") == (act.Exit(why="`orch down`"),)


def test_down_stops_a_server_that_was_given_up_too_for_something_of_it_may_run() -> None:
    scene = Scene()
    for number in range(CRASH_BUDGET - 1):
        if not scene.exited("backend", after=0.1):
            scene.tick()
        scene.ready("backend", pid=100 + number)
    scene.exited("backend", after=0.1)
    assert str(scene.world.servers["backend"].state) == "failed"

    assert kinds(scene.post(ev.DownRequested, False)) == [act.StopServer, act.StopServer, act.WithdrawAsk]


def test_a_server_that_dies_for_good_while_the_supervisor_waits_to_stop_it_is_still_stopped() -> None:
    scene = Scene(T1).running("T1")
    for number in range(CRASH_BUDGET - 1):
        if not scene.exited("mobile", after=0.1):
            scene.tick()
        scene.ready("mobile", pid=100 + number)
    scene.post(ev.DownRequested, False)
    scene.exited("mobile", after=0.1)
    assert str(scene.world.servers["mobile"].state) == "failed"

    assert kinds(scene.ended("T1", TurnStatus.INTERRUPTED)) == [act.StopServer, act.StopServer]


def test_a_given_up_server_that_a_human_wants_back_during_down_is_stopped_and_not_left() -> None:
    scene = Scene(T1).running("T1")
    scene.post(ev.ServerExited, "mobile", 22, "it is gone", "")
    scene.post(ev.ServerStartFailed, "mobile", "codex is not logged in", True, "")
    scene.post(ev.DownRequested, False)
    scene.answer("A1", "accept")

    assert act.StopServer("mobile", kill=False, why="`orch down`") in scene.ended("T1", TurnStatus.INTERRUPTED)


def test_up_calls_a_down_off() -> None:
    scene = Scene(T1).running("T1")
    scene.post(ev.DownRequested, False)
    scene.post(ev.UpRequested, ("backend", "mobile"))

    assert only(scene.ended("T1", TurnStatus.INTERRUPTED)).due is Due.RESUME
