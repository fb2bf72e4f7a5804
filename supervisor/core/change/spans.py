"""What the trees that were kept say of the runs of a task, and what all its runs changed, as one list of files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from supervisor.domain import event as ev
from supervisor.domain.change.diff import DiffStatus, FileDiff
from supervisor.domain.task import KeptRun

if TYPE_CHECKING:
    from supervisor.domain.status import KeptRunInfo


class Span(NamedTuple):
    """Two kept trees of one child, between which only the task worked."""

    child: str
    before: str
    after: str | None  # None: now


def with_tree(kept: tuple[KeptRun, ...], event: ev.TreeKept) -> tuple[KeptRun, ...]:
    """Return the kept runs of a task after one of its trees was kept. Returns the same object if that says nothing."""
    last = kept[-1] if kept else None
    goes_on = last is not None and (last.child, last.run) == (event.child, event.run)
    if event.after:
        if last is None or not goes_on:
            return kept  # nobody kept how it began
        left_out = tuple(dict.fromkeys((*last.left_out, *event.left_out)))
        return (*kept[:-1], replace(last, after=event.commit, left_out=left_out, diff=event.diff))
    if last is not None and goes_on and last.after in (None, event.commit):
        return kept
    begun = KeptRun(event.run, event.child, event.commit, left_out=event.left_out)
    return (*ended_by(kept, event), begun)


def ended_by(kept: tuple[KeptRun, ...], event: ev.TreeKept) -> tuple[KeptRun, ...]:
    """Return the kept runs of a task before another run begins. If nobody kept how the latest one ended in this child,
    it did then. Returns the same object if that says nothing."""
    last = kept[-1] if kept else None
    if event.after or last is None or last.child != event.child or last.after is not None:
        return kept
    return (*kept[:-1], replace(last, after=event.commit))


def spans(kept: Iterable[KeptRunInfo]) -> tuple[Span, ...]:
    """Return the spans of a task's runs. Runs between which nobody changed anything are one span."""
    found: list[Span] = []
    for run in kept:
        last = found[-1] if found else None
        if last is not None and last.child == run.child and last.after in (run.before, None):
            found[-1] = last._replace(after=run.after)
        else:
            found.append(Span(run.child, run.before, run.after))
    return tuple(found)


def joined(parts: Sequence[Iterable[FileDiff]]) -> tuple[FileDiff, ...]:
    """Join the files of several spans, in their order, by path. Lines that were changed twice count twice,
    but for those of a new file."""
    found: dict[str, FileDiff] = {}
    for part in parts:
        for new in part:
            old = found.pop(new.source or new.path, None)
            both = new if old is None else _both(old, new)
            if both is not None:
                found[both.path] = both
    return tuple(found[path] for path in sorted(found))


def counted(file: FileDiff) -> str:
    """Format how many lines of a file changed: `+3 -1`; "" for a binary file."""
    return "" if file.additions is None else f"+{file.additions} -{file.deletions}"


def _both(old: FileDiff, new: FileDiff) -> FileDiff | None:
    if old.status is DiffStatus.ADDED and new.status is DiffStatus.DELETED:
        return None
    status, source = new.status, new.source
    if old.status is DiffStatus.ADDED:
        status, source = DiffStatus.ADDED, None
    elif old.status is DiffStatus.DELETED:
        status, source = DiffStatus.MODIFIED, None
    elif old.status is DiffStatus.RENAMED and new.status is not DiffStatus.DELETED:
        status, source = DiffStatus.RENAMED, old.source
    elif old.status is DiffStatus.MODIFIED and new.status is DiffStatus.MODE:
        status = DiffStatus.MODIFIED
    path = old.source if old.status is DiffStatus.RENAMED and new.status is DiffStatus.DELETED else new.path
    added, deleted = _sum(old.additions, new.additions), _sum(old.deletions, new.deletions)
    if status is DiffStatus.ADDED and added is not None and deleted is not None:
        added, deleted = added - deleted, 0  # all lines of it are new
    return FileDiff(path or new.path, status, source, added, deleted)


def _sum(a: int | None, b: int | None) -> int | None:
    return None if a is None or b is None else a + b
