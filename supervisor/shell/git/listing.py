"""List the files of a work tree: tracked ones, and untracked ones that git does not ignore."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Literal

from msgspec import Struct

from supervisor.domain.repo.pathname import shown
from supervisor.shell.git.reach.output import GitOutput
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

    A tracked file need not be on disk. Files in submodules and nested repositories are not listed.
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
        if known is None or stage == b"2":  # In a conflict: our side, else the first one.
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
    # `ls-files` reads no content, so it runs no filter.
    answer = run_git(path, "ls-files", "-z", *options)
    if answer.code != 0 and not answer.cut:
        raise failed(path, "list the files", answer)
    return answer


def _kind_on_disk(path: Path, raw: bytes) -> Kind | None:
    if raw.endswith(b"/"):
        return "submodule"  # A nested repository that is not registered as a submodule.
    try:
        mode = os.lstat(os.fsencode(path) + b"/" + raw).st_mode
    except OSError:
        return None  # Removed since git listed it.
    if stat.S_ISLNK(mode):
        return "link"
    if not stat.S_ISREG(mode):
        return None
    return "program" if mode & stat.S_IXUSR else "file"
