"""The part of `scripts/map-quality` about `orch snapshot`: precision and recall of what it states about whole repos."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tests.systems.snapshot_labels import KINDS, LabelledRepo, Score, Statement, judge, statements

PRECISION, RECALL = 0.95, 0.85  # goals for all repos together
TOKENS = "1000000"  # more than any snapshot has

Orch = Callable[..., str]
Judged = tuple[LabelledRepo, Score, dict[str, Score]]


def measure(labelled: LabelledRepo, path: Path, workspace: Path, orch: Orch) -> Judged:
    """Run `orch snapshot` in a workspace of its own and judge what it says."""
    workspace.mkdir(parents=True)
    orch(workspace, "init", "--exclude-tmp", f"repo={path}")
    return score(labelled, statements(orch(workspace, "snapshot", "repo", "--tokens", TOKENS)))


def score(labelled: LabelledRepo, said: Sequence[Statement]) -> Judged:
    """Judge what was said about a repo, all together and by kind."""
    kinds = {
        kind: judge([truth for truth in labelled.truths if truth.kind == kind], [it for it in said if it.kind == kind])
        for kind in KINDS
    }
    return labelled, judge(labelled.truths, said), kinds


def total(scores: Sequence[Score]) -> Score:
    """Add scores up."""
    return Score(
        sum(it.right for it in scores),
        tuple(wrong for it in scores for wrong in it.wrong),
        tuple(missed for it in scores for missed in it.missed),
        sum(it.wanted for it in scores),
    )


def groups(judged: Sequence[Judged]) -> dict[str, Score]:
    """The sums over the repos that were tuned on, and over those held out."""
    named = {
        "tuned on": [it for it in judged if not it[0].held_out],
        "held out": [it for it in judged if it[0].held_out],
    }
    return {name: total([score for _, score, _ in group]) for name, group in named.items() if group}


def lines(judged: Sequence[Judged]) -> list[str]:
    """A table: a line for each repo, the sums, and the sums by kind."""
    found = [f"{'snapshot of':<24} {'':<8} {'said':>5} {'wrong':>5} {'labels':>6} {'P':>5} {'R':>5}"]
    for labelled, it, _ in judged:
        found.append(f"{labelled.name:<24} {'held out' if labelled.held_out else '':<8} {_figures(it)}")
    found += [f"{'all, ' + name:<33} {_figures(it)}" for name, it in groups(judged).items()]
    for kind in KINDS:
        found.append(f"{'of kind ' + kind:<33} {_figures(total([kinds[kind] for _, _, kinds in judged]))}")
    return [*found, f"wanted: precision {PRECISION}, recall {RECALL} over the repos of each group"]


def details(judged: Judged) -> list[str]:
    """What is wrong and what is missing in one repo."""
    labelled, it, _ = judged
    wrong = [f"  wrong   {statement}" for statement in it.wrong]
    return [labelled.name, *wrong, *(f"  missed  {truth}" for truth in it.missed), ""]


def as_json(judged: Judged, tell: bool) -> dict[str, Any]:
    labelled, it, kinds = judged
    data: dict[str, Any] = {"repo": labelled.name, "held_out": labelled.held_out, **_numbers(it)}
    data["kinds"] = {kind: _numbers(one) for kind, one in kinds.items()}
    if tell:
        data["wrong_statements"] = [str(one) for one in it.wrong]
        data["missed"] = [str(one) for one in it.missed]
    return data


def _numbers(it: Score) -> dict[str, Any]:
    return {
        "right": it.right,
        "wrong": len(it.wrong),
        "labels": it.wanted,
        "precision": it.precision,
        "recall": it.recall,
    }


def _figures(it: Score) -> str:
    return f"{it.right + len(it.wrong):>5} {len(it.wrong):>5} {it.wanted:>6} {it.precision:>5.2f} {it.recall:>5.2f}"
