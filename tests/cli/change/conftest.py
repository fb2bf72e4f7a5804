"""Fixtures of the commands about what the tasks changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from supervisor.cli.main import run
from tests.cli.change.landing import Land, with_remote
from tests.cli.conftest import Ran
from tests.gitrepo import without_configuration
from tests.landscape import Landscape


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return without_configuration(tmp_path / "home", monkeypatch)


@pytest.fixture
def made(tmp_path: Path) -> Landscape:
    return Landscape(tmp_path, "api", "web")


@pytest.fixture
def land(made: Landscape, capsys: pytest.CaptureFixture[str]) -> Land:
    def call(*words: str) -> Ran:
        capsys.readouterr()
        code = run(["-C", str(made.workspace.root), "land", *words])
        return Ran(code, *capsys.readouterr())

    return call


@pytest.fixture
def remotes(made: Landscape, tmp_path: Path) -> dict[str, Path]:
    """A bare remote for each child, reached over file://; what `web` changes rests on what `api` does."""
    found = {name: with_remote(repo, tmp_path / f"{name}.git") for name, repo in made.repos.items()}
    made.ran("T1", {"web": {"early.txt": "w\n"}})
    made.ran("T2", {"api": {"a.txt": "a\n"}})
    made.ran("T3", {"web": {"w.txt": "w\n"}}, after=("T2",))
    return found
