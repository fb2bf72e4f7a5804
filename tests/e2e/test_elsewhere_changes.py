"""What a task changed on another machine is shown, taken back and brought back there, or it is told why not."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.e2e.elsewhere import ARRIVES, LabElsewhere
from tests.e2e.lab import report, task


@pytest.fixture(scope="module")
def lab() -> Iterator[LabElsewhere]:
    """A lab that is up, with a task done on each machine."""
    with LabElsewhere() as made:
        made.up()
        made.plan(
            task("T1", "firmware", "run printf 'one\\ntwo\\n' > 'made here.txt'; mv README.md READ.md", report("Made."))
            + task("T2", "backend", "write here.txt here", report("Made."))
        )
        made.until(lambda seen: {one["state"] for one in seen["tasks"]} == {"done"}, ARRIVES)
        yield made


def test_the_changes_are_shown_undone_and_redone(lab: LabElsewhere) -> None:
    made = lab.repos["firmware"] / "made here.txt"
    task_1 = next(one for one in json.loads(lab.orch("diff", "--json").stdout)["tasks"] if one["id"] == "T1")
    files = {one["path"]: (one["status"], one["additions"]) for one in task_1["files"]}
    assert files["made here.txt"] == ("added", 2)
    assert "+two" in lab.orch("diff", "T1").stdout
    assert "made here.txt" in lab.workspace.runs.read_text(encoding="utf-8")
    lab.orch("undo", "T1")
    assert not made.exists()
    assert (lab.repos["backend"] / "here.txt").exists()
    lab.orch("redo")
    assert made.read_text(encoding="utf-8") == "one\ntwo\n"
    assert not list((lab.repos["firmware"] / ".git").glob("orch-*"))
    assert "firmware: let go of" in lab.orch("ops", "--prune").stdout


def test_what_would_be_lost_is_refused_and_nothing_touched(lab: LabElsewhere) -> None:
    made = lab.repos["firmware"] / "made here.txt"
    made.write_text("one\nmine\n", encoding="utf-8")
    done = lab.orch("undo", "T1", check=False)
    assert (done.returncode, made.read_text(encoding="utf-8")) == (1, "one\nmine\n")
    assert "made here.txt" in done.stdout + done.stderr
    made.write_text("one\ntwo\n", encoding="utf-8")


def test_a_machine_out_of_reach_is_told_and_nothing_happens_here(lab: LabElsewhere) -> None:
    text = lab.workspace.config.read_text(encoding="utf-8")
    config = json.loads(text)
    config["runners"]["lab"]["connect"] = ["sh", "-c", "exit 255", "--"]
    made = lab.repos["firmware"] / "made here.txt"
    lab.orch("down")
    lab.workspace.config.write_text(json.dumps(config), encoding="utf-8")
    try:
        for words in (("diff", "T1"), ("undo", "T1")):
            done = lab.orch(*words, check=False)
            assert (done.returncode, "lab is out of reach" in done.stdout + done.stderr) == (1, True), done
        assert made.exists()
    finally:
        lab.workspace.config.write_text(text, encoding="utf-8")
        lab.up()
