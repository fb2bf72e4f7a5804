"""A child in a job of Slurm, whose node is real: orch gets the job, works in it, and gives it back."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp

import pytest

from supervisor.shell.process import alive
from tests.e2e.elsewhere import ARRIVES, LabElsewhere
from tests.e2e.lab import report, task
from tests.slurm import Slurm
from tests.sockets import HOMES

pytestmark = pytest.mark.long

JOB = ["sbatch", "--parsable", "--output=/dev/null", "--wrap", "sleep infinity"]


@pytest.fixture(scope="module")
def slurm() -> Iterator[Slurm]:
    HOMES.mkdir(parents=True, exist_ok=True)
    folder = Path(mkdtemp(prefix="slurm-", dir=HOMES))
    try:
        with Slurm(folder / "s") as made:
            yield made
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def lab(slurm: Slurm) -> Iterator[LabElsewhere]:
    """A lab whose child lives in a job, where what a step leaves behind is ended."""
    runner = {"before": JOB, "after": ["scancel", "{place}"], "attached": "yes"}
    prefix = ["srun", "--jobid={place}", "--overlap", "--unbuffered", "--quiet"]
    with LabElsewhere(prefix, here=False, runner=runner, variables=slurm.variables) as made:
        made.up()
        yield made


def test_a_job_is_got_and_a_turn_in_it_outlives_the_supervisor(lab: LabElsewhere, slurm: Slurm) -> None:
    (job,) = slurm.jobs()
    server = lab.server_there()
    assert server is not None
    assert f"SLURM_JOB_ID={job}".encode() in Path(f"/proc/{server.pid}/environ").read_bytes().split(b"\0")
    gate = lab.model.gate("T1")
    lab.plan(task("T1", "firmware", "run echo begun >> log.txt", "wait T1", "run echo ended >> log.txt", report("Ok.")))
    gate.wait_reached(ARRIVES)
    os.kill(lab.status()["supervisor"]["pid"], signal.SIGKILL)
    lab.up()
    assert (lab.child("firmware", "ready")["pid"], slurm.jobs()) == (server.pid, [job])
    gate.open()
    lab.task("T1", "done", ARRIVES)
    assert (lab.repos["firmware"] / "log.txt").read_text(encoding="utf-8") == "begun\nended\n"
    assert len(lab.delivered("T1")) == 1


def test_a_job_that_ended_is_replaced(lab: LabElsewhere, slurm: Slurm) -> None:
    (job,) = slurm.jobs()
    server = lab.server_there()
    assert server is not None
    slurm.ask("scancel", job)
    lab.until(lambda seen: seen["children"][0]["pid"] not in (server.pid, None), ARRIVES)
    lab.child("firmware", "ready")
    assert not alive(server)
    assert job not in slurm.jobs()
    assert len(slurm.jobs()) == 1


def test_down_gives_the_job_back(lab: LabElsewhere, slurm: Slurm) -> None:
    server = lab.server_there()
    assert server is not None
    lab.orch("down", timeout=ARRIVES)
    assert not alive(server)
    assert slurm.jobs() == []
    assert not list((lab.workspace.state / "places").iterdir())
