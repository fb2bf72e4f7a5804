"""Redirects: what an edit of the plan does, for each row of the table in docs/plan.md."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from supervisor.core.engine import prompts as words
from supervisor.core.engine.prompts import brief_of
from supervisor.domain import action as act
from supervisor.domain import event as ev
from supervisor.domain.plan import Task
from supervisor.domain.task import Due
from supervisor.domain.thread import TurnSeen, TurnStatus
from tests.core.engine.scene import (
    BROKEN,
    C1,
    CHANGED,
    T1,
    T2,
    Edit,
    Scene,
    asking,
    brief_changed,
    child_changed,
    held,
    kinds,
    only,
    plan_of,
    removed,
    report,
)


def test_not_started_the_next_start_uses_the_new_brief() -> None:
    scene = Scene(replace(T1, hold=True))
    assert (scene.status("T1"), scene.why("T1")) == ("held", "the plan holds it")
    assert brief_changed(scene) != ()

    assert only(scene.opened("backend")).brief == brief_of(CHANGED, plan_of(CHANGED))


def test_not_started_and_given_to_another_child_it_starts_there() -> None:
    scene = Scene(replace(T1, hold=True))
    child_changed(scene)

    assert only(scene.opened("mobile")).child == "mobile"


def test_running_with_a_changed_brief_it_is_steered() -> None:
    scene = Scene(T1).running("T1")
    old, new = brief_of(T1, plan_of(T1)), brief_of(CHANGED, plan_of(CHANGED))

    assert brief_changed(scene) == (
        act.SteerTurn(
            child="backend",
            task="T1",
            thread="backend-thread",
            turn="turn-1",
            message="orch-T1-2",
            brief=new,
            text=words.redirect(old, new),
            why="revision 2 of the plan changed its brief",
        ),
    )
    scene.post(ev.SteerArrived, "backend", "T1", "turn-1", "orch-T1-2")
    assert kinds(scene.ended("T1")) == [act.RunChecks]
    assert scene.state("T1").brief.delivered == new


def test_a_changed_contract_steers_every_task_that_names_it() -> None:
    other = Task("T3", "Poll", "mobile", contracts=("C1",))
    scene = Scene(T1, other).running("T1").running("T3", "turn-2")

    actions = scene.plan(T1, other, contracts=(replace(C1, text="Answer 303."),))

    assert [(action.task, action.turn) for action in actions if isinstance(action, act.SteerTurn)] == [
        ("T1", "turn-1"),
        ("T3", "turn-2"),
    ]


def test_an_edit_without_a_change_of_meaning_redirects_nobody() -> None:
    scene = Scene(T1).running("T1")

    assert scene.plan(replace(T1, instructions="Answer  **202**.\n")) == ()


def test_a_steer_that_came_too_late_becomes_a_follow_up_turn() -> None:
    scene = Scene(T1).running("T1")
    brief_changed(scene)
    follow_up = only(scene.ended("T1"))
    assert scene.post(ev.SteerMissed, "backend", "T1", "turn-1", "orch-T1-2", "no active turn") == ()

    assert (follow_up.due, follow_up.run, follow_up.message) == (Due.REDIRECT, 1, "orch-T1-3")
    assert follow_up.brief == brief_of(CHANGED, plan_of(CHANGED))


def test_a_turn_that_will_not_be_steered_is_not_asked_at_once_again() -> None:
    scene = Scene(T1).running("T1")
    brief_changed(scene)

    assert scene.post(ev.SteerMissed, "backend", "T1", "turn-1", "orch-T1-2", "activeTurnNotSteerable") == ()
    assert kinds(scene.tick()) == [act.SteerTurn]


def test_a_steer_that_shows_in_its_turn_has_arrived_even_if_the_turn_fails_before_the_answer_is_in() -> None:
    scene = Scene(T1).running("T1")
    brief_changed(scene)
    message = "orch-T1-2"
    scene.post(ev.TurnBegan, "backend", "backend-thread", "turn-1", message)
    scene.ended("T1", TurnStatus.FAILED, failure=BROKEN)
    scene.post(ev.SteerArrived, "backend", "T1", "turn-1", message)

    assert only(scene.tick()).due is Due.RETRY


@pytest.mark.parametrize("arrived", [True, False])
def test_a_steer_that_was_lost_on_its_way_is_looked_up_before_it_is_sent_again(arrived: bool) -> None:
    scene = Scene(T1).running("T1")
    brief_changed(scene)
    scene.exited("backend")
    scene.ready("backend", adopted=True)
    messages = ("orch-T1-1", "orch-T1-2") if arrived else ("orch-T1-1",)

    actions = scene.opened("backend", TurnSeen("turn-1", TurnStatus.IN_PROGRESS, messages))

    assert kinds(actions) == ([] if arrived else [act.SteerTurn])


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        (child_changed, "the plan gives it to mobile"),
        (held, "the plan holds it"),
        (removed, "the plan no longer has it"),
    ],
)
def test_running_and_not_wanted_there_any_more_it_is_interrupted(edit: Edit, why: str) -> None:
    scene = Scene(T1).running("T1")

    assert edit(scene)[0] == act.InterruptTurn("backend", "T1", "backend-thread", "turn-1", False, why=why)


def test_a_running_task_continues_at_its_new_child() -> None:
    scene = Scene(T1).running("T1")
    child_changed(scene)
    assert kinds(scene.ended("T1", TurnStatus.INTERRUPTED)) == [act.OpenThread]

    started = only(scene.opened("mobile"))

    assert (started.child, started.run, started.due) == ("mobile", 2, Due.BRIEF)


def test_a_held_task_continues_when_the_hold_is_lifted() -> None:
    scene = Scene(T1).running("T1")
    held(scene)
    assert scene.status("T1") == "held"
    assert scene.ended("T1", TurnStatus.INTERRUPTED) == ()

    again = only(scene.plan(T1))

    assert (again.due, again.run) == (Due.RESUME, 1)


def test_a_removed_task_is_retired_and_its_changes_stay() -> None:
    scene = Scene(T1).done("T1")
    removed(scene)

    assert scene.status("T1") == "retired"
    assert scene.why("T1") == "the plan no longer has it; its changes stay"


def test_done_with_a_changed_brief_it_is_reopened_with_the_difference() -> None:
    scene = Scene(T1).done("T1")

    again = only(brief_changed(scene))

    assert (again.due, again.run, again.thread) == (Due.REDIRECT, 2, "backend-thread")
    assert again.text == words.redirect(brief_of(T1, plan_of(T1)), brief_of(CHANGED, plan_of(CHANGED)))


def test_done_and_given_to_another_child_it_is_reopened_there() -> None:
    scene = Scene(T1).done("T1")
    child_changed(scene)

    assert only(scene.opened("mobile")).due is Due.BRIEF


def test_done_and_held_it_stays_done_after_the_hold() -> None:
    scene = Scene(T1).done("T1")

    assert held(scene) == ()
    assert scene.plan(T1) == ()
    assert scene.status("T1") == "done"


@pytest.mark.parametrize("edit", [brief_changed, child_changed, held, removed])
def test_waiting_on_an_ask_that_no_longer_applies_the_ask_is_withdrawn(edit: Edit) -> None:
    scene = asking()

    assert edit(scene)[0] == act.WithdrawAsk("A1", why="the plan changed")
    assert scene.world.open_asks == ()


def test_an_ask_that_applies_again_is_asked_again() -> None:
    scene = asking()
    held(scene)

    assert [action.text for action in scene.plan(T1) if isinstance(action, act.RaiseAsk)] == ["Which?"]


def test_a_broken_or_missing_plan_touches_no_running_work() -> None:
    scene = Scene(T1, T2).running("T1")

    assert scene.post(ev.PlanRejected, "digest", ()) == ()
    assert scene.post(ev.PlanMissing, "there is no plan.md") == ()
    assert kinds(scene.ended("T1")) == [act.RunChecks]
    assert scene.checked("T1") == ()
    assert scene.why("T2") == "nothing new starts: there is no plan.md"


def test_held_the_supervisor_starts_nothing_new_and_continues_what_runs() -> None:
    scene = Scene(T1, T2).running("T1")
    scene.post(ev.HoldSet)
    scene.ended("T1")

    fix = only(scene.checked("T1", exit_code=1))
    assert (fix.task, fix.due) == ("T1", Due.FIX)
    scene.began("T1", "turn-2")
    scene.ended("T1")
    assert scene.checked("T1") == ()
    assert only(scene.post(ev.HoldLifted)).task == "T2"


def test_a_redirect_that_got_lost_and_is_not_due_any_more_starts_nothing() -> None:
    scene = Scene(T1).done("T1")
    assert only(brief_changed(scene)).due is Due.REDIRECT
    scene.exited("backend")
    scene.plan(T1)
    scene.ready("backend", adopted=True)

    assert scene.opened("backend", TurnSeen("turn-1", TurnStatus.COMPLETED, ("orch-T1-1",), report())) == ()
    assert (scene.status("T1"), scene.state("T1").runs) == ("done", 1)


def test_a_question_survives_a_redirect_that_got_lost_and_is_not_due_any_more() -> None:
    scene = asking()
    assert kinds(brief_changed(scene)) == [act.WithdrawAsk, act.StartTurn]
    scene.exited("backend")
    scene.plan(T1)
    scene.ready("backend", adopted=True)

    (asked,) = scene.opened("backend", TurnSeen("turn-1", TurnStatus.COMPLETED, ("orch-T1-1",), report()))

    assert isinstance(asked, act.RaiseAsk)
    assert asked.text == "Which?"


def test_a_task_that_moves_on_leaves_the_tree_to_the_next_one() -> None:
    scene = Scene(T1, T2, Task("T3", "Poll", "mobile"))
    scene.opened("mobile")
    scene.running("T3", "turn-3").running("T1")
    moved = replace(T1, child="mobile")
    scene.plan(moved, T2, Task("T3", "Poll", "mobile"))

    started = only(scene.ended("T1"))

    assert started.task == "T2"
    assert scene.why("T1") == "another task works in mobile"
