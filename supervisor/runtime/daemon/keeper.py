"""The keeper: the process above a supervisor and its servers, which outlives the supervisor.

A process whose parent ends goes to the nearest ancestor that is a "subreaper" (prctl(2)), and else to init. The keeper
is one: whatever a server starts has the keeper above it for as long as it runs, whoever in between has ended. That
tells it from the person's own processes. Quick to import: this runs before anything else of a supervisor.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

from supervisor.domain.process import KEEPER

PR_SET_NAME, PR_SET_CHILD_SUBREAPER = 15, 36  # linux/prctl.h
NAME = b"orch-keeper"  # what `ps` and `top` show


_above = 0  # the keeper that this process was forked by; 0: none


def keep() -> None:
    """Fork: this process becomes the keeper, and the call returns in its child, which is to become the supervisor.

    Waits first until our starter has closed the pipe that is our standard input: by then it has signed the lock, and
    does not sign it over the supervisor. Does nothing where the environment does not say so, where there is a keeper
    already, and on a system without subreapers. Call it before a second thread is started.
    """
    global _above
    if os.environ.pop(KEEPER, None) is None or keeper() is not None:
        return
    _wait_for_starter()
    if sys.platform != "linux":
        return
    prctl = ctypes.CDLL(None).prctl
    if prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        return
    own = os.getpid()
    if os.fork() == 0:
        _above = own
        os.setsid()  # what is sent to the supervisor's group does not reach its keeper
        return
    prctl(PR_SET_NAME, NAME, 0, 0, 0)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    os.closerange(0, os.sysconf("SC_OPEN_MAX"))  # among them the lock, and the pipe to whoever started us
    _reap_all()
    os._exit(0)


def _wait_for_starter() -> None:
    os.read(0, 1)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)


def forsaken() -> bool:
    """Whether this process was forked by a keeper that has ended."""
    return _above not in (0, os.getppid())


def keeper() -> int | None:
    """The pid of this process's keeper; None if it has none, or none any more."""
    parent = os.getppid()
    return parent if is_keeper(parent) else None


def is_keeper(pid: int) -> bool:
    """Whether this process is a keeper, or a supervisor, which a keeper forks."""
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            entries = file.read().split(b"\0")
    except OSError:
        return False
    return any(one.startswith(f"{KEEPER}=".encode()) for one in entries)


def _reap_all() -> None:
    """Reap whatever ends below this process, until nothing is left."""
    while True:
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return
