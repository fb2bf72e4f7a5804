"""`orch demo --keep DIR` as a person uses it: the story, an edit of the plan afterwards, and the stop."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest

from supervisor.runtime.daemon import ending
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell import process
from supervisor.shell.control_client import ControlClient
from supervisor.shell.process import Identity
from tests import CHECKOUT
from tests.e2e.lab import HOMES, SLOW

pytestmark = pytest.mark.long

REPOS = ("backend", "firmware", "mobile")
FOLLOWS_WITHIN = 5.0  # seconds from the saved plan to a child that works on it


@pytest.fixture
def folder() -> Iterator[Path]:
    """The folder of the demo. What the demo leaves running is stopped at the end."""
    HOMES.mkdir(parents=True, exist_ok=True)
    made = Path(mkdtemp(prefix="demo-", dir=HOMES)).resolve()
    yield made
    if (made / "stop").exists():
        run(str(made / "stop"))
    shutil.rmtree(made)


def test_the_story_is_played_and_the_plan_can_be_edited(folder: Path) -> None:
    workspace = WorkspacePaths(folder / "workspace")
    played = run(sys.executable, "-m", "supervisor.cli.main", "demo", "--keep", str(folder))
    assert played.returncode == 0, played.stdout + played.stderr
    for name in REPOS:
        assert run(sys.executable, "-m", "unittest", "-q", cwd=folder / name).returncode == 0
        assert run("git", "diff", "--stat", cwd=folder / name).stdout
    runs = workspace.runs.read_text(encoding="utf-8")
    assert re.findall(r"^\| (T\d) \|.*\| done \|", runs, re.MULTILINE) == ["T1", "T2", "T3"]
    assert {one["state"] for one in json.loads(run(f"{folder}/orch", "status", "--json").stdout)["tasks"]} == {"done"}

    new = workspace.root / ".new"
    new.write_text(workspace.plan.read_text(encoding="utf-8").replace("Retry-After: 2", "Retry-After: 5"), "utf-8")
    new.replace(workspace.plan)
    with ControlClient(workspace.control_socket) as client:
        until(client, lambda seen: any(task["state"] == "running" for task in seen["tasks"]), FOLLOWS_WITHIN)
        until(client, lambda seen: turns(seen, "T1") == [("done", 2)], SLOW)
    assert "\nRETRY_AFTER = 5 " in (folder / "backend/backend/app.py").read_text(encoding="utf-8")

    model = Identity(**json.loads((folder / "model.json").read_text(encoding="utf-8")))
    supervisor = ending.supervisor_process(workspace)
    assert process.alive(model)
    assert supervisor is not None
    assert run(f"{folder}/stop").returncode == 0
    assert not process.alive(model)
    assert process.marked(workspace.mark()) == []
    assert not process.alive(supervisor)


def test_an_unknown_story_is_wrong_usage() -> None:
    done = run(sys.executable, "-m", "supervisor.cli.main", "demo", "--story", "lmap")
    assert done.returncode == 2
    assert "there is no story `lmap`: the stories are lamp and checkout" in done.stderr


def turns(seen: Any, task: str) -> list[tuple[str, int]]:
    return [(one["state"], one["turns"]) for one in seen["tasks"] if one["id"] == task]


def until(client: ControlClient, what: Callable[[Any], bool], timeout: float) -> None:
    """Wait for a status for which `what` holds. Fails after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    version, seen = -1, {}
    while (left := deadline - time.monotonic()) > 0:
        version, seen = client.watch(version, left)
        if what(seen):
            return
    raise AssertionError(f"not within {timeout:g} s; the last status:\n{json.dumps(seen, indent=1)}")


def run(*command: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    if cwd is None:
        environ["PYTHONPATH"] = str(CHECKOUT)
    return subprocess.run(command, cwd=cwd, env=environ, capture_output=True, text=True, timeout=2 * SLOW, check=False)
