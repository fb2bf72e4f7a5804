"""What a system without pidfd, or without /proc, still tells of processes."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path

import pytest

from supervisor.domain.process import KEEPER
from supervisor.shell.process import alive, identity_of, kill_tree, marked, tree_seconds
from supervisor.shell.process.handle import open_handle
from supervisor.shell.process.table import marks, read_table
from tests.shell.process.ground import Ground
from tests.shell.process.lacking import without_pidfd, without_proc

pytestmark = pytest.mark.timeout(10)


def test_without_pidfd_the_end_of_a_process_is_waited_for_all_the_same(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_pidfd(monkeypatch)
    server = ground.serve("exec ./say sleep 60")
    ground.started(1)
    handle = open_handle(server.identity)
    assert handle is not None
    assert not handle.wait_blocking(0.0)
    handle.send(signal.SIGKILL)
    assert handle.wait_blocking(5.0)
    handle.send(signal.SIGKILL)  # nobody is there: nothing happens
    handle.close()
    assert open_handle(server.identity) is None


def test_without_proc_the_time_of_commands_is_measured_and_a_process_that_is_gone_has_none(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    burn = "i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done"
    without_proc(monkeypatch)
    busy = ground.serve("sh", "-c", f"(sh -c '{burn}; exec ./say sleep 60') & wait")
    ground.pids(1)
    identity = identity_of(busy.identity.pid)
    assert identity is not None
    assert (tree_seconds(identity) or 0) > 0.02
    assert identity_of(1 << 30) is None
    assert tree_seconds(identity._replace(ticks=identity.ticks - 60_000)) is None
    asyncio.run(kill_tree(busy.identity, ground.mark))
    assert not alive(busy.identity)


def test_the_marks_of_a_family_are_those_of_its_live_processes(ground: Ground) -> None:
    family = f"{ground.mark}-family/"
    ground.serve("exec ./say sleep 60", mark=f"{family}api")
    ground.serve("exec ./say sleep 60", mark=f"{family}app")
    gone = ground.serve("exit 0", mark=f"{family}gone")
    ground.started(2)
    os.waitid(os.P_PID, gone.identity.pid, os.WEXITED | os.WNOWAIT)
    assert marks(family) == {f"{family}api", f"{family}app"}
    assert len(marked(family)) == 2
    assert marks(f"{family}no/") == set()


def test_what_a_keeper_holds_is_what_runs_right_below_it_but_for_the_supervisor(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as environment:
        environment.setenv(KEEPER, ground.mark)
        ground.serve(f"env -u {KEEPER} ./say sleep 61 & ./say sleep 60 & wait")
    pids = {one.pid: _command(one.pid) for one in ground.started(2)}
    seen = read_table()
    assert [pids[one.pid] for one in seen.kept(ground.mark)] == [b"sleep\x0061\x00"]
    assert seen.kept("another") == []


def _command(pid: int) -> bytes:
    """The end of the command of a process, once it has become a `sleep`: while it does, it has none."""
    end = time.monotonic() + 10
    while not (found := Path(f"/proc/{pid}/cmdline").read_bytes()[-9:]).startswith(b"sleep"):
        assert time.monotonic() < end, found
    return found
