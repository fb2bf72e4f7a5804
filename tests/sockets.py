"""Folders for sockets, outside of the places for temporary files, where the sandbox of Codex lets commands write."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

HOMES = Path.home() / ".cache" / "orch-tests"


@contextmanager
def short_folder() -> Iterator[Path]:
    """Make a folder for sockets. It is removed afterwards."""
    HOMES.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="s-", dir=HOMES))
    yield folder
    shutil.rmtree(folder)


@contextmanager
def own_runtime_dir() -> Iterator[Path]:
    """Put the sockets of all workspaces into a folder of our own."""
    with short_folder() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(folder))
        yield folder
