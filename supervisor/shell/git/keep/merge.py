"""Merge work trees three-way, without a work tree: `git merge-tree` on commits that nothing refers to."""

from __future__ import annotations

import os
from pathlib import Path

from msgspec import Struct

from supervisor.domain.repo.pathname import shown
from supervisor.errors import WorkspaceError
from supervisor.shell.git.config import read_config, read_git
from supervisor.shell.git.folder import place_of
from supervisor.shell.git.reach.there import PathThere
from supervisor.shell.git.run import failed

_MERGE = (
    "merge.directoryRenames=false",  # a file that the person put into a renamed folder stays where it is
    "merge.renames=true",
    "merge.default=text",  # no driver of the repo for all files
)
_LIMIT = 600.0  # seconds
NO_INDEX = "no-index-of-orch"


class Merged(Struct, frozen=True):
    """The result of a merge."""

    tree: str  # its id; with conflicts, it holds marks in place of them
    conflicts: tuple[str, ...] = ()  # the paths of the files that both sides changed, each in another way


def merged(root: Path, base: str, ours: str, theirs: str) -> Merged:
    """Apply what lies between the trees `base` and `theirs` to the tree `ours`. All are ids of trees in the repo.

    Runs no merge driver that the repo names. Raises WorkspaceError when git fails.
    """
    if base == theirs or ours == theirs:
        return Merged(ours)
    if base == ours:
        return Merged(theirs)
    start = _commit(root, base)
    sides = [_commit(root, tree, start) for tree in (ours, theirs)]
    drivers = [
        one.key
        for one in read_config(root)
        if one.of_repo and one.key.startswith("merge.") and one.key.endswith(".driver")
    ]
    if any("=" in key for key in drivers):
        raise WorkspaceError(f"the configuration of {root} names a merge driver with an odd name", "rename it")
    # `false` is a driver that merges nothing: a file that both sides changed is a conflict.
    settings = (*_MERGE, *(f"{key}=false" for key in drivers))
    answer = read_git(
        root,
        *("merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", *sides),
        seconds=_LIMIT,
        settings=settings,
        index=_no_index(root),
    )
    if answer.code not in (0, 1) or answer.cut:
        raise failed(root, "merge two work trees", answer)
    tree, *names = answer.out.decode("utf-8", "surrogateescape").rstrip("\0").split("\0")
    ours, theirs = (f"~{side}" for side in sides)  # follows the name of a file where the other side has a folder
    paths = dict.fromkeys(name.removesuffix(ours).removesuffix(theirs) for name in names if name)
    return Merged(tree, tuple(shown(os.fsencode(one)) for one in paths) if answer.code == 1 else ())


def _no_index(root: Path) -> Path:
    """An index that is not there, so it names no attributes; no child may make one there."""
    if isinstance(root, PathThere):
        return Path(NO_INDEX)
    place = place_of(root)
    assert place is not None, "a repo that was kept has a git folder"
    return place.git / NO_INDEX


def _commit(root: Path, tree: str, *parents: str) -> str:
    words = [word for parent in parents for word in ("-p", parent)]
    answer = read_git(root, "commit-tree", tree, *words, settings=_IDENTITY, stdin=b"kept by orch\n", environ=_TIME)
    if answer.code != 0:
        raise failed(root, "merge two work trees", answer)
    return answer.out.decode("ascii").strip()


_IDENTITY = ("user.name=orch", "user.email=orch@localhost", "commit.gpgSign=false", "i18n.commitEncoding=utf-8")
_TIME = {"GIT_AUTHOR_DATE": "@0 +0000", "GIT_COMMITTER_DATE": "@0 +0000"}
"""The marks of conflicts name the commits: the same merge, done again, makes the same marks."""
