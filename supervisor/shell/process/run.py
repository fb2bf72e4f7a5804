"""Run one command to its end, with a bound on its time, and leave nothing of it behind."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from supervisor.domain.process import MARK
from supervisor.errors import CodexError
from supervisor.wire.place.keeper import COMMAND

LOOK = 0.2  # seconds between two looks whether the command has ended: what it started may keep its output open


def kept(argv: Sequence[str]) -> list[str]:
    """Return the words that run a command, and stay above what it leaves behind, so that the mark of the command can be
    found there: an orphan goes to the nearest ancestor that is a "subreaper" (prctl(2))."""
    return [sys.executable, "-I", "-S", "-c", COMMAND, *argv] if sys.platform == "linux" else list(argv)


def run_marked(
    argv: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    mark: str,
    seconds: float,
    take: Callable[[bytes], object],
) -> int | None:
    """Run a command in a session of its own, without input; return its exit code, None if it took too long.

    It has `ORCH_SERVER=mark` in its environment. What it prints goes to `take`. Its session is killed at the end, also
    if the wait is interrupted. Raises CodexError if it cannot be started.
    """
    try:
        popen = subprocess.Popen(
            list(argv),
            cwd=cwd,
            env={**env, MARK: mark},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        raise CodexError(f"cannot start {argv[0]}: {error.strerror}", "see `orch doctor`") from error
    assert popen.stdout is not None, "a pipe was asked for"
    deadline = time.monotonic() + seconds
    try:
        with selectors.DefaultSelector() as selector:
            selector.register(popen.stdout, selectors.EVENT_READ)
            while selector.get_map() and (left := deadline - time.monotonic()) > 0:
                if selector.select(min(LOOK, left)):
                    chunk = os.read(popen.stdout.fileno(), 1 << 16)
                    take(chunk)
                    if not chunk:
                        selector.unregister(popen.stdout)
                elif popen.poll() is not None:
                    break
        with contextlib.suppress(subprocess.TimeoutExpired):
            return popen.wait(max(0.0, deadline - time.monotonic()))
        return None
    finally:
        if popen.returncode is None:  # not reaped: its number is nobody else's
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(popen.pid, signal.SIGKILL)
            popen.wait()
        popen.stdout.close()
