"""Try to break what orch promises: random stories with the real app-server, and checks after each.

A story is a function of its number, except for the speed of the machine. `--seed N --stories 1` repeats one.
Ctrl-C ends the run and shows what came of the stories so far.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from pathlib import Path
from types import FrameType

from tests.faults import summary
from tests.faults.jobs import run
from tests.faults.kinds import KINDS
from tests.faults.play import worker
from tests.faults.result import Outcome, Result
from tests.sockets import own_runtime_dir


def main() -> int:
    options = _options()
    # A shell that runs a script in the background makes it ignore SIGINT.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, _interrupt)
    if options.worker:
        with own_runtime_dir():
            numbers = range(options.seed, options.seed + options.stories)
            seconds = options.minutes * 60 if options.minutes else None
            return worker(numbers, options.only, seconds, keep=options.keep)

    def tell(outcome: Outcome, result: Result) -> None:
        _tell(outcome, result, options.stories)
        if options.summary:
            summary.write(options.summary, result, options.seed, options.jobs)

    result = run(
        options.seed, options.stories, options.only, options.minutes, jobs=options.jobs, keep=options.keep, tell=tell
    )
    if options.json:
        print(json.dumps(result.counts(), indent=1))
    else:
        result.print()
    return 1 if result.broken else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/faults", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--stories", type=int, default=20, help="how many (20)")
    parser.add_argument("--seed", type=int, default=1, help="the number of the first one (1)")
    parser.add_argument("--jobs", type=_jobs, default=1, metavar="N", help="play on so many stages at once (1)")
    parser.add_argument("--minutes", type=float, help="begin no further story when so many are over")
    parser.add_argument(
        "--only", choices=sorted(KINDS), action="append", metavar="FAULT", help=f"may be repeated: {_kinds()}"
    )
    parser.add_argument("--json", action="store_true", help="the counts as JSON, on standard output")
    parser.add_argument("--summary", type=Path, metavar="FILE", help="also keep the counts, date and machine in FILE")
    parser.add_argument("--keep", action="store_true", help="keep the folder of a story that broke something")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def _kinds() -> str:
    return "only this fault, of " + ", ".join(sorted(KINDS))


def _jobs(text: str) -> int:
    most = 8 * (os.cpu_count() or 1)
    if not 1 <= (number := int(text)) <= most:
        raise argparse.ArgumentTypeError(f"{text} is not between 1 and {most}")
    return number


def _tell(outcome: Outcome, result: Result, stories: int) -> None:
    """Show what came of one story, how far the run is, and how long the rest takes."""
    for one in outcome.halted:
        print(f"  {one}", file=sys.stderr)
    for name, seen in outcome.broken:
        print(f"  {name}: {seen}", file=sys.stderr)
    if outcome.played:
        each = result.seconds / result.stories
        left = f"{each:.1f} s each, {each * (stories - result.stories) / 60:.0f} min left"
        verdict = "BROKEN" if outcome.broken else "ok"
        print(
            f"{result.stories} of {stories} ({len(result.broken)} broken; {left})  "
            f"{outcome.seed}: {verdict} in {outcome.seconds:.1f} s ({outcome.planned})",
            file=sys.stderr,
        )
    sys.stderr.flush()


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
