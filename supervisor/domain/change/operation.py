"""Operations: what happened to the repos, as one thing each."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class OperationKind(StrEnum):
    """What an operation is."""

    RUN = "run"  # a task's run changed a repo
    PLAN = "plan"  # a version of plan.md came into force
    UNDO = "undo"
    REDO = "redo"
    RESTORE = "restore"
    LAND = "land"


class OperationState(StrEnum):
    """How far an operation is."""

    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"  # it began, and nobody goes on with it
    UNDONE = "undone"  # it was done, and was taken back


class Move(Struct, frozen=True):
    """A change of one child's work tree: from one kept tree to another."""

    child: str
    before: str  # the id of a kept commit
    after: str | None = None  # None: it goes on


class Operation(Struct, frozen=True):
    """One operation over all repos.

    Its id tells what it is, and is never the id of a task: `T1@2` is the second run of T1, `plan@7` is revision 7 of
    plan.md, and `@3` is the third operation that a person started.
    """

    id: str
    kind: OperationKind
    at: datetime | None  # when it ended, or began if it has not; None: not known
    what: str  # in one line
    state: OperationState = OperationState.DONE
    task: str | None = None  # of a run
    moves: tuple[Move, ...] = ()
    landed: tuple[str, ...] = ()  # of a landing: the children in whose repos it made commits
    taken: tuple[str, ...] = ()  # the operations that it took back
    brought: tuple[str, ...] = ()  # the operations that it brought back
    target: str | None = None  # of an undo or a redo: what it was about, if that is no run
