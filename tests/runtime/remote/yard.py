"""A repo here and one elsewhere, with what a task changed in both."""

from __future__ import annotations

from pathlib import Path

import psutil

from supervisor.domain.change.landing import LandingPlan
from supervisor.domain.child import Child, Runner
from supervisor.runtime.change.journal import Journal
from supervisor.runtime.change.land.commits import LandOptions, worked_out
from supervisor.runtime.change.land.hooks import CommitHooks
from supervisor.runtime.change.land.refs import Landed, carry_out
from supervisor.runtime.remote.repo import repo_of
from supervisor.shell.git.land.look import value_of
from supervisor.shell.git.reach.there import PathThere
from tests.landscape import Landscape

BRANCH = "refs/heads/orch/move-the-fleet"
FILES: dict[str, str | None] = {"made here.txt": "one\n", "README.md": "# Pump\n"}


class Yard:
    """A repo here, and `firmware` behind a prefix that leads nowhere while `cut` is there."""

    def __init__(self, folder: Path) -> None:
        self.made = Landscape(folder, "backend", "firmware")
        self.cut = folder / "cut"
        prefix = ("sh", "-c", f'[ ! -e "{self.cut}" ] || exit 255; cat | "$@" | cat', "sh")
        self.programs = folder / "programs there"  # before all others on the PATH there
        runner = Runner("lab", prefix, path=(str(self.programs),))
        child = Child("firmware", str(self.made.repos["firmware"]), runner=runner)
        self.firmware: PathThere = repo_of(self.made.workspace, child).root
        self.roots: dict[str, Path] = {"backend": self.made.repos["backend"], "firmware": self.firmware}
        self.made.ran("T1", {"backend": FILES, "firmware": FILES})

    def hooks(self) -> CommitHooks:
        return CommitHooks(self.made.workspace, say=print, trusts=lambda _, __: False)

    def plan(self, **options: object) -> LandingPlan:
        return worked_out(self.made.status(), self.roots, LandOptions(**options), (), {}, self.hooks())  # type: ignore[arg-type]

    def land(self, book: Journal, plan: LandingPlan) -> Landed:
        return carry_out(book, self.made.workspace, plan, lambda _: None, self.roots)

    def drop(self) -> None:
        """Cut all lines to the machine, and have no new one lead there."""
        self.cut.touch()
        ways = [one for one in psutil.Process().children() if one.name() == "sh"]
        ends = [one for way in ways for one in way.children() if one.name() == "cat"]  # not those that are there
        for one in (*ways, *ends):
            one.kill()
        assert psutil.wait_procs((*ways, *ends), timeout=10)[1] == []

    def tips(self) -> dict[str, str | None]:
        return {name: value_of(repo, BRANCH) for name, repo in self.made.repos.items()}

    def left(self) -> list[str]:
        """What a landing left in the git folders."""
        found = (one for repo in self.made.repos.values() for one in (repo / ".git").rglob("*"))
        return [
            one.name
            for one in found
            if one.name.endswith(".lock") or (one.name.startswith("orch-") and one.name != "orch-runs")
        ]


def hook(yard: Yard, name: str, text: str) -> None:
    file = yard.made.repos["firmware"] / ".git/hooks" / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    file.chmod(0o755)
