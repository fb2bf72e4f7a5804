"""The map of a workspace: sources are read where they changed, and what they mention is joined across the repos."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from supervisor.core import copies, mapview
from supervisor.core.commits import related
from supervisor.core.names import repo_name
from supervisor.core.seams import Found, join_key, seams
from supervisor.domain.child import Child
from supervisor.domain.gitfacts import Commit
from supervisor.domain.seam import Kind, Map, Mention, Role, Seam, Surveyed
from supervisor.errors import OrchError, WorkspaceError
from supervisor.runtime.extract import Wanted, extract
from supervisor.runtime.gitfacts import read_state
from supervisor.runtime.workspace import Workspace
from supervisor.shell.atomic import write_atomic
from supervisor.shell.files import read_file
from supervisor.shell.git import list_files, read_tree, toplevel
from supervisor.shell.index import Index
from supervisor.wire import source

FILES = 50_000  # of one child that are looked at


@dataclass(frozen=True, slots=True)
class _Seen:
    """What is on disk of one child: its files, each with the token of its content."""

    child: Child
    root: Path
    head: str | None = None
    files: tuple[Wanted, ...] = ()
    cut: bool = False
    problem: str = ""


@dataclass(frozen=True, slots=True)
class _Past:
    """What git remembers of a child: its recent commits, and the names that its remotes have for it."""

    commits: tuple[Commit, ...] = ()
    repos: tuple[str, ...] = ()


_PASTS = TypeAdapter(_Past)
_MAP = TypeAdapter(Map)


def survey(workspace: Workspace, children: Sequence[Child], told: Callable[[str, int, int], None]) -> Map:
    """Bring the index of the children's sources up to date, and map what ties them together.

    `told` hears (child, files read, files to read) now and then. A child that cannot be read is told in the map, and
    does not keep the others from it. Raises OrchError if the workspace cannot be written.
    """
    with _locked(workspace):
        with ThreadPoolExecutor(max(1, len(children))) as pool:
            seen = list(pool.map(_look, children))
        index = Index(workspace.index)
        try:
            index.keep_only(child.name for child in children)
            for one in seen:
                _update(index, one, told)
            version = json.dumps([index.revision(), *([one.child.name, one.head, one.problem] for one in seen)])
            if (known := index.noted("map", version)) is not None and workspace.map_json.exists():
                return _MAP.validate_json(known)
            made = _drawn(index, seen)
            index.note("map", version, _MAP.dump_json(made).decode())
        finally:
            index.close()
        write_atomic(workspace.map_json, json.dumps(mapview.as_json(made)))  # indented it takes ten times as long
        write_atomic(workspace.map_markdown, mapview.markdown(made))
        return made


def _drawn(index: Index, seen: Sequence[_Seen]) -> Map:
    """The map of what is in the index, and of what the repos are as a whole."""
    pasts = _pasts(index, seen)
    found = [Found(*one) for one in index.shared()]
    found += [own for one in seen for own in _itself(one, pasts[one.child.name].repos)]
    rows = (*seams(found), *_copies(seen), *related({name: past.commits for name, past in pasts.items()}))
    return Map(
        tuple(_surveyed(index, one) for one in seen),
        tuple(sorted(rows, key=lambda row: (-row.score, row.kind, row.name))),
        tuple(f"{one.child.name} has more than {FILES:,} files: the rest was not read" for one in seen if one.cut),
    )


@contextmanager
def _locked(workspace: Workspace) -> Iterator[None]:
    """One survey of a workspace at a time; a second one waits for the first and finds its work done."""
    try:
        workspace.state.mkdir(mode=0o700, exist_ok=True)
        file = workspace.map_lock.open("a")
    except OSError as error:
        raise WorkspaceError(f"{workspace.state} cannot be written ({error.strerror})", "make it writable") from error
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _look(child: Child) -> _Seen:
    path = Path(child.path)
    try:
        root = toplevel(path)
        listing, tree = list_files(root), read_tree(root)
    except OrchError as error:
        return _Seen(child, path, problem=error.what)
    dirty = dict(tree.entries)
    left_out = source.built(one.name for one in listing.files)
    files = []
    for one in listing.files:
        if one.kind in ("file", "program"):
            token = dirty.get(one.name) or one.oid
            if token not in ("", "missing"):
                files.append(Wanted(one.name, one.raw, token, one.name in left_out))
    return _Seen(child, root, tree.head, tuple(files[:FILES]), listing.cut or len(files) > FILES)


def _update(index: Index, seen: _Seen, told: Callable[[str, int, int], None]) -> None:
    if seen.problem:
        return
    known = index.tokens(seen.child.name)
    wanted = [one for one in seen.files if known.get(one.name) != one.version]
    gone = known.keys() - {one.name for one in seen.files}
    if not wanted and not gone:
        return
    done = 0

    def more(count: int) -> None:
        nonlocal done
        done += count
        told(seen.child.name, done, len(wanted))

    index.update(seen.child.name, extract(seen.root, wanted, more), gone)


def _pasts(index: Index, seen: Sequence[_Seen]) -> dict[str, _Past]:
    """By child; read anew only where HEAD moved."""
    told = {one.child.name: index.noted(f"past of {one.child.name}", one.head or "") for one in seen}
    moved = [one for one in seen if one.head and told[one.child.name] is None]
    with ThreadPoolExecutor(max(1, len(moved))) as pool:
        for one, past in zip(moved, pool.map(_past, moved), strict=True):
            told[one.child.name] = text = _PASTS.dump_json(past).decode()
            index.note(f"past of {one.child.name}", one.head or "", text)
    return {name: _Past() if text is None else _PASTS.validate_json(text) for name, text in told.items()}


def _past(seen: _Seen) -> _Past:
    try:
        state, history = read_state(seen.root)
    except OrchError:
        return _Past()  # what git cannot tell is no part of the map
    return _Past(history.recent, tuple(dict.fromkeys(repo_name(remote.url) for remote in state.remotes)))


def _itself(seen: _Seen, repos: Sequence[str]) -> Iterator[Found]:
    """The child as what a submodule of another one may be."""
    for name in dict.fromkeys((*repos, seen.root.name.lower(), seen.child.name.lower())):
        itself = Mention(Kind.SUBMODULE, name, name, 0, Role.PROVIDES)
        yield Found(join_key(itself), seen.child.name, ".", False, itself)


def _surveyed(index: Index, seen: _Seen) -> Surveyed:
    files, skipped = index.counts(seen.child.name)
    return Surveyed(seen.child.name, str(seen.root), files, skipped, seen.problem)


def _copies(seen: Sequence[_Seen]) -> tuple[Seam, ...]:
    """Files that several repos have, as they are on disk."""
    roots = {one.child.name: one.root for one in seen}
    files = [
        (one.child.name, file, file.name.rpartition("/")[2]) for one in seen for file in one.files if not file.built
    ]
    having: dict[str, set[str]] = {}  # the children that have a content, or a name
    for child, file, base in files:
        having.setdefault(file.token, set()).add(child)
        having.setdefault(base, set()).add(child)
    raws = {}
    for child, file, base in files:
        if (len(having[file.token]) > 1 or len(having[base]) > 1) and copies.is_candidate(file.name):
            with suppress(OSError):
                size = os.lstat(os.fsencode(roots[child]) + b"/" + file.raw).st_size
                raws[copies.Copy(child, file.name, file.token, size)] = file.raw

    def read(copy: copies.Copy) -> str | None:
        content = read_file(roots[copy.child], raws[copy], copies.LARGEST)
        return None if content is None or b"\0" in content else content.decode("utf-8", "replace")

    return (*copies.same(list(raws)), *copies.drifted(list(raws), read))
