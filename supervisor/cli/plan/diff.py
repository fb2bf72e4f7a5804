"""`orch plan diff`: compare two revisions, or a revision and plan.md."""

from __future__ import annotations

import difflib
import sys
from pathlib import Path
from typing import Annotated

from supervisor.cli.command.parameters import Argument, Json
from supervisor.cli.display import output
from supervisor.cli.display.blocks import clean, one_line
from supervisor.cli.plan.check import content_of
from supervisor.cli.plan.history import revisions
from supervisor.errors import UsageError, WorkspaceError
from supervisor.runtime.workspace import WorkspacePaths


def diff(
    workspace: WorkspacePaths,
    old: Annotated[str | None, Argument("A", "A revision (default: the newest).")] = None,
    new: Annotated[str | None, Argument("B", "Another revision (default: plan.md).")] = None,
    *,
    as_json: Json = False,
) -> int:
    """Print the difference from revision `old` (default: the newest) to revision `new` (default: plan.md)."""
    kept = revisions(workspace)
    if not kept:
        raise WorkspaceError("no plan was accepted yet", "write plan.md, then run `orch up`")
    before = max(kept) if old is None else _number(old, kept)
    after = None if new is None else _number(new, kept)
    was, now = f"revision {before}", "plan.md" if after is None else f"revision {after}"
    old_text = _kept(kept[before])
    new_text = _current(workspace) if after is None else _kept(kept[after])
    lines = list(difflib.unified_diff(old_text.splitlines(), new_text.splitlines(), was, now, lineterm=""))
    if as_json:
        output.emit_json({"from": was, "to": now, "diff": "\n".join(lines)})
    elif not lines:
        output.say(f"{was} and {now} do not differ")
    for line in [] if as_json else lines:
        print(output.paint(clean(line), _STYLES.get(line[:1], ""), sys.stdout))
    return 0


_STYLES = {"+": "green", "-": "red", "@": "cyan"}


def _current(workspace: WorkspacePaths) -> str:
    """Return the text of plan.md. Raises WorkspaceError if it cannot be read."""
    content = content_of(workspace, None)[1]
    if not isinstance(content, bytes):
        raise WorkspaceError(content.problems[0].message, "then see `orch plan check`")
    return content.decode("utf-8-sig", "replace")


def _kept(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def _number(text: str, kept: dict[int, Path]) -> int:
    if text.isdecimal() and int(text) in kept:
        return int(text)
    known = ", ".join(map(str, sorted(kept)[-12:]))
    raise UsageError(f"there is no revision {one_line(text, 40)}", f"the newest are {known}; see `orch plan history`")
