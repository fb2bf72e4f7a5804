"""`orch undo`, `redo` and `restore` change what the tasks changed, in all repos or in none, and lose nothing."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.lab import Lab, report, task

pytestmark = pytest.mark.long


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab("api", "web") as made:
        yield made


def files(root: Path) -> dict[str, str]:
    """The files of a work tree, ignored ones too."""
    found = (path for path in root.rglob("*") if path.is_file() and ".git" not in path.relative_to(root).parts)
    return {str(path.relative_to(root)): path.read_text(encoding="utf-8") for path in found}


def states(lab: Lab) -> dict[str, str]:
    found = json.loads(lab.orch("ops", "--json").stdout)["operations"]
    return {one["id"]: one["state"] for one in found}


def test_what_tasks_changed_is_taken_back_and_brought_back_around_what_the_human_edits(lab: Lab) -> None:
    api, web = lab.repos["api"], lab.repos["web"]
    before = {"api": files(api), "web": files(web)}
    (api / "mine.txt").write_text("the human's\n", encoding="utf-8")
    (api / ".git" / "info" / "exclude").write_text("*.ignored\n", encoding="utf-8")
    first = task("T1", "api", "write lib/first.txt 1\\n2\\n3\\n4\\n5\\n", "write README.md changed\\n", report("made"))
    other = task("T2", "web", "write web.txt x\\n", "run rm README.md", report("removed"), fields=("after: T1",))
    last = task("T3", "api", "write lib/first.txt 1\\n2\\n3\\n4\\nfive\\n", report("again"), fields=("after: T2",))
    lab.plan(first + other + last)
    lab.up()
    for name in ("T1", "T2", "T3"):
        lab.task(name, "done")
    done = {"api": files(api), "web": files(web)}
    index = subprocess.run(["git", "ls-files", "--stage"], cwd=api, capture_output=True, check=True).stdout

    tried = lab.orch("undo", "T1", "--dry-run", check=False)
    assert tried.returncode == 1, tried.stdout + tried.stderr
    assert "T2, T3 built on it, and stay as it is" in tried.stdout.replace("stay as they are", "stay as it is")
    assert "lib/first.txt: it was changed since, in the same lines" in tried.stderr
    assert (files(api), files(web)) == (done["api"], done["web"])

    taken = lab.orch("undo")
    assert taken.stdout.splitlines()[-1] == "took back T3@1 (@1; `orch redo`)"
    assert files(api) == {**done["api"], "lib/first.txt": "1\n2\n3\n4\n5\n"}
    (api / "lib" / "first.txt").write_text("one\n2\n3\n4\n5\n", encoding="utf-8")
    lab.orch("redo")
    assert files(api) == {**done["api"], "lib/first.txt": "one\n2\n3\n4\nfive\n"}
    assert states(lab) == {
        "plan@1": "done",
        "T1@1": "done",
        "T2@1": "done",
        "T3@1": "done",
        "@1": "undone",
        "@2": "done",
    }

    (api / "lib" / "first.txt").write_text("1\n2\n3\n4\nfive\n", encoding="utf-8")
    assert lab.orch("restore", "plan@1").stdout.count("CHILD ") == 1  # one table of all repos
    assert files(api) == {**before["api"], "mine.txt": "the human's\n"}
    assert files(web) == before["web"]
    assert not (api / "lib").exists()
    lab.orch("undo")
    assert (files(api), files(web)) == (done["api"], done["web"])

    lab.orch("down")
    (web / "web.txt").write_text("mine now\n", encoding="utf-8")
    refused = lab.orch("undo", "T2", check=False)
    assert refused.returncode == 1
    assert "web: web.txt: it was changed since" in refused.stderr
    (web / "web.txt").write_text("x\n", encoding="utf-8")
    (web / ".git" / "info" / "exclude").write_text("README.md\n", encoding="utf-8")
    (web / "README.md").write_text("precious, and ignored\n", encoding="utf-8")
    refused = lab.orch("undo", "T2", check=False)
    assert refused.returncode == 1, refused.stdout + refused.stderr
    assert files(web) == {**done["web"], "README.md": "precious, and ignored\n"}
    assert subprocess.run(["git", "ls-files", "--stage"], cwd=api, capture_output=True, check=True).stdout == index

    lab.plan(other.replace("- after: T1\n", ""))
    lab.up()
    lab.orch("wait", "--timeout", "60")
    lab.orch("down")
    pruned = lab.orch("ops", "--prune").stdout.splitlines()
    assert [line.partition(": let go of ")[0] for line in pruned] == ["api", "web"]
    held = [
        subprocess.run(["git", "for-each-ref", "refs/orch-runs"], cwd=one, capture_output=True, check=True).stdout
        for one in (api, web)
    ]
    assert (held[0], held[1].count(b"\n")) == (b"", 1)
    gone = lab.orch("undo", "T1@1", check=False)
    assert gone.returncode == 1


def test_nothing_is_taken_back_below_a_task_that_works(lab: Lab) -> None:
    lab.plan(
        task("T1", "api", "write one.txt 1\\n", report("made"))
        + task("T2", "api", "write two.txt 2\\n", "wait held", report("made"), fields=("after: T1",))
    )
    lab.up()
    lab.model.gate("held").wait_reached(60)
    refused = lab.orch("undo", "T1", check=False)
    assert refused.returncode == 1
    assert "T2 works in api" in refused.stderr
    unknown = lab.orch("undo", "T9", check=False)
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert "there is no task or operation `T9`" in unknown.stderr
    lab.model.gate("held").open()
    lab.task("T2", "done")
    assert lab.orch("undo", "T1@1").stdout.splitlines()[-1] == "took back T1@1 (@1; `orch redo`)"
    assert sorted(files(lab.repos["api"])) == ["README.md", "two.txt"]
    found = lab.task("T1", "blocked")
    assert found["why"] == "its changes were taken back: `orch redo` brings them back, `orch go T1` has them made again"
    lab.orch("redo")
    lab.task("T1", "done")
    lab.orch("undo", "T1")
    lab.orch("down")
    lab.orch("redo")
    lab.up()
    lab.task("T1", "done")
    lab.orch("undo", "T1")
    lab.task("T1", "blocked")
    lab.orch("go", "T1")
    lab.task("T1", "done")
    assert sorted(files(lab.repos["api"])) == ["README.md", "one.txt", "two.txt"]


def test_an_edit_of_the_plan_is_taken_back_by_its_name_around_what_was_written_since(lab: Lab) -> None:
    first = task("T1", "api", "write one.txt 1\\n", report("made"))
    lab.plan(first)
    lab.up()
    lab.task("T1", "done")
    before = lab.workspace.plan.read_text(encoding="utf-8")
    lab.plan(first + task("T2", "web", "write two.txt 2\\n", report("made")))
    lab.task("T2", "done")
    after = lab.workspace.plan.read_text(encoding="utf-8")
    lab.workspace.plan.write_text(after.replace("# Plan: Lab", "# Plan: Another"), encoding="utf-8")
    lab.until(lambda seen: seen["plan"]["revision"] == 3)
    assert lab.orch("undo", "plan@2", "--dry-run").stdout == "would take back plan@2\n"
    assert lab.orch("undo", "plan@2").stdout == "took back plan@2 (@1; `orch redo`)\n"
    assert lab.workspace.plan.read_text(encoding="utf-8") == before.replace("# Plan: Lab", "# Plan: Another")
    lab.until(lambda seen: seen["plan"]["revision"] == 4)
    assert lab.orch("redo").stdout == "brought back plan@2 (@2; `orch undo`)\n"
    assert lab.workspace.plan.read_text(encoding="utf-8") == after.replace("# Plan: Lab", "# Plan: Another")
    assert lab.orch("undo").stdout.splitlines()[-1] == "took back T2@1 (@3; `orch redo`)"
    refused = lab.orch("undo", "plan@1", check=False)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "there was no plan before plan@1" in refused.stderr


def test_the_next_start_finishes_what_was_interrupted_and_starts_nothing_there_before(lab: Lab) -> None:
    """An undo is killed behind the first of two files. What is in the way is told, and work waits for it."""
    api = lab.repos["api"]
    plan = task("T1", "api", "write one.txt 1\\n", "write two.txt 2\\n", report("made"))
    lab.plan(plan)
    lab.up()
    lab.task("T1", "done")
    lab.orch("down")
    lab.orch("undo", "T1")
    began = lab.workspace.operations.read_text(encoding="utf-8").splitlines(keepends=True)[:1]
    lab.workspace.operations.write_text("".join(began), encoding="utf-8")
    (api / "two.txt").write_text("mine\n", encoding="utf-8")
    lab.plan(plan + task("T2", "api", "write three.txt 3\\n", report("made")))

    told = lab.orch("up")
    assert "@1 was interrupted: what is left of it" in told.stderr
    assert "two.txt" in told.stderr
    lab.until(lambda seen: seen["tasks"][1]["why"].startswith("a command changes files in api"))
    assert sorted(files(api)) == ["README.md", "two.txt"]

    (api / "two.txt").write_text("2\n", encoding="utf-8")
    assert "@1 was interrupted: it is finished now" in lab.orch("up").stderr
    lab.task("T2", "done")
    assert sorted(files(api)) == ["README.md", "three.txt"]
    assert lab.task("T1", "blocked")["why"].startswith("its changes were taken back")
