"""Read the process table: identity, life, and what a process uses."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import psutil
import pytest

from supervisor.shell.process import (
    Identity,
    alive,
    identity_of,
    kill_tree,
    marked,
    rss_bytes,
    stop_tree,
    tree_seconds,
    wait_exit,
)
from tests import CHECKOUT
from tests.shell.process.ground import Ground

pytestmark = pytest.mark.timeout(5)


def test_the_cpu_time_of_a_servers_commands_is_measured_without_its_own(ground: Ground) -> None:
    burn = "i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done"
    busy = ground.serve("sh", "-c", f"(sh -c '{burn}'; exec ./say sleep 60) & wait")
    ground.pids(1)
    idle = ground.serve("sh", "-c", f"{burn}; exec ./say sleep 60")
    ground.pids(1)

    assert (tree_seconds(busy.identity) or 0) > 0.02
    assert tree_seconds(idle.identity) == 0
    assert tree_seconds(Identity(1, 0, "another boot")) is None


def test_we_never_find_ourselves_marked(ground: Ground) -> None:
    script = f"from supervisor.shell.process import marked; print(marked({ground.mark!r}))"
    root = str(CHECKOUT)
    asyncio.run(wait_exit(ground.python(f"import sys; sys.path.insert(0, {root!r}); {script}")))
    assert ground.output() == "[]\n"


@pytest.mark.promise("no stranger killed")
def test_a_zombie_is_not_alive(ground: Ground) -> None:
    server = ground.serve("exit 0")
    os.waitid(os.P_PID, server.identity.pid, os.WEXITED | os.WNOWAIT)
    assert (identity_of(server.identity.pid), alive(server.identity), marked(ground.mark)) == (None, False, [])


def test_a_process_whose_main_thread_ended_is_alive_while_another_runs(ground: Ground) -> None:
    server = ground.python(
        "import ctypes, os, threading, time\n"
        "def work():\n"
        "    while open('/proc/self/stat').read().split()[2] != 'Z': time.sleep(0.01)\n"
        "    open(os.environ['READY'], 'w').write(f'{os.getpid()}\\n')\n"
        "    time.sleep(60)\n"
        "threading.Thread(target=work).start()\n"
        "ctypes.CDLL(None).pthread_exit(None)\n"
    )
    assert ground.started(1) == [server.identity]
    asyncio.run(kill_tree(server.identity, ground.mark))
    assert ground.living() == []


def test_a_name_with_brackets_and_spaces_hides_nobody(ground: Ground) -> None:
    (ground.folder / "a) Z 1 (b").symlink_to("/bin/sleep")
    server = ground.serve("exec './say' './a) Z 1 (b' 60")
    ground.started(1)
    assert identity_of(server.identity.pid) == server.identity
    assert asyncio.run(stop_tree(server.identity, ground.mark, grace=2)) == ()


@pytest.mark.promise("no stranger killed")
def test_identity_names_a_process_of_this_boot_that_started_when_it_did() -> None:
    own = identity_of(os.getpid())
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    ticks = int(Path("/proc/self/stat").read_text(encoding="ascii").rpartition(")")[2].split()[19])
    assert own == Identity(os.getpid(), ticks, boot)
    assert identity_of(1 << 30) is None


def test_resident_memory_is_measured_in_bytes() -> None:
    measured = rss_bytes(os.getpid())
    assert measured is not None
    assert abs(measured - psutil.Process().memory_info().rss) < 4 << 20
    assert rss_bytes(1 << 30) is None
