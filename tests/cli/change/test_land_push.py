"""`orch land --push` pushes in the order of the dependencies, over no work of others, and names what is half done."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from supervisor.cli.main import run
from tests import CHECKOUT
from tests.cli.change.landing import BRANCH, REF, Land, answer, hook, subjects, there, tip
from tests.gitrepo import git
from tests.landscape import Landscape, write

pytestmark = pytest.mark.long


def test_the_branches_are_pushed_those_that_others_rest_on_first(
    made: Landscape, land: Land, remotes: dict[str, Path], tmp_path: Path
) -> None:
    order = tmp_path / "order"
    for name, bare in remotes.items():
        hook(bare, "pre-receive", f"echo {name} >> {order}")

    ran = land("--push")

    assert (ran.code, ran.out.splitlines()[-1]) == (0, "pushed api, web to origin (@1)")
    assert order.read_text(encoding="utf-8").split() == ["api", "web"]
    assert {name: there(bare) for name, bare in remotes.items()} == {n: tip(r) for n, r in made.repos.items()}
    found = answer(land("--json"))
    assert (found["state"], [one["pushed"] for one in found["repos"]]) == ("landed", [True, True])


def test_a_landed_plan_is_pushed_later_and_a_pushed_one_only_once(
    made: Landscape, land: Land, remotes: dict[str, Path], tmp_path: Path
) -> None:
    assert land().code == 0
    assert all(there(bare) == "" for bare in remotes.values())

    found = answer(land("--push", "--json"))

    assert (found["state"], found["why"]) == ("landed", None)
    assert [one["pushed"] for one in found["repos"]] == [True, True]
    assert all(there(bare) for bare in remotes.values())
    count = tmp_path / "count"
    hook(made.repos["api"], "pre-push", f"echo x >> {count}")
    assert land("--push").code == 0
    assert not count.exists()


def test_a_later_landing_moves_the_branch_of_the_remote_even_if_it_was_written_anew(
    made: Landscape, land: Land, remotes: dict[str, Path]
) -> None:
    land("--push")
    api = made.repos["api"]
    commit_alone(api, "later.txt")

    assert land("--push").code == 0

    assert there(remotes["api"]) == tip(api)
    assert subjects(api)[-2] == "work"


def commit_alone(repo: Path, name: str) -> None:
    write(repo, {name: "x\n"})
    git(repo, "add", name)
    git(repo, "commit", "-q", "-m", "work")


@pytest.mark.promise("half pushed")
def test_a_remote_that_refuses_is_named_and_continue_goes_on(
    made: Landscape, land: Land, remotes: dict[str, Path]
) -> None:
    hook(
        remotes["web"],
        "pre-receive",
        r"printf 'no \033[31mpush\033[0m on Friday https://ada:s3cr3tpw@x.example/\n' >&2; exit 1",
    )

    ran = land("--push")

    assert ran.code == 1
    assert "api is pushed, web is not: [remote rejected] (pre-receive hook declined): no push on Friday" in ran.err
    assert "`orch land --continue` goes on" in ran.err
    assert "\x1b" not in ran.err
    assert "s3cr3tpw" not in ran.err + made.workspace.operations.read_text(encoding="utf-8")
    assert (there(remotes["api"]), there(remotes["web"])) == (tip(made.repos["api"]), "")
    again = land("--continue", "--json")
    found = answer(again)
    assert (again.code, found["state"]) == (1, "partly_pushed")
    assert {one["child"]: one["pushed"] for one in found["repos"]} == {"api": True, "web": False}
    assert found["why"].startswith("api is pushed, web is not: ")
    assert "is not pushed everywhere: `orch land --continue` goes on" in land().err

    (remotes["web"] / "hooks" / "pre-receive").unlink()
    done = land("--continue", "--json")
    assert (done.code, answer(done)["state"]) == (0, "landed")
    assert there(remotes["web"]) == tip(made.repos["web"])
    assert "no landing and no push was interrupted" in land("--continue").err


def test_what_was_pushed_is_not_pushed_again_though_it_is_merged_and_gone(
    made: Landscape, land: Land, remotes: dict[str, Path]
) -> None:
    hook(remotes["web"], "pre-receive", "exit 1")
    land("--push")
    git(remotes["api"], "update-ref", "-d", REF)
    (remotes["web"] / "hooks" / "pre-receive").unlink()

    assert land("--continue").code == 0
    assert there(remotes["api"]) == ""


def test_a_push_that_is_asked_for_again_and_is_stopped_looks_at_every_remote(
    made: Landscape, land: Land, remotes: dict[str, Path]
) -> None:
    land("--push")
    for bare in remotes.values():
        git(bare, "update-ref", "-d", REF)
    hook(remotes["web"], "pre-receive", "exit 1")
    assert land("--push").code == 1
    (remotes["web"] / "hooks" / "pre-receive").unlink()

    assert land("--continue").code == 0
    assert all(there(bare) for bare in remotes.values())


def test_a_push_can_be_given_up(made: Landscape, land: Land, remotes: dict[str, Path]) -> None:
    hook(remotes["web"], "pre-receive", "exit 1")
    land("--push")

    ran = land("--abort")

    assert (ran.code, ran.out) == (0, "@1: the push was given up: api stays pushed, and the branches stay here\n")
    assert land("--continue").code == 1
    assert land("--abort").code == 1


@pytest.mark.promise("lease")
def test_a_branch_that_somebody_else_pushed_stays_and_nothing_is_pushed(
    made: Landscape, land: Land, remotes: dict[str, Path]
) -> None:
    web = remotes["web"]
    other = git(web, "commit-tree", git(web, "rev-parse", "main^{tree}"), "-m", "theirs")
    git(web, "update-ref", REF, other)

    ran = land("--push")

    assert ran.code == 1
    assert f"nothing is pushed, web is not: origin has {BRANCH} at {other[:10]}, which somebody else pushed" in ran.err
    assert (there(remotes["api"]), there(web)) == ("", other)
    git(web, "update-ref", "-d", REF)
    assert land("--continue").code == 0


def test_a_branch_that_moves_while_it_is_pushed_stays(made: Landscape, land: Land, remotes: dict[str, Path]) -> None:
    web = remotes["web"]
    other = git(web, "commit-tree", git(web, "rev-parse", "main^{tree}"), "-m", "theirs")
    hook(made.repos["web"], "pre-push", f"git -C {web} update-ref {REF} {other}")

    ran = land("--push")

    assert ran.code == 1
    assert "api is pushed, web is not: " in ran.err
    assert there(web) == other


def test_a_push_that_fails_behind_its_back_has_been_done(made: Landscape, land: Land, remotes: dict[str, Path]) -> None:
    """As one that a killed command left running, which comes first, or one whose connection breaks at its end."""
    web, bare = made.repos["web"], remotes["web"]
    hook(web, "pre-push", f"read _ new _; git push -q --no-verify {bare} $new:{REF}; exit 1")

    ran = land("--push", "--json")

    assert (ran.code, answer(ran)["state"]) == (0, "landed")
    assert there(bare) == tip(web)


def test_the_persons_own_hook_runs_and_may_refuse(made: Landscape, land: Land, remotes: dict[str, Path]) -> None:
    hook(made.repos["api"], "pre-push", 'echo "tests are red for $1" >&2; exit 3')

    ran = land("--push")

    assert ran.code == 1
    assert "nothing is pushed, api is not: tests are red for origin, web was not tried" in ran.err
    assert there(remotes["web"]) == ""


def ext_remote(repo: Path) -> None:
    git(repo, "config", "protocol.ext.allow", "always")
    git(repo, "remote", "set-url", "origin", "ext::touch /tmp/x")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda repo: git(repo, "remote", "remove", "origin"), "web has no remote to push to"),
        (
            lambda repo: git(repo, "config", "core.sshCommand", "touch x"),
            "web: its own configuration sets core.sshcommand",
        ),
        (lambda repo: git(repo, "config", "credential.https://x.helper", "!touch x"), "credential.https://x.helper"),
        (lambda repo: git(repo, "config", "remote.origin.receivepack", "touch x"), "remote.origin.receivepack"),
        (ext_remote, "protocol.ext.allow"),
        (
            lambda repo: (
                git(repo, "remote", "set-url", "--add", "--push", "origin", "a")
                + git(repo, "remote", "set-url", "--add", "--push", "origin", "b")
            ),
            "has 2 addresses to push to",
        ),
    ],
)
def test_what_cannot_be_pushed_is_refused_before_anything_is_touched(
    made: Landscape, land: Land, remotes: dict[str, Path], spoil: Callable[[Path], object], said: str
) -> None:
    spoil(made.repos["web"])
    before = [git(repo, "for-each-ref") for repo in made.repos.values()]

    ran = land("--push")

    assert ran.code == 1
    assert said in ran.err
    assert [git(repo, "for-each-ref") for repo in made.repos.values()] == before
    assert answer(land("--push", "--json"))["state"] == "refused"
    assert there(remotes["api"]) == ""


@pytest.mark.parametrize(
    ("path", "file", "text"),
    [
        (".husky", ".husky/pre-push", "touch ran"),
        (".husky", ".husky/other", ""),
        (".husky/_", ".husky/pre-push", "touch ran"),
        (".husky", "scripts/check", ""),
    ],
)
def test_a_hook_that_a_task_changed_does_not_run(
    made: Landscape, land: Land, remotes: dict[str, Path], path: str, file: str, text: str
) -> None:
    web = made.repos["web"]
    write(web, {f"{path}/pre-push": "#!/bin/sh\ntouch ran\nsh scripts/check\n"})
    (web / path / "pre-push").chmod(0o755)
    git(web, "add", path)
    git(web, "commit", "-q", "-m", "hook")
    git(web, "config", "core.hooksPath", path)
    made.ran("T4", {"web": {file: f"#!/bin/sh\n{text}\n"}})

    ran = land("--push")

    assert ran.code == 1
    assert f"web: {file} is changed, which the pre-push hook runs: read it, and push with --trust-hooks" in ran.err
    assert not (web / "ran").exists()
    assert all(there(bare) == "" for bare in remotes.values())
    assert land().code == 0
    assert land("--push").code == 1
    git(web, "push", "-q", "--no-verify", "origin", f"{BRANCH}:{BRANCH}")
    assert land("--push").code == 0
    assert there(remotes["api"]) == tip(made.repos["api"])


def test_a_hook_that_nobody_changed_runs_from_the_work_tree(
    made: Landscape, land: Land, remotes: dict[str, Path]
) -> None:
    web = made.repos["web"]
    write(web, {"hooks/pre-push": "#!/bin/sh\ntouch ran\n"})
    (web / "hooks" / "pre-push").chmod(0o755)
    git(web, "add", "hooks")
    git(web, "commit", "-q", "-m", "hook")
    git(web, "config", "core.hooksPath", "hooks")

    assert land("--push").code == 0
    assert (web / "ran").exists()


def test_a_remote_with_the_name_of_an_option_is_a_remote(made: Landscape, land: Land, remotes: dict[str, Path]) -> None:
    web = made.repos["web"]
    git(web, "config", "remote.--receive-pack=touch ran.url", f"file://{remotes['web']}")
    git(web, "remote", "remove", "origin")

    land("--push")

    assert not (web / "ran").exists()


def test_a_remote_that_cannot_be_reached_holds_back_the_others(
    made: Landscape, land: Land, remotes: dict[str, Path]
) -> None:
    away = remotes["web"].rename(remotes["web"].with_name("away"))

    ran = land("--push")

    assert ran.code == 1
    assert "nothing is pushed, web is not: git cannot reach origin: " in ran.err
    assert there(remotes["api"]) == ""
    away.rename(remotes["web"])
    assert land("--continue").code == 0
    assert there(remotes["api"]) == tip(made.repos["api"])


def test_here_pushes_the_branch_that_is_checked_out(made: Landscape, land: Land, remotes: dict[str, Path]) -> None:
    assert land("--here", "--push").code == 0
    for name, repo in made.repos.items():
        assert there(remotes[name], "refs/heads/main") == git(repo, "rev-parse", "main")
    assert land("--push").code == 0
    assert land("--here", "--pr").code == 2


def test_a_dry_run_says_where_to_without_the_credentials(made: Landscape, land: Land, remotes: dict[str, Path]) -> None:
    git(made.repos["api"], "remote", "set-url", "origin", "https://token123@git.example/api.git")

    ran = land("--dry-run", "--push")

    assert ran.code == 0
    assert f"api: would push {BRANCH} to origin (https://git.example/api.git)" in ran.out
    assert "token123" not in ran.out + ran.err


@pytest.mark.promise("half pushed")
def test_a_kill_between_two_pushes_is_gone_on_with(made: Landscape, land: Land, remotes: dict[str, Path]) -> None:
    hook(remotes["web"], "pre-receive", "kill -9 $(cat killed)")
    command = [sys.executable, "-m", "supervisor.cli.main", "-C", str(made.workspace.root), "land", "--push"]
    process = subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    (remotes["web"] / "killed").write_text(str(process.pid), encoding="utf-8")
    assert process.wait(60) == -signal.SIGKILL
    assert there(remotes["api"]) == tip(made.repos["api"])
    (remotes["web"] / "hooks" / "pre-receive").unlink()

    ran = land("--continue", "--json")

    assert (ran.code, answer(ran)["state"]) == (0, "landed")
    assert [one["pushed"] for one in answer(ran)["repos"]] == [True, True]
    assert there(remotes["web"]) == tip(made.repos["web"])
    assert run(["-C", str(made.workspace.root), "ops"]) == 0


def test_what_git_needs_from_the_persons_environment_reaches_it(
    made: Landscape, land: Land, remotes: dict[str, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seen = tmp_path / "seen"
    hook(made.repos["api"], "pre-push", f"env > {seen}; git config --get remote.pushed > {seen}.config")
    for name, value in (
        ("GIT_SSH_COMMAND", "ssh -x"),
        ("GIT_DIR", os.devnull),
        ("GIT_TRACE_CURL", "1"),
        ("GIT_CONFIG_COUNT", "1"),
        ("GIT_CONFIG_KEY_0", "remote.pushed"),
        ("GIT_CONFIG_VALUE_0", "mine"),
    ):
        monkeypatch.setenv(name, value)

    assert land("--push").code == 0

    found = seen.read_text(encoding="utf-8")
    assert "GIT_SSH_COMMAND=ssh -x" in found
    assert "GIT_TRACE_CURL" not in found
    assert f"GIT_DIR={os.devnull}" not in found
    assert Path(f"{seen}.config").read_text(encoding="utf-8") == "mine\n"
