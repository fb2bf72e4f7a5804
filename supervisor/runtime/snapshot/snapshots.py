"""Take snapshots. If HEAD, index and work tree are unchanged, reuse `.orchestrator/snapshots/NAME.json`."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import NamedTuple

from supervisor import __version__
from supervisor.core.repo.files import RepoFile
from supervisor.domain.child import Child
from supervisor.domain.repo.facts import Code, Docs
from supervisor.domain.repo.snapshot import Snapshot, Unread
from supervisor.errors import OrchError, WorkspaceError
from supervisor.regular_file import open_regular
from supervisor.runtime.remote.roots import most_at_once, root_of
from supervisor.runtime.secrets import clean
from supervisor.runtime.snapshot.git import read_state
from supervisor.runtime.snapshot.git_calls import StatusSeen, look
from supervisor.runtime.snapshot.sources import sources_of
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.atomic import write_atomic
from supervisor.shell.git.folder import place_of
from supervisor.shell.git.listing import list_files
from supervisor.shell.git.reach.sources import Source, Sources
from supervisor.shell.git.reach.there import PathThere, reaching
from supervisor.shell.git.root import toplevel
from supervisor.wire.plain import plain, typed

FORMAT = f"9/{__version__}"
"""The format of a snapshot's file. A file of another version is not used: it may hold other facts of the same repo."""

FILE_LIMIT = 16 << 20
"""Bytes of such a file. A larger one is not ours."""

PROGRESS = 1.0
"""Seconds between two calls of `progress`."""


def refresh(workspace: WorkspacePaths, child: Child, path: Path | None = None) -> tuple[Snapshot, bool]:
    """Return the current snapshot of a child, and whether it is new. `path`: its root, if that is reached already.

    Raises OrchError if git fails.
    """
    path = root_of(workspace, child) if path is None else path
    file = workspace.snapshot(child.name)
    with reaching(path, once=True):
        root = _root(path)
        known, seen = _kept(file), look(root)
        if known is not None and (known.child, known.path, known.key) == (child.name, str(root), seen.key):
            return known, False
        made = read(child.name, root, seen)
    # If the file cannot be written, the snapshot is still good; only the next one takes longer.
    with contextlib.suppress(OSError):
        workspace.state.mkdir(mode=0o700, exist_ok=True)
        file.parent.mkdir(mode=0o700, exist_ok=True)
        write_atomic(file, json.dumps({"format": FORMAT, "snapshot": as_json(made)}, separators=(",", ":")))
    return made, True


def refresh_all(
    workspace: WorkspacePaths,
    children: Sequence[Child],
    progress: Callable[[Sequence[str]], None],
    roots: Mapping[str, Path] | None = None,
) -> list[Snapshot | Unread]:
    """Take the snapshots of several children in parallel. A child that cannot be read becomes Unread.

    Calls `progress` every second with the children that are still being read.
    """
    few = min(len(children), 2 * (os.cpu_count() or 1), most_at_once(workspace, children))
    with ThreadPoolExecutor(max(1, few), "snapshot") as pool:
        jobs = [pool.submit(_attempt, workspace, child, (roots or {}).get(child.name)) for child in children]
        left: set[Future[Snapshot | Unread]] = set(jobs)
        while left:
            left = wait(left, PROGRESS).not_done
            if left:
                progress([child.name for child, job in zip(children, jobs, strict=True) if job in left])
    return [job.result() for job in jobs]


def read(name: str, root: Path, seen: StatusSeen) -> Snapshot:
    """Take a new snapshot of the repo at `root`, whose work tree was just `seen`. Raises OrchError if git fails."""
    # Read files in a thread, because git's half only waits for processes.
    with ThreadPoolExecutor(1, "files") as pool:
        listed = pool.submit(_list_files, root)
        job = pool.submit(lambda: read_files(listed.result()))
        if isinstance(root, PathThere):  # one shell for both: so files are read while git's longest call runs there
            wait([listed])
        state, history = read_state(root, seen)
        docs, code, cut = (Docs(), Code(), (_BARE,)) if state.bare else job.result()
    return clean(Snapshot(name, str(root), seen.key, state, history, docs, code, cut))


def as_json(one: Snapshot | Unread) -> dict[str, object]:
    """The object that `orch snapshot --json` prints."""
    fields: dict[str, object] = plain(one)
    return fields


_BARE = "a bare repo has no files: documents and code were not read"


def _attempt(workspace: WorkspacePaths, child: Child, path: Path | None) -> Snapshot | Unread:
    try:
        return refresh(workspace, child, path)[0]
    except OrchError as error:
        return Unread(child.name, child.where, error.what, error.next_step)


def _root(path: Path) -> Path:
    """Find the root of the repo. Git is asked only if `path` is not the root itself."""
    if "\0" in str(path):
        raise WorkspaceError("the path contains a null character", "correct the child's path")
    if isinstance(path, PathThere):
        return path
    with contextlib.suppress(OSError):
        if (path / ".git").exists() and place_of(path) is not None:
            return path.resolve()
    return toplevel(path)


class ListedFiles(NamedTuple):
    """The files of a work tree, and what reads them."""

    reader: Sources
    known: Mapping[str, Source]
    files: list[RepoFile]
    cut: tuple[str, ...]


def _list_files(root: Path) -> ListedFiles:
    listing, reader = list_files(root), sources_of(root)
    known = {one.name: Source(one.raw, one.oid) for one in listing.files if one.kind in ("file", "program")}
    sizes = reader.sizes(known.values())
    files = [RepoFile(name, sizes[one.raw]) for name, one in known.items() if one.raw in sizes]
    cut = (f"there are more than {len(listing.files):,} files: the rest is ignored",) if listing.cut else ()
    return ListedFiles(reader, known, files, cut)


def read_files(listed: ListedFiles) -> tuple[Docs, Code, tuple[str, ...]]:
    """Read the documents and the code of a repo, and what was left out of them."""
    # Imported late: the parsers take as long to load as it takes to show a snapshot that is on disk.
    from supervisor.core.repo import code, docs

    reader, known, files, cut = listed
    about = _contents(reader, known, docs.wanted(files))
    contents = _contents(reader, known, code.wanted(files))
    contents |= _contents(reader, known, code.followed(files, contents))
    sources = code.read_code(files, contents)
    documents = docs.read_docs(files, about, code.hook_rules(contents), sources.manifests)
    return documents, sources, cut


def _contents(reader: Sources, known: Mapping[str, Source], wanted: Sequence[tuple[str, int]]) -> dict[str, bytes]:
    found = reader.contents([(known[name], limit) for name, limit in wanted])
    return {name: found[known[name].raw] for name, _ in wanted if known[name].raw in found}


def _kept(file: Path) -> Snapshot | None:
    """Read the snapshot in the file; None if it is missing, torn, or from another version."""
    try:
        with open_regular(file) as stream:
            content = stream.read(FILE_LIMIT)
        data = json.loads(content)
        if not isinstance(data, dict) or data.get("format") != FORMAT:
            return None
        kept: Snapshot = typed(Snapshot, data.get("snapshot"))
        return kept
    except (OSError, ValueError, RecursionError):
        return None
