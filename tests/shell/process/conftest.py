"""A folder in which a test starts servers, and leaves nothing behind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.shell.process.ground import Ground


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    it = Ground(tmp_path)
    yield it
    it.leave()
