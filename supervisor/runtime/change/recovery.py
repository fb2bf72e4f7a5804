"""Finish or clear what a stop interrupted: landings, and what was taken back, brought back or restored."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from supervisor.core.change.operations import half_written
from supervisor.errors import OrchError
from supervisor.runtime.change.journal import Journal
from supervisor.runtime.change.land.refs import Landed, recover
from supervisor.runtime.change.taking_back import finish
from supervisor.runtime.workspace import WorkspacePaths


class Recovered(Struct, frozen=True):
    """What became of an operation that was interrupted."""

    id: str
    why: str  # what is wrong, or what was cleared; "": it is finished
    pending: bool = False  # it could not be finished
    landed: Landed | None = None  # of a landing


def recover_all(journal: Journal, workspace: WorkspacePaths, roots: Mapping[str, Path]) -> tuple[Recovered, ...]:
    """Finish or clear every operation that a stop interrupted. `roots`: the work tree of each child."""
    found = [Recovered(one.id, one.why, one.state == "landing", one) for one in recover(journal, roots)]
    for one in half_written(journal.entries):
        try:
            finish(journal, workspace, roots, one)
            found.append(Recovered(f"@{one.number}", ""))
        except OrchError as error:
            found.append(Recovered(f"@{one.number}", str(error), pending=True))
    return tuple(found)
