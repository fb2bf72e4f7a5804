"""How fast it is: `scripts/bench`. Each figure stands beside a floor measured in the same run, as the machine's own
speed says nothing about orch."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from dataclasses import asdict
from pathlib import Path

from tests.bench import reading, records, servers
from tests.bench.rows import Row

ROUNDS = 7
HOMES = Path.home() / ".cache" / "orch-bench"
BENCHES: dict[str, Callable[[Path, int], Iterator[Row]]] = {
    "commands": servers.commands,
    "servers": servers.real_servers,
    "many": servers.many,
    "ledger": records.ledger,
    "logs": records.logs,
    "snapshot": reading.snapshot,
    "map": reading.map_of_three,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--only", choices=sorted(BENCHES), action="append", help="only this one; may be given again")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"rounds of each measurement ({ROUNDS})")
    parser.add_argument("--json", action="store_true", help="as JSON, on standard output")
    options = parser.parse_args()
    HOMES.mkdir(parents=True, exist_ok=True)
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(dir=HOMES) as folder:
        for name in options.only or BENCHES:
            print(f"{name} ...", file=sys.stderr, flush=True)
            (Path(folder) / name).mkdir()
            with redirect_stdout(sys.stderr):  # what commands of orch print in this process is no figure
                rows += BENCHES[name](Path(folder) / name, options.rounds)
    if options.json:
        print(json.dumps([{**asdict(row), "ratio": row.ratio} for row in rows], indent=1))
    else:
        print(
            f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {sys.version.split()[0]}, "
            f"{options.rounds} rounds\n"
        )
        print("| what | median | floor | ratio | to reach | note |\n|---|---|---|---|---|---|")
        for row in rows:
            floor = f"{row.floor:.0f} ms" if row.floor else "-"
            ratio = f"{row.ratio:.2f}" if row.ratio else "-"
            print(f"| {row.what} | {row.took:.0f} ms | {floor} | {ratio} | {row.limit} | {row.note} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
