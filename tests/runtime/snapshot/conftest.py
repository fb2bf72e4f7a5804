"""A repository, and a user without any configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.gitrepo import new_repo, without_configuration


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return without_configuration(tmp_path / "home", monkeypatch)


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return new_repo(tmp_path / "repo")
