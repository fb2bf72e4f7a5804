"""Run `orch` in a process of its own that starts warm: it is forked from one that has loaded the program.

Loading takes most of a short command's time, and the tests run many hundreds of them. Cold starts are what
`tests/cli/test_entry.py`, `tests/test_costs.py` and the processes of `tests/cli/scene.py` are about.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from multiprocessing.connection import wait
from multiprocessing.reduction import DupFd
from pathlib import Path
from typing import Any

from supervisor.cli import main

_OFTEN = ("change.diff", "change.ops", "change.undo", "look.status", "look.wait", "plan.write")
_OFTEN += ("steer.asks", "steer.down", "steer.ready", "steer.requests", "steer.up")
_REAPING = threading.Lock()  # `start` and `join` both take the exit codes of all processes, which may be read only once
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload([__name__, *(f"supervisor.cli.{name}" for name in _OFTEN)])


def run_warm(
    words: Sequence[str], *, cwd: Path, env: Mapping[str, str], timeout: float
) -> subprocess.CompletedProcess[str]:
    """Run `orch` with these words and an empty standard input. Raises TimeoutExpired."""
    with open(os.devnull, "rb") as none, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        streams = [DupFd(one.fileno()) for one in (none, out, err)]
        os.umask(mask := os.umask(0))
        process = _FORKS.Process(target=_run, args=(list(words), cwd, dict(env), mask, streams))
        with _REAPING:
            process.start()
        ended = wait([process.sentinel], timeout)
        if not ended:
            process.kill()
        with _REAPING:
            process.join()
        if not ended:
            raise subprocess.TimeoutExpired(list(words), timeout)
        out.seek(0)
        err.seek(0)
        printed = (out.read().decode("utf-8"), err.read().decode("utf-8"))
        return subprocess.CompletedProcess(list(words), process.exitcode or 0, *printed)


def run_cold(
    words: Sequence[str], *, cwd: Path, env: Mapping[str, str], timeout: float
) -> subprocess.CompletedProcess[str]:
    """Run `orch` as a person's shell does. Raises TimeoutExpired."""
    return subprocess.run(
        [sys.executable, "-m", "supervisor.cli.main", *words],
        cwd=cwd,
        env=env,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def _run(words: list[str], cwd: Path, env: dict[str, str], mask: int, streams: list[Any]) -> None:
    """Become `orch`, with these standard streams."""
    for number, stream in enumerate(streams):
        os.dup2(stream.detach(), number)
    os.environ.clear()
    os.environ.update(env)
    os.umask(mask)
    os.chdir(cwd)
    sys.argv[1:] = words
    main.main()
