"""A server on another machine is no child of the line that started it, and its start costs little there."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import pytest

from supervisor.domain.child import Runner
from supervisor.domain.process import KEEPER, MARK
from supervisor.errors import CodexError
from supervisor.runtime.codex.binary import locate
from supervisor.runtime.codex.handshake import perform_handshake
from supervisor.runtime.remote.place import ChildPlace, OpenedLine
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.process import Identity, alive, identity_of
from supervisor.wire.place import scripts
from tests.peers import codex_like, crowd
from tests.runtime.remote.conftest import PREFIX
from tests.sockets import HOMES

WITHIN = 60.0


@pytest.fixture
def home_there() -> Iterator[Path]:
    """A folder with a short name, for a socket."""
    HOMES.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="h-", dir=HOMES) as folder:
        yield Path(folder)


def at(
    folder: Path,
    repo: Path,
    home: Path,
    *,
    codex: str = "",
    connect: tuple[str, ...] = PREFIX,
    path: tuple[str, ...] = (),
    attached: bool = False,
    python: str = sys.executable,
) -> ChildPlace:
    """The place of a child of the workspace in `folder`, whose servers are stand-ins."""
    folder.mkdir(exist_ok=True)
    codex = codex or crowd.with_proxy(folder, codex_like(folder))
    runner = Runner("box", connect, codex, path, (("HOME", str(home)),), attached=attached)
    return ChildPlace(WorkspacePaths(folder), "c", runner, str(repo), python=python)


@pytest.mark.promise("cut line")
def test_a_line_that_is_killed_with_all_below_it_leaves_its_server_running(
    repo: Path, home_there: Path, tmp_path: Path
) -> None:
    """As Slurm ends a step: with all that is below it, however soon after the start."""
    place = at(tmp_path, repo, home_there)
    asked: list[bool] = []
    first = place.open((), lambda: asked.append(True), WITHIN, anew=False, filters_off=True)
    try:
        line = psutil.Process(first.line.process.pid)
        for one in (*line.children(recursive=True), line):
            one.kill()
        first.line.process.end()
        again = place.open((), lambda: asked.append(True), WITHIN, anew=False, filters_off=True)
        again.line.process.end()
        assert (first.there.adopted, again.there.adopted, len(asked)) == (False, True, 2)
        assert again.there.pid == first.there.pid
    finally:
        place.end(kill=True, seconds=WITHIN)
    assert not alive(Identity(first.there.pid, first.there.ticks, first.there.boot))


@pytest.mark.promise("no orphan")
@pytest.mark.parametrize("attached", [False, True])
def test_what_left_session_and_environment_has_the_keeper_above_it_and_ends_with_its_server(
    repo: Path, home_there: Path, tmp_path: Path, *, attached: bool
) -> None:
    server = crowd.with_proxy(tmp_path, codex_like(tmp_path))
    place = at(tmp_path, repo, home_there, codex=leaving(tmp_path, server), attached=attached)
    opened = again = place.open((), lambda: None, WITHIN, anew=False, filters_off=True)
    try:
        orphan = psutil.Process(_left(tmp_path))
        keeper = orphan.parent()
        assert keeper is not None
        assert keeper.name() == "orch-keeper"
        assert keeper == psutil.Process(opened.there.pid).parent()
        ours = {MARK, KEEPER}
        assert (ours & set(orphan.environ()), ours & set(keeper.environ())) == (set(), ours)
        psutil.Process(opened.there.pid).kill()
        opened.line.process.end()
        again = place.open((), lambda: None, WITHIN, anew=False, filters_off=True)
        again.line.process.end()
        assert (again.there.adopted, identity_of(orphan.pid), identity_of(keeper.pid)) == (False, None, None)
    finally:
        place.end(kill=True, seconds=WITHIN)
        for held in (opened, again):
            if held.holder is not None:
                held.holder.end(WITHIN)
    assert identity_of(_left(tmp_path)) is None


@pytest.mark.parametrize("attached", [False, True])
def test_a_server_starts_where_no_python_is(
    repo: Path, home_there: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, attached: bool
) -> None:
    monkeypatch.setattr(scripts, "PYTHONS", ("/usr/bin/none", "/usr/bin/false"))
    place = at(tmp_path, repo, home_there, attached=attached, python=str(tmp_path / "none"))
    opened = place.open((), lambda: None, WITHIN, anew=False, filters_off=True)
    try:
        opened.line.process.end()
        server = psutil.Process(opened.there.pid)
        assert MARK in server.environ()
        assert (os.getsid(server.pid), server.parent().name() != "orch-keeper") == (server.pid, True)  # type: ignore[union-attr]
    finally:
        place.end(kill=True, seconds=WITHIN)
        if opened.holder is not None:
            opened.holder.end(WITHIN)
    assert identity_of(server.pid) is None


def _left(folder: Path) -> int:
    return int((folder / "left").read_text(encoding="utf-8"))


def leaving(folder: Path, codex: str) -> str:
    """A codex whose server leaves a process in a session of its own, with an empty environment."""
    script = folder / "leaving"
    left = f"(setsid env -i sh -c 'echo $$ > {folder}/left.new; mv {folder}/left.new {folder}/left; exec sleep 600' &)"
    script.write_text(
        f'#!/bin/sh\ncase "$*" in *--listen*) rm -f {folder}/left\n{left}\n'
        f'while [ ! -e {folder}/left ]; do sleep 0.01; done;; esac\nexec {codex} "$@"\n',
        encoding="utf-8",
    )
    script.chmod(0o755)
    return str(script)


def test_a_start_there_runs_few_programs(repo: Path, home_there: Path, tmp_path: Path) -> None:
    """Each costs a machine with many children a millisecond or more, and all of them start at once."""
    log, tools = tmp_path / "log", tmp_path / "tools"
    tools.mkdir()
    for name in ("awk", "cat", "chmod", "cut", "find", "git", "grep", "head", "ls", "mkdir", "mv", "readlink", "rm",
                 "sed", "setsid", "sort", "tail", "tr"):  # fmt: skip
        tool = tools / name
        tool.write_text(f'#!/bin/sh\necho {name} >> {log}\nexec {shutil.which(name)} "$@"\n', encoding="utf-8")
        tool.chmod(0o755)
    place = at(tmp_path, repo, home_there, path=(str(tools),))
    try:
        for how in (False, True):
            opened = place.open((), lambda: None, WITHIN, anew=False, filters_off=True)
            opened.line.process.end()
            assert opened.there.adopted is how
        ran = log.read_text(encoding="utf-8").split()
        assert sorted(ran) == ["git", "git", "git", "grep", "mkdir", "mv", "setsid", "tr"], "the last git adopts"
    finally:
        place.end(kill=True, seconds=WITHIN)


def test_a_home_too_long_for_a_socket_is_none_for_codex(repo: Path, tmp_path: Path) -> None:
    home = tmp_path / ("long" * 30)
    (tmp_path / "codex-home").mkdir()
    home.mkdir()
    place = at(tmp_path, repo, home, codex=str(locate(None)), connect=("env", f"CODEX_HOME={tmp_path}/codex-home"))
    try:
        found = []
        for _ in range(2):
            opened = place.open((), lambda: None, WITHIN, anew=False, filters_off=True)
            found.append((asyncio.run(met(opened)), opened.there.adopted))
            opened.line.process.end()
        assert found == [(opened.there.pid, False), (opened.there.pid, True)]
        assert len(opened.there.socket) > 107
    finally:
        place.end(kill=True, seconds=WITHIN)


async def met(opened: OpenedLine) -> int:
    handshake = await perform_handshake(opened.there.socket, opened.line.stream)
    handshake.connection.close()
    return handshake.diagnostics.process.id


@pytest.mark.parametrize("name", ["x" * 250, "büro", "line\nend"])
def test_a_home_that_orch_could_not_name_is_refused_before_anything_starts(
    repo: Path, tmp_path: Path, name: str
) -> None:
    home = tmp_path / name
    home.mkdir()
    with pytest.raises(CodexError) as refused:
        at(tmp_path, repo, home).open((), lambda: None, WITHIN, anew=False, filters_off=True)
    assert (refused.value.what.startswith("the state folder at box ("), list(home.iterdir())) == (True, [])
    assert refused.value.next_step == "set another HOME in its `env`, then `orch restart c`"


@pytest.mark.promise("workspace out of reach")
def test_a_home_in_the_repo_is_refused_for_commands_could_write_what_orch_keeps_there(
    repo: Path, tmp_path: Path
) -> None:
    (repo / "home").mkdir()
    (tmp_path / "link").symlink_to(repo / "home")
    with pytest.raises(CodexError) as refused:
        at(tmp_path, repo, tmp_path / "link").open((), lambda: None, WITHIN, anew=False, filters_off=True)
    assert refused.value.what.startswith(f"the state folder at box ({tmp_path}/link/.local/state/orch/servers/")
    assert refused.value.what.endswith(f") lies in {repo}, where the commands of c may write")
    assert refused.value.next_step == "set another HOME in `env` of the runner, then `orch restart c`"
    assert list((repo / "home").iterdir()) == []


def test_a_server_there_makes_files_as_its_user_does(repo: Path, home_there: Path, tmp_path: Path) -> None:
    """What we keep there is for nobody else; that is no reason for what its tasks make."""
    served = crowd.with_proxy(tmp_path, codex_like(tmp_path))
    codex = tmp_path / "codex-with-umask"
    codex.write_text(f'#!/bin/sh\n[ "$1" = app-server ] && umask >> {tmp_path}/umask\nexec {served} "$@"\n')
    codex.chmod(0o755)
    place = at(tmp_path, repo, home_there, codex=str(codex), connect=("sh", "-c", 'umask 027; exec "$0" "$@"'))
    try:
        place.open((), lambda: None, WITHIN, anew=False, filters_off=True).line.process.end()
        assert (tmp_path / "umask").read_text(encoding="utf-8").split()[:1] == ["0027"]
    finally:
        place.end(kill=True, seconds=WITHIN)


def test_a_repo_there_that_another_workspace_drives_is_refused(repo: Path, home_there: Path, tmp_path: Path) -> None:
    first, other = tmp_path / "first", tmp_path / "other"
    places = [at(folder, repo, home_there) for folder in (first, other)]
    try:
        opened = places[0].open((), lambda: None, WITHIN, anew=False, filters_off=True)
        opened.line.process.end()
        with pytest.raises(CodexError) as refused:
            places[1].open((), lambda: None, WITHIN, anew=False, filters_off=True)
        mark = opened.there.socket.removeprefix(f"{home_there}/.local/state/orch/servers/").removesuffix("/sock")
        assert refused.value.what == (f"another workspace drives {repo} at box: {mark} (process {opened.there.pid})")
    finally:
        for place in places:
            place.end(kill=True, seconds=WITHIN)
