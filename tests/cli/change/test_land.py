"""`orch land` makes commits of what finished tasks changed, in all repos or in none, and touches nothing else."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from supervisor.cli.main import run
from tests.cli.change.landing import BRANCH, Land, answer, branches, locks, subjects
from tests.gitrepo import commit, git
from tests.landscape import Landscape, write


def test_each_task_becomes_a_commit_in_each_repo_in_order_and_the_persons_work_stays_out(
    made: Landscape, land: Land
) -> None:
    api, web = made.repos["api"], made.repos["web"]
    write(api, {"mine.txt": "the person's\n", "lines": "mine\n1\n2\n3\n4\n5\n6\n7\n8\n"})
    made.ran("T1", {"api": {"a.txt": "a\n", "lines": "mine\n1\n2\n3\n4\n5\n6\n7\nT1\n"}}, summary="Added a.")
    write(api, {"between.txt": "x\n"})
    made.ran("T2", {"web": {"w.txt": "w\n"}, "api": {"a.txt": "a\nb\n"}}, after=("T1",))
    before = [(git(repo, "status", "--porcelain=v2", "--branch"), git(repo, "diff")) for repo in (api, web)]

    ran = land()

    assert (ran.code, ran.out.splitlines()[-1]) == (0, f"landed on {BRANCH} in api, web (@1)")
    assert subjects(api) == ["Do T2", "Do T1", "Start api"]
    assert subjects(web) == ["Do T2", "Start web"]
    assert git(api, "show", "--format=", "--name-status", BRANCH + "~").splitlines() == ["A\ta.txt", "M\tlines"]
    assert git(api, "show", f"{BRANCH}:lines").splitlines() == ["0", "1", "2", "3", "4", "5", "6", "7", "T1"]
    t1 = git(api, "rev-parse", BRANCH + "~")
    assert git(web, "log", "-1", "--format=%B", BRANCH) == (
        f"Do T2\n\nDid it.\n\nOrch-Plan: Move the fleet r3\nOrch-Task: T2\nDepends-On: api@{t1}"
    )
    assert git(web, "log", "-1", "--format=%(trailers:key=Depends-On,valueonly)", BRANCH) == f"api@{t1}"
    assert git(api, "log", "-1", "--format=%an <%ae> %cn", BRANCH) == "Ada <ada@example.com> Ada"
    after = [(git(repo, "status", "--porcelain=v2", "--branch"), git(repo, "diff")) for repo in (api, web)]
    assert after == before
    assert [path for repo in (api, web) for path in (repo / ".git").rglob("*.lock")] == []


def test_a_dry_run_shows_all_and_makes_no_ref(made: Landscape, land: Land) -> None:
    made.ran("T1", {"api": {"a.txt": "a\n"}, "web": {"README.md": None}})
    before = {name: git(repo, "for-each-ref") for name, repo in made.repos.items()}

    ran = land("--dry-run")

    assert ran.code == 0
    assert [line.split() for line in ran.out.splitlines() if "a.txt" in line] == [["a.txt", "added", "1", "0"]]
    assert f"api: {BRANCH}, on {git(made.repos['api'], 'rev-parse', 'HEAD')[:10]} (is new)" in ran.out
    found = answer(land("--dry-run", "--json"))
    assert [(one["child"], one["branch"], len(one["commits"])) for one in found["repos"]] == [
        ("api", BRANCH, 1),
        ("web", BRANCH, 1),
    ]
    assert {name: git(repo, "for-each-ref") for name, repo in made.repos.items()} == before
    landed = answer(land("--json"))
    assert (landed["state"], landed["why"], landed["repos"]) == ("landed", None, found["repos"])
    ran = land("--dry-run")
    assert (ran.out.count("(is there already)"), ran.err) == (
        2,
        "nothing was changed; these branches are there already\n",
    )


def test_landing_again_changes_nothing_and_what_came_since_moves_the_branch(made: Landscape, land: Land) -> None:
    api = made.repos["api"]
    made.ran("T1", {"api": {"a.txt": "a\n"}})
    land()
    first = git(api, "rev-parse", BRANCH)

    assert "nothing to land: the branches are there already" in land().err
    assert git(api, "rev-parse", BRANCH) == first

    made.tasks[0] = replace(made.tasks[0], since="2026-11-29T11:00:00.000Z")  # it was undone, and brought back
    made.revision = 4
    made.ran("T2", {"api": {"a.txt": "a\nb\n"}}, after=("T1",))
    assert land().code == 0
    assert git(api, "rev-parse", BRANCH + "~") == first
    plans = git(api, "log", "-2", "--format=%(trailers:key=Orch-Plan,valueonly)", BRANCH).split("\n")
    assert [one for one in plans if one] == ["Move the fleet r4", "Move the fleet r3"]

    made.revision = 5
    made.save()
    assert "nothing to land: the branches are there already" in land().err
    git(api, "config", "user.email", "new@example.com")  # who lands again to be named rightly, is
    assert land().code == 0
    assert git(api, "log", "-2", "--format=%ae", BRANCH).split() == ["new@example.com"] * 2

    git(api, "stash", "-q", "-u")
    git(api, "merge", "-q", BRANCH)
    assert land().err.strip() == "nothing to land: what is checked out has all that the tasks changed"


@pytest.mark.promise("all or none")
def test_if_one_repo_refuses_no_repo_is_changed(made: Landscape, land: Land) -> None:
    made.ran("T1", {"api": {"a.txt": "a\n"}, "web": {"w.txt": "w\n"}})
    web = made.repos["web"]
    lock = web / ".git" / "refs" / "heads" / "orch" / "move-the-fleet.lock"
    lock.parent.mkdir()
    lock.write_text("", encoding="utf-8")

    ran = land()

    assert (ran.code, ran.out) == (1, "")
    assert f"a stop left {lock}: remove it" in ran.err
    assert lock.exists()
    assert [git(repo, "for-each-ref", "refs/heads") for repo in made.repos.values()].count("") == 0
    assert all(BRANCH not in git(repo, "for-each-ref", "refs/heads") for repo in made.repos.values())
    lock.unlink()
    assert land().code == 0


def conflicting(repo: Path, command: str) -> None:
    """Begin something that stops at a conflict."""
    git(repo, "stash", "-q", "-u")
    for branch in ("side", "main"):
        git(repo, "switch", "-q", *(["-c"] if branch == "side" else []), branch)
        write(repo, {"lines": f"{branch}\n"})
        commit(repo)
    with pytest.raises(subprocess.CalledProcessError):
        git(repo, command, "side")


def rebased_elsewhere(repo: Path, words: tuple[str, ...], beside: tuple[str, ...]) -> None:
    """Stop in a rebase of the branch, in a linked work tree."""
    git(repo, "branch", "of-the-person")
    tree = repo.with_name("linked")
    git(repo, "worktree", "add", "-q", "-b", BRANCH, str(tree))
    commit(tree)
    git(tree, *beside)
    git(tree, "-c", "sequence.editor=sed -i '1ibreak'", "rebase", "-q", "-i", *words, "of-the-person")


def unborn_elsewhere(repo: Path) -> None:
    git(repo, "worktree", "add", "-q", "--detach", str(repo.with_name("linked")))
    git(repo.with_name("linked"), "switch", "-q", "--orphan", BRANCH)


def signed(repo: Path, value: str) -> None:
    """Want signatures, by a key that is not there."""
    for name, word in (("commit.gpgSign", value), ("gpg.format", "ssh"), ("user.signingKey", "/none")):
        git(repo, "config", name, word)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda repo: git(repo, "branch", BRANCH), f"web: the branch {BRANCH} exists"),
        (lambda repo: rebased_elsewhere(repo, (), ("status",)), f"web: the branch {BRANCH} is in a rebase in "),
        (
            lambda repo: rebased_elsewhere(repo, ("--update-refs",), ("switch", "-q", "-c", "on-top")),
            f"web: the branch {BRANCH} is in a rebase in ",
        ),
        (unborn_elsewhere, f"web: the branch {BRANCH} is checked out in "),
        (lambda repo: signed(repo, "2"), "git cannot sign a commit"),
        (lambda repo: git(repo, "branch", "orch"), f"web: git cannot have the branch {BRANCH} beside orch"),
        (lambda repo: git(repo, "branch", f"{BRANCH}/x"), f"beside {BRANCH}/x"),
        (lambda repo: git(repo, "switch", "-q", "-c", BRANCH), f"web: the branch {BRANCH} is checked out in "),
        (lambda repo: git(repo, "bisect", "start"), "web: a bisect is in progress"),
        (lambda repo: conflicting(repo, "merge"), "web: a merge is in progress"),
        (lambda repo: conflicting(repo, "rebase"), "web: a rebase is in progress"),
        (lambda repo: conflicting(repo, "cherry-pick"), "web: a cherry-pick is in progress"),
        (
            lambda repo: (
                git(repo, "config", "user.useConfigOnly", "true") + git(repo, "config", "--unset", "user.email")
            ),
            "web: git knows no name and address for your commits",
        ),
        (lambda repo: git(repo, "config", "i18n.commitEncoding", "nonsense"), "cannot be written in nonsense"),
        (
            lambda repo: write(repo, {"lines": "mine\n"}) or git(repo, "commit", "-qam", "x"),
            "T1 in web does not fit on what is checked out there: lines was changed",
        ),
    ],
)
def test_what_cannot_be_landed_is_refused_before_anything_is_touched(
    made: Landscape, land: Land, spoil: Callable[[Path], object], said: str
) -> None:
    made.ran("T1", {"api": {"a.txt": "a\n"}, "web": {"lines": "task\n", "w.txt": "w\n"}})
    spoil(made.repos["web"])
    before = [git(repo, "for-each-ref") for repo in made.repos.values()]

    ran = land()

    assert (ran.code, ran.out) == (1, "")
    assert said in ran.err
    assert [git(repo, "for-each-ref") for repo in made.repos.values()] == before
    found = answer(land("--json"))
    assert (found["state"], found["repos"]) == ("refused", [])
    assert said in found["why"]


def test_only_finished_tasks_land_and_a_subset_must_be_closed(made: Landscape, land: Land) -> None:
    made.ran("T1", {"api": {"a.txt": "a\n"}})
    made.ran("T2", {"web": {"w.txt": "w\n"}}, after=("T1",))
    made.ran("T3", {"web": {"v.txt": "v\n"}}, after=("T2",), state="blocked")

    assert (
        "not every task is done: T3 is blocked: see `orch status`, or land what is done: `orch land --tasks T1,T2`"
        in (land().err)
    )
    assert "T2 comes after T1, which would not be landed" in land("--tasks", "T2").err
    assert land("--tasks", "T9").code == 2
    assert land("--tasks", "T1,T2").code == 0
    assert subjects(made.repos["web"]) == ["Do T2", "Start web"]


def test_a_repo_without_a_commit_gets_its_first_one(tmp_path: Path, made: Landscape, land: Land) -> None:
    api = made.repos["api"]
    git(api, "switch", "-q", "--orphan", "fresh")
    made.ran("T1", {"api": {"a.txt": "a\n"}})

    assert land().code == 0
    assert subjects(api) == ["Do T1"]


def test_a_detached_head_and_the_messages_of_the_repo(made: Landscape, land: Land) -> None:
    api = made.repos["api"]
    for subject in ("feat(lines): count", "fix(lines): count again", "chore: tidy"):
        commit(api, subject)
    git(api, "switch", "-q", "--detach")
    made.ran("T1", {"api": {"src/lines/a.txt": "a\n"}}, title="Fix the count.")

    assert land().code == 0
    assert subjects(api)[0] == "fix(lines): fix the count"


def interrupted(made: Landscape, land: Land, *, decided: bool) -> dict[str, str]:
    """A landing of which a stop left the journal and its locks. Returns the new ids by repo."""
    land()
    entries = made.workspace.operations.read_text(encoding="utf-8").splitlines(keepends=True)
    made.workspace.operations.write_text("".join(entries[: 3 if decided else 2]), encoding="utf-8")
    new = {}
    for name, repo in made.repos.items():
        new[name] = git(repo, "rev-parse", BRANCH)
        git(repo, "update-ref", "-d", f"refs/heads/{BRANCH}")
        lock = repo / ".git" / "refs" / "heads" / f"{BRANCH}.lock"
        lock.parent.mkdir(exist_ok=True)
        end = "" if name == "web" else "\n"  # git writes it with a call of its own, so a stop may leave it out
        lock.write_text(f"{new[name]}{end}", encoding="utf-8")
    return new


def test_a_message_says_what_was_changed_also_if_a_later_run_found_nothing_to_change(
    made: Landscape, land: Land
) -> None:
    made.ran("T1", {"api": {"a.txt": "a\n"}}, summary="There was nothing to change.")
    made.tasks[-1] = replace(made.tasks[-1], change="It answers at once.")
    made.save()

    assert land().code == 0
    assert git(made.repos["api"], "log", "-1", "--format=%b", BRANCH).splitlines()[0] == "It answers at once."


def test_a_person_who_goes_on_from_the_branch_has_a_clean_work_tree_and_lands_what_comes_next(
    made: Landscape, land: Land
) -> None:
    api = made.repos["api"]
    made.ran("T1", {"api": {"a.txt": "a\n", "lines": "T1\n"}})
    land()
    git(api, "symbolic-ref", "HEAD", f"refs/heads/{BRANCH}")
    git(api, "reset", "-q")
    assert git(api, "status", "--porcelain") == ""
    assert "nothing to land" in land().err

    made.ran("T2", {"api": {"a.txt": "a\nb\n"}})
    assert f"api: the branch {BRANCH} is checked out in {api}" in land().err
    assert land("--branch", "next").code == 0
    assert subjects(api, "next") == ["Do T2", "Do T1", "Start api"]
    wrong = land("--branch", "a..b")
    assert (wrong.code, wrong.err) == (
        2,
        "orch: git does not accept `a..b` as the name of a branch: name another one with --branch\n",
    )


@pytest.mark.parametrize("words", [("land", "--continue"), ("land", "--abort"), ("ops",), ("land",)])
def test_a_landing_that_was_decided_is_finished_by_whatever_comes_next(
    made: Landscape, land: Land, words: tuple[str, ...]
) -> None:
    made.ran("T1", {"api": {"a.txt": "a\n"}, "web": {"w.txt": "w\n"}})
    new = interrupted(made, land, decided=True)

    assert run(["-C", str(made.workspace.root), *words]) == 0
    assert branches(made) == new
    assert locks(made) == []


@pytest.mark.parametrize("words", [("land", "--continue"), ("land", "--abort"), ("ops",)])
def test_a_landing_that_was_not_decided_is_cleared(made: Landscape, land: Land, words: tuple[str, ...]) -> None:
    made.ran("T1", {"api": {"a.txt": "a\n"}, "web": {"w.txt": "w\n"}})
    new = interrupted(made, land, decided=False)

    run(["-C", str(made.workspace.root), *words])
    assert branches(made) == {}
    assert locks(made) == []
    assert land().code == 0
    assert branches(made) == new


def test_a_stop_while_what_was_landed_is_kept_leaves_no_lock(made: Landscape, land: Land) -> None:
    made.ran("T1", {"api": {"a.txt": "a\n"}, "web": {"w.txt": "w\n"}})
    new = interrupted(made, land, decided=True)
    words = ("for-each-ref", "--format=%(refname)", "refs/orch-runs/**/1")
    refs = {name: git(repo, *words) for name, repo in made.repos.items()}
    for name, repo in made.repos.items():
        git(repo, "update-ref", "-d", refs[name])
        lock = repo / ".git" / f"{refs[name]}.lock"
        lock.parent.mkdir(parents=True, exist_ok=True)
        lock.touch()

    assert land("--continue").code == 0
    assert {name: git(repo, "rev-parse", refs[name]) for name, repo in made.repos.items()} == new
    assert locks(made) == []


@pytest.mark.promise("all or none")
def test_a_lock_of_somebody_else_is_never_removed_and_the_landing_goes_on_behind_it(
    made: Landscape, land: Land
) -> None:
    made.ran("T1", {"api": {"a.txt": "a\n"}, "web": {"w.txt": "w\n"}})
    new = interrupted(made, land, decided=True)
    lock = made.repos["web"] / ".git" / "refs" / "heads" / f"{BRANCH}.lock"
    lock.write_text("", encoding="utf-8")

    found = answer(land("--continue", "--json"))
    assert found["state"] == "landing"
    assert "File exists" in found["why"]
    assert (branches(made), lock.exists()) == ({"api": new["api"]}, True)
    assert land().code == 1
    lock.unlink()
    assert land("--continue").code == 0
    assert branches(made) == new


def test_a_lock_that_says_nothing_is_removed_if_it_is_the_file_that_the_landing_held(
    made: Landscape, land: Land
) -> None:
    made.ran("T1", {"api": {"a.txt": "a\n"}, "web": {"w.txt": "w\n"}})
    new = interrupted(made, land, decided=True)
    lock = made.repos["web"] / ".git" / "refs" / "heads" / f"{BRANCH}.lock"
    lock.write_text("", encoding="utf-8")  # as the lock of all refs is with reftable
    *before, decided = map(json.loads, made.workspace.operations.read_text(encoding="utf-8").splitlines())
    found = lock.stat()
    for ref in decided["refs"]:
        ref["held"] = f"{found.st_dev}:{found.st_ino}:{found.st_mtime_ns}" if ref["child"] == "web" else ref["held"]
    made.workspace.operations.write_text("".join(f"{json.dumps(one)}\n" for one in (*before, decided)), "utf-8")
    held = lock.stat().st_mtime_ns

    os.utime(lock, ns=(held + 1, held + 1))  # another file, perhaps
    assert (land("--continue").code, lock.exists()) == (1, True)
    os.utime(lock, ns=(held, held))
    assert land("--continue").code == 0
    assert (branches(made), locks(made)) == (new, [])


def test_a_branch_that_moved_on_behind_a_stop_stays_where_it_is(made: Landscape, land: Land) -> None:
    made.ran("T1", {"api": {"a.txt": "a\n"}, "web": {"w.txt": "w\n"}})
    interrupted(made, land, decided=True)
    assert land("--continue").code == 0
    entries = made.workspace.operations.read_text(encoding="utf-8").splitlines(keepends=True)
    made.workspace.operations.write_text("".join(entries[:3]), encoding="utf-8")
    api = made.repos["api"]
    git(api, "stash", "-q", "-u")
    git(api, "switch", "-q", BRANCH)
    commit(api, "on top of it")
    later = git(api, "rev-parse", "HEAD")

    assert land("--continue").code == 0
    assert branches(made)["api"] == later
