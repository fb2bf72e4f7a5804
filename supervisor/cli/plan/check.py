"""`orch plan check`: check plan.md, and compare it with the revision in force."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from msgspec import to_builtins

from supervisor.cli.command.parameters import Argument, Json
from supervisor.cli.display import output
from supervisor.cli.display.blocks import Block, Cell, Grid, Line, one_line
from supervisor.cli.plan.history import revisions
from supervisor.core.plan.diff import describe
from supervisor.core.plan.diff import diff as compare
from supervisor.domain.plan import Plan, Problem, Rejection
from supervisor.errors import UsageError
from supervisor.runtime.config.load import named
from supervisor.runtime.plan.read import check as check_plan
from supervisor.runtime.plan.read import read
from supervisor.runtime.workspace import WorkspacePaths


def check(
    workspace: WorkspacePaths,
    file: Annotated[Path | None, Argument("FILE", "Check this file instead of plan.md.")] = None,
    *,
    as_json: Json = False,
) -> int:
    """Print every problem with its line, or what the plan contains and changes. Returns 0 if it is valid, else 1.

    Raises UsageError if `file` does not exist.
    """
    name, content = content_of(workspace, file)
    children = [child.name for child in named(workspace)]
    revision = max(revisions(workspace), default=None)
    old = _kept(workspace, revision, children)
    plan = content if isinstance(content, Rejection) else check_plan(content, children, old)
    if isinstance(plan, Rejection):
        problems = [{"line": one.line, "message": one.message} for one in plan.problems]
        if as_json:
            output.emit_json(
                {"ok": False, "problems": problems, "warnings": [], "title": None, "hold": None, "tasks": []}
            )
        else:
            for one in plan.problems:
                output.emit(f"{name}:{one.line}: {one_line(one.message)}")
        return 1
    changes = describe(compare(old, plan)) if old else None
    if as_json:
        output.emit_json(_as_json(plan, revision, changes))
    else:
        _show(name, plan, revision, changes)
        for one in plan.warnings:
            output.say(f"{name}:{one.line}: warning: {one_line(one.message)}")
    return 0


def content_of(workspace: WorkspacePaths, file: Path | None) -> tuple[str, bytes | Rejection]:
    """Return the name to show, and the bytes of `file` or plan.md (or why they cannot be read)."""
    path = workspace.plan if file is None else file
    content = read(path)
    if content is None and file is not None:
        raise UsageError(f"{file} does not exist", "name an existing file")
    if content is None:
        content = Rejection(
            (Problem(1, "plan.md does not exist: write one with `# Plan: TITLE` and a `## Working Plan`"),)
        )
    return "plan.md" if file is None else str(file), content


def _kept(workspace: WorkspacePaths, revision: int | None, children: list[str]) -> Plan | None:
    """Return a kept revision; None if there is none, or it no longer fits the config."""
    if revision is None:
        return None
    old = check_plan(revisions(workspace)[revision].read_bytes(), children)
    return old if isinstance(old, Plan) else None


def _as_json(plan: Plan, revision: int | None, changes: str | None) -> dict[str, object]:
    return {
        "ok": True,
        "problems": [],
        "warnings": to_builtins(plan.warnings),
        "title": plan.title,
        "hold": plan.hold,
        "tasks": [to_builtins(task) for task in plan.tasks],
        "contracts": [to_builtins(contract) for contract in plan.contracts],
        "budget": to_builtins(plan.budget),
        "revision": revision,
        "changes": changes,
    }


def _show(name: str, plan: Plan, revision: int | None, changes: str | None) -> None:
    counts = f"{_count(plan.tasks, 'task')}, {_count(plan.contracts, 'contract')}"
    held = ", held (`hold: yes`)" if plan.hold else ""
    blocks: list[Block] = [Line((Cell(f"{name} is fine", "green"), Cell(f": {plan.title}: {counts}{held}")))]
    if plan.tasks:
        rows = ((task.id, task.child, ", ".join(task.after), task.title) for task in plan.tasks)
        blocks.append(Grid(("TASK", "CHILD", "AFTER", "TITLE"), tuple(tuple(map(Cell, row)) for row in rows)).filled())
    if changes is not None:
        blocks.append(Line((Cell(f"compared with revision {revision}: {changes}"),)))
    output.show(blocks)


def _count(things: tuple[object, ...], noun: str) -> str:
    return f"{len(things)} {noun}{'s' * (len(things) != 1)}"
