"""Starts: which task starts, with which brief and settings."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from msgspec.structs import replace

from supervisor.core.engine import prompts as words
from supervisor.core.engine.prompts import brief_of
from supervisor.domain import action as act
from supervisor.domain import event as ev
from supervisor.domain.plan import Task
from supervisor.domain.task import ChangeList, Due
from supervisor.domain.thread import Failure, TurnSeen, TurnStatus
from tests.core.engine.scene import BROKEN, T1, T2, TREE, Scene, kinds, only, plan_of, report
from tests.core.hostile import hostile


def test_a_turn_starts_with_the_brief_once_its_thread_is_open() -> None:
    scene = Scene(T1)
    brief = brief_of(T1, plan_of(T1))

    assert scene.opened("backend") == (
        act.StartTurn(
            child="backend",
            task="T1",
            run=1,
            fresh=True,
            thread="backend-thread",
            message="orch-T1-1",
            due=Due.BRIEF,
            brief=brief,
            text=words.opening(brief, [], []),
            model=None,
            effort=None,
            sandbox="workspace-write",
            why="its turn in the plan has come",
        ),
    )


def test_the_settings_of_a_task_win_over_those_of_its_child() -> None:
    settings = Task("T3", "Poll", "mobile", thread="fresh", effort="high", sandbox="read-only")
    scene = Scene(settings)

    assert scene.step.actions == (
        act.OpenThread("mobile", None, "T3", "small", "high", "read-only", why="T3 needs it"),
    )
    started = only(scene.opened("mobile", task="T3"))
    assert (started.thread, started.model, started.effort, started.sandbox) == (
        "mobile-thread-T3",
        "small",
        "high",
        "read-only",
    )


def test_one_child_works_on_one_task_at_a_time_in_the_order_of_the_plan() -> None:
    scene = Scene(T1, T2)

    assert kinds(scene.opened("backend")) == [act.StartTurn]
    assert scene.why("T2") == "another task works in backend"
    scene.running("T1")
    assert kinds(scene.ended("T1")) == [act.RunChecks]
    assert scene.why("T2") == "another task works in backend"
    assert only(scene.checked("T1")).task == "T2"


def test_a_task_starts_when_what_it_waits_for_is_done_and_its_brief_says_so() -> None:
    second = Task("T2", "Poll", "mobile", after=("T1",))
    scene = Scene(T1, second).running("T1")
    scene.ended("T1", text=report(learned=["The URL expires."]))
    assert scene.why("T2") == "after T1"
    assert kinds(scene.checked("T1")) == [act.OpenThread]

    text = only(scene.opened("mobile")).text

    assert "> T1 (backend): it is done" in text
    assert "> backend: The URL expires." in text


def test_blocked_never_counts_as_done() -> None:
    scene = Scene(T1, Task("T2", "Poll", "mobile", after=("T1",))).running("T1")
    scene.ended("T1", text=report("blocked"))
    assert scene.checked("T1") == ()

    assert (scene.status("T1"), scene.why("T1")) == ("blocked", "the child says: it is blocked")
    assert (scene.status("T2"), scene.why("T2")) == ("waiting", "after T1 (blocked)")


def test_no_turn_starts_while_somebody_else_has_one_on_the_thread() -> None:
    scene = Scene(T1)

    assert scene.opened("backend", TurnSeen("foreign", TurnStatus.IN_PROGRESS)) == ()
    ended = TurnSeen("foreign", TurnStatus.COMPLETED)
    assert kinds(scene.post(ev.TurnEnded, "backend", "backend-thread", ended)) == [act.StartTurn]


def test_the_tree_is_read_again_if_the_first_turn_of_a_run_got_lost() -> None:
    scene = Scene(T1)
    assert only(scene.opened("backend")).fresh
    scene.exited("backend")
    scene.ready("backend", pid=12)
    assert only(scene.opened("backend")).fresh
    scene.post(ev.TreeRead, "backend", "T1", 1, TREE)
    scene.exited("backend", after=100)
    scene.ready("backend", pid=13)

    assert only(scene.opened("backend")).fresh, "the tree belongs to a run that never began"


@pytest.mark.promise("quoted data")
@given(words=hostile)
@settings(max_examples=60, deadline=None)
def test_what_others_reported_stays_quoted_data_in_the_brief_of_another(words: str) -> None:
    """Whatever a child reports, its lines are quoted, and the headings of the brief stay the same."""
    t3 = Task("T3", "Poll", "mobile", after=("T1",), instructions="Poll it.")
    texts = []
    for said in (words, "fine"):
        scene = Scene(T1, t3).running("T1")
        note = {"id": "C1", "status": "kept", "note": said}
        scene.ended("T1", text=report(summary=said, learned=[said], contracts=[note]))
        scene.checked("T1")
        (start,) = scene.opened("mobile")
        assert isinstance(start, act.StartTurn)
        texts.append(start.text)
    quoting, plain = ([line for line in text.split("\n") if not line.startswith(">")] for text in texts)
    if words.strip():
        assert quoting == plain


def test_the_changes_of_a_turn_that_was_not_checked_are_listed_before_the_next_one_in_that_child() -> None:
    scene = Scene(T1, T2).running("T1")
    (*_, start) = scene.ended("T1", TurnStatus.FAILED, failure=BROKEN)
    unlisted = act.Unlisted("T1", TREE, None, ChangeList())
    assert isinstance(start, act.StartTurn)
    assert (start.task, start.unlisted) == ("T2", (unlisted,))
    scene.post(ev.ChangesListed, "backend", "T1", ("a.py",), ChangeList(("a.py",)))
    result = scene.state("T1").result
    assert (result.changed_files, result.base) == (("a.py",), None)
    scene.post(ev.ChangesListed, "mobile", "T1", ("b.py",), ChangeList(("b.py",)))
    assert scene.state("T1").result.changed_files == ("a.py",), "it works in another child now"


def test_a_task_that_is_tried_again_keeps_what_its_failed_turn_changed() -> None:
    scene = Scene(T1).running("T1")
    scene.ended("T1", TurnStatus.FAILED, failure=Failure("unauthorized", 401, "no"))
    (start,) = scene.post(ev.RetryRequested, "T1")
    assert isinstance(start, act.StartTurn)
    assert (start.run, start.unlisted) == (2, (act.Unlisted("T1", TREE, None, ChangeList()),))
    scene.post(ev.ChangesListed, "backend", "T1", ("a.py",), ChangeList(("a.py",)))
    later = replace(TREE, head="later")
    scene.post(ev.TreeRead, "backend", "T1", 2, later)
    state = scene.state("T1")
    assert (state.result.base, state.start, state.result.changed_files) == (later, TREE, ("a.py",))


def test_no_more_turns_run_at_once_than_the_limit_allows_and_the_next_one_starts_in_the_order_of_the_plan() -> None:
    other, last = Task("T3", "Poll", "mobile"), Task("T4", "Show", "mobile")
    scene = Scene(T1, other, last)
    scene.world = replace(scene.world, config=replace(scene.world.config, parallel=1))
    assert kinds(scene.opened("mobile")) == []
    assert only(scene.opened("backend")).task == "T1"
    scene.began("T1", "turn-1")
    assert (scene.status("T3"), scene.why("T3")) == ("waiting", "no more turns run at once: `limits.parallel` is 1")
    started = [action.task for action in scene.ended("T1") if isinstance(action, act.StartTurn)]
    assert started == ["T3"]  # while T1 is verified


def test_a_done_task_that_fails_with_the_work_of_others_gets_another_turn_and_what_is_behind_waits_again() -> None:
    scene = Scene(T1, Task("T3", "Poll", "mobile", after=("T1",))).running("T1")
    assert kinds(scene.post(ev.TasksReopened, ("T1",), "make pair", "red")) == []  # it runs: nothing is reopened
    assert scene.status("T1") == "running"
    scene.ended("T1")
    scene.checked("T1")
    again = only(scene.post(ev.TasksReopened, ("T1", "T3", "gone"), "make pair", "The pair is red."))
    assert (again.task, again.due) == ("T1", Due.FIX)
    assert "The pair is red." in again.text
    assert scene.why("T3").startswith("after T1")


def test_a_task_whose_changes_were_taken_back_is_blocked_until_they_are_brought_back_or_made_again() -> None:
    behind = Task("T3", "Poll", "mobile", after=("T1",))
    scene = Scene(T1, behind).running("T1")
    scene.post(ev.TreeKept, "backend", "T1", 1, "aaa")
    scene.post(ev.TreeKept, "backend", "T1", 1, "bbb", True)
    scene.ended("T1")
    scene.post(ev.ReposReserved, ("mobile",))
    scene.checked("T1")
    assert (scene.status("T1"), scene.why("T3")) == (
        "done",
        "a command changes files in mobile (if it was interrupted, `orch ops` finishes it)",
    )
    assert kinds(scene.post(ev.RunsTakenBack, ("T1@1",))) == []
    assert (scene.status("T1"), scene.status("T3"), scene.why("T3")) == ("blocked", "waiting", "after T1 (blocked)")
    assert kinds(scene.post(ev.RunsTakenBack, ())) == [act.OpenThread]
    assert scene.status("T1") == "done"
    scene.post(ev.RunsTakenBack, ("T1@1",))
    again = only(scene.post(ev.RetryRequested, "T1"))
    assert (again.task, again.due) == ("T1", Due.RESUME)
    assert "they are no longer in the files. Do the task again" in again.text
    scene.post(ev.RunsTakenBack, ())
    assert scene.status("T1") == "running"  # it is being done again
