"""A flood of connections, of a child and of the person's own processes, keeps nobody from ending everything."""

from __future__ import annotations

import shlex
import subprocess
import sys
import time

import pytest

from supervisor.runtime.daemon import ending
from supervisor.shell import process
from tests.e2e import flood
from tests.e2e.lab import Lab, task

pytestmark = pytest.mark.long

SECONDS = 90  # that the flood goes on, if nobody ends it
EACH = 25  # connections of each kind, of a child and of the person
DOWN_WITHIN = 45.0  # seconds; it takes 7 on a busy machine with two cores


@pytest.mark.promise("nobody answers for the person", "no orphan")
def test_down_ends_in_time_and_ends_everything_in_a_flood_of_a_child_and_of_the_persons_own_processes() -> None:
    with Lab("api") as lab:
        config = lab.workspace.config.read_text(encoding="utf-8")
        lab.workspace.config.write_text(
            config.replace("path: ../api\n", "path: ../api\n    network: true\n"), encoding="utf-8"
        )
        lab.up()
        command = [sys.executable, flood.__file__, str(lab.workspace.control_socket), str(SECONDS), str(EACH)]
        lab.plan(task("T1", "api", f"start {shlex.join(command)}", "silence"))
        lab.task("T1", "running")
        with subprocess.Popen(command) as own:
            try:
                refused = "the request comes from a process that the server of api started"
                log = lab.workspace.logs / "supervisor.jsonl"
                lab.until(lambda _: refused in log.read_text(encoding="utf-8"))
                supervisor = ending.supervisor_process(lab.workspace)
                assert supervisor is not None
                shown = lab.orch("status", check=False)
                assert (shown.returncode == 0 and "T1" in shown.stdout) or "is busy" in shown.stderr, shown
                began = time.monotonic()
                lab.orch("down", timeout=DOWN_WITHIN)
                assert time.monotonic() - began < DOWN_WITHIN
                assert own.poll() is None, "the flood goes on"
                assert not process.alive(supervisor)
                assert process.marked(lab.workspace.mark()) == []
                assert not lab.workspace.control_socket.exists()
            finally:
                own.kill()
