"""`orch attach`: the thread that it opens, and the error when there is none."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from supervisor.cli.look.attach import found as found_in
from supervisor.domain.status import OwnTreeInfo
from supervisor.wire.status import read_status
from tests.cli.conftest import Orch
from tests.cli.scene import JsonDict, Standin, child, orchestrator_json, status_json, task

READY = child("backend", socket="/run/b.sock", thread="long")
ORCHESTRATOR = orchestrator_json()


@pytest.fixture
def codex(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A program that stands in for codex."""
    path = tmp_path / "my codex"
    path.write_text("#!/bin/sh\n", encoding="utf-8")
    path.chmod(0o755)
    monkeypatch.setenv("ORCH_CODEX_BIN", str(path))
    return str(path)


def found(seen: JsonDict, name: str | None) -> tuple[str, str]:
    return found_in(read_status(seen), name)[:2]


def shows(*tasks: dict[str, object], backend: dict[str, object] = READY, **more: object) -> JsonDict:
    return {**status_json(children=(backend, child("mobile", "backoff")), tasks=tasks), **more}


def test_a_child_at_rest_shows_its_long_thread() -> None:
    assert found(shows(), "backend") == ("long", "/run/b.sock")


def test_a_child_at_work_shows_the_thread_of_that_task() -> None:
    busy = {**READY, "task": "T1"}
    assert found(shows(task("T1", "running", thread="own"), backend=busy), "backend") == ("own", "/run/b.sock")
    assert found(shows(task("T1", "running", thread=None), backend=busy), "backend") == ("long", "/run/b.sock")


def test_a_task_shows_its_own_thread() -> None:
    assert found(shows(task("T1", "done", thread="own")), "T1") == ("own", "/run/b.sock")


def test_without_a_name_it_is_the_orchestrators() -> None:
    seen = shows(orchestrator=ORCHESTRATOR)
    assert found(seen, None) == found(seen, "orchestrator") == ("o1", "/run/o.sock")


def test_the_command_is_printed_as_a_shell_takes_it(orch: Orch, standin: Callable[..., Standin], codex: str) -> None:
    standin(shows())
    assert orch("attach", "backend", "--print") == (
        0,
        f"'{codex}' resume long --remote unix:///run/b.sock\n",
        "",
    )


def test_the_terminal_becomes_codex(
    orch: Orch, standin: Callable[..., Standin], codex: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    standin(shows())
    called: list[object] = []
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setattr(os, "execvp", lambda *words: called.append(words))
    orch("attach", "backend")
    assert called == [(codex, [codex, "resume", "long", "--remote", "unix:///run/b.sock"])]


def test_attach_without_a_terminal_is_an_error(orch: Orch, standin: Callable[..., Standin], codex: str) -> None:
    standin(shows())
    ran = orch("attach", "backend")
    assert (ran.code, ran.err) == (
        1,
        "orch: this is not a terminal: run it in one, or see the command with `orch attach --print`\n",
    )


@pytest.mark.parametrize(
    ("seen", "name", "code", "message"),
    [
        (shows(), "backnd", 2, "there is no child or task `backnd`: did you mean `backend`?"),
        (shows(task("T1")), "T2", 2, "there is no child or task `T2`: use one of `backend`, `mobile`, `T1`"),
        (shows(), "mobile", 1, "the server of mobile is backoff: see `orch status`"),
        (
            shows(backend={**READY, "thread": None}),
            "backend",
            1,
            "backend has no thread yet: it gets one with its first task; see `orch status`",
        ),
        (
            shows(task("T1", thread=None, why="after T0")),
            "T1",
            1,
            "T1 has no thread yet: T1 gets one when its first turn starts (after T0); see `orch status`",
        ),
        (
            shows(task("T1", thread="x", work_tree=OwnTreeInfo("/no/tree", "backend", True, ()))),
            "T1",
            1,
            "the thread of T1 is in a work tree of its own that is gone, as its changes are in backend (/no/tree): "
            "see `orch logs --task T1`",
        ),
        (shows(task("H1", child="human")), "H1", 1, "H1 is your own task, so it has no thread: see `orch asks`"),
        (
            shows(task("T1", child="gone", thread="x")),
            "T1",
            1,
            "the child of T1 is not in the config any more: `orch down`, then `orch up`",
        ),
        (
            shows(orchestrator=None),
            None,
            1,
            'the orchestrator has not been asked for a plan yet: run `orch plan "PROBLEM"`, or name a child or a task',
        ),
        (
            shows(orchestrator={**ORCHESTRATOR, "server": "stopped", "why": "it was stopped"}),
            None,
            1,
            "the server of the orchestrator is stopped (it was stopped): see `orch status`",
        ),
        (
            shows(orchestrator={**ORCHESTRATOR, "thread": None, "why": "the server is starting"}),
            None,
            1,
            "the orchestrator has no thread yet (the server is starting): it gets one when its first turn starts; "
            "see `orch status`",
        ),
    ],
)
def test_where_there_is_no_thread_it_says_what_to_do(
    orch: Orch,
    standin: Callable[..., Standin],
    codex: str,
    seen: JsonDict,
    name: str | None,
    code: int,
    message: str,
) -> None:
    standin(seen)
    ran = orch("attach", *([name] if name else []), "--print")
    assert (ran.code, ran.out, ran.err) == (code, "", f"orch: {message}\n")


def test_with_the_supervisor_down_there_is_nothing_to_open(orch: Orch) -> None:
    ran = orch("attach", "backend")
    assert ran.code == 3
    assert "orch up" in ran.err
