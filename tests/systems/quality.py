"""`scripts/map-quality`: precision and recall of `orch map` at 20 rows on labelled systems, and of `orch snapshot`.

Beside the map stands what shared literals alone would give (baseline.py).
"""

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
from typing import Any, NamedTuple

from tests.systems import baseline, breaks, fit, labels, repos, snapshot_quality
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


class Measured(NamedTuple):
    """One system: what the map says, what shared literals say, and the seconds that `orch map` took."""

    system: System
    it: Judgement
    literals: Judgement
    took: float


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
    if options.breaks:
        return _breaks(options, systems)
    systems, whole = [] if options.part == "snapshot" else systems, [] if options.part == "map" else whole
    judged: list[Measured] = []
    cases: list[fit.Case] = []
    stated: list[snapshot_quality.Judged] = []
    skipped: dict[str, str] = {}
    options.cache.mkdir(parents=True, exist_ok=True)
    top = Path(tempfile.mkdtemp(prefix="run-", dir=options.cache))  # not in /tmp, where `orch init` refuses children
    try:
        for system in systems:
            if system.real and options.no_network:
                skipped[system.name] = f"{'repos of others' if system.pinned else 'real packages'}, and --no-network"
                continue
            say(f"{system.name}: {'fetching' if system.pinned else 'making'} {len(system.children)} repos")
            try:
                judged.append(measure(system, top / system.name, options.cache, options.source))
                if options.fit:
                    cases.append(fit.case(system, top / system.name / "workspace"))
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
    if cases and not options.json:
        unseen = [one for one in cases if one.system.held_out]
        print("", *fit.report([one for one in cases if not one.system.held_out], unseen), sep="\n")
    if not judged and not stated:
        return 2
    reached = not judged or (
        fmean(one.it.precision for one in judged) >= PRECISION and fmean(one.it.recall for one in judged) >= RECALL
    )
    for score in snapshot_quality.groups(stated).values():
        reached &= score.precision >= snapshot_quality.PRECISION and score.recall >= snapshot_quality.RECALL
    failed = any(isinstance(reason, str) and reason.startswith("orch") for reason in skipped.values())
    return 0 if reached and not failed and not any(one.it.unproven for one in judged) else 1


def _breaks(options: argparse.Namespace, systems: list[System]) -> int:
    options.cache.mkdir(parents=True, exist_ok=True)
    systems = [it for it in systems if not (it.real and options.no_network)]
    with tempfile.TemporaryDirectory(prefix="run-", dir=options.cache) as top:
        outcomes, skipped = breaks.measure(systems, Path(top), options.cache, say, options.source, options.count)
    if not outcomes:
        return 2
    if options.json:
        print(breaks.as_json(outcomes, skipped, reveal=options.reveal))
    else:
        print("\n".join(breaks.report(outcomes, skipped, verbose=options.verbose, reveal=options.reveal)))
    return 0 if breaks.figures(outcomes).reached else 1


def measure(system: System, folder: Path, cache: Path, source: str) -> Measured:
    """Make the repos and a workspace, run `orch map --json` and judge it. Raises FetchError or MapError."""
    made = repos.make(system, folder / "repos", cache, say, source)
    sources = repos.sources(made)
    if wrong := labels.problems(system, sources, {child: repos.commits_of(path) for child, path in made.items()}):
        say(f"{system.name}: {len(wrong)} label(s) are not right:", *wrong)
    workspace = folder / "workspace"
    workspace.mkdir(parents=True)
    _orch(workspace, "init", "--exclude-tmp", *(f"{child}={path}" for child, path in made.items()))
    say(f"{system.name}: orch map")
    began = time.monotonic()
    rows = rows_of(_orch(workspace, "map", "--json"))
    took = time.monotonic() - began
    says = _reader(made)
    return Measured(system, judge(system, rows, says), judge(system, baseline.rows(sources), says), took)


def _snapshot(one: LabelledRepo, folder: Path, options: argparse.Namespace) -> snapshot_quality.Judged:
    say(f"{one.name}: fetching {one.repo}, orch snapshot")
    path = repos.checkout(one.repo, one.commit, options.cache, options.source)
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
    judged: list[Measured],
    stated: list[snapshot_quality.Judged],
    skipped: dict[str, str],
) -> None:
    means = {
        "all": judged,
        "tuned on": [one for one in judged if not one.system.held_out],
        "held out": [one for one in judged if one.system.held_out],
    }
    if options.json:
        data = {
            "systems": [_as_json(one, _may_show(options, one.system)) for one in judged],
            "snapshots": [snapshot_quality.as_json(it, _may_show(options, it[0])) for it in stated],
            "skipped": skipped,
            "means": {
                name: {
                    **_figures([one.it for one in group]),
                    "commit_pairs": _pairs(group),
                    "unquoted": _unquoted(group),
                    "baseline": _figures([one.literals for one in group]),
                }
                for name, group in means.items()
                if group
            },
        }
        print(json.dumps(data, indent=2, ensure_ascii=False))
        return
    if options.verbose:
        for one in judged:
            if _may_show(options, one.system):
                _details(one.it)
            else:
                print(f"{one.system.name} is held out: no details without --reveal\n")
        for whole in stated:
            if _may_show(options, whole[0]):
                print("\n".join(snapshot_quality.details(whole)))
    if judged:
        _map_table(judged, means)
    if stated:
        print("\n".join(snapshot_quality.lines(stated)))
    for name, reason in skipped.items():
        print(f"{name:<18} not measured: {reason}")


def _map_table(judged: list[Measured], means: dict[str, list[Measured]]) -> None:
    precision, recall = f"P@{SHOWN}", f"R@{SHOWN}"
    print(f"{'':<27} {'':>5} {'':>6} {'map':^30} {'shared literals':^15}")
    print(
        f"{'system':<18} {'':<8} {'rows':>5} {'labels':>6} {precision:>6} {recall:>6} {'commits':>7} {'unquoted':>8} "
        f"{precision:>6} {recall:>6} {'bad lines':>9} {'s':>5}"
    )
    for one in judged:
        print(
            f"{one.system.name:<18} {'held out' if one.system.held_out else '':<8} "
            f"{one.it.rows:>5} {one.it.labels:>6} {_columns([one])} {one.took:>5.1f}"
        )
    for name, group in means.items():
        if group:
            print(f"{'mean, ' + name:<39} {_columns(group)}")
    print(f"wanted: precision {PRECISION}, recall {RECALL}, no bad line")
    print("in any row, of those labelled: pairs of commits, and links whose sides share no text in quotes")


def _columns(group: list[Measured]) -> str:
    own, literals = _figures([it.it for it in group]), _figures([it.literals for it in group])
    return (
        f"{own['precision']:>6.2f} {own['recall']:>6.2f} {_share(_pairs(group)):>7} {_share(_unquoted(group)):>8} "
        f"{literals['precision']:>6.2f} {literals['recall']:>6.2f} {sum(len(it.it.unproven) for it in group):>9}"
    )


def _share(counts: dict[str, int]) -> str:
    return f"{counts['found']}/{counts['labels']}" if counts["labels"] else "-"


def _figures(group: list[Judgement]) -> dict[str, float]:
    return {"precision": fmean(it.precision for it in group), "recall": fmean(it.recall for it in group)}


def _pairs(group: list[Measured]) -> dict[str, int]:
    labelled = sum(one.it.pairs for one in group)
    return {"found": labelled - sum(len(one.it.unpaired) for one in group), "labels": labelled}


def _unquoted(group: list[Measured]) -> dict[str, int]:
    labelled = sum(one.it.unquoted for one in group)
    return {"found": labelled - sum(len(one.it.unnoticed) for one in group), "labels": labelled}


def _details(it: Judgement) -> None:
    print(f"{it.system}")
    for number, (verdict, row) in enumerate(it.verdicts, 1):
        if verdict is not Verdict.RIGHT:
            places = ", ".join(f"{p['child']}/{p['file']}:{p['line']}" for p in row["places"][:3])
            print(f"  {verdict:<9} {number:>2}. {row['kind']} {row['name']}  [{', '.join(row['children'])}]  {places}")
    for label in it.unpaired:
        print(f"  no row        commit {label.name}  [{', '.join(sorted(label.children))}]")
    for label in it.missed[:SHOWN]:
        kinds = "/".join(sorted(label.kinds))
        print(f"  missed        {kinds} {label.name}  [{', '.join(sorted(label.children))}]")
    if len(it.missed) > SHOWN:
        print(f"  missed        and {len(it.missed) - SHOWN} more (of {it.labels} labels, {SHOWN} can be shown)")
    for line in it.unproven:
        print(f"  bad line      {line}")
    print()


def _as_json(one: Measured, tell: bool) -> dict[str, Any]:
    system, it = one.system, one.it
    data: dict[str, Any] = {
        "system": it.system,
        "held_out": system.held_out,
        "rows": it.rows,
        "labels": it.labels,
        **_figures([it]),
        "commit_pairs": _pairs([one]),
        "unquoted": _unquoted([one]),
        "baseline": _figures([one.literals]),
        "bad_lines": len(it.unproven),
        "seconds": round(one.took, 2),
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
    parser.add_argument("--no-network", action="store_true", help="skip what is made of packages or of repos of others")
    parser.add_argument("--fit", action="store_true", help="print the weights that the labels ask for, cross-validated")
    parser.add_argument("--breaks", action="store_true", help="measure how many breaks of interfaces are flagged")
    parser.add_argument("--count", type=int, default=breaks.COUNT, help="how many breaks, and how many harmless edits")
    parser.add_argument("--verbose", "-v", action="store_true", help="list wrong rows and missed labels")
    parser.add_argument("--reveal", action="store_true", help="list them for held-out systems too")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--keep", action="store_true", help="leave the repos and workspaces, and say where")
    parser.add_argument("--cache", metavar="DIR", type=Path, default=CACHE, help=f"for the packages (default: {CACHE})")
    source = repos.SOURCE
    parser.add_argument(
        "--source",
        metavar="URL",
        default=source,
        help=f"where the repos of others are: a URL, or a folder of OWNER/NAME ({source})",
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
