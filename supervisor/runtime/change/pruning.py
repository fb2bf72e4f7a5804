"""Let go of the kept trees that neither `orch diff` nor `orch undo` needs for the plan as it is."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from supervisor.domain.status import Status
from supervisor.domain.task import TaskStatus
from supervisor.runtime.change.diffs import NOW
from supervisor.runtime.change.taking_back import OPERATIONS, PLANNED
from supervisor.runtime.remote.roots import roots_of
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.git.keep.form import OWN, ref_of
from supervisor.shell.git.keep.prune import prune


class Pruned(Struct, frozen=True):
    """What was let go of in one child's repo."""

    child: str
    held: int  # kept trees before
    left: int  # kept trees of tasks that the plan has


def let_go(workspace: WorkspacePaths, status: Status) -> Iterator[Pruned]:
    """Let go of the kept trees of tasks that the plan no longer has, and of those around what a person started.

    Raises WorkspaceError when git fails. The journal must be open: nothing that needs them may go on.
    """
    tasks = [one for one in status.tasks if one.state != TaskStatus.RETIRED]
    with roots_of(workspace, status) as roots:
        for child, root in roots.items():
            runs = [run for task in tasks for run in task.kept if run.child == child]
            wanted = {commit for run in runs for commit in (run.before, run.after) if commit is not None}
            own = [one.work_tree for one in status.tasks if one.work_tree is not None and one.work_tree.child == child]
            apart = {commit for one in own for commit in one.kept}
            ref = ref_of(workspace.id, child)
            held, left = prune(root, ref, wanted | apart)
            kept, needed = prune(root, ref + OWN, apart)
            others = sum(prune(root, ref + more, ())[0] for more in (OPERATIONS, PLANNED, NOW))
            yield Pruned(child, held + kept + others, left + needed)
