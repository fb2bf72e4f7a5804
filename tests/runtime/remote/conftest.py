"""A repository that is reached as if it were on another machine: a shell behind a prefix that changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from supervisor.domain.child import Child, Runner
from supervisor.runtime.remote.repo import RemoteRepo, repo_of
from supervisor.runtime.workspace import WorkspacePaths
from tests.gitrepo import home, repo
from tests.runtime.remote.yard import Yard

__all__ = ["home", "repo"]

PREFIX = ("env", "-C", "/", "--")


@pytest.fixture
def there(repo: Path, tmp_path_factory: pytest.TempPathFactory) -> RemoteRepo:
    """The same repo, elsewhere."""
    workspace = WorkspacePaths(tmp_path_factory.mktemp("workspace"))
    return repo_of(workspace, Child("firmware", str(repo), runner=Runner("lab", PREFIX)))


@pytest.fixture
def yard(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Yard:
    monkeypatch.setenv("HOME", str(tmp_path))
    return Yard(tmp_path / "yard")
