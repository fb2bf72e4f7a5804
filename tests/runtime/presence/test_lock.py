"""The lock of a workspace: it has one holder, can be inherited, and always shows its holder."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from supervisor.errors import WorkspaceError
from supervisor.runtime.presence import lock, roster
from supervisor.runtime.workspace import WorkspacePaths


def test_there_is_one_holder_and_it_is_known_once_it_has_signed(tmp_path: Path) -> None:
    workspace = WorkspacePaths(tmp_path)
    assert roster.holder(workspace) is None
    held = lock.take(workspace)
    assert held is not None
    with held:
        assert lock.take(workspace) is None
        assert roster.holder(workspace) is None
        lock.sign(held, os.getpid())
        assert roster.holder(workspace) == os.getpid()
    assert roster.holder(workspace) is None
    again = lock.take(workspace)
    assert again is not None
    with again:
        assert roster.holder(workspace) is None, "an earlier holder must not count as the holder"


@pytest.mark.parametrize("kind", ["pipe", "device", "folder"])
def test_what_is_no_file_is_refused_and_never_waited_for(kind: str, tmp_path: Path) -> None:
    workspace = WorkspacePaths(tmp_path)
    workspace.state.mkdir()
    if kind == "pipe":
        os.mkfifo(workspace.lock)
    elif kind == "device":
        workspace.lock.symlink_to("/dev/zero")
    else:
        workspace.lock.mkdir()
    assert roster.holder(workspace) is None
    with pytest.raises(WorkspaceError, match="cannot be written" if kind == "folder" else "is not a regular file"):
        lock.take(workspace)


def test_a_holder_that_signs_again_is_always_known(tmp_path: Path) -> None:
    """A supervisor does so when it restarts itself with another config."""
    workspace, over, seen = WorkspacePaths(tmp_path), threading.Event(), []
    held = lock.take(workspace)
    assert held is not None
    with held:
        lock.sign(held, os.getpid())

        def look() -> None:
            while not over.is_set():
                seen.append(roster.holder(workspace))

        looking = threading.Thread(target=look)
        looking.start()
        for _ in range(2000):
            lock.sign(held, os.getpid())
        over.set()
        looking.join(5)
    assert set(seen) == {os.getpid()}


def test_a_process_that_inherits_the_lock_holds_it_after_its_parent_is_gone(tmp_path: Path) -> None:
    workspace = WorkspacePaths(tmp_path)
    held = lock.take(workspace)
    assert held is not None
    with held:
        heir = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=(held.fileno(),))
        lock.sign(held, heir.pid)
    assert roster.holder(workspace) == heir.pid
    assert lock.take(workspace) is None
    heir.communicate(b"\n", timeout=5)
    assert roster.holder(workspace) is None


@pytest.mark.parametrize("written", ["", "1\n", "12345678901234567890\n", "by hand"])
def test_a_holder_signs_again_where_somebody_wrote_into_the_lock(tmp_path: Path, written: str) -> None:
    workspace = WorkspacePaths(tmp_path)
    held = lock.take(workspace)
    assert held is not None
    with held:
        lock.sign(held, os.getpid())
        workspace.lock.write_text(written, encoding="utf-8")
        assert lock.retake(workspace, held)
        assert roster.holder(workspace) == os.getpid()
