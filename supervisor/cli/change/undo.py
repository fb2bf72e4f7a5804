"""`orch undo`, `redo` and `restore`: take runs of tasks back, and bring them back, in all repos or in none."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from typing import Annotated

from supervisor import api
from supervisor.cli.change.finishing import finish
from supervisor.cli.command.parameters import Argument, Json, Option
from supervisor.cli.display import output
from supervisor.cli.display.blocks import Block, Cell, Grid, Line
from supervisor.core.change import taking_back
from supervisor.core.change.taking_back import Reversal
from supervisor.domain.change.operation import Operation, OperationKind, OperationState
from supervisor.domain.status import Status
from supervisor.errors import OrchError, RequestRefused, SupervisorDown
from supervisor.runtime import calling
from supervisor.runtime.change import journal
from supervisor.runtime.change.plan_text import merged_plan
from supervisor.runtime.change.recorded import read_operations
from supervisor.runtime.change.taking_back import PlannedRewrite, carry_out, planned, sentence
from supervisor.runtime.naming import checked
from supervisor.runtime.remote.roots import roots_of
from supervisor.runtime.workspace import WorkspacePaths

DryRun = Annotated[bool, Option("--dry-run", "Show what it would do, and do nothing.")]


def undo(
    workspace: WorkspacePaths,
    name: Annotated[
        str | None, Argument("TASK|OPERATION", "All runs of this task, or this operation. Without: the latest one.")
    ] = None,
    *,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> int:
    """Take back what a task changed."""

    def chosen(found: Sequence[Operation], status: Status) -> Reversal:
        if name is not None:
            checked(name, [*(one.id for one in found), *(one.id for one in status.tasks)], "task or operation")
        change = taking_back.undo(found, name)
        if change is None:
            raise RequestRefused(*_why_not(found, name, status))
        return change

    return _carry_out(workspace, chosen, dry_run=dry_run, as_json=as_json)


def redo(workspace: WorkspacePaths, *, dry_run: DryRun = False, as_json: Json = False) -> int:
    """Bring back what the latest undo took back."""

    def chosen(found: Sequence[Operation], status: Status) -> Reversal:
        change = taking_back.redo(found)
        if change is None:
            raise RequestRefused("nothing is undone", "see `orch ops`")
        return change

    return _carry_out(workspace, chosen, dry_run=dry_run, as_json=as_json)


def restore(
    workspace: WorkspacePaths,
    name: Annotated[
        str, Argument("OPERATION", "The operation behind which the repos are to be; `orch ops` lists them.")
    ],
    *,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> int:
    """Put all repos into the state in which the runs up to an operation left them."""

    def chosen(found: Sequence[Operation], status: Status) -> Reversal:
        checked(name, [one.id for one in found], "operation")
        change = taking_back.restore(found, name)
        if not change.steps:
            raise RequestRefused(f"the repos are as they were after {name}", "see `orch ops`")
        return change

    return _carry_out(workspace, chosen, dry_run=dry_run, as_json=as_json)


def _carry_out(
    workspace: WorkspacePaths,
    choose: Callable[[Sequence[Operation], Status], Reversal],
    *,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Choose what to do, show it, and do it unless it is a dry run. Returns 1 if something is in the way."""
    with (
        _Reservation(workspace) as reservation,
        journal.opened(workspace.operations) as book,
        roots_of(workspace, reservation.status) as roots,
    ):
        status = reservation.status
        if not dry_run and any(one.pending for one in finish(workspace, book)):
            return 1
        found = read_operations(workspace)
        change = choose(found, status)
        if not dry_run:
            reservation.take({step.child for step in change.steps})
        rewrites = planned(workspace, roots, change.steps)
        refused = [f"{one.child}: {why}" for one in rewrites for why in one.refused]
        plan = merged_plan(workspace, *change.plan) if change.plan is not None else None
        name = None if dry_run or refused else carry_out(book, workspace, change, rewrites, plan)
    state = "refused" if refused else "planned" if dry_run else "done"
    behind = taking_back.built_on(
        {one.id: one.after for one in status.tasks},
        [one.task for one in change.taken if one.task is not None],
        [one.id for one in status.tasks if one.runs],
    )
    if as_json:
        output.emit_json(_as_json(state, name, change, rewrites, refused, behind))
        return 1 if refused else 0
    if blocks := list(_blocks(change, rewrites, behind)):
        output.show(blocks)
    for why in refused:
        output.say(why)
    if refused:
        output.say("nothing was touched")
    elif dry_run:
        output.emit(sentence(change, would=True))
    else:
        output.emit(f"{sentence(change)} ({name}; `orch {_way_back(change)}`)")
    return 1 if refused else 0


class _Reservation:
    """Keeps the supervisor from starting anything in some children until this command has ended. A context manager."""

    def __init__(self, workspace: WorkspacePaths) -> None:
        self._workspace = workspace
        self._taken = False
        orch = api.Workspace(workspace.root)
        try:
            self.status, self._up = orch.status(), True
        except SupervisorDown:
            self.status, self._up = orch.last_status(), False

    def take(self, children: Collection[str]) -> None:
        """Reserve these children. Raises RequestRefused if a task works in one of them."""
        for one in self.status.children:
            if not self._up and one.name in children and one.pid is not None:
                raise RequestRefused(f"the server of {one.name} runs, and nobody supervises it", "run `orch up` first")
        if self._up:
            self._taken = True
            calling.request(self._workspace, "reserve", children=sorted(children))

    def __enter__(self) -> _Reservation:
        return self

    def __exit__(self, *_: object) -> None:
        if self._taken:
            with suppress(OrchError):  # the supervisor notices it by itself as well
                calling.request(self._workspace, "reserve", children=[])


def _why_not(found: Sequence[Operation], name: str | None, status: Status) -> tuple[str, str]:
    if name is None:
        return "there is nothing to take back: no run changed a file, or all are undone", "see `orch ops`"
    one = next((one for one in found if one.id == name), None)
    if one is None:
        return f"{name} has changed nothing that is still there", "see `orch ops`"
    if one.state is OperationState.UNDONE:
        return f"{name} is taken back already", "`orch redo` brings it back"
    if one.state is OperationState.RUNNING:
        return f"{name} goes on", f"wait for it: `orch wait --task {one.task}`"
    if one.kind is OperationKind.UNDO:
        return f"{name} is an undo", "`orch redo` takes the latest one back; `orch restore` goes to any state"
    return f"{name} changed no file", "see `orch ops`"


def _way_back(change: Reversal) -> str:
    return "redo" if change.kind is OperationKind.UNDO else "undo"


def _blocks(change: Reversal, rewrites: Sequence[PlannedRewrite], behind: Sequence[str]) -> Iterator[Block]:
    if behind:
        names = ", ".join(behind)
        yield Line((Cell(f"{names} built on it, and {'stays' if len(behind) == 1 else 'stay'} as it is", "yellow"),))
    rows = tuple(
        (Cell(one.child), Cell(f"{file.source} -> {file.path}" if file.source else file.path), Cell(str(file.status)))
        for one in rewrites
        for file in one.files
    )
    if rows:
        yield Grid(("CHILD", "FILE", "CHANGE"), rows)
    yield from (Line((Cell(f"{one.child}: {note}", "dim"),)) for one in rewrites for note in one.notes)


def _as_json(
    state: str,
    name: str | None,
    change: Reversal,
    rewrites: Sequence[PlannedRewrite],
    refused: Sequence[str],
    behind: Sequence[str],
) -> dict[str, object]:
    return {
        "state": state,
        "operation": name,
        "kind": str(change.kind),
        "what": sentence(change),
        "took_back": [one.id for one in change.taken],
        "brought_back": [one.id for one in change.brought],
        "built_on_it": list(behind),
        "repos": [
            {
                "child": one.child,
                "files": [{"path": file.path, "status": str(file.status), "from": file.source} for file in one.files],
                "notes": list(one.notes),
            }
            for one in rewrites
        ],
        "why": "; ".join(refused) or None,
    }
