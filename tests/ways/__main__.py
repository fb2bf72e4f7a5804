"""`scripts/runner-faults --stories 30 --seed 7`: break the way to a machine while a turn runs there."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random
from statistics import quantiles
from tempfile import TemporaryDirectory

from tests.e2e.elsewhere import LabElsewhere
from tests.slurm import Slurm
from tests.sockets import HOMES, own_runtime_dir
from tests.ways.breaks import BREAKS, Stage, small_disk
from tests.ways.story import WITHIN, Told, play

JOB = ["sbatch", "--parsable", "--output=/dev/null", "--wrap", "sleep infinity"]


def main() -> int:
    options = _options()
    told: list[Told] = []
    began = time.monotonic()
    with own_runtime_dir():
        engines = options.engine or sorted(BREAKS)
        for place, engine in enumerate(engines):
            share = range(place, options.stories, len(engines))
            until = began + options.within * (place + 1) / len(engines)
            with _stage(engine) as stage:
                told += _played(stage, engine, options, share, until)
    return _summed_up(told, options.stories, time.monotonic() - began)


def _options() -> argparse.Namespace:
    kinds = sorted({kind for breaks in BREAKS.values() for kind in breaks})
    parser = argparse.ArgumentParser(prog="scripts/runner-faults", description=__doc__)
    parser.add_argument("--stories", type=int, default=30, help="how many (30)")
    parser.add_argument("--seed", type=int, default=1, help="of how long each lasts, and of their order (1)")
    parser.add_argument("--engine", choices=sorted(BREAKS), action="append", help="may be repeated (both)")
    parser.add_argument("--only", choices=kinds, action="append", metavar="FAULT", help=f"of {', '.join(kinds)}")
    parser.add_argument("--within", type=float, default=float("inf"), help="seconds after which no story begins")
    return parser.parse_args()


@contextmanager
def _stage(engine: str) -> Iterator[Stage]:
    with ExitStack() as stack:
        HOMES.mkdir(parents=True, exist_ok=True)
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="ways-", dir=HOMES)))
        if engine == "slurm":
            slurm = stack.enter_context(Slurm(folder / "s"))
            prefix = ["srun", "--jobid={place}", "--overlap", "--unbuffered", "--quiet"]
            runner = {"before": JOB, "after": ["scancel", "{place}"]}
            lab = LabElsewhere(prefix, here=False, runner=runner, variables=slurm.variables)
            stack.enter_context(lab)
            lab.up()
            yield Stage(lab, slurm, None)
            return
        lab = LabElsewhere(here=False)
        disk = stack.enter_context(small_disk(lab.there / ".local/state/orch"))
        stack.enter_context(lab)
        lab.up()
        yield Stage(lab, None, disk)


def _played(stage: Stage, engine: str, options: argparse.Namespace, share: range, until: float) -> Iterator[Told]:
    breaks = {kind: one for kind, one in BREAKS[engine].items() if kind in (options.only or BREAKS[engine])}
    if stage.disk is None:
        breaks.pop("disk-full", None)
    deck: list[str] = []
    luck = Random(options.seed)
    for number in share if breaks else ():
        if time.monotonic() >= until:
            return
        if not deck:  # each kind comes as often as any other
            deck = luck.sample(sorted(breaks), len(breaks))
        kind = deck.pop()
        told = play(stage, options.seed, number, kind, breaks[kind])
        told = told._replace(engine=engine, login=_bare_login(stage))
        back = ", ".join(f"{one:.2f}" for one in told.back)
        said = f"back after {back or 'nothing'} s, a bare login {told.login:.2f} s"
        print(f"{number} {engine} {kind}: {'; '.join(told.wrong) or 'held'} ({said})", flush=True)
        yield told


def _bare_login(stage: Stage) -> float:
    """How long it takes to run nothing there, in the same minute."""
    jobs = stage.slurm.jobs() if stage.slurm is not None else []
    words = [word.replace("{place}", jobs[0] if jobs else "") for word in stage.lab.prefix]
    environ = {**os.environ, **stage.lab.environ}
    began = time.monotonic()
    subprocess.run([*words, "true"], env=environ, stdin=subprocess.DEVNULL, timeout=WITHIN, check=True)
    return time.monotonic() - began


def _spread(seconds: Iterable[float]) -> str:
    found = sorted(seconds)
    cuts = quantiles(found, n=20) if len(found) > 1 else found * 19
    return f"p50 {cuts[9]:.2f} s, p95 {cuts[18]:.2f} s" if found else "nothing"


def _summed_up(told: list[Told], stories: int, seconds: float) -> int:
    wrong = [one for one in told if one.wrong]
    print(f"{len(told)} of {stories} stories in {seconds:.0f} s, {len(wrong)} wrong")
    for engine in sorted({one.engine for one in told}):
        here = [one for one in told if one.engine == engine]
        back = _spread(second for one in here for second in one.back)
        print(f"{engine}: back {back} after the try; a bare login {_spread(one.login for one in here)}")
    return 1 if wrong or not told else 0


if __name__ == "__main__":
    sys.exit(main())
