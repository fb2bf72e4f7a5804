"""Servers in the world: ready, dead, restarted after a pause, given up."""

from __future__ import annotations

from datetime import timedelta

import pytest

from supervisor.core.engine.lifecycle.servers import CRASH_BUDGET, CRASH_WINDOW, FIRST_DELAY, MAX_DELAY
from supervisor.domain import event as ev
from supervisor.domain.server import Server, ServerState
from tests.core.engine.scene import BACKEND, T1, Scene


def test_a_server_that_is_ready_is_known_by_its_process() -> None:
    scene = Scene()

    assert scene.world.servers["backend"] == Server(
        BACKEND,
        state=ServerState.READY,
        wanted=True,
        pid=11,
        socket="/run/s",
        codex="0.169.0",
        since=scene.now - timedelta(seconds=1),
    )


@pytest.mark.promise("restarts bounded")
def test_the_first_restart_is_at_once_and_then_the_pause_doubles() -> None:
    scene = Scene()
    pauses = []
    for number in range(CRASH_BUDGET - 1):
        scene.exited("backend", after=0.1)
        moment = scene.world.servers["backend"].not_before
        assert moment is not None
        pauses.append((moment - scene.now).total_seconds())
        if moment > scene.now:
            scene.tick()
        scene.ready("backend", pid=100 + number)

    assert pauses[0] == 0
    for number, pause in enumerate(pauses[1:]):
        assert FIRST_DELAY * 2**number <= pause <= min(FIRST_DELAY * 2**number * 1.26, MAX_DELAY)


@pytest.mark.promise("restarts bounded")
def test_deaths_of_long_ago_are_forgiven() -> None:
    scene = Scene()
    for number in range(3 * CRASH_BUDGET):
        if not scene.exited("backend", after=CRASH_WINDOW.total_seconds() / 2 + 1):
            scene.tick()
        scene.ready("backend", pid=100 + number)

    assert scene.world.servers["backend"].state is ServerState.READY
    assert scene.world.servers["backend"].restarts == 3 * CRASH_BUDGET


def test_a_human_who_wants_it_back_forgives_all_deaths() -> None:
    scene = Scene()
    scene.exited("backend", after=0.1)
    scene.ready("backend", pid=12)
    scene.post(ev.RestartRequested, "backend")

    assert scene.world.servers["backend"].crashes == ()


def test_a_hang_counts_as_a_death() -> None:
    scene = Scene()
    scene.post(ev.ServerUnresponsive, "backend", 11, "no answer", 1)
    scene.post(ev.ServerUnresponsive, "backend", 11, "no answer", 2)

    server = scene.world.servers["backend"]
    assert (server.state, server.restarts, server.crashes) == (ServerState.STOPPING, 1, (scene.now,))


@pytest.mark.promise("restarts bounded")
def test_what_crashed_too_often_stays_given_up_over_a_restart_of_the_supervisor() -> None:
    scene = Scene(T1)
    for _ in range(CRASH_BUDGET - 1):
        scene.exited("backend", after=0.1)
        if scene.world.servers["backend"].not_before != scene.now:  # the first restart is at once
            scene.tick()
        scene.ready("backend")
    scene.start()  # another supervisor, within the same minute
    scene.ready("backend")
    scene.exited("backend")
    assert scene.world.servers["backend"].state is ServerState.FAILED
