"""A landing in a repo here and in one elsewhere: both or none, and finished when a machine that dropped is back."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from supervisor.domain.change.entry import Entry, LandingDecided
from supervisor.errors import OutOfReach, RequestRefused, WorkspaceError
from supervisor.runtime.change.journal import Journal, opened
from supervisor.runtime.change.land.commits import LandOptions
from supervisor.runtime.change.land.hooks import CommitHooks
from supervisor.runtime.change.land.pushing import PushResult, check_plan, push_landing
from supervisor.runtime.change.land.refs import carry_out, recover
from supervisor.runtime.change.land.reverting import reverted, standing_revert
from supervisor.shell.git.land.checkout import check_out
from supervisor.shell.git.land.hooks import HookStake
from supervisor.shell.git.land.look import value_of
from tests.gitrepo import git
from tests.peers.forge import stand_in_forge
from tests.runtime.remote.yard import BRANCH, FILES, Yard, hook

pytestmark = pytest.mark.long


def test_both_repos_land_with_the_commits_that_they_have_here(yard: Yard) -> None:
    plan = yard.plan()
    assert [(one.child, one.root) for one in plan.repos] == [(name, str(root)) for name, root in yard.roots.items()]
    with opened(yard.made.workspace.operations) as book:
        landed = yard.land(book, plan)
    assert landed.state == "landed"
    assert yard.tips() == {one.child: one.tip for one in plan.repos}
    shown = git(yard.made.repos["firmware"], "show", "--stat", "--format=%an %s", plan.repos[1].tip)
    assert shown.splitlines()[0] == "Ada Do T1"
    assert "made here.txt" in shown
    assert yard.left() == []
    assert not list(Path(os.environ["HOME"]).glob(".local/state/orch/landing-*"))
    kept = git(yard.made.repos["firmware"], "for-each-ref", "--format=%(objectname)", "refs/orch-runs/**/1")
    assert plan.repos[1].tip in kept


def test_the_branch_that_is_checked_out_moves_with_its_index(yard: Yard) -> None:
    with opened(yard.made.workspace.operations) as book:
        assert yard.land(book, yard.plan(here=True)).state == "landed"
    assert git(yard.made.repos["firmware"], "status", "--porcelain") == ""


def test_a_lock_of_somebody_else_there_changes_nothing_anywhere(yard: Yard) -> None:
    plan = yard.plan()
    lock = yard.made.repos["firmware"] / ".git" / f"{BRANCH}.lock"
    lock.parent.mkdir(parents=True)
    lock.write_text("somebody else's\n", encoding="utf-8")
    with opened(yard.made.workspace.operations) as book:
        with pytest.raises(WorkspaceError, match="git cannot make refs/heads/orch/move-the-fleet in lab:"):
            yard.land(book, plan)
        assert recover(book, yard.roots) == ()
    assert yard.tips() == {"backend": None, "firmware": None}
    assert lock.read_text(encoding="utf-8") == "somebody else's\n"
    assert not yard.firmware.repo.moves().release(plan.repos[1].lock, plan.repos[1].tip)


@pytest.mark.promise("dropped machine")
def test_a_machine_that_drops_before_it_is_decided_lands_nothing(yard: Yard) -> None:
    plan = yard.plan()

    def told(line: str) -> None:
        if line.startswith("firmware"):
            yard.drop()

    with opened(yard.made.workspace.operations) as book, pytest.raises(OutOfReach):
        carry_out(book, yard.made.workspace, plan, told, yard.roots)
    assert yard.tips() == {"backend": None, "firmware": None}
    settled(yard)


def settled(yard: Yard) -> None:
    """Wait until git there has let go: nobody waits for it once the line is cut."""
    until = time.monotonic() + 30
    while yard.left():
        assert time.monotonic() < until, yard.left()
        time.sleep(0.02)


@pytest.mark.promise("dropped machine")
def test_a_machine_that_drops_once_it_is_decided_is_waited_for(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = yard.plan()
    append = Journal.append

    def appended(book: Journal, entry: Entry) -> None:
        append(book, entry)
        if isinstance(entry, LandingDecided):
            yard.drop()

    monkeypatch.setattr(Journal, "append", appended)
    with opened(yard.made.workspace.operations) as book:
        landed = yard.land(book, plan)
        assert (landed.state, "lab is out of reach" in landed.why) == ("landing", True)
        assert value_of(yard.made.repos["backend"], BRANCH) == plan.repos[0].tip
        assert [one.state for one in recover(book, yard.roots)] == ["landing"]
        (stuck,) = recover(book, {})
        assert (stuck.state, "the config does not say how lab:" in stuck.why) == ("landing", True)
        yard.cut.unlink()
        assert [one.state for one in recover(book, yard.roots)] == ["landed"]
        assert recover(book, yard.roots) == ()
    assert yard.tips() == {one.child: one.tip for one in plan.repos}
    settled(yard)


def test_a_lock_that_a_reboot_there_left_is_removed_if_it_is_ours(yard: Yard) -> None:
    plan = yard.plan()
    lock = yard.made.repos["firmware"] / ".git" / f"{BRANCH}.lock"
    lock.parent.mkdir(parents=True)
    lock.write_text(f"{plan.repos[1].tip}\n", encoding="utf-8")
    assert yard.firmware.repo.moves().release(plan.repos[1].lock, plan.repos[1].tip)
    assert not lock.exists()


def test_a_landing_is_reverted_there_too(yard: Yard) -> None:
    options = LandOptions(revert=True)
    before = {name: git(repo, "rev-parse", "HEAD^{tree}") for name, repo in yard.made.repos.items()}
    with opened(yard.made.workspace.operations) as book:
        yard.land(book, yard.plan())
        assert standing_revert(book.entries, yard.roots) is None
        plan = reverted(book.entries, options, yard.hooks(), yard.roots)
        assert yard.land(book, plan).state == "landed"
        done = standing_revert(book.entries, yard.roots)
        with pytest.raises(WorkspaceError, match="the config does not say how lab:"):
            reverted(book.entries, options, yard.hooks(), {})
        yard.drop()
        with pytest.raises(OutOfReach):
            reverted(book.entries, options, yard.hooks(), yard.roots)
    assert done is not None
    assert done.landing.reverts == 1
    name = f"{plan.branch}^{{tree}}"
    assert {child: git(repo, "rev-parse", name) for child, repo in yard.made.repos.items()} == before


def with_remotes(yard: Yard) -> dict[str, Path]:
    """Give each repo a bare remote."""
    found = {}
    for name, repo in yard.made.repos.items():
        found[name] = bare = repo.parent / f"{name}.git"
        git(repo.parent, "init", "-q", "--bare", "-b", "main", str(bare))
        git(repo, "remote", "add", "origin", f"file://{bare}")
    return found


def test_a_push_runs_there_and_goes_on_after_a_drop(yard: Yard, tmp_path: Path) -> None:
    bare = with_remotes(yard)
    hook(yard, "pre-push", f"pwd > {tmp_path}/pushed; echo said >&2")
    plan = yard.plan(push=True)

    def drop(line: str) -> None:
        if line.startswith("firmware"):
            yard.drop()

    def push(book: Journal, told: Callable[[str], None]) -> PushResult:
        return push_landing(book, 1, told, yard.hooks(), yard.roots, requests=False)

    def heads() -> dict[str, str]:
        return {
            name: git(repo, "for-each-ref", "--format=%(objectname)", BRANCH).strip() for name, repo in bare.items()
        }

    backend, firmware = (one.tip for one in plan.repos)
    with opened(yard.made.workspace.operations) as book:
        yard.land(book, plan)
        cut = push(book, drop)
        assert (cut.done, cut.why.startswith("backend is pushed, firmware is not: lab is out of reach")) == (
            False,
            True,
        )
        assert heads() == {"backend": backend, "firmware": ""}
        yard.cut.unlink()
        assert push(book, print) == PushResult(True, "")
    assert heads() == {"backend": backend, "firmware": firmware}
    assert (tmp_path / "pushed").read_text(encoding="utf-8") == f"{yard.made.repos['firmware']}\n"


def test_what_a_remote_says_against_a_push_from_there_is_told(yard: Yard) -> None:
    bare = with_remotes(yard)["firmware"]
    refuse = bare / "hooks/pre-receive"
    refuse.parent.mkdir(exist_ok=True)
    refuse.write_text("#!/bin/sh\necho 'the branch is frozen' >&2\nexit 1\n", encoding="utf-8")
    refuse.chmod(0o755)
    with opened(yard.made.workspace.operations) as book:
        yard.land(book, yard.plan(push=True))
        found = push_landing(book, 1, print, yard.hooks(), yard.roots, requests=False)
    assert (found.done, "the branch is frozen" in found.why) == (False, True), found.why


def test_pull_requests_are_opened_there_by_the_forge_that_is_there(
    yard: Yard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_remotes(yard)
    monkeypatch.setenv("PATH", f"{tmp_path}/programs:/usr/bin:/bin")
    with stand_in_forge(tmp_path / "programs", "gh") as near, stand_in_forge(yard.programs, "gh") as far:
        far.refused["firmware"] = "the token has expired"
        with opened(yard.made.workspace.operations) as book:
            yard.land(book, yard.plan(push=True))

            def push() -> PushResult:
                return push_landing(book, 1, print, yard.hooks(), yard.roots, requests=True)

            refused = push()
            assert (refused.done, "the token has expired" in refused.why) == (False, True), refused.why
            del far.refused["firmware"]
            assert push() == PushResult(True, "")
        assert [list(one.requests) for one in (near, far)] == [
            ["https://forge.example/backend/pull/1"],
            ["https://forge.example/firmware/pull/1"],
        ]
        assert "https://forge.example/backend/pull/1" in far.requests["https://forge.example/firmware/pull/1"]["body"]
        assert {repo for one, repo in ((near, "backend"), (far, "firmware")) for _, repo, _ in one.calls} == {
            "backend",
            "firmware",
        }


def test_a_hook_there_that_a_task_may_have_written_runs_only_with_leave(yard: Yard) -> None:
    with_remotes(yard)
    hook(yard, "pre-push", "sh ./README.md")
    plan = yard.plan(push=True)
    with pytest.raises(RequestRefused, match=r"README.md is changed, which the pre-push hook runs"):
        check_plan(plan, yard.hooks(), yard.roots)
    shown: list[HookStake] = []

    def trusts(_: str, stake: HookStake) -> bool:
        shown.append(stake)
        return True

    trusting = CommitHooks(yard.made.workspace, say=print, trusts=trusts)
    assert set(check_plan(plan, trusting, yard.roots)) == {"backend", "firmware"}
    assert [(one.hook, one.files) for one in shown] == [("pre-push", ("README.md",))]
    assert "+# Pump" in shown[0].diff


def test_what_would_be_landed_there_is_checked_out_here(yard: Yard, tmp_path: Path) -> None:
    plan = yard.plan()
    check_out(yard.roots["backend"], plan.repos[0].tip, tmp_path / "here")
    check_out(yard.firmware, plan.repos[1].tip, tmp_path / "there")
    for file, text in FILES.items():
        assert [(tmp_path / name / file).read_text(encoding="utf-8") for name in ("here", "there")] == [text, text]
    assert git(tmp_path / "there", "rev-parse", "HEAD").strip() == plan.repos[1].tip
    assert git(tmp_path / "there", "log", "--format=%s").strip() == "Do T1"
    assert git(tmp_path / "there", "status", "--porcelain") == ""
