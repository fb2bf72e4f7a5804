"""`orch ops`: list the operations."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Annotated

from supervisor.cli.change.finishing import finish_left
from supervisor.cli.change.standing import status_of
from supervisor.cli.command.parameters import Json, Option
from supervisor.cli.display import output
from supervisor.cli.display.blocks import Cell, Grid, Line
from supervisor.domain.change.operation import Operation, OperationState
from supervisor.runtime.change import journal
from supervisor.runtime.change.pruning import let_go
from supervisor.runtime.change.recorded import read_operations
from supervisor.runtime.workspace import WorkspacePaths

_STYLES = {OperationState.RUNNING: "cyan", OperationState.STOPPED: "red", OperationState.UNDONE: "dim"}


def ops(
    workspace: WorkspacePaths,
    *,
    prune: Annotated[
        bool, Option("--prune", "Let go of the kept trees of tasks that the plan no longer has: they cannot be undone.")
    ] = False,
    as_json: Json = False,
) -> int:
    """Print the operations, the newest first. Finishes or clears those that were interrupted."""
    finish_left(workspace)
    if prune:
        return _prune(workspace, as_json=as_json)
    found = read_operations(workspace)[::-1]
    trees = tuple(_trees(workspace))
    if as_json:
        rows = [dict(zip(_KEYS, one, strict=True)) for one in trees]
        output.emit_json({"operations": [_as_json(one) for one in found], "work_trees": rows})
    elif not found:
        output.say("nothing happened yet: no task has run, and no plan was accepted")
    else:
        output.show([Grid(("OPERATION", "WHEN", "STATE", "WHAT", "TOUCHED"), tuple(map(_row, found)))])
    if not as_json and trees:
        output.show([Line(), Grid(("WORK TREE OF", "CHILD", "DISK", "STATE", "PATH"), tuple(map(_tree_row, trees)))])
    return 0


_KEYS = ("task", "child", "bytes", "state", "path")
_MERGED = "merged, holds ignored files"


def _trees(workspace: WorkspacePaths) -> Iterator[tuple[str, str, int, str, str]]:
    """Yield what is in the folder of linked work trees: the task, the child, bytes on the disk, the state, the path."""
    folder = workspace.own_trees
    places = sorted(path for path in folder.glob("*/*") if path.is_dir() and not path.is_symlink())
    own = {one.work_tree.path: one for one in status_of(workspace).tasks if one.work_tree is not None} if places else {}
    for path in places:
        task = own.get(str(path))
        merged = task is not None and task.work_tree is not None and task.work_tree.merged
        state = _MERGED if merged else "not merged" if task is not None else "of no task now"
        yield task.id if task is not None else path.name, path.parent.name, _disk(path), state, str(path)


def _tree_row(one: tuple[str, str, int, str, str]) -> tuple[Cell, ...]:
    task, child, size, state, path = one
    disk = Cell(f"{size / 1e6:,.1f} MB")
    return Cell(task), Cell(child), disk, Cell(state, "" if state == _MERGED else "cyan"), Cell(path)


def _disk(folder: Path) -> int:
    """Return the bytes that a folder takes on the disk; what cannot be read counts nothing."""
    found = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                found += os.lstat(os.path.join(place, name)).st_blocks * 512
    return found


def _prune(workspace: WorkspacePaths, *, as_json: bool) -> int:
    with journal.opened(workspace.operations):
        found = tuple(let_go(workspace, status_of(workspace)))
    if as_json:
        output.emit_json([{"child": one.child, "held": one.held, "left": one.left} for one in found])
    for one in () if as_json else found:
        output.emit(f"{one.child}: let go of {one.held - one.left} of {one.held} kept trees")
    return 0


def _row(one: Operation) -> tuple[Cell, ...]:
    when = one.at.astimezone().strftime("%m-%d %H:%M:%S") if one.at is not None else ""
    return (
        Cell(one.id),
        Cell(when),
        Cell(str(one.state), _STYLES.get(one.state, "")),
        Cell(one.what),
        Cell(", ".join(_touched(one))),
    )


def _touched(one: Operation) -> list[str]:
    """Return the children whose work trees were changed, or in whose repos a landing made commits."""
    return list(dict.fromkeys([*(move.child for move in one.moves if move.after != move.before), *one.landed]))


def _as_json(one: Operation) -> dict[str, object]:
    return {
        "id": one.id,
        "kind": str(one.kind),
        "at": one.at.isoformat().replace("+00:00", "Z") if one.at is not None else None,
        "state": str(one.state),
        "what": one.what,
        "task": one.task,
        "children": _touched(one),
        "took_back": list(one.taken),
        "brought_back": list(one.brought),
        "target": one.target,
    }
