"""`orch up` after an edit of the config touches only what changed."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest

from supervisor.shell import process
from tests import CHECKOUT
from tests.e2e.lab import SLOW, Lab, report, task


@pytest.mark.promise("config edits")
def test_only_what_changed_in_the_config_is_touched() -> None:
    with Lab("backend", "mobile") as lab:
        lab.repo("web")
        before = lab.up()
        gate = lab.model.gate("late")
        lab.plan(task("T1", "backend", "wait late", report("Done.")))
        gate.wait_reached(SLOW)
        waiting = subprocess.Popen(
            [sys.executable, "-m", "supervisor.cli.main", "wait", "--task", "T1", "--timeout", "60"],
            cwd=lab.workspace.root,
            env={**lab.environ, "PYTHONPATH": str(CHECKOUT)},
            stdout=subprocess.PIPE,
            text=True,
        )
        good = lab.workspace.config.read_text(encoding="utf-8")

        lab.workspace.config.write_text(good.replace("mobile:", "mobile: &", 1), encoding="utf-8")
        refused = lab.orch("up", check=False)
        assert (refused.returncode, "is not YAML" in refused.stderr) == (1, True)
        lab.workspace.config.write_text(f"{good}\n# said differently\n", encoding="utf-8")
        assert "took in" not in lab.orch("up").stderr
        assert _who(lab.status()) == _who(before)

        lab.workspace.config.write_text(good.replace("mobile", "web"), encoding="utf-8")
        assert "the supervisor reloaded the config" in lab.orch("up").stderr
        after = lab.status()
        assert after["supervisor"]["pid"] == before["supervisor"]["pid"]
        assert [(one["name"], one["state"]) for one in after["children"]] == [("backend", "ready"), ("web", "ready")]
        assert _who(after)["backend"] == _who(before)["backend"]
        lab.until(lambda _: not process.marked(lab.workspace.mark("mobile")))
        lab.until(lambda _: lab.ledger("server_stopped"))
        assert [(one["child"], one["why"]) for one in lab.acts("stop_server")] == [
            ("mobile", "it is not in the config any more")
        ]
        assert [one["child"] for one in lab.ledger("server_stopped")] == ["mobile"]

        gate.open()
        assert lab.task("T1", "done")["runs"] == 1
        assert waiting.communicate(timeout=SLOW)[0] == "T1 is done: Done.\n"
        assert len(lab.delivered("T1")) == 1

        moved = lab.repo("backend-2")
        lab.workspace.config.write_text(good.replace("mobile", "web").replace("../backend", "../backend-2"), "utf-8")
        lab.orch("up")
        known = _who(lab.until(lambda seen: _who(seen)["backend"] not in (None, _who(before)["backend"])))
        assert known["web"] == _who(after)["web"]
        assert os.readlink(f"/proc/{known['backend']}/cwd") == str(moved)


def _who(status: dict[str, Any]) -> dict[str, int | None]:
    return {one["name"]: one["pid"] for one in status["children"]}
