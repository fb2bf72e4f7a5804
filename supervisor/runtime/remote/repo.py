"""The repo of a child on another machine, as git's layer knows it (`shell.git.reach.there`)."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from supervisor.domain.child import Child
from supervisor.late import Late
from supervisor.runtime.remote.place import ChildPlace
from supervisor.runtime.remote.shell import RemoteShell
from supervisor.runtime.remote.work.files import RemoteFiles
from supervisor.runtime.remote.work.moves import RemoteMoves
from supervisor.runtime.remote.work.reader import RemoteReader
from supervisor.runtime.remote.work.sources import RemoteSources, read_plain
from supervisor.runtime.remote.work.writing import RemoteWriting
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.git.reach.files import PathChange, Stamp
from supervisor.shell.git.reach.there import PathThere, path_there

if TYPE_CHECKING:
    from supervisor.runtime.remote.work import hooks
    from supervisor.shell.git.reach.hooks import HookRepoThere, Writable
else:
    hooks = Late("supervisor.runtime.remote.work.hooks")  # only a landing needs it


def repo_of(workspace: WorkspacePaths, child: Child) -> RemoteRepo:
    """Return the repo of a child behind a runner. Asks nothing there yet."""
    assert child.runner is not None, "it is elsewhere"
    return RemoteRepo(ChildPlace(workspace, child.name, child.runner, child.path))


def repo_to_read(workspace: WorkspacePaths, child: Child) -> RemoteRepo:
    """Return the same for whoever can do it again if the lines to that machine are cut: it uses their connections."""
    assert child.runner is not None, "it is elsewhere"
    place = ChildPlace(workspace, child.name, child.runner, child.path)
    place.go_over_any()
    return RemoteRepo(place)


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

    def sources(self) -> RemoteSources:
        return RemoteSources(self, self.root)

    def small(
        self, of_git: Sequence[str], of_common: Sequence[str], limit: int
    ) -> tuple[Mapping[str, bytes], Mapping[str, bytes]]:
        wanted = (("$gitdir", tuple(of_git)), ("$common", tuple(of_common)))
        return self.recalled((wanted, limit), lambda: self._small(wanted, limit))

    def _small(
        self, wanted: Sequence[tuple[str, Sequence[str]]], limit: int
    ) -> tuple[Mapping[str, bytes], Mapping[str, bytes]]:
        files = {(folder, os.fsencode(name)): limit for folder, names in wanted for name in names}
        found = read_plain(self, files)
        of: dict[str, dict[str, bytes]] = {folder: {} for folder, _ in wanted}
        for (folder, raw), content in found.items():
            of[folder][os.fsdecode(raw)] = content
        return of["$gitdir"], of["$common"]

    def moves(self) -> RemoteMoves:
        return RemoteMoves(self)

    def hook_repo(self, writable: Writable, seconds: float) -> HookRepoThere:
        return hooks.RemoteHookRepo(self, writable, seconds)

    def write(self, changes: Sequence[PathChange], stamps: Mapping[bytes, Stamp | None]) -> None:
        with self.talking():
            RemoteWriting(self, stamps).write(changes)
