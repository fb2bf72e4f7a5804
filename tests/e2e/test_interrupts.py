"""Ctrl-C ends a command, not what it started: the command says what goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from supervisor.runtime.daemon import launch
from tests import CHECKOUT
from tests.e2e.lab import SLOW, Lab

HANGS = """#!/bin/sh
trap '' TERM
case "$1" in --version) echo codex-cli 0.163.0; exit;; esac
: >"$0.trapped"
while :; do sleep 1; done
"""


@pytest.fixture
def slow() -> Iterator[Lab]:
    """A workspace whose server never gets ready, and ends only when it is killed."""
    with Lab("api") as made:
        codex = made.folder / "codex"
        codex.write_text(HANGS, encoding="utf-8")
        codex.chmod(0o755)
        made.environ["ORCH_CODEX_BIN"] = str(codex)
        yield made


@contextmanager
def started(lab: Lab, *words: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "supervisor.cli.main", *words]
    environ = {**lab.environ, "PYTHONPATH": str(CHECKOUT)}
    with subprocess.Popen(command, cwd=lab.workspace.root, env=environ, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def interrupted(process: subprocess.Popen[str], *lines: str) -> tuple[int, str]:
    """Send Ctrl-C once it has printed a line that begins so; return the exit code and the last line."""
    assert process.stderr is not None
    before: list[str] = []
    while not (shown := process.stderr.readline()).startswith(lines):
        assert shown, f"ended with {process.wait(SLOW)} after {before}"
        before.append(shown)
    process.send_signal(signal.SIGINT)
    rest = process.stderr.read().splitlines()
    return process.wait(SLOW), rest[-1]


def test_up_and_down_say_that_the_supervisor_goes_on(slow: Lab) -> None:
    with started(slow, "up") as process:
        assert interrupted(process, "api: starting") == (
            130,
            "orch: interrupted: the supervisor stays up and goes on starting the servers: see `orch status`; "
            "`orch down` stops all",
        )
    assert slow.status()["children"][0]["state"] == "starting"
    slow.until(lambda _: (slow.folder / "codex.trapped").exists())
    with started(slow, "down") as process:
        assert interrupted(process, "api: stopping") == (
            130,
            "orch: interrupted: what was told to stop goes on stopping: run `orch down` again to wait for it, "
            "or `orch down --now`",
        )
    slow.orch("down")
    assert not launch.locked(slow.workspace)


def test_a_supervisor_whose_starter_is_gone_before_it_is_ready_goes_on(
    slow: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in slow.environ.items():
        monkeypatch.setenv(name, value)
    starting = launch.begin(slow.workspace, [])
    assert starting is not None
    os.close(starting.read_end)
    assert launch.comes_up(slow.workspace)
    assert slow.status()["children"][0]["state"] == "starting"


def test_in_the_foreground_nothing_goes_on(slow: Lab) -> None:
    with started(slow, "up", "--foreground") as process:
        code, _ = interrupted(process, "")
    assert code in (0, 130)
    assert not launch.locked(slow.workspace)


def test_in_the_foreground_a_signal_ends_everything_in_order() -> None:
    with Lab("api") as made:
        command = [sys.executable, "-m", "supervisor.cli.main", "up", "--foreground"]
        environ = {**made.environ, "PYTHONPATH": str(CHECKOUT)}
        with subprocess.Popen(
            command, cwd=made.workspace.root, env=environ, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stderr is not None
            shown = next(line for line in process.stderr if "server_ready api" in line)
            assert made.status()["children"][0]["state"] == "ready", shown
            process.send_signal(signal.SIGINT)
            rest = process.stderr.read()
            assert (process.wait(SLOW), "server_stopped api" in rest) == (0, True)
        assert made.orch("status", check=False).returncode == 3


def test_a_wait_leaves_the_tasks_alone(slow: Lab, tmp_path: Path) -> None:
    with started(slow, "up") as process:
        interrupted(process, "api: starting")
    with started(slow, "wait") as process:
        code, last = interrupted(process, "there is no plan", "nothing new starts")  # before plan.md is read, and after
    assert (code, "only the wait is over" in last) == (130, True)
    assert launch.locked(slow.workspace)


def test_a_plan_whose_servers_do_not_start_yet_was_not_asked_for(slow: Lab) -> None:
    with started(slow, "plan", "make it work") as process:
        code, last = interrupted(process, "api: starting")
    assert (code, last) == (130, "orch: interrupted: the orchestrator was not asked yet: run `orch plan` again")
    assert slow.status()["orchestrator"] is None
