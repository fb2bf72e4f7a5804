"""The work trees of all children, for commands that compare and write them, wherever they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from supervisor.domain.child import Child
from supervisor.late import Late
from supervisor.runtime.workspace import WorkspacePaths

if TYPE_CHECKING:
    from supervisor.domain.status import Status
    from supervisor.runtime.config import load
    from supervisor.runtime.remote import repo
else:  # 40 ms: only children on other machines need them
    load = Late("supervisor.runtime.config.load")
    repo = Late("supervisor.runtime.remote.repo")

AT_ONCE = 8  # machines or repos that are reached at once; an sshd drops some of more than ten logins at once
READING = 2  # sessions of a connection that no line takes (`sharing.LINES`)


def root_of(workspace: WorkspacePaths, child: Child) -> Path:
    """Return the root of a child's work tree, for whoever reads its files. Asks nothing there yet."""
    if child.runner is None:
        return Path(child.path)
    return repo.repo_to_read(workspace, child).root


def most_at_once(workspace: WorkspacePaths, children: Sequence[Child]) -> int:
    """Return how many of these work trees can be read at the same time: a connection takes few more sessions, and an
    sshd few logins at once."""
    machines = {child.runner.connect for child in children if child.runner is not None}
    free = [READING * len(workspace.connections(one)) for one in machines]
    return min([AT_ONCE, *(one for one in free if one)])


@contextmanager
def roots_of(workspace: WorkspacePaths, status: Status) -> Iterator[dict[str, Path]]:
    """Yield the root of the work tree of each child. To another machine, one line at most is opened, when it is needed.

    Left out is a child on another machine that the config no longer has.
    """
    roots = {one.name: Path(one.path) for one in status.children if one.runner is None}
    away = {one.name for one in status.children if one.runner is not None}
    with ExitStack() as lines:
        if away:
            for child in load.named(workspace):
                if child.name in away and child.runner is not None:
                    there = repo.repo_of(workspace, child)
                    lines.enter_context(there.talking())
                    roots[child.name] = there.root
        yield roots
