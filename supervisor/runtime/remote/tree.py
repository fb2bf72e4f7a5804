"""The work tree of a child on another machine, as the runs of tasks need it."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import AbstractContextManager

from supervisor.domain.change.diff import RunDiff
from supervisor.domain.child import Child
from supervisor.domain.task import ChangeList, Tree
from supervisor.runtime.codex.checks import WorkTree
from supervisor.runtime.remote.repo import RemoteRepo, repo_to_read
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.git.changes import changes_of
from supervisor.shell.git.keep.capture import KeptTrees
from supervisor.shell.git.keep.compare import short_between
from supervisor.shell.git.keep.form import KeptTree, ref_of
from supervisor.shell.git.tree import TreeNow, read_now, tree_of


def of_child(workspace: WorkspacePaths, child: Child) -> RemoteTree:
    """Return the work tree of a child behind a runner."""
    return RemoteTree(repo_to_read(workspace, child), ref_of(workspace.id, child.name))


class RemoteTree:
    """A work tree elsewhere, without the repos inside."""

    keeps = True

    def __init__(self, repo: RemoteRepo, ref: str) -> None:
        self._repo = repo
        self._trees = KeptTrees(repo.root, ref)

    def at(self, path: str) -> WorkTree:
        assert not path, "orch makes no linked work trees there"
        return self

    def read(self) -> TreeNow:
        with self._repo.talking():
            return read_now(self._repo.root)

    def tree(self, now: TreeNow) -> Tree:
        with self._repo.talking():
            return tree_of(now, inside=False)

    def changes(
        self, base: Tree, start: Tree | None = None, before: ChangeList | None = None
    ) -> tuple[tuple[str, ...], ChangeList, TreeNow]:
        with self._repo.talking():
            now = read_now(self._repo.root)
            return *changes_of(self._repo.root, base, start, before, now), now

    def keep(self, now: TreeNow, title: str) -> KeptTree:
        with self._repo.talking():
            return self._trees.keep(now, title)

    def diff(self, before: str, after: str, shared: Collection[str]) -> RunDiff:
        with self._repo.talking():
            return short_between(self._repo.root, before, after, shared)

    def talking(self) -> AbstractContextManager[None]:
        return self._repo.talking()
