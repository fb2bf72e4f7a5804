"""`orch up` and `orch down`, with a stand-in for the supervisor."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from unittest.mock import ANY

import pytest

from supervisor.cli.steer import down, ready
from supervisor.errors import OrchError, SupervisorDown
from supervisor.runtime.daemon import ending, launch
from supervisor.runtime.presence import headway
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.control_client import CONNECT_TIMEOUT
from supervisor.shell.process import MARK, Identity, identity_of
from tests.cli.conftest import Orch
from tests.cli.scene import Standin, child, status_json

NEXT = "next: edit plan.md while it runs; `orch status` shows what happens\n"
READY: dict[str, Any] = {"pid": 5, "codex": "0.163.0"}


@pytest.fixture(autouse=True)
def nothing_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """No supervisor process and nothing left behind. Whatever listens on the socket counts as up."""
    monkeypatch.setattr(launch, "begin", lambda workspace, up, mirrored=False: None)
    monkeypatch.setattr(launch, "reload", lambda workspace: False)
    monkeypatch.setattr(ending, "supervisor_process", lambda workspace: None)
    monkeypatch.setattr(ending, "stop_leftovers", lambda workspace, report, *, looked: [])


def test_it_returns_when_every_child_is_ready(orch: Orch, standin: Callable[..., Standin]) -> None:
    supervisor = standin(
        status_json(children=(child("backend", "starting"), child("mobile", "stopped"))),
        status_json(children=(child("backend", **READY), child("mobile", "backoff", problem="it\nexited"))),
        status_json(children=(child("backend", **READY), child("mobile", **READY))),
    )
    assert orch("up") == (
        0,
        "2 of 2 children ready\n",
        "backend: starting\nmobile: stopped\n"
        "backend: ready (pid 5, codex 0.163.0)\nmobile: backoff: it exited\n"
        "mobile: ready (pid 5, codex 0.163.0)\n" + NEXT,
    )
    assert supervisor.calls == [("up", {"children": []})]


def test_a_supervisor_that_is_busy_for_a_second_is_asked_all_the_same(
    orch: Orch, standin: Callable[..., Standin]
) -> None:
    supervisor = standin(status_json(children=(child("backend", **READY),)), thinks=2 * CONNECT_TIMEOUT)
    assert orch("up")[:2] == (0, "1 of 1 child ready\n")
    assert supervisor.calls == [("up", {"children": []})]


def test_only_the_named_children_are_brought_up_and_waited_for(orch: Orch, standin: Callable[..., Standin]) -> None:
    supervisor = standin(status_json(children=(child("backend", "stopped"), child("mobile", **READY))))
    assert orch("up", "mobile", "mobile") == (
        0,
        "1 of 1 child ready\n",
        f"mobile: ready (pid 5, codex 0.163.0)\n{NEXT}",
    )
    assert supervisor.calls == [("up", {"children": ["mobile"]})]


def test_a_child_that_failed_is_reported_with_its_problem(orch: Orch, standin: Callable[..., Standin]) -> None:
    failed = child("mobile", "failed", problem="codex is not logged in")
    standin(status_json(children=(child("backend", **READY), failed)))
    assert orch("up") == (
        1,
        "1 of 2 children ready\n",
        "backend: ready (pid 5, codex 0.163.0)\nmobile: failed: codex is not logged in\n"
        "orch: mobile failed: codex is not logged in: fix it, then run `orch restart mobile`\n",
    )


def test_a_problem_that_names_its_remedy_gets_no_other(orch: Orch, standin: Callable[..., Standin]) -> None:
    problem = "ORCH_CODEX_BIN names x, which is not a program: correct or remove it, then `orch down`, `orch up`"
    standin(status_json(children=(child("mobile", "failed", problem=problem), child("backend", **READY))))
    assert orch("up").err.splitlines()[-1] == f"orch: mobile failed: {problem}"


def test_a_child_that_takes_too_long_is_not_waited_for(
    orch: Orch, standin: Callable[..., Standin], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ready, "READY_WITHIN", 0.05)
    standin(status_json(children=(child("backend", "starting"), child("mobile", **READY))))
    assert orch("up") == (
        1,
        "1 of 2 children ready\n",
        "backend: starting\nmobile: ready (pid 5, codex 0.163.0)\n"
        "orch: backend is still starting after 0.05 s: see `orch logs`\n",
    )


def test_a_supervisor_that_dies_meanwhile_is_a_failure(orch: Orch, standin: Callable[..., Standin]) -> None:
    standin(status_json(children=(child("backend", "starting"), child("mobile", **READY))), ends=True)
    code, out, err = orch("up")
    assert (code, out, err.splitlines()[-1]) == (
        1,
        "",
        "orch: while the servers started, the supervisor went away: see `orch logs`, then run `orch up`",
    )


def test_an_unknown_child_is_wrong_usage_before_anything_starts(orch: Orch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "begin", lambda workspace, up: pytest.fail("it was started"))
    assert orch("up", "mobil") == (2, "", "orch: there is no child `mobil`: did you mean `mobile`?\n")


def test_a_reloaded_config_is_reported(
    orch: Orch, standin: Callable[..., Standin], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch, "reload", lambda workspace: True)
    standin(status_json(children=(child("backend", **READY),)))
    assert orch("up").err.splitlines()[0] == "the supervisor reloaded the config"


def test_a_supervisor_that_does_not_start_is_a_failure(orch: Orch, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(workspace: WorkspacePaths, up: Sequence[str]) -> bool:
        raise OrchError("the supervisor did not start", "see `orch logs`")

    monkeypatch.setattr(launch, "begin", fails)
    assert orch("up") == (1, "", "orch: the supervisor did not start: see `orch logs`\n")


class Answers:
    """A supervisor that was started and answers."""

    def wait(self) -> None:
        pass


def test_a_supervisor_that_up_started_is_not_asked_again(
    orch: Orch, standin: Callable[..., Standin], monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Sequence[str]] = []
    monkeypatch.setattr(launch, "begin", lambda workspace, up: started.append(up) or Answers())
    supervisor = standin(status_json(children=(child("backend", **READY), child("mobile", **READY))))
    assert orch("up", "mobile")[:2] == (0, "1 of 1 child ready\n")
    assert (started, supervisor.calls) == ([["mobile"]], [])


def test_in_place_of_a_supervisor_that_is_about_to_end_another_one_is_started(
    orch: Orch, standin: Callable[..., Standin], monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[Answers | None] = [None, Answers()]
    monkeypatch.setattr(launch, "begin", lambda workspace, up: found.pop(0))

    def ends(workspace: WorkspacePaths) -> bool:
        raise SupervisorDown("the supervisor went away", "run `orch up`")

    monkeypatch.setattr(launch, "reload", ends)
    standin(status_json(children=(child("backend", **READY), child("mobile", **READY))))
    assert orch("up")[:2] == (0, "2 of 2 children ready\n")
    assert found == []


def test_in_the_foreground_the_servers_are_wanted_all_the_same(orch: Orch, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Sequence[str]] = []
    monkeypatch.setattr(launch, "begin", lambda workspace, up, mirrored: started.append((up, mirrored)) or Answers())
    assert orch("up", "--foreground", "backend") == (0, "", "")
    assert started == [(["backend"], True)]


def test_a_second_supervisor_does_not_start_in_the_foreground(orch: Orch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ending, "supervisor_process", lambda workspace: identity_of(os.getpid()))
    assert orch("up", "--foreground") == (
        1,
        "",
        "orch: a supervisor is up already: run `orch down` first, or leave out --foreground\n",
    )


@pytest.mark.parametrize("now", [False, True])
def test_down_asks_and_waits_for_the_exit(now: bool, orch: Orch, standin: Callable[..., Standin]) -> None:
    supervisor = standin(
        status_json(children=(child("backend", "stopping"), child("mobile", "stopping"))),
        status_json(children=(child("backend", "stopped"), child("mobile", "stopping"))),
        ends=True,
    )
    assert orch("down", *(["--now"] if now else [])) == (
        0,
        "everything has stopped\n",
        "backend: stopping\nmobile: stopping\nbackend: stopped\n",
    )
    assert supervisor.calls == [("down", {"now": now})]


@pytest.mark.promise("commands repeatable")
def test_down_is_fine_when_nothing_runs(orch: Orch) -> None:
    assert orch("down") == (0, "nothing was running\n", "")


def test_down_stops_what_a_dead_supervisor_left(orch: Orch, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(workspace: WorkspacePaths, report: Callable[[str], None], *, looked: bool) -> list[str]:
        assert not looked
        report("stopping backend (process 5)")
        return ["backend", "mobile"]

    monkeypatch.setattr(ending, "stop_leftovers", stop)
    assert orch("down") == (0, "stopped what was left: backend, mobile\n", "stopping backend (process 5)\n")


@pytest.fixture
def hanging() -> Iterator[subprocess.Popen[bytes]]:
    """A suspended process that would not exit on SIGTERM if it went on."""
    script = "import os, signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); signal.pause()"
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        os.kill(process.pid, signal.SIGSTOP)
        yield process
        process.kill()


def test_down_kills_a_supervisor_that_hangs(
    hanging: subprocess.Popen[bytes], orch: Orch, standin: Callable[..., Standin], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ending, "TERM_GRACE", 0.2)
    monkeypatch.setattr(headway, "HANGS_AFTER", 0.5)
    monkeypatch.setattr(ending, "supervisor_process", lambda workspace: identity_of(hanging.pid))
    standin(hangs=True)
    code, out, err = orch("down")
    assert (code, out, err.endswith("the supervisor makes no progress for 15 s: stopping its process\n")) == (
        0,
        "everything has stopped\n",
        True,
    )
    assert hanging.wait(10) == -signal.SIGKILL


def test_down_returns_when_the_process_is_gone_and_not_only_its_lock(
    hanging: subprocess.Popen[bytes], orch: Orch, standin: Callable[..., Standin], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(down, "EXIT_PATIENCE", 0.1)
    monkeypatch.setattr(ending, "TERM_GRACE", 0.2)
    holders = iter([identity_of(hanging.pid)])
    monkeypatch.setattr(ending, "supervisor_process", lambda workspace: next(holders, None))
    standin(status_json(), ends=True)
    assert orch("down") == (0, "everything has stopped\n", ANY)
    assert hanging.wait(10) == -signal.SIGKILL


@pytest.mark.parametrize("left", [False, True])
def test_down_looks_while_the_supervisor_exits_and_again_if_it_left_something(
    left: bool, orch: Orch, workspace: WorkspacePaths, standin: Callable[..., Standin], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = [sys.executable, "-c", "print(flush=True); input()"]
    again: list[bool] = []

    def stop(_: WorkspacePaths, report: Callable[[str], None], *, looked: bool) -> list[str]:
        again.append(not looked)
        return []

    def exits(supervisor: Identity | None, *_: object) -> bool:
        exiting.communicate(b"\n", timeout=10)
        return False

    marked = dict(os.environ, **({MARK: workspace.mark("backend")} if left else {}))
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=marked) as exiting:
        assert exiting.stdout is not None
        exiting.stdout.readline()
        monkeypatch.setattr(ending, "supervisor_process", lambda workspace: identity_of(exiting.pid))
        monkeypatch.setattr(ending, "stop_leftovers", stop)
        monkeypatch.setattr(ending, "end_supervisor", exits)
        standin(status_json(), ends=True)
        assert orch("down") == (0, "everything has stopped\n", ANY)
    assert again == [left]
