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

LOOK = 0.2  # seconds between two looks whether the command has ended: what it started may keep its output open


_KEEPING = """
import ctypes, os, signal, sys
report, to_report = os.pipe()
group = os.getpid()
if os.fork():
    os.close(to_report)
    code = int(os.read(report, 8) or 255)
    if code < 0:
        if -code not in (signal.SIGKILL, signal.SIGSTOP):
            signal.signal(-code, signal.SIG_DFL)
        os.kill(group, -code)
    os._exit(code)
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
os.setpgid(0, 0)
command = os.fork()
if not command:
    os.setpgid(0, group)
    os.execvp(sys.argv[1], sys.argv[1:])
_, status = os.waitpid(command, 0)
try:
    os.write(to_report, b"%d" % os.waitstatus_to_exitcode(status))
except BrokenPipeError:
    pass
os.closerange(0, 256)
try:
    while True:
        os.waitpid(-1, 0)
except ChildProcessError:
    pass
"""


def kept(argv: Sequence[str]) -> list[str]:
    """Return the words that run a command, and stay above what it leaves behind, so that the mark of the command can be
    found there: an orphan goes to the nearest ancestor that is a "subreaper" (prctl(2))."""
    return [sys.executable, "-I", "-S", "-c", _KEEPING, *argv] if sys.platform == "linux" else list(argv)


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
