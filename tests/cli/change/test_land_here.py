"""`orch land --here` moves the branch that is checked out and its index with it, and nothing of the person's."""

from __future__ import annotations

import os

from tests.cli.change.landing import Land, locks, subjects
from tests.gitrepo import git
from tests.landscape import Landscape, write


def test_the_checked_out_branch_gets_the_commits_and_what_is_the_persons_stays_as_it_was(
    made: Landscape, land: Land
) -> None:
    api, web = made.repos["api"], made.repos["web"]
    write(api, {"staged.txt": "s\n", "lines": "mine\n1\n2\n3\n4\n5\n6\n7\n8\n"})
    git(api, "add", "staged.txt")
    made.ran(
        "T1",
        {
            "api": {"a.txt": "a\n", "lines": "mine\n1\n2\n3\n4\n5\n6\n7\nT1\n", "README.md": None},
            "web": {"w.txt": "w\n"},
        },
    )
    write(api, {"later.txt": "x\n"})

    ran = land("--here")

    assert (ran.code, ran.out.splitlines()[-1]) == (0, "landed on main in api, web (@1)")
    assert subjects(api, "main") == ["Do T1", "Start api"]
    assert git(api, "status", "--porcelain").splitlines() == ["M lines", "A  staged.txt", "?? later.txt"]
    assert git(api, "diff", "--stat", "--", "lines").splitlines()[0].split() == ["lines", "|", "2", "+-"]
    assert git(web, "status", "--porcelain") == ""
    assert locks(made) == []
    assert "nothing to land" in land("--here").err


def test_what_is_staged_of_a_landed_file_and_a_detached_head_are_refused(made: Landscape, land: Land) -> None:
    api, web = made.repos["api"], made.repos["web"]
    made.ran("T1", {"api": {"lines": "T1\n"}, "web": {"w.txt": "w\n"}})
    git(api, "add", "lines")
    assert land("--here").code == 0, "what is staged is what is landed"

    made.ran("T2", {"api": {"lines": "T2\n"}, "web": {"w.txt": "w2\n"}})
    write(api, {"lines": "mine\n"})
    git(api, "add", "lines")
    git(web, "switch", "-q", "--detach")
    ran = land("--here")
    assert ran.code == 1
    assert "api: lines is staged" in ran.err
    assert "web: HEAD is detached" in ran.err
    assert subjects(api, "main")[0] == "Do T1"


def test_a_stop_before_the_index_is_made_good(made: Landscape, land: Land) -> None:
    api = made.repos["api"]
    made.ran("T1", {"api": {"a.txt": "a\n"}})
    index = (api / ".git" / "index").read_bytes()
    land("--here")
    entries = made.workspace.operations.read_text(encoding="utf-8").splitlines(keepends=True)
    made.workspace.operations.write_text("".join(entries[:3]), encoding="utf-8")
    (api / ".git" / "index").write_bytes(index)
    (api / ".git" / "index.lock").write_text("", encoding="utf-8")

    assert "cannot update the index" in land("--continue").err
    (api / ".git" / "index.lock").unlink()
    (api / ".git" / "orch-landing-index").write_text("half", encoding="utf-8")
    os.link(api / ".git" / "orch-landing-index", api / ".git" / "index.lock")  # ours: we were killed before the rename
    assert land("--continue").code == 0
    assert git(api, "status", "--porcelain") == ""
    assert (locks(made), list((api / ".git").glob("orch-*"))) == ([], [])


def test_a_first_commit_is_made_on_the_branch_that_has_none(made: Landscape, land: Land) -> None:
    api = made.repos["api"]
    git(api, "switch", "-q", "--orphan", "fresh")
    made.ran("T1", {"api": {"deep/a.txt": "a\n"}})

    assert land("--here").code == 0
    assert subjects(api, "fresh") == ["Do T1"]
    assert git(api, "status", "--porcelain") == ""
