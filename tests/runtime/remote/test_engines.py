"""A server in a container is started, met again after its line was killed, and ended, by each engine's prefix."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp

import pytest

from supervisor.domain.child import Child, Runner
from supervisor.errors import OrchError
from supervisor.runtime.codex.binary import locate
from supervisor.runtime.codex.handshake import perform_handshake
from supervisor.runtime.remote.place import ChildPlace, OpenedLine
from supervisor.runtime.remote.repo import repo_of
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.git.tree import read_now
from tests import CHECKOUT
from tests.gitrepo import commit, empty_repo
from tests.programs import require
from tests.sockets import HOMES

WITHIN = 120.0  # seconds: a bound, it takes one
ENGINES = ("docker", "podman", "kubectl", "nsenter", "unshare")


class Container:
    """Processes and mounts of their own, with a repo and a HOME."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.repo = empty_repo(folder / "repo")
        (self.repo / "README.md").write_text("# box\n", encoding="utf-8")
        commit(self.repo)
        (folder / "home").mkdir()
        (folder / "codex").mkdir()
        self.workspace = WorkspacePaths(folder / "ws")
        self.workspace.root.mkdir()
        self.workspace.logs.mkdir(parents=True)
        words = ["unshare", "--pid", "--fork", "--mount", "--mount-proc", "--kill-child", "sleep", "infinity"]
        self._process = subprocess.Popen(words, start_new_session=True)
        self.pid = self._inner()
        self.environ = {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": str(folder / "home"),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "CODEX_HOME": str(folder / "codex"),
        }

    def _inner(self) -> int:
        """The first process of the container, as it is numbered outside."""
        file = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        until = time.monotonic() + WITHIN
        while time.monotonic() < until:
            if (found := file.read_text(encoding="ascii").split()) and b"sleep" in _command(int(found[0])):
                return int(found[0])
            assert self._process.poll() is None, "unshare ended: it needs root"
            time.sleep(0.02)
        raise AssertionError("the container does not start")

    def runner(self, engine: str, name: str = "box") -> Runner:
        env = tuple(self.environ.items())
        if engine == "nsenter":
            return Runner("box", ("nsenter", "-t", str(self.pid), "-m", "-p", "--"), str(locate(None)), (), env)
        if engine == "unshare":  # mounts of its own for each line; the processes are ours
            return Runner("box", ("unshare", "--mount", "--"), str(locate(None)), (), env)
        variables = "\n".join(f"{key}={value}" for key, value in self.environ.items())
        words = (sys.executable, str(CHECKOUT / "tests/peers/engine.py"), engine, "box", str(self.pid), variables)
        return Runner(name, (*words, "exec", "-i", name, *(["--"] if engine == "kubectl" else [])), str(locate(None)))

    def place(self, engine: str, name: str = "box") -> ChildPlace:
        return ChildPlace(self.workspace, engine, self.runner(engine, name), str(self.repo))

    def end(self) -> None:
        self._process.kill()
        self._process.wait(10)


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


@pytest.fixture(scope="module")
def container() -> Iterator[Container]:
    if os.getuid() != 0:
        pytest.skip("only root makes a container of the kernel's own parts")
    for program in ("unshare", "nsenter"):
        require(program)
    HOMES.mkdir(parents=True, exist_ok=True)
    folder = Path(mkdtemp(prefix="box-", dir=HOMES)).resolve()
    made = Container(folder)
    yield made
    made.end()
    shutil.rmtree(folder, ignore_errors=True)


def met(place: ChildPlace) -> tuple[OpenedLine, int]:
    """Open a line, and return it with the pid that the server at its end says it has."""
    opened = place.open((), lambda: None, WITHIN, anew=False, filters_off=True)

    async def meet() -> int:
        handshake = await perform_handshake(opened.there.socket, opened.line.stream)
        handshake.connection.close()
        return handshake.diagnostics.process.id

    return opened, asyncio.run(meet())


@pytest.mark.parametrize("engine", ENGINES)
def test_a_server_outlives_its_line_and_is_met_again(container: Container, engine: str) -> None:
    place = container.place(engine)
    try:
        first, pid = met(place)
        assert (first.there.adopted, first.there.pid) == (False, pid)
        os.killpg(first.line.process.pid, signal.SIGKILL)
        first.line.process.end()
        again, same = met(place)
        again.line.process.end()
        assert (again.there.adopted, same) == (True, pid)
        assert again.there.ticks == first.there.ticks
    finally:
        place.end(kill=False, seconds=WITHIN)
    assert not list((container.folder / "home/.local/state/orch/servers").rglob("server"))


@pytest.mark.parametrize("engine", ENGINES)
def test_git_and_files_are_those_of_the_container(container: Container, engine: str) -> None:
    there = repo_of(container.workspace, Child(engine, str(container.repo), runner=container.runner(engine)))
    (container.repo / "new file").write_text("x\n", encoding="utf-8")
    with there.talking():
        assert list(read_now(there.root).dirty) == ["new file"]
        assert there.files().stamps([b"README.md"])[b"README.md"] is not None


@pytest.mark.parametrize("engine", ENGINES[:3])
def test_a_container_that_is_gone_and_a_shell_that_is_missing_are_told_apart(container: Container, engine: str) -> None:
    with pytest.raises(OrchError, match="other is not there"):
        container.place(engine, "other").ask(lambda script: script.system())
    container.environ["PATH"], kept = "/nowhere", container.environ["PATH"]
    try:
        with pytest.raises(OrchError, match="there is no `sh` behind box"):
            container.place(engine).ask(lambda script: script.system())
    finally:
        container.environ["PATH"] = kept


@pytest.mark.parametrize("engine", ENGINES[:3])
def test_without_input_nothing_is_run(container: Container, engine: str) -> None:
    runner = container.runner(engine)
    deaf = Runner(runner.name, tuple(word for word in runner.connect if word != "-i"), runner.codex)
    with pytest.raises(OrchError, match="box is out of reach"):
        ChildPlace(container.workspace, engine, deaf, str(container.repo)).ask(lambda script: script.system())
