"""Threads: opened when a task needs one, and replaced when they are gone."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from supervisor.core.engine.prompts import brief_of
from supervisor.domain import action as act
from supervisor.domain import event as ev
from supervisor.domain.task import Due
from tests.core.engine.scene import (
    CHANGED,
    T1,
    T2,
    Scene,
    asking,
    brief_changed,
    kinds,
    only,
    plan_of,
)


def test_a_task_that_may_start_has_its_thread_opened_first() -> None:
    scene = Scene(T1, up=False)

    assert scene.ready("backend") == (
        act.OpenThread("backend", None, None, None, None, "workspace-write", why="T1 needs it"),
    )


def test_a_thread_that_cannot_be_opened_is_tried_again() -> None:
    scene = Scene(T1)
    assert scene.post(ev.ThreadFailed, "backend", None, None, False, "overloaded") == ()
    assert scene.why("T1") == "the thread of backend cannot be opened: overloaded"

    assert kinds(scene.tick()) == [act.OpenThread]
    assert kinds(scene.opened("backend")) == [act.StartTurn]


def test_another_task_of_the_child_goes_ahead_while_a_thread_cannot_be_opened() -> None:
    fresh = replace(T2, thread="fresh")
    scene = Scene(T1, fresh)
    scene.post(ev.ThreadFailed, "backend", None, None, False, "it has another writer")

    assert only(scene.opened("backend", task="T2")).task == "T2"


def test_done_tasks_stay_done_when_their_thread_is_gone() -> None:
    scene = Scene(T1).done("T1")
    scene.exited("backend")
    scene.plan(T1, T2)
    scene.ready("backend", pid=12)

    (reopened,) = scene.post(ev.ThreadFailed, "backend", "backend-thread", None, True, "no rollout found")

    assert reopened == act.OpenThread("backend", None, None, None, None, "workspace-write", why="T2 needs it")
    assert only(scene.opened("backend", thread="new")).task == "T2"
    assert scene.status("T1") == "done"


def test_an_answer_that_goes_to_a_new_thread_brings_the_whole_brief() -> None:
    scene = asking()
    scene.exited("backend")
    scene.answer("A1", "text", "Use B.")
    scene.ready("backend", pid=12)
    scene.post(ev.ThreadFailed, "backend", "backend-thread", None, True, "no rollout found")

    answered = only(scene.opened("backend", thread="new"))

    assert answered.due is Due.ANSWER
    assert answered.text.startswith(answered.brief.text)
    assert "Use B." in answered.text


def test_a_running_turn_continues_in_a_new_thread_when_its_own_is_gone() -> None:
    scene = Scene(T1).running("T1")
    scene.exited("backend")
    scene.ready("backend", pid=12)
    scene.post(ev.ThreadFailed, "backend", "backend-thread", None, True, "no rollout found")

    again = only(scene.opened("backend", thread="new"))

    assert (again.due, again.thread) == (Due.RESUME, "new")
    assert again.brief.text in again.text


@pytest.mark.parametrize("reverted", [True, False])
def test_a_redirect_whose_thread_is_gone_is_followed_by_another_turn_whatever_the_plan_says_by_then(
    reverted: bool,
) -> None:
    scene = Scene(T1).done("T1")
    brief_changed(scene)
    scene.exited("backend")
    scene.plan(T1 if reverted else CHANGED)
    scene.ready("backend", pid=12)
    assert kinds(scene.post(ev.ThreadFailed, "backend", "backend-thread", None, True, "no rollout")) == [act.OpenThread]

    again = only(scene.opened("backend", thread="new"))

    assert again.brief == brief_of(T1 if reverted else CHANGED, plan_of(T1))
    assert again.brief.text in again.text
