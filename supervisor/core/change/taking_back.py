"""What an undo, a redo and a restore do: which runs they take back or bring back, and by which merges."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from supervisor.core.change.operations import undone_by
from supervisor.domain.change.operation import Operation, OperationKind, OperationState


class TreeStep(Struct, frozen=True):
    """A three-way merge into one child's work tree: what lies between `base` and `theirs` is applied to it."""

    child: str
    base: str  # the id of a kept commit
    theirs: str  # the id of a kept commit


class Reversal(Struct, frozen=True):
    """What an undo, a redo or a restore is to do."""

    kind: OperationKind
    taken: tuple[Operation, ...] = ()  # runs to take back, the oldest first
    brought: tuple[Operation, ...] = ()  # runs to bring back, the oldest first
    target: Operation | None = None  # the operation that it is about, if that is no run
    plan: tuple[int, int] | None = None  # revisions of plan.md: what lies between them is applied to it

    @property
    def steps(self) -> tuple[TreeStep, ...]:
        """The merges in their order: back from the latest run to the oldest, then forward."""
        back = (TreeStep(one.child, one.after, one.before) for run in reversed(self.taken) for one in _moves(run)[::-1])
        forward = (TreeStep(one.child, one.before, one.after) for run in self.brought for one in _moves(run))
        return (*back, *forward)

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks whose runs are taken back or brought back, each once."""
        return tuple(dict.fromkeys(one.task for one in (*self.taken, *self.brought) if one.task is not None))


class _Moved(Struct, frozen=True):
    child: str
    before: str
    after: str


def undo(found: Sequence[Operation], name: str | None = None) -> Reversal | None:
    """Return what `orch undo [OPERATION|TASK]` does; without a name, for the latest run or restore.

    None if there is nothing to take back: it is undone already, it goes on, or it changed nothing.
    """
    if name is None:
        one = next((one for one in reversed(found) if _takes_back(one)), None)
    else:
        one = next((one for one in found if one.id == name), None)
    if one is None:
        runs = tuple(one for one in found if name is not None and one.task == name and _takes_back(one))
        return Reversal(OperationKind.UNDO, taken=runs) if runs else None
    if one.kind is OperationKind.PLAN and one.state is OperationState.DONE:
        return Reversal(OperationKind.UNDO, target=one, plan=(_revision(one), _revision(one) - 1))
    if not _takes_back(one):
        return None
    return Reversal(OperationKind.UNDO, (one,)) if one.kind is OperationKind.RUN else _inverse(found, one)


def redo(found: Sequence[Operation]) -> Reversal | None:
    """Return what `orch redo` does: it takes the latest undo back that is in force. None if there is none."""
    one = next(
        (one for one in reversed(found) if one.kind is OperationKind.UNDO and one.state is OperationState.DONE), None
    )
    return None if one is None else _inverse(found, one)


def restore(found: Sequence[Operation], name: str) -> Reversal:
    """Return what `orch restore OPERATION` does: the runs that were in force right behind it are, and no others."""
    position = next(place for place, one in enumerate(found) if one.id == name)
    then = undone_by(found[: position + 1])
    now = undone_by(found)
    runs = [one for one in enumerate(found) if one[1].kind is OperationKind.RUN and _moves(one[1])]
    return Reversal(
        OperationKind.RESTORE,
        taken=tuple(one for place, one in runs if one.id not in now and (place > position or one.id in then)),
        brought=tuple(one for place, one in runs if one.id in now and place <= position and one.id not in then),
        target=found[position],
    )


def built_on(after: Mapping[str, Sequence[str]], taken: Iterable[str], ran: Iterable[str]) -> tuple[str, ...]:
    """Return the tasks that ran and come after the taken ones, directly or by others, in the order of `after`.

    `after` has the tasks of the plan, each with those that it comes after.
    """
    taken = frozenset(taken)
    reached = set(taken)
    while more := {name for name, before in after.items() if name not in reached and reached.intersection(before)}:
        reached |= more
    have_run = frozenset(ran)
    return tuple(name for name in after if name in reached - taken and name in have_run)


def _takes_back(one: Operation) -> bool:
    """Return whether there is something to take back of an operation."""
    if one.state is not OperationState.DONE:
        return False
    return bool(_moves(one)) if one.kind is OperationKind.RUN else one.kind is OperationKind.RESTORE


def _inverse(found: Sequence[Operation], one: Operation) -> Reversal:
    """Return what takes an undo or a restore back."""
    runs = {run.id: run for run in found if run.kind is OperationKind.RUN}
    taken = one.target if one.kind is OperationKind.UNDO else None
    about = next((plan for plan in found if plan.id == taken and plan.kind is OperationKind.PLAN), None)
    return Reversal(
        OperationKind.REDO if one.kind is OperationKind.UNDO else OperationKind.UNDO,
        plan=(_revision(about) - 1, _revision(about)) if about is not None else None,
        taken=tuple(run for run in runs.values() if run.id in one.brought),
        brought=tuple(run for run in runs.values() if run.id in one.taken),
        target=one,
    )


def _revision(plan: Operation) -> int:
    return int(plan.id.partition("@")[2])


def _moves(run: Operation) -> tuple[_Moved, ...]:
    """Return the moves of a run that changed something."""
    return tuple(
        _Moved(one.child, one.before, one.after)
        for one in run.moves
        if one.after is not None and one.after != one.before
    )
