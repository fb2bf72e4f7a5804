"""`orch add` and `orch remove` change the children of a workspace whose work goes on."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest

from supervisor.shell import process
from tests.e2e.lab import SLOW, Lab, report, task

pytestmark = pytest.mark.long


@pytest.mark.promise("config edits")
def test_children_come_and_go_while_another_one_works() -> None:
    with Lab("backend", "mobile") as lab:
        lab.repo("web")
        before = lab.up()
        gate, stuck = lab.model.gate("late"), lab.model.gate("stuck")
        lab.plan(task("T1", "backend", "wait late", report("Done.")) + task("T2", "mobile", "wait stuck"))
        gate.wait_reached(SLOW)
        stuck.wait_reached(SLOW)

        added = lab.orch("add", "../web")
        assert added.stdout == "added web (../web)\n1 of 1 child ready\n"
        after = _who(lab.status())
        assert {name: after[name] for name in ("backend", "mobile")} == _who(before)
        assert after["web"] is not None

        text = lab.workspace.config.read_text(encoding="utf-8")
        refused = lab.orch("remove", "mobile", check=False)
        assert (refused.returncode, "tasks for mobile: T2 (running): " in refused.stderr) == (1, True)
        assert lab.workspace.config.read_text(encoding="utf-8") == text
        assert _who(lab.status()) == after

        lab.plan(task("T1", "backend", "wait late", report("Done.")))  # and at once, before anybody follows it
        removed = lab.orch("remove", "mobile")
        assert removed.stdout == "removed mobile: its server has stopped, its repo stays\n"
        assert not process.marked(lab.workspace.mark("mobile"))
        assert "mobile" not in lab.workspace.config.read_text(encoding="utf-8")
        assert _who(lab.status()) == {name: after[name] for name in ("backend", "web")}
        stuck.open()
        gate.open()
        assert lab.task("T1", "done")["runs"] == 1
        assert len(lab.delivered("T1")) == 1


def test_what_a_supervisor_refuses_is_taken_back() -> None:
    with Lab("backend") as lab, Lab("web") as other:
        for one in (lab, other):  # the locks of one user
            one.environ["XDG_STATE_HOME"] = str(lab.folder / "state")
            one.up()
        text = lab.workspace.config.read_text(encoding="utf-8")
        refused = lab.orch("add", f"web={other.repos['web']}", check=False)
        assert (refused.returncode, "drives the work tree of `web`" in refused.stderr) == (1, True)
        assert lab.workspace.config.read_text(encoding="utf-8") == text
        assert list(_who(lab.status())) == ["backend"]


def test_nothing_is_written_while_the_supervisor_hangs() -> None:
    with Lab("backend") as lab:
        web = lab.repo("web")
        pid = lab.up()["supervisor"]["pid"]
        text = lab.workspace.config.read_text(encoding="utf-8")
        os.kill(pid, signal.SIGSTOP)
        try:
            hanging = lab.orch("add", str(web), check=False)
        finally:
            os.kill(pid, signal.SIGCONT)
        assert (hanging.returncode, f"(process {pid}) does not answer" in hanging.stderr) == (1, True)
        assert lab.workspace.config.read_text(encoding="utf-8") == text


def test_a_server_without_a_supervisor_is_stopped_with_its_child() -> None:
    with Lab("backend", "mobile") as lab:
        before = lab.up()
        os.kill(before["supervisor"]["pid"], signal.SIGKILL)
        assert lab.orch("remove", "mobile").stdout == "removed mobile: its server has stopped, its repo stays\n"
        assert not process.marked(lab.workspace.mark("mobile"))
        assert _who(lab.up()) == {"backend": _who(before)["backend"]}


def _who(status: dict[str, Any]) -> dict[str, int | None]:
    return {one["name"]: one["pid"] for one in status["children"]}
