"""`scripts/map-quality`: precision and recall of `orch map` at 20 rows on labelled systems, and of `orch snapshot`."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import fmean
from typing import Any

from tests.systems import labels, repos, snapshot_quality
from tests.systems.judge import SHOWN, Judgement, Verdict, judge
from tests.systems.labels import System
from tests.systems.snapshot_labels import LabelledRepo
from tests.systems.snapshot_labels import repos as labelled_repos

PRECISION, RECALL = 0.9, 0.8  # goals for the means
MAP_WITHIN = 300.0  # seconds for one map; it takes a few
ORCH = Path(sys.executable).with_name("orch")
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "orch-map-quality"


class MapError(Exception):
    """`orch map` failed."""


def main(arguments: list[str]) -> int:
    """Measure. Returns 0 if the goals are reached and every place has what its row claims, 1 if not, 2 on failure."""
    options = _options(arguments)
    systems, whole = labels.own() + labels.real(), labelled_repos()
    known = [it.name for it in (*systems, *whole)]
    if unknown := set(options.only) - set(known):
        say(f"no such system: {', '.join(sorted(unknown))} (there are {', '.join(known)})")
        return 2
    chosen = options.only or known
    systems = [it for it in systems if it.name in chosen and not (options.tuning and it.held_out)]
    whole = [it for it in whole if it.name in chosen and not (options.tuning and it.held_out)]
    systems, whole = [] if options.part == "snapshot" else systems, [] if options.part == "map" else whole
    judged: list[tuple[System, Judgement, float]] = []
    stated: list[snapshot_quality.Judged] = []
    skipped: dict[str, str] = {}
    options.cache.mkdir(parents=True, exist_ok=True)
    top = Path(tempfile.mkdtemp(prefix="run-", dir=options.cache))  # not in /tmp, where `orch init` refuses children
    try:
        for system in systems:
            if system.real and options.no_network:
                skipped[system.name] = "real packages, and --no-network"
                continue
            say(f"{system.name}: making {len(system.children)} repos")
            try:
                judged.append((system, *measure(system, top / system.name, options.cache)))
            except (repos.FetchError, MapError) as error:
                skipped[system.name] = str(error)
        for one in whole:
            if options.no_network:
                skipped[one.name] = "a repo of others, and --no-network"
                continue
            try:
                stated.append(_snapshot(one, top / one.name, options))
            except (repos.FetchError, MapError) as error:
                skipped[one.name] = str(error)
    finally:
        if options.keep:
            say(f"repos and workspaces stay in {top}")
        else:
            shutil.rmtree(top, ignore_errors=True)
    _report(options, judged, stated, skipped)
    if not judged and not stated:
        return 2
    reached = not judged or (
        fmean(it.precision for _, it, _ in judged) >= PRECISION and fmean(it.recall for _, it, _ in judged) >= RECALL
    )
    for score in snapshot_quality.groups(stated).values():
        reached &= score.precision >= snapshot_quality.PRECISION and score.recall >= snapshot_quality.RECALL
    failed = any(isinstance(reason, str) and reason.startswith("orch") for reason in skipped.values())
    return 0 if reached and not failed and not any(it.unproven for _, it, _ in judged) else 1


def measure(system: System, folder: Path, cache: Path) -> tuple[Judgement, float]:
    """Make the repos and a workspace, run `orch map --json` and judge it. Also returns the seconds that it took.

    Raises FetchError or MapError.
    """
    made = repos.make(system, folder / "repos", cache, say)
    if wrong := labels.problems(system, repos.sources(made)):
        say(f"{system.name}: {len(wrong)} label(s) are not right:", *wrong)
    workspace = folder / "workspace"
    workspace.mkdir()
    _orch(workspace, "init", "--exclude-tmp", *(f"{child}={path}" for child, path in made.items()))
    say(f"{system.name}: orch map")
    began = time.monotonic()
    rows = rows_of(_orch(workspace, "map", "--json"))
    took = time.monotonic() - began
    return judge(system, rows, _reader(made)), took


def _snapshot(one: LabelledRepo, folder: Path, options: argparse.Namespace) -> snapshot_quality.Judged:
    say(f"{one.name}: fetching {one.repo}, orch snapshot")
    path = snapshot_quality.fetch(one, options.cache, options.source)
    return snapshot_quality.measure(one, path, folder, _orch)


def rows_of(text: str) -> list[dict[str, Any]]:
    """The rows of `orch map --json`. Raises MapError."""
    try:
        rows = json.loads(text)["rows"]
        for row in rows:
            _ = row["kind"], row["name"], row["children"], row["places"]
    except (ValueError, KeyError, TypeError) as error:
        raise MapError(f"orch map --json is not as agreed: {error!r}") from error
    return list(rows)


def say(*lines: str) -> None:
    print(*lines, sep="\n  ", file=sys.stderr, flush=True)


def _reader(made: dict[str, Path]) -> Any:
    kept: dict[tuple[str, str], str | None] = {}

    def says(child: str, file: str) -> str | None:
        if (child, file) not in kept:
            kept[child, file] = _read(made.get(child), file)
        return kept[child, file]

    return says


def _read(top: Path | None, file: str) -> str | None:
    if top is None:
        return None
    if not file:
        log = subprocess.run(["git", "log", "--format=%H %an %ae%n%B"], cwd=top, capture_output=True, check=False)
        return log.stdout.decode("utf-8", "replace")
    try:
        return (top / file).read_bytes().decode("utf-8", "replace")
    except (OSError, ValueError):
        return None


def _orch(workspace: Path, *arguments: str) -> str:
    environ = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    environ |= {"GIT_CONFIG_GLOBAL": os.devnull, "NO_COLOR": "1"}
    try:
        done = subprocess.run(
            [str(ORCH), "-C", str(workspace), *arguments],
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=MAP_WITHIN,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise MapError(f"orch {arguments[0]}: {error}") from error
    if done.returncode != 0:
        last = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:] or ["it says nothing"]
        raise MapError(f"orch {arguments[0]} ended with {done.returncode}: {last[0]}")
    return done.stdout.decode("utf-8", "replace")


def _report(
    options: argparse.Namespace,
    judged: list[tuple[System, Judgement, float]],
    stated: list[snapshot_quality.Judged],
    skipped: dict[str, str],
) -> None:
    means = {
        "all": [it for _, it, _ in judged],
        "tuned on": [it for system, it, _ in judged if not system.held_out],
        "held out": [it for system, it, _ in judged if system.held_out],
    }
    if options.json:
        data = {
            "systems": [_as_json(system, it, took, _may_show(options, system)) for system, it, took in judged],
            "snapshots": [snapshot_quality.as_json(it, _may_show(options, it[0])) for it in stated],
            "skipped": skipped,
            "means": {
                name: {"precision": fmean(it.precision for it in group), "recall": fmean(it.recall for it in group)}
                for name, group in means.items()
                if group
            },
        }
        print(json.dumps(data, indent=2, ensure_ascii=False))
        return
    if options.verbose:
        for system, it, _ in judged:
            if _may_show(options, system):
                _details(it)
            else:
                print(f"{system.name} is held out: no details without --reveal\n")
        for one in stated:
            if _may_show(options, one[0]):
                print("\n".join(snapshot_quality.details(one)))
    if judged:
        _map_table(judged, means)
    if stated:
        print("\n".join(snapshot_quality.lines(stated)))
    for name, reason in skipped.items():
        print(f"{name:<18} not measured: {reason}")


def _map_table(judged: list[tuple[System, Judgement, float]], means: dict[str, list[Judgement]]) -> None:
    precision, recall = f"P@{SHOWN}", f"R@{SHOWN}"
    print(f"{'system':<18} {'':<8} {'rows':>5} {'labels':>6} {precision:>6} {recall:>6} {'bad lines':>9} {'s':>5}")
    for system, it, took in judged:
        print(
            f"{it.system:<18} {'held out' if system.held_out else '':<8} {it.rows:>5} {it.labels:>6} "
            f"{it.precision:>6.2f} {it.recall:>6.2f} {len(it.unproven):>9} {took:>5.1f}"
        )
    for name, group in means.items():
        if group:
            precision, recall = fmean(it.precision for it in group), fmean(it.recall for it in group)
            print(f"{'mean, ' + name:<39} {precision:>6.2f} {recall:>6.2f} {sum(len(it.unproven) for it in group):>9}")
    print(f"wanted: precision {PRECISION}, recall {RECALL}, no bad line")


def _details(it: Judgement) -> None:
    print(f"{it.system}")
    for number, (verdict, row) in enumerate(it.verdicts, 1):
        if verdict is not Verdict.RIGHT:
            places = ", ".join(f"{p['child']}/{p['file']}:{p['line']}" for p in row["places"][:3])
            print(f"  {verdict:<9} {number:>2}. {row['kind']} {row['name']}  [{', '.join(row['children'])}]  {places}")
    for label in it.missed[:SHOWN]:
        kinds = "/".join(sorted(label.kinds))
        print(f"  missed        {kinds} {label.name}  [{', '.join(sorted(label.children))}]")
    if len(it.missed) > SHOWN:
        print(f"  missed        and {len(it.missed) - SHOWN} more (of {it.labels} labels, {SHOWN} can be shown)")
    for line in it.unproven:
        print(f"  bad line      {line}")
    print()


def _as_json(system: System, it: Judgement, took: float, tell: bool) -> dict[str, Any]:
    data: dict[str, Any] = {
        "system": it.system,
        "held_out": system.held_out,
        "rows": it.rows,
        "labels": it.labels,
        "precision": it.precision,
        "recall": it.recall,
        "bad_lines": len(it.unproven),
        "seconds": round(took, 2),
    }
    if tell:
        data["verdicts"] = [
            {"verdict": str(verdict), "kind": row["kind"], "name": row["name"]} for verdict, row in it.verdicts
        ]
        data["missed"] = [{"kind": sorted(label.kinds), "name": label.name} for label in it.missed]
        data["bad"] = list(it.unproven)
    return data


def _may_show(options: argparse.Namespace, system: System | LabelledRepo) -> bool:
    return options.reveal or not system.held_out


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/map-quality", description=__doc__)
    parser.add_argument("--only", metavar="NAME", action="append", default=[], help="this system (may be repeated)")
    parser.add_argument("--part", choices=("all", "map", "snapshot"), default="all", help="what to measure")
    parser.add_argument("--tuning", action="store_true", help="leave out the systems that are held out")
    parser.add_argument(
        "--no-network", action="store_true", help="skip the systems made of packages, and the repos of others"
    )
    parser.add_argument("--verbose", "-v", action="store_true", help="list wrong rows and missed labels")
    parser.add_argument("--reveal", action="store_true", help="list them for held-out systems too")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--keep", action="store_true", help="leave the repos and workspaces, and say where")
    parser.add_argument("--cache", metavar="DIR", type=Path, default=CACHE, help=f"for the packages (default: {CACHE})")
    source = snapshot_quality.SOURCE
    parser.add_argument("--source", metavar="URL", default=source, help=f"where the repos of others are ({source})")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
