"""Whatever happens, in whatever order, nothing is lost or done twice, and in the end everything is settled.

A story is a sequence of numbers (see `story.py`). `ORCH_STORIES=5000` plays that many, different ones each time.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given

from supervisor.domain import event as ev
from tests.core.engine.endings import all_done, at_rest, fix_everything, refold
from tests.core.engine.peers import Dice
from tests.core.engine.story import Story
from tests.core.engine.telling import numbers, showing, story_settings

ROUNDS = 8  # in which the human fixes things; two or three are enough


def play(row: list[int], end: Callable[[Story], None]) -> None:
    story = Story(row)
    with showing(story):
        story.run()
        end(story)
        refold(story)


def settled(story: Story) -> bool:
    """Let the human fix everything, for some rounds. True once there is nothing left to fix."""
    if story.world is None:
        story.boot()
    for _ in range(ROUNDS):
        story.settle()
        if story.world is not None:
            at_rest(story)
        if fix_everything(story):
            return True
    return False


@pytest.mark.promise("delivered once")
@story_settings
@given(numbers(400))
def test_when_nothing_goes_wrong_any_more_everything_settles_and_then_every_task_is_done(row: list[int]) -> None:
    def end(story: Story) -> None:
        assert settled(story), f"it is not done after {ROUNDS} rounds"
        all_done(story)

    play(row, end)


@pytest.mark.promise("stop wins")
@story_settings
@given(numbers(300), numbers(40))
def test_down_ends_every_server_and_the_supervisor_whatever_else_happens(row: list[int], more: list[int]) -> None:
    def down(story: Story) -> None:
        if story.world is None:
            story.boot()
        story.post(ev.DownRequested(story.now, now=False))
        while story.inbox and story.world is not None:
            story.take()
        story.dice = Dice(more)
        story.run(down=True)
        story.settle()
        assert story.world is None, "it does not end"

    play(row, down)


def test_a_story_without_a_mishap_is_short() -> None:
    story = Story([])
    story.settle()

    all_done(story)
    assert len(story.delivered) == len(story.world.tasks if story.world else ())
