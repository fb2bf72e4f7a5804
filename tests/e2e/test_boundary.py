"""What a child's commands cannot write in a workspace that `orch up` accepted, and which ones it refuses."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp

import pytest

from supervisor.runtime.workspace import WorkspacePaths
from tests.e2e.lab import Lab, report, task
from tests.gitrepo import empty_repo

pytestmark = pytest.mark.long


def tries(*targets: Path) -> str:
    """A script line that tries to append a comment to files, and notes in `tried.txt` how that went."""
    words = " ".join(map(str, targets))
    return f"run for at in {words}; do echo '# noted' >> $at && echo $at written; done > tried.txt 2> refused.txt"


def contents(paths: tuple[Path, ...]) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in paths if path.suffix != ".jsonl"}


@pytest.fixture
def slash_tmp() -> Iterator[Path]:
    folder = Path(mkdtemp(dir="/tmp", prefix="orch-t-"))
    yield folder
    shutil.rmtree(folder)


@pytest.mark.promise("workspace out of reach")
def test_no_command_of_a_child_writes_the_plan_the_config_or_the_ledger() -> None:
    """The workspace is the parent of its child: as near as `orch up` accepts it."""
    with Lab() as lab:
        root = lab.workspace.root
        lab.repos["app"] = lab.repo("workspace/app")
        lab.orch("init", "app=app")
        lab.up()
        kept = (lab.workspace.plan, lab.workspace.config, lab.workspace.ledger, root / ".gitignore")
        lab.plan(
            task(
                "T1",
                "app",
                tries(*kept, root / "new.md", root / ".codex" / "config.toml"),
                f"run ln {lab.workspace.plan} hard.md && echo linked >> tried.txt",
                f"run ln -s {lab.workspace.plan} soft.md; echo '# noted' >> soft.md && echo followed >> tried.txt",
                f"run mv {lab.workspace.plan} {root}/moved.md && echo moved >> tried.txt",
                report("Tried."),
                fields=(f"verify: `! echo '# noted' >> {lab.workspace.plan}`",),
            )
        )
        before = contents(kept)
        lab.task("T1", "done")
        assert (lab.repos["app"] / "tried.txt").read_text(encoding="utf-8") == ""
        assert len((lab.repos["app"] / "refused.txt").read_text(encoding="utf-8").splitlines()) == 6
        assert contents(kept) == before
        assert b"noted" not in lab.workspace.ledger.read_bytes().replace(b"echo '# noted'", b"")
        assert not (root / "new.md").exists()

        revision, within = lab.status()["plan"]["revision"], lab.repos["app"] / "plan.md"
        within.write_text(lab.workspace.plan.read_text(encoding="utf-8") + "\nMore.\n", encoding="utf-8")
        (link := root / ".link").symlink_to(within)
        link.replace(lab.workspace.plan)  # a person put it where the child can write it
        found = lab.until(lambda seen: seen["plan"]["state"] == "rejected")["plan"]
        assert found["revision"] == revision
        assert f"plan.md of the workspace ({within}) lies in the child `app`" in found["problems"][0]["message"]
        within.rename(lab.workspace.plan)
        lab.until(lambda seen: (seen["plan"]["state"], seen["plan"]["revision"]) == ("in_force", revision + 1))


@pytest.mark.promise("workspace out of reach")
def test_a_workspace_in_slash_tmp_is_driven_only_without_slash_tmp(slash_tmp: Path) -> None:
    with Lab("app") as lab:
        shutil.move(lab.workspace.root, slash_tmp / "ws")
        lab.workspace = type(lab.workspace)(slash_tmp / "ws")
        written = lab.workspace.config.read_text(encoding="utf-8").replace("../app", str(lab.repos["app"]))
        lab.workspace.config.write_text(written, encoding="utf-8")
        said = lab.orch("up", check=False)
        assert (said.returncode, f"({slash_tmp}/ws) lies in /tmp" in said.stderr) == (1, True)
        assert "sandbox: {exclude_tmp: yes}" in said.stderr
        doctor = lab.orch("doctor", check=False)
        assert (doctor.returncode, "FAILED  places " in doctor.stdout) == (1, True)
        assert [lab.orch(word, check=False).returncode for word in ("status", "logs", "down")] == [3, 0, 0]

        with lab.workspace.config.open("a", encoding="utf-8") as config:
            config.write("sandbox:\n  exclude_tmp: yes\n")
        lab.up()
        lab.plan(
            task(
                "T1",
                "app",
                tries(lab.workspace.plan, slash_tmp / "new.md"),
                report("Tried."),
                fields=(f"verify: `! touch {slash_tmp}/new.md`",),
            )
        )
        before = contents((lab.workspace.plan,))
        lab.task("T1", "done")
        assert (lab.repos["app"] / "tried.txt").read_text(encoding="utf-8") == ""
        assert contents((lab.workspace.plan,)) == before
        assert not (slash_tmp / "new.md").exists()


@pytest.mark.promise("workspace out of reach")
@pytest.mark.parametrize("of_repo", [False, True], ids=["of the user", "of a trusted repo"])
def test_a_workspace_in_a_writable_root_of_codex_is_driven_only_without_it(of_repo: bool) -> None:
    with Lab("app") as lab:
        root, config = lab.workspace.root, lab.workspace.config
        (lab.folder / "cache").mkdir()
        named = f'\n[sandbox_workspace_write]\nwritable_roots = ["{root}", "{lab.folder}/cache"]\n'
        codex = (lab.repos["app"] / ".codex" if of_repo else lab.home) / "config.toml"
        codex.parent.mkdir(exist_ok=True)
        with codex.open("a", encoding="utf-8") as file:
            file.write(named)
        if of_repo:
            text = config.read_text(encoding="utf-8").replace("path: ../app", "path: ../app\n    trusted: true")
            config.write_text(text, encoding="utf-8")
        said = lab.orch("up", check=False)
        assert (said.returncode, f"({root}) lies in {root}, where" in said.stderr) == (1, True)
        assert "or write `sandbox: {exclude_roots: yes}` into orchestrator.config.yaml" in said.stderr
        doctor = lab.orch("doctor", check=False)
        assert (doctor.returncode, "FAILED  places " in doctor.stdout) == (1, True)

        with config.open("a", encoding="utf-8") as file:
            file.write("sandbox:\n  exclude_roots: yes\n")
        lab.up()
        kept = (lab.workspace.plan, config, lab.workspace.ledger)
        lab.plan(
            task(
                "T1",
                "app",
                tries(*kept, root / "new.md", lab.folder / "cache" / "new"),
                report("Tried."),
                fields=(f"verify: `! touch {root}/new.md`, `touch {lab.repos['app']}/own`",),
            )
        )
        before = contents(kept)
        lab.task("T1", "done")
        assert (lab.repos["app"] / "tried.txt").read_text(encoding="utf-8") == ""
        assert contents(kept) == before
        assert not (root / "new.md").exists()
        assert (lab.repos["app"] / "own").exists()


@pytest.mark.promise("nested children")
def test_nested_children_are_refused_and_what_exists_can_be_looked_at_and_stopped() -> None:
    with Lab("app") as lab:
        inner = empty_repo(lab.repos["app"] / "lib")
        before = lab.up()
        good = lab.workspace.config.read_text(encoding="utf-8")
        lab.workspace.config.write_text(good.replace("\n\n", f"\n  lib:\n    path: {inner}\n\n", 1), encoding="utf-8")
        said = f"the child `lib` ({inner}) lies in the child `app` ({lab.repos['app']})"
        reloaded = lab.orch("up", check=False)
        assert (reloaded.returncode, said in reloaded.stderr) == (1, True)
        assert [one["pid"] for one in lab.status()["children"]] == [one["pid"] for one in before["children"]]
        doctor = lab.orch("doctor", check=False)
        assert (doctor.returncode, said in doctor.stdout) == (1, True)
        assert [lab.orch(word).returncode for word in ("status", "logs", "down")] == [0, 0, 0]
        started = lab.orch("up", check=False)
        assert (started.returncode, said in started.stderr) == (1, True)


@pytest.mark.promise("nested children")
def test_a_child_around_another_one_that_only_reads_stays_so_whatever_a_task_says() -> None:
    with Lab("app") as lab:
        inner = empty_repo(lab.repos["app"] / "lib")
        good = lab.workspace.config.read_text(encoding="utf-8")
        nested = good.replace("path: ../app", f"path: ../app\n    sandbox: read-only\n  lib:\n    path: {inner}")
        lab.workspace.config.write_text(nested, encoding="utf-8")
        assert "whatever a task says, these only read: app\n" in lab.orch("doctor").stdout
        lab.up()
        wider = ("sandbox: workspace-write",)
        lab.plan(
            task("T1", "app", f"run touch {inner}/from-app {lab.repos['app']}/own", report("Tried."), fields=wider)
            + task("T2", "lib", "write from-lib.txt x", report("Wrote."), fields=("after: T1",))
        )
        lab.task("T2", "done")
        assert sorted(path.name for path in inner.iterdir()) == [".git", "from-lib.txt"]
        assert not (lab.repos["app"] / "own").exists()


@pytest.mark.promise("one driver")
def test_two_workspaces_with_one_child_are_up_in_turn_and_never_at_once() -> None:
    with Lab("app") as lab:
        first, second = lab.workspace, WorkspacePaths(lab.folder / "second")
        second.root.mkdir()
        lab.workspace = second
        lab.orch("init", "shared=../app")
        lab.workspace = first
        pid = lab.up()["supervisor"]["pid"]

        lab.workspace = second
        refused = lab.orch("up", check=False)
        said = f"the workspace {first.root} (supervisor {pid}) drives the work tree of `shared`"
        assert (refused.returncode, said in refused.stderr) == (1, True)
        assert [lab.orch(word, check=False).returncode for word in ("status", "logs", "down")] == [3, 0, 0]

        lab.workspace = first
        os.kill(pid, signal.SIGKILL)
        lab.workspace = second
        refused = lab.orch("up", check=False)
        assert (refused.returncode, said in refused.stderr) == (1, True), "its server lives on, and may work"
        lab.workspace = first
        lab.up()
        assert [one["adopted"] for one in lab.ledger("server_ready")] == [False, True]
        lab.orch("down")

        lab.workspace = second
        lab.up()
        lab.workspace = first
        refused = lab.orch("up", check=False)
        assert (refused.returncode, f"the workspace {second.root} (" in refused.stderr) == (1, True)
        lab.workspace = second
        lab.orch("down")
        lab.workspace = first
        lab.up()


@pytest.mark.promise("one driver")
def test_a_child_that_another_workspace_drives_is_not_taken_in() -> None:
    with Lab("app", "api") as lab:
        first, second = lab.workspace, WorkspacePaths(lab.folder / "second")
        second.root.mkdir()
        other = lab.repo("other")
        lab.workspace = second
        lab.orch("init", "other=../other")
        lab.up()
        lab.workspace = first
        before = lab.up()
        good = first.config.read_text(encoding="utf-8")
        first.config.write_text(good.replace("path: ../api", f"path: {other}"), encoding="utf-8")
        refused = lab.orch("up", check=False)
        assert (refused.returncode, f"the workspace {second.root} (" in refused.stderr) == (1, True)
        assert lab.status()["children"][1]["pid"] == before["children"][1]["pid"]
        lab.workspace = second
        lab.orch("down")
        lab.workspace = first
        assert "reloaded the config" in lab.orch("up").stderr
