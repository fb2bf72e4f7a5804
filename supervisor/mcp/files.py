"""Read a repo's files for the orchestrator: tracked files and untracked ones that git does not ignore.

Nothing outside the work tree is read.
"""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from supervisor.errors import UsageError
from supervisor.runtime.snapshot.sources import sources_of
from supervisor.shell.git.listing import list_files
from supervisor.shell.git.reach.sources import Source
from supervisor.shell.git.reach.there import reaching
from supervisor.shell.git.root import toplevel

SIZE = 4 << 20
"""Bytes of one file that are read."""


class Text(Struct, frozen=True):
    """The lines of a file, of a listing, or of git's output."""

    kind: str
    lines: tuple[str, ...]
    cut: str | None = None  # why lines are missing; None: none are


def read(repo: Path, path: str) -> Text:
    """Read the file at `path`, or list the files below that folder. Raises UsageError if it is neither.

    Only names that git lists are opened, and no link is followed on the way, so `..` and `.git` lead nowhere.
    """
    with reaching(repo):
        return _read(toplevel(repo), path)


def _read(root: Path, path: str) -> Text:
    name = path.strip().removeprefix("./").rstrip("/")
    listing = list_files(root)
    found = next((one for one in listing.files if one.name == name), None)
    if found is None:
        below = name if name in ("", ".") else f"{name}/"
        names = tuple(sorted(one.name for one in listing.files if one.name.startswith(below.removeprefix("."))))
        if not names and name not in ("", "."):
            raise UsageError(f"there is no file `{path[:200]}`", "to list them, call `files` without a path")
        return Text("folder", names, "the repo has more files than are listed" if listing.cut else None)
    if found.kind == "link":
        raise UsageError(f"`{name}` is a symbolic link, which is not followed", "read its target, by its own name")
    if found.kind == "submodule":
        raise UsageError(f"`{name}` is a repository of its own", "if it is a child, read it there")
    content = sources_of(root).contents([(Source(found.raw, found.oid), SIZE + 1)]).get(found.raw)
    if content is None:
        raise UsageError(f"`{name}` is not on disk as a regular file", "use `git diff`, or `show` a commit that has it")
    if b"\0" in content[:8192]:
        return Text("binary", (), f"not text: {len(content):,} bytes")
    cut = f"only the first {SIZE:,} bytes were read" if len(content) > SIZE else None
    return Text("file", tuple(content[:SIZE].decode("utf-8", "replace").splitlines()), cut)
