"""A server on another machine is no child of the line that started it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import pytest

from supervisor.domain.child import Runner
from supervisor.runtime.remote.place import ChildPlace
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.process import Identity, alive
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


@pytest.mark.promise("cut line")
def test_a_line_that_is_killed_with_all_below_it_leaves_its_server_running(
    repo: Path, home_there: Path, tmp_path: Path
) -> None:
    """As Slurm ends a step: with all that is below it, however soon after the start."""
    program = crowd.with_proxy(tmp_path, codex_like(tmp_path))
    runner = Runner("box", PREFIX, program, (), (("HOME", str(home_there)),))
    place = ChildPlace(WorkspacePaths(tmp_path), "c", runner, str(repo))
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
