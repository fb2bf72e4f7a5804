"""The hooks of commits run on the machine of their repo, in a repo that is thrown away, as at a `git commit` there."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from supervisor.domain.change.landing import RepoPlan
from supervisor.errors import OrchError
from supervisor.runtime.change.land.commits import LandOptions, worked_out
from supervisor.runtime.change.land.hooks import CommitHooks
from supervisor.shell.git.land.hooks import HookStake
from tests.gitrepo import git
from tests.runtime.remote.yard import Yard, hook


class Farm:
    """A yard whose config says where `firmware` lives, and what its hooks said."""

    def __init__(self, yard: Yard, home: Path) -> None:
        self.yard, self.home = yard, home
        self.repo = yard.made.repos["firmware"]
        self.said: list[str] = []
        self.shown: list[HookStake] = []
        self.trusting = False
        self.write(exclude_tmp=True)

    def write(self, path: str = "", **sandbox: bool) -> None:
        """Write the config; `path`: of one more child on that machine."""
        rows = {"backend": "../backend", "firmware": {"path": str(self.repo), "runner": "lab"}}
        more = {"more": {"path": path, "runner": "lab"}} if path else {}
        config = {"children": rows | more, "runners": {"lab": {"connect": ["env", "--"]}}, "sandbox": sandbox}
        self.yard.made.workspace.config.write_text(json.dumps(config), encoding="utf-8")

    def land(self, **options: object) -> RepoPlan:
        """Work a landing out, with its hooks; return what there is of `firmware`."""

        def trusts(_: str, stake: HookStake) -> bool:
            self.shown.append(stake)
            return self.trusting

        wanted = LandOptions(**options)  # type: ignore[arg-type]
        hooks = CommitHooks(
            self.yard.made.workspace,
            say=self.said.append,
            trusts=trusts,
            runs=not wanted.dry_run,
            skips=not wanted.verify,
        )
        try:
            plan = worked_out(self.yard.made.status(), self.yard.roots, wanted, (), {}, hooks)
        finally:
            hooks.close()
        return plan.repos[1]

    def refused(self) -> str:
        with pytest.raises(OrchError) as caught:
            self.land()
        return str(caught.value)

    @property
    def left(self) -> list[str]:
        return [str(one) for one in (self.home / ".local/state/orch/landing").rglob("*")]


@pytest.fixture
def farm(yard: Yard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Farm:
    monkeypatch.setenv("CODEX_HOME", str(tmp_path / "codex"))
    return Farm(yard, tmp_path)


@pytest.mark.promise("hooks")
def test_hooks_there_see_what_git_commit_shows_them_and_what_they_leave_is_landed(farm: Farm, tmp_path: Path) -> None:
    seen, staged = tmp_path / "seen", "git diff --cached --name-only"
    hook(
        farm.yard,
        "pre-commit",
        f"(pwd; git symbolic-ref HEAD; {staged}) >> {seen}; for f in R*.md; do tr a-z A-Z < $f > t\n"
        "mv t $f; git add $f; done; echo more > more; git add more; env | grep ^GIT_NO && exit 1; true",
    )
    hook(farm.yard, "prepare-commit-msg", f'echo "$2" >> {seen}; printf "\\nTicket: 7  \\n\\n\\n" >> "$1"')
    hook(farm.yard, "commit-msg", f'head -n1 "$1" >> {seen}; sed -i "1s/Do/Did/" "$1"')
    before = git(farm.repo, "status", "--porcelain=v2", "--branch"), git(farm.repo, "rev-parse", "HEAD")

    landed = farm.land()

    place = tmp_path / ".local/state/orch/landing"
    where, *rest = seen.read_text(encoding="utf-8").splitlines()
    assert Path(where).is_relative_to(place), where
    assert rest == ["refs/heads/orch/move-the-fleet", "README.md", "made here.txt", "message", "Do T1"]
    assert git(farm.repo, "show", f"{landed.tip}:README.md", f"{landed.tip}:more") == "# PUMP\nmore"
    message = git(farm.repo, "log", "-1", "--format=%B", landed.tip)
    assert (message.splitlines()[0], message.rstrip().splitlines()[-1]) == ("Did T1", "Ticket: 7")
    assert (git(farm.repo, "status", "--porcelain=v2", "--branch"), git(farm.repo, "rev-parse", "HEAD")) == before
    assert (farm.left, farm.shown) == ([], [])
    seen.unlink()
    assert farm.land() == landed
    assert not seen.exists(), "the same commits are not tried again"
    hook(farm.yard, "commit-msg", "exit 1")
    assert "the commit-msg hook of firmware exited with 1" in farm.refused()
    assert farm.land(verify=False).commits[0].message.startswith("Do T1")


@pytest.mark.promise("hooks")
def test_a_hook_there_that_refuses_is_told_with_what_it_says_and_leaves_no_process(farm: Farm, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    hook(
        farm.yard,
        "pre-commit",
        f"printf 'line 3 is \\033[31mtoo long\\033[0m\\n' >&2; sleep 300 & echo $! > {pid}; exit 9",
    )
    assert "the pre-commit hook of firmware exited with 9, so nothing was landed" in farm.refused()
    assert farm.said[0] == "firmware: pre-commit"
    assert "line 3 is " in farm.said[1]
    assert "\x1b" not in farm.said[1]
    assert not runs(int(pid.read_text(encoding="ascii")))
    assert farm.left == []


@pytest.mark.promise("nobody answers for the person")
def test_an_orphan_of_a_hook_there_without_environment_ends_with_the_landing(farm: Farm, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    leaves = f"env -i setsid sh -c 'echo $$ > {pid}; exec sleep 300' > /dev/null 2>&1 < /dev/null"
    hook(farm.yard, "pre-commit", f"({leaves} &); until [ -s {pid} ]; do sleep 0.01; done; exit 9")
    assert "the pre-commit hook of firmware exited with 9, so nothing was landed" in farm.refused()
    assert not runs(int(pid.read_text(encoding="ascii")))
    assert farm.left == []


@pytest.mark.promise("hooks")
def test_what_a_task_may_have_written_runs_there_only_once_a_person_says_yes(farm: Farm) -> None:
    hook(farm.yard, "pre-commit", "sh ./README.md 2> /dev/null; true")
    assert "would run what a task may have written: README.md" in farm.refused()
    assert [(one.hook, one.files) for one in farm.shown] == [("pre-commit", ("README.md",))]
    assert "+# Pump" in farm.shown[0].diff
    farm.trusting = True
    assert farm.land().commits[0].message.startswith("Do T1")
    farm.trusting = False
    assert farm.land(branch="again").commits[0].message.startswith("Do T1"), "yes was said to these bytes"


@pytest.mark.parametrize("where", ["temporary", "child", "config"])
def test_no_hook_runs_there_where_a_sandbox_may_write(
    farm: Farm, where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook(farm.yard, "pre-commit", f"touch {tmp_path}/ran")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "here"))
    codex = tmp_path / "codex"
    codex.mkdir()
    match where:
        case "temporary":
            monkeypatch.setenv("TMPDIR", str(tmp_path / ".local"))
            farm.write()
        case "child":
            (tmp_path / "link").symlink_to(tmp_path / ".local")
            farm.write(str(tmp_path / "link"), exclude_tmp=True)
        case _:
            named = "[sandbox_workspace_write]\nwritable_roots = ['/nowhere', '~/.local']\n"
            (codex / "config.toml").write_text(named, encoding="utf-8")
    said = farm.refused()
    assert f"the hooks of lab:{farm.repo} would run in " in said
    assert "where a child may write" in said
    assert "land with --no-verify" in said
    assert not (tmp_path / "ran").exists()
    assert farm.left == []
    farm.write(exclude_tmp=True, exclude_roots=True)
    assert farm.land().commits, "what takes these folders from the sandbox takes the refusal, too"


def test_a_line_that_is_cut_in_a_hook_lands_nothing_and_the_next_try_clears_what_it_left(
    farm: Farm, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "fifo")
    hook(farm.yard, "pre-commit", f"echo $$ > {tmp_path}/fifo; exec sleep 300")

    def drop() -> int:
        pid = int((tmp_path / "fifo").read_text(encoding="ascii"))
        farm.yard.drop()
        return pid

    with ThreadPoolExecutor(1) as pool:
        dropped = pool.submit(drop)
        assert "lab is out of reach" in farm.refused()
        pid = dropped.result(60)
    assert runs(pid)
    farm.yard.cut.unlink()
    hook(farm.yard, "pre-commit", "exit 0")
    assert farm.land().commits
    assert not runs(pid)
    assert farm.left == []


def runs(pid: int) -> bool:
    """Whether a process runs: one that ended may not be reaped yet."""
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
