"""List the files of a work tree: tracked ones, and untracked ones that git does not ignore."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from msgspec import Struct

from supervisor.domain.repo.pathname import shown
from supervisor.shell.git.reach.output import GitOutput
from supervisor.shell.git.reach.there import PathThere
from supervisor.shell.git.run import failed, run_git

FILE_LIMIT = 100_000
"""Files in one listing, which stays below 50 MB. A longer listing is marked as cut."""

Kind = Literal["file", "program", "link", "submodule"]

_KINDS: dict[bytes, Kind] = {b"100644": "file", b"100755": "program", b"120000": "link", b"160000": "submodule"}


class TrackedFile(Struct, frozen=True):
    """A file of the repo."""

    name: str  # for people
    raw: bytes  # for opening it
    oid: str  # its blob in the index (of a submodule: the commit); "" if the file is untracked or in conflict
    kind: Kind


class Listing(Struct, frozen=True):
    """The files of a work tree."""

    files: tuple[TrackedFile, ...]  # tracked ones first; both parts in git's order
    cut: bool  # there are more


def list_files(path: Path) -> Listing:
    """List the files of the work tree whose root is `path`, at most `FILE_LIMIT`. Raises WorkspaceError.

    A tracked file need not be on disk. Files in submodules and nested repositories are not listed. On another machine
    those that a sparse checkout leaves out are not listed, and a changed file has no `oid`: its blob is read in place
    of a file that has one.
    """
    there = isinstance(path, PathThere)
    tracked = _ask(path, "-s", "-t")
    others = _ask(path, "-t", "-o", *(["-m"] if there else []), "--exclude-standard")
    marked = [(record[:2] == b"? ", record[2:]) for record in others.out.split(b"\0")[:-1]]
    changed = frozenset(raw for untracked, raw in marked if not untracked)
    kinds = _kinds_on_disk(path, [raw for untracked, raw in marked if untracked])
    files: dict[bytes, TrackedFile] = {}
    for record in tracked.out.split(b"\0")[:-1]:
        fields, _, raw = record.partition(b"\t")
        mark, mode, oid, stage = fields.split(b" ")
        if mark == b"S" and there:
            continue
        known = files.get(raw)
        if known is None and len(files) == FILE_LIMIT:
            return Listing(tuple(files.values()), cut=True)
        if known is None or stage == b"2":  # In a conflict: our side, else the first one.
            kind = _KINDS.get(mode, "file")
            files[raw] = TrackedFile(
                shown(raw), raw, oid.decode("ascii") if stage == b"0" and raw not in changed else "", kind
            )
    for raw, found in kinds.items():
        if len(files) == FILE_LIMIT:
            return Listing(tuple(files.values()), cut=True)
        if found is not None:
            raw = raw.removesuffix(b"/")
            files.setdefault(raw, TrackedFile(shown(raw), raw, "", found))
    return Listing(tuple(files.values()), cut=tracked.cut or others.cut)


def _ask(path: Path, *options: str) -> GitOutput:
    # `ls-files` reads no content, so it runs no filter.
    answer = run_git(path, "ls-files", "-z", *options)
    if answer.code != 0 and not answer.cut:
        raise failed(path, "list the files", answer)
    return answer


def _kinds_on_disk(path: Path, raws: Sequence[bytes]) -> dict[bytes, Kind | None]:
    plain = [raw for raw in raws if not raw.endswith(b"/")]
    if isinstance(path, PathThere):
        stamps = path.repo.files().stamps(plain)
        modes = {raw: stamp.mode if stamp is not None else 0 for raw, stamp in stamps.items()}
    else:
        modes = {raw: _mode(os.fsencode(path) + b"/" + raw) for raw in plain}
    # One that ends in "/" is a nested repository that is not registered as a submodule.
    return {raw: _kind(modes[raw]) if raw in modes else "submodule" for raw in raws}


def _mode(file: bytes) -> int:
    try:
        return os.lstat(file).st_mode
    except OSError:
        return 0  # it was removed since git listed it


def _kind(mode: int) -> Kind | None:
    if stat.S_ISLNK(mode):
        return "link"
    if not stat.S_ISREG(mode):
        return None
    return "program" if mode & stat.S_IXUSR else "file"
