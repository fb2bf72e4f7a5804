"""Processes of ours are killed or suspended, or started several times at once."""

from __future__ import annotations

import signal
import threading
import time
from random import Random

from tests.faults.means import descendants, kill, kill_supervisor, later, send_signal, servers_of, start_orch
from tests.faults.world import SLOW, Stage

BUSY = 3.0  # seconds of a supervisor that does nothing, but hangs not yet


def server_killed(stage: Stage, luck: Random) -> None:
    if pids := servers_of(stage):
        kill(luck.choice(pids))


def supervisor_killed(stage: Stage, luck: Random) -> None:
    kill_supervisor(stage)
    time.sleep(luck.choice((0.0, 0.0, 0.7)))
    stage.be_up()


def all_killed(stage: Stage, luck: Random) -> None:
    """Kill the supervisor and its servers, in either order."""
    pids = servers_of(stage)
    if luck.random() < 0.5:
        kill_supervisor(stage)
    for pid in pids:
        kill(pid)
    kill_supervisor(stage)
    stage.be_up()


def killed_while_it_starts(stage: Stage, luck: Random) -> None:
    """Kill the supervisor at some moment of its start."""
    kill_supervisor(stage)
    starting = start_orch(stage, "up")
    time.sleep(luck.uniform(0.1, 1.2))
    kill_supervisor(stage)
    starting.wait(SLOW)
    stage.be_up()


def tool_killed(stage: Stage, luck: Random) -> None:
    """Kill a process that a server started."""
    tools = [one.pid for pid in servers_of(stage) for one in descendants(pid)]
    if tools:
        kill(luck.choice(tools))


def server_stopped(stage: Stage, luck: Random) -> None:
    """Suspend a server for a while. After a short time it continues, after a long time it is replaced."""
    if pids := servers_of(stage):
        pid = luck.choice(pids)
        send_signal(pid, signal.SIGSTOP)
        later(luck.choice((0.5, 0.5, 0.5, 14.0)), lambda: send_signal(pid, signal.SIGCONT))


def supervisor_stopped(stage: Stage, luck: Random) -> None:
    """Suspend the supervisor for a moment, or for 3 s: then it is busy, for whoever asks, and never down."""
    found = stage.supervisor()
    if found is None:
        return
    seconds = luck.choice((0.2, 1.5, BUSY))
    if seconds == BUSY:
        stage.reachable()  # one that has just begun listens to nobody yet
    send_signal(found.pid, signal.SIGSTOP)
    timer = threading.Timer(seconds, send_signal, (found.pid, signal.SIGCONT))
    timer.start()
    try:
        if seconds == BUSY:
            asked = stage.orch("status", check=False)
            assert asked.returncode == 0, f"`orch status` exited with {asked.returncode}: {asked.stderr}{asked.stdout}"
    finally:
        timer.join()


def turns_end_alone(stage: Stage, luck: Random) -> None:
    """Kill the supervisor, and let turns end and others begin to wait while there is none."""
    kill_supervisor(stage)
    time.sleep(luck.choice((1.0, 2.5)))
    stage.be_up()


def two_ups(stage: Stage, luck: Random) -> None:
    if luck.random() < 0.5:
        kill_supervisor(stage)
    for one in [start_orch(stage, "up") for _ in range(luck.randint(2, 4))]:
        one.wait(SLOW)


def down_and_up(stage: Stage, luck: Random) -> None:
    """Run `orch up` while an `orch down` is under way."""
    going = start_orch(stage, "down", *(["--now"] if luck.random() < 0.3 else []))
    time.sleep(luck.uniform(0.0, 0.5))
    if luck.random() < 0.5:
        start_orch(stage, "up").wait(SLOW)
    going.wait(SLOW)
    stage.be_up()
