"""A supervisor of an older version is restarted in place, while a turn runs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from supervisor import __version__
from tests import CHECKOUT
from tests.cli.terminal import Terminal
from tests.e2e.lab import SLOW, Lab, report, task

pytestmark = pytest.mark.long

OLD = "0.0.9"


@pytest.mark.promise("restart in place")
def test_an_older_supervisor_is_replaced_in_place_and_its_work_goes_on() -> None:
    with Lab("backend") as lab:
        lab.orch("up", PYTHONPATH=str(_older(lab.folder)))
        before = lab.status()
        assert before["supervisor"]["version"] == OLD
        gate = lab.model.gate("late")
        lab.plan(task("T1", "backend", "wait late", report("Done.")))
        gate.wait_reached(SLOW)
        assert f"older than this orch ({__version__}): `orch up --restart`" in lab.orch("status").stdout
        said = lab.orch("up")
        assert f"the supervisor ({OLD}) is older than this orch ({__version__})\n`orch up --restart`" in said.stderr
        assert lab.status()["supervisor"]["version"] == OLD

        config = lab.workspace.config.read_text(encoding="utf-8")
        lab.workspace.config.write_text(f"{config}\nlimit: {{}}\n", encoding="utf-8")
        refused = lab.orch("up", "--restart", check=False)
        assert (refused.returncode, "the key `limit` is not known" in refused.stderr) == (1, True)
        assert lab.status()["supervisor"] == before["supervisor"]
        lab.workspace.config.write_text(config, encoding="utf-8")

        arguments = [sys.executable, "-m", "supervisor.cli.main", "up"]
        environ = {**lab.environ, "PYTHONPATH": str(CHECKOUT)}
        with Terminal(arguments, cwd=lab.workspace.root, environ=environ) as terminal:
            terminal.until("restart it in place? Servers and turns go on. [y/N]")
            terminal.type("y\n")
            assert terminal.end() == 0
            assert f"the supervisor was restarted in place ({__version__})" in terminal.screen
        after = lab.status()
        assert after["supervisor"]["version"] == __version__
        assert after["supervisor"]["pid"] == before["supervisor"]["pid"]
        assert _who(after) == _who(before)
        assert str(CHECKOUT) in Path(f"/proc/{after['supervisor']['pid']}/cmdline").read_text("utf-8").split("\0")
        gate.open()
        assert lab.task("T1", "done")["runs"] == 1
        assert len(lab.delivered("T1")) == 1


def test_the_status_is_known_while_a_supervisor_starts_over() -> None:
    with Lab("backend") as lab:
        lab.up()
        arguments = [sys.executable, "-m", "supervisor.cli.main", "up", "--restart"]
        environ = {**lab.environ, "PYTHONPATH": str(CHECKOUT)}
        for _ in range(3):
            with subprocess.Popen(
                arguments, cwd=lab.workspace.root, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            ) as restarting:
                while restarting.poll() is None:
                    assert lab.orch("status", "--json").returncode == 0
            assert restarting.returncode == 0


def _older(folder: Path) -> Path:
    """Copy this orch, and have the copy say that it is older."""
    root = folder / "older"
    root.mkdir()
    shutil.copytree(CHECKOUT / "supervisor", root / "supervisor", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("skills", "templates"):
        shutil.copytree(CHECKOUT / name, root / name)
    init = root / "supervisor" / "__init__.py"
    init.write_text(init.read_text(encoding="utf-8").replace(__version__, OLD), encoding="utf-8")
    os.utime(init)
    return root


def _who(status: dict[str, Any]) -> dict[str, int | None]:
    return {one["name"]: one["pid"] for one in status["children"]}
