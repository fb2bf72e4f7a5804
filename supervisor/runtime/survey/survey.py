"""Survey a workspace: read changed sources, and draw the map when something changed.

The code that reads sources and draws maps is imported only when it is needed.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

from msgspec.structs import replace

from supervisor.core.map.markdown import markdown
from supervisor.core.map.serialize import as_json, from_json
from supervisor.domain.child import Child
from supervisor.domain.link import Map, Wanted
from supervisor.errors import OrchError, OutOfReach, WorkspaceError
from supervisor.regular_file import descriptor, read_regular
from supervisor.runtime.remote.roots import most_at_once, root_of
from supervisor.runtime.survey.seen import Seen
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.atomic import write_atomic
from supervisor.shell.git.listing import list_files
from supervisor.shell.git.reach.there import reaching
from supervisor.shell.git.root import toplevel
from supervisor.shell.git.tree import read_tree
from supervisor.shell.mention_index import MentionIndex
from supervisor.wire import source

FILES = 50_000  # of one child that are read at most


def survey(
    workspace: WorkspacePaths,
    children: Sequence[Child],
    progress: Callable[[str, int, int], None],
    roots: Mapping[str, Path] | None = None,
) -> Map:
    """Update the index of the children's sources, and return the map of what they share.

    Calls `progress` with (child, files read, files to read) now and then. If a child cannot be read, the map says why,
    and the others are surveyed all the same. Raises OrchError if the workspace cannot be written.
    """
    with _locked(workspace), reached(workspace, children, roots) as found:
        index = MentionIndex(workspace.mentions)
        try:
            index.keep_only(child.name for child in children)
            few = most_at_once(workspace, children)
            seen = list(_seen(children, found, few, index, progress))
            version = json.dumps([index.revision(), *([one.child.name, one.head, one.problem] for one in seen)])
            if index.noted("map", version) is not None and (known := _kept(workspace)) is not None:
                return known
            made = _draw(index, seen, few)
            _keep(workspace, made)
            index.note("map", version, "")
        finally:
            index.close()
        return made


@contextmanager
def reached(
    workspace: WorkspacePaths, children: Sequence[Child], roots: Mapping[str, Path] | None = None
) -> Iterator[Mapping[str, Path]]:
    """Yield the roots of the children's work trees. The shells of few children on other machines are kept meanwhile;
    of many, whoever reads them logs in for a few at a time."""
    roots = roots or {child.name: root_of(workspace, child) for child in children}
    with ExitStack() as lines:
        if sum(child.runner is not None for child in children) <= most_at_once(workspace, children):
            for root in roots.values():
                lines.enter_context(reaching(root))
        yield roots


def _seen(
    children: Sequence[Child],
    roots: Mapping[str, Path],
    few: int,
    index: MentionIndex,
    progress: Callable[[str, int, int], None],
) -> Iterator[Seen]:
    """Look at the children and read what changed, a few at a time: so each takes one login."""
    with ThreadPoolExecutor(max(1, min(few, len(children)))) as pool:
        for at in range(0, len(children), few):
            part = children[at : at + few]
            with ExitStack() as lines:
                for child in part:
                    lines.enter_context(reaching(roots[child.name]))
                looked = list(pool.map(lambda child: _look(child, roots[child.name]), part))
                yield from [_updated(index, one, progress) for one in looked]


def _draw(index: MentionIndex, seen: Sequence[Seen], few: int) -> Map:
    from supervisor.runtime.survey.draw import draw_map

    cut = [f"{one.child.name} has more than {FILES:,} files: the rest was not read" for one in seen if one.cut]
    return draw_map(index, seen, cut, few)


def _kept(workspace: WorkspacePaths) -> Map | None:
    """The map that was last drawn; None if somebody removed or damaged its files."""
    if not workspace.map_markdown.exists():
        return None
    try:
        return from_json(json.loads(read_regular(workspace.map_json)))
    except (OSError, KeyError, TypeError, ValueError, AttributeError):
        return None


def _keep(workspace: WorkspacePaths, made: Map) -> None:
    write_atomic(workspace.map_json, json.dumps(as_json(made)))  # with indents it takes ten times as long
    write_atomic(workspace.map_markdown, markdown(made))


@contextmanager
def _locked(workspace: WorkspacePaths) -> Iterator[None]:
    """Allow one survey of a workspace at a time. A second one waits for the first and finds its work done."""
    try:
        workspace.state.mkdir(mode=0o700, exist_ok=True)
        held = descriptor(workspace.map_lock, os.O_RDWR | os.O_CREAT)
    except OSError as error:
        raise WorkspaceError(f"{workspace.state} cannot be written ({error.strerror})", "make it writable") from error
    with open(held, "rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _look(child: Child, path: Path) -> Seen:
    try:
        with reaching(path):
            root = toplevel(path)
            listing, tree = list_files(root), read_tree(root, inside=False)
    except OrchError as error:
        return Seen(child, path, problem=error.what, next_step=error.next_step)
    dirty = dict(tree.entries)
    left_out = source.built(one.name for one in listing.files)
    files = []
    for one in listing.files:
        if one.kind in ("file", "program"):
            token = dirty.get(one.name) or one.oid
            if token not in ("", "missing"):
                files.append(Wanted(one.name, one.raw, token, one.name in left_out))
    return Seen(child, root, tree.head, tuple(files[:FILES]), listing.cut or len(files) > FILES)


def _updated(index: MentionIndex, seen: Seen, progress: Callable[[str, int, int], None]) -> Seen:
    """Read what changed. A machine that gives no answer meanwhile is the problem of its child only."""
    try:
        with reaching(seen.root):
            _update(index, seen, progress)
    except OutOfReach as error:
        return replace(seen, files=(), problem=error.what, next_step=error.next_step)
    return seen


def _update(index: MentionIndex, seen: Seen, progress: Callable[[str, int, int], None]) -> None:
    if seen.problem:
        return
    known = index.tokens(seen.child.name)
    wanted = [one for one in seen.files if known.get(one.name) != one.version]
    gone = known.keys() - {one.name for one in seen.files}
    if not wanted and not gone:
        return
    from supervisor.runtime.survey.extract import extract, keepable

    wanted = keepable(wanted)
    if not wanted and not gone:
        return
    done = 0

    def more(count: int) -> None:
        nonlocal done
        done += count
        progress(seen.child.name, done, len(wanted))

    index.update(seen.child.name, extract(seen.root, wanted, more), gone)
