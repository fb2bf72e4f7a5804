"""`scripts/map-quality --fit`: the weights of the map's evidence that fit the labelled systems best, cross-validated.

Each row of a map is an example: its evidence, and whether a label calls it right. Logistic regression pulls the weights
from those in use to where right rows score high and wrong ones low, as little as the labels ask for. Each system is
left out in turn: what weights that were learnt from the others make of it is what an unseen system can expect.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from math import exp, log
from pathlib import Path
from typing import NamedTuple

from supervisor.core.map.links import joined
from supervisor.core.map.occurrences import Occurrence
from supervisor.core.map.ranking import ranked
from supervisor.core.map.serialize import from_json, row_as_json
from supervisor.core.map.weights import WEIGHTS, Evidence
from supervisor.domain.link import Kind, Link
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.mention_index import MentionIndex
from tests.systems.judge import Judgement, Verdict, judge
from tests.systems.labels import System

STEPS, RATE = 400, 0.05
STEEP = 4.0  # how much surer a row is whose score is e times as high
EVEN = log(0.35)  # the logarithm of the score at which a row is as often right as wrong
PRIOR = 15.0  # how much the labels must say before a weight moves
FURTHEST = 1.1  # natural logarithm: a weight becomes 3 times as large at most

_WHOLE = (Kind.COPY, Kind.COMMIT)
"""Kinds of rows that are made without these weights."""


class Case(NamedTuple):
    """A labelled system and what its map is made of."""

    system: System
    found: tuple[Occurrence, ...]
    rest: tuple[Link, ...]  # rows of other evidence


class Example(NamedTuple):
    evidence: Evidence
    right: bool
    weight: float  # rows of a system count as much together as those of another one, and so do right and wrong ones


def case(system: System, workspace: Path) -> Case:
    """Read what the last `orch map` of a workspace kept."""
    paths = WorkspacePaths(workspace)
    index = MentionIndex(paths.mentions)
    try:
        found = tuple(Occurrence(*one) for one in index.shared())
    finally:
        index.close()
    made = from_json(json.loads(paths.map_json.read_bytes()))
    return Case(system, found, tuple(row for row in made.links if row.kind in _WHOLE))


def measured(one: Case, weights: Mapping[str, float]) -> Judgement:
    """Judge the map of a system with these weights."""
    rows = ranked((*joined(one.found, weights).links, *one.rest))
    return judge(one.system, [dict(row_as_json(row)) for row in rows], lambda _child, _file: None)


def learnt(cases: Sequence[Case]) -> dict[str, float]:
    """Learn weights from labelled systems."""
    examples = [example for one in cases for example in _examples(one)]
    start = {name: log(weight) for name, weight in WEIGHTS.items()}
    now = dict(start)
    for _ in range(STEPS):
        slope = {name: PRIOR * (now[name] - start[name]) for name in now}
        for evidence, right, weight in examples:
            score = sum(now[name] * power for name, power in evidence.items())
            likely = 1.0 / (1.0 + exp(-STEEP * (score - EVEN)))
            for name, power in evidence.items():
                slope[name] += weight * STEEP * (likely - right) * power
        for name, down in slope.items():
            moved = now[name] - RATE * down / max(1.0, len(cases) / 4)
            now[name] = min(start[name] + FURTHEST, max(start[name] - FURTHEST, moved))
    return {name: round(exp(value), 3) for name, value in now.items()}


def _examples(one: Case) -> Iterator[Example]:
    made = joined(one.found)
    rows = [dict(row_as_json(row)) | {"sure": True} for row in made.links]
    verdicts = judge(one.system, rows, lambda _child, _file: None, shown=len(rows)).verdicts
    judged = [
        (evidence, verdict is Verdict.RIGHT)
        for evidence, (verdict, _) in zip(made.evidence, verdicts, strict=True)
        if verdict in (Verdict.RIGHT, Verdict.WRONG, Verdict.TRAP)
    ]
    for is_right in (True, False):
        group = [evidence for evidence, right in judged if right is is_right]
        yield from (Example(evidence, is_right, 1.0 / len(group)) for evidence in group)


def report(cases: Sequence[Case], unseen: Sequence[Case] = ()) -> Iterator[str]:
    """Yield the weights that changed, and the figures of each system with and without. `unseen` teaches nothing."""
    weights = learnt(cases)
    yield "weights that the labels would change:"
    for name, weight in weights.items():
        if abs(weight - WEIGHTS[name]) > 0.02 * WEIGHTS[name]:
            yield f"  {name:<28} {WEIGHTS[name]:>6.3f} -> {weight:.3f}"
    yield f"{'system':<18} {'in use':>12} {'learnt from the others':>24}"
    totals: list[tuple[float, ...]] = []
    for number, one in enumerate(cases):
        others = learnt([*cases[:number], *cases[number + 1 :]])
        used, left_out = measured(one, WEIGHTS), measured(one, others)
        totals.append((used.precision, used.recall, left_out.precision, left_out.recall))
        yield _line(one.system.name, *totals[-1])
    if totals:
        yield _line("mean, left out", *(sum(column) / len(totals) for column in zip(*totals, strict=True)))
    held = [(measured(one, WEIGHTS), measured(one, weights)) for one in unseen]
    if held:
        figures = [(used.precision, used.recall, new.precision, new.recall) for used, new in held]
        yield _line("mean, held out", *(sum(column) / len(held) for column in zip(*figures, strict=True)))


def _line(name: str, *figures: float) -> str:
    one, two, three, four = figures
    return f"{name:<18} {one:>6.2f}{two:>6.2f} {three:>18.2f}{four:>6.2f}"
