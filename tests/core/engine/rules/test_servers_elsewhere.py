"""Servers on other machines: a line that is cut, a machine out of reach, and one that refuses."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from supervisor.core.engine.lifecycle.servers import CRASH_BUDGET
from supervisor.core.engine.rules.survey import QUIET, QUIET_AT_MOST, QUIET_ELSEWHERE, moment
from supervisor.domain import action as act
from supervisor.domain import event as ev
from supervisor.domain.child import Runner
from tests.core.engine.scene import BACKEND, Scene, kinds

FIRMWARE = replace(BACKEND, runner=Runner("lab", ("ssh", "lab", "--")))
AWAY = ("backend", "lab is out of reach: orch tries again", False, "", True)


@pytest.fixture
def scene() -> Scene:
    made = Scene(up=False)
    made.start(FIRMWARE)
    made.post(ev.UpRequested, ("backend",))
    return made


def state(scene: Scene) -> str:
    return scene.status_of("backend").state


def cut(scene: Scene, pid: int) -> tuple[act.Action, ...]:
    return scene.post(ev.ServerExited, "backend", pid, "the line to lab was cut", "", cut=True)


def test_a_machine_out_of_reach_is_tried_without_end_at_most_every_minute(scene: Scene) -> None:
    assert state(scene) == "connecting"
    delays = []
    for _ in range(20):
        scene.post(ev.ServerStartFailed, *AWAY)
        server = scene.world.servers["backend"]
        assert server.not_before is not None
        delays.append((server.not_before - scene.now).total_seconds())
        shown = scene.status_of("backend")
        assert (shown.state, shown.next_try is not None) == ("unreachable", True)
        assert kinds(scene.tick()) == [act.EnsureServer]
    assert (delays == sorted(delays[:7]) + delays[7:], 0.5 <= delays[0] < 1, max(delays) <= 60) == (True, True, True)
    away = scene.world.servers["backend"].away
    assert away is not None
    assert away < scene.now - timedelta(seconds=300)
    scene.ready("backend", pid=5)
    assert (state(scene), scene.world.servers["backend"].tries, scene.status_of("backend").problem) == (
        "ready",
        0,
        None,
    )


def test_a_restart_tries_a_machine_out_of_reach_at_once_and_replaces_nothing(scene: Scene) -> None:
    scene.post(ev.ServerStartFailed, *AWAY)
    scene.tick()
    scene.post(ev.ServerStartFailed, *AWAY)
    assert kinds(scene.post(ev.RestartRequested, "backend", after=0.0)) == [act.EnsureServer]
    assert act.StopServer not in kinds(scene.ready("backend", pid=5, adopted=True))


def test_a_machine_out_of_reach_is_tried_at_once_and_often_when_this_one_wakes_up(scene: Scene) -> None:
    for _ in range(12):
        scene.post(ev.ServerStartFailed, *AWAY)
        scene.tick()
    away = scene.world.servers["backend"].away
    scene.post(ev.ServerStartFailed, *AWAY)
    assert kinds(scene.post(ev.MachineWoke, 600.0, after=0.0)) == [act.EnsureServer]
    scene.post(ev.ServerStartFailed, *AWAY)
    server = scene.world.servers["backend"]
    assert server.not_before is not None
    assert (server.not_before - scene.now < timedelta(seconds=1), server.away) == (True, away)
    scene.tick()
    scene.ready("backend", pid=5)
    assert scene.post(ev.MachineWoke, 600.0) == ()


def test_a_machine_that_refuses_waits_for_a_person(scene: Scene) -> None:
    (asked,) = scene.post(ev.ServerStartFailed, "backend", "the host key of lab is not known here", True, "")
    assert isinstance(asked, act.RaiseAsk)
    assert state(scene) == "refused"
    assert act.EnsureServer in kinds(scene.post(ev.RestartRequested, "backend"))
    assert state(scene) == "connecting"


def test_a_cut_line_is_no_crash_of_a_server_that_goes_on(scene: Scene) -> None:
    for _ in range(3 * CRASH_BUDGET):
        scene.ready("backend", pid=5, adopted=True)
        assert kinds(cut(scene, 5) or scene.tick()) == [act.EnsureServer]
    assert (scene.world.servers["backend"].restarts, scene.world.servers["backend"].crashes) == (0, ())


def test_a_server_that_dies_there_again_and_again_is_given_up(scene: Scene) -> None:
    for number in range(2 * CRASH_BUDGET):
        scene.ready("backend", pid=5 + number)
        actions = cut(scene, 5 + number)
        if state(scene) == "failed":
            break
        assert kinds(actions or scene.tick()) == [act.EnsureServer]
    server = scene.world.servers["backend"]
    assert (state(scene), server.restarts) == ("failed", CRASH_BUDGET)


def test_the_first_survey_waits_longer_for_servers_elsewhere(scene: Scene) -> None:
    assert moment(scene.world) == scene.world.supervisor.since + QUIET_ELSEWHERE
    server = scene.world.servers["backend"]
    here = replace(scene.world, servers={"backend": replace(server, child=BACKEND)})
    assert moment(here) == scene.world.supervisor.since + QUIET
    scene.ready("backend", pid=5)
    assert moment(scene.world) is None


def test_the_first_survey_waits_while_one_server_elsewhere_after_the_other_gets_ready() -> None:
    scene = Scene(up=False)
    scene.start(FIRMWARE, replace(FIRMWARE, name="mobile"), replace(FIRMWARE, name="web"))
    since = scene.world.supervisor.since
    assert since is not None
    scene.ready("backend", pid=5, after=7.0)
    assert moment(scene.world) == scene.now + QUIET_ELSEWHERE
    scene.ready("mobile", pid=6, after=50.0)
    assert moment(scene.world) == since + QUIET_AT_MOST
