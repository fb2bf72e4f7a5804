"""`orch wait`: when it returns, and with which exit code."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from typing import Any

import pytest

from supervisor.cli.look.wait import summary
from supervisor.core.view.waiting import verdict
from supervisor.runtime.presence import headway
from supervisor.runtime.presence import lock as locks
from supervisor.runtime.waiting import unseen_edit
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.wire.status import read_status
from tests.cli.conftest import Orch
from tests.cli.scene import Standin, ask, status_json, task

Scene = dict[str, Any]
T1_DONE = task("T1", "done", summary="It answers 202.")
T1_BLOCKED = task("T1", "blocked", why="no access")
T2_AFTER = task("T2", after=["T1"])


def result_of(scene: Scene, only: str | None = None) -> str | None:
    found = verdict(read_status(scene), only)
    return None if found is None else summary(found, only)


def test_a_result_is_one_line() -> None:
    assert result_of(status_json(tasks=(T1_BLOCKED, T2_AFTER))) == "T1 is blocked: no access"
    assert result_of(status_json(tasks=(T1_DONE,)), "T1") == "T1 is done: It answers 202."
    assert result_of(status_json(tasks=(T1_DONE, task("T2", "retired")))) == "1 of 2 tasks done, the others retired"
    assert result_of(status_json(asks=(ask("A3"), ask("A4")))) == (
        "A3 waits on you (and 1 more: `orch asks`): Which port?: `orch answer A3 ...`"
    )


def test_it_prints_changes_and_returns_when_all_is_done(orch: Orch, standin: Callable[..., Standin]) -> None:
    standin(
        status_json(tasks=(task("T1", "running", why="asked"), T2_AFTER)),
        status_json(tasks=(T1_DONE, task("T2", "running"))),
        status_json(tasks=(T1_DONE, task("T2", "running"))),
        status_json(tasks=(T1_DONE, task("T2", "done"))),
    )
    assert orch("wait") == (
        0,
        "2 of 2 tasks done\n",
        "T1 running (asked)\nT2 waiting\nT1 done\nT2 running\nT2 done\n",
    )


def test_the_answer_as_json_has_the_tasks_and_asks(orch: Orch, standin: Callable[..., Standin]) -> None:
    standin(status_json(tasks=(T1_BLOCKED, T2_AFTER)))
    ran = orch("wait", "--json", "--task", "T1")
    assert (ran.code, json.loads(ran.out)) == (
        5,
        {"exit_code": 5, "text": "T1 is blocked: no access", "tasks": [T1_BLOCKED], "asks": []},
    )


@pytest.mark.parametrize(
    ("scene", "message"),
    [
        (status_json(tasks=(task("T1", "held"),)), "T1 held\nheld by the plan: T1; still waiting\n"),
        (
            status_json(tasks=(task("T1"),), state="held"),
            "T1 waiting\nnothing new starts: the plan is held (`orch go`, or `hold: no` in plan.md); still waiting\n",
        ),
        (status_json(state="missing"), "there is no plan to carry out: write plan.md; still waiting\n"),
        (
            status_json(state="rejected", problems=[{"line": 1, "message": "m"}]),
            "plan.md is not accepted (problems: 1): see `orch plan check`; still waiting\n",
        ),
        (status_json(), "the plan has no tasks; still waiting\n"),
    ],
)
def test_a_standstill_is_printed_once_and_waited_for(
    scene: Scene, message: str, orch: Orch, standin: Callable[..., Standin]
) -> None:
    standin(scene, scene)
    code, out, err = orch("wait", "--timeout", "0.05")
    assert (code, err) == (124, message)
    assert out.startswith("time is up after 0.05 s: ")


def test_a_plan_that_is_done_but_for_a_bad_edit_says_so(orch: Orch, standin: Callable[..., Standin]) -> None:
    problem = {"line": 5, "message": "unknown child `aa`"}
    standin(status_json(state="rejected", problems=[problem], tasks=(task("T1", "done"),)))
    assert orch("wait") == (
        0,
        "1 of 1 tasks done\n",
        "T1 done\nplan.md is not accepted (problems: 1): see `orch plan check`; the last good plan stays in force\n",
    )


def test_a_wait_of_no_time_checks_once(orch: Orch, standin: Callable[..., Standin]) -> None:
    standin(status_json(tasks=(task("T1", "running"),)), status_json(tasks=(T1_DONE,)))
    assert orch("wait", "--timeout", "0") == (124, "time is up after 0 s: T1 running\n", "T1 running\n")


@pytest.mark.parametrize("text", ["0", "0s", "0.0m", "0h", "0d", " 0 "])
def test_the_longest_wait_is_written_as_any_duration(text: str, orch: Orch, standin: Callable[..., Standin]) -> None:
    standin(status_json(tasks=(task("T1", "running"),)), status_json(tasks=(T1_DONE,)))
    assert orch("wait", "--timeout", text).code == 124


@pytest.mark.parametrize("text", ["soon", "5 m", "5min", "1h30m", "inf", "nan", "1e3", "", "-1", "-5m", "٥"])
def test_a_wait_of_no_duration_is_wrong_usage(text: str, orch: Orch) -> None:
    assert orch("wait", "--timeout", text) == (
        2,
        "",
        f"orch: `{text}` is no duration for --timeout: write 90 (seconds), 90s, 5m, 2h or 1d\n",
    )


def test_a_task_that_is_not_there_is_wrong_usage(orch: Orch, standin: Callable[..., Standin]) -> None:
    standin(status_json(tasks=(task("Register"),), asks=(ask("A1"),)))
    assert orch("wait", "--task", "register") == (
        2,
        "",
        "orch: there is no task `register`: did you mean `Register`?\n",
    )


def test_a_task_that_the_plan_drops_meanwhile_is_settled(orch: Orch, standin: Callable[..., Standin]) -> None:
    standin(status_json(tasks=(task("T1"),)), status_json())
    assert orch("wait", "--task", "T1") == (0, "T1 is retired: the plan no longer has it\n", "T1 waiting\n")


def test_a_supervisor_that_exits_meanwhile_is_down(orch: Orch, standin: Callable[..., Standin]) -> None:
    standin(status_json(tasks=(task("T1", "running"),)), ends=True)
    assert orch("wait") == (
        3,
        "",
        "T1 running\norch: the supervisor went away: see `orch logs`, then run `orch up`\n",
    )


def test_an_edit_that_the_supervisor_has_not_read_is_waited_for(
    workspace: WorkspacePaths, orch: Orch, standin: Callable[..., Standin]
) -> None:
    workspace.plans.mkdir(parents=True)
    (workspace.plans / "0001.md").write_text("old", encoding="utf-8")
    (workspace.plans / "0002.md").write_text("new", encoding="utf-8")
    workspace.plan.write_text("new", encoding="utf-8")
    standin(
        status_json(tasks=(T1_DONE,), revision=1),
        status_json(tasks=(task("T1", "running"),), revision=2),
        status_json(tasks=(T1_BLOCKED,), revision=2),
    )
    assert orch("wait").code == 5


def test_only_a_later_edit_with_other_content_counts_as_unread(workspace: WorkspacePaths) -> None:
    scene = status_json(revision=1)
    assert not unseen_edit(workspace, read_status(scene))
    workspace.plan.write_text("new", encoding="utf-8")
    assert unseen_edit(workspace, read_status(scene))
    assert unseen_edit(workspace, read_status(status_json(revision=None)))
    workspace.plans.mkdir(parents=True)
    (workspace.plans / "0001.md").write_text("new", encoding="utf-8")
    assert not unseen_edit(workspace, read_status(scene))


def test_an_interrupt_ends_it_with_130(orch: Orch, standin: Callable[..., Standin]) -> None:
    standin(status_json(tasks=(task("T1", "running"),)), at_the_end=lambda: os.kill(os.getpid(), signal.SIGINT))
    assert orch("wait") == (
        130,
        "",
        "T1 running\n"
        "orch: interrupted: only the wait is over, the tasks go on: see `orch status`; `orch down` stops all\n",
    )


def test_it_waits_for_a_supervisor_that_is_starting(
    orch: Orch, standin: Callable[..., Standin], workspace: WorkspacePaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = locks.take(workspace)
    assert lock is not None
    locks.sign(lock, os.getpid())
    looks = []

    def look_again(seconds: float) -> None:
        looks.append(seconds)
        if len(looks) == 2:
            standin(status_json(tasks=(T1_DONE,)))

    monkeypatch.setattr(headway.time, "sleep", look_again)
    with lock:
        assert (orch("wait").code, looks) == (0, [headway.POLL] * 2)
