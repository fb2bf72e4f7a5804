"""Carry out an undo, a redo or a restore in the work trees of all children: everywhere, or nowhere.

First all of it is worked out, without touching anything: each child's work tree is kept, the runs are merged out of
it or into it, and what is in the way is looked for. Then it is written into the journal, and only then into the work
trees.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from supervisor.core.change.taking_back import Reversal, TreeStep
from supervisor.domain.change.diff import DiffStatus, FileDiff
from supervisor.domain.change.entry import OperationBegan, OperationEnded
from supervisor.domain.change.operation import Move, Operation, OperationKind
from supervisor.domain.repo.pathname import shown
from supervisor.errors import OrchError, OutOfReach, WorkspaceError
from supervisor.runtime.change.journal import Journal
from supervisor.runtime.change.plan_text import write_plan
from supervisor.runtime.change.together import at_once
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.git.keep.capture import KeptTrees
from supervisor.shell.git.keep.compare import changes_between
from supervisor.shell.git.keep.form import TreeState, ref_of
from supervisor.shell.git.keep.target import concerned, rewrites, states_of, stepped
from supervisor.shell.git.keep.write import GITLINK, Look, look, write_changes
from supervisor.shell.git.reach.files import PathChange
from supervisor.shell.git.tree import read_now

OPERATIONS = ".operations"
"""What follows the ref of a child for the states before and after the operations that a person started."""

PLANNED = ".planned"
"""What follows the ref of a child for what was worked out and may never be written."""


class PlannedRewrite(Struct, frozen=True):
    """What is to be written into the work tree of one child, worked out and not yet written."""

    child: str
    root: Path
    now: TreeState  # the work tree as it is
    target: TreeState
    changes: tuple[PathChange, ...]
    seen: Look
    files: tuple[FileDiff, ...]  # the same changes, for people
    refused: tuple[str, ...] = ()  # why it cannot be written
    notes: tuple[str, ...] = ()  # what the reader should know


def planned(workspace: WorkspacePaths, roots: Mapping[str, Path], steps: Sequence[TreeStep]) -> list[PlannedRewrite]:
    """Work out what the steps do in each child. Touches no work tree. Raises WorkspaceError when git fails."""
    by_child = {child: [one for one in steps if one.child == child] for child in dict.fromkeys(s.child for s in steps)}
    return at_once(lambda child: _of_child(workspace, child, roots, by_child[child]), by_child)


def _of_child(
    workspace: WorkspacePaths, child: str, roots: Mapping[str, Path], steps: Sequence[TreeStep]
) -> PlannedRewrite:
    root = roots.get(child)
    if root is None:
        raise WorkspaceError(f"{child} is no child of this workspace any more", "add it again with `orch add`")
    trees = KeptTrees(root, ref_of(workspace.id, child) + PLANNED, only=True)
    states = states_of(root, [end for step in steps for end in (step.base, step.theirs)])
    ends = list(zip(states[0::2], states[1::2], strict=True))
    among = {path for pair in ends for path in concerned(root, *pair)}
    kept = trees.keep(read_now(root), f"{child} as it is", among=among)
    target, conflicts = kept.state, list[str]()
    for base, theirs in ends:
        target, found = stepped(root, target, base, theirs)
        conflicts += found
    if conflicts:
        why = "it was changed since, in the same lines: take that back first, or change it by hand"
        refused = tuple(f"{name}: {why}" for name in dict.fromkeys(conflicts))
        return PlannedRewrite(child, root, kept.state, target, (), Look((), {}), (), refused)
    changes = rewrites(root, kept.state, target)
    seen = look(root, changes)
    moved = [shown(one.path) for one in changes if GITLINK in (one.mode, one.old_mode)]
    return PlannedRewrite(
        child,
        root,
        kept.state,
        target,
        changes,
        seen,
        (*changes_between(root, kept.state.tree, target.tree, folder=""), *_beside(changes)),
        seen.in_the_way,
        (
            *(f"{name} is a repo of its own: it stays as it is" for name in moved),
            *(f"{one}: not kept" for one in kept.left_out),
        ),
    )


def _beside(changes: Sequence[PathChange]) -> Iterator[FileDiff]:
    """Files of which git records the same as before, but whose bytes or permissions are to be others."""
    for one in changes:
        if (one.old_mode, one.old) == (one.mode, one.oid):
            yield FileDiff(shown(one.path), DiffStatus.MODIFIED if one.exact else DiffStatus.MODE, None, 0, 0)


def carry_out(
    journal: Journal,
    workspace: WorkspacePaths,
    change: Reversal,
    rewrite: Sequence[PlannedRewrite],
    plan: str | None = None,
) -> str:
    """Write what was planned into all work trees, and the text `plan` into plan.md. Returns the id of the operation.

    Raises WorkspaceError when a file cannot be written; what was written by then is put back. Raises OutOfReach when
    another machine gives no answer; the operation then stays in the journal, to be finished.
    """
    number = journal.next_number
    moves = at_once(lambda one: _move(workspace, one, f"@{number}"), rewrite)
    journal.append(
        OperationBegan(
            number,
            _now(),
            change.kind,
            sentence(change),
            tuple(moves),
            tuple(one.id for one in change.taken),
            tuple(one.id for one in change.brought),
            change.target.id if change.target is not None else None,
        )
    )
    written = list[PlannedRewrite]()

    def write(one: PlannedRewrite) -> None:
        written.append(one)
        write_changes(one.root, one.changes, one.seen)

    try:
        at_once(write, rewrite)
        if plan is not None:
            write_plan(workspace, plan)
    except OutOfReach as error:  # how far it is, nobody knows, so it is finished later: it stays in the journal
        raise OutOfReach(f"{error.what}, and @{number} is not finished", "run `orch ops` once it answers") from error
    except OrchError as error:
        _put_back(written)
        journal.append(OperationEnded(number, _now(), done=False, why=str(error)))
        raise
    journal.append(OperationEnded(number, _now(), done=True))
    return f"@{number}"


def finish(journal: Journal, workspace: WorkspacePaths, roots: Mapping[str, Path], began: OperationBegan) -> None:
    """Finish what a stop interrupted: all that was about to be written is written, around what was edited since.

    Raises WorkspaceError if something is in the way of it.
    """
    steps = [TreeStep(move.child, move.before, move.after) for move in began.moves if move.after is not None]
    found = planned(workspace, roots, steps)
    if refused := [f"{each.child}: {why}" for each in found for why in each.refused]:
        raise WorkspaceError(
            f"what is left of it ({began.what}) cannot be written: {'; '.join(refused)}",
            "fix that, then run `orch ops`",
        )
    at_once(lambda each: write_changes(each.root, each.changes, each.seen), found)
    # Without moves, it was about plan.md, which is replaced at once: whether that was done, a reader sees.
    why = "" if steps else "it was interrupted: look at plan.md"
    journal.append(OperationEnded(began.number, _now(), done=bool(steps), why=why))


def sentence(change: Reversal, *, would: bool = False) -> str:
    """Say in one line what was done by a change, or what it would do."""
    taken, brought = _names(change.taken), _names(change.brought)
    match change.kind:
        case OperationKind.RESTORE:
            assert change.target is not None, "a restore is about an operation"
            return f"{'would restore' if would else 'restored'} what was there after {change.target.id}"
        case OperationKind.REDO:
            assert change.target is not None, "a redo is about an undo"
            names = brought or taken or ", ".join(filter(None, [change.target.target]))
            return f"{'would bring' if would else 'brought'} back {names}"
    about = change.target.id if change.target is not None else taken
    return f"{'would take' if would else 'took'} back {about}"


def _names(runs: Sequence[Operation]) -> str:
    return ", ".join(one.id for one in runs)


def _move(workspace: WorkspacePaths, one: PlannedRewrite, name: str) -> Move:
    """Chain both states to what was kept of the child, so that they stay."""
    trees = KeptTrees(one.root, ref_of(workspace.id, one.child) + OPERATIONS)
    states = ((one.now, f"Before {name} in {one.child}"), (one.target, f"After {name} in {one.child}"))
    return Move(one.child, *trees.record(*states))


def _put_back(written: Sequence[PlannedRewrite]) -> None:
    """Put the work trees back as they were; what was changed meanwhile stays."""
    for one in reversed(written):
        for change in rewrites(one.root, one.target, one.now):
            with suppress(OrchError):
                seen = look(one.root, (change,))
                if not seen.in_the_way:
                    write_changes(one.root, (change,), seen)


def _now() -> datetime:
    return datetime.now(UTC)
