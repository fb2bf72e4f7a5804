"""`orch plan history`: list the accepted revisions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from supervisor.cli.command.parameters import Json
from supervisor.cli.display import output
from supervisor.cli.display.blocks import Cell, Grid
from supervisor.errors import WorkspaceError
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.shell.ledger.segments import raw_lines

AGAIN = "as before"  # the summary of a revision that became valid again after a rejected or missing plan.md


def history(workspace: WorkspacePaths, *, as_json: Json = False) -> int:
    """Print the accepted revisions: when each was accepted, and what it changed."""
    found = [
        {
            "revision": line["revision"],
            "ts": line["ts"],
            "author": line.get("author", "human"),
            "summary": line.get("summary", ""),
        }
        for line in _accepted(workspace)
        if line.get("summary") != AGAIN
    ]
    if as_json:
        output.emit_json(found)
    elif not found:
        output.say("no plan was accepted yet: write plan.md, then run `orch up`")
    else:
        rows = (tuple(Cell(str(one[name])) for name in ("revision", "ts", "author", "summary")) for one in found)
        output.show([Grid(("REVISION", "WHEN", "BY", "WHAT CHANGED"), tuple(rows))])
    return 0


def revisions(workspace: WorkspacePaths) -> dict[int, Path]:
    """Return the kept revisions by number."""
    try:
        return {int(path.stem): path for path in sorted(workspace.plans.glob("*.md")) if path.stem.isdigit()}
    except OSError:
        return {}


def _accepted(workspace: WorkspacePaths) -> Iterator[dict[str, object]]:
    """Read the ledger's lines about accepted plans, oldest first."""
    try:
        for raw in raw_lines(workspace.ledger):
            if b'"plan_accepted"' in raw:
                try:
                    line = json.loads(raw)
                except ValueError:
                    continue
                if isinstance(line, dict) and line.get("event") == "plan_accepted":
                    yield line
    except OSError as error:
        raise WorkspaceError(f"{workspace.ledger} cannot be read ({error.strerror})", "see its permissions") from error
