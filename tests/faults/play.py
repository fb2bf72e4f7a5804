"""Play some stories on one stage, one after the other, and check after each what orch promises."""

from __future__ import annotations

import io
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from random import Random

from supervisor.cli.steer.down import down
from tests.faults import checks
from tests.faults.kinds import KINDS, restore
from tests.faults.means import Skip
from tests.faults.result import Outcome
from tests.faults.story import Story, children_of, story_of
from tests.faults.world import Stage

Tell = Callable[[Outcome], None]
LONGEST_SEEN = 3000  # characters of what is wrong


class Kept(Exception):
    """Keep the stage as it is, in this folder."""


def play(numbers: Sequence[int], only: Sequence[str] | None, until: float | None, tell: Tell, *, keep: bool) -> None:
    """Play the stories with these numbers. None begins after `until`, on the monotonic clock.

    One that breaks a promise ends its stage, because later ones would only find the same again; the next ones get a
    new stage. Raises Kept if such a stage is to be kept.
    """
    left = list(numbers)
    while left and not (until and time.monotonic() > until):
        first = left[0]
        try:
            with _quiet(), Stage(children_of(first)) as stage:
                broken = _on_stage(stage, left, only, until, tell)
                if keep and broken:
                    raise Kept(str(stage.folder))
        except Kept:
            raise
        except Exception as error:
            tell(Outcome(first, played=False, broken=[("nothing_left", _said(error))]))
            if left and left[0] == first:  # it is the stage that cannot be made
                return


def _on_stage(stage: Stage, left: list[int], only: Sequence[str] | None, until: float | None, tell: Tell) -> bool:
    """Play until one is broken; True if one was. What was played is no longer `left`."""
    before = checks.Before(stage)
    while left and not (until and time.monotonic() > until):
        story = story_of(left[0], list(stage.repos), only or sorted(KINDS))
        outcome, began = Outcome(left.pop(0)), time.monotonic()
        outcome.planned = ", ".join(f"{one.kind} at {one.at:g}" for one in story.faults)
        try:
            _play(stage, story, before, outcome)
        except Exception as error:
            outcome.broken.append(("settled", _said(error)))
            restore(stage)
        outcome.seconds = time.monotonic() - began
        tell(outcome)
        if outcome.broken:
            return True
    return False


def _play(stage: Stage, story: Story, before: checks.Before, outcome: Outcome) -> None:
    stage.be_up()
    stage.save_plan(story)
    began = time.monotonic()
    for fault in story.faults:
        time.sleep(max(0.0, began + fault.at - time.monotonic()))
        try:
            KINDS[fault.kind](stage, Random(fault.luck))
            outcome.faults.append(fault.kind)
        except Skip as skip:
            outcome.skipped[fault.kind] = str(skip)
    restore(stage)
    stage.be_up()
    stage.settle(story, Random(story.seed))

    tasks = [one for one in stage.status()["tasks"] if one["id"] in {job.name for job in story.jobs}]
    for one in tasks:
        outcome.states[one["state"]] = outcome.states.get(one["state"], 0) + 1
    outcome.halted = [
        f"{one['id']} is {one['state']}: {one['why']}" for one in tasks if one["state"] in ("blocked", "failed")
    ]
    for check in checks.AFTER_A_STORY:
        _note(outcome, check.__name__, list(check(stage, story, before)))
    if story.down:
        down(stage.workspace, now=False)
        _note(outcome, "nothing_left", list(checks.nothing_left(stage, story, before)))


def _note(outcome: Outcome, name: str, wrong: list[str]) -> None:
    if wrong:
        outcome.broken += [(name, one[:LONGEST_SEEN]) for one in wrong]
    else:
        outcome.held.append(name)


def _said(error: Exception) -> str:
    """What an exception says; where it comes from, if it is not a check of ours."""
    if isinstance(error, AssertionError) and str(error):
        return str(error)[:LONGEST_SEEN]
    return "".join(traceback.format_exception(error))[-LONGEST_SEEN:]


@contextmanager
def _quiet() -> Iterator[None]:
    """Discard what the commands of orch print in this process."""
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        yield


def worker(numbers: Sequence[int], only: Sequence[str] | None, seconds: float | None, *, keep: bool) -> int:
    """Play these stories in this process, and write each outcome as a line to standard output.

    Interrupted, it ends the story and takes everything down.
    """
    out = sys.stdout

    def tell(outcome: Outcome) -> None:
        out.write(outcome.line() + "\n")
        out.flush()

    try:
        play(numbers, only, time.monotonic() + seconds if seconds else None, tell, keep=keep)
    except Kept as kept:
        print(f"kept: {kept}", file=sys.stderr)
    except KeyboardInterrupt:
        return 130
    return 0
