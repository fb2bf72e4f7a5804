"""`scripts/land-faults --stories 300 --histories 300 --seed 7`: kill landings at random points, and see what is left.

Histories are those of runs and people, of which any part is taken back and brought back.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from tests.change.histories import Played, play_histories
from tests.stops.story import Outcome, play_all

AT_A_TIME = 10  # stories or histories of one job, after which the count is printed

_Job = TypeVar("_Job")
_Told = TypeVar("_Told", Outcome, Played)


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/land-faults")
    parser.add_argument("--stories", type=int, default=300)
    parser.add_argument(
        "--histories", type=int, default=0, help="of runs, edits, undo, redo and restore; half with kills"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--within", type=float, default=float("inf"), help="seconds after which no story begins")
    given = parser.parse_args()
    wrong = _stories(given) if given.stories else False
    return 1 if (_histories(given) if given.histories else False) or wrong else 0


def _histories(given: argparse.Namespace) -> bool:
    """Play random histories. Returns whether something was wrong."""
    began = time.monotonic()
    jobs = [
        (range(given.seed + first, given.seed + min(first + AT_A_TIME, given.histories)), began + given.within)
        for first in range(0, given.histories, AT_A_TIME)
    ]
    told = _played(play_histories, jobs, given.jobs, f"of {given.histories} histories")
    failed = [one for one in told if one.wrong]
    for one in failed:
        print(f"history {one.seed}: {'; '.join(one.wrong)}")
    acts = sum(one.acts for one in told)
    print(f"{len(told)} of {given.histories} histories in {time.monotonic() - began:.0f} s")
    print(f"{acts} acts; {len(failed)} histories wrong")
    return bool(failed) or not told


def _stories(given: argparse.Namespace) -> bool:
    """Play stories of killed landings. Returns whether something was wrong."""
    began = time.monotonic()
    jobs = [
        (given.seed, range(first, min(first + AT_A_TIME, given.stories)), began + given.within)
        for first in range(0, given.stories, AT_A_TIME)
    ]
    told = _played(play_all, jobs, given.jobs, f"of {given.stories} stories")
    failed = [one for one in told if one.wrong]
    for one in failed:
        print(f"story {one.story}: {'; '.join(one.wrong)}")
    killed = sum(one.killed for one in told)
    landed = sum(one.landed for one in told)
    slowest = max((one.seconds for one in told), default=0.0)
    carried_on = sum(one.carried_on for one in told)
    print(f"{len(told)} of {given.stories} stories in {time.monotonic() - began:.0f} s")
    print(f"{killed} killed, {carried_on} of them once decided; {landed} finished, {len(told) - landed} cleared")
    print(f"{len(failed)} wrong; slowest recovery {slowest:.2f} s of the processor")
    return bool(failed) or not told


def _played(play: Callable[[_Job], list[_Told]], jobs: Sequence[_Job], at_once: int, of: str) -> list[_Told]:
    """Play all in processes, and print how far they are."""
    told: list[_Told] = []
    with multiprocessing.get_context("spawn").Pool(at_once) as pool:
        for part in pool.imap_unordered(play, jobs):
            told += part
            if part:
                print(f"{len(told)} {of}, {sum(bool(one.wrong) for one in told)} wrong", flush=True)
    return told


if __name__ == "__main__":
    sys.exit(main())
