"""The story of a run, as the fold of its events; and the line on which moments lie."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from supervisor.core.engine.reconcile import advance
from supervisor.core.view.page.axis import Axis
from supervisor.core.view.page.pen import Pen
from supervisor.core.view.page.timeline import timeline
from supervisor.core.view.story.fold import StoryFold
from supervisor.core.view.story.record import RunStory
from supervisor.domain import event as ev
from supervisor.domain.action import Action
from supervisor.domain.ask import Answer, AskState
from supervisor.domain.plan import Problem, Task
from supervisor.domain.world import World
from tests.core.engine.scene import H1, NOON, T1, Scene

SAID = Answer("accept", "It is green.")


class Told(Scene):
    """A scene whose events, with the intents of the engine, are folded as the ledger has them."""

    def __init__(self, *tasks: Task) -> None:
        self.fold = StoryFold()
        super().__init__(*tasks)

    def post(self, kind: Callable[..., ev.Event], *args: Any, after: float = 1.0, **fields: Any) -> tuple[Action, ...]:
        event = kind(self.now + timedelta(seconds=after), *args, **fields)
        for one in advance(self.world, event).events:
            self.fold.add(one)
        return super().post(kind, *args, after=after, **fields)

    def told(self) -> RunStory:
        story = self.fold.told()
        assert story.world == self.world
        return story

    def work(self, exit_code: int = 0) -> None:
        self.running("T1")
        self.ended("T1")
        self.checked("T1", exit_code)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def test_turns_checks_edits_and_decisions_have_their_times() -> None:
    scene = Told(T1)
    scene.work()
    story = scene.told()
    turn, checks = story.stretches
    assert (turn.child, turn.task, turn.kind, turn.how) == ("backend", "T1", "turn", "completed")
    assert (checks.child, checks.task, checks.kind, checks.how) == ("backend", "T1", "checks", "passed")
    assert turn.end is not None
    assert checks.end is not None
    assert turn.begin < turn.end <= checks.begin < checks.end
    assert [(one.revision, one.summary, one.author) for one in story.edits] == [(1, "an edit", "human")]
    assert ("backend", "T1", "start a turn of run 1") in {(one.child, one.task, one.what) for one in story.decisions}
    assert all(one.why for one in story.decisions)
    assert (story.begun, story.until) == (at(1), scene.now)


def test_failed_checks_say_so_and_what_goes_on_has_no_end() -> None:
    scene = Told(T1)
    scene.work(exit_code=1)
    scene.began("T1", "turn-2")
    story = scene.told()
    assert [one.how for one in story.stretches] == ["completed", "failed", ""]
    assert story.stretches[-1].end is None


def test_an_ask_is_kept_with_its_answer_and_its_moment() -> None:
    scene = Told(H1)
    (asked,) = scene.told().asks
    assert (asked.ask.task, asked.settled) == ("H1", None)
    scene.post(ev.AskAnswered, asked.ask.id, SAID)
    (asked,) = scene.told().asks
    assert (asked.settled, asked.ask.state, asked.ask.answer) == (scene.now, AskState.ANSWERED, SAID)


def test_a_rejected_plan_is_an_edit_that_is_not_in_force() -> None:
    scene = Told(T1)
    scene.post(ev.PlanRejected, "d2", (Problem(3, "an unknown child"),))
    assert [(one.revision, one.summary) for one in scene.told().edits] == [
        *((1, "an edit"), (0, "rejected: line 3: an unknown child")),
    ]


def test_the_time_line_draws_each_stretch_in_the_lane_of_its_child() -> None:
    scene = Told(T1, H1)
    scene.work()
    drawn = timeline(Pen(), scene.told())
    for part in ('class="turn turn"', 'class="checks good"', "T1: verified, passed, 1 s", ">r1<", 'class="ask open"'):
        assert part in drawn
    assert drawn.index(">backend<") < drawn.index(">human<")
    assert timeline(Pen(), RunStory(World())) == ""


def test_a_long_pause_is_folded() -> None:
    night = timedelta(hours=9)
    axis = Axis([(at(0), at(60)), (at(60) + night, at(120) + night)], 1000)
    assert [round(seconds) for _, seconds in axis.pauses] == [9 * 3600]
    assert axis.place(at(60)) < 500 < axis.place(at(60) + night)
    assert axis.place(at(120) + night) == 1000
    assert axis.place(at(60) + night / 2) == axis.place(at(60))
    assert all(0 <= place <= 1000 for place, _ in axis.ticks())
    assert Axis([], 1000).place(at(0)) == 0
    assert Axis([(at(0), at(0))], 1000).place(at(0)) == 0
