"""Folders for sockets, whose paths must be short: temporary folders of tests are not."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def short_folder() -> Iterator[Path]:
    """A folder for sockets, gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="orch-t-", dir="/tmp"))
    yield folder
    shutil.rmtree(folder)


@contextmanager
def own_runtime_dir() -> Iterator[Path]:
    """The sockets of every workspace are in a folder of our own."""
    with short_folder() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(folder))
        yield folder
