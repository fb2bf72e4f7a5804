"""Locks of open files."""

from __future__ import annotations

import fcntl
import threading
from pathlib import Path

import pytest

from supervisor.shell.file_lock import PAUSE, try_lock


def test_a_file_has_one_exclusive_holder_or_several_shared_ones(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with path.open("w") as one, path.open() as two, path.open() as three:
        assert try_lock(one.fileno())
        assert not try_lock(two.fileno())
        assert not try_lock(two.fileno(), shared=True)
        fcntl.flock(one, fcntl.LOCK_UN)
        assert try_lock(two.fileno(), shared=True)
        assert try_lock(three.fileno(), shared=True)
        assert not try_lock(one.fileno())


def test_whoever_only_looks_around_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with path.open("w") as one, path.open() as two:
        fcntl.flock(one, fcntl.LOCK_EX)
        release = threading.Timer(PAUSE, lambda: fcntl.flock(one, fcntl.LOCK_UN))
        release.start()
        assert try_lock(two.fileno())
        release.join(10)


def test_what_is_no_open_file_is_an_error() -> None:
    with pytest.raises(OSError, match="Bad file descriptor"):
        try_lock(9999)
