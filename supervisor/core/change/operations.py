"""The operations of a workspace: the runs and plan edits of the ledger, and the journal of what a person started."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby

from msgspec import Struct
from msgspec.structs import replace

from supervisor.domain import event as ev
from supervisor.domain.change.entry import Entry, LandingDecided, OperationBegan, OperationEnded
from supervisor.domain.change.operation import Move, Operation, OperationKind, OperationState


class _Run(Struct):
    """A run as far as it was read."""

    task: str
    child: str
    number: int
    at: datetime
    moves: list[Move]

    def latest(self, child: str) -> int | None:
        """The place of its latest move in a child."""
        return next((place for place in reversed(range(len(self.moves))) if self.moves[place].child == child), None)

    def end(self, child: str, commit: str) -> None:
        """Nobody kept how its latest move in a child ended: it did when the next one began."""
        place = self.latest(child)
        if place is not None and self.moves[place].after is None:
            self.moves[place] = replace(self.moves[place], after=commit)


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
    """Return what began to write into work trees, and did not end."""
    ended = {one.number for one in journal if isinstance(one, OperationEnded)}
    return tuple(
        one
        for one in journal
        if isinstance(one, OperationBegan) and one.kind is not OperationKind.LAND and one.number not in ended
    )


def runs_taken_back(journal: Sequence[Entry]) -> tuple[str, ...]:
    """Return the ids of the runs that are taken back after all that the journal holds, sorted."""
    return tuple(sorted(name for name in undone_by(_started(journal)) if not name.startswith("@")))


def _recorded(events: Iterable[ev.TreeKept | ev.PlanAccepted]) -> Iterable[Operation]:
    """Return the runs and the versions of the plan, in the order of their first events."""
    found: dict[str, _Run | Operation] = {}
    open_in: dict[str, _Run] = {}  # by child: the run whose latest move goes on
    for event in events:
        if isinstance(event, ev.PlanAccepted):
            name = f"plan@{event.revision}"
            what = f"plan.md, by {event.author}: {event.summary}" if event.summary else f"plan.md, by {event.author}"
            found[name] = Operation(name, OperationKind.PLAN, event.at, what)
            continue
        name = f"{event.task}@{event.run}"
        known = found.get(name)
        run = known if isinstance(known, _Run) else _Run(event.task, event.child, event.run, event.at, [])
        found[name] = run
        run.at = event.at
        before = open_in.get(event.child)
        last = run.latest(event.child) if before is run else None
        if event.after:
            if last is not None:
                run.moves[last] = replace(run.moves[last], after=event.commit)
            continue
        if last is not None and run.moves[last].after in (None, event.commit):
            continue
        if before is not None and before is not run:
            before.end(event.child, event.commit)
        run.moves.append(Move(event.child, event.commit))
        open_in[event.child] = run
    for name, one in found.items():
        yield one if isinstance(one, Operation) else _of_run(name, one)


def _of_run(name: str, run: _Run) -> Operation:
    going = any(move.after is None for move in run.moves)
    children = ", ".join(dict.fromkeys(move.child for move in run.moves)) or run.child
    return Operation(
        name,
        OperationKind.RUN,
        run.at,
        f"run {run.number} of {run.task} in {children}",
        OperationState.RUNNING if going else OperationState.DONE,
        run.task,
        tuple(run.moves),
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
                    found = replace(found, at=entry.at)
        if found is not None:
            yield found
