"""A child on another machine, over a real sshd: its turn, its checks, and what changed there."""

from __future__ import annotations

import json
import os
import signal

from supervisor.shell.process import alive
from tests.e2e.elsewhere import LabElsewhere
from tests.e2e.lab import SLOW, report, task


def test_a_task_runs_on_another_machine_and_is_checked_there() -> None:
    with LabElsewhere() as lab:
        lab.up()
        child = lab.child("firmware", "ready")
        assert (child["runner"], child["path"]) == ("lab", f"lab:{lab.repos['firmware']}")
        server = lab.server_there()
        assert server is not None
        assert child["pid"] == server.pid
        lab.plan(
            task("T1", "firmware", "run echo made > made.txt", report("Made."), fields=("verify: `test -f made.txt`",))
        )
        done = lab.task("T1", "done")
        assert [one["exit_code"] for one in done["verify"]] == [0]
        assert done["changed_files"] == ["made.txt"]
        assert (lab.repos["firmware"] / "made.txt").read_text(encoding="utf-8") == "made\n"


def _working(lab: LabElsewhere, name: str) -> int:
    """Start a task whose turn waits at a gate; return the pid of its server."""
    gate = lab.model.gate(name)
    lab.plan(
        task(
            name, "firmware", "run echo begun >> log.txt", f"wait {name}", "run echo ended >> log.txt", report("Done.")
        )
    )
    gate.wait_reached(SLOW)
    server = lab.server_there()
    assert server is not None
    return server.pid


def _finish(lab: LabElsewhere, name: str) -> None:
    lab.model.gate(name).open()
    lab.task(name, "done")
    assert (lab.repos["firmware"] / "log.txt").read_text(encoding="utf-8") == "begun\nended\n"
    assert len(lab.delivered(name)) == 1


def test_a_cut_line_neither_loses_nor_doubles_a_turn() -> None:
    with LabElsewhere(here=False) as lab:
        lab.up()
        server = _working(lab, "T1")
        lab.cut_lines()
        lab.until(lambda _: len(lab.ledger("server_ready")) == 2)
        assert [one["adopted"] for one in lab.ledger("server_ready")] == [False, True]
        child = lab.child("firmware", "ready")
        assert (child["pid"], child["restarts"]) == (server, 0)
        _finish(lab, "T1")


def test_a_killed_supervisor_and_line_leave_the_turn_running_there() -> None:
    with LabElsewhere(here=False) as lab:
        before = lab.up()
        server = _working(lab, "T1")
        os.kill(before["supervisor"]["pid"], signal.SIGKILL)
        lab.cut_lines()
        down = json.loads(lab.orch("status", "--json", check=False).stdout)["children"][0]
        assert (down["state"], "may go on" in down["problem"]) == ("unreachable", True)
        lab.up()
        assert lab.child("firmware", "ready")["pid"] == server
        assert lab.ledger("server_ready")[-1]["adopted"]
        _finish(lab, "T1")


def test_a_machine_out_of_reach_is_named_and_its_turn_goes_on_meanwhile() -> None:
    with LabElsewhere(here=False) as lab:
        lab.up()
        server = _working(lab, "T1")
        lab.sshd.stop()
        lab.cut_lines()
        child = lab.child("firmware", "unreachable")
        assert "lab is out of reach" in child["problem"]
        assert child["next_try"] is not None
        assert "unreachable" in lab.orch("status").stdout
        lab.model.gate("T1").open()
        lab.until(lambda _: "ended" in (lab.repos["firmware"] / "log.txt").read_text(encoding="utf-8"))
        lab.sshd.start()
        lab.orch("restart", "firmware")
        assert lab.child("firmware", "ready")["pid"] == server
        _finish(lab, "T1")


def test_a_server_that_dies_there_is_started_again_and_its_task_continues() -> None:
    with LabElsewhere(here=False) as lab:
        lab.up()
        server = _working(lab, "T1")
        os.kill(server, signal.SIGKILL)
        lab.until(lambda seen: seen["children"][0]["pid"] not in (server, None))
        lab.model.gate("T1").open()
        lab.task("T1", "done")
        assert lab.status()["children"][0]["restarts"] == 1


def test_a_host_that_is_not_known_is_refused_and_its_key_never_accepted() -> None:
    with LabElsewhere(here=False) as lab:
        lab.sshd.known.write_text("", encoding="utf-8")
        done = lab.orch("up", check=False)
        assert done.returncode == 1
        child = lab.child("firmware", "refused")
        assert "the host key of lab is not known here" in child["problem"]
        assert lab.sshd.known.read_text(encoding="utf-8") == ""
        assert lab.server_there() is None
        lab.sshd.trust_host()
        lab.orch("restart", "firmware")
        lab.child("firmware", "ready")


def test_down_without_a_supervisor_ends_the_server_there_or_says_that_it_may_run() -> None:
    with LabElsewhere(here=False) as lab:
        before = lab.up()
        server = lab.server_there()
        assert server is not None
        os.kill(before["supervisor"]["pid"], signal.SIGKILL)
        lab.sshd.stop()
        done = lab.orch("down", check=False)
        assert (done.returncode, "may still run" in done.stderr) == (1, True)
        assert alive(server)
        lab.sshd.start()
        lab.orch("down")
        assert not alive(server)


def test_any_prefix_that_runs_words_elsewhere_will_do() -> None:
    with LabElsewhere(["env", "-C", "/", "--"], here=False) as lab:
        before = lab.up()
        server = _working(lab, "T1")
        os.kill(before["supervisor"]["pid"], signal.SIGKILL)
        lab.up()
        assert lab.child("firmware", "ready")["pid"] == server
        _finish(lab, "T1")
