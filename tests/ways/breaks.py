"""What breaks between here and there, and how it is mended."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from supervisor.shell.process import alive
from tests.e2e.elsewhere import LabElsewhere
from tests.slurm import Slurm

Break = Callable[["Stage"], "Iterator[None]"]
"""Breaks something, yields while it is broken, and mends it."""


class Stage:
    """A lab with a child behind one engine, on which stories are played."""

    def __init__(self, lab: LabElsewhere, slurm: Slurm | None, disk: Path | None) -> None:
        self.lab, self.slurm = lab, slurm
        self.disk = disk  # a small one that holds the state of the server there; None: only root can make one

    @property
    def server(self) -> int:
        found = self.lab.server_there()
        assert found is not None, "a server is recorded"
        return found.pid

    def send(self, number: signal.Signals, *pids: int) -> None:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def sessions(self) -> list[int]:
        """The processes of sshd that serve logins."""
        listener = self.lab.sshd.pid
        if listener is None:
            return []
        found = []
        for one in psutil.Process(listener).children(recursive=True):
            with suppress(psutil.NoSuchProcess):  # it ended meanwhile
                found += [one.pid] if one.name() == "sshd" else []
        return found

    def kill_all_there(self) -> None:
        """Kill the server and all that it started."""
        with suppress(psutil.NoSuchProcess):
            server = psutil.Process(self.server)
            for one in (*server.children(recursive=True), server):
                with suppress(psutil.NoSuchProcess):
                    one.kill()


def line_killed(stage: Stage) -> Iterator[None]:
    stage.lab.cut_lines()
    yield


def line_stopped(stage: Stage) -> Iterator[None]:
    lines = stage.lab.lines()
    stage.send(signal.SIGSTOP, *lines)
    yield
    stage.lab.until(lambda _: not set(lines) & set(stage.lab.lines()), 180)  # it is cut, not waited for


def half_dead(stage: Stage) -> Iterator[None]:
    """The connection stands, and nothing comes over it."""
    sessions = stage.sessions()
    stage.send(signal.SIGSTOP, *sessions)
    yield
    stage.lab.until(lambda _: not set(sessions) & set(stage.sessions()) or len(stage.sessions()) > len(sessions), 180)
    stage.send(signal.SIGCONT, *sessions)


def sshd_restarted(stage: Stage) -> Iterator[None]:
    sessions = stage.sessions()
    stage.lab.sshd.stop()
    stage.send(signal.SIGKILL, *sessions)
    yield
    stage.lab.sshd.start()


def rebooted(stage: Stage) -> Iterator[None]:
    """All processes there are gone, and what is written there is of another boot."""
    sessions = stage.sessions()
    stage.lab.sshd.stop()
    stage.kill_all_there()
    stage.send(signal.SIGKILL, *sessions)
    for file in (stage.lab.there / ".local/state/orch/servers").rglob("server"):
        boot, *rest = file.read_text(encoding="ascii").split()
        file.write_text(" ".join(("0" * len(boot), *rest)) + "\n", encoding="ascii")
    yield
    stage.lab.sshd.start()


def disk_full(stage: Stage) -> Iterator[None]:
    """There is no room for a new server, and the one that ran is gone."""
    assert stage.disk is not None, "it is played with a small disk only"
    filler = stage.disk / "filler"
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(1 << 12))
    stage.kill_all_there()
    yield
    filler.unlink()


def server_killed(stage: Stage) -> Iterator[None]:
    stage.send(signal.SIGKILL, stage.server)
    yield


def asleep(stage: Stage) -> Iterator[None]:
    """This machine stands still: the supervisor and all lines."""
    pids = [stage.lab.status()["supervisor"]["pid"], *stage.lab.lines()]
    stage.send(signal.SIGSTOP, *pids)
    yield
    stage.send(signal.SIGCONT, *pids)


def job_cancelled(stage: Stage) -> Iterator[None]:
    assert stage.slurm is not None, "it is played with Slurm only"
    before = stage.lab.server_there()
    for job in stage.slurm.jobs():
        stage.slurm.ask("scancel", job)
    stage.kill_all_there()  # as a cluster with cgroups does; without, what a step left behind is only told to end
    yield
    assert before is not None, "a server is recorded"
    stage.lab.until(lambda _: not alive(before), 180)


ENDS_THE_SERVER = frozenset({"rebooted", "disk-full", "server-killed", "job-cancelled"})
"""After these, the turn was cut, and the task goes on with another one."""

BREAKS: dict[str, dict[str, Break]] = {
    "ssh": {
        "line-killed": line_killed,
        "line-stopped": line_stopped,
        "half-dead": half_dead,
        "sshd-restarted": sshd_restarted,
        "rebooted": rebooted,
        "disk-full": disk_full,
        "server-killed": server_killed,
        "asleep": asleep,
    },
    "slurm": {
        "line-killed": line_killed,
        "line-stopped": line_stopped,
        "server-killed": server_killed,
        "job-cancelled": job_cancelled,
        "asleep": asleep,
    },
}


@contextmanager
def small_disk(folder: Path) -> Iterator[Path | None]:
    """Mount a disk of 512 KB; None where that is not allowed."""
    folder.mkdir(parents=True)
    words = ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(folder)]
    if os.getuid() != 0 or subprocess.run(words, capture_output=True, timeout=30).returncode != 0:
        yield None
        return
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True, timeout=30)
