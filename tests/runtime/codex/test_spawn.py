"""The processes of servers that are started before the supervisor is loaded: those that nothing speaks against."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from supervisor.domain.child import Child
from supervisor.runtime.codex import spawn
from supervisor.runtime.codex.registry import Record, Registry
from supervisor.runtime.config.model import Config, Limits
from supervisor.runtime.daemon import main as daemon
from supervisor.runtime.logs import Logs
from supervisor.runtime.workspace import Workspace, make_private
from supervisor.shell import process
from supervisor.shell.process import MARK
from tests.peers import codex_like

NAMES = ("api", "app", "web")


class Ground:
    """A workspace whose children run stand-ins for codex."""

    def __init__(self, folder: Path) -> None:
        self.workspace = Workspace(folder / "ws")
        self.workspace.root.mkdir()
        make_private(self.workspace.runtime_dir)
        for name in NAMES:
            (folder / name).mkdir()
        children = tuple(Child(name, str(folder / name)) for name in NAMES)
        lead = Child("orchestrator", str(self.workspace.root))
        self.config = Config(children, lead, codex_like(folder), Limits())
        self.logs = Logs(self.workspace.logs, megabytes=1)
        self._others: list[subprocess.Popen[bytes]] = []

    def begin(self, *named: str) -> dict[str, process.Spawned]:
        return spawn.begin(self.workspace, self.config, self.logs, named)

    def sleeper(self, mark: str) -> process.Identity:
        """A process that carries this mark."""
        code = "print(flush=True); import sys; sys.stdin.read()"
        one = subprocess.Popen(
            [sys.executable, "-c", code],
            env={**os.environ, MARK: mark},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._others.append(one)
        assert one.stdout is not None
        one.stdout.readline()
        found = process.identity_of(one.pid)
        assert found is not None
        return found

    def close(self) -> None:
        for one in self._others:
            one.communicate(timeout=5)
        self.logs.close()


@pytest.fixture
def ground(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ground]:
    monkeypatch.delenv("ORCH_CODEX_BIN", raising=False)
    sockets = tempfile.mkdtemp(prefix="orch-t-", dir="/tmp")
    monkeypatch.setenv("XDG_RUNTIME_DIR", sockets)
    made = Ground(tmp_path)
    yield made
    made.close()
    shutil.rmtree(sockets)


@pytest.mark.parametrize(("named", "begun"), [((), NAMES), (("app", "api"), ("api", "app")), (("orchestrator",), ())])
def test_all_that_are_asked_for_are_started_and_can_be_undone(
    named: tuple[str, ...], begun: tuple[str, ...], ground: Ground
) -> None:
    found = ground.begin(*named)
    mark = ground.workspace.mark
    try:
        assert tuple(found) == begun
        assert process.marks(mark()) == {mark(name) for name in begun}
        assert [os.getsid(one.identity.pid) for one in found.values()] == [one.identity.pid for one in found.values()]
    finally:
        spawn.undo(found.values())
    assert process.marked(mark()) == []


def test_none_is_started_where_a_server_runs_or_something_is_left_of_one(ground: Ground) -> None:
    running = ground.sleeper("of no child")
    Registry(ground.workspace.registry).put("api", Record(running, "/s"))
    ground.sleeper(ground.workspace.mark("web"))
    found = ground.begin()
    spawn.undo(found.values())
    assert list(found) == ["app"]


def test_one_that_cannot_be_started_keeps_no_other_back(ground: Ground) -> None:
    shutil.rmtree(ground.config.children[1].path)
    found = ground.begin()
    spawn.undo(found.values())
    assert list(found) == ["api", "web"]


def test_ctrl_c_before_the_supervisor_is_loaded_leaves_no_server_behind(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark, seen = ground.workspace.mark(), []

    async def interrupted(*_: object) -> bool:
        seen.append(process.marks(mark))
        raise KeyboardInterrupt

    monkeypatch.setattr(daemon, "load", lambda workspace: ground.config)
    monkeypatch.setattr(daemon, "_at_work", interrupted)
    with pytest.raises(KeyboardInterrupt):
        daemon.run(ground.workspace, ready=lambda: None, up=["app"])
    assert seen == [{f"{mark}app"}]
    assert process.marked(mark) == []
