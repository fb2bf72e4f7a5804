"""A checkpoint is about what the tasks before it made: if one of them is reopened, its ask goes and comes again."""

from __future__ import annotations

from msgspec.structs import replace

from supervisor.domain import action as act
from tests.core.engine.scene import CHANGED, H1, T1, T2, Scene, report

PAIR = replace(H1, after=("T1",))


def checkpoint_open() -> Scene:
    """T1 is done, and the human is asked to do H1 after it."""
    scene = Scene(T1, PAIR).done("T1")
    assert [(ask.id, ask.task) for ask in scene.world.open_asks] == [("A1", "H1")]
    return scene


def done_again(scene: Scene, outcome: str = "done") -> tuple[act.Action, ...]:
    scene.began("T1", "turn-2")
    scene.ended("T1", text=report(outcome))
    return scene.checked("T1")


def test_a_checkpoint_whose_dependency_is_reopened_is_withdrawn_and_comes_again() -> None:
    scene = checkpoint_open()
    (withdrawn,) = (one for one in scene.plan(CHANGED, PAIR) if isinstance(one, act.WithdrawAsk))
    assert (withdrawn.ask, withdrawn.why) == ("A1", "T1 is to be done again first")
    assert (scene.status("H1"), scene.why("H1")) == ("waiting", "after T1")
    scene.answer("A1", "accept", "It is green.")  # on its way when the plan changed
    assert scene.status("H1") == "waiting"
    (again,) = (one for one in done_again(scene) if isinstance(one, act.RaiseAsk))
    assert (again.ask, again.task) == ("A2", "H1")
    scene.answer("A2", "accept", "It is green.")
    assert (scene.status("H1"), scene.state("H1").runs) == ("done", 1)


def test_a_checkpoint_that_changes_with_its_dependency_waits_for_it() -> None:
    scene = checkpoint_open()
    actions = scene.plan(CHANGED, replace(PAIR, instructions="Press both."))
    assert [one for one in actions if isinstance(one, act.RaiseAsk)] == []
    assert (scene.status("H1"), scene.world.open_asks) == ("waiting", ())
    done_again(scene)
    assert [ask.steps for ask in scene.world.open_asks] == ["Press both."]


def test_a_checkpoint_stays_away_while_its_dependency_is_blocked() -> None:
    scene = checkpoint_open()
    scene.plan(CHANGED, PAIR)
    done_again(scene, "blocked")
    assert (scene.status("T1"), scene.status("H1"), scene.world.open_asks) == ("blocked", "waiting", ())
    assert scene.why("H1") == "after T1 (blocked)"


def test_a_checkpoint_that_gets_another_dependency_waits_for_it() -> None:
    scene = checkpoint_open()
    scene.plan(T1, T2, replace(PAIR, after=("T1", "T2")))
    assert (scene.status("H1"), scene.world.open_asks) == ("waiting", ())
    scene.plan(T1, T2, PAIR)
    assert [ask.task for ask in scene.world.open_asks] == ["H1"]


def test_an_edit_that_reopens_nothing_leaves_the_checkpoint_open() -> None:
    scene = checkpoint_open()
    scene.plan(T1, T2, PAIR)
    assert [ask.id for ask in scene.world.open_asks] == ["A1"]


def test_a_dependency_that_is_held_after_it_was_done_still_counts() -> None:
    scene = checkpoint_open()
    scene.plan(replace(T1, hold=True), PAIR)
    assert [ask.id for ask in scene.world.open_asks] == ["A1"]


def test_a_checkpoint_that_was_declined_and_is_tried_again_waits_for_a_reopened_dependency() -> None:
    scene = checkpoint_open()
    scene.answer("A1", "decline", "it is red")
    assert scene.status("H1") == "blocked"
    scene.plan(CHANGED, PAIR)
    assert scene.status("H1") == "blocked"
