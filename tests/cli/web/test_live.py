"""What counts as a change on the page: each one has it drawn anew."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from supervisor.cli.web import live as module
from supervisor.cli.web.live import Live
from supervisor.runtime.workspace import WorkspacePaths
from tests.cli.scene import JsonDict, Standin, child, status_json, task

Standins = Callable[..., Standin]


def _worked(minutes: float, doing: str = "$ pytest -q", memory: int = 1) -> JsonDict:
    one = task("T1", "running", minutes=minutes, doing=doing)
    return status_json(tasks=(one,), children=(child("backend", rss_bytes=memory),))


def _versions(workspace: WorkspacePaths, standin: Standins, *statuses: JsonDict) -> Live:
    """Follow a supervisor that sends these, until the last one was taken."""
    sent = threading.Event()
    standin(*statuses, at_the_end=sent.set)
    live = Live(workspace)
    live.start()
    assert sent.wait(30)
    live.stop()
    return live


def test_a_task_that_works_on_is_no_change_but_what_it_does_is(workspace: WorkspacePaths, standin: Standins) -> None:
    sent = [_worked(1.0), _worked(1.1), _worked(1.2, memory=2), _worked(1.3, "$ make"), _worked(1.4, "$ make")]
    live = _versions(workspace, standin, *sent)
    assert (live.now.version, live.now.status.tasks[0].doing, live.now.status.tasks[0].minutes) == (3, "$ make", 1.3)


def test_after_a_while_the_time_that_tasks_worked_is_one(
    workspace: WorkspacePaths, standin: Standins, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TIMES", 0.0)
    live = _versions(workspace, standin, _worked(1.0), _worked(1.1), _worked(1.1, memory=2))
    assert (live.now.version, live.now.status.tasks[0].minutes) == (3, 1.1)
