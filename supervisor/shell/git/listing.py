"""The files of a work tree: those that git tracks, and the untracked ones that it does not ignore."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Literal

from msgspec import Struct

from supervisor.domain.repo.pathname import shown
from supervisor.shell.git.run import GitOutput, failed, run_git

FILE_LIMIT = 100_000
"""Files of one listing: a repo with more is told as cut, and its list stays below 50 MB."""

Kind = Literal["file", "program", "link", "submodule"]

_KINDS: dict[bytes, Kind] = {b"100644": "file", b"100755": "program", b"120000": "link", b"160000": "submodule"}


class TrackedFile(Struct, frozen=True):
    """A file of the repo. `name` is for reading, `raw` for opening.

    `oid` is the blob (or commit, of a submodule) in the index; empty when the index has none that could be on disk: the
    file is untracked, or in conflict.
    """

    name: str
    raw: bytes
    oid: str
    kind: Kind


class Listing(Struct, frozen=True):
    """The files, tracked ones first, each part in the order of git. `cut` says that there are more."""

    files: tuple[TrackedFile, ...]
    cut: bool


def list_files(path: Path) -> Listing:
    """The files of the work tree whose root is `path`, at most `FILE_LIMIT`. Raises WorkspaceError.

    A tracked file need not be on disk. What lies in submodules and nested repositories is not listed.
    """
    tracked = _ask(path, "-s")
    untracked = _ask(path, "-o", "--exclude-standard")
    files: dict[bytes, TrackedFile] = {}
    for record in tracked.out.split(b"\0")[:-1]:
        fields, _, raw = record.partition(b"\t")
        mode, oid, stage = fields.split(b" ")
        known = files.get(raw)
        if known is None and len(files) == FILE_LIMIT:
            return Listing(tuple(files.values()), cut=True)
        if known is None or stage == b"2":  # Of a conflict: ours, else the first there is.
            kind = _KINDS.get(mode, "file")
            files[raw] = TrackedFile(shown(raw), raw, oid.decode("ascii") if stage == b"0" else "", kind)
    for raw in untracked.out.split(b"\0")[:-1]:
        if len(files) == FILE_LIMIT:
            return Listing(tuple(files.values()), cut=True)
        found = _kind_on_disk(path, raw)
        if found is not None:
            raw = raw.removesuffix(b"/")
            files.setdefault(raw, TrackedFile(shown(raw), raw, "", found))
    return Listing(tuple(files.values()), cut=tracked.cut or untracked.cut)


def _ask(path: Path, *options: str) -> GitOutput:
    # Reads no content, so no filter can be asked to run.
    answer = run_git(path, "ls-files", "-z", *options)
    if answer.code != 0 and not answer.cut:
        raise failed(path, "list the files", answer)
    return answer


def _kind_on_disk(path: Path, raw: bytes) -> Kind | None:
    if raw.endswith(b"/"):
        return "submodule"  # A repository of its own that nobody registered.
    try:
        mode = os.lstat(os.fsencode(path) + b"/" + raw).st_mode
    except OSError:
        return None  # Gone since git looked.
    if stat.S_ISLNK(mode):
        return "link"
    if not stat.S_ISREG(mode):
        return None
    return "program" if mode & stat.S_IXUSR else "file"
