"""`scripts/land-faults --stories 300 --seed 7`: kill landings at random points, and look at what is left."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time

from tests.stops.story import play_all


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/land-faults")
    parser.add_argument("--stories", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--within", type=float, default=float("inf"), help="seconds after which no story begins")
    given = parser.parse_args()
    began = time.monotonic()
    jobs = [(given.seed, range(job, given.stories, given.jobs), began + given.within) for job in range(given.jobs)]
    with multiprocessing.get_context("spawn").Pool(given.jobs) as pool:
        told = [one for part in pool.map(play_all, jobs) for one in part]
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
    return 1 if failed or not told else 0


if __name__ == "__main__":
    sys.exit(main())
