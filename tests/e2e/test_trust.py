"""Programs that a repo's own `.codex` names run only if the human trusts the repo."""

from __future__ import annotations

import os

import pytest

from tests.e2e.lab import Lab, report, task
from tests.gitrepo import commit, git

pytestmark = pytest.mark.long


@pytest.mark.promise("repo trust")
def test_programs_that_a_repo_names_run_only_if_it_is_trusted() -> None:
    with Lab("backend", "mobile") as lab:
        for name, repo in lab.repos.items():
            (repo / ".codex").mkdir()
            started = f'command = "touch"\nargs = ["{lab.folder / name}-started"]\n'
            (repo / ".codex" / "config.toml").write_text(f"[mcp_servers.tools]\n{started}", encoding="utf-8")
        before = (lab.home / "config.toml").read_bytes()
        config = lab.workspace.config.read_text(encoding="utf-8")
        lab.workspace.config.write_text(config.replace("../mobile", "../mobile\n    trusted: true"), encoding="utf-8")
        lab.up()
        lab.plan(task("T1", "backend", report("Done.")) + task("T2", "mobile", report("Done.")))
        lab.task("T1", "done")
        lab.task("T2", "done")
        assert [(lab.folder / f"{name}-started").exists() for name in lab.repos] == [False, True]

        lab.workspace.config.write_text(config.replace("../backend", "../backend\n    trusted: true"), encoding="utf-8")
        lab.orch("up")
        lab.plan(task("T3", "backend", report("Done.")))
        lab.task("T3", "done")
        assert (lab.folder / "backend-started").exists()
        assert (lab.home / "config.toml").read_bytes() == before, "the user's own config must not change"


@pytest.mark.promise("git trust")
def test_filters_that_a_repo_names_run_for_codex_only_if_they_are_trusted() -> None:
    """A filter that notes that it ran, in a folder that no sandbox may write: Codex runs it outside."""
    with Lab("backend", "mobile") as lab:
        for name, repo in lab.repos.items():
            (repo / ".gitattributes").write_text("*.md filter=note\n", encoding="utf-8")
            commit(repo)
            git(repo, "config", "filter.note.clean", f"touch {lab.folder / name}-ran; cat")
            os.utime(repo / "README.md", (1, 1))  # so that git has to read it to tell whether it changed
        config = lab.workspace.config.read_text(encoding="utf-8")
        lab.workspace.config.write_text(
            config.replace("../mobile", "../mobile\n    trusted_git: yes"), encoding="utf-8"
        )
        lab.up()
        lab.plan(task("T1", "backend", report("Done.")) + task("T2", "mobile", report("Done.")))
        lab.task("T1", "done")
        lab.task("T2", "done")
        lab.until(lambda _: (lab.folder / "mobile-ran").exists())
        assert not (lab.folder / "backend-ran").exists()

        lab.workspace.config.write_text(config.replace("../backend", "../backend\n    trusted_git: yes"), "utf-8")
        lab.orch("up")
        lab.plan(task("T3", "backend", report("Done.")))
        lab.task("T3", "done")
        lab.until(lambda _: (lab.folder / "backend-ran").exists())
