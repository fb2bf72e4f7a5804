"""`orch plan check`, `history` and `diff`: plan.md against the rules, and against the revisions that were in force."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from supervisor.cli import output
from supervisor.cli.output import Cell, Grid, Line, one_line
from supervisor.errors import UsageError, WorkspaceError
from supervisor.runtime.workspace import Workspace
from supervisor.shell.ledger.segments import raw_lines

if TYPE_CHECKING:
    from supervisor.domain.plan import Plan, Rejection

AGAIN = "as before"  # the summary of a revision that came into force again, after a rejected or missing plan.md


def check(workspace: Workspace, file: Path | None, *, as_json: bool) -> int:
    """Print every problem with its line, or what the plan holds and changes. 0 if it would be accepted, else 1.

    Raises UsageError if `file` is not there.
    """
    from supervisor.domain.plan import Rejection
    from supervisor.runtime.config.load import load
    from supervisor.runtime.plan.read import check as check_plan

    name, content = _read(workspace, file)
    children = [child.name for child in load(workspace).children]
    plan = content if isinstance(content, Rejection) else check_plan(content, children)
    if isinstance(plan, Rejection):
        problems = [{"line": one.line, "message": one.message} for one in plan.problems]
        if as_json:
            output.emit_json({"ok": False, "problems": problems, "title": None, "hold": None, "tasks": []})
        else:
            for one in plan.problems:
                output.emit(f"{name}:{one.line}: {one_line(one.message)}")
        return 1
    revision = max(revisions(workspace), default=None)
    changes = _changes(workspace, revision, plan, children)
    if as_json:
        output.emit_json(_as_json(plan, revision, changes))
    else:
        _show(name, plan, revision, changes)
    return 0


def history(workspace: Workspace, *, as_json: bool) -> int:
    """Print the accepted revisions: when, and what each changed."""
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


def diff(workspace: Workspace, old: str | None, new: str | None, *, as_json: bool) -> int:
    """Print the difference of two kept revisions; without `new`: to plan.md; without `old`: from the newest."""
    import difflib

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
        print(output.paint(output.clean(line), _STYLES.get(line[:1], ""), sys.stdout))
    return 0


def revisions(workspace: Workspace) -> dict[int, Path]:
    """The kept revisions by number."""
    try:
        return {int(path.stem): path for path in sorted(workspace.plans.glob("*.md")) if path.stem.isdigit()}
    except OSError:
        return {}


_STYLES = {"+": "green", "-": "red", "@": "cyan"}


def _read(workspace: Workspace, file: Path | None) -> tuple[str, bytes | Rejection]:
    """The name to show, and the bytes of `file`, else of plan.md (or why they cannot be read)."""
    from supervisor.domain.plan import Problem, Rejection
    from supervisor.runtime.plan.read import read

    path = workspace.plan if file is None else file
    content = read(path)
    if content is None and file is not None:
        raise UsageError(f"{file} is not there", "name a file that is")
    if content is None:
        content = Rejection((Problem(1, "plan.md is not there: write one: `# Plan: TITLE`, and a `## Working Plan`"),))
    return "plan.md" if file is None else str(file), content


def _current(workspace: Workspace) -> str:
    """The text of plan.md. Raises WorkspaceError if it cannot be read."""
    content = _read(workspace, None)[1]
    if not isinstance(content, bytes):
        raise WorkspaceError(content.problems[0].message, "then see `orch plan check`")
    return content.decode("utf-8-sig", "replace")


def _kept(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def _changes(workspace: Workspace, revision: int | None, plan: Plan, children: list[str]) -> str | None:
    """What `plan` changes against a kept revision; None if there is none, or the config no longer fits it."""
    from supervisor.core.plan.diff import describe
    from supervisor.core.plan.diff import diff as compare
    from supervisor.domain.plan import Plan
    from supervisor.runtime.plan.read import check as check_plan

    if revision is None:
        return None
    old = check_plan(revisions(workspace)[revision].read_bytes(), children)
    return describe(compare(old, plan)) if isinstance(old, Plan) else None


def _as_json(plan: Plan, revision: int | None, changes: str | None) -> dict[str, Any]:
    return {
        "ok": True,
        "problems": [],
        "title": plan.title,
        "hold": plan.hold,
        "tasks": [
            {
                "id": task.id,
                "title": task.title,
                "child": task.child,
                "after": list(task.after),
                "contracts": list(task.contracts),
                "verify": list(task.verify),
                "hold": task.hold,
                "line": task.line,
            }
            for task in plan.tasks
        ],
        "contracts": [{"id": one.id, "title": one.title, "between": list(one.between)} for one in plan.contracts],
        "revision": revision,
        "changes": changes,
    }


def _show(name: str, plan: Plan, revision: int | None, changes: str | None) -> None:
    counts = f"{_count(plan.tasks, 'task')}, {_count(plan.contracts, 'contract')}"
    held = ", held (`hold: yes`)" if plan.hold else ""
    blocks: list[output.Block] = [Line((Cell(f"{name} is fine", "green"), Cell(f": {plan.title}: {counts}{held}")))]
    if plan.tasks:
        rows = ((task.id, task.child, ", ".join(task.after), task.title) for task in plan.tasks)
        blocks.append(Grid(("TASK", "CHILD", "AFTER", "TITLE"), tuple(tuple(map(Cell, row)) for row in rows)).filled())
    if changes is not None:
        blocks.append(Line((Cell(f"against revision {revision}: {changes}"),)))
    output.show(blocks)


def _count(things: tuple[object, ...], noun: str) -> str:
    return f"{len(things)} {noun}{'s' * (len(things) != 1)}"


def _number(text: str, kept: dict[int, Path]) -> int:
    if text.isdecimal() and int(text) in kept:
        return int(text)
    known = ", ".join(map(str, sorted(kept)[-12:]))
    raise UsageError(f"there is no revision {one_line(text, 40)}", f"the newest are {known}; see `orch plan history`")


def _accepted(workspace: Workspace) -> Iterator[dict[str, Any]]:
    """The ledger's lines of accepted plans, oldest first."""
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
