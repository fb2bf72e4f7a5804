"""Keep the work tree of a repo, and read what is in it in the same form."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from supervisor.shell.git.keep.capture import KeptTrees
from supervisor.shell.git.keep.form import KeptTree, ref_of
from supervisor.shell.git.tree import read_now

REF = ref_of("work space", "api")


def keep(repo: Path, trees: KeptTrees | None = None) -> KeptTree:
    return (trees or KeptTrees(repo, REF)).keep(read_now(repo), "T1, run 1")


def on_disk(repo: Path) -> dict[bytes, tuple[str, bytes]]:
    """The files and links of a work tree in the same form."""
    found = {}
    for folder, names, files in os.walk(os.fsencode(repo)):
        names[:] = [name for name in names if name != b".git"]
        for name in (*files, *[one for one in names if os.path.islink(folder + b"/" + one)]):
            path = folder + b"/" + name
            status = os.lstat(path)
            key = os.path.relpath(path, os.fsencode(repo))
            if stat.S_ISLNK(status.st_mode):
                found[key] = ("120000", os.readlink(path))
            else:
                mode = "100755" if status.st_mode & stat.S_IXUSR else "100644"
                found[key] = (mode, Path(os.fsdecode(path)).read_bytes())
    return found
