"""Make linked work trees in which the runs of tasks work, and merge what they hold into the child's work tree.

Each act may be done again after a stop at any point: what is to be merged is kept as commits first, and what was
written already fits what is written again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from supervisor.domain import action as act
from supervisor.domain import event as ev
from supervisor.domain.child import Child
from supervisor.errors import OrchError, WorkspaceError
from supervisor.runtime.workspace import WorkspacePaths, make_private
from supervisor.shell.git.keep.capture import KeptTrees
from supervisor.shell.git.keep.form import OWN, KeptTree, TreeState, ref_of
from supervisor.shell.git.keep.linked import add, catch_up, has_marks, is_linked, remove
from supervisor.shell.git.keep.target import rewrites, state_of, stepped
from supervisor.shell.git.keep.write import look, write_changes
from supervisor.shell.git.tree import TreeNow

if TYPE_CHECKING:
    from supervisor.runtime.codex.checks import WorkTree


class OwnTrees:
    """The linked work trees of one child. One act goes on at a time."""

    def __init__(
        self,
        child: Child,
        main: WorkTree,
        workspace: WorkspacePaths,
        refuse: Callable[[Path], None],
        post: Callable[[ev.Event], None],
        now: Callable[[], datetime],
    ) -> None:
        self._child = child
        self._root = Path(child.path)
        self._main = main
        self._workspace = workspace
        self._refuse = refuse
        self._post = post
        self._now = now
        self._lock = asyncio.Lock()

    async def carry_out(self, action: act.MakeTree | act.MergeTree) -> None:
        """Posts what came of it: OwnTreeMade, MergeTried, OwnTreeMerged or OwnTreeFailed."""
        async with self._lock:
            try:
                do = self._make if isinstance(action, act.MakeTree) else self._merge
                found = await asyncio.to_thread(do, action)  # type: ignore[arg-type]
            except (OrchError, OSError) as error:
                found = [ev.OwnTreeFailed(self._now(), action.child, action.task, action.run, str(error))]
            for event in found:
                self._post(event)

    def _make(self, action: act.MakeTree) -> list[ev.Event]:
        if self._child.runner is not None:
            raise WorkspaceError("orch makes work trees on this machine only", "remove `isolation: worktree`")
        now = self._main.read()
        head = now.repos[0].head
        if head is None:
            raise WorkspaceError(
                f"{self._root} has no commit yet, and git makes no work tree without one",
                "commit something, or remove `isolation: worktree`",
            )
        folder = self._workspace.own_trees / self._child.name
        self._refuse(folder)
        main = self._main.keep(now, f"Before run {action.run} of {action.task} in a work tree of its own").commit
        if action.path and is_linked(Path(action.path), self._root):
            base = self._brought_up(Path(action.path), head, action, main)
            return [ev.OwnTreeMade(self._now(), action.child, action.task, action.run, action.path, base)]
        make_private(folder.parent)
        make_private(folder)
        path = _unused(folder, action.task)
        add(self._root, path, head)
        self._write(path, self._state(self._keep(path, "As checked out")[1]), self._state(main))
        return [ev.OwnTreeMade(self._now(), action.child, action.task, action.run, str(path), main)]

    def _brought_up(self, path: Path, head: str, action: act.MakeTree, main: str) -> str:
        """Merge what the child's work tree holds now into an older linked one. If that does not fit, it stays as it is:
        the conflicts are found once its own changes are to be merged. Returns the base of what is not merged."""
        kept = self._keep(path, f"Before run {action.run} of {action.task}")[1]
        ours = self._state(kept)
        target, conflicts = stepped(self._root, ours, self._state(action.base), self._state(main))
        if conflicts:
            return action.base
        self._write(path, ours, target)
        catch_up(path, head)
        return main

    def _merge(self, action: act.MergeTree) -> list[ev.Event]:
        path = Path(action.path)
        if not action.work:
            return [self._try(action, path)]
        base, work = self._state(action.base), self._state(action.work)
        if action.conflicts:
            marked, _ = stepped(self._root, work, base, self._state(action.main))
            now = self._state(self._keep(path, f"Conflicts of {action.task}")[1])
            target, changed = stepped(self._root, now, work, marked)
            if changed:
                raise WorkspaceError(f"{path} was edited meanwhile ({', '.join(changed)})", "look at it")
            self._write(path, now, target)
            return [self._merged(action, action.main, str(path))]
        read = self._main.read()
        before = self._kept(read, f"Before {action.task} in {action.child}")
        ours = self._state(before.commit)
        target, conflicts = stepped(self._root, ours, base, work)
        if conflicts:  # somebody edited it since
            said = (action.work, before.commit, conflicts)
            return [ev.MergeTried(self._now(), action.child, action.task, action.run, *said)]
        self._write(self._root, ours, target)
        title = f"After run {action.run} of {action.task} in {action.child}"
        after = self._kept(self._main.read(), title)
        diff = self._main.diff(action.main, after.commit, action.shared)
        left = "" if self._removed(path, work) else str(path)
        where = (self._now(), action.child, action.task, action.run)
        return [
            ev.TreeKept(*where, action.main),
            ev.TreeKept(*where, after.commit, True, after.left_out, diff),
            self._merged(action, action.work, left),
        ]

    def _try(self, action: act.MergeTree, path: Path) -> ev.MergeTried:
        if not is_linked(path, self._root):
            raise WorkspaceError(f"the work tree of {action.task} is gone ({path})", "look where it is")
        work = self._keep(path, f"After run {action.run} of {action.task}, in its own work tree")[1]
        main = self._kept(self._main.read(), f"Before {action.task} in {action.child}").commit
        states = (self._state(main), self._state(action.base), self._state(work))
        _, conflicts = stepped(self._root, *states)
        marked = [name for name in action.conflicts if has_marks(self._root, work, name)]
        every = tuple(dict.fromkeys((*conflicts, *marked)))
        return ev.MergeTried(self._now(), action.child, action.task, action.run, work, main, every)

    def _merged(self, action: act.MergeTree, base: str, path: str) -> ev.OwnTreeMerged:
        where = (self._now(), action.child, action.task, action.run)
        return ev.OwnTreeMerged(*where, base, path, action.conflicts)

    def _removed(self, path: Path, work: TreeState) -> bool:
        """Remove a linked work tree if all that it holds is merged. Returns whether it is gone."""
        if not is_linked(path, self._root):
            return True
        left_out, now = self._keep(path, "Once it was merged")
        return not left_out and self._state(now) == work and remove(self._root, path)

    def _keep(self, path: Path, title: str) -> tuple[tuple[str, ...], str]:
        """Keep a linked work tree: what is left out of it, and the commit."""
        trees = KeptTrees(path, ref_of(self._workspace.id, self._child.name) + OWN)
        kept = trees.keep(trees.read(), title)
        return kept.left_out, kept.commit

    def _kept(self, now: TreeNow, title: str) -> KeptTree:
        return self._main.keep(now, title)

    def _state(self, commit: str) -> TreeState:
        return state_of(self._root, commit)

    def _write(self, path: Path, now: TreeState, target: TreeState) -> None:
        """Write into a work tree what makes it `target`: all of it, or nothing. Raises WorkspaceError."""
        changes = rewrites(self._root, now, target)
        seen = look(path, changes)
        if seen.in_the_way:
            raise WorkspaceError(f"{path} cannot be written: {'; '.join(seen.in_the_way)}", "move that away")
        try:
            write_changes(path, changes, seen)
        except WorkspaceError:
            for back in rewrites(self._root, target, now):
                with suppress(OrchError):
                    found = look(path, (back,))
                    if not found.in_the_way:
                        write_changes(path, (back,), found)
            raise


def _unused(folder: Path, task: str) -> Path:
    """Return a place for a new work tree. What lies in the usual one is of an earlier life, and stays."""
    number, path = 1, folder / task
    while path.exists() or path.is_symlink():
        number += 1
        path = folder / f"{task}-{number}"
    return path
