"""The changed files of a task are those of all its turns, also in the repos inside the child's."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.lab import Lab, report, task

pytestmark = pytest.mark.long


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab("api") as made:
        yield made


def git(lab: Lab, folder: Path, *words: str) -> None:
    subprocess.run(["git", *words], cwd=folder, check=True, env=lab.environ, capture_output=True)


@pytest.mark.promise("changed files")
def test_changes_in_inner_repos_show_and_outlast_a_turn_that_changes_nothing(lab: Lab) -> None:
    api = lab.repos["api"]
    svc = lab.repo("svc", {"app.py": "1\n"})
    git(lab, api, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(svc), "svc")
    git(lab, api, "commit", "-qam", "Add svc")
    git(lab, api, "clone", "-q", str(svc), "nested")
    lines = (
        *("write svc/app.py 2", "write nested/app.py 2", "write nested/draft x", "write mine.txt x"),
        "run git clone -q svc made && echo x > made/own.txt",
    )
    lab.plan(task("T1", "api", *lines, report("changed a lot")))
    lab.up()
    files = [
        *("made (changed inside)", "nested (changed inside)", "nested/app.py", "svc (changed inside)", "svc/app.py"),
        *("made/app.py", "made/own.txt", "mine.txt", "nested/draft"),
    ]
    assert lab.task("T1", "done")["changed_files"] == files

    lab.plan(task("T1", "api", report("nothing to do")))
    lab.until(lambda seen: seen["tasks"][0]["summary"] == "nothing to do" and seen["tasks"][0]["state"] == "done")
    done = lab.task("T1", "done")
    assert (done["runs"], done["changed_files"]) == (2, files)

    lab.plan(
        task("T1", "api", report("nothing to do"))
        + task("T2", "api", "write other.txt x", "write svc/other.py x", report("another task"), fields=("after: T1",))
    )
    assert lab.task("T2", "done")["changed_files"] == ["svc (changed inside)", "other.txt", "svc/other.py"]

    lab.plan(
        task("T1", "api", "run rm -r mine.txt made", "write svc/app.py 1", report("put back"))
        + task("T2", "api", "write other.txt x", "write svc/other.py x", report("another task"), fields=("after: T1",))
    )
    lab.until(lambda seen: seen["tasks"][0]["summary"] == "put back" and seen["tasks"][0]["state"] == "done")
    done = lab.task("T1", "done")
    assert done["changed_files"] == ["nested (changed inside)", "nested/app.py", "nested/draft"]
    assert (done["changed_files_more"], done["changed_files_at_least"]) == (0, False)
    assert lab.runs("**Changed files (3):**\n\n- `nested (changed inside)`\n")


def test_what_a_failed_turn_changed_counts_to_its_task_and_to_no_other(lab: Lab) -> None:
    lab.plan(
        task("T1", "api", "write a.txt x", "fail 400 no") + task("T2", "api", "write b.txt x", report("another task"))
    )
    lab.up()
    lab.task("T1", "failed")
    assert lab.task("T2", "done")["changed_files"] == ["b.txt"]
    assert lab.task("T1", "failed")["changed_files"] == ["a.txt"]

    lab.plan(task("T1", "api", "write c.txt x", report("better")) + task("T2", "api", report("another task")))
    assert lab.task("T1", "done")["changed_files"] == ["a.txt", "c.txt"]
