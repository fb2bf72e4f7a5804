"""Starting a supervisor: whoever starts it may be slow, or be killed, and so may its keeper."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from supervisor.cli.setup.init import init
from supervisor.cli.steer.down import down
from supervisor.errors import OrchError
from supervisor.runtime import calling
from supervisor.runtime.daemon import launch
from supervisor.runtime.presence import roster
from supervisor.runtime.workspace import WorkspacePaths

LATE = 1.5  # seconds for which the starter gets no processor; a supervisor takes 0.2 to sign


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[WorkspacePaths]:
    subprocess.run(["git", "init", "-q", str(tmp_path / "api")], check=True)
    made = WorkspacePaths(tmp_path / "workspace")
    made.root.mkdir()
    init(made.root, ["api=../api"])
    yield made
    down(made, now=True)


def test_a_starter_that_is_slow_names_nobody_but_the_supervisor_as_holder(
    workspace: WorkspacePaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It signed the lock for the keeper, over the supervisor: who then killed the holder killed the keeper."""
    spawn = os.posix_spawn

    def spawn_late(*words: Any, **more: Any) -> int:
        pid = spawn(*words, **more)
        until = time.monotonic() + LATE
        while roster.holder(workspace) is None and time.monotonic() < until:
            time.sleep(0.01)
        return pid

    monkeypatch.setattr(os, "posix_spawn", spawn_late)
    assert launch.ensure_supervisor(workspace)
    assert roster.holder(workspace) == calling.live(workspace)["supervisor"]["pid"]


def test_a_supervisor_whose_keeper_was_killed_before_it_signed_does_not_start(
    workspace: WorkspacePaths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ran on, and nobody could tell any more what its servers start from what the person starts."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    (tmp_path / "sitecustomize.py").write_text(  # the supervisor, which its keeper forks, waits before anything else
        f"import os\nos.register_at_fork(after_in_child=lambda: open({str(pipe)!r}).close())\n", encoding="utf-8"
    )

    def kill_the_holder() -> None:
        while (keeper := roster.holder(workspace)) is None or not psutil.Process(keeper).children():
            time.sleep(0.001)
        psutil.Process(keeper).kill()
        while psutil.Process(keeper).status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.001)
        pipe.write_bytes(b"")

    killing = threading.Thread(target=kill_the_holder)
    killing.start()
    with monkeypatch.context() as patched:
        patched.setenv("PYTHONPATH", str(tmp_path))
        with pytest.raises(OrchError, match="the supervisor was killed while it started") as raised:
            launch.ensure_supervisor(workspace)
    killing.join(5)
    assert raised.value.next_step == "run `orch up` again"
    assert launch.ensure_supervisor(workspace), "the lock is free"
