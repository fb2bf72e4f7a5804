"""Refuse a workspace in which a child's commands could write what is not the child's."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from supervisor.core.boundary.trespass import Trespass, confined, first_refused, trespasses
from supervisor.domain.child import Child
from supervisor.domain.repo.location import Kept, Root, Territory
from supervisor.errors import OrchError
from supervisor.runtime.boundary.codex_config import MANAGED, user_configs, writable_roots
from supervisor.runtime.workspace import CONFIG_NAME, WorkspacePaths, state_folder
from supervisor.shell.location import Mount, look_at, read_mounts

SLASH_TMP = "/tmp"


def guarded(
    workspace: WorkspacePaths,
    children: Sequence[Child],
    kind: type[OrchError],
    *,
    exclude_tmp: bool,
    exclude_roots: bool,
    exclude: Callable[[str], str],
    programs: Iterable[tuple[str, str]] = (),
) -> tuple[str, ...]:
    """Return the names of the children that are harmless only as long as they only read, whatever a task says.

    Raises `kind` if the commands of one could write the work tree of another one, a part of the workspace, or one of
    the `programs` that run as the person: the key of the config that names it, and its path. `exclude` says how a
    person sets `exclude_tmp`, which takes /tmp and $TMPDIR from what they may write, or `exclude_roots`, which takes
    what the Codex config names.
    """
    mounts = read_mounts()
    counting = (MANAGED,) if exclude_roots else user_configs()
    named = [root for path in counting for root in _named(path, mounts)]
    shared = (*(() if exclude_tmp else _temporary(mounts)), *named)
    territories = tuple(_territory(child, shared, mounts, exclude_roots=exclude_roots) for child in children)
    kept = (*_kept(workspace, mounts), *_run(programs, mounts))
    found = tuple(trespasses(territories, kept))
    if (refused := first_refused(territories, found)) is not None:
        raise _refusal(refused, {child.name: child for child in children}, kind, exclude)
    if (path := _with_two_names(workspace, territories)) is not None:
        own = path.relative_to(workspace.root)
        raise kind(
            f"{path} has a second name (a hard link), under which commands may be able to write it",
            f"make it a file of its own: `cp -p {own} new && mv new {own}`",
        )
    return tuple(sorted(confined(territories, found)))


def _territory(child: Child, shared: tuple[Root, ...], mounts: tuple[Mount, ...], *, exclude_roots: bool) -> Territory:
    counts = child.trusted and not exclude_roots
    own = _named(Path(child.path) / ".codex" / "config.toml", mounts) if counts else ()
    tree = look_at(child.path, mounts)
    return Territory(child.name, tree, (*shared, *own), reads_only=child.sandbox == "read-only")


def _temporary(mounts: tuple[Mount, ...]) -> Iterator[Root]:
    """Look at the temporary folders that commands may write (tried with 0.163 and 0.171)."""
    yield Root(SLASH_TMP, look_at(SLASH_TMP, mounts), temporary=True)
    given = os.environ.get("TMPDIR", "")
    if os.path.isabs(given):
        yield Root(f"$TMPDIR ({given})", look_at(given, mounts), temporary=True)


def _named(config: Path, mounts: tuple[Mount, ...]) -> Iterator[Root]:
    for root in writable_roots(config):
        yield Root(root, look_at(root, mounts), source=str(config))


def _kept(workspace: WorkspacePaths, mounts: tuple[Mount, ...]) -> Iterator[Kept]:
    """The workspace, and each part of it that steers: it may be a link to elsewhere, or be named by itself. And what is
    beside it: who writes there could take the place of the supervisor, or of a lock."""
    yield Kept("the workspace", look_at(str(workspace.root), mounts))
    yield Kept("what orch keeps for you", look_at(str(state_folder()), mounts), "XDG_STATE_HOME")
    yield Kept("the folder of the sockets", look_at(str(workspace.runtime_dir), mounts), "XDG_RUNTIME_DIR")
    state, ledger = workspace.state, workspace.ledger
    steering = (workspace.config, workspace.plan, workspace.runs, workspace.root / ".codex")
    for path in (*steering, state, ledger, ledger.with_suffix(""), workspace.plans, workspace.registry, *_links(state)):
        yield Kept(f"{path.relative_to(workspace.root)} of the workspace", look_at(str(path), mounts))


def _run(programs: Iterable[tuple[str, str]], mounts: tuple[Mount, ...]) -> Iterator[Kept]:
    for key, path in programs:
        yield Kept(f"what `{key}` runs", look_at(path, mounts), program=True)


def _links(state: Path) -> Iterator[Path]:
    """Yield what is a link in our own folder and the folders in it: through it we would write elsewhere, and what is
    read there would count as ours."""
    for folder in (state, *(one for one in _entries(state) if one.is_dir(follow_symlinks=False))):
        yield from (Path(one.path) for one in _entries(folder) if one.is_symlink())


def _entries(folder: os.PathLike[str]) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []


def _with_two_names(workspace: WorkspacePaths, territories: Sequence[Territory]) -> Path | None:
    """Return a file of ours that has a second name, which can be wherever commands write on its file system."""
    writable = [one.tree for one in territories if not one.reads_only]
    writable += [root.location for one in territories if not one.reads_only for root in one.roots]
    devices = {place.ids[0][0] for place in writable if place.ids}
    own = [Path(one.path) for folder in (workspace.state, workspace.logs) for one in _entries(folder)]
    for path in (workspace.config, workspace.plan, workspace.runs, *own):
        with suppress(OSError):
            status = path.stat()
            linked = stat.S_ISREG(status.st_mode) and status.st_nlink > 1 and status.st_dev in devices
            if linked and status.st_nlink > _names_within(workspace.state, status):
                return path
    return None


def _names_within(state: Path, file: os.stat_result) -> int:
    """Return how many names a file has in our own folder: orch itself links the ledger while it repairs it."""
    with suppress(OSError), os.scandir(state) as entries:
        return sum(entry.inode() == file.st_ino for entry in entries if entry.is_file(follow_symlinks=False))
    return 0


def _refusal(
    found: Trespass, children: dict[str, Child], kind: type[OrchError], exclude: Callable[[str], str]
) -> OrchError:
    name, path = found.child, children[found.child].path
    if found.other is not None:
        other, place = found.other, children[found.other].path
        if found.same:
            return kind(f"the children `{name}` and `{other}` are the same folder ({path}, {place})", "name it once")
        what = f"the child `{other}` ({place})"
        part, moved = "its files", ""
    else:
        assert found.kept is not None, "a trespass is against a child or the workspace"
        what = f"{found.kept.name} ({found.kept.location.path})"
        moved = found.kept.moved_by
        part = "it" if moved or found.kept.program else "plan.md, the config and the ledger"
    move = f"set {moved} to another folder" if moved else "move it"
    if found.where is None:
        apart = f"leave one of the two out of {CONFIG_NAME}" if found.other else "keep the workspace outside of it"
        alone = found.kept is not None and part == "it"
        return kind(
            f"{what} lies in the child `{name}` ({path}), whose commands may write {part}",
            f"{move if alone else apart}, or let `{name}` only read: `sandbox: read-only`",
        )
    if found.where.temporary:
        return kind(
            f"{what} lies in {found.where.name}, where the commands of `{name}` may write {part}",
            f"{move}, or {exclude('exclude_tmp')}",
        )
    managed = found.where.source == str(MANAGED)
    return kind(
        f"{what} lies in {found.where.name}, where the commands of `{name}` may write {part}",
        f"{move}, {'or ' if managed else ''}take that folder out of `writable_roots` in {found.where.source}"
        + ("" if managed else f", or {exclude('exclude_roots')}"),
    )
