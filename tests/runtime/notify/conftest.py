"""A web server that takes notices."""

from __future__ import annotations

from pathlib import Path

import pytest

from supervisor.runtime.workspace import WorkspacePaths
from tests.runtime.notify.hook import hook

__all__ = ["hook"]


@pytest.fixture
def workspace(tmp_path: Path) -> WorkspacePaths:
    return WorkspacePaths(tmp_path)
