"""Finish or clear what a stop interrupted of an undo, a redo, a restore or a landing, and say what became of it."""

from __future__ import annotations

from contextlib import ExitStack, suppress

from supervisor.cli.change.standing import status_of
from supervisor.cli.display import output
from supervisor.core.change.operations import pending
from supervisor.errors import RequestRefused
from supervisor.runtime.change import journal
from supervisor.runtime.change.recovery import Recovered, recover_all
from supervisor.runtime.remote.roots import roots_of
from supervisor.runtime.workspace import WorkspacePaths


def finish(workspace: WorkspacePaths, book: journal.Journal) -> tuple[Recovered, ...]:
    """Finish or clear all that a stop interrupted, and print a line for each."""
    with ExitStack() as lines:
        left = pending(book.entries)
        roots = lines.enter_context(roots_of(workspace, status_of(workspace))) if left else {}
        found = recover_all(book, workspace, roots)
    for one in found:
        if not one.pending:
            output.say(f"{one.id} was interrupted: {one.why or 'it is finished now'}")
        elif one.landed is not None:
            output.say(f"{one.id} is decided and not finished: {one.why}; then run `orch land --continue`")
        else:
            output.say(f"{one.id} was interrupted: {one.why}")
    return found


def finish_left(workspace: WorkspacePaths) -> int:
    """Finish or clear what was interrupted, unless it goes on. Returns 1 if something is in the way, which it tells."""
    if not pending(journal.read_journal(workspace.operations)):
        return 0
    with suppress(RequestRefused), journal.opened(workspace.operations) as book:  # else it goes on
        return 1 if any(one.pending for one in finish(workspace, book)) else 0
    return 0
