"""The gate of a landing: what is green in each repo alone and red together lands nowhere, and is done again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from supervisor.shell import process
from tests import CHECKOUT
from tests.e2e.lab import Lab, report, task

PAIR = 'cmp "$ORCH_CHILD_API/version" "$ORCH_CHILD_WEB/version"'


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab("api", "web") as made:
        yield made


def save(lab: Lab, tasks: str, integration: str) -> None:
    lab.save(f"# Plan: Lab\n\n## Objective\n\nX.\n\n## Working Plan\n\n{tasks}\n## Integration\n\n{integration}\n")


def branches(lab: Lab) -> list[Path]:
    return [path for repo in lab.repos.values() for path in (repo / ".git/refs/heads").rglob("*") if path.name == "lab"]


def left(lab: Lab) -> list[str]:
    folder = lab.folder / ".local/state/orch/landing"
    return os.listdir(folder) if folder.exists() else []


def test_a_pair_that_is_green_alone_and_red_together_lands_nowhere_and_the_named_task_is_done_again(lab: Lab) -> None:
    alone = ("verify: `test -s version`",)
    first = task("T1", "api", "write version 2\\n", report("To 2."), fields=alone)
    hostile = "touch $ORCH_CHILD_API/../../../../../../web/stolen; chmod 0 $ORCH_CHILD_WEB; true"
    integration = f"- `{PAIR}`\n  - reopens: T2\n- `{hostile}`"
    second = task("T2", "web", "write version 1\\n", report("To 1."), fields=alone)
    save(lab, first + second, integration)
    lab.up()
    lab.task("T1", "done")
    lab.task("T2", "done")
    shown = json.loads(lab.orch("land", "--dry-run", "--json").stdout)
    assert shown["checks"][0] == {"command": PAIR, "reopens": ["T2"], "passed": False}

    refused = lab.orch("land", check=False)

    assert (refused.returncode, refused.stdout) == (1, "")
    assert f"`{PAIR}` exited with 1, so nothing was landed; T2 reopened" in refused.stderr
    assert "differ: byte 1, line 1" in refused.stderr
    assert branches(lab) == []
    assert left(lab) == []
    assert not (lab.repos["web"] / "stolen").exists()
    lab.until(
        lambda seen: any(one["id"] == "T2" and one["state"] == "done" and one["runs"] > 1 for one in seen["tasks"])
    )
    told = [text for request in lab.model.requests for text in request.user_texts()]
    assert any("with the work of all repos together" in text and "differ: byte 1" in text for text in told)

    save(lab, first + task("T2", "web", "write version 2\\n", report("To 2."), fields=alone), integration)
    lab.until(lambda seen: (lab.repos["web"] / "version").read_text() == "2\n")
    lab.until(lambda seen: all(one["state"] == "done" for one in seen["tasks"]))
    found = json.loads(lab.orch("land", "--json").stdout)
    assert found["state"] == "landed"
    assert len(branches(lab)) == 2
    assert left(lab) == []


def test_what_passed_does_not_run_again_for_the_same_trees_and_a_stop_leaves_nothing(lab: Lab) -> None:
    command = 'test -z "$STARTED" || { echo x > "$STARTED"; sleep 300; }; echo ran'
    save(
        lab,
        task("T1", "api", "write version 2\\n", report("To 2.")),
        f"- `{command}`\n- `git -C $ORCH_CHILD_API log -1`",
    )
    lab.up()
    lab.task("T1", "done")
    lab.orch("down")
    started = lab.folder / "started"
    os.mkfifo(started)
    with subprocess.Popen(
        [sys.executable, "-m", "supervisor.cli.main", "land"],
        cwd=lab.workspace.root,
        env={**lab.environ, "PYTHONPATH": str(CHECKOUT), "STARTED": str(started)},
    ) as landing:
        assert started.read_text() == "x\n"
        landing.kill()
        assert landing.wait() == -signal.SIGKILL
    assert left(lab) != []
    assert process.marked(lab.workspace.mark()) != []
    lab.orch("land", "--continue", check=False)
    assert left(lab) == []
    assert process.marked(lab.workspace.mark()) == []
    assert branches(lab) == []

    with subprocess.Popen(
        [sys.executable, "-m", "supervisor.cli.main", "land"],
        cwd=lab.workspace.root,
        env={**lab.environ, "PYTHONPATH": str(CHECKOUT), "STARTED": str(started)},
    ) as landing:
        assert started.read_text() == "x\n"
        landing.terminate()
        assert landing.wait() == 128 + signal.SIGTERM
    assert left(lab) == []
    assert process.marked(lab.workspace.mark()) == []

    lab.orch("land", "--branch", "lab/one")
    outputs = sorted(os.listdir(lab.workspace.outputs))
    lab.orch("land", "--branch", "lab/two")
    assert sorted(os.listdir(lab.workspace.outputs)) == outputs
    assert "passed with these trees" in lab.orch("land", "--branch", "three", "--dry-run").stdout
