"""A real Slurm of one node on loopback: its controller and its node, as foreground processes of the user who runs the
tests. Its jobs are real."""

from __future__ import annotations

import os
import pwd
import socket
import subprocess
import time
from contextlib import closing
from pathlib import Path

from tests.programs import require

READY_WITHIN = 60.0  # seconds until the node is idle; it takes one

_CONFIG = """\
ClusterName=lab
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={control}
SlurmdPort={node}
AuthType=auth/none
CredType=cred/none
SlurmUser={user}
SlurmdUser={user}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
SwitchType=switch/none
SelectType=select/linear
ReturnToService=2
KillWait=2
NodeName={host} NodeAddr=127.0.0.1 CPUs=1 State=UNKNOWN
PartitionName=all Nodes={host} Default=YES MaxTime=INFINITE State=UP OverSubscribe=FORCE:8
"""


class Slurm:
    """A cluster for the body of a `with`. `variables` lead the programs of Slurm to it."""

    def __init__(self, folder: Path) -> None:
        programs = [require(name) for name in ("slurmctld", "slurmd", "sbatch", "srun", "scancel")]
        folder.mkdir()
        for name in ("state", "spool"):
            (folder / name).mkdir()
        config = folder / "slurm.conf"
        with closing(socket.socket()) as one, closing(socket.socket()) as other:
            for probe in (one, other):
                probe.bind(("127.0.0.1", 0))
            ports = one.getsockname()[1], other.getsockname()[1]
        host, user = socket.gethostname().partition(".")[0], pwd.getpwuid(os.geteuid()).pw_name
        config.write_text(
            _CONFIG.format(host=host, user=user, folder=folder, control=ports[0], node=ports[1]), encoding="utf-8"
        )
        self.variables = {"SLURM_CONF": str(config)}
        self._folder, self._daemons = folder, programs[:2]
        self._processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Slurm:
        environ = {**os.environ, **self.variables}
        for program, words in zip(self._daemons, (("-D", "-c"), ("-D",)), strict=True):
            with (self._folder / "printed").open("ab") as printed:
                self._processes.append(
                    subprocess.Popen([program, *words], env=environ, stdout=printed, stderr=printed, cwd=self._folder)
                )
        until = time.monotonic() + READY_WITHIN
        while self.ask("sinfo", "-h", "-o", "%t") != "idle":
            assert all(one.poll() is None for one in self._processes), self._said()
            assert time.monotonic() < until, f"no node is idle: {self._said()}"
            time.sleep(0.1)
        return self

    def __exit__(self, *_: object) -> None:
        for job in self.jobs():
            self.ask("scancel", job)
        for one in reversed(self._processes):
            one.terminate()
            try:
                one.wait(20)
            except subprocess.TimeoutExpired:
                one.kill()
                one.wait(10)

    def ask(self, *words: str) -> str:
        """Run a program of Slurm, and return what it prints."""
        environ = {**os.environ, **self.variables}
        return subprocess.run(words, env=environ, capture_output=True, text=True, timeout=60).stdout.strip()

    def jobs(self) -> list[str]:
        """The jobs that run or wait, without those that are ending."""
        return self.ask("squeue", "-h", "-t", "pending,running", "-o", "%i").split()

    def _said(self) -> str:
        return (self._folder / "printed").read_text(encoding="utf-8", errors="replace")[-2000:]
