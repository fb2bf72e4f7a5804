"""Pipes and links in the place of files of ours: nobody waits for one, and nothing is written through one."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.e2e.lab import Lab, report, task

pytestmark = pytest.mark.long


@pytest.fixture
def own() -> Iterator[Lab]:
    """A lab that is not up yet."""
    with Lab("backend", "mobile") as made:
        yield made


@pytest.mark.promise("any input")
def test_no_pipe_in_the_place_of_a_file_keeps_anybody_and_no_link_is_written_through(own: Lab) -> None:
    """Nothing reads from the pipes: whoever waited for one would wait for ever."""
    workspace, elsewhere, beside = own.workspace, own.folder / "elsewhere.md", own.folder / "beside"

    def swap() -> None:
        logs = workspace.logs
        kept = (workspace.registry, workspace.last_status, workspace.mentions, workspace.map_json, workspace.map_lock)
        for path in (*kept, logs / "supervisor.jsonl", logs / "backend.jsonl", workspace.snapshot("backend")):
            os.mkfifo(beside)
            beside.replace(path)  # in one step: a supervisor that is up may write the file anew at any moment
        elsewhere.write_text("of the person\n", encoding="utf-8")
        beside.symlink_to(elsewhere)
        beside.replace(workspace.runs)

    own.up()
    tasks = task("T1", "backend", report("one"))
    own.plan(tasks)
    own.task("T1", "done")
    own.orch("down")
    swap()
    assert [own.orch(*words, check=False).returncode for words in (("status",), ("logs",), ("up",))] == [3, 0, 0]
    for name in ("T2", "T3"):
        tasks += task(name, "backend", report("more"))
        own.plan(tasks)
        own.task(name, "done")
        own.runs(name)
        assert (workspace.runs.is_symlink(), elsewhere.read_text(encoding="utf-8")) == (False, "of the person\n")
        swap()  # now while it is up
    assert [own.orch(*words).returncode for words in (("status",), ("logs",), ("restart", "backend"))] == [0, 0, 0]
    own.orch("down")
    swap()
    (errors := workspace.logs / "backend.stderr.log").unlink()
    os.mkfifo(errors)
    refused = own.orch("up", check=False)
    assert (refused.returncode, f"cannot open {errors}: it is not a regular file: remove it" in refused.stderr) == (
        1,
        True,
    )
    assert own.orch("down").returncode == 0
