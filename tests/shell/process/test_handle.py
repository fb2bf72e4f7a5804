"""Everybody who waits for a server learns how it exited."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from supervisor.shell.process import (
    ExitStatus,
    Identity,
    start,
    stop_tree,
    sweep,
    wait_exit,
)
from tests.shell.process.ground import SLEEP, Ground

pytestmark = pytest.mark.timeout(5)


@pytest.mark.promise("deaths explained")
def test_every_kind_of_exit_is_reported(ground: Ground) -> None:
    async def ends() -> list[ExitStatus]:
        scripts = ("exit 0", "exit 7", "kill -KILL $$", "kill -TERM $$", "kill -40 $$")
        return [await wait_exit(ground.serve(script)) for script in scripts]

    assert asyncio.run(ends()) == [
        ExitStatus(0, None, "exited with code 0"),
        ExitStatus(7, None, "exited with code 7"),
        ExitStatus(None, "SIGKILL", "killed by SIGKILL"),
        ExitStatus(None, "SIGTERM", "killed by SIGTERM"),
        ExitStatus(None, "signal 40", "killed by signal 40"),
    ]


@pytest.mark.promise("deaths explained")
def test_a_kill_is_attributed_to_the_kernel_only_if_memory_ran_out_since_the_start(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = ground.folder / "vmstat"
    monkeypatch.setattr(start, "VMSTAT", counts)

    def ended(sig: signal.Signals, before: str, after: str) -> str:
        counts.write_text(before, encoding="ascii")
        server = ground.serve(f"exec {SLEEP}")
        ground.started(1)
        counts.write_text(after, encoding="ascii")
        os.kill(server.identity.pid, sig)
        return asyncio.run(wait_exit(server)).text

    kills = "pgfault 9\noom_kill {}\n"
    short = "killed by SIGKILL (probably by the kernel: the system has run out of memory since it was started)"
    assert ended(signal.SIGKILL, kills.format(3), kills.format(4)) == short
    assert ended(signal.SIGKILL, kills.format(4), kills.format(4)) == "killed by SIGKILL"
    assert ended(signal.SIGTERM, kills.format(4), kills.format(5)) == "killed by SIGTERM"
    assert ended(signal.SIGKILL, "pgfault 9\n", "pgfault 9\n") == "killed by SIGKILL"


def test_all_who_wait_for_one_server_get_the_same_status(ground: Ground) -> None:
    async def wait() -> list[ExitStatus]:
        server = ground.serve(f"exec {SLEEP}")
        waiting = [asyncio.create_task(wait_exit(server)) for _ in range(3)]
        await asyncio.sleep(0)
        ground.started(1)
        os.kill(server.identity.pid, signal.SIGKILL)
        return [*(await asyncio.gather(*waiting)), await wait_exit(server)]

    assert asyncio.run(wait()) == [ExitStatus(None, "SIGKILL", "killed by SIGKILL")] * 4


@pytest.mark.promise("deaths explained")
def test_the_exit_status_of_an_adopted_server_is_reported_as_unknown(ground: Ground) -> None:
    async def wait(identity: Identity) -> ExitStatus:
        waiting = asyncio.create_task(wait_exit(identity))
        await asyncio.sleep(0)
        os.kill(identity.pid, signal.SIGKILL)
        return await waiting

    ground.serve(f"{SLEEP} & read go")
    (server,) = ground.started(1)
    unknown = ExitStatus(None, None, "ended (exit status unknown: another supervisor started it)")
    assert asyncio.run(wait(server)) == unknown
    assert asyncio.run(wait_exit(server)) == unknown


def test_a_server_started_before_this_process_executed_another_program_is_reaped_and_explained(ground: Ground) -> None:
    server = ground.serve("read go; exit 3").identity  # a process that executed another program knows only the identity
    assert asyncio.run(wait_exit(server)) == ExitStatus(3, None, "exited with code 3")
    with pytest.raises(ChildProcessError):
        os.waitpid(server.pid, 0)


def test_a_status_that_somebody_else_reaped_is_reported_as_unknown(ground: Ground) -> None:
    server = ground.serve("exit 3")
    os.waitpid(server.identity.pid, 0)
    assert asyncio.run(wait_exit(server)) == ExitStatus(
        None, None, "ended (exit status unknown: another part of this process reaped it)"
    )


def test_the_exit_of_a_server_is_reported_at_once_with_what_it_left_in_its_session(ground: Ground) -> None:
    # The process left behind has the server's output open and carries no mark.
    server = ground.serve(f'env -i READY="$READY" {SLEEP} & read go; exit 3')
    told: list[ExitStatus] = []
    server_ended = asyncio.run(wait_exit(server, told.append))
    (left,) = ground.started(1)
    assert told == [ExitStatus(3, None, "exited with code 3")]
    assert server_ended == ExitStatus(3, None, "exited with code 3", (left,))
    assert asyncio.run(sweep(ground.mark)) == ()
    assert asyncio.run(sweep(ground.mark, server_ended.left)) == (left,)
    assert ground.living() == []


def test_nothing_stays_open_after_servers_came_and_went(ground: Ground) -> None:
    async def come_and_go() -> None:
        server = ground.serve(f"exec {SLEEP}")
        waiting = asyncio.create_task(wait_exit(server))
        await stop_tree(server.identity, ground.mark, grace=1)
        await waiting

    asyncio.run(come_and_go())
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(10):
        asyncio.run(come_and_go())
    assert len(os.listdir("/proc/self/fd")) <= before
