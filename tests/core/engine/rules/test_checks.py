"""The checks after a turn: passed, failed, or impossible to run."""

from __future__ import annotations

from supervisor.core.engine.lifecycle.tasks import MAX_FIXES, MAX_LOST
from supervisor.core.engine.reconcile import wakeup
from supervisor.domain import action as act
from supervisor.domain import event as ev
from supervisor.domain.report import Check, OutputLine
from supervisor.domain.task import Due
from tests.core.engine.scene import T1, TREE, Scene, kinds, only


def test_a_turn_that_ends_is_checked_and_then_the_task_is_done() -> None:
    scene = Scene(T1).running("T1")

    assert scene.ended("T1") == (
        act.RunChecks("backend", "T1", 1, ("make test",), TREE, "workspace-write", why="its turn ended"),
    )
    assert scene.checked("T1") == ()
    assert (scene.status("T1"), scene.why("T1")) == ("done", "verified")


def test_failing_checks_cause_two_fix_turns_and_then_the_task_is_blocked() -> None:
    scene = Scene(T1).running("T1")
    for number in range(MAX_FIXES):
        scene.ended("T1")
        fix = only(scene.checked("T1", exit_code=1))
        assert (fix.due, fix.run, fix.fresh) == (Due.FIX, 1, True)
        assert "> the tail" in fix.text
        scene.began("T1", f"turn-{number + 2}")
    scene.ended("T1")

    assert scene.checked("T1", exit_code=1) == ()
    assert scene.status("T1") == "blocked"
    assert only(scene.post(ev.RetryRequested, "T1")).run == 2


def test_checks_that_cannot_be_run_block_the_task_after_some_tries() -> None:
    scene = Scene(T1).running("T1")
    scene.ended("T1")
    for _ in range(MAX_LOST - 1):
        assert scene.post(ev.ChecksLost, "backend", "T1", 1, "no sandbox") == ()
        assert kinds(scene.tick()) == [act.RunChecks]

    assert scene.post(ev.ChecksLost, "backend", "T1", 1, "no sandbox") == ()
    assert scene.status("T1") == "blocked"
    assert wakeup(scene.world, scene.now) is None


def test_a_turn_without_a_report_is_done_if_the_checks_pass() -> None:
    scene = Scene(T1).running("T1")
    scene.ended("T1", text="I did it.")
    scene.checked("T1")

    assert (scene.status("T1"), scene.why("T1")) == (
        "done",
        "its verify commands pass (it left no valid report)",
    )


def test_the_follow_up_turn_is_told_the_lines_that_fail_the_end_and_where_all_of_a_long_output_is() -> None:
    scene = Scene(T1).running("T1")
    scene.ended("T1")
    long = Check("make test", 2, "3 failed", (OutputLine(7, "E assert 1 == 2"),), 1_234, "/ws/T1-1.log")
    silent = Check("make lint", 1, "")
    fix = only(scene.post(ev.ChecksFinished, "backend", "T1", 1, (long, silent, Check("true", 0, "ok")), ()))
    assert (
        "`make test` exited with 2.\n\n"
        "The lines of its output that look like failures:\n\n> 7: E assert 1 == 2\n\n"
        "The end of its output:\n\n> 3 failed\n\n"
        "All 1,234 lines are in /ws/T1-1.log\n\n"
        "`make lint` exited with 1.\n\nIt printed nothing."
    ) in fix.text
    assert "`true`" not in fix.text


def test_the_follow_up_turn_is_told_that_the_file_of_a_huge_output_has_no_middle() -> None:
    scene = Scene(T1).running("T1")
    scene.ended("T1")
    huge = Check("make test", 2, "3 failed", (), 1_234, "/ws/T1-1.log", cut=True)
    fix = only(scene.post(ev.ChecksFinished, "backend", "T1", 1, (huge,), ()))
    assert "The output without its middle, 1,234 lines, is in /ws/T1-1.log" in fix.text
    assert "All 1,234 lines" not in fix.text
