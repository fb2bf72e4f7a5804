"""Tasks in work trees of their own: two of one child run at once, and what both changed ends in its work tree."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.lab import Lab, report, task

pytestmark = pytest.mark.long

APART = ("isolation: worktree",)


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    with Lab("api") as made:
        made.environ["XDG_STATE_HOME"] = str(made.folder / "state")
        monkeypatch.setenv("XDG_STATE_HOME", str(made.folder / "state"))
        yield made


def own(lab: Lab, name: str) -> Path:
    """The work tree of a task, while it has one."""
    return lab.folder / "state" / "orch" / "worktrees" / lab.workspace.id / "api" / name


def git(lab: Lab, *words: str) -> str:
    done = subprocess.run(
        ["git", *words], cwd=lab.repos["api"], env=lab.environ, capture_output=True, text=True, check=True
    )
    return done.stdout


def changed(lab: Lab, name: str) -> list[tuple[str, str]]:
    tasks = json.loads(lab.orch("diff", name, "--json").stdout)["tasks"]
    return [(file["path"], file["status"]) for one in tasks for file in one["files"]]


def test_two_tasks_of_a_child_run_at_once_and_both_changes_come_into_its_work_tree_in_the_order_of_the_plan(
    lab: Lab,
) -> None:
    api = lab.repos["api"]
    (api / "mine.txt").write_text("not committed\n", encoding="utf-8")
    first = task("T1", "api", "run cat mine.txt", "write one.txt 1\\n", "wait one", report("one"), fields=APART)
    check = "verify: `test -e two.txt && test ! -e one.txt`"
    second = task("T2", "api", "write two.txt 2\\n", "wait two", report("two"), fields=(*APART, check))
    third = task("T3", "api", "run cat one.txt two.txt > three.txt", report("three"), fields=("after: T1, T2",))
    lab.plan(first + second + third)
    lab.up()
    lab.model.gate("one").wait_reached(60)
    lab.model.gate("two").wait_reached(60)
    assert (own(lab, "T1") / "mine.txt").read_text(encoding="utf-8") == "not committed\n"
    assert (own(lab, "T1") / "one.txt").exists()
    assert sorted(path.name for path in api.iterdir()) == [".git", "README.md", "mine.txt"]
    lab.model.gate("two").open()
    lab.until(lambda seen: any("go into api" in (one["why"] or "") for one in seen["tasks"]))
    assert not (api / "two.txt").exists(), "T1 comes first"
    lab.model.gate("one").open()
    lab.task("T1", "done")
    lab.task("T2", "done")
    lab.task("T3", "done")
    assert (api / "three.txt").read_text(encoding="utf-8") == "1\n2\n"
    assert [line["task"] for line in lab.ledger("own_tree_merged")] == ["T1", "T2"]
    assert (changed(lab, "T1"), changed(lab, "T2")) == ([("one.txt", "added")], [("two.txt", "added")])
    assert git(lab, "worktree", "list").count("\n") == 1
    assert git(lab, "log", "--format=%s").split("\n") == ["Start api", ""]
    assert not own(lab, "T1").exists()
    lab.orch("undo", "T1")
    assert not (api / "one.txt").exists()
    assert (api / "two.txt").exists()
    config = (lab.home / "config.toml").read_text(encoding="utf-8")
    assert 'trust_level = "trusted"' not in config


def test_changes_that_do_not_fit_get_a_follow_up_turn_then_an_ask_and_nothing_of_either_is_lost(lab: Lab) -> None:
    api = lab.repos["api"]
    first = task("T1", "api", "write README.md one\\n", "wait one", report("one"), fields=APART)
    second = task("T2", "api", "write README.md two\\n", "wait two", report("two"), fields=APART)
    lab.plan(first + second)
    lab.up()
    lab.model.gate("one").wait_reached(60)
    lab.model.gate("two").wait_reached(60)
    lab.model.gate("one").open()
    lab.task("T1", "done")
    lab.model.gate("two").open()
    ask = lab.ask()
    assert "README.md" in ask["text"]
    assert str(own(lab, "T2")) in ask["steps"]
    assert any("These files have conflicts" in text for text in lab.delivered("T2"))
    marked = (own(lab, "T2") / "README.md").read_text(encoding="utf-8")
    assert marked.startswith("<<<<<<< ")
    assert (api / "README.md").read_text(encoding="utf-8") == "one\n"

    lab.orch(
        "answer",
        ask["id"],
        "reply",
        "Take both.\n\n```model\nwrite README.md one\\ntwo\\n\n" + report("both") + "\n```\n",
    )
    lab.task("T2", "done")
    assert (api / "README.md").read_text(encoding="utf-8") == "one\ntwo\n"
    assert changed(lab, "T2") == [("README.md", "modified")]


def test_a_supervisor_that_is_killed_loses_nothing_of_what_runs_apart(lab: Lab) -> None:
    api = lab.repos["api"]
    first = task("T1", "api", "write one.txt 1\\n", "wait one", report("one"), fields=APART)
    lab.plan(first)
    lab.up()
    lab.model.gate("one").wait_reached(60)
    os.kill(lab.status()["supervisor"]["pid"], signal.SIGKILL)
    lab.orch("up")
    lab.model.gate("one").open()
    lab.task("T1", "done")
    assert (api / "one.txt").read_text(encoding="utf-8") == "1\n"
    assert git(lab, "worktree", "list").count("\n") == 1


def test_a_supervisor_that_is_killed_in_the_middle_of_a_merge_finishes_it(lab: Lab) -> None:
    """It is killed while git writes the merged files beside the child's work tree, which has none of them yet."""
    api, held = lab.repos["api"], lab.folder / "held"
    real, program = shutil.which("git"), lab.folder / "bin" / "git"
    held.mkdir()
    program.parent.mkdir(exist_ok=True)
    program.write_text(
        f"""#!/bin/sh
case " $* " in *" checkout-index "*)
    if mkdir {held}/first 2> /dev/null; then
        echo $$ > {held}/new
        mv {held}/new {held}/pid
        exec sleep 300
    fi
esac
exec {real} "$@"
""",
        encoding="utf-8",
    )
    program.chmod(0o755)
    lab.environ["PATH"] = f"{program.parent}:{lab.environ['PATH']}"
    lab.plan(task("T1", "api", "write one.txt 1\\n", "write two.txt 2\\n", report("made"), fields=APART))
    lab.up()
    lab.until(lambda _: (held / "pid").exists())
    os.kill(lab.status()["supervisor"]["pid"], signal.SIGKILL)
    os.kill(int((held / "pid").read_text(encoding="ascii")), signal.SIGKILL)
    assert len(lab.ledger("merge_tried")) == 1
    assert sorted(path.name for path in api.iterdir()) == [".git", "README.md"]

    lab.orch("up")
    lab.task("T1", "done")
    assert sorted(path.name for path in api.iterdir()) == [".git", "README.md", "one.txt", "two.txt"]
    assert changed(lab, "T1") == [("one.txt", "added"), ("two.txt", "added")]
    assert git(lab, "worktree", "list").count("\n") == 1
    assert len(lab.ledger("own_tree_merged")) == 1
    refused = lab.orch("attach", "T1", "--print", check=False)
    assert refused.returncode == 1
    assert f"that is gone, as its changes are in api ({own(lab, 'T1')})" in refused.stderr


def test_what_git_ignores_keeps_the_work_tree_and_a_repo_without_a_commit_is_refused(lab: Lab) -> None:
    api = lab.repos["api"]
    (api / ".gitignore").write_text("*.log\n", encoding="utf-8")
    lines = ("run echo a > a.log", "write one.txt 1\\n", report("one"))
    lab.plan(task("T1", "api", *lines, fields=APART))
    lab.up()
    lab.task("T1", "done")
    assert (own(lab, "T1") / "a.log").exists()
    assert str(own(lab, "T1")) in lab.orch("ops").stdout
    (shown,) = json.loads(lab.orch("ops", "--json").stdout)["work_trees"]
    disk = shown.pop("bytes")
    assert shown == {"task": "T1", "child": "api", "state": "merged, holds ignored files", "path": str(own(lab, "T1"))}
    assert disk >= 4096

    again = task("T1", "api", "run cat one.txt a.log > both.txt", "write one.txt 11\\n", report("again"), fields=APART)
    lab.plan(again)
    lab.until(lambda _: (api / "both.txt").exists())
    lab.task("T1", "done")
    assert (api / "both.txt").read_text(encoding="utf-8") == "1\na\n"
    assert (api / "one.txt").read_text(encoding="utf-8") == "11\n"

    git(lab, "update-ref", "-d", "HEAD")
    lab.plan(again + task("T2", "api", report("two"), fields=APART))
    blocked = lab.task("T2", "blocked")
    assert "has no commit yet" in blocked["why"]
