"""Read the operations of a workspace, from its ledger and its journal."""

from __future__ import annotations

import json
from collections.abc import Iterator

import msgspec

from supervisor.core.change.operations import operations
from supervisor.domain.change.operation import Operation
from supervisor.domain.event import PlanAccepted, TreeKept
from supervisor.errors import StoreError
from supervisor.runtime.change.journal import read_journal
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.ledger.lines import decode
from supervisor.shell.ledger.segments import raw_lines

AGAIN = "as before"
"""The summary of a revision that became valid again after a rejected or missing plan.md: no operation."""

_WANTED = (b'"tree_kept"', b'"plan_accepted"')


def read_operations(workspace: WorkspacePaths) -> tuple[Operation, ...]:
    """Return all operations, the oldest first. Raises StoreError if the journal or the ledger cannot be read."""
    return operations(_events(workspace), read_journal(workspace.operations))


def _events(workspace: WorkspacePaths) -> Iterator[TreeKept | PlanAccepted]:
    try:
        for raw in raw_lines(workspace.ledger):
            if not any(word in raw for word in _WANTED):
                continue
            try:
                event = decode(json.loads(raw))
            except (ValueError, StoreError, msgspec.MsgspecError):
                continue  # a damaged line: `orch doctor --repair` tells of it
            if isinstance(event, TreeKept) or (isinstance(event, PlanAccepted) and event.summary != AGAIN):
                yield event
    except OSError as error:
        raise StoreError(f"{workspace.ledger} cannot be read ({error.strerror})", "see its permissions") from error
