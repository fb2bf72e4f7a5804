"""`orch plan diff`: compare two revisions, or a revision and plan.md."""

from __future__ import annotations

import difflib
import sys
from pathlib import Path
from typing import Annotated, NamedTuple

from supervisor import api
from supervisor.cli.command.parameters import Argument, Json
from supervisor.cli.display import output
from supervisor.cli.display.blocks import clean, one_line
from supervisor.cli.plan.check import content_of
from supervisor.cli.plan.history import revisions
from supervisor.errors import SupervisorDown, UsageError, WorkspaceError
from supervisor.runtime.workspace import WorkspacePaths
from supervisor.sha256 import hex_digest
from supervisor.wire.glance import glance


def diff(
    workspace: WorkspacePaths,
    old: Annotated[str | None, Argument("A", "A revision (default: the newest).")] = None,
    new: Annotated[str | None, Argument("B", "Another revision (default: plan.md).")] = None,
    *,
    as_json: Json = False,
) -> int:
    """Print the difference from revision `old` (default: the newest) to revision `new` (default: plan.md).

    Without revisions, say on standard error what becomes of plan.md. If it is the newest revision, print what that
    changed.
    """
    kept = revisions(workspace)
    if not kept:
        raise WorkspaceError("no plan was accepted yet", "write plan.md, then run `orch up`")
    before = max(kept) if old is None else _number(old, kept)
    after = None if new is None else _number(new, kept)
    new_text = _current(workspace) if after is None else _kept(kept[after])
    standing = _standing(workspace, kept, new_text) if old is None else None
    if standing is not None and standing.revision is not None:
        before, after = max((number for number in kept if number < before), default=before), standing.revision
    was, now = f"revision {before}", "plan.md" if after is None else f"revision {after}"
    lines = list(difflib.unified_diff(_kept(kept[before]).splitlines(), new_text.splitlines(), was, now, lineterm=""))
    if as_json:
        state = {"state": standing.state, "why": standing.sentence} if standing is not None else {}
        output.emit_json({"from": was, "to": now, "diff": "\n".join(lines), **state})
        return 0
    if standing is not None:
        output.say(f"{standing.sentence}; compared with revision {before}" if lines else standing.sentence)
    elif not lines:
        output.say(f"{was} and {now} do not differ")
    for line in lines:
        print(output.paint(clean(line), _STYLES.get(line[:1], ""), sys.stdout))
    return 0


class PlanFileState(NamedTuple):
    """What becomes of plan.md as it is."""

    state: str  # in_force, held, waiting, rejected, or pending: nobody has taken it up yet
    sentence: str
    revision: int | None  # that it is


def _standing(workspace: WorkspacePaths, kept: dict[int, Path], text: str) -> PlanFileState:
    newest = max(kept)
    try:
        plan = glance(api.Workspace(workspace.root).status_json()).plan
    except SupervisorDown:
        if text == _kept(kept[newest]):
            return PlanFileState("in_force", f"plan.md is revision {newest}; no supervisor is up", newest)
        return PlanFileState("pending", "no supervisor is up: the next `orch up` reads plan.md", None)
    if plan.read != _digest(workspace):
        return PlanFileState("pending", "plan.md is not taken up yet: the supervisor reads it in a moment", None)
    if plan.state == "waiting":
        return PlanFileState("waiting", f"plan.md waits for `orch go`: {one_line(plan.why or '')}", None)
    if plan.state == "rejected":
        return PlanFileState("rejected", "plan.md is rejected: `orch plan check` shows its problems", None)
    if text != _kept(kept[newest]):
        return PlanFileState("pending", f"plan.md is {plan.state.replace('_', ' ')}", None)
    if plan.state == "held":
        return PlanFileState("held", f"plan.md is revision {newest}, and held: nothing new starts", newest)
    return PlanFileState("in_force", f"plan.md is revision {newest}, which is in force", newest)


def _digest(workspace: WorkspacePaths) -> str | None:
    content = content_of(workspace, None)[1]
    return hex_digest(content) if isinstance(content, bytes) else None


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
