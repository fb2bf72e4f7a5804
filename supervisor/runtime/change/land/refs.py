"""Carry out a landing: move the branches of all repos or of none, and finish or clear what a stop left of one.

prepared   is written down: the refs, and the locks that will be held
locks      of all refs are taken; if one is refused, all are let go, and nothing has changed
decided    is written down: from here on the landing is finished, by whoever comes next
moved      each ref, one per repo
ended      is written down
"""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from supervisor.core.change.operations import pending
from supervisor.domain.change.entry import (
    Entry,
    LandedRepo,
    LandingDecided,
    LandingPrepared,
    OperationBegan,
    OperationEnded,
    RefChange,
)
from supervisor.domain.change.landing import LandingPlan, RepoPlan
from supervisor.domain.change.operation import OperationKind
from supervisor.errors import OrchError, StoreError, WorkspaceError
from supervisor.runtime.change.journal import Journal
from supervisor.runtime.change.together import at_once
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.git.keep.form import ref_of
from supervisor.shell.git.land.batch import APART, hold, keep_landed, release, settle
from supervisor.shell.git.land.index import follow
from supervisor.shell.git.land.look import value_of
from supervisor.shell.git.land.sync import sync_objects
from supervisor.shell.git.reach.moves import HeldRef

LANDED = ".landed"
"""What follows the ref of a child for what was landed, so that git never drops it. It has one ref per landing."""


class Landed(Struct, frozen=True):
    """What became of a landing."""

    state: str  # "landed", "landing" (decided, and something is in the way), or "rolled_back"
    repos: tuple[LandedRepo, ...]
    why: str = ""
    id: str = ""


class HeadMoved(OrchError):
    """Somebody committed while the landing was prepared. Nothing has changed: work it out again."""


Told = Callable[[str], None]
_NOWHERE: Mapping[str, Path] = {}


def carry_out(
    journal: Journal, workspace: WorkspacePaths, plan: LandingPlan, told: Told, roots: Mapping[str, Path] = _NOWHERE
) -> Landed:
    """Move the branches of all repos. Raises OrchError, and then nothing has changed.

    `told` gets a line for each step. `roots`: the work tree of each child; those on other machines need it. Raises
    HeadMoved if a commit was made since the landing was worked out.
    """
    number = journal.next_number
    refs = tuple(RefChange(one.child, one.root, one.ref, one.old, one.tip, one.lock) for one in plan.repos)
    repos = tuple(_record(workspace, one, number) for one in plan.repos)
    verb = f"land {', '.join(plan.tasks)}" if plan.reverts is None else f"revert @{plan.reverts}"
    what = f"{verb} on {plan.branch or 'what is checked out'}"
    journal.append(OperationBegan(number, _now(), OperationKind.LAND, what))
    moves = list[HeldRef]()

    def root_of(one: RepoPlan) -> Path:
        return root_in(roots, one.child, one.root)

    try:
        journal.append(
            LandingPrepared(number, _now(), refs, repos, plan.push, plan.requests, plan.reverts, plan.checks)
        )
        at_once(lambda one: sync_objects(root_of(one), Path(one.common), one.tip, one.base), plan.repos)
        for ref in refs:
            root = root_in(roots, ref.child, ref.repo)
            moves.append(hold(root, ref.name, ref.old, ref.new, ref.lock, journal.folder, journal.fileno()))
        for ref, move in zip(refs, moves, strict=True):
            told(f"{ref.child}: lock {ref.name}")
            move.prepare()
        heads = at_once(lambda one: value_of(root_of(one), "HEAD^{commit}") if one.on_head else one.base, plan.repos)
        for one, head in zip(plan.repos, heads, strict=True):
            if head != one.base:
                raise HeadMoved(f"somebody committed in {one.child} at the same time", "land again")
    except BaseException as error:
        for move in moves:
            move.abort()
        with suppress(StoreError):
            journal.append(OperationEnded(number, _now(), done=False, why=str(error)))
        raise
    with _uninterrupted():
        try:
            refs = tuple(replace(ref, held=move.held()) for ref, move in zip(refs, moves, strict=True))
            journal.append(LandingDecided(number, _now(), refs))
        except StoreError:
            for move in moves:
                move.abort()
            with suppress(StoreError):
                journal.append(OperationEnded(number, _now(), done=False, why="the journal could not be written"))
            raise
        said = at_once(lambda move: move.commit(), moves)
        moved = frozenset(ref for ref, done in zip(refs, said, strict=True) if done)
        return _finished(journal, roots, number, refs, repos, moved)


def recover(journal: Journal, roots: Mapping[str, Path]) -> tuple[Landed, ...]:
    """Finish or clear each landing that a stop interrupted: one that was decided is finished, any other is cleared.
    `roots`: the work tree of each child.

    Only locks that are certainly ours are removed (`release`). Raises WorkspaceError when git fails.
    """
    for left in journal.folder.glob(f"{APART}*"):  # we have the journal, so no landing goes on
        shutil.rmtree(left, ignore_errors=True)
    found = []
    for number in (one.number for one in pending(journal.entries) if one.kind is OperationKind.LAND):
        prepared = next(
            (one for one in journal.entries if isinstance(one, LandingPrepared) and one.number == number), None
        )
        refs, repos = (prepared.refs, prepared.repos) if prepared is not None else ((), ())
        decided = (one for one in journal.entries if isinstance(one, LandingDecided) and one.number == number)
        if (last := next(decided, None)) is not None:
            found.append(_finished(journal, roots, number, last.refs, repos))
            continue
        locks = [one.lock for one in refs if not _released(roots, one)]
        why = "it was stopped before it was decided, and nothing was changed"
        if locks:
            why += f"; {', '.join(locks)} may be of another git, and stays"
        journal.append(OperationEnded(number, _now(), done=False, why=why))
        found.append(Landed("rolled_back", repos, why, f"@{number}"))
    return tuple(found)


def root_in(roots: Mapping[str, Path], child: str, written: str) -> Path:
    """Return the work tree that the journal names. Raises WorkspaceError if it is on a machine that is not known."""
    if os.path.isabs(written):
        return Path(written)
    found = roots.get(child)
    if found is None or str(found) != written:
        raise WorkspaceError(f"the config does not say how {written} of {child} is reached", "put that runner back")
    return found


def left_branches(entries: Sequence[Entry]) -> dict[tuple[str, str], tuple[str, ...]]:
    """Return the commits that landings left on branches, by child and branch: one that still is there may be moved."""
    done = {one.number for one in entries if isinstance(one, OperationEnded) and one.done}
    return {
        (repo.child, repo.branch): repo.commits
        for one in entries
        if isinstance(one, LandingPrepared) and one.number in done
        for repo in one.repos
        if repo.commits
    }


def _finished(
    journal: Journal,
    roots: Mapping[str, Path],
    number: int,
    refs: Sequence[RefChange],
    repos: tuple[LandedRepo, ...],
    moved: frozenset[RefChange] = frozenset(),
) -> Landed:
    """Finish a landing that is decided: each ref is moved unless it is already, or somebody else moved it.

    `moved`: those of which git has said that it just moved them.
    """
    reasons = []
    for ref, repo in zip(refs, repos, strict=True):
        try:
            root = root_in(roots, ref.child, ref.repo)
            why = "" if ref in moved else settle(root, ref.name, ref.old, ref.new, ref.lock, journal.folder, ref.held)
            if repo.here and not why and (ref in moved or value_of(root, ref.name) == ref.new):
                why = follow(root, repo.base, ref.new)
            reasons.append(why)
        except OrchError as error:
            reasons.append(str(error))
    if why := "; ".join(reason for reason in reasons if reason):
        return Landed("landing", repos, why, f"@{number}")
    with suppress(OrchError):  # the branches lead to it; these refs are for when they are deleted
        at_once(
            lambda one: keep_landed(root_in(roots, one[0].child, one[0].repo), one[1].keep, one[0].new),
            zip(refs, repos, strict=True),
        )
    journal.append(OperationEnded(number, _now(), done=True))
    return Landed("landed", repos, "", f"@{number}")


def _released(roots: Mapping[str, Path], ref: RefChange) -> bool:
    """Remove a lock that a stop left. On a machine out of reach, git let go of it when the line was cut."""
    try:
        return release(root_in(roots, ref.child, ref.repo), ref.lock, ref.new)
    except OrchError:
        return False


def _record(workspace: WorkspacePaths, plan: RepoPlan, number: int) -> LandedRepo:
    keep = f"{ref_of(workspace.id, plan.child)}{LANDED}/{number}"
    return LandedRepo(plan.child, plan.branch, plan.base, tuple(one.id for one in plan.commits), keep, plan.here)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Hold Ctrl-C back in this block, which takes bounded time."""
    signals = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _now() -> datetime:
    return datetime.now(UTC)
