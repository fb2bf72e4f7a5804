"""A workspace, the command line in this process, and a stand-in for the supervisor."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import pytest

from supervisor.cli.main import run
from supervisor.runtime.workspace import WorkspacePaths
from tests.cli.scene import JsonDict, Standin
from tests.gitrepo import empty_repo
from tests.sockets import own_runtime_dir


class Ran(NamedTuple):
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str


class Orch(Protocol):
    def __call__(self, *arguments: str) -> Ran: ...


@pytest.fixture(autouse=True)
def runtime_dir(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put sockets and roster into a folder of our own with short paths, and print without colour."""
    monkeypatch.setenv("NO_COLOR", "1")
    with own_runtime_dir() as folder:
        monkeypatch.setenv("XDG_STATE_HOME", str(folder / "state"))
        yield


@pytest.fixture
def workspace(tmp_path: Path) -> WorkspacePaths:
    """A workspace with the children `backend` and `mobile`, real repositories. Nothing has run in it yet."""
    for name in ("backend", "mobile"):
        empty_repo(tmp_path / name)
    root = tmp_path / "ws"
    root.mkdir()
    (root / "orchestrator.config.yaml").write_text(
        "children:\n  backend: ../backend\n  mobile: ../mobile\n", encoding="utf-8"
    )
    return WorkspacePaths(root)


@pytest.fixture
def orch(workspace: WorkspacePaths, capsys: pytest.CaptureFixture[str]) -> Orch:
    """Call the command line in the workspace."""

    def call(*arguments: str) -> Ran:
        capsys.readouterr()
        code = run(["-C", str(workspace.root), *arguments])
        return Ran(code, *capsys.readouterr())

    return call


@pytest.fixture
def standin(workspace: WorkspacePaths) -> Iterator[Callable[..., Standin]]:
    """Answer on the control socket: `standin(status_json, status_json, ...)`."""
    made: list[Standin] = []

    def make(*statuses: JsonDict, **options: Any) -> Standin:
        made.append(Standin(workspace.control_socket, statuses, **options))
        return made[-1]

    yield make
    for one in made:
        one.close()
