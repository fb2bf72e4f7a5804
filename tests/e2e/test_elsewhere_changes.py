"""What a task changed on another machine is shown, taken back and brought back there; Codex's window opens there."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from supervisor.mcp.client import SupervisorClient
from supervisor.mcp.repo_tools import RepoTools
from tests import CHECKOUT
from tests.e2e.elsewhere import ARRIVES, LabElsewhere
from tests.e2e.lab import report, task
from tests.tmux import Tmux

pytestmark = pytest.mark.long

TOGETHER = 'grep two "$ORCH_CHILD_FIRMWARE/made here.txt" && grep here "$ORCH_CHILD_BACKEND/here.txt"'


@pytest.fixture(scope="module")
def lab() -> Iterator[LabElsewhere]:
    """A lab that is up, with a task done on each machine."""
    with LabElsewhere() as made:
        # Without this, Codex's window first asks the questions for new users.
        with (made.home / "config.toml").open("a", encoding="utf-8") as config:
            config.write('\n[notice.model_migrations]\n"gpt-5.5" = "gpt-6-sol"\n')
        made.up()
        made.plan(
            task("T1", "firmware", "run printf 'one\\ntwo\\n' > 'made here.txt'; mv README.md READ.md", report("Made."))
            + task("T2", "backend", "write here.txt here", report("Made."))
            + f"\n## Integration\n\n- `{TOGETHER}`\n"
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


def test_what_is_done_lands_in_both_repos_once_it_works_together_and_is_pushed_and_reverted(lab: LabElsewhere) -> None:
    for child, repo in lab.repos.items():
        bare = str(lab.folder / f"{child}.git")
        subprocess.run(["git", "init", "-q", "--bare", bare], check=True)
        subprocess.run(["git", "remote", "add", "origin", bare], cwd=repo, check=True)
    shown = json.loads(lab.orch("land", "--branch", "both", "--dry-run", "--json").stdout)
    assert shown["checks"] == [{"command": TOGETHER, "reopens": [], "passed": False}]
    landed = json.loads(lab.orch("land", "--branch", "both", "--push", "--json").stdout)
    assert [one["pushed"] for one in landed["repos"]] == [True, True], landed
    assert (landed["state"], [one["child"] for one in landed["repos"]]) == ("landed", ["backend", "firmware"])
    for child, file in (("firmware", "made here.txt"), ("backend", "here.txt")):
        words = ["git", "show", "--format=%s", "--name-only", "both"]
        shown = subprocess.run(words, cwd=lab.repos[child], capture_output=True, text=True, check=True)
        assert file in shown.stdout, child
        tip = _git(lab.folder / f"{child}.git", "rev-parse", "both")
        assert tip == _git(lab.repos[child], "rev-parse", "both"), child
    undone = json.loads(lab.orch("land", "--revert", "--branch", "back", "--push", "--json").stdout)
    assert [(one["child"], one["pushed"]) for one in undone["repos"]] == [("firmware", True), ("backend", True)], undone
    for child, repo in lab.repos.items():
        tree = _git(lab.folder / f"{child}.git", "rev-parse", "back^{tree}")
        assert tree == _git(repo, "rev-parse", "HEAD^{tree}"), child


def test_what_would_be_lost_is_refused_and_nothing_touched(lab: LabElsewhere) -> None:
    made = lab.repos["firmware"] / "made here.txt"
    made.write_text("one\nmine\n", encoding="utf-8")
    done = lab.orch("undo", "T1", check=False)
    assert (done.returncode, made.read_text(encoding="utf-8")) == (1, "one\nmine\n")
    assert "made here.txt" in done.stdout + done.stderr
    made.write_text("one\ntwo\n", encoding="utf-8")


def test_codexs_window_opens_there_on_the_live_thread_and_answers_what_it_asks(lab: LabElsewhere) -> None:
    marker = lab.folder / "outside.txt"
    lab.plan(
        task("T1", "firmware", report("Made."))
        + task("T2", "backend", report("Made."))
        + task("T3", "firmware", f"escalate touch {marker}", report("Went on."))
    )
    ask = lab.ask(timeout=ARRIVES)
    printed = shlex.split(lab.orch("attach", "T3", "--print").stdout)
    assert printed[:-1] == ["ssh", "-t", *lab.sshd.words[1:], "sh"]
    assert printed[-1].startswith(f"{lab.there}/.local/state/orch/servers/")
    words = [sys.executable, "-m", "supervisor.cli.main", "attach", "T3"]
    environ = {**lab.environ, "PYTHONPATH": str(CHECKOUT)}
    with Tmux(words, cwd=lab.workspace.root, environ=environ, columns=100, lines=40) as window:
        window.until("Yes, proceed")
        (line,) = lab.windows()
        assert _words(line) == printed
        window.press("y")
        lab.task("T3", "done")
        window.until("Went on.")
    assert marker.exists()
    (closed,) = lab.acts("withdraw_ask")
    assert (closed["ask"], closed["elsewhere"]) == (ask["id"], True)
    done = lab.orch("attach", "firmware", check=False)
    assert (done.returncode, "this is not a terminal" in done.stderr) == (1, True)


def test_the_snapshot_the_map_and_the_tools_of_the_orchestrator_read_there(lab: LabElsewhere) -> None:
    taken = json.loads(lab.orch("snapshot", "firmware", "--json").stdout)
    assert (taken["path"], taken["history"]["commits"]) == (f"lab:{lab.repos['firmware']}", 1)
    drawn = json.loads(lab.orch("map", "--json").stdout)
    assert [(one["name"], one["problem"]) for one in drawn["children"]] == [("backend", None), ("firmware", None)]
    tools = RepoTools(lab.workspace, SupervisorClient(lab.workspace))
    assert "READ.md" in str(tools.files("firmware"))
    assert "made here.txt" in str(tools.git("firmware", "grep", pattern="two"))


def _git(repo: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=repo, check=True, capture_output=True, text=True).stdout.strip()


def _words(pid: int) -> list[str]:
    with open(f"/proc/{pid}/cmdline", encoding="utf-8") as file:
        return file.read().split("\0")[:-1]


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
