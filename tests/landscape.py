"""A workspace whose tasks have run: real repos, kept work trees, and the last status of a supervisor that is down."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from supervisor.domain.plan import Integration
from supervisor.domain.status import (
    ChildInfo,
    KeptRunInfo,
    PlanInfo,
    Status,
    SupervisorInfo,
    TaskInfo,
)
from supervisor.domain.thread import Tokens
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.git.keep.capture import KeptTrees
from supervisor.shell.git.keep.form import ref_of
from supervisor.shell.git.tree import read_now
from tests.gitrepo import commit, empty_repo

Files = dict[str, str | None]
"""The contents of files by path; None: it is removed."""


class Landscape:
    """A workspace with children, of which `ran` records what tasks changed."""

    def __init__(self, folder: Path, *children: str, title: str = "Move the fleet") -> None:
        self.workspace = WorkspacePaths(folder / "ws")
        self.workspace.root.mkdir(parents=True)
        rows = "".join(f"  {name}: ../{name}\n" for name in children)
        self.workspace.config.write_text(f"children:\n{rows}", encoding="utf-8")
        self.workspace.state.mkdir()
        self.title, self.revision = title, 3
        self.integration: tuple[Integration, ...] = ()
        self.repos = {name: empty_repo(folder / name) for name in children}
        for name, repo in self.repos.items():
            with (repo / ".git/config").open("a", encoding="utf-8") as config:
                config.write("[user]\nname = Ada\nemail = ada@example.com\n")
            write(repo, {"README.md": f"# {name}\n", "lines": "".join(f"{number}\n" for number in range(9))})
            commit(repo, f"Start {name}")
        self._kept = {name: KeptTrees(repo, ref_of(self.workspace.id, name)) for name, repo in self.repos.items()}
        self.tasks: list[TaskInfo] = []
        self.save()

    def ran(
        self,
        task: str,
        changes: dict[str, Files],
        *,
        after: tuple[str, ...] = (),
        title: str = "",
        summary: str = "Did it.",
        state: str = "done",
        change: Callable[[Path], object] | None = None,
    ) -> None:
        """A task ran and changed these files, in these children; `change` does what files do not tell."""
        kept = []
        for child, files in changes.items():
            before = self.keep(child)
            write(self.repos[child], files)
            if change is not None:
                change(self.repos[child])
            kept.append(KeptRunInfo(1, child, before, self.keep(child)))
        self.tasks.append(
            TaskInfo(
                task,
                title or f"Do {task}",
                next(iter(changes), "human"),
                after,
                state,
                None,
                1,
                summary,
                Tokens(),
                (),
                (),
                since=f"2026-11-29T10:{len(self.tasks):02}:00.000Z",
                kept=tuple(kept),
            )
        )
        self.save()

    def keep(self, child: str) -> str:
        """Keep the work tree of a child as a supervisor does."""
        return self._kept[child].keep(read_now(self.repos[child]), child).commit

    def status(self) -> Status:
        """The last status, as a supervisor that is down has left it."""
        return Status(
            str(self.workspace.root),
            SupervisorInfo("down"),
            PlanInfo("in_force", self.revision, self.title, integration=self.integration),
            tuple(ChildInfo(name, str(repo), "stopped") for name, repo in self.repos.items()),
            tuple(self.tasks),
            (),
        )

    def save(self) -> None:
        self.workspace.last_status.write_bytes(msgspec.json.encode(self.status()))


def write(repo: Path, files: Files) -> None:
    """Write files into a work tree."""
    for name, text in files.items():
        path = repo / name
        if text is None:
            path.unlink()
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
