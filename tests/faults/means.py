"""What the faults are made of: find processes of a stage, send them signals, and do something later."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from random import Random

import psutil

from supervisor.runtime.codex.registry import Registry
from supervisor.runtime.daemon import ending
from supervisor.sha256 import hex_digest
from supervisor.shell import process
from supervisor.shell.process import Identity
from tests import CHECKOUT
from tests.faults.world import SLOW, Stage

DEAD_WITHIN = 30.0  # seconds from SIGKILL to the end of a process, on a loaded machine

Kind = Callable[[Stage, Random], None]
"""Does a fault to the stage. The luck decides the details."""

TIMERS: list[threading.Timer] = []
"""What is still to be done later."""


class Skip(Exception):
    """Why a fault cannot be done here."""


def later(seconds: float, act: Callable[[], None]) -> None:
    timer = threading.Timer(seconds, act)
    TIMERS.append(timer)
    timer.start()


def servers_of(stage: Stage) -> list[int]:
    """The processes of the servers, by their marks."""
    return [record.identity.pid for record in Registry(stage.workspace.registry).alive().values()]


def descendants(pid: int) -> list[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).children(recursive=True)
    return []


def kill_supervisor(stage: Stage) -> None:
    found = stage.supervisor()
    if found is not None:
        kill(found.pid)
        assert not ending.end_supervisor(found, DEAD_WITHIN), "it survived SIGKILL for seconds"


def kill(pid: int) -> None:
    send_signal(pid, signal.SIGKILL)


def send_signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def start_orch(stage: Stage, *words: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "supervisor.cli.main", *words],
        cwd=stage.workspace.root,
        env={**stage.environ, "PYTHONPATH": str(CHECKOUT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def restore(stage: Stage) -> None:
    """Undo all faults. From now on everything has to settle."""
    stage.mood.clear()
    while stage.undo:
        stage.undo.pop()()
    for one in list(TIMERS):
        one.join()
        TIMERS.remove(one)
    found = stage.supervisor()
    for pid in (*servers_of(stage), *([found.pid] if found else [])):
        send_signal(pid, signal.SIGCONT)


def done_in(stage: Stage) -> dict[str, int]:
    """The tasks that are done by plan.md as it is, each with its number of runs."""
    deadline = time.monotonic() + SLOW
    while True:
        status, digest = stage.reachable(), hex_digest(stage.workspace.plan.read_bytes())
        if status["plan"]["read"] == digest or time.monotonic() > deadline:
            return {one["id"]: one["runs"] for one in status["tasks"] if one["state"] == "done"}
        time.sleep(0.05)  # an edit is not taken up yet


def still_done(stage: Stage, before: Mapping[str, int], *, unless_asked: bool = False) -> None:
    """Check that nothing that was done is done again, and wait until all of it is known to be done: what was lost of a
    turn is read from its thread. `unless_asked`: a human may be asked instead.

    A story may begin while the plan of the one before is still in force: its tasks are no longer in plan.md.
    """
    deadline = time.monotonic() + SLOW
    text = stage.workspace.plan.read_text(encoding="utf-8")
    while True:
        status = stage.reachable()
        now = {one["id"]: one for one in status["tasks"]}
        asked = {one["task"] for one in status["asks"]} if unless_asked else set()
        left = [one for one in before if f"### {one} " in text and one not in asked]
        again = [one for one in left if one in now and now[one]["runs"] > before[one]]
        assert not again, f"{', '.join(sorted(again))} was done, and is done again"
        left = [one for one in left if one not in now or now[one]["state"] != "done"]
        if not left:
            return
        assert time.monotonic() < deadline, f"{', '.join(sorted(left))} was done, and is not any more"
        time.sleep(0.1)


def ended(stage: Stage, supervisor: Identity | None) -> None:
    """Wait until a supervisor and all that it started have ended."""
    deadline = time.monotonic() + SLOW
    while True:
        left = [one.pid for one in process.marked(stage.workspace.mark())]
        left += [supervisor.pid] if supervisor and process.alive(supervisor) else []
        if not left:
            return
        assert time.monotonic() < deadline, f"the supervisor or what it started runs on: {[*map(_words, left)]}"
        time.sleep(0.1)


def _words(pid: int) -> tuple[int, str, list[str]]:
    """A process, for people: its state and its command line."""
    try:
        one = psutil.Process(pid)
        return pid, one.status(), one.cmdline()[:6]
    except psutil.Error as error:
        return pid, str(error), []
