"""The operations of a workspace: the runs and plan edits of the ledger, and the journal of what a person started."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from msgspec.structs import replace

from supervisor.core.change.spans import ended_by, with_tree
from supervisor.domain import event as ev
from supervisor.domain.change.entry import Entry, LandingDecided, OperationBegan, OperationEnded
from supervisor.domain.change.operation import Move, Operation, OperationKind, OperationState
from supervisor.domain.task import KeptRun


def operations(events: Iterable[ev.TreeKept | ev.PlanAccepted], journal: Sequence[Entry]) -> tuple[Operation, ...]:
    """Return all operations, the oldest first. `events` and `journal` are in the order in which they were recorded."""
    found = [*_recorded(events), *_started(journal)]
    # The sort is stable: what happened in one moment stays in its order.
    return with_states(sorted(found, key=lambda one: one.at.timestamp() if one.at is not None else 0.0))


def with_states(found: Sequence[Operation]) -> tuple[Operation, ...]:
    """Return the operations, given in their order, with their states after every undo, redo and restore among them."""
    undone = undone_by(found)
    return tuple(
        replace(one, state=OperationState.UNDONE) if one.id in undone and one.state is OperationState.DONE else one
        for one in found
    )


def undone_by(found: Iterable[Operation]) -> frozenset[str]:
    """Return the ids of what these operations leave taken back."""
    undone: set[str] = set()
    targets: dict[str, str] = {}
    for one in found:
        if one.state not in (OperationState.DONE, OperationState.UNDONE):
            continue
        undone.update(one.taken)
        undone.difference_update(one.brought)
        if one.target is not None and one.kind is not OperationKind.RESTORE:
            undone.add(one.target)
            undone.discard(targets.get(one.target, ""))  # what an undo took back is in force again after its redo
            targets[one.id] = one.target
    return frozenset(undone)


def pending(journal: Sequence[Entry]) -> tuple[OperationBegan, ...]:
    """Return what a person started, and what neither goes on (while nobody has the journal open) nor ended."""
    ended = {one.number for one in journal if isinstance(one, OperationEnded)}
    return tuple(one for one in journal if isinstance(one, OperationBegan) and one.number not in ended)


def half_written(journal: Sequence[Entry]) -> tuple[OperationBegan, ...]:
    """Of what is `pending`, return what was about to write into work trees: all but landings."""
    return tuple(one for one in pending(journal) if one.kind is not OperationKind.LAND)


def runs_taken_back(journal: Sequence[Entry]) -> tuple[str, ...]:
    """Return the ids of the runs that are taken back after all that the journal holds, sorted."""
    return tuple(sorted(name for name in undone_by(_started(journal)) if not name.startswith("@")))


def _recorded(events: Iterable[ev.TreeKept | ev.PlanAccepted]) -> Iterable[Operation]:
    """Return the runs and the versions of the plan, in the order of their first events."""
    found: dict[str, Operation | tuple[ev.TreeKept, ev.TreeKept]] = {}  # of a run: its first event, and its latest
    kept: dict[str, tuple[KeptRun, ...]] = {}  # by task
    open_in: dict[str, str] = {}  # by child: the task whose run began there last
    for event in events:
        if isinstance(event, ev.PlanAccepted):
            name = f"plan@{event.revision}"
            what = f"plan.md, by {event.author}: {event.summary}" if event.summary else f"plan.md, by {event.author}"
            found[name] = Operation(name, OperationKind.PLAN, event.at, what)
            continue
        name = f"{event.task}@{event.run}"
        known = found.get(name)
        found[name] = (known[0] if isinstance(known, tuple) else event, event)
        other = open_in.get(event.child)
        if other is not None and other != event.task:
            kept[other] = ended_by(kept[other], event)
        kept[event.task] = with_tree(kept.get(event.task, ()), event)
        if not event.after:
            open_in[event.child] = event.task
    for name, one in found.items():
        yield one if isinstance(one, Operation) else _of_run(name, *one, kept[one[0].task])


def _of_run(name: str, first: ev.TreeKept, latest: ev.TreeKept, kept: Iterable[KeptRun]) -> Operation:
    moves = tuple(Move(one.child, one.before, one.after) for one in kept if one.run == first.run)
    going = any(move.after is None for move in moves)
    children = ", ".join(dict.fromkeys(move.child for move in moves)) or first.child
    return Operation(
        name,
        OperationKind.RUN,
        latest.at,
        f"run {first.run} of {first.task} in {children}",
        OperationState.RUNNING if going else OperationState.DONE,
        first.task,
        moves,
    )


def _started(journal: Sequence[Entry]) -> Iterable[Operation]:
    """Return the operations that a person started."""
    for number, entries in groupby(sorted(journal, key=lambda one: one.number), key=lambda one: one.number):
        found = None
        for entry in entries:
            match entry:
                case OperationBegan():
                    found = Operation(
                        f"@{number}",
                        entry.kind,
                        entry.at,
                        entry.what,
                        OperationState.STOPPED,
                        moves=entry.moves,
                        taken=entry.taken,
                        brought=entry.brought,
                        target=entry.target,
                    )
                case OperationEnded() if found is not None and entry.done:
                    moves = entry.moves or found.moves
                    found = replace(found, at=entry.at, state=OperationState.DONE, moves=moves)
                case OperationEnded():
                    found = None  # nothing was changed
                case LandingDecided() if found is not None:
                    landed = tuple(dict.fromkeys(ref.child for ref in entry.refs))
                    found = replace(found, at=entry.at, landed=landed)
        if found is not None:
            yield found
