"""A workspace and repos."""

from __future__ import annotations

from pathlib import Path

import pytest

from supervisor.runtime.workspace import WorkspacePaths
from tests.gitrepo import empty_repo


@pytest.fixture
def workspace(tmp_path: Path) -> WorkspacePaths:
    """A workspace beside the repos `api` and `app`."""
    for name in ("api", "app"):
        empty_repo(tmp_path / name)
    (tmp_path / "ws").mkdir()
    return WorkspacePaths(tmp_path / "ws")
