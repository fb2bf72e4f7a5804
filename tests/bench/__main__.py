"""`scripts/bench`: measure how fast orch is. Each figure comes with a floor and with the times of others, measured in
the same run, because the speed of the machine says nothing about orch."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stdout
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from traceback import print_exc

from tests.bench import (
    beside,
    changing,
    growth,
    imports,
    long_plans,
    peers,
    places,
    plot,
    reading,
    records,
    screens,
    servers,
    wire,
    worlds,
)
from tests.bench.rows import HOMES, Row

ROUNDS = 7
Bench = Callable[[Path, int], Iterator[Row]]
BENCHES: dict[str, Bench] = {
    "commands": servers.commands,
    "control": servers.control,
    "up": servers.up,
    "hundred": servers.hundred,
    "adopt": servers.adopt,
    "many": servers.many,
    "recovery": wire.recovery,
    "steer": wire.steer,
    "forty": wire.forty,
    "thousands": wire.thousands,
    "world": worlds.world,
    "deltas": wire.deltas,
    "ledger": records.ledger,
    "logs": records.logs,
    "snapshot": reading.snapshot,
    "elsewhere": reading.snapshot_elsewhere,
    "snapshots": reading.snapshots_of_many,
    "map": reading.map_of_three,
    "line": places.line,
    "logins": places.logins,
    "hundred-there": places.hundred,
    "thousand": places.thousand,
    "keeping": changing.keeping,
    "changing": changing.changing,
    "long": long_plans.long_plans,
    "growth": growth.growth,
    "screens": screens.screens,
    "scrolling": screens.scrolling,
}
QUICK = ("commands", "control", "adopt", "recovery", "steer", "ledger", "logs")
QUICK_ROUNDS = 3


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--only", choices=sorted(BENCHES), action="append", help="only this one; may be given again")
    parser.add_argument("--beside", metavar="COMMIT", help="instead, this checkout and another commit of it, in turns")
    parser.add_argument("--imports", metavar="COMMIT", help="instead, what a start loads, here and in that commit")
    parser.add_argument("--quick", action="store_true", help=f"a first look: {', '.join(QUICK)}, {QUICK_ROUNDS} rounds")
    parser.add_argument("--rounds", type=int, help=f"rounds of each measurement ({ROUNDS})")
    parser.add_argument("--json", action="store_true", help="as JSON, on standard output")
    parser.add_argument("--svg", type=Path, default=HOMES / "bench.svg", help="where the plot goes (%(default)s)")
    options = parser.parse_args()
    rounds = options.rounds or (QUICK_ROUNDS if options.quick else ROUNDS)
    HOMES.mkdir(parents=True, exist_ok=True)
    if options.imports:
        print("\n".join(imports.table(options.imports, rounds)))
        return 0
    benches = BENCHES
    names: Sequence[str] = options.only or (QUICK if options.quick else tuple(BENCHES))
    if options.beside:
        names, benches = (options.beside,), {options.beside: partial(beside.beside, options.beside)}
    rows: list[Row] = []
    failed: list[str] = []
    with tempfile.TemporaryDirectory(dir=HOMES) as folder:
        for name in names:
            print(f"{name} ...", file=sys.stderr, flush=True)
            (Path(folder) / name).mkdir()
            with redirect_stdout(sys.stderr):  # commands of orch print in this process, too
                try:
                    for row in benches[name](Path(folder) / name, rounds):
                        print(f"{row.what}: {_shown(row.took)}", flush=True)
                        rows.append(row)
                except Exception:  # the other figures are worth having
                    print_exc()
                    failed.append(name)
    options.svg.write_text(plot.drawn(rows), encoding="utf-8")
    if options.json:
        print(json.dumps([{**asdict(row), "ratio": row.ratio} for row in rows], indent=1))
    else:
        print("\n".join(table(rows, rounds)))
    print(f"plotted: {options.svg}", file=sys.stderr)
    if failed:
        print(f"failed: {', '.join(failed)}; see above", file=sys.stderr)
    return 1 if failed else 0


def table(rows: Sequence[Row], rounds: int) -> Iterator[str]:
    """The rows as Markdown."""
    yield (
        f"{datetime.now(UTC):%Y-%m-%d}, {platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, "
        f"Python {platform.python_version()}; medians of {rounds} rounds, in milliseconds where nothing else is said.\n"
        f"\nBeside {peers.versions()}.\n"
    )
    yield "| what | median | floor | ratio | to reach | others | note |\n|---|---|---|---|---|---|---|"
    for row in rows:
        ratio = f"{row.ratio:.2f}" if row.ratio else "-"
        beside = ", ".join(f"{name} {_shown(one)}" for name, one in row.peers.items()) or "-"
        yield (
            f"| {row.what} | {_shown(row.took)} | {_shown(row.floor) if row.floor else '-'} | {ratio} | {row.limit} "
            f"| {beside} | {row.note} |"
        )


def _shown(figure: float | str) -> str:
    return figure if isinstance(figure, str) else f"{figure:.0f}" if figure >= 10 else f"{figure:.2g}"


if __name__ == "__main__":
    sys.exit(main())
