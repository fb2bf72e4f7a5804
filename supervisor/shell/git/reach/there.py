"""A repo on another machine, as git's own layer knows it: a path that nothing here can open, and what reaches it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path, PosixPath
from typing import TYPE_CHECKING, NoReturn, Protocol

if TYPE_CHECKING:  # each process that reads a repo loads this module
    from supervisor.shell.git.reach.files import PathChange, Stamp, WorkFiles
    from supervisor.shell.git.reach.hooks import HookRepoThere, Writable
    from supervisor.shell.git.reach.moves import RefMoves
    from supervisor.shell.git.reach.output import GitOutput, ProgramOutput
    from supervisor.shell.git.reach.reader import TreeReader
    from supervisor.shell.git.reach.sources import Sources


class RepoThere(Protocol):
    """What reaches one repo on another machine. Its methods block, and raise OrchError."""

    raw: bytes  # the root of its work tree, on its machine
    at: str  # its machine, for people

    def talking(self, *, once: bool = False) -> AbstractContextManager[None]:
        """Keep one shell there for all that is asked within: a login takes longer than git does. `once`: what is asked
        again is answered as before."""

    def git(
        self,
        words: Sequence[str],
        environ: Mapping[str, str],
        *,
        stdin: bytes,
        index: str | None,
        seconds: float,
        limit: int,
        partial: bool,
    ) -> GitOutput:
        """Run git in the repo, as `run_git` does. `index`: the name of a file in its git folder."""

    def as_person(self, words: Sequence[str], environ: Mapping[str, str], *, seconds: float) -> ProgramOutput:
        """Run a program in the repo as the person would who logs in there. Nothing in it can ask a person."""

    def reader(self) -> TreeReader:
        """Return what reads its work tree once."""

    def files(self) -> WorkFiles:
        """Return what looks at the files of its work tree."""

    def sources(self) -> Sources:
        """Return what reads the contents of its files."""

    def small(
        self, of_git: Sequence[str], of_common: Sequence[str], limit: int
    ) -> tuple[Mapping[str, bytes], Mapping[str, bytes]]:
        """Read the first bytes, `limit` at most, of these files of its git folder, and of the one that its work trees
        share. No part of their names is a link."""

    def moves(self) -> RefMoves:
        """Return what moves its branches."""

    def hook_repo(self, writable: Writable, seconds: float) -> HookRepoThere:
        """Make a repo that is thrown away, in which each hook may run for so long, as the person who logs in there.

        Raises RequestRefused if it would lie where a sandbox there may write.
        """

    def write(self, changes: Sequence[PathChange], stamps: Mapping[bytes, Stamp | None]) -> None:
        """Do there what `keep.write.write_changes` does."""


class PathThere(PosixPath):
    """The root of a work tree on another machine. As text it is for people: `lab:/home/me/firmware`.

    Nothing takes it for a path of this machine: whoever opens it fails. Made by `path_there`.
    """

    repo: RepoThere

    def __fspath__(self) -> NoReturn:
        raise AssertionError(f"{self} is no path of this machine")


class GitFolderThere(PosixPath):
    """A git folder on another machine: what its small files held when they were read, all at once."""

    small: Mapping[str, bytes]

    def __fspath__(self) -> NoReturn:
        raise AssertionError(f"{self} is no path of this machine")


def git_folder_there(path: PathThere, small: Mapping[str, bytes]) -> GitFolderThere:
    """Return the git folder of a repo there, of which `small` was read."""
    folder = GitFolderThere(f"{path}/.git")
    folder.small = small
    return folder


def reaching(root: Path, *, once: bool = False) -> AbstractContextManager[None]:
    """Keep what reaches a work tree for all that is asked of it within; nothing, if it is here. `once`: as of
    `RepoThere.talking`."""
    return root.repo.talking(once=once) if isinstance(root, PathThere) else nullcontext()


def path_there(repo: RepoThere) -> PathThere:
    """Return the root of a work tree that `repo` reaches."""
    path = PathThere(f"{repo.at}:{repo.raw.decode('utf-8', 'surrogateescape')}")
    path.repo = repo
    return path


def raw_root(root: Path) -> bytes:
    """Return the root of a work tree as it is named on its machine."""
    return root.repo.raw if isinstance(root, PathThere) else os.fsencode(root)
