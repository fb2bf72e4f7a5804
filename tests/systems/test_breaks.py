"""Breaks of interfaces are flagged, and harmless edits are not: a short form of `scripts/map-quality --breaks`."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from tests.systems import breaks, labels
from tests.systems.harmless import harmless
from tests.systems.mutate import Edit
from tests.systems.mutate import breaks as broken

pytestmark = pytest.mark.long

COUNT = 36  # breaks, and as many harmless edits
SYSTEM = labels.load(labels.HERE / "shop" / "labels.yaml")


def edits() -> list[Edit]:
    sources = {child: labels.files(SYSTEM, child) for child in SYSTEM.children}
    return [*broken(SYSTEM, sources, Random(1)), *harmless(SYSTEM, sources, Random(1))]


def test_most_breaks_are_flagged_and_few_harmless_edits(tmp_path: Path) -> None:
    systems = [system for system in labels.own() if not system.held_out]

    outcomes, skipped = breaks.measure(systems, tmp_path, tmp_path, print, count=COUNT)

    sums = breaks.figures(outcomes)
    assert skipped == {}
    assert len(outcomes) == 2 * COUNT
    assert sums.flagged >= breaks.FLAGGED, breaks.report(outcomes, {}, verbose=True, reveal=False)
    assert sums.false <= breaks.FALSE, breaks.report(outcomes, {}, verbose=True, reveal=False)


def test_the_same_seed_makes_the_same_edits() -> None:
    assert edits() == edits()


def test_a_break_changes_one_repo_and_says_where() -> None:
    for edit in edits():
        own = labels.files(SYSTEM, edit.child)
        changed = {file for file, content in edit.files.items() if content != own.get(file)}
        assert changed or not edit.files, edit.told
        assert {file for file, _ in edit.lines} == (set(edit.files) if edit.label else set()), edit.told


def test_there_are_many_kinds_of_both() -> None:
    assert len({edit.way for edit in edits() if edit.label}) > 12
    assert len({edit.way for edit in edits() if not edit.label}) > 4
