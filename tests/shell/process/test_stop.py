"""Stop a server with all that it started, and no other process."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable

import pytest

from supervisor.errors import OrchError
from supervisor.shell.process import (
    ExitStatus,
    alive,
    kill_tree,
    marked,
    stop_tree,
    sweep,
    wait_exit,
)
from supervisor.shell.process import stop as stopping
from tests.shell.process.ground import SLEEP, Ground
from tests.shell.process.lacking import without_pidfd, without_proc

pytestmark = pytest.mark.timeout(5)


def test_a_polite_server_is_stopped_without_being_killed(ground: Ground) -> None:
    server = ground.serve(f"{SLEEP} & exec {SLEEP}")
    ground.started(2)
    started = time.monotonic()
    assert asyncio.run(stop_tree(server.identity, ground.mark, grace=4)) == ()
    assert time.monotonic() - started < 2
    assert ground.living() == []
    assert asyncio.run(wait_exit(server)) == ExitStatus(None, "SIGTERM", "killed by SIGTERM")


DRAINING = """
import os, signal, time
count = 0
def drain(*_):
    global count
    count += 1
    print("SIGTERM", count, flush=True)
    if count == 2:
        os._exit(0)
signal.signal(signal.SIGTERM, drain)
open(os.environ["READY"], "w").write(f"{os.getpid()}\\n")
while True:
    time.sleep(60)
"""


def test_a_server_that_drains_on_the_first_signal_is_asked_a_second_time(ground: Ground) -> None:
    server = ground.python(DRAINING)
    ground.started(1)
    started = time.monotonic()
    assert asyncio.run(stop_tree(server.identity, ground.mark, grace=4)) == ()
    assert time.monotonic() - started < 2
    assert asyncio.run(wait_exit(server)) == ExitStatus(0, None, "exited with code 0")
    assert ground.output() == "SIGTERM 1\nSIGTERM 2\n"


def test_a_server_that_was_already_signalled_is_asked_only_once_more(ground: Ground) -> None:
    server = ground.python(DRAINING)
    ground.started(1)
    os.kill(server.identity.pid, signal.SIGTERM)
    while ground.output() != "SIGTERM 1\n":
        time.sleep(0.01)
    assert asyncio.run(stop_tree(server.identity, ground.mark, grace=4, already_signalled=True)) == ()
    assert ground.output() == "SIGTERM 1\nSIGTERM 2\n"


def test_a_stubborn_tree_is_killed_when_its_grace_is_over(ground: Ground) -> None:
    server = ground.serve(f"trap '' TERM; {SLEEP} & setsid {SLEEP} & exec {SLEEP}")
    three = ground.started(3)
    started = time.monotonic()
    killed = asyncio.run(stop_tree(server.identity, ground.mark, grace=0.5))
    assert 0.5 <= time.monotonic() - started < 2
    assert sorted(killed, key=lambda one: one.pid) == three
    assert ground.living() == []


def test_whatever_a_server_started_ends_with_it(ground: Ground) -> None:
    bare = f'env -i READY="$READY" {SLEEP}'
    server = ground.serve(
        f"""
        {SLEEP} &                                   # a child
        setsid {SLEEP} &                            # in a session of its own
        setsid {bare} &                             # and without our mark
        {bare} &                                    # without our mark
        (trap '' TERM; {SLEEP} & exec setsid {bare}) &     # stubborn ones
        (setsid {SLEEP} & exit) &                   # an orphan
        exec {SLEEP}
        """
    )
    processes = ground.started(8)
    os.kill(processes[3].pid, signal.SIGSTOP)
    asyncio.run(stop_tree(server.identity, ground.mark, grace=2))
    assert ground.living() == []


def test_a_suspended_server_handles_the_signal_to_stop(ground: Ground) -> None:
    server = ground.serve(f"trap 'echo polite; exit 0' TERM; {SLEEP} & wait")
    ground.started(1)
    os.kill(server.identity.pid, signal.SIGSTOP)
    assert asyncio.run(stop_tree(server.identity, ground.mark, grace=2)) == ()
    assert (ground.output(), ground.living()) == ("polite\n", [])


@pytest.mark.promise("whole trees stopped")
def test_a_server_that_forks_while_it_is_being_killed_leaves_nothing(ground: Ground) -> None:
    forking = "trap '' TERM; ./say true; while :; do sleep 60 & setsid sleep 60 & sleep 0.01; done"
    server = ground.serve(f"{forking} & {forking}")
    ground.pids(2)
    asyncio.run(kill_tree(server.identity, ground.mark))
    assert marked(ground.mark) == []


@pytest.mark.promise("leftovers swept")
def test_what_outlives_its_server_is_found_and_killed(ground: Ground) -> None:
    bare = f'env -i READY="$READY" {SLEEP}'
    server = ground.serve(f"{SLEEP} & setsid {SLEEP} & {bare} & exec {SLEEP}")
    processes = ground.started(4)
    os.kill(server.identity.pid, signal.SIGKILL)
    server.popen.wait(timeout=4)  # Reaped: even its pid is free, but its session still has members.
    assert len(ground.living()) == 3
    killed = asyncio.run(stop_tree(server.identity, ground.mark, grace=0))
    assert {*killed, server.identity} == set(processes)
    assert ground.living() == []


@pytest.mark.promise("leftovers swept")
def test_a_sweep_kills_one_servers_leftovers_and_not_its_neighbours(ground: Ground) -> None:
    near = ground.mark + "-web"
    for mark in (ground.mark, near):
        ground.serve(f"setsid {SLEEP} & exit 0", mark=mark)
    both = ground.started(2)
    mine, theirs = marked(ground.mark), marked(near)
    family = ground.mark.removesuffix("api")
    assert sorted([*mine, *theirs], key=lambda one: one.pid) == both
    assert marked(family) == both
    assert asyncio.run(sweep(ground.mark)) == tuple(mine)
    assert ground.living() == theirs
    assert asyncio.run(sweep(family)) == tuple(theirs)
    assert asyncio.run(sweep(family)) == ()


@pytest.mark.promise("no stranger killed")
def test_a_stranger_with_the_same_pid_is_never_signalled(ground: Ground) -> None:
    stranger = ground.serve(f"trap 'echo signalled' TERM CONT; {SLEEP} & wait; wait", mark="somebody/else")
    ground.started(1)
    for other in (
        stranger.identity._replace(ticks=stranger.identity.ticks - 1),
        stranger.identity._replace(boot="another boot"),
    ):
        assert not alive(other)
        assert asyncio.run(stop_tree(other, ground.mark, grace=0.2)) == ()
        assert asyncio.run(kill_tree(other, ground.mark)) == ()
        assert asyncio.run(wait_exit(other)).code is None
    assert (len(ground.living()), ground.output()) == (2, "")


def test_a_session_that_others_may_own_by_now_is_left_alone(ground: Ground) -> None:
    """Another process got the pid of our dead server, and left a daemon in a session with that number."""
    stranger = ground.serve(f"{SLEEP} & exit 0", mark="somebody/else")
    stranger.popen.wait(timeout=4)
    (daemon,) = ground.started(1)
    ours = stranger.identity._replace(ticks=stranger.identity.ticks - 1)
    assert asyncio.run(kill_tree(ours, ground.mark)) == ()
    assert ground.living() == [daemon]


def test_what_survives_is_named(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    server = ground.serve(f"exec {SLEEP}")
    ground.started(1)
    monkeypatch.setattr(stopping, "open_handle", lambda _: None)
    monkeypatch.setattr(os, "killpg", lambda *_: None)
    monkeypatch.setattr(stopping, "KILL_WAIT", 0.05)
    pid = server.identity.pid
    with pytest.raises(OrchError) as error:
        asyncio.run(kill_tree(server.identity, ground.mark))
    assert str(error.value) == (
        f"the server {ground.mark} left processes that survive SIGKILL (pid {pid}): "
        f"see what they wait for with `ps -o pid,stat,wchan:32,args -p {pid}`, then try again"
    )


@pytest.mark.promise("whole trees stopped")
def test_many_servers_are_stopped_side_by_side(ground: Ground) -> None:
    marks = [f"{ground.mark}-{number}" for number in range(32)]
    servers = [ground.serve(f"trap '' TERM; setsid {SLEEP} & exec {SLEEP}", mark=mark) for mark in marks]
    ground.started(64)

    async def stop_all() -> None:
        async with asyncio.TaskGroup() as group:
            for server, mark in zip(servers, marks, strict=True):
                group.create_task(stop_tree(server.identity, mark, grace=0.5))

    started = time.monotonic()
    asyncio.run(stop_all())
    assert time.monotonic() - started < 4  # In sequence they would take 16 s; alone on 2 cores they take 0.6.
    assert ground.living() == []


@pytest.mark.parametrize("lack", [without_pidfd, without_proc])
def test_systems_without_pidfd_or_proc_work_too(
    ground: Ground, monkeypatch: pytest.MonkeyPatch, lack: Callable[[pytest.MonkeyPatch], None]
) -> None:
    lack(monkeypatch)
    server = ground.serve(f"trap '' TERM; setsid {SLEEP} & exec {SLEEP}")
    ground.started(2)
    assert alive(server.identity)
    assert len(marked(ground.mark)) == 2
    killed = asyncio.run(stop_tree(server.identity, ground.mark, grace=0.2))
    assert (len(killed), marked(ground.mark), alive(server.identity)) == (2, [], False)
    assert asyncio.run(wait_exit(server)) == ExitStatus(None, "SIGKILL", "killed by SIGKILL")
