"""`orch land --revert` takes a landing back with commits on a branch of its own, in all repos or in none."""

from __future__ import annotations

import pytest

from tests.cli.change.landing import BRANCH, Land, answer, hook, locks, subjects, there, with_remote
from tests.gitrepo import commit, git
from tests.landscape import Landscape, write

BACK = "orch/revert-move-the-fleet"


@pytest.fixture(autouse=True)
def landed(made: Landscape, land: Land) -> None:
    made.ran("T1", {"api": {"a.txt": "a\n", "README.md": None}})
    made.ran("T2", {"api": {"a.txt": "a\nb\n"}, "web": {"w.txt": "w\n"}}, after=("T1",))
    assert land().code == 0


def test_the_commits_take_all_back_the_newest_first_and_what_rested_on_others_before_them(
    made: Landscape, land: Land
) -> None:
    before = {name: git(repo, "status", "--porcelain=v2", "--branch") for name, repo in made.repos.items()}

    ran = land("--revert")

    api, web = made.repos["api"], made.repos["web"]
    assert (ran.code, ran.out.splitlines()[-1]) == (0, f"landed on {BACK} in web, api (@2)")
    assert subjects(api, BACK) == ['Revert "Do T1"', 'Revert "Do T2"', "Do T2", "Do T1", "Start api"]
    assert subjects(web, BACK) == ['Revert "Do T2"', "Do T2", "Start web"]
    for repo in (api, web):
        assert git(repo, "rev-parse", f"{BACK}^{{tree}}") == git(repo, "rev-parse", "main^{tree}")
    t2 = git(api, "rev-parse", BRANCH)
    message = git(api, "log", "-1", "--format=%B", f"{BACK}~")
    behind = git(web, "rev-parse", BACK)
    assert message == (
        f'Revert "Do T2"\n\nThis reverts commit {t2}.\n\nOrch-Plan: Move the fleet r3\nOrch-Task: T2\n'
        f"Depends-On: web@{behind}"
    )
    assert {name: git(repo, "status", "--porcelain=v2", "--branch") for name, repo in made.repos.items()} == before
    assert locks(made) == []


def test_it_stands_on_what_is_checked_out_once_that_has_the_landing(made: Landscape, land: Land) -> None:
    api = made.repos["api"]
    git(api, "stash", "-q", "-u")
    git(api, "merge", "-q", "--no-ff", "-m", "merge it", BRANCH)
    write(api, {"later.txt": "x\n"})
    commit(api, "later")
    later = git(api, "rev-parse", "HEAD")

    assert land("--revert").code == 0

    assert git(api, "rev-parse", f"{BACK}~2") == later
    assert git(api, "ls-tree", "--name-only", BACK).split() == ["README.md", "later.txt", "lines"]


def test_what_was_changed_since_in_the_same_lines_refuses_all_repos(made: Landscape, land: Land) -> None:
    api = made.repos["api"]
    git(api, "stash", "-q", "-u")
    git(api, "merge", "-q", BRANCH)
    write(api, {"a.txt": "mine\n"})
    commit(api, "mine")

    ran = land("--revert", "--json")

    assert (ran.code, answer(ran)["state"]) == (1, "refused")
    assert "T2 in api cannot be reverted: a.txt was changed in the same lines since" in answer(ran)["why"]
    assert all(BACK not in git(repo, "for-each-ref") for repo in made.repos.values())


def test_a_dry_run_shows_it_and_changes_nothing(made: Landscape, land: Land) -> None:
    ran = land("--revert", "--dry-run")

    assert ran.code == 0
    assert f"web: {BACK}, on " in ran.out
    assert "`orch land --revert` makes these branches" in ran.err
    assert 'T1: Revert "Do T1"' in ran.out
    assert all(BACK not in git(repo, "for-each-ref") for repo in made.repos.values())


def test_a_reverted_landing_is_not_reverted_again_unless_the_branch_is_gone(made: Landscape, land: Land) -> None:
    land("--revert")

    again = land("--revert")
    assert (again.code, again.err) == (0, f"nothing to revert: it was reverted on {BACK} (@2)\n")
    git(made.repos["api"], "branch", "-q", "-D", BACK)
    assert land("--revert", "--branch", "back").code == 0
    assert subjects(made.repos["api"], "back")[0] == 'Revert "Do T1"'


def test_conventional_repos_get_conventional_reverts(made: Landscape, land: Land) -> None:
    web = made.repos["web"]
    for subject in ("feat: one", "fix: two"):
        git(web, "commit", "-q", "--allow-empty", "-m", subject)

    assert land("--revert").code == 0
    assert subjects(web, BACK)[0] == "revert: Do T2"


def test_nothing_landed_is_nothing_to_revert(made: Landscape, land: Land) -> None:
    made.workspace.operations.unlink()

    ran = land("--revert")

    assert (ran.code, ran.err) == (1, "orch: nothing was landed, so there is nothing to revert: see `orch ops`\n")
    for words in (("--here",), ("--tasks", "T1"), ("--continue",), ("--abort",)):
        assert land("--revert", *words).code == 2


def test_a_revert_is_pushed_those_first_that_rested_on_others(made: Landscape, land: Land) -> None:
    remotes = {name: with_remote(repo, repo.with_name(f"{name}.git")) for name, repo in made.repos.items()}
    order = made.workspace.root / "order"
    for name, bare in remotes.items():
        hook(bare, "pre-receive", f"echo {name} >> {order}")
    assert land("--push").code == 0

    assert land("--revert", "--push").code == 0

    assert order.read_text(encoding="utf-8").split() == ["api", "web", "web", "api"]
    for name, bare in remotes.items():
        assert there(bare, f"refs/heads/{BACK}") == git(made.repos[name], "rev-parse", BACK)
