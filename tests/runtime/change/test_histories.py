"""Whatever runs and people did, an undo takes out exactly what a run changed, and a redo brings exactly that back."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.change.histories import History, identity
from tests.gitrepo import home

__all__ = ["home"]


@pytest.mark.parametrize("seed", range(2))  # `scripts/land-faults --histories` plays more
def test_undo_redo_and_restore_are_exact_in_any_history(seed: int, tmp_path: Path, home: Path) -> None:
    assert list(History(seed, tmp_path, identity()).play(12)) == []


@pytest.mark.parametrize("seed", range(100, 101))
def test_what_is_killed_on_the_way_is_finished_or_never_began(seed: int, tmp_path: Path, home: Path) -> None:
    assert list(History(seed, tmp_path, identity(), kills=True).play(12)) == []


@pytest.mark.parametrize("size", [0, 200, 1_000, 2_500, 100_000])
def test_a_disk_without_room_leaves_an_undo_whole_or_not_begun(size: int, tmp_path: Path, home: Path) -> None:
    history = History(7, tmp_path, identity())
    assert list(history.play(3)) == []
    assert list(history.without_room(size)) == []
    assert list(history.play(3)) == []
