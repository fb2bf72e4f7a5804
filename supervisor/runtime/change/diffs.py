"""Find what tasks changed in their repos: compare the working trees that were kept before and after their runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from supervisor.core.change.spans import Span, joined, spans
from supervisor.domain.change.diff import FileDiff
from supervisor.domain.status import Status, TaskInfo
from supervisor.errors import OrchError, WorkspaceError
from supervisor.runtime.remote.roots import roots_of
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.git.keep.capture import KeptTrees
from supervisor.shell.git.keep.compare import changes_between, patch_between
from supervisor.shell.git.keep.form import ref_of
from supervisor.shell.git.tree import read_now

NOW = ".now"
"""What follows the ref of a child for the working tree as it is while a run goes on. It is kept to be compared."""


class TaskDiff(Struct, frozen=True):
    """What one task changed in one repo."""

    task: str
    title: str
    child: str
    files: tuple[FileDiff, ...] = ()
    patches: tuple[bytes, ...] = ()  # of each span
    notes: tuple[str, ...] = ()  # what the reader should know


def diffs_of(workspace: WorkspacePaths, status: Status, tasks: Sequence[TaskInfo], *, patches: bool) -> list[TaskDiff]:
    """Find what these tasks changed, one after the other, and in each child apart. `patches`: with the lines, too.

    A repo that cannot be read has a note instead.
    """
    with roots_of(workspace, status) as roots:
        return list(_diffs(workspace, roots, tasks, patches=patches))


def _diffs(
    workspace: WorkspacePaths, roots: Mapping[str, Path], tasks: Sequence[TaskInfo], *, patches: bool
) -> Iterator[TaskDiff]:
    now: dict[str, str] = {}
    for task in tasks:
        for child in dict.fromkeys(run.child for run in task.kept):
            own = [span for span in spans(task.kept) if span.child == child]
            notes = tuple(f"{path}: not kept" for run in task.kept if run.child == child for path in run.left_out)
            try:
                yield _of_task(workspace, task, roots, own, now, notes, patches=patches)
            except OrchError as error:
                yield TaskDiff(task.id, task.title, child, notes=(str(error),))


def _of_task(
    workspace: WorkspacePaths,
    task: TaskInfo,
    roots: Mapping[str, Path],
    own: Sequence[Span],
    now: dict[str, str],
    notes: tuple[str, ...],
    *,
    patches: bool,
) -> TaskDiff:
    child = own[0].child
    root = roots.get(child)
    if root is None:
        raise WorkspaceError(f"{child} is no child of this workspace any more", "add it again with `orch add`")
    ends = [(span.before, span.after or _now(workspace, child, root, now)) for span in own]
    parts = [changes_between(root, *pair) for pair in ends]
    odd = [any(one.additions is None for one in part) for part in parts]
    texts = tuple(patch_between(root, *pair, binary=one) for pair, one in zip(ends, odd, strict=True) if patches)
    return TaskDiff(task.id, task.title, child, joined(parts), texts, tuple(dict.fromkeys(notes)))


def _now(workspace: WorkspacePaths, child: str, root: Path, known: dict[str, str]) -> str:
    if child not in known:
        trees = KeptTrees(root, ref_of(workspace.id, child) + NOW, only=True)
        known[child] = trees.keep(read_now(root), f"{child} as it is", among=()).commit
    return known[child]
