"""A command that is kept ends as it would by itself, and what it leaves behind stays below its mark."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import psutil
import pytest

from supervisor.domain.process import MARK
from supervisor.shell.process.run import kept, run_marked

pytestmark = [pytest.mark.timeout(30), pytest.mark.skipif(sys.platform != "linux", reason="prctl(2)")]


def ran(script: str, folder: Path, seconds: float = 20) -> tuple[int | None, bytes]:
    printed: list[bytes] = []
    words = kept(["sh", "-c", script])
    code = run_marked(words, cwd=folder, env=os.environ, mark="m/kept", seconds=seconds, take=printed.append)
    return code, b"".join(printed)


@pytest.mark.parametrize(
    ("script", "code", "printed"),
    [
        ("echo out; echo err >&2", 0, b"out\nerr\n"),
        ("exit 7", 7, b""),
        ("kill -9 $$", -9, b""),
        ("kill -15 $$", -15, b""),
        ("sleep 30", None, b""),
    ],
)
def test_it_ends_and_prints_as_it_would_by_itself(
    script: str, code: int | None, printed: bytes, tmp_path: Path
) -> None:
    assert ran(script, tmp_path, seconds=1 if code is None else 20) == (code, printed)


@pytest.mark.promise("nobody answers for the person")
def test_an_orphan_without_environment_is_below_a_process_with_the_mark(tmp_path: Path) -> None:
    assert ran("env -i setsid sh -c 'echo $$ > pid; exec sleep 60' > /dev/null 2>&1 &", tmp_path)[0] == 0
    while not (said := (tmp_path / "pid").read_text() if (tmp_path / "pid").exists() else "").endswith("\n"):
        time.sleep(0.01)
    orphan = psutil.Process(int(said))
    keeper = orphan.parent()
    try:
        assert (orphan.environ().get(MARK), keeper is not None and keeper.environ().get(MARK)) == (None, "m/kept")
    finally:
        orphan.kill()
    assert keeper is not None
    assert keeper.wait(5) is None, "it ends with the last of what is below it"
