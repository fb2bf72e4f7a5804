"""A child without a repo does not keep the others from coming up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.lab import Lab, report, task


@pytest.fixture
def pair() -> Iterator[Lab]:
    """A workspace with two children. Nothing has run in it yet."""
    with Lab("alpha", "beta") as made:
        yield made


def gone(repo: Path) -> None:
    repo.rename(repo.with_name("elsewhere"))


def a_dangling_link(repo: Path) -> None:
    gone(repo)
    repo.symlink_to(repo.with_name("nowhere"))


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (gone, "does not exist: correct the child's path"),
        (a_dangling_link, "does not exist"),
    ],
)
def test_the_others_come_up_and_the_reason_is_told(harm: Callable[[Path], None], says: str, pair: Lab) -> None:
    repo = pair.repos["alpha"]
    harm(repo)
    done = pair.orch("up", check=False)
    assert (done.returncode, done.stdout) == (1, "1 of 2 children ready\n")
    last = done.stderr.splitlines()[-1]
    assert last.startswith(f"orch: alpha failed: {repo} ")
    assert says in last
    assert last.endswith("then run `orch up alpha`")
    alpha, beta = pair.status()["children"]
    assert (alpha["state"], beta["state"]) == ("failed", "ready")
    (ask,) = pair.status()["asks"]
    assert (ask["child"], "orch remove alpha" in ask["steps"]) == ("alpha", True)
    pair.plan(task("T1", "beta", report("done")))
    pair.task("T1", "done")


def test_only_named_children_are_needed_and_one_that_is_back_joins(pair: Lab) -> None:
    gone(pair.repos["alpha"])
    assert pair.orch("up", "beta").stdout == "1 of 1 child ready\n"
    before = pair.status()["children"]
    assert [(one["name"], one["state"]) for one in before] == [("alpha", "stopped"), ("beta", "ready")]
    assert pair.status()["asks"] == []
    assert pair.orch("up", "alpha", check=False).returncode == 1
    assert pair.orch("restart", "alpha").returncode == 0
    pair.child("alpha", "failed")
    pair.repos["alpha"].with_name("elsewhere").rename(pair.repos["alpha"])
    assert pair.orch("up", "alpha").stdout == "1 of 1 child ready\n"
    after = pair.status()
    assert ([one["state"] for one in after["children"]], after["asks"]) == (["ready", "ready"], [])
    assert after["children"][1]["pid"] == before[1]["pid"]
    pair.plan(task("T1", "alpha", report("done")))
    pair.task("T1", "done")


def test_what_only_reads_the_config_needs_no_repo(pair: Lab) -> None:
    gone(pair.repos["alpha"])
    pair.plan(task("T1", "alpha", report("done")))
    assert "T1" in pair.orch("plan", "check").stdout
    assert pair.orch("status", check=False).returncode == 3
    checked = pair.orch("doctor", check=False).stdout
    assert [line.split()[1] for line in checked.splitlines() if "child `alpha`" in line] == ["config"]
    assert pair.orch("logs", "--child", "alpha").returncode == 0


def test_a_path_that_is_mistyped_while_it_runs_changes_nothing(pair: Lab) -> None:
    before = pair.up()["children"]
    good = pair.workspace.config.read_text(encoding="utf-8")
    pair.workspace.config.write_text(good.replace("../alpha", "../alhpa"), encoding="utf-8")
    refused = pair.orch("up", check=False)
    assert refused.returncode == 1
    assert f"the child `alpha`: {pair.folder / 'alhpa'} does not exist" in refused.stderr
    assert [(one["pid"], one["state"]) for one in pair.status()["children"]] == [
        (one["pid"], "ready") for one in before
    ]


def test_a_repo_that_vanishes_while_it_is_up_takes_only_its_own_child_down(pair: Lab) -> None:
    before = pair.up()["children"]
    gone(pair.repos["alpha"])
    pair.orch("restart", "alpha")
    assert "the folder of alpha is gone" in pair.child("alpha", "failed")["problem"]
    assert pair.status()["children"][1]["pid"] == before[1]["pid"]
    pair.orch("down")
    done = pair.orch("up", check=False)
    assert (done.returncode, done.stdout) == (1, "1 of 2 children ready\n")
