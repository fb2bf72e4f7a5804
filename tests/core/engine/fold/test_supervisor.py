"""What supervisors, plans and people change in the world."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from supervisor.core.engine.evolve import evolve
from supervisor.domain import event as ev
from supervisor.domain.child import Child
from supervisor.domain.plan import Problem
from supervisor.domain.server import ServerState
from supervisor.domain.task import Phase
from supervisor.domain.world import Learning, Stopping
from tests.core.engine.scene import BACKEND, MOBILE, T1, T2, Scene, plan_of, report


def test_a_new_supervisor_takes_over_what_was_and_trusts_no_connection() -> None:
    before = Scene(T1).running("T1")
    before.asked("T1")
    world = evolve(before.world, ev.SupervisorStarted(before.now, 7, "1.1", (BACKEND, MOBILE), ("backend",), (1.0,)))

    assert (world.supervisor.pid, world.supervisor.version, world.supervisor.since, world.config.retry_seconds) == (
        7,
        "1.1",
        before.now,
        (1.0,),
    )
    assert [(one.state, one.wanted, one.pid) for one in world.servers.values()] == [
        (ServerState.STOPPED, True, None),
        (ServerState.STOPPED, False, None),
    ]
    assert [thread.open for thread in world.threads.values()] == [False]
    assert world.requests == {}
    assert world.tasks["T1"].phase is Phase.WORKING
    assert world.plan.current == plan_of(T1)


def test_one_that_starts_over_still_wants_the_servers_that_were_wanted_and_do_not_run_yet() -> None:
    before = Scene()
    started = ev.SupervisorStarted(before.now, 7, "1.1", (BACKEND, MOBILE), (), (1.0,))
    wanted = evolve(evolve(before.world, started), ev.UpRequested(before.now, ("mobile",)))
    over = evolve(evolve(wanted, ev.ReloadRequested(before.now)), started)
    assert {name: one.wanted for name, one in over.servers.items()} == {"backend": False, "mobile": True}
    killed = evolve(wanted, started)  # whoever starts another one says what is wanted
    assert {name: one.wanted for name, one in killed.servers.items()} == {"backend": False, "mobile": False}


def test_children_come_and_go_with_the_config() -> None:
    other = Child("firmware", "/repos/firmware")
    scene = Scene()
    scene.start(MOBILE, other)

    assert list(scene.world.servers) == ["mobile", "firmware"]


def test_down_keeps_its_first_moment_however_often_it_is_asked_for() -> None:
    scene = Scene()
    scene.post(ev.DownRequested, False)
    first = scene.now
    scene.post(ev.DownRequested, True)

    assert scene.world.supervisor.stopping == Stopping(first, now=True)


def test_the_last_good_plan_stays_in_force() -> None:
    problems = (Problem(3, "no child `x`"),)
    scene = Scene(T1)
    scene.post(ev.PlanRejected, "digest", problems)
    assert (scene.world.plan.current, scene.world.plan.problems, scene.world.plan.missing) == (
        plan_of(T1),
        problems,
        None,
    )

    scene.post(ev.PlanMissing, "there is no plan.md")
    assert (scene.world.plan.current, scene.world.plan.problems) == (plan_of(T1), ())
    assert scene.world.plan.missing == "there is no plan.md"

    scene.plan(T2)
    assert scene.world.plan.revision == 2
    assert (scene.world.plan.problems, scene.world.plan.missing) == ((), None)


def test_a_task_that_comes_back_is_the_one_it_was() -> None:
    scene = Scene(T1).done("T1")
    scene.plan(T2)
    scene.plan(replace(T1, title="Answer"), T2)

    assert scene.status("T1") == "done"
    assert scene.state("T1").runs == 1


def test_a_new_title_shows_at_once() -> None:
    scene = Scene(T1)
    scene.plan(replace(T1, title="Answer soon"))

    assert scene.state("T1").title == "Answer soon"


def test_learnings_are_kept_once_each_with_their_source() -> None:
    scene = Scene(T1).running("T1")
    scene.post(ev.LearningNoted, "human", "The URL expires.")
    scene.ended("T1", text=report(learned=["The URL expires.", "It is slow."]))

    assert scene.world.learnings == (
        Learning(scene.now - timedelta(seconds=1), "human", "The URL expires."),
        Learning(scene.now, "backend", "The URL expires."),
        Learning(scene.now, "backend", "It is slow."),
    )


def test_what_people_noted_outlasts_what_children_report() -> None:
    scene = Scene(T1)
    scene.post(ev.LearningNoted, "human", "the port is 7")
    for number in range(300):
        scene.post(ev.LearningNoted, "backend", f"fact {number}")
    texts = [one.text for one in scene.world.learnings]
    assert texts == ["the port is 7", *(f"fact {number}" for number in range(100, 300))]


@pytest.mark.parametrize(
    ("new", "why"),
    [
        (BACKEND, ""),
        (replace(BACKEND, path="/repos/moved"), "its repo is in another folder now"),
        (replace(BACKEND, trusted=True), "the trust in its repo has changed"),
        (replace(BACKEND, model="small"), ""),
    ],
)
def test_a_server_that_outlived_its_supervisor_is_replaced_if_the_config_made_it_another(new: Child, why: str) -> None:
    scene = Scene()
    scene.post(ev.SupervisorStarted, 7, "1.1", (new, MOBILE), ("backend", "mobile"), (1.0,))
    assert {name: server.restart for name, server in scene.world.servers.items()} == {"backend": why, "mobile": ""}
    scene.post(ev.SupervisorStarted, 8, "1.1", (BACKEND, MOBILE), (), (1.0,))
    assert {server.restart for server in scene.world.servers.values()} == {""}, "one that does not run is just started"


def test_only_commands_that_may_write_less_than_before_replace_a_server() -> None:
    def started(scene: Scene, **settings: Any) -> list[str]:
        scene.post(ev.SupervisorStarted, 7, "1.1", (BACKEND, MOBILE), ("backend", "mobile"), (1.0,), **settings)
        return [server.restart for server in scene.world.servers.values()]

    scene = Scene()
    assert started(scene, confined=("backend",)) == ["its commands may write less now", ""]
    assert started(scene, confined=("backend",)) == ["", ""]
    assert started(scene) == ["", ""]
    assert started(scene, exclude_tmp=True) == ["its commands may write less now"] * 2
    assert started(scene, exclude_tmp=True, exclude_roots=True) == ["its commands may write less now"] * 2
    assert started(scene, exclude_roots=True) == ["", ""]


def test_a_task_that_the_plan_no_longer_has_is_forgotten_if_it_never_began() -> None:
    scene = Scene(T1, replace(T2, id="T3", child="mobile"), T2).running("T1")
    began = scene.world.tasks["T1"]
    scene.plan(replace(T2, title="Again"))
    assert {name: state.title for name, state in scene.world.tasks.items()} == {"T1": began.title, "T2": "Again"}
