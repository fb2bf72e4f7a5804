"""Try to break what orch promises: random stories with the real app-server, and checks after each.

A story is a function of its number, except for the speed of the machine. `--seed N --stories 1` repeats one.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from random import Random

from supervisor.cli.steer.down import down
from tests.faults import checks
from tests.faults.kinds import KINDS, Skip, restore
from tests.faults.story import Story, story_of
from tests.faults.world import Stage

CHILDREN = ("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta")
A_STAGE = 6  # stories that are played on one stage


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="scripts/faults", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--stories", type=int, default=20, help="how many (20)")
    parser.add_argument("--seed", type=int, default=1, help="the number of the first one (1)")
    parser.add_argument("--minutes", type=float, help="stop before the next story when so many are over")
    parser.add_argument("--only", choices=sorted(KINDS), action="append", help="only this fault; may be given again")
    parser.add_argument("--json", action="store_true", help="the counts as JSON, on standard output")
    parser.add_argument("--keep", action="store_true", help="keep the folder of a story that broke something")
    options = parser.parse_args()
    result = run(options.seed, options.stories, options.only, options.minutes, keep=options.keep)
    if options.json:
        print(json.dumps(result.counts(), indent=1))
    else:
        result.print()
    return 1 if result.broken else 0


class Result:
    """The stories that were played, their faults, and what was checked."""

    def __init__(self) -> None:
        self.stories = 0
        self.seconds = 0.0
        self.faults: Counter[str] = Counter()
        self.skipped: dict[str, str] = {}
        self.held: Counter[str] = Counter()
        self.broken: list[tuple[int, str, str]] = []  # story, promise, what is wrong
        self.states: Counter[str] = Counter()
        self.halted: list[str] = []  # why tasks are blocked or failed at the end

    def counts(self) -> dict[str, object]:
        broken = [{"story": seed, "promise": name, "seen": seen} for seed, name, seen in self.broken]
        return {
            "stories": self.stories,
            "seconds": round(self.seconds, 1),
            "faults": dict(sorted(self.faults.items())),
            "skipped": self.skipped,
            "held": dict(self.held),
            "tasks": dict(self.states),
            "halted": self.halted,
            "broken": broken,
        }

    def print(self) -> None:
        print(f"\n{self.stories} stories in {self.seconds:.0f} s; tasks: {dict(self.states)}\n")
        print("| promise | held | broken |\n|---|---|---|")
        broken = Counter(name for _, name, _ in self.broken)
        for name in dict.fromkeys((*self.held, *broken)):
            print(f"| {name.replace('_', ' ')} | {self.held[name]} | {broken[name]} |")
        print("\n| fault | times |\n|---|---|")
        for name, number in sorted(self.faults.items()):
            print(f"| {name} | {number} |")
        for name, why in self.skipped.items():
            print(f"skipped: {name}: {why}")
        for seed, name, seen in self.broken:
            print(f"BROKEN in story {seed}: {name}: {seen}\n  again: scripts/faults --seed {seed} --stories 1")


def run(
    seed: int, stories: int, only: list[str] | None = None, minutes: float | None = None, *, keep: bool = False
) -> Result:
    """Play the stories with these numbers, for at most so many minutes."""
    result, began = Result(), time.monotonic()
    left = list(range(seed, seed + stories))
    while left and not (minutes and time.monotonic() - began > minutes * 60):
        first = left[0]
        children = CHILDREN[: 3 + (Random(first).choice((0, 0, 0, 1, 2, 5)))]
        here, left = left[:A_STAGE], left[A_STAGE:]
        try:
            with _quiet(), Stage(children) as stage:
                _on_stage(stage, here, only, result)
                if keep and result.broken:
                    raise _Kept(stage.folder)
        except _Kept as kept:
            print(f"kept: {kept}", file=sys.stderr)
            break
        except KeyboardInterrupt:  # the stories so far count
            break
        except AssertionError as error:
            result.broken.append((here[0], "nothing_left", str(error)[:2000]))
            print(f"  nothing_left: {error}", file=sys.stderr, flush=True)
    result.seconds = time.monotonic() - began
    return result


def _on_stage(stage: Stage, numbers: list[int], only: list[str] | None, result: Result) -> None:
    before = checks.Before(stage)
    for number in numbers:
        story = story_of(number, list(stage.repos), only or sorted(KINDS))
        began, broken = time.monotonic(), len(result.broken)
        _print_result(stage, story, before, result)
        result.stories += 1
        what = ", ".join(f"{one.kind} at {one.at:g}" for one in story.faults)
        for _, name, seen in result.broken[broken:]:
            print(f"  {name}: {seen}", file=sys.__stderr__, flush=True)
        verdict = "ok" if len(result.broken) == broken else "BROKEN"
        print(f"{number}: {verdict} in {time.monotonic() - began:.1f} s ({what})", file=sys.__stderr__, flush=True)
        if verdict != "ok":
            return  # later stories would only find the same again


def _print_result(stage: Stage, story: Story, before: checks.Before, result: Result) -> None:
    try:
        stage.be_up()
        stage.save_plan(story)
        began = time.monotonic()
        for fault in story.faults:
            time.sleep(max(0.0, began + fault.at - time.monotonic()))
            try:
                KINDS[fault.kind](stage, Random(fault.luck))
                result.faults[fault.kind] += 1
            except Skip as skip:
                result.skipped[fault.kind] = str(skip)
        restore(stage, story)
        stage.be_up()
        stage.settle(story, Random(story.seed))
    except AssertionError as error:
        result.broken.append((story.seed, "settled", str(error)[:3000]))
        restore(stage, story)
        return
    tasks = [one for one in stage.status()["tasks"] if one["id"] in {job.name for job in story.jobs}]
    result.states.update(one["state"] for one in tasks)
    halted = [f"{one['id']} is {one['state']}: {one['why']}" for one in tasks if one["state"] in ("blocked", "failed")]
    result.halted += halted
    for one in halted:
        print(f"  {one}", file=sys.__stderr__, flush=True)
    for check in checks.AFTER_A_STORY:
        _note(result, story, check.__name__, list(check(stage, story, before)))
    if story.down:
        down(stage.workspace, now=False)
        _note(result, story, "nothing_left", list(checks.nothing_left(stage, story, before)))


def _note(result: Result, story: Story, name: str, wrong: list[str]) -> None:
    if wrong:
        result.broken += [(story.seed, name, one) for one in wrong]
    else:
        result.held[name] += 1


class _Kept(Exception):
    """Keep the stage as it is."""


@contextmanager
def _quiet() -> Iterator[None]:
    """Discard what the commands of orch print in this process."""
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        yield


if __name__ == "__main__":
    sys.exit(main())
