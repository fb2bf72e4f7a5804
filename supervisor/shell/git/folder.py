"""The `.git` folder of a repo, read without running git and without following links."""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from supervisor.regex import regex
from supervisor.shell.git.reach.there import GitFolderThere, PathThere, git_folder_there

SMALL = 4 << 10
"""Bytes that we read of a file that holds one number, name or commit."""

CONFIG_LIMIT = 64 << 10
"""Bytes of a configuration file that we search for filters ourselves; a longer one is left to git."""

_PLAIN = regex(
    rb"""[ \t]* (?: [#;].*
        | \[ (?!include|extensions) [\w.-]+ (?: \ "[^"\\]*" )? \]
        | repositoryformatversion [ \t]*=[ \t]* 0
        | bare [ \t]*=[ \t]* false
        | (?! repositoryformatversion | bare | worktree ) [a-z] [\w-]* [ \t]*= [^"\\#;]*
    )? [ \t]*""",
    re.IGNORECASE | re.VERBOSE,
)
"""A configuration line that cannot move the root of the work tree away from the folder that holds `.git`."""


class GitDir(Struct, frozen=True):
    """The folders in which git keeps a repo."""

    git: Path  # of one work tree
    common: Path  # shared by all work trees of the repo


def place_of(path: Path) -> GitDir | None:
    """Find the git folders of the repo whose root is `path`, or of the bare repo `path`. None if there is none.

    Those on another machine are read at once, and say later what they held; raises OrchError if there is no answer.
    """
    if isinstance(path, PathThere):
        names = ["/".join(one) for one in (*_PROGRESS, ("HEAD",), ("info", "sparse-checkout"))]
        git_small, common_small = path.repo.small(names, ("shallow",), CONFIG_LIMIT)
        return GitDir(git_folder_there(path, git_small), git_folder_there(path, common_small))
    git = path / ".git"
    if git.is_file():
        word = read_small(path, ".git") or b""
        if not word.startswith(b"gitdir: "):
            return None
        git = path / os.fsdecode(word.removeprefix(b"gitdir: ").rstrip(b"\r\n"))
    elif not git.is_dir():
        git = path
    if not (git / "HEAD").is_file() and not (git / "HEAD").is_symlink():
        return None
    common = read_small(git, "commondir")
    return GitDir(git, git if common is None else git / os.fsdecode(common.rstrip(b"\r\n")))


def is_plain_root(path: Path) -> bool:
    """Whether `path` is certainly the root of a work tree, judged by the files that git would look at.

    If False, ask git. It saves a quarter of a second when many repos start: GitPython is not imported and git does not
    run.
    """
    git = path / ".git"
    try:
        ours = all(one.lstat().st_uid == os.geteuid() for one in (path.resolve(), git))
        there = not git.is_symlink() and all((git / name).is_dir() for name in ("objects", "refs"))
    except OSError:
        return False
    head, config = read_small(git, "HEAD") or b"", read_small(git, "config") or b""
    head_is_good = re.fullmatch(rb"ref: refs/heads/[\w./-]+\n|[0-9a-f]{40}\n", head) is not None
    plain = config.endswith(b"\n") and len(config) < SMALL and all(map(_PLAIN.fullmatch, config.splitlines()))
    return ours and there and head_is_good and plain


def read_small(folder: Path, *names: str, limit: int = SMALL) -> bytes | None:
    """Read the first `limit` bytes of a file below `folder`.

    None unless it is a regular file and no part of `names` is a link.
    """
    if isinstance(folder, GitFolderThere):
        found = folder.small.get("/".join(names))
        return None if found is None else found[:limit]
    with contextlib.ExitStack() as stack, contextlib.suppress(OSError, ValueError):
        flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW
        # The caller chose the folder and may have linked to it; the repo controls what is below.
        fd = os.open(folder, os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY)
        stack.callback(os.close, fd)
        for name in names:
            fd = os.open(name, flags, dir_fd=fd)
            stack.callback(os.close, fd)
        if stat.S_ISREG(os.fstat(fd).st_mode):
            return os.read(fd, limit)
    return None


def names_no_filter(place: GitDir) -> bool:
    """Whether the repo's own configuration certainly names no filter. Decided without running git.

    On another machine they are off in any case.
    """
    if isinstance(place.git, GitFolderThere):
        return True
    for folder, name in ((place.common, "config"), (place.git, "config.worktree")):
        text = read_small(folder, name, limit=CONFIG_LIMIT)
        if text is None:
            if os.path.lexists(folder / name):
                return False
        elif len(text) == CONFIG_LIMIT or any(word in text.lower() for word in (b"filter", b"lfs", b"include")):
            return False
    return True


_PROGRESS = (
    *(("rebase-merge", name) for name in ("msgnum", "end", "head-name")),
    *(("rebase-apply", name) for name in ("next", "last", "head-name", "applying", "rebasing")),
    *((name,) for name in ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "BISECT_LOG", "BISECT_START")),
    ("sequencer", "todo"),
)


def may_have_worktrees(place: GitDir) -> bool:
    """Whether the repo may have several work trees."""
    return isinstance(place.common, GitFolderThere) or (place.common / "worktrees").is_dir()


def progress_of(place: GitDir) -> dict[str, bytes]:
    """Read the files that show an operation in progress, such as a merge. Maps each name to its first bytes."""
    found = {"/".join(names): read_small(place.git, *names) for names in _PROGRESS}
    return {name: content for name, content in found.items() if content is not None}


def rebased_in(place: GitDir) -> Iterator[tuple[str, str]]:
    """Yield the full name of each branch that a rebase in a linked work tree will move when it is done, behind the
    folder of that work tree, whose HEAD is detached meanwhile. Yields none on another machine."""
    if isinstance(place.common, GitFolderThere):
        return
    with contextlib.suppress(OSError):
        for one in (place.common / "worktrees").iterdir():
            folder = os.path.dirname(os.fsdecode((read_small(one, "gitdir") or b"").rstrip(b"\n")))
            for names in (("rebase-merge", "head-name"), ("rebase-apply", "head-name")):
                yield folder, os.fsdecode((read_small(one, *names) or b"").rstrip(b"\n"))
            # In threes: a ref, and where it was and will be.
            others = (read_small(one, "rebase-merge", "update-refs", limit=CONFIG_LIMIT) or b"").splitlines()
            yield from ((folder, os.fsdecode(ref)) for ref in others[::3])
