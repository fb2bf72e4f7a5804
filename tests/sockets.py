"""Folders for sockets, whose paths must be short. The temporary folders of tests are too long."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def short_folder() -> Iterator[Path]:
    """Make a folder for sockets. It is removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="orch-t-", dir="/tmp"))
    yield folder
    shutil.rmtree(folder)


@contextmanager
def own_runtime_dir() -> Iterator[Path]:
    """Put the sockets of all workspaces into a folder of our own."""
    with short_folder() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(folder))
        yield folder
