"""Check a commit out into a folder that is thrown away: a repo of its own, which only borrows the objects.

Nothing of the real repo is touched, and nothing in it has to be cleaned: no index, no list of work trees, no ref.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from supervisor.errors import WorkspaceError
from supervisor.shell.git.config import filters_of, read_config
from supervisor.shell.git.folder import GitDir, place_of
from supervisor.shell.git.reach.there import PathThere
from supervisor.shell.git.run import failed, run_git

CHECKOUT = 600.0
"""Seconds. 50,000 files take about ten; a filter for large files may have to copy gigabytes."""

PACK_LIMIT = 256 << 20
"""Bytes of what comes over from another machine."""

APART = ("core.sparseCheckout=false", "core.useReplaceRefs=false", "core.splitIndex=false")
"""Settings with which files are written into such a folder."""


def check_out(root: Path, commit: str, folder: Path) -> None:
    """Write the files of a commit of the repo at `root` into a new folder, with a git folder of its own.

    Filters that the repo's own configuration names do not run. Submodules stay empty. From another machine come that
    commit and its files, without its history; files of LFS stay pointers. Raises OrchError.
    """
    if isinstance(root, PathThere):
        _fetch(root, commit, folder)
        return
    make_apart(root, folder)
    fill(root, folder, commit)
    (folder / ".git" / "HEAD").write_text(f"{commit}\n", encoding="ascii")


def make_apart(root: Path, folder: Path) -> None:
    """Make a new folder with a git folder of its own, which has the objects of the repo at `root`. No file is in it.

    Raises WorkspaceError.
    """
    place = _placed(root)
    own = folder / ".git"
    _init(root, folder)
    common = Path(os.path.realpath(place.common))
    (own / "objects" / "info").mkdir(parents=True, exist_ok=True)
    (own / "objects" / "info" / "alternates").write_bytes(os.fsencode(common / "objects") + b"\n")
    for name in ("shallow", "info/attributes"):
        if (common / name).is_file():
            (own / name).parent.mkdir(exist_ok=True)
            shutil.copyfile(common / name, own / name)


def fill(root: Path, folder: Path, tree: str) -> None:
    """Write the files of a tree of the repo at `root` into a folder of `make_apart`, and its index. What is not in the
    index stays. Raises WorkspaceError."""
    written = run_git(
        folder,
        *("read-tree", "--reset", "-u", tree),
        git_dir=Path(os.path.realpath(_placed(root).git)),  # for the attributes, and the objects of LFS
        index=folder / ".git" / "index",
        filters=filters_of(read_config(root)),
        settings=APART,
        seconds=CHECKOUT,
    )
    if written.code != 0:
        raise failed(root, f"check {tree[:12]} out", written)


def _init(root: Path, folder: Path) -> None:
    """Make a new folder with an empty git folder of the kind that the repo at `root` has."""
    config = read_config(root)
    folder.mkdir(parents=True)
    format_of = next((one.value.decode() for one in config if one.key == "extensions.objectformat"), "sha1")
    made = run_git(folder, "init", "--quiet", "--template=", f"--object-format={format_of}", ".")
    if made.code != 0:
        raise failed(folder, "make a repo", made)


def _fetch(root: PathThere, commit: str, folder: Path) -> None:
    """Check a commit of a repo on another machine out: one pack with its files comes over."""
    wanted = f"--shallow {commit}\n{commit}\n".encode()
    asked = ("pack-objects", "--revs", "--stdout", "-q")
    pack = run_git(root, *asked, stdin=wanted, limit=PACK_LIMIT, seconds=CHECKOUT)
    if pack.cut:
        raise WorkspaceError(f"the files of {root} take more than {PACK_LIMIT >> 20} MB", "leave that repo out")
    if pack.code != 0:
        raise failed(root, f"read {commit[:12]}", pack)
    _init(root, folder)
    own = folder / ".git"
    (own / "shallow").write_text(f"{commit}\n", encoding="ascii")
    (own / "HEAD").write_text(f"{commit}\n", encoding="ascii")
    for words, stdin in ((("index-pack", "--stdin"), pack.out), (("read-tree", "--reset", "-u", commit), b"")):
        environ = {"GIT_LFS_SKIP_SMUDGE": "1"}
        done = run_git(folder, *words, stdin=stdin, settings=APART, seconds=CHECKOUT, environ=environ)
        if done.code != 0:
            raise failed(folder, f"check {commit[:12]} of {root} out", done)


def _placed(root: Path) -> GitDir:
    place = place_of(root)
    if place is None:
        raise WorkspaceError(f"{root} is no git repo", "see `orch doctor`")
    return place
