"""Servers: started, replaced when they hang, given up when they keep dying, and stopped when the config drops them."""

from __future__ import annotations

import pytest

from supervisor.core.engine.lifecycle.servers import CRASH_BUDGET
from supervisor.core.engine.reconcile import wakeup
from supervisor.domain import action as act
from supervisor.domain import event as ev
from supervisor.domain.ask import AskKind
from supervisor.domain.task import Due
from supervisor.domain.thread import TurnSeen, TurnStatus
from tests.core.engine.scene import (
    BACKEND,
    MOBILE,
    T1,
    Scene,
    child_changed,
    kinds,
    only,
    report,
)


def test_servers_that_are_wanted_are_started_each_once() -> None:
    scene = Scene(up=False)

    assert scene.step.actions == (
        act.EnsureServer("backend", why="it should run, and is not known to"),
        act.EnsureServer("mobile", why="it should run, and is not known to"),
    )
    assert scene.post(ev.UpRequested, ("backend", "mobile")) == ()


def test_a_server_that_does_not_answer_twice_is_replaced() -> None:
    scene = Scene()

    assert scene.post(ev.ServerUnresponsive, "backend", 11, "no answer", 1) == ()
    assert scene.post(ev.ServerResponded, "backend", 11) == ()
    scene.post(ev.ServerUnresponsive, "backend", 11, "no answer", 1)
    assert scene.post(ev.ServerUnresponsive, "backend", 11, "no answer", 2) == (
        act.StopServer("backend", kill=True, why="it does not answer: no answer"),
    )
    assert kinds(scene.post(ev.ServerStopped, "backend")) == [act.EnsureServer]


def test_a_server_that_keeps_dying_is_given_up_and_the_human_is_asked() -> None:
    scene = Scene()
    for number in range(CRASH_BUDGET - 1):
        if not scene.exited("backend", after=0.1):
            assert kinds(scene.tick()) == [act.EnsureServer]
        scene.ready("backend", pid=100 + number)

    (asked,) = scene.exited("backend", after=0.1)

    assert isinstance(asked, act.RaiseAsk)
    assert (asked.kind, asked.child, asked.task) == (AskKind.QUESTION, "backend", None)
    assert "(5 times within 60 s)" in asked.text
    assert scene.answer("A1", "accept") == (act.EnsureServer("backend", why="it should run, and is not known to"),)


def test_a_server_that_cannot_start_is_not_tried_again_before_a_human_did_something() -> None:
    scene = Scene(up=False)
    scene.ready("mobile")

    actions = scene.post(ev.ServerStartFailed, "backend", "codex is not logged in", True, "")

    assert kinds(actions) == [act.RaiseAsk]
    assert wakeup(scene.world, scene.now) is None
    assert kinds(scene.post(ev.RestartRequested, "backend")) == [act.EnsureServer, act.WithdrawAsk]


@pytest.mark.promise("deaths explained")
def test_a_restart_stops_a_server_and_starts_it_again() -> None:
    scene = Scene()

    assert scene.post(ev.RestartRequested, "backend") == (act.StopServer("backend", kill=False, why="`orch restart`"),)
    assert kinds(scene.post(ev.ServerStopped, "backend")) == [act.EnsureServer]


def test_the_server_of_a_child_that_left_the_config_is_stopped_once_and_the_end_waits_for_that() -> None:
    scene = Scene()
    stop = act.StopServer("backend", kill=False, why="it is not in the config any more")
    assert scene.post(ev.SupervisorStarted, 2, "1.0", (MOBILE,), ("backend", "mobile"), (2.0,)) == (
        stop,
        act.EnsureServer("mobile", why="it should run, and is not known to"),
    )
    assert scene.step.events[1:] == tuple(ev.Intended(scene.now, action) for action in scene.step.actions)
    scene.ready("mobile", adopted=True)
    assert stop not in scene.post(ev.UpRequested, ("mobile",))

    scene.post(ev.DownRequested, False)
    assert scene.post(ev.ServerStopped, "mobile") == ()
    assert kinds(scene.post(ev.ServerStopped, "backend")) == [act.Exit]


def test_a_turn_of_a_child_that_left_the_config_is_given_up_once_the_plan_moves_its_task() -> None:
    scene = Scene(T1).running("T1")
    scene.start(MOBILE)
    scene.ready("mobile")
    assert scene.why("T1").startswith("backend is not in the config")

    child_changed(scene)

    assert only(scene.opened("mobile")).task == "T1"


def test_a_brief_that_may_have_reached_a_child_that_left_the_config_is_not_sent_again_when_it_is_back() -> None:
    scene = Scene(T1)
    scene.opened("backend")
    scene.start(MOBILE)
    child_changed(scene)
    scene.plan(T1)
    scene.start(BACKEND, MOBILE)
    scene.ready("backend", pid=12)

    again = only(scene.opened("backend", TurnSeen("turn-1", TurnStatus.INTERRUPTED, ("orch-T1-1",))))

    assert again.due is Due.RESUME
    assert again.brief.text in again.text, "it may not have reached the child"


def test_a_turn_of_a_child_that_left_the_config_for_a_while_is_not_lost() -> None:
    scene = Scene(T1).running("T1")
    scene.start(MOBILE)
    scene.start(BACKEND, MOBILE)
    scene.ready("backend", pid=12)

    actions = scene.opened("backend", TurnSeen("turn-1", TurnStatus.COMPLETED, ("orch-T1-1",), report()))

    assert kinds(actions) == [act.RunChecks]


def test_a_plan_that_says_hold_starts_nothing_new() -> None:
    scene = Scene()
    scene.plan(T1, hold=True)
    assert (scene.status("T1"), scene.why("T1")) == ("waiting", "nothing new starts: plan.md says `hold: yes`")
    scene.plan(T1, hold=False)
    assert scene.why("T1") != "nothing new starts: plan.md says `hold: yes`"
