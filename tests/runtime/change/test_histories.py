"""Whatever runs and people did, an undo takes out exactly what a run changed, and a redo brings exactly that back."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.change.histories import History, identity
from tests.gitrepo import home

__all__ = ["home"]


@pytest.mark.parametrize("seed", range(4))  # `scripts/land-faults --histories` plays more
def test_undo_redo_and_restore_are_exact_in_any_history(seed: int, tmp_path: Path, home: Path) -> None:
    assert list(History(seed, tmp_path, identity()).play(12)) == []


@pytest.mark.parametrize("seed", range(100, 102))
def test_what_is_killed_on_the_way_is_finished_or_never_began(seed: int, tmp_path: Path, home: Path) -> None:
    assert list(History(seed, tmp_path, identity(), kills=True).play(12)) == []


@pytest.mark.parametrize("size", [0, 60, 200, 600, 1_000, 1_500, 2_500, 5_000, 100_000])
def test_a_disk_without_room_leaves_an_undo_whole_or_not_begun(size: int, tmp_path: Path, home: Path) -> None:
    history = History(7, tmp_path, identity())
    assert list(history.play(6)) == []
    assert list(history.without_room(size)) == []
    assert list(history.play(3)) == []
