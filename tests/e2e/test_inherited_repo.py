"""Variables that name another repo, as a git hook sets them, reach neither a server nor a verify command."""

from __future__ import annotations

import pytest

from tests.e2e.lab import Lab, report, task


@pytest.mark.promise("own repo")
def test_git_in_a_child_means_the_child_whatever_was_inherited() -> None:
    with Lab("backend", "mobile") as lab:
        other = lab.repo("other")
        inherited = {
            "GIT_DIR": str(other / ".git"),
            "GIT_WORK_TREE": str(other),
            "GIT_INDEX_FILE": str(other / ".git" / "index"),
            "GIT_PREFIX": "inside/",
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "user.name",
            "GIT_CONFIG_VALUE_0": "Somebody",
        }
        lab.environ |= inherited
        lab.up()
        top = lab.repos["backend"]
        lab.plan(
            task(
                "T1",
                "backend",
                "run git rev-parse --show-toplevel > top.txt; env | grep ^GIT_ | cut -d= -f1 > vars.txt",
                report("Looked."),
                fields=(f'verify: `test "$(git rev-parse --show-toplevel)" = {top}`',),
            )
        )
        done = lab.task("T1", "done")
        assert (top / "top.txt").read_text(encoding="utf-8").strip() == str(top)
        seen = (top / "vars.txt").read_text(encoding="utf-8").split()
        assert ("GIT_CONFIG_GLOBAL" in seen, inherited.keys() & set(seen)) == (True, set())
        assert done["changed_files"] == ["top.txt", "vars.txt"]
