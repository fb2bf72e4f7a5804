"""The repo of a child on another machine, as git's layer knows it (`shell.git.reach.there`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from supervisor.domain.child import Child
from supervisor.runtime.remote.files import RemoteFiles
from supervisor.runtime.remote.place import ChildPlace
from supervisor.runtime.remote.reader import RemoteReader
from supervisor.runtime.remote.shell import RemoteShell
from supervisor.runtime.remote.writing import RemoteWriting
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.git.reach.files import PathChange, Stamp
from supervisor.shell.git.reach.there import PathThere, path_there


def repo_of(workspace: WorkspacePaths, child: Child) -> RemoteRepo:
    """Return the repo of a child behind a runner. Asks nothing there yet."""
    assert child.runner is not None, "it is elsewhere"
    return RemoteRepo(ChildPlace(workspace, child.name, child.runner, child.path))


class RemoteRepo(RemoteShell):
    """One repo at the other end of a prefix."""

    @property
    def root(self) -> PathThere:
        """Its root, for whoever runs git in it."""
        return path_there(self)

    def reader(self) -> RemoteReader:
        return RemoteReader(self, self.root)

    def files(self) -> RemoteFiles:
        return RemoteFiles(self)

    def write(self, changes: Sequence[PathChange], stamps: Mapping[bytes, Stamp | None]) -> None:
        with self.talking():
            RemoteWriting(self, stamps).write(changes)
