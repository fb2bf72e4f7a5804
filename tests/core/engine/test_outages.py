"""Outages: while a provider accepts no work, everything that uses it pauses, without using up tries, then continues."""

from __future__ import annotations

from datetime import timedelta

import pytest

from supervisor.core.engine.lifecycle import outages
from supervisor.core.engine.lifecycle.failures import diagnose
from supervisor.core.view.status import status
from supervisor.domain import action as act
from supervisor.domain import event as ev
from supervisor.domain.action import Action
from supervisor.domain.plan import Task
from supervisor.domain.task import Due
from supervisor.domain.thread import Failure, TurnSeen, TurnStatus
from tests.core.engine.human import ORCHESTRATOR_CHILD
from tests.core.engine.scene import BACKEND, BROKEN, BUSY, MOBILE, T1, Scene, kinds

POLL = Task("T3", "Poll", "mobile", instructions="Poll.")
LIMIT = Failure("usageLimitExceeded", None, "You've hit your usage limit.")


def failed(scene: Scene, task: str, failure: Failure) -> tuple[Action, ...]:
    return scene.ended(task, TurnStatus.FAILED, failure=failure)


def both_running() -> Scene:
    scene = Scene(T1, POLL).running("T1")
    scene.opened("mobile")
    scene.began("T3", "turn-2")
    return scene


def test_one_turn_that_meets_an_outage_pauses_all_and_what_runs_continues() -> None:
    scene = Scene(T1, POLL).running("T1")
    assert failed(scene, "T1", BUSY) == ()

    assert scene.opened("mobile") == ()
    for task in ("T1", "T3"):
        assert scene.status(task) == "waiting"
        assert scene.why(task).startswith("paused until 2026-03-01 12:00:")
        assert scene.why(task).endswith("UTC: the provider failed 503: busy")
    assert [(one.provider, one.why) for one in status(scene.world, scene.now, "/ws").pauses] == [
        ("", "the provider failed 503: busy")
    ]
    actions = scene.tick()
    assert [one.due for one in actions if isinstance(one, act.StartTurn)] == [Due.OUTAGE, Due.BRIEF]


def test_an_outage_costs_no_tries_however_long_it_lasts_and_its_pauses_grow() -> None:
    scene = Scene(T1).running("T1")
    for number, seconds in enumerate((5, 20, 60, 300, 900, 900, 900)):
        failed(scene, "T1", BUSY)
        before = scene.now
        assert kinds(scene.tick()) == [act.StartTurn]
        assert (scene.now - before).total_seconds() == seconds
        scene.began("T1", f"turn-{number + 2}")
    scene.ended("T1")

    state = scene.state("T1")
    assert (state.tries.retries, state.tries.resumes, scene.world.outages) == (0, 0, {})


def test_codex_is_asked_once_for_each_pause_when_a_limit_is_reset() -> None:
    scene = both_running()
    assert [type(one) for one in failed(scene, "T1", LIMIT)] == [act.ReadLimits]
    assert failed(scene, "T3", LIMIT) == ()
    resets = scene.now + timedelta(hours=3)
    scene.post(ev.LimitsRead, "backend", "", resets)

    assert scene.world.outages[""].until == resets + outages.MARGIN
    assert kinds(scene.tick()) == [act.StartTurn, act.StartTurn]
    assert scene.now == resets + outages.MARGIN


def test_what_codex_does_not_know_leaves_the_growing_pause() -> None:
    scene = Scene(T1).running("T1")
    failed(scene, "T1", LIMIT)
    before = scene.world.outages[""].until

    scene.post(ev.LimitsRead, "backend", "", None, "no account")
    assert scene.world.outages[""].until == before
    scene.post(ev.LimitsRead, "backend", "", scene.now + timedelta(hours=1))
    assert scene.world.outages[""].until == before, "it was not asked any more"


def test_another_provider_continues() -> None:
    scene = Scene(T1, POLL)
    scene.post(ev.ThreadOpened, "backend", 11, "backend-thread", None, False, (), "openai")
    scene.began("T1", "turn-1")
    failed(scene, "T1", BUSY)

    assert kinds(scene.post(ev.ThreadOpened, "mobile", 22, "mobile-thread", None, False, (), "local")) == [
        act.StartTurn
    ]


def test_one_notice_reports_an_outage_and_when_it_continues() -> None:
    scene = Scene(up=False)
    scene.post(ev.SupervisorStarted, 1, "1", (BACKEND, MOBILE), (), (), notices=("paused",))
    scene.post(ev.UpRequested, ("backend", "mobile"))
    scene.plan(T1)
    scene.ready("backend")
    scene.running("T1")
    assert kinds(failed(scene, "T1", LIMIT)) == [act.ReadLimits]

    (notice,) = scene.post(ev.LimitsRead, "backend", "", scene.now + timedelta(hours=3))
    assert isinstance(notice, act.Notify)
    assert notice.text.startswith("paused until 2026-03-01 15:00:")
    scene.tick()
    scene.began("T1", "turn-2")
    assert not any(isinstance(one, act.Notify) for one in failed(scene, "T1", BUSY))


def test_orch_go_tries_at_once() -> None:
    scene = Scene(T1).running("T1")
    failed(scene, "T1", BUSY)

    assert kinds(scene.post(ev.HoldLifted)) == [act.StartTurn]


def test_a_failure_that_comes_again_and_again_is_an_outage_once_another_task_meets_it_too() -> None:
    scene = both_running()
    for number in range(3):
        failed(scene, "T1", BROKEN)
        failed(scene, "T3", BROKEN)
        while scene.state("T1").due or scene.state("T3").due:
            scene.tick()
            for task in ("T1", "T3"):
                if scene.state(task).delivery:
                    scene.began(task, f"{task}-{number}")

    assert scene.status("T1") == scene.status("T3") == "running"
    assert scene.world.outages[""].why == "the provider failed 500: oops"


@pytest.mark.parametrize(
    ("failure", "outage", "limited", "after"),
    [
        (Failure("responseTooManyFailedAttempts", 429, "slow down"), True, True, None),
        (Failure("rateLimitExceeded", None, "Please try again in 11.5s."), True, True, 11.5),
        (LIMIT, True, True, None),
        (Failure("httpConnectionFailed", None, "refused"), True, False, None),
        (Failure("httpConnectionFailed", 503, "busy; retry after 2 m"), True, False, 120.0),
        (Failure("httpConnectionFailed", 404, "no such thing"), False, False, None),
        (Failure("other", None, "stream disconnected"), False, False, None),
        (BROKEN, False, False, None),
        (Failure("unauthorized", 401, "no"), False, False, None),
    ],
)
def test_a_failure_says_whether_the_provider_takes_any_work(
    failure: Failure, outage: bool, limited: bool, after: float | None
) -> None:
    verdict = diagnose(failure)
    assert (verdict.outage, verdict.limited, verdict.after) == (outage, limited, after)


def test_the_orchestrator_pauses_too_and_continues() -> None:
    scene = Scene(up=False)
    scene.start(BACKEND, ORCHESTRATOR_CHILD)
    scene.post(ev.PlanningRequested, "Time-outs.")
    scene.post(ev.ServerReady, "orchestrator", 33, "/run/s", "0.169.0", False)
    scene.post(ev.ThreadOpened, "orchestrator", 33, "own", None, False, ())
    scene.post(ev.TurnBegan, "orchestrator", "own", "turn-1", "orch-orchestrator-1")
    scene.post(ev.TurnEnded, "orchestrator", "own", TurnSeen("turn-1", TurnStatus.FAILED, failure=BUSY))

    assert status(scene.world, scene.now, "/ws").orchestrator.why.startswith("paused until ")
    (again,) = (one for one in scene.tick() if isinstance(one, act.StartTurn))
    assert (again.task, again.due) == ("orchestrator", Due.OUTAGE)
