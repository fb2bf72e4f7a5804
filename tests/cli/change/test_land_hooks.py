"""`orch land` has the hooks of each repo run on its commits, as yours, unless a task may have written what they run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from supervisor.shell import process
from tests.cli.change.landing import BRANCH, Land, answer, branches, hook, subjects, there, tip
from tests.gitrepo import commit, git
from tests.landscape import Landscape, write


@pytest.fixture(autouse=True)
def state(home: Path, monkeypatch: pytest.MonkeyPatch, made: Landscape) -> Path:
    """The folder in which hooks run; it lies where no child may write."""
    monkeypatch.setenv("XDG_STATE_HOME", str(home / "state"))
    with made.workspace.config.open("a", encoding="utf-8") as file:
        file.write("sandbox:\n  exclude_tmp: true\n")
    return home / "state" / "orch" / "landing"


def nothing_is_left(made: Landscape, state: Path) -> bool:
    return (not state.exists() or os.listdir(state) == []) and process.marked(made.workspace.mark()) == []


def test_hooks_see_what_git_commit_would_show_them_and_nothing_of_the_repo_is_touched(
    made: Landscape, land: Land, state: Path, tmp_path: Path
) -> None:
    api = made.repos["api"]
    seen = tmp_path / "seen"
    staged = "git diff --cached --name-only"
    hook(api, "pre-commit", f"(git symbolic-ref HEAD; {staged}; cat $({staged})) >> {seen}")
    hook(api, "prepare-commit-msg", f'echo "$2" >> {seen}; echo "Ticket: 7" >> "$1"')
    hook(api, "commit-msg", f'head -n1 "$1" >> {seen}; sed -i "1s/Do/Did/" "$1"')
    hook(api, "post-commit", f"echo never >> {seen}")
    write(api, {"mine.txt": "not in it\n"})
    made.ran("T1", {"api": {"new": "n\n"}, "web": {"w": "w\n"}})
    before = git(api, "status", "--porcelain=v2", "--branch"), git(api, "rev-parse", "HEAD")

    ran = land("--json")

    assert answer(ran)["state"] == "landed", ran
    assert seen.read_text(encoding="utf-8").split("\n") == [f"refs/heads/{BRANCH}", "new", "n", "message", "Do T1", ""]
    assert subjects(api) == ["Did T1", "Start api"]
    message = git(api, "log", "-1", "--format=%B", BRANCH)
    assert "Orch-Task: T1\nTicket: 7" in message
    assert (git(api, "status", "--porcelain=v2", "--branch"), git(api, "rev-parse", "HEAD")) == before
    assert nothing_is_left(made, state)
    seen.unlink()
    assert "nothing to land" in land().err
    assert not seen.exists(), "the same commits are not tried again"


@pytest.mark.promise("hooks")
@pytest.mark.parametrize("name", ["pre-commit", "commit-msg", "prepare-commit-msg"])
def test_a_hook_that_refuses_stops_all_repos_and_is_named_with_what_it_says(
    made: Landscape, land: Land, state: Path, name: str
) -> None:
    made.ran("T1", {"api": {"a": "a\n"}, "web": {"w": "w\n"}})
    hook(made.repos["web"], name, r"printf 'line 3 is \033[31mtoo long\033[0m\n' >&2; sleep 300 & exit 9")

    ran = land()

    assert ran.code == 1
    assert f"the {name} hook of web exited with 9, so nothing was landed" in ran.err
    assert "line 3 is " in ran.err
    assert "\x1b" not in ran.err
    assert branches(made) == {}
    assert nothing_is_left(made, state)
    assert answer(land("--json"))["state"] == "refused"
    assert land("--no-verify").code == 0
    assert len(branches(made)) == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (": > .git/index.lock", "index.lock': File exists"),
        (r"git ls-files -s README.md | sed 's/ 0\t/ 1\t/' | git update-index --index-info", "error building trees"),
    ],
)
def test_a_hook_that_leaves_an_index_of_which_git_makes_no_commit_is_named(
    made: Landscape, land: Land, state: Path, text: str, said: str
) -> None:
    made.ran("T1", {"api": {"a": "a\n"}, "web": {"w": "w\n"}})
    hook(made.repos["web"], "pre-commit", text)

    ran = land()

    assert (ran.code, branches(made)) == (1, {})
    assert "the hooks of web left nothing that can be committed" in ran.err
    assert said in ran.err
    assert nothing_is_left(made, state)


def test_what_a_hook_formats_and_adds_is_landed_and_later_tasks_build_on_it(
    made: Landscape, land: Land, state: Path
) -> None:
    api = made.repos["api"]
    hook(api, "pre-commit", "for f in *.up; do [ -f $f ] && tr a-z A-Z < $f > t && mv t $f && git add $f; done; true")
    made.ran("T1", {"api": {"a.up": "abc\n"}})
    made.ran("T2", {"api": {"b.up": "def\n", "plain": "p\n"}})

    assert land().code == 0

    assert git(api, "show", f"{BRANCH}:a.up", f"{BRANCH}:b.up").split() == ["ABC", "DEF"]
    assert git(api, "show", f"{BRANCH}~1:a.up") == "ABC"
    assert git(api, "diff-tree", "-r", "--name-only", "--no-commit-id", BRANCH).split() == ["b.up", "plain"]
    assert (api / "a.up").read_text(encoding="utf-8") == "abc\n"
    git(api, "stash", "-q", "-u")
    git(api, "merge", "-q", BRANCH)
    assert "what is checked out has all that the tasks changed" in land().err
    made.ran("T3", {"api": {"c.up": "x\n"}})
    assert land("--branch", "next").code == 0
    assert subjects(api, "next")[0] == "Do T3"
    assert nothing_is_left(made, state)


@pytest.mark.promise("hooks")
@pytest.mark.parametrize(
    ("folder", "text", "changed"),
    [
        ("hooks", "touch ../ran", "hooks/pre-commit"),
        ("hooks", "true", "hooks/lib.sh"),
        (".husky/_", "true", ".husky/pre-commit"),
        ("", "sh tools/lint.sh", "tools/lint.sh"),
        ("", "cd tools && ./lint.sh", "tools/lint.sh"),
        ("", "npm run lint", "package.json"),
    ],
)
def test_what_a_task_may_have_written_is_shown_and_runs_only_once_a_person_says_yes_to_these_bytes(
    made: Landscape, land: Land, tmp_path: Path, folder: str, text: str, changed: str
) -> None:
    api, ran = made.repos["api"], tmp_path / "ran"
    body = f"#!/bin/sh\ntouch {ran}\n{text} 2>/dev/null; true\n"
    if folder:
        write(api, {f"{folder}/pre-commit": body})
        (api / folder / "pre-commit").chmod(0o755)
        git(api, "config", "core.hooksPath", folder)
        commit(api, "hook")
    else:
        hook(api, "pre-commit", body.removeprefix("#!/bin/sh\n"))
    ran.unlink(missing_ok=True)
    before = body if changed == f"{folder}/pre-commit" else ""
    made.ran("T1", {"api": {changed: f"{before}echo written by a task\n"}})

    refused = land()

    assert refused.code == 1
    assert f"the pre-commit hook of api would run what a task may have written: {changed}" in refused.err
    assert "+echo written by a task" in refused.err
    assert (branches(made), ran.exists()) == ({}, False)
    assert land("--trust-hooks").code == 0
    assert ran.exists()
    ran.unlink()
    git(api, "branch", "-D", BRANCH)
    (made.workspace.state / "operations.jsonl").unlink()
    assert land("--branch", "again").code == 0, "yes was said to these bytes"
    made.ran("T2", {"api": {changed: f"{before}echo another\n"}})
    assert land("--branch", "third").code == 1


def test_a_hook_that_only_looks_like_it_names_a_file_is_not_asked_about(made: Landscape, land: Land) -> None:
    hook(made.repos["api"], "pre-commit", "test -f linesman || true  # a.txt.bak")
    made.ran("T1", {"api": {"lines": "x\n", "b": "b\n", "a": "a\n"}})
    assert land().code == 0


def test_hooks_that_the_person_switched_off_or_has_elsewhere_are_obeyed(
    made: Landscape, land: Land, tmp_path: Path
) -> None:
    api, ran = made.repos["api"], tmp_path / "ran"
    hook(api, "pre-commit", "exit 1")
    git(api, "config", "--global", "core.hooksPath", "/dev/null")
    made.ran("T1", {"api": {"a": "a\n"}})
    assert land().code == 0
    mine = tmp_path / "mine.git"
    mine.mkdir()
    hook(mine, "commit-msg", f"touch {ran}")
    git(api, "config", "--global", "core.hooksPath", str(mine / "hooks"))
    assert land("--branch", "other").code == 0
    assert ran.exists()


def test_a_dry_run_names_the_hooks_and_runs_none(made: Landscape, land: Land, tmp_path: Path) -> None:
    hook(made.repos["api"], "pre-commit", f"touch {tmp_path}/ran")
    hook(made.repos["web"], "post-commit", "true")
    made.ran("T1", {"api": {"a": "a\n"}, "web": {"w": "w\n"}})

    ran = land("--dry-run")

    assert "api: pre-commit" in ran.out
    assert answer(land("--dry-run", "--json"))["hooks"] == {"api": ["pre-commit"]}
    assert not (tmp_path / "ran").exists()


def test_hooks_are_none_of_the_persons_repo_and_of_no_other_one(
    made: Landscape, land: Land, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a hook does to the repo in which it runs stays in the one that is thrown away."""
    api, web = made.repos["api"], made.repos["web"]
    hook(api, "pre-commit", "git tag here && git config user.name Eve && git commit -q --no-verify -m own; git gc -q")
    made.ran("T1", {"api": {"a": "a\n"}})
    kept = git(api, "for-each-ref")
    monkeypatch.setenv("GIT_DIR", str(web / ".git"))
    done = land()
    monkeypatch.delenv("GIT_DIR")
    assert done.code == 0, done.err
    assert [git(one, "tag") for one in (api, web)] == ["", ""]
    assert git(api, "config", "user.name") == "Ada"
    assert set(kept.splitlines()) <= set(git(api, "for-each-ref").splitlines())
    assert "T1" in "".join(subjects(api))


def test_an_unborn_repo_and_one_with_a_detached_head_have_their_hooks_too(made: Landscape, land: Land) -> None:
    api, web = made.repos["api"], made.repos["web"]
    git(web, "checkout", "-q", "--detach")
    for repo in (api, web):
        hook(repo, "commit-msg", 'echo "Seen: yes" >> "$1"')
    made.ran("T1", {"api": {"a": "a\n"}, "web": {"w": "w\n"}})
    assert land().code == 0
    assert all("Seen: yes" in git(repo, "log", "-1", "--format=%B", BRANCH) for repo in (api, web))


@pytest.mark.promise("hooks")
def test_a_pre_push_hook_that_runs_what_a_task_wrote_runs_once_a_person_says_yes(
    made: Landscape, land: Land, remotes: dict[str, Path]
) -> None:
    web = made.repos["web"]
    hook(web, "pre-push", "exec sh scripts/check")
    made.ran("T4", {"web": {"scripts/check": "touch ran\n"}})

    refused = land("--push")

    assert "web: scripts/check is changed, which the pre-push hook runs" in refused.err
    assert (refused.code, (web / "ran").exists(), branches(made)) == (1, False, {})
    assert land().code == 0
    done = land("--push", "--trust-hooks")
    assert (done.code, (web / "ran").exists()) == (0, True), done.err
    assert "+touch ran" in done.err
    assert there(remotes["web"]) == tip(web)
