"""`orch land` makes commits of what real app-servers changed, in all repos or in none."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.lab import Lab, report, task


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab("api", "web") as made:
        yield made


def git(lab: Lab, repo: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", *words], cwd=repo, capture_output=True, check=True, text=True, encoding="utf-8", env=lab.environ
    )
    return done.stdout.strip()


def test_a_plan_over_two_repos_lands_while_the_supervisor_is_up_and_what_a_human_edited_stays_out(lab: Lab) -> None:
    api, web = lab.repos["api"], lab.repos["web"]
    (api / "mine.txt").write_text("the human's\n", encoding="utf-8")
    lab.plan(
        task("T1", "api", "write first.txt 1\\n", report("Wrote the first."))
        + task(
            "T2",
            "web",
            "write web.txt x\\n",
            "wait held",
            "run rm README.md",
            report("Read it."),
            fields=("after: T1",),
        )
    )
    lab.up()
    lab.model.gate("held").wait_reached(60)
    refused = lab.orch("land", check=False)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "T2 is running: wait for it, or land what is done: `orch land --tasks T1`" in refused.stderr
    lab.model.gate("held").open()
    lab.task("T2", "done")
    before = [git(lab, repo, "status", "--porcelain=v2", "--branch") for repo in (api, web)]

    shown = lab.orch("land", "--dry-run").stdout
    assert "T1: Do T1" in shown
    found = json.loads(lab.orch("land", "--branch", "onboarding", "--json").stdout)

    assert (found["state"], found["why"]) == ("landed", None)
    tips = {one["child"]: one["commits"] for one in found["repos"]}
    assert tips == {name: [git(lab, lab.repos[name], "rev-parse", "onboarding")] for name in ("api", "web")}
    assert git(lab, api, "show", "--format=", "--name-status", "onboarding").splitlines() == ["A\tfirst.txt"]
    assert git(lab, web, "show", "--format=", "--name-status", "onboarding").splitlines() == [
        "D\tREADME.md",
        "A\tweb.txt",
    ]
    assert git(lab, web, "log", "-1", "--format=%(trailers:key=Depends-On,valueonly)", "onboarding") == (
        f"api@{tips['api'][0]}"
    )
    assert git(lab, web, "log", "-1", "--format=%an %s%n%b", "onboarding").startswith("Lab Do T2\nRead it.\n")
    assert [git(lab, repo, "status", "--porcelain=v2", "--branch") for repo in (api, web)] == before
    assert "land T1, T2 on onboarding" in lab.orch("ops").stdout


def test_a_landing_that_was_stopped_is_finished_when_orch_comes_up(lab: Lab) -> None:
    lab.plan(task("T1", "api", "write a.txt 1\\n", report("Wrote it.")))
    lab.up()
    lab.task("T1", "done")
    lab.orch("land", "--branch", "landed")
    lab.orch("down")
    *entries, _ = lab.workspace.operations.read_text(encoding="utf-8").splitlines(keepends=True)
    lab.workspace.operations.write_text("".join(entries), encoding="utf-8")
    api = lab.repos["api"]
    tip = git(lab, api, "rev-parse", "landed")
    git(lab, api, "branch", "-D", "landed")

    assert "@1 was interrupted: it is finished now" in lab.orch("up").stderr
    assert git(lab, api, "rev-parse", "landed") == tip
