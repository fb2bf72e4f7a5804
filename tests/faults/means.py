"""What the faults are made of: find processes of a stage, send them signals, and do something later."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress

import psutil

from supervisor.runtime.codex.registry import Registry
from supervisor.runtime.daemon import ending
from tests import CHECKOUT
from tests.faults.world import Stage

DEAD_WITHIN = 5.0  # seconds from SIGKILL to the end of a process
TIMERS: list[threading.Timer] = []
"""What is still to be done later."""


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
    found = ending.supervisor_process(stage.workspace)
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
